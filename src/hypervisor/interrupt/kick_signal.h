/* SPDX-License-Identifier: Apache-2.0
 *
 * The kick by a signal, for hypervisors whose run is a system call that a signal ends.
 */
#ifndef MOTE_HYPERVISOR_KICK_SIGNAL_H
#define MOTE_HYPERVISOR_KICK_SIGNAL_H

#include <mote/error.h>

#include "hypervisor/interrupt/kick.h"

struct mote_kick_signal {
	struct mote_kick base;
	int number;
	volatile uint8_t *byte; /* the hypervisor reads it at each entry: 1 ends the run */
};

/* Its two halves, for a hypervisor that has other means than the byte: sends the signal number, and
 * consumes one that has not arrived yet, on the thread that it was sent to. */
void mote_kick_signal_send(int number, uintptr_t thread);
void mote_kick_signal_take(void);

void mote_kick_signal_init(struct mote_kick_signal *kick, int number, volatile uint8_t *byte);

/*
 * Prepares a signal for use as the kick, for one more user.  number: in: the signal, or 0 to choose
 * a free one; out: the signal in use.  A handler that is not ours is never replaced.
 */
mote_status mote_kick_signal_install(int *number, mote_error *error);

/* Removes one user.  The last one restores the default action, unless the application has changed
 * it. */
void mote_kick_signal_uninstall(int number);

/* One bit for each signal that is known not to be blocked in this thread. */
extern _Thread_local uint32_t mote_kick_signals_checked __attribute__((tls_model("initial-exec")));

mote_status mote_kick_signal_check_new_thread(int number, mote_error *error);

/* Checks, once per thread, that the signal reaches this thread.  Inline, because every call uses
 * it. */
static inline mote_status mote_kick_signal_check_thread(int number, mote_error *error)
{
	return mote_kick_signals_checked & (uint32_t)1 << number
		       ? MOTE_OK
		       : mote_kick_signal_check_new_thread(number, error);
}

#endif
