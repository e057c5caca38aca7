/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes as a core and as its guest.  Reads both, walks the frames, and prints all
 * that `mote core` would, which must be printable.
 */
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "core_report.h"
#include "fuzz.h"
#include "tool.h"

int __wrap_cli_os_write(int file, const void *data, size_t length);

const char *fuzz_missing(void)
{
	return NULL;
}

/* Instead of the terminal's: nothing that it would obey. */
int __wrap_cli_os_write(int file, const void *data, size_t length)
{
	const uint8_t *bytes = data;

	FUZZ_CHECK(file == CLI_OS_OUTPUT);
	for (size_t i = 0; i < length; i++)
		FUZZ_CHECK((bytes[i] >= 0x20 || bytes[i] == '\n') && bytes[i] != 0x7f);
	return 0;
}

struct input {
	const uint8_t *data;
	size_t size;
	uint64_t read; /* bounds the work */
};

static bool read_input(void *user, uint64_t offset, void *to, size_t bytes)
{
	struct input *input = user;

	FUZZ_CHECK(offset <= input->size && bytes <= input->size - offset);
	if (bytes > 0)
		memcpy(to, input->data + offset, bytes);
	input->read += bytes;
	return true;
}

static void print(const struct core_file *core, const struct core_backtrace *backtrace,
		  const char *path)
{
	const struct core_report report = {
		.path = "core",
		.core = core,
		.backtrace = backtrace,
		.guest = path,
		.is_guest_used = true,
		.debugger = "gdb",
	};
	struct output output;

	output_standard(&output);
	core_report_text(&report, &output);
	core_report_json(&report, &output);
	FUZZ_CHECK(output_finish(&output) == EXIT_FINE);
}

static void check_core(const struct core_file *core, const struct core_guest *guest)
{
	struct core_backtrace backtrace;
	uint8_t memory[32];

	core_backtrace_read(core, guest, &backtrace);
	FUZZ_CHECK(backtrace.count >= 1 && backtrace.count <= CORE_MAXIMUM_FRAMES);
	for (size_t i = 0; i < backtrace.count; i++)
		FUZZ_CHECK(strlen(backtrace.frames[i].symbol) < CORE_NAME_BYTES);
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct elf_segment *segment = &core->segments[i];

		core_file_memory(core, segment->address + segment->file_bytes - 8, memory,
				 sizeof(memory));
		core_file_memory(core, segment->address + segment->memory_bytes - 8, memory,
				 sizeof(memory));
	}
	print(core, &backtrace, core->mapping_count > 0 ? core->mappings[0].path : "guest");
}

/* The length of the core in two bytes, the core, the guest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t core_bytes = size >= 2 ? (size_t)(data[0] | data[1] << 8) : 0;
	struct input inputs[2] = {0};
	struct core_guest guest;
	struct core_file core;
	bool has_guest;

	if (size < 2)
		return 0;
	core_bytes = core_bytes < size - 2 ? core_bytes : size - 2;
	inputs[0] = (struct input){.data = data + 2, .size = core_bytes};
	inputs[1] = (struct input){.data = data + 2 + core_bytes, .size = size - 2 - core_bytes};
	has_guest = core_guest_open(&(struct file_source){read_input, &inputs[1], inputs[1].size},
				    &guest) == NULL;
	if (core_file_open(&(struct file_source){read_input, &inputs[0], inputs[0].size}, &core) ==
	    NULL) {
		check_core(&core, has_guest ? &guest : NULL);
		core_file_close(&core);
	}
	/* Up to 64 notes of the guest may be the same bytes; a frame or a segment is 56 more. */
	FUZZ_CHECK(inputs[0].read <= 8 * (uint64_t)size + 8192);
	FUZZ_CHECK(inputs[1].read <= 128 * (uint64_t)size + 16384);
	return 0;
}
