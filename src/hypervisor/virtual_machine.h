/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract that every backend implements.  Everything above this file is
 * independent of the hypervisor; everything below it is independent of the sandbox.
 *
 * A backend is one `static const struct mote_backend`; a VM is one vCPU and its memory slots, used
 * through one `static const struct mote_vm_ops`.  No pointer in either is ever NULL.
 *
 * Rules, each of which the conformance suite tests on every backend:
 *
 * Retired exits.  After any exit, every operation that reads or writes vCPU
 *   state acts as if the exiting instruction had retired: the program counter
 *   is after it, and a write of any register persists.  The backend completes
 *   what the hypervisor keeps pending, lazily, when state is accessed.
 *   A repeated string instruction retires one iteration at a time.  An access that takes several
 *   exits (a word on two pages) retires with the last; registers that are set before end it.
 *   An access that the hypervisor does not describe (vm_exit.h) does not retire: the program
 *   counter is on it, no register has changed, and the next entry makes it again.
 *
 * Interruption.  An entry that was interrupted returns MOTE_EXIT_RETRY, never an error.  Whether
 *   the call was cancelled is the affair of mote_vcpu_run (vcpu.h), the only place that
 *   enters a vCPU.
 *
 * Permissions.  MOTE_REGION_WRITE of a slot is enforced: a guest write to a
 *   slot without it is an MMIO_WRITE exit.  MOTE_REGION_EXECUTE is enforced where
 *   the hypervisor can.  Guest permissions come from the page
 *   tables everywhere.
 *
 * Errors.  Outputs are written only on success.  An operation that fails leaves
 *   the VM destroyable.  `error` is never NULL here.
 *
 * Threads.  One thread at a time, any thread; the interrupt handle is the exception.  A thread
 *   that is done with a VM for now calls park, before another one uses it (destroy excepted).
 */
#ifndef MOTE_HYPERVISOR_VIRTUAL_MACHINE_H
#define MOTE_HYPERVISOR_VIRTUAL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>
#include <mote/interrupt.h>
#include <mote/sandbox.h>

#include "address_space.h"
#include "arch/arch.h"
#include "vm_exit.h"

struct mote_guest_clock;
struct mote_vm;

enum mote_region_flags {
	MOTE_REGION_READ = 1u << 0,
	MOTE_REGION_WRITE = 1u << 1,
	MOTE_REGION_EXECUTE = 1u << 2,
	MOTE_REGION_HOST_READ_ONLY = 1u << 3, /* the host itself may not write to it */
};

/* What a region is used for: some hypervisors map the kinds differently. */
enum mote_region_kind {
	MOTE_REGION_RAM = 1, /* the sandbox's own memory */
	MOTE_REGION_SHARED,  /* memory that other sandboxes may map too */
};

/* Guest-physical memory backed by host memory.  gpa, hva and bytes are multiples of
 * capabilities.page_bytes. */
struct mote_memory_region {
	uint64_t gpa;
	void *hva; /* stays valid until the slot is unmapped */
	uint64_t bytes;
	/* The same memory as hva, as another process finds it: see struct mote_os_memory; -1: it
	 * does not, which is so only where host_cow. */
	intptr_t handle;
	uint64_t handle_offset;
	uint32_t flags; /* enum mote_region_flags; READ is always set */
	enum mote_region_kind kind;
};

struct mote_vm_ops {
	/* Frees the VM.  Accepts a VM that create left incomplete at any point. */
	void (*destroy)(struct mote_vm *vm);

	/*
	 * Reserves guest-physical addresses for a region that the guest sees at gva: no other
	 * reservation of a VM that shares the space has them, and they are as far from a multiple
	 * of MOTE_BLOCK_BYTES as gva is.  gva and bytes are multiples of capabilities.page_bytes,
	 * bytes is not 0.  MOTE_LIMIT when there is no room.  Destroying the VM gives back what is
	 * reserved.
	 */
	mote_status (*reserve_gpa)(struct mote_vm *vm, uint64_t gva, uint64_t bytes, uint64_t *gpa,
				   mote_error *error);
	/* Gives back what one reserve_gpa reserved; nothing is mapped there any more. */
	void (*release_gpa)(struct mote_vm *vm, uint64_t gpa);

