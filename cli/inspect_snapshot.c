/* SPDX-License-Identifier: Apache-2.0
 *
 * mote inspect, for snapshot files.
 */
#include "inspect_snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli_os.h"
#include "problem.h"
#include "text/text.h"
#include "tool.h"

enum { DIGEST_BYTES = 32 };

bool is_snapshot_file(const char *path)
{
	static const char begin[] = "\x89mote";
	char found[sizeof(begin) - 1];
	uint64_t bytes;
	size_t got = 0;
	int file;

	if (cli_os_open_regular(path, &file, &bytes) != 0)
		return false;
	if (cli_os_read_at(file, 0, found, sizeof(found), &got) != 0)
		got = 0;
	cli_os_close(file);
	return got == sizeof(found) && memcmp(found, begin, sizeof(found)) == 0;
}

static void print_size(struct output *output, const char *name, uint64_t bytes)
{
	char size[MOTE_SIZE_TEXT_BYTES];

	output_format(output, "%-13s%s\n", name, mote_size_text(bytes, size));
}

static void digest_text(const mote_snapshot_file_information *file, char text[2 * DIGEST_BYTES + 1])
{
	for (unsigned i = 0; i < DIGEST_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", file->image_sha256[i]);
}

static void print_text(struct output *output, const char *path,
		       const mote_snapshot_file_information *file)
{
	char digest[2 * DIGEST_BYTES + 1];

	digest_text(file, digest);
	output_text(output, "snapshot     ");
	output_escaped(output, path, strlen(path), false);
	output_format(output,
		      "\nmachine      %s\nABI          %" PRIu32 "\nformat       %" PRIu32
		      "\nguest image  SHA-256 %s\n",
		      mote_machine_name(file->machine), file->abi_version, file->format_version,
		      digest);
	output_format(output, "pages        %" PRIu64 " of 4 KiB\n", file->pages);
	print_size(output, "memory", file->memory_bytes);
	print_size(output, "heap", file->heap_bytes);
	print_size(output, "stack", file->stack_bytes);
	print_size(output, "mailbox", file->mailbox_bytes);
	print_size(output, "buffer space", file->buffer_space_bytes);
	output_format(output, "time stamps  %s\n",
		      file->forbid_timestamp ? "forbidden" : "allowed");
}

static void print_json(struct output *output, const char *path,
		       const mote_snapshot_file_information *file)
{
	char digest[2 * DIGEST_BYTES + 1];
	struct json json;

	digest_text(file, digest);
	json_begin(&json, output);
	json_string(&json, "status", "ok");
	json_string(&json, "snapshot", path);
	json_string(&json, "machine", mote_machine_name(file->machine));
	json_unsigned(&json, "abi_version", file->abi_version);
	json_unsigned(&json, "format_version", file->format_version);
	json_string(&json, "image_sha256", digest);
	json_unsigned(&json, "file_bytes", file->file_bytes);
	json_unsigned(&json, "pages", file->pages);
	json_unsigned(&json, "memory_bytes", file->memory_bytes);
	json_unsigned(&json, "heap_bytes", file->heap_bytes);
	json_unsigned(&json, "stack_bytes", file->stack_bytes);
	json_unsigned(&json, "mailbox_bytes", file->mailbox_bytes);
	json_unsigned(&json, "buffer_space_bytes", file->buffer_space_bytes);
	json_bool(&json, "forbid_timestamp", file->forbid_timestamp);
	json_end(&json);
}

int inspect_snapshot(const char *path, bool as_json)
{
	mote_snapshot_file_information file = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct problem problem;
	struct output output;

	if (mote_snapshot_inspect_file(path, &file, &error) != MOTE_OK) {
		problem_from_error(&problem, &error);
		return problem_report(&problem, "inspect", as_json);
	}
	output_standard(&output);
	if (as_json)
		print_json(&output, path, &file);
	else
		print_text(&output, path, &file);
	return output_finish(&output);
}
