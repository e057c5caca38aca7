/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the SDK share: the state of this program, and the doorbell.
 * The fields of the mailbox's first bytes are copied at the start, so that a
 * stray write into the mailbox cannot redirect the SDK itself.
 */
#ifndef MOTE_GUEST_RUNTIME_H
#define MOTE_GUEST_RUNTIME_H

#include <mote_guest.h>
#include <mote_guest_runtime.h>

#include <arch.h>

#define MOTE_GUEST_HIDDEN __attribute__((visibility("hidden")))

/* The longest log or abort message. */
#define MOTE_GUEST_MESSAGE_BYTES 1024

struct mote_guest_runtime {
	struct mote_abi_mailbox *mailbox;
	unsigned char *call_data;
	unsigned char *host_call_data;
	uint32_t data_bytes;
	uint32_t host_result_bytes; /* of host_call_data: what the last import's result takes */
	uintptr_t heap;
	size_t heap_bytes;
	uint64_t random[2];
	uint64_t generation; /* that the program knows of */
};

extern MOTE_GUEST_HIDDEN struct mote_guest_runtime mote_guest_runtime;

/* Entered by _start with an aligned stack; never returns. */
MOTE_GUEST_HIDDEN _Noreturn void mote_guest_main(struct mote_abi_mailbox *mailbox);

#endif
