/* SPDX-License-Identifier: Apache-2.0
 *
 * Static objects of C++ with destructors, in a guest without a C library: it has no end at which
 * destructors could run.
 */
#include <stddef.h>

int __cxa_atexit(void (*destructor)(void *), void *object, void *library);

int __cxa_atexit(void (*destructor)(void *), void *object, void *library)
{
	(void)destructor, (void)object, (void)library;
	return 0;
}
