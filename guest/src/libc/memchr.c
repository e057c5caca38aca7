/* SPDX-License-Identifier: Apache-2.0
 *
 * memchr, strlen and strnlen: words in which no byte is 0 are passed over whole.
 * Reading a whole aligned word never crosses a page.
 */
#include <string.h>

#include "words.h"

#define LOW_BITS UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

typedef uint64_t aligned_word __attribute__((may_alias));

static int has_zero_byte(uint64_t word)
{
	return ((word - LOW_BITS) & ~word & HIGH_BITS) != 0;
}

void *memchr(const void *data, int byte, size_t length)
{
	const unsigned char *at = data;
	uint64_t pattern = (unsigned char)byte * LOW_BITS;

	for (; length >= 8; at += 8, length -= 8)
		if (has_zero_byte(*(const word64 *)at ^ pattern))
			break;
	for (; length; at++, length--)
		if (*at == (unsigned char)byte)
			return (void *)(uintptr_t)at;
	return NULL;
}

size_t strlen(const char *text)
{
	const char *at = text;

	for (; (uintptr_t)at % 8; at++)
		if (!*at)
			return (size_t)(at - text);
	while (!has_zero_byte(*(const aligned_word *)(const void *)at))
		at += 8;
	while (*at)
		at++;
	return (size_t)(at - text);
}

size_t strnlen(const char *text, size_t maximum)
{
	const char *end = memchr(text, 0, maximum);

	return end ? (size_t)(end - text) : maximum;
}
