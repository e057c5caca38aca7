/* SPDX-License-Identifier: Apache-2.0
 *
 * memcpy and memmove, which are one function here.  Up to 32 bytes everything is
 * loaded before anything is stored, so overlap does not matter; beyond, the
 * direction of the loop takes care of it.
 */
#include "bulk.h"
#include "text.h"
#include "words.h"

static void copy_small(unsigned char *to, const unsigned char *from, size_t length)
{
	if (length >= 16) {
		vector first = *(const vector *)from;
		vector last = *(const vector *)(from + length - 16);

		*(vector *)to = first;
		*(vector *)(to + length - 16) = last;
	} else if (length >= 8) {
		uint64_t first = *(const word64 *)from;
		uint64_t last = *(const word64 *)(from + length - 8);

		*(word64 *)to = first;
		*(word64 *)(to + length - 8) = last;
	} else if (length >= 4) {
		uint32_t first = *(const word32 *)from;
		uint32_t last = *(const word32 *)(from + length - 4);

		*(word32 *)to = first;
		*(word32 *)(to + length - 4) = last;
	} else if (length) {
		unsigned char first = from[0], middle = from[length / 2], last = from[length - 1];

		to[0] = first;
		to[length / 2] = middle;
		to[length - 1] = last;
	}
}

static void copy_64(unsigned char *to, const unsigned char *from)
{
	vector a = ((const vector *)from)[0], b = ((const vector *)from)[1];
	vector c = ((const vector *)from)[2], d = ((const vector *)from)[3];

	((vector *)to)[0] = a;
	((vector *)to)[1] = b;
	((vector *)to)[2] = c;
	((vector *)to)[3] = d;
}

/* The last 32 bytes are loaded before the loop can overwrite them. */
static void copy_forward(unsigned char *to, const unsigned char *from, size_t length)
{
	vector tail0 = *(const vector *)(from + length - 32);
	vector tail1 = *(const vector *)(from + length - 16);
	unsigned char *end = to + length;

	if (length >= BULK_BYTES && (uintptr_t)from - (uintptr_t)to >= length) {
		copy_bulk(to, from, length / 8);
		length = 0;
	}
	while (length > 64) {
		copy_64(to, from);
		to += 64;
		from += 64;
		length -= 64;
	}
	if (length > 32) {
		vector a = ((const vector *)from)[0], b = ((const vector *)from)[1];

		((vector *)to)[0] = a;
		((vector *)to)[1] = b;
	}
	*(vector *)(end - 32) = tail0;
	*(vector *)(end - 16) = tail1;
}

static void copy_backward(unsigned char *to, const unsigned char *from, size_t length)
{
	vector head0 = ((const vector *)from)[0];
	vector head1 = ((const vector *)from)[1];

	while (length > 64) {
		length -= 64;
		copy_64(to + length, from + length);
	}
	if (length > 32) {
		vector a = *(const vector *)(from + length - 32);
		vector b = *(const vector *)(from + length - 16);

		*(vector *)(to + length - 32) = a;
		*(vector *)(to + length - 16) = b;
	}
	((vector *)to)[0] = head0;
	((vector *)to)[1] = head1;
}

void *memmove(void *to, const void *from, size_t length)
{
	if (length <= 32)
		copy_small(to, from, length);
	else if ((uintptr_t)to - (uintptr_t)from >= length)
		copy_forward(to, from, length);
	else
		copy_backward(to, from, length);
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
	__attribute__((alias("memmove")));
