/* SPDX-License-Identifier: Apache-2.0
 *
 * memset: overlapping stores for short runs, 64 bytes a round for longer ones.
 */
#include "bulk.h"
#include "text.h"
#include "words.h"

static void set_small(unsigned char *to, uint64_t pattern, size_t length)
{
	if (length >= 8) {
		*(word64 *)to = pattern;
		*(word64 *)(to + length - 8) = pattern;
	} else if (length >= 4) {
		*(word32 *)to = (uint32_t)pattern;
		*(word32 *)(to + length - 4) = (uint32_t)pattern;
	} else if (length) {
		to[0] = (unsigned char)pattern;
		to[length / 2] = (unsigned char)pattern;
		to[length - 1] = (unsigned char)pattern;
	}
}

void *memset(void *to, int byte, size_t length)
{
	uint64_t pattern = (unsigned char)byte * UINT64_C(0x0101010101010101);
	vector wide = {pattern, pattern};
	unsigned char *at = to, *end = at + length;

	if (length < 16) {
		set_small(at, pattern, length);
		return to;
	}
	if (length >= BULK_BYTES) {
		fill_bulk(at, pattern, length / 8);
		at = end - 16;
	}
	while ((size_t)(end - at) > 64) {
		((vector *)at)[0] = wide;
		((vector *)at)[1] = wide;
		((vector *)at)[2] = wide;
		((vector *)at)[3] = wide;
		at += 64;
	}
	while ((size_t)(end - at) > 16) {
		*(vector *)at = wide;
		at += 16;
	}
	*(vector *)(end - 16) = wide;
	return to;
}
