/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, pipes and terminals that the application has opened: reading and writing them in order,
 * and waiting for them.
 */
#ifndef MOTE_OS_HANDLE_H
#define MOTE_OS_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

/* What ends the waiting of the thread that does it. */
struct mote_os_wake {
	intptr_t in, out;
};

mote_status mote_os_wake_create(struct mote_os_wake *wake, mote_error *error);
/* Any thread; never waits.  Remembered until a wait reports it. */
void mote_os_wake_ring(const struct mote_os_wake *wake);
/* Takes all rings at once, without waiting. */
void mote_os_wake_take(const struct mote_os_wake *wake);
void mote_os_wake_destroy(struct mote_os_wake *wake);

enum mote_os_direction { MOTE_OS_INPUT, MOTE_OS_OUTPUT };

/* Whether using a handle would not wait: it has input or room, or has come to its end.  Room of a
 * pipe on Windows is found out by writing: see *again. */
bool mote_os_handle_is_ready(intptr_t handle, enum mote_os_direction direction);

bool mote_os_handle_is_terminal(intptr_t handle);

/* Waits until it is ready, or may be.  *ready is false when wake has rung. */
mote_status mote_os_handle_wait(intptr_t handle, enum mote_os_direction direction,
				const struct mote_os_wake *wake, bool *ready, mote_error *error);

/* Reads up to length bytes (not 0) of a handle that is ready; *got is 0 at the end. *again: it was
 * not, and nothing was read. */
mote_status mote_os_handle_read(intptr_t handle, void *data, size_t length, size_t *got,
				bool *again, mote_error *error);

/* Writes as much of length bytes (not 0) as a handle that is ready takes without waiting.  A pipe
 * that nobody reads any more is an error, never a signal. */
mote_status mote_os_handle_write(intptr_t handle, const void *data, size_t length, size_t *put,
				 bool *again, mote_error *error);

#endif
