/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's own threads on POSIX systems: what os_SYSTEM_threads.c uses of
 * posix_own_threads.c, and that of it.
 */
#ifndef MOTE_OS_POSIX_OWN_THREADS_H
#define MOTE_OS_POSIX_OWN_THREADS_H

#include <pthread.h>

#include <mote/error.h>

/* Starts a thread with all signals blocked and a small stack.  start: calls
 * mote_posix_name_thread.  name: outlives the thread. */
mote_status mote_posix_start_thread(const char *name, pthread_t *thread, void *(*start)(void *),
				    void *argument, mote_error *error);
/* Waits for its end, even when another thread cancels this one. */
void mote_posix_join_thread(pthread_t thread);

/* Names a thread for debuggers.  Called by the thread that started it and by itself: a system
 * allows one of the two. */
void mote_posix_name_thread(pthread_t thread, const char *name);

/* What keeps the system from starting a thread: "the limit on ...". */
extern const char mote_posix_thread_limits[];

#endif
