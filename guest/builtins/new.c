/* SPDX-License-Identifier: Apache-2.0
 *
 * operator new and delete in a guest without a library of C++, by their names in the Itanium C++
 * ABI.
 */
#include <mote_guest.h>
#include <mote_guest_runtime.h>

void *_Znwm(size_t bytes);
void *_Znam(size_t bytes);
void _ZdlPv(void *object);
void _ZdlPvm(void *object, size_t bytes);
void _ZdaPv(void *object);
void _ZdaPvm(void *object, size_t bytes);

/* operator new: without exceptions it cannot fail. */
void *_Znwm(size_t bytes)
{
	void *object = mote_heap_allocate(bytes);

	if (object == NULL)
		mote_abort("operator new: no memory for %zu bytes", bytes);
	return object;
}

/* operator new[] */
void *_Znam(size_t bytes)
{
	return _Znwm(bytes);
}

/* operator delete, and with the size that it does not need */
void _ZdlPv(void *object)
{
	mote_heap_free(object);
}

void _ZdlPvm(void *object, size_t bytes)
{
	(void)bytes;
	mote_heap_free(object);
}

/* operator delete[] */
void _ZdaPv(void *object)
{
	mote_heap_free(object);
}

void _ZdaPvm(void *object, size_t bytes)
{
	(void)bytes;
	mote_heap_free(object);
}