	/* Maps a region into a slot; both were checked. Called by mote_vm_map_memory (vm.h)
	 * alone. */
	mote_status (*map_memory)(struct mote_vm *vm, uint32_t slot,
				  const struct mote_memory_region *region, mote_error *error);
	/* Empties a slot that is in use: vm->slots[slot].  Called by mote_vm_unmap_memory alone. */
	mote_status (*unmap_memory)(struct mote_vm *vm, uint32_t slot, mote_error *error);

	/* Enters the guest until the next exit.  Never loops on interruptions: those return RETRY.
	 * Called by mote_vcpu_run alone. */
	mote_status (*enter)(struct mote_vm *vm, struct mote_vm_exit *exit, mote_error *error);

	mote_status (*regs)(struct mote_vm *vm, mote_regs *regs, mote_error *error);
	mote_status (*set_regs)(struct mote_vm *vm, const mote_regs *regs, mote_error *error);
	mote_status (*sregs)(struct mote_vm *vm, mote_sregs *sregs, mote_error *error);
	mote_status (*set_sregs)(struct mote_vm *vm, const mote_sregs *sregs, mote_error *error);
	mote_status (*fpu)(struct mote_vm *vm, mote_fpu *fpu, mote_error *error);
	mote_status (*set_fpu)(struct mote_vm *vm, const mote_fpu *fpu, mote_error *error);
	mote_status (*debug_regs)(struct mote_vm *vm, mote_debug_regs *regs, mote_error *error);
	mote_status (*set_debug_regs)(struct mote_vm *vm, const mote_debug_regs *regs,
				      mote_error *error);

	/* A part of regs and sregs, for exceptions. */
	mote_status (*exception_state)(struct mote_vm *vm, mote_exception_state *state,
				       mote_error *error);
	/* Sets where that exception returns to, if registers hold it: aarch64: elr, spsr, sp_el0.
	 * x86_64: nothing, it is in memory. */
	mote_status (*set_exception_return)(struct mote_vm *vm, const mote_exception_state *state,
					    mote_error *error);

	/* The whole vCPU as one block of bytes, to put it back later or into another VM of the same
	 * engine: all registers, with those that the structures above lack, and pending events.
	 * Nothing else understands the block.  bytes: what state_bytes says, which is the same for
	 * all VMs of a hypervisor; MOTE_INVALID_ARGUMENT if not. state: aligned as for malloc. */
	mote_status (*state_bytes)(struct mote_vm *vm, size_t *bytes, mote_error *error);
	mote_status (*save_state)(struct mote_vm *vm, void *state, size_t bytes, mote_error *error);
	/* Also discards what is pending, like a reset. */
	mote_status (*load_state)(struct mote_vm *vm, const void *state, size_t bytes,
				  mote_error *error);

	/* A part of load_state, for a vCPU whose last exit was a doorbell of user code and whose
	 * system registers are those of the block, or that has been set up like it and not run:
	 * loads what user code can change.  gate: NULL, or code in memory that does this by itself,
	 * which a backend may use whose calls are dearer.  What it may put off until the vCPU runs,
	 * or somebody asks, needs the block until then, or until another one was loaded. */
	mote_status (*load_user_state)(struct mote_vm *vm, const void *state, size_t bytes,
				       const struct mote_user_gate *gate, mote_error *error);

	/* What only the backend knows of a reset: discards pending exits and events, and resets
	 * what no operation above sets. Called by mote_vcpu_reset alone, which sets all registers
	 * then. */
	mote_status (*begin_reset)(struct mote_vm *vm, mote_error *error);

	/* Makes the vCPU see page-table entries that the host changed: call it after the change,
	 * with the guest-physical range of the pages whose mapping changed.  The application's
	 * threads may read and write shared regions meanwhile. */
	mote_status (*invalidate_translations)(struct mote_vm *vm, uint64_t gpa, uint64_t bytes,
					       mote_error *error);

	/* The calling thread is done with the vCPU for now.  Where a vCPU belongs to a thread, its
	 * state is saved, and the next thread that uses the VM loads it.  Called through
	 * mote_vcpu_park (vcpu.h). */
	mote_status (*park)(struct mote_vm *vm, mote_error *error);

	mote_status (*native_handle)(struct mote_vm *vm, mote_native_handle_kind kind,
				     uintptr_t *handle, mote_error *error);
};

