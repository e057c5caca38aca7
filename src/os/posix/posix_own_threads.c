/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's own threads on POSIX systems: how they start and end, and those that run a
 * function.  The ones that wait for an alarm are each system's.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>

#include "allocator.h"
#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_thread.h"
#include "os/posix/posix_own_threads.h"

/* ---- Starting and joining ---------------------------------------------------------------- */

enum { SMALLEST_STACK = 64 << 10, LARGEST_STACK = 16 << 20 };

/* The minimum stack depends on the program's thread-local variables: EINVAL means that it is
 * larger. */
static int create_with_small_stack(pthread_t *thread, void *(*start)(void *), void *argument)
{
	pthread_attr_t attributes;
	size_t bytes = SMALLEST_STACK;
	int code = pthread_attr_init(&attributes);

	if (code != 0)
		return code;
	do {
		code = pthread_attr_setstacksize(&attributes, bytes);
		if (code == 0)
			code = pthread_create(thread, &attributes, start, argument);
		bytes *= 2;
	} while (code == EINVAL && bytes <= LARGEST_STACK);
	pthread_attr_destroy(&attributes);
	return code;
}

/* Starts the thread with all signals blocked, which it inherits. */
mote_status mote_posix_start_thread(const char *name, pthread_t *thread, void *(*start)(void *),
				    void *argument, mote_error *error)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	code = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (code != 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "pthread_sigmask for a thread");
	code = create_with_small_stack(thread, start, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code == EAGAIN)
		return mote_os_fail_code(error, MOTE_LIMIT, MOTE_DOMAIN_OS, code,
					 "thread %s cannot be started: %s is reached", name,
					 mote_posix_thread_limits);
	if (code != 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "pthread_create");
	mote_posix_name_thread(*thread, name);
	return MOTE_OK;
}

/* A thread that is cancelled while it waits here would leave the other one behind, and locks
 * held. */
void mote_posix_join_thread(pthread_t thread)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pthread_join(thread, NULL);
	pthread_setcancelstate(before, &before);
}

/* ---- A thread that runs a function ------------------------------------------------------- */

struct mote_os_thread {
	const mote_allocator *allocator;
	const char *name;
	void (*run)(void *user);
	void *user;
	pthread_t thread;
};

static void *thread_main(void *argument)
{
	struct mote_os_thread *thread = argument;

	mote_posix_name_thread(pthread_self(), thread->name);
	thread->run(thread->user);
	return NULL;
}

mote_status mote_os_thread_start(const mote_allocator *allocator, const char *name,
				 void (*run)(void *user), void *user,
				 struct mote_os_thread **thread, mote_error *error)
{
	struct mote_os_thread *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	*created = (struct mote_os_thread){
		.allocator = allocator, .name = name, .run = run, .user = user};
	status = mote_posix_start_thread(name, &created->thread, thread_main, created, error);
	if (status == MOTE_OK)
		*thread = created;
	else
		mote_release(allocator, created);
	return status;
}

void mote_os_thread_join(struct mote_os_thread *thread)
{
	mote_posix_join_thread(thread->thread);
	mote_os_thread_forget(thread);
}

void mote_os_thread_forget(struct mote_os_thread *thread)
{
	mote_release(thread->allocator, thread);
}
