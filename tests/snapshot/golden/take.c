/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a golden snapshot (see make) and prints the file in hexadecimal digits.
 */
#define _GNU_SOURCE /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "sandbox/snapshot_format.h"

enum { PROCESSOR = 64 }; /* where the file says what instructions its guest may use */

/* The guest asks for no instruction that some processors lack, so the file goes to all of them. */
static void ask_for_no_processor(uint8_t *file, size_t length)
{
	const size_t end = length - MOTE_SHA256_BYTES;
	struct mote_sha256 hash;

	memset(file + PROCESSOR, 0, 8 * MOTE_PROCESSOR_WORDS);
	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, file, end);
	mote_sha256_end(&hash, file + end);
}

static void print(const char *path)
{
	size_t length;
	uint8_t *file = test_read_file(path, &length);

	REQUIRE(file != NULL);
	ask_for_no_processor(file, length);
	for (size_t i = 0; i < length; i++)
		printf("%s%02x", i % 32 == 0 ? "\ngolden " : "", file[i]);
	printf("\n");
	free(file);
}

static void take(void)
{
	char folder[] = "/tmp/mote-golden-XXXXXX", path[64];
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	mote_sandbox *sandbox;

	options.memory_bytes = 1 << 20;
	options.mailbox_bytes = 4096;
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/s", folder);
	sandbox = fixture_sandbox(engine, "golden_new", &options);
	(void)CALL0(sandbox, "begin");
	(void)CALL0(sandbox, "count");
	snapshot = clean_take(sandbox);
	REQUIRE_OK(mote_snapshot_save(snapshot, path, &error), &error);
	print(path);
	(void)unlink(path);
	(void)rmdir(folder);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {CASE(take)};

	return test_main("golden", cases, TEST_COUNT(cases), argc, argv);
}
