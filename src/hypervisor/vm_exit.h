/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a vCPU stopped.  A backend translates its hypervisor's exits to exactly these, and everything
 * above it knows only these.
 */
#ifndef MOTE_HYPERVISOR_VM_EXIT_H
#define MOTE_HYPERVISOR_VM_EXIT_H

#include <stdint.h>

#include "arch/arch.h"

enum mote_vm_exit_kind {
	MOTE_EXIT_HALT = 1,
	MOTE_EXIT_IO_OUT,
	MOTE_EXIT_IO_IN,
	MOTE_EXIT_MMIO_READ,
	MOTE_EXIT_MMIO_WRITE,
	MOTE_EXIT_CANCELLED, /* this VM's cancel bit is set */
	MOTE_EXIT_RETRY,     /* interrupted for another reason; run again */
	MOTE_EXIT_SHUTDOWN,  /* triple fault, reset, power-off */
	MOTE_EXIT_DEBUG,
	MOTE_EXIT_UNKNOWN,
};

#define MOTE_EXIT_TEXT_BYTES 96

struct mote_vm_exit {
	enum mote_vm_exit_kind kind;
	union {
		/*
		 * data: size * count bytes, valid until the VM is used again.  For IO_IN it is
		 * preset to zeros, and the guest reads what is in it when the VM is next used.
		 * Count 0 and no data: a string instruction that the hypervisor does not describe.
		 * It does not retire.
		 */
		struct {
			uint16_t port;
			uint8_t size; /* 1, 2, 4 or 8 */
			uint32_t count;
			uint8_t *data;
		} io;
		/*
		 * data: size bytes, under the same rules.  Size 0 and no data: an access that the
		 * hypervisor does not describe (aarch64: no valid syndrome; x86_64: see
		 * capabilities.described_accesses).  It does not retire.
		 */
		struct {
			uint64_t gpa;
			uint8_t size; /* 0 to 8 */
			uint8_t *data;
		} mmio;
		mote_debug_exit debug;
		char text[MOTE_EXIT_TEXT_BYTES]; /* UNKNOWN: the hypervisor's reason, as text */
	} as;
};

#endif
