/* SPDX-License-Identifier: Apache-2.0
 *
 * Types shared by the monitors of both architectures.  The monitor is the few supervisor-mode
 * instructions beneath the guest: only exception entries that exit to the host.
 */
#ifndef MOTE_HYPERVISOR_ARCH_MONITOR_H
#define MOTE_HYPERVISOR_ARCH_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/fault.h>
#include <mote/registers.h>

/* Where a monitor is. */
struct mote_monitor {
	uint8_t *memory; /* host view of its pages */
	uint64_t gva;
	uint64_t gpa;
};

/* How user code starts. */
struct mote_user_start {
	uint64_t entry;
	uint64_t stack;		 /* initial stack pointer, 16-byte aligned */
	uint64_t argument;	 /* first argument register */
	uint64_t thread_pointer; /* x86_64: FS.base; aarch64: ignored */
	uint64_t root_gpa;	 /* of the page tables */
	uint64_t features;	 /* of the vCPU: a set of MOTE_..._FEATURE_ bits */
	uint32_t address_bits;	 /* of guest-physical addresses; x86_64: ignored */
	bool forbid_timestamp;
};

/* User code that loads all registers of user code, and goes on where they were: a vCPU that is put
 * at pc, with these flags, comes to be as they were saved; aarch64: also if pc is an instruction
 * further.  Guests have no doorbell there. */
struct mote_user_gate {
	uint64_t pc, flags;
	uint64_t bytes; /* of code, from pc on; 0: there is no gate */
	bool loads;	/* if not, it only goes on: all registers but pc have their values before */
};

/* The block of memory around the thread pointer; offsets from its start, which is page-aligned. */
struct mote_thread_block {
	uint64_t pointer;   /* what the thread pointer points to */
	uint64_t variables; /* thread-local variables (PT_TLS) */
	uint64_t bytes;
};

/* What a store outside memory means, where stores are doorbells. */
enum mote_store_kind {
	MOTE_STORE_PLAIN,
	MOTE_STORE_DOORBELL, /* of user code */
	MOTE_STORE_MONITOR,  /* of the monitor: an exception, or a halt of other supervisor code */
};

/* An exception of user code, as decoded from the monitor's exit. */
struct mote_exception {
	mote_fault_kind kind;
	uint32_t vector;
	uint64_t error_code;
	uint64_t address;
	mote_access access;
	bool system_call; /* an instruction that asks an operating system for something */
	/* Of the user program.  Its other registers are still those of the vCPU. */
	uint64_t pc, sp, flags;
};

#endif
