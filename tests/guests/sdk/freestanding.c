/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest without a C library: the headers of the compiler, the heap, what compilers call.
 */
#include <float.h>
#include <limits.h>
#include <mote_guest.h>
#include <mote_guest_runtime.h>
#include <stdatomic.h>

#if __STDC_HOSTED__ || (!defined(CROSS) && __has_include(<stdio.h>))
#error "headers of a C library are in sight"
#endif

struct large {
	char bytes[UCHAR_MAX];
};

static atomic_int calls;

MOTE_EXPORT(mote_bytes, fill, (uint32_t, byte))
{
	static struct large first;
	struct large *second = mote_heap_allocate(sizeof(*second));

	if (!second)
		mote_abort("no memory for call %d; %g", atomic_fetch_add(&calls, 1), DBL_EPSILON);
	for (size_t i = 0; i < sizeof(second->bytes); i++)
		second->bytes[i] = (char)byte;
	first = *second;
	mote_heap_free(second);
	return (mote_bytes){first.bytes, sizeof(first.bytes)};
}
