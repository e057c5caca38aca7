/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the one thread that a guest has: thread_local objects are destroyed when the program
 * exits, before static ones.  The linker sends calls of exit to here (--wrap).
 */
#include <mote_guest.h>
#include <stdlib.h>

struct destruction {
	void (*destructor)(void *);
	void *object;
	struct destruction *next;
};

static struct destruction *last;

/* libstdc++.a looks here for whether locks can be left out. */
char __libc_single_threaded = 1;

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library);

int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library)
{
	struct destruction *made = malloc(sizeof(*made));

	(void)library;
	if (!made)
		mote_abort("no memory for the destructor of a thread_local object");
	*made = (struct destruction){destructor, object, last};
	last = made;
	return 0;
}

void __wrap_exit(int status)
{
	while (last) {
		struct destruction *destruction = last;

		last = destruction->next;
		destruction->destructor(destruction->object);
		free(destruction);
	}
	__real_exit(status);
}