/* The part of a VM that every backend's own structure begins with; vm.h. */
struct mote_vm {
	const struct mote_vm_ops *ops;
	const struct mote_hypervisor *hypervisor;
	/* Its own guest-physical addresses, where the hypervisor gives each VM all of them. */
	struct mote_address_space addresses;
	uint64_t address_base;	   /* the guest-physical address of what the guest sees at 0 */
	mote_interrupt *interrupt; /* borrowed; lives as long as the VM, longer when retained */
	/* CPU time that the clock of the thread does not show (guest_clock.h).  mote_vm_begin sets
	 * the one that has none; a backend whose threads do not account for guests sets its own. */
	const struct mote_guest_clock *guest_clock;
	struct mote_memory_region *slots; /* hva NULL: empty */
	uint32_t slot_count;
};

enum { MOTE_PROCESSOR_WORDS = 8 };

struct mote_capabilities {
	uint32_t slots;	       /* memory slots per VM */
	uint64_t page_bytes;   /* granularity of map_memory */
	uint32_t address_bits; /* of guest-physical addresses */
	/* The first that a VM may use: a multiple of MOTE_BLOCK_BYTES. */
	uint64_t address_base;
	uint64_t features; /* the architecture's MOTE_..._FEATURE_ bits that guest code sees */
	/* What instructions guest code may find to be there: a vCPU's state goes to a processor
	 * that has all of these bits.  aarch64: none, for guests cannot ask. */
	uint64_t processor[MOTE_PROCESSOR_WORDS];
	uint32_t doorbell_calls; /* of the hypervisor, which a warm doorbell costs */
	bool read_only_slots;
	/* Memory exits carry size and value, string I/O a count of iterations.  If not: 0, and the
	 * access does not retire. aarch64: of accesses with a valid syndrome, always. */
	bool described_accesses;
	bool aliases;		    /* host memory may be in several slots of a VM */
	bool read_only_host_memory; /* slots may have memory that the host may only read */
	/* The guest sees a page that the host's copy-on-write has replaced, and its writes cause
	 * that; and it sees what was there before when the host drops the page. */
	bool host_cow;
	bool thread_bound; /* a vCPU belongs to the thread that uses it, until park */
	/* aarch64: the ASID in ttbr0 is the backend's: it reads as 0, and is ignored when set. */
	bool chooses_asids;
};

/*
 * An open hypervisor: what VMs of one engine share (a device file, a CPUID table).  Immutable after
 * open, so usable from any thread.
 */
struct mote_hypervisor {
	const struct mote_backend *backend;
	const mote_allocator *allocator;
	struct mote_capabilities capabilities;
};

/*
 * What a backend's table of functions, through which it reaches its hypervisor, begins with.  The
 * rest belongs to the backend, e.g. struct mote_linux_device.
 */
struct mote_system {
	mote_backend_kind kind; /* of the backend that the table is for */
};

/* The one of a kind in a NULL-terminated list, which may be NULL; NULL: none. */
static inline const struct mote_system *mote_system_find(const struct mote_system *const *systems,
							 mote_backend_kind kind)
{
	for (; systems != NULL && *systems != NULL; systems++)
		if ((*systems)->kind == kind)
			return *systems;
	return NULL;
}

struct mote_hypervisor_options {
	const mote_allocator *allocator; /* complete; outlives the hypervisor */
	/* The signal that interrupts a vCPU, where the hypervisor needs one; 0: a free one. */
	int kick_signal;
	bool forbid_surrogates; /* mote_engine_options */
	const char *surrogate_path;
	/* NULL-terminated: tables that stand in for the real ones.  A backend takes the one of its
	 * kind and ignores the others.  NULL, or none of its kind: the real one. */
	const struct mote_system *const *systems;
};

struct mote_backend {
	mote_backend_kind kind; /* its name is in MOTE_BACKEND_MAP */

	/* Checks whether a VM can be created.  Never aborts, prints or keeps state.  systems: as in
	 * mote_hypervisor_options. */
	void (*probe)(const struct mote_system *const *systems, mote_probe_result *result);

	mote_status (*open)(const struct mote_hypervisor_options *options,
			    struct mote_hypervisor **hypervisor, mote_error *error);
	void (*close)(struct mote_hypervisor *hypervisor); /* accepts NULL */

	/* Checks that a vCPU that runs on this thread can be interrupted.  Before every call, so
	 * what costs a system call is done once per thread. */
	mote_status (*check_thread)(const struct mote_hypervisor *hypervisor, mote_error *error);

	/* A VM with one vCPU in power-on state and no memory.  The hypervisor chooses the accessed
	 * bits of its segments and the busy bit of TR until they are set. */
	mote_status (*create)(struct mote_hypervisor *hypervisor, struct mote_vm **vm,
			      mote_error *error);
};

#endif
