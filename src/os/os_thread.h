/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks, events, and the library's own threads.
 */
#ifndef MOTE_OS_THREAD_H
#define MOTE_OS_THREAD_H

#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>

/* The calling thread, for comparison and for what the system does to a thread; valid while the
 * thread lives.  No system call. */
uintptr_t mote_os_thread_self(void);

/* Lets another thread run for a moment; tries: how many calls before this one did not help. */
void mote_os_yield(unsigned tries);

/* Around what must come to its end although another thread may cancel this one. */
int mote_os_hold_cancellation(void);
void mote_os_allow_cancellation(int before);

/* A lock.  allocator: outlives it. */
struct mote_os_lock;
mote_status mote_os_lock_create(const mote_allocator *allocator, struct mote_os_lock **lock,
				mote_error *error);
void mote_os_lock_destroy(struct mote_os_lock *lock); /* may be NULL */
/* The same in a forked child, where a thread of the parent may hold it. */
void mote_os_lock_forget(struct mote_os_lock *lock);
void mote_os_lock_acquire(struct mote_os_lock *lock);
void mote_os_lock_release(struct mote_os_lock *lock);

/* What a thread waits for until another one sets it: each wait takes one setting, and several
 * settings before it are one.  allocator: outlives it. */
struct mote_os_event;
mote_status mote_os_event_create(const mote_allocator *allocator, struct mote_os_event **event,
				 mote_error *error);
void mote_os_event_destroy(struct mote_os_event *event); /* may be NULL */
/* The same in a forked child, where a thread of the parent may wait for it. */
void mote_os_event_forget(struct mote_os_event *event);
void mote_os_event_set(struct mote_os_event *event);
void mote_os_event_wait(struct mote_os_event *event);

#define MOTE_OS_FOREVER UINT64_MAX

/* A thread of the library that runs a function to its end.  It takes none of the application's
 * signals.  allocator: outlives it. */
struct mote_os_thread;
mote_status mote_os_thread_start(const mote_allocator *allocator, const char *name,
				 void (*run)(void *user), void *user,
				 struct mote_os_thread **thread, mote_error *error);
/* Waits for its end, and frees it. */
void mote_os_thread_join(struct mote_os_thread *thread);
/* The same in a forked child, which does not have the thread. */
void mote_os_thread_forget(struct mote_os_thread *thread);

/*
 * A thread of the library that sleeps until its alarm rings.  Setting the alarm does not wake it:
 * the thread runs when the time comes, not before.  It takes none of the application's signals, and
 * has no file descriptor that the application could close.
 */
struct mote_os_watcher;

/* on_alarm: runs on the thread when the time has come since it last returned; spurious runs happen.
 * allocator: outlives the watcher.  watcher: written on success. */
mote_status mote_os_watcher_start(const mote_allocator *allocator, const char *name,
				  void (*on_alarm)(void *user), void *user,
				  struct mote_os_watcher **watcher, mote_error *error);
/* Replaces the time that was set.  One system call.  until_ns: of the monotonic clock. */
void mote_os_watcher_set(struct mote_os_watcher *watcher, uint64_t until_ns);
/* Ends and joins the thread, and frees the watcher, which may be NULL. */
void mote_os_watcher_stop(struct mote_os_watcher *watcher);
/* The same in a forked child, which does not have the thread. */
void mote_os_watcher_forget(struct mote_os_watcher *watcher);

#endif
