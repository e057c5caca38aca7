/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library needs from an operating system: guest memory, files, random bytes, the fork
 * mark.  One implementation per system is linked in.
 */
#ifndef MOTE_OS_OS_H
#define MOTE_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>

/*
 * Guest memory: one shareable object, mapped readable and writable, filled with zeros.  Pages cost
 * host memory once they are touched.  A forked child does not have the mapping.
 */
struct mote_os_memory {
	void *hva;
	uint64_t bytes;
	intptr_t handle;
};

enum mote_os_memory_flags {
	/* All of its pages exist from the start: an access cannot fail with a signal for lack of
	 * memory. */
	MOTE_OS_MEMORY_RESERVE = 1 << 0,
	MOTE_OS_MEMORY_DUMP = 1 << 1, /* core dumps contain it */
};

/* Whether the system provides a page on first access that was not reserved (all but Linux with
 * vm.overcommit_memory=2).  True when unknown. */
bool mote_os_memory_overcommits(void);

/* bytes: a multiple of the page size.  what: "guest memory", for messages.  memory: written on
 * success. */
mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error);
/* Accepts a zeroed structure. */
void mote_os_memory_destroy(struct mote_os_memory *memory);
/* The same in a forked child, which never had the mapping: its addresses may be in use for
 * something else. */
void mote_os_memory_forget(struct mote_os_memory *memory);

/* The granularity of mappings: a power of two, at least 4096. */
uint64_t mote_os_page_bytes(void);

/* Call it after writing guest code through the host's mapping: makes the code visible to the
 * processors' instruction fetches, where that is not automatic. */
void mote_os_memory_publish_code(void *hva, uint64_t bytes);

/*
 * Maps memory that the caller created.  handle: on Linux a memfd that cannot shrink and has no huge
 * pages; it is duplicated.  writable: written on success.
 */
mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error);

/* A regular file that is open for reading. */
struct mote_os_file {
	const char *path; /* as given, for messages */
	intptr_t handle;
	uint64_t bytes;
};

/* Fails with MOTE_FILE for anything but a regular file, and never blocks.  path: outlives the
 * file. */
mote_status mote_os_file_open(const char *path, struct mote_os_file *file, mote_error *error);
/* Reads up to length bytes from offset; *got is less only at the end of the file. */
mote_status mote_os_file_read(const struct mote_os_file *file, uint64_t offset, void *buffer,
			      size_t length, size_t *got, mote_error *error);
void mote_os_file_close(struct mote_os_file *file);

/* Whether owner and mode of a file let this process read and write it.  If so, only something else,
 * such as a container's device rules, can refuse. */
bool mote_os_file_permits(const char *path);

/* Fills bytes with random data from the operating system.  Never blocks. */
mote_status mote_os_random(void *bytes, size_t length, mote_error *error);

/* A byte that reads 1 in this process and 0 in a forked child. */
mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error);
/* mark may be NULL. */
void mote_os_fork_mark_destroy(const volatile uint8_t *mark);

/* "open /dev/kvm", -errno: fills error with a text that names the limit if one was reached. */
mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what);

/* The same for mapping memory, which several limits can prevent.  what: "guest memory". */
mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes);

/* Sleeps; a signal ends it early. */
void mote_os_pause(uint64_t ns);

/* The calling thread, for comparison and for what the system does to a thread; valid while the
 * thread lives. No system call. */
uintptr_t mote_os_thread_self(void);

/* Lets another thread run for a moment; tries: how many calls before this one did not help. */
void mote_os_yield(unsigned tries);

/* Around what must come to its end although another thread may cancel this one. */
int mote_os_hold_cancellation(void);
void mote_os_allow_cancellation(int before);

/* Nanoseconds of a clock that never goes back; 0 if there is none.  No system call where the
 * platform allows that. */
uint64_t mote_os_monotonic_ns(void);

/* The CPU time of one thread, read from any thread while that thread lives. */
struct mote_os_cpu_clock {
	intptr_t id;
};

/* The clock of the calling thread; false if there is none.  No system call. */
bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock);
/* Its nanoseconds; false when the thread is gone or the clock cannot be read. */
bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns);

/* A lock.  allocator: outlives it. */
struct mote_os_lock;
mote_status mote_os_lock_create(const mote_allocator *allocator, struct mote_os_lock **lock,
				mote_error *error);
void mote_os_lock_destroy(struct mote_os_lock *lock); /* may be NULL */
void mote_os_lock_acquire(struct mote_os_lock *lock);
void mote_os_lock_release(struct mote_os_lock *lock);

#define MOTE_OS_FOREVER UINT64_MAX

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

/* The value of an environment variable, or NULL.  Never set by the library. */
const char *mote_os_environment(const char *name);

#endif
