/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library needs from an operating system: guest memory, files, random
 * bytes, the mark that fork leaves.  One implementation per system is linked in.
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
	/* All of its pages are there from the start: a touch cannot fail, for want of memory, by a
	 * signal. */
	MOTE_OS_MEMORY_RESERVE = 1 << 0,
	MOTE_OS_MEMORY_DUMP = 1 << 1, /* core dumps contain it */
};

/* Whether the system hands out a page that is touched without having been reserved (all but Linux
 * with vm.overcommit_memory=2).  Where it cannot be told: true. */
bool mote_os_memory_overcommits(void);

/* bytes: a multiple of the page size.  what: "guest memory", for messages.  memory: written on
 * success. */
mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error);
/* Accepts a zeroed structure. */
void mote_os_memory_destroy(struct mote_os_memory *memory);
/* The same in a forked child, which never had the mapping: its addresses may be in use again. */
void mote_os_memory_forget(struct mote_os_memory *memory);

/* The granularity of mappings: a power of two, at least 4096. */
uint64_t mote_os_page_bytes(void);

/* Call it after writing guest code through the host's mapping: makes the code visible to the
 * processors' instruction fetches, where that does not happen by itself. */
void mote_os_memory_publish_code(void *hva, uint64_t bytes);

/*
 * Maps memory that somebody else made.  handle: Linux: a memfd that cannot shrink, and is not made of
 * huge pages; duplicated.
 * writable: written on success.
 */
mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error);

/* A regular file that is open for reading. */
struct mote_os_file {
	const char *path; /* as given, for messages */
	intptr_t handle;
	uint64_t bytes;
};

/* Fails with MOTE_FILE for whatever is not a regular file, and never waits for one.  path: outlives
 * the file. */
mote_status mote_os_file_open(const char *path, struct mote_os_file *file, mote_error *error);
/* Reads up to length bytes from offset; *got is less at the end of the file only. */
mote_status mote_os_file_read(const struct mote_os_file *file, uint64_t offset, void *buffer,
			      size_t length, size_t *got, mote_error *error);
void mote_os_file_close(struct mote_os_file *file);

/* Whether owner and mode of a file let this process read and write it.  Then only something else, as a
 * container's rules for devices, can refuse. */
bool mote_os_file_permits(const char *path);

/* Fills bytes with random data of the operating system.  Never waits. */
mote_status mote_os_random(void *bytes, size_t length, mote_error *error);

/* A byte that reads 1 in this process and 0 in a forked child. */
mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error);
/* mark may be NULL. */
void mote_os_fork_mark_destroy(const volatile uint8_t *mark);

/* "open /dev/kvm", -errno: fills error with a text that names the limit where one was reached. */
mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what);

/* The same for mapping memory, which is scarce in more than one way.  what: "guest memory". */
mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes);

/* Sleeps, or less where a signal comes. */
void mote_os_pause(uint64_t ns);

/* Nanoseconds of a clock that never goes back; 0 when there is none.  No system call where the
 * platform allows it. */
uint64_t mote_os_monotonic_ns(void);

/* The CPU time of one thread, read from any thread while that thread lives. */
struct mote_os_cpu_clock {
	intptr_t id;
};

/* The clock of the calling thread; false when there is none.  No system call. */
bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock);
/* Its nanoseconds; false when the thread is gone, or the clock may not be read. */
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
 * A thread of the library's own that sleeps until its alarm rings.  Setting the alarm wakes nobody:
 * the thread runs when the time has come, not before.  It takes none of the application's signals, and
 * holds no file descriptor that the application could close.
 */
struct mote_os_watcher;

/* on_alarm: runs on the thread when the time has come since the last return; spurious runs happen.
 * allocator: outlives the watcher.  watcher: written on success. */
mote_status mote_os_watcher_start(const mote_allocator *allocator, const char *name,
				  void (*on_alarm)(void *user), void *user,
				  struct mote_os_watcher **watcher, mote_error *error);
/* Replaces the time that was set.  One system call.  until_ns: of the monotonic clock. */
void mote_os_watcher_set(struct mote_os_watcher *watcher, uint64_t until_ns);
/* Ends the thread, waits for that, and frees the watcher, which may be NULL. */
void mote_os_watcher_stop(struct mote_os_watcher *watcher);
/* The same in a forked child, where there is no such thread. */
void mote_os_watcher_forget(struct mote_os_watcher *watcher);

/* The value of an environment variable, or NULL.  Never set by the library. */
const char *mote_os_environment(const char *name);

#endif
