/* SPDX-License-Identifier: Apache-2.0
 *
 * qsort as a heap sort (no recursion, no memory, no input that makes it slow),
 * and bsearch.
 */
#include <stdlib.h>

typedef int comparison(const void *, const void *);

static void swap(unsigned char *a, unsigned char *b, size_t bytes)
{
	while (bytes--) {
		unsigned char held = *a;

		*a++ = *b;
		*b++ = held;
	}
}

/* Moves element `parent` down until neither child is greater. */
static void sift_down(unsigned char *base, size_t parent, size_t count, size_t bytes,
		      comparison *compare)
{
	size_t child;

	while ((child = 2 * parent + 1) < count) {
		unsigned char *at = base + child * bytes;

		if (child + 1 < count && compare(at, at + bytes) < 0) {
			child++;
			at += bytes;
		}
		if (compare(base + parent * bytes, at) >= 0)
			break;
		swap(base + parent * bytes, at, bytes);
		parent = child;
	}
}

void qsort(void *base, size_t count, size_t bytes, comparison *compare)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(base, i, count, bytes, compare);
	for (size_t end = count; end-- > 1;) {
		swap(base, (unsigned char *)base + end * bytes, bytes);
		sift_down(base, 0, end, bytes, compare);
	}
}

void *bsearch(const void *key, const void *base, size_t count, size_t bytes, comparison *compare)
{
	const unsigned char *low = base;

	while (count) {
		const unsigned char *middle = low + count / 2 * bytes;
		int order = compare(key, middle);

		if (!order)
			return (void *)(size_t)middle;
		if (order > 0) {
			low = middle + bytes;
			count -= count / 2 + 1;
		} else {
			count /= 2;
		}
	}
	return NULL;
}
