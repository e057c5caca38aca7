/* SPDX-License-Identifier: Apache-2.0
 *
 * What the code of a C++ compiler calls in a guest without a library of C++, by its
 * names in the Itanium C++ ABI: memory, pure virtual functions.
 */
#include <mote_guest.h>
#include <mote_guest_runtime.h>

void __cxa_pure_virtual(void);
void *_Znwm(size_t bytes);
void *_Znam(size_t bytes);
void _ZdlPv(void *object);
void _ZdlPvm(void *object, size_t bytes);
void _ZdaPv(void *object);
void _ZdaPvm(void *object, size_t bytes);

void __cxa_pure_virtual(void)
{
	mote_abort("a pure virtual function was called");
}

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
