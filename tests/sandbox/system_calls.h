/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts the system calls of one thread, exactly: a seccomp filter announces each
 * of them to a second thread, which counts it and lets it go on.
 */
#ifndef MOTE_TEST_SYSTEM_CALLS_H
#define MOTE_TEST_SYSTEM_CALLS_H

#include <stdint.h>

struct system_calls {
	uint64_t runs;	     /* ioctl(KVM_RUN) */
	uint64_t cpu_clocks; /* clock_gettime of a CPU-time clock */
	uint64_t clocks;     /* clock_gettime of any other: only where the vDSO cannot */
	uint64_t alarms;     /* timer_settime */
	uint64_t masks;	     /* rt_sigprocmask */
	uint64_t others;
	uint64_t last_other; /* its number */
};

struct system_call_counter;

/*
 * Runs act(counter, user) on a thread of its own whose system calls are counted. Leaves the case
 * as skipped where the kernel cannot do that.
 */
void system_calls_of(void (*act)(struct system_call_counter *counter, void *user), void *user);

/* Of the calling thread, since the last time; by the thread that is counted. */
struct system_calls system_calls_take(struct system_call_counter *counter);

#endif
