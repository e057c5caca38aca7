/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores of a sandbox: when one is written (core.c), and what is in it (core_state.c).
 */
#ifndef MOTE_SANDBOX_CORE_H
#define MOTE_SANDBOX_CORE_H

#include <mote/core.h>

#include "hypervisor/crashdump/crashdump.h"
#include "sandbox/sandbox_internal.h"

/* Stack, mailbox, thread block and heap, and for each segment of the image up to three ranges:
 * before, in and behind what becomes read-only. */
enum { MOTE_CORE_SEGMENTS = 4 + 3 * MOTE_ELF_MAXIMUM_SEGMENTS };

/* A core that is about to be written. */
struct mote_core_dump {
	mote_sandbox *sandbox;
	mote_status status; /* of the call; MOTE_OK: it has not ended */
	const char *reason; /* one line */
	bool is_stopped;    /* by a debugger, which has the registers */
	struct mote_core_registers registers;
	struct mote_core_notes notes;
	struct mote_core_segment segments[MOTE_CORE_SEGMENTS];
	struct mote_core core;
};

/* The time, in UTC: "2026-01-31T23:59:59Z" (RFC 3339). */
enum { MOTE_CORE_TIME_BYTES = 32 };
void mote_core_time_text(char text[MOTE_CORE_TIME_BYTES]);

/* Reads everything but the contents of the memory.  The notes are for the caller to release, also
 * after a failure. */
mote_status mote_core_dump_gather(struct mote_core_dump *dump, mote_error *error);

#endif
