/* SPDX-License-Identifier: Apache-2.0
 *
 * What the code of a C++ compiler calls in a guest, by its names in the Itanium
 * C++ ABI: memory, static objects with destructors, pure virtual functions.  There
 * is no runtime library of C++: no exceptions, no type information.
 */
#include <stdlib.h>

#include <mote_guest.h>

void *__dso_handle;

int __cxa_atexit(void (*destructor)(void *), void *object, void *library);
void __cxa_pure_virtual(void);
void *_Znwm(size_t bytes);
void *_Znam(size_t bytes);
void _ZdlPv(void *object);
void _ZdlPvm(void *object, size_t bytes);
void _ZdaPv(void *object);
void _ZdaPvm(void *object, size_t bytes);

/* A guest has no end at which destructors could run. */
int __cxa_atexit(void (*destructor)(void *), void *object, void *library)
{
	(void)destructor, (void)object, (void)library;
	return 0;
}

void __cxa_pure_virtual(void)
{
	mote_abort("a pure virtual function was called");
}

/* operator new: without exceptions it cannot fail. */
void *_Znwm(size_t bytes)
{
	void *object = malloc(bytes > 0 ? bytes : 1);

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
	free(object);
}

void _ZdlPvm(void *object, size_t bytes)
{
	(void)bytes;
	free(object);
}

/* operator delete[] */
void _ZdaPv(void *object)
{
	free(object);
}

void _ZdaPvm(void *object, size_t bytes)
{
	(void)bytes;
	free(object);
}
