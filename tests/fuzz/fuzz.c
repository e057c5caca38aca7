/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of the fuzz targets.
 */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/printable.h"

void fuzz_broken(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "# broken: %s:%d: ", file, line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

void fuzz_check_error(mote_status status, const mote_error *error)
{
	FUZZ_CHECK(status != MOTE_OK && error->status == status);
	FUZZ_CHECK(memchr(error->text, '\0', sizeof(error->text)) != NULL);
	FUZZ_CHECK(error->text[0] != '\0');
	FUZZ_CHECK(is_printable_line(error->text));
}

void fuzz_bytes(struct fuzz_input *input, void *to, size_t bytes)
{
	size_t taken = bytes < input->left ? bytes : input->left;

	memset(to, 0, bytes);
	if (taken == 0)
		return;
	memcpy(to, input->at, taken);
	input->at += taken;
	input->left -= taken;
}

uint8_t fuzz_u8(struct fuzz_input *input)
{
	uint8_t value;

	fuzz_bytes(input, &value, sizeof(value));
	return value;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
	uint16_t value;

	fuzz_bytes(input, &value, sizeof(value));
	return value;
}

uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t value;

	fuzz_bytes(input, &value, sizeof(value));
	return value;
}

uint64_t fuzz_u64(struct fuzz_input *input)
{
	uint64_t value;

	fuzz_bytes(input, &value, sizeof(value));
	return value;
}

uint32_t fuzz_below(struct fuzz_input *input, uint32_t limit)
{
	return (limit <= 256 ? fuzz_u8(input) : fuzz_u32(input)) % limit;
}

uint64_t fuzz_edge(struct fuzz_input *input)
{
	uint8_t choice = fuzz_u8(input);
	uint64_t near = (uint64_t)(int64_t)(int8_t)fuzz_u8(input);

	switch (choice % 8) {
	case 0:
		return near;
	case 1:
		return ((uint64_t)1 << choice / 8 * 2) + near;
	case 2:
		return ((uint64_t)1 << (choice / 8 * 2 + 1)) + near;
	case 3:
		return near & 0xff;
	case 4:
		return (near & 0xff) * 4096;
	case 5:
		return fuzz_u32(input);
	default:
		return fuzz_u64(input);
	}
}
