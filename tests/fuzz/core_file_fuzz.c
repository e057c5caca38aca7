/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes as the beginning of a core.  What the tool reads of it lies in the bytes,
 * and reading ends.
 */
#include <stdlib.h>
#include <string.h>

#include "core_file.h"
#include "fuzz.h"

const char *fuzz_missing(void)
{
	return NULL;
}

/* A small core: what comes from the input is its program headers, notes and everything else. */
static void make_plausible(uint8_t *data, size_t size)
{
	static const uint8_t start[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	if (size < 64 + 56)
		return;
	memcpy(data, start, sizeof(start));
	memcpy(data + 16, "\4\0\76\0", 4);
	memset(data + 32, 0, 8);
	data[32] = 64;
	memcpy(data + 54, "\70\0\1\0", 4);
	memcpy(data + 64, "\4\0\0\0", 4);
	memset(data + 64 + 8, 0, 8);
	data[64 + 8] = 64 + 56;
	memset(data + 64 + 33, 0, 7);
}

static void check(const uint8_t *data, size_t size)
{
	struct core_file core;
	struct core_line line;
	struct core_region region;
	size_t at = 0, before = 0;

	if (core_file_parse(data, size, &core) != NULL)
		return;
	while (core_file_line(&core, &at, &line)) {
		FUZZ_CHECK(at > before && at <= core.report_bytes);
		FUZZ_CHECK(line.key >= core.report && line.key_bytes <= core.report_bytes);
		FUZZ_CHECK(line.value + line.value_bytes <= core.report + core.report_bytes);
		before = at;
	}
	for (size_t i = 0; i < core.header_count; i++)
		(void)core_file_region(&core, i, &region);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	check(copy, size);
	make_plausible(copy, size);
	check(copy, size);
	free(copy);
	return 0;
}
