/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest has one thread, and gets no other: pthread_create says so as where there are too many.
 */
#include <errno.h>

#include "pthread_impl.h"

volatile int __thread_list_lock;

int __pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
		     void *(*start)(void *), void *restrict argument)
{
	(void)thread, (void)attributes, (void)start, (void)argument;
	return EAGAIN;
}

/* The end of the last thread is that of the program. */
_Noreturn void __pthread_exit(void *result)
{
	(void)result;
	exit(0);
}

weak_alias(__pthread_create, pthread_create);
weak_alias(__pthread_exit, pthread_exit);

/* The list of threads needs no lock. */
void __tl_lock(void)
{
}

void __tl_unlock(void)
{
}

void __tl_sync(pthread_t thread)
{
	(void)thread;
}
