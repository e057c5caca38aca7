/* SPDX-License-Identifier: Apache-2.0
 *
 * memcmp, eight bytes at a time.
 */
#include "text.h"
#include "words.h"

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;

	for (; length >= 8; x += 8, y += 8, length -= 8) {
		uint64_t first = *(const word64 *)x, second = *(const word64 *)y;

		if (first != second) {
			/* The first byte that differs decides: make it the most significant. */
			first = __builtin_bswap64(first);
			second = __builtin_bswap64(second);
			return first < second ? -1 : 1;
		}
	}
	for (; length; x++, y++, length--)
		if (*x != *y)
			return *x - *y;
	return 0;
}

/* What compilers make of a comparison with 0. */
int bcmp(const void *a, const void *b, size_t length) __attribute__((alias("memcmp")));
