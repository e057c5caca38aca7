/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on macOS: random bytes, the clock, the CPU time of threads, and the
 * fork mark.  Sources: getentropy(2), clock_gettime(3), dlopen(3); XNU, osfmk/kern/thread.c.
 */
#define _DARWIN_C_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <mach/mach.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>

#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_process.h"
#include "os/os_random.h"
#include "os/posix/posix_error.h"

const char mote_posix_open_files_limit[] = "kern.maxfiles";

enum { MOST_RANDOM_BYTES = 256 }; /* of one getentropy */

mote_status mote_os_random(void *bytes, size_t length, mote_error *error)
{
	for (size_t done = 0; done < length;) {
		const size_t left = length - done;
		const size_t part = left < MOST_RANDOM_BYTES ? left : MOST_RANDOM_BYTES;

		if (getentropy((char *)bytes + done, part) != 0)
			return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "getentropy");
		done += part;
	}
	return MOTE_OK;
}

/* ---- Clocks ------------------------------------------------------------------------------ */

/* Stands still while the machine sleeps, as what waits for a time does. */
uint64_t mote_os_monotonic_ns(void)
{
	return clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

/* The thread's port, whose name the thread itself keeps. */
bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock)
{
	const mach_port_t thread = pthread_mach_thread_np(pthread_self());

	clock->id = (intptr_t)thread;
	return thread != MACH_PORT_NULL;
}

bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns)
{
	thread_extended_info_data_t info;
	mach_msg_type_number_t count = THREAD_EXTENDED_INFO_COUNT;

	if (thread_info((thread_act_t)clock.id, THREAD_EXTENDED_INFO, (thread_info_t)&info,
			&count) != KERN_SUCCESS)
		return false;
	*ns = info.pth_user_time + info.pth_system_time; /* nanoseconds, unlike other times there */
	return true;
}

/* ---- The fork mark ------------------------------------------------------------------------ */

/*
 * There is no memory that a forked child finds cleared, but a function can run in the child before
 * anything else does.  Each generation of processes has a byte: the child clears that of its
 * parent.  One byte for all would be set again by the first engine of the child.
 *
 * Such a function cannot be withdrawn, so the library must stay where it is: it asks for that
 * itself, and a dlclose has no effect then.
 */
enum { GENERATIONS = 4096 };

static volatile uint8_t marks[GENERATIONS] = {1};
static _Atomic uint32_t generation;
static _Atomic bool handed_out; /* the mark of this generation */
static _Atomic bool installed;

/* Twice in a child, if two threads were the first ones: the second time changes nothing. */
static void in_child(void)
{
	uint32_t before = atomic_load(&generation);

	if (!atomic_exchange(&handed_out, false))
		return;
	marks[before] = 0;
	if (before + 1 < GENERATIONS)
		marks[before + 1] = 1;
	atomic_store(&generation, before + 1);
}

/* A static library is part of a program that cannot be closed. */
static void stay_loaded(void)
{
	Dl_info self;

	if (dladdr((const void *)&installed, &self) != 0 && self.dli_fname != NULL)
		(void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error)
{
	const uint32_t own = atomic_load(&generation);
	int code;

	if (own >= GENERATIONS)
		return mote_fail(error, MOTE_LIMIT,
				 "this process is the last of %d that forked one another and had "
				 "engines; execute a program anew",
				 GENERATIONS);
	if (!atomic_load(&installed)) {
		code = pthread_atfork(NULL, NULL, in_child);
		if (code != 0)
			return mote_os_fail(error, MOTE_DOMAIN_OS, code, "pthread_atfork");
		stay_loaded();
		atomic_store(&installed, true);
	}
	atomic_store(&handed_out, true);
	*mark = &marks[own];
	return MOTE_OK;
}

void mote_os_fork_mark_destroy(const volatile uint8_t *mark)
{
	(void)mark;
}
