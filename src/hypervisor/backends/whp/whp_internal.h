/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this backend share.  A sandbox's VM is a partition with one VP (virtual
 * processor).
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_WHP_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_WHP_INTERNAL_H

#include "allocator.h"
#include "hypervisor/backends/hyperv/hyperv.h"
#include "hypervisor/backends/whp/whp.h"
#include "hypervisor/backends/whp/whp_abi.h"
#include "hypervisor/backends/whp/whp_surrogate.h"
#include "hypervisor/interrupt/guest_clock.h"
#include "os/os_thread.h"

enum {
	MOTE_WHP_SLOTS = 256,
	MOTE_WHP_IDLE_SURROGATES = 4, /* that are kept for the next partitions */
};

struct mote_whp {
	struct mote_hypervisor base;
	const struct mote_whp_system *system;
	struct mote_hyperv_facts *facts;
	bool forbids_surrogates;
	char *surrogate_path; /* mote_engine_options */
	uint64_t exits;	      /* to ask for: those that the platform has */
	struct mote_os_lock *lock;
	/* Under the lock. */
	struct mote_whp_surrogate *idle[MOTE_WHP_IDLE_SURROGATES];
	unsigned idle_count;
};

struct mote_whp_kick {
	struct mote_kick base;
	struct mote_whp_vm *vm;
};

struct mote_whp_clock {
	struct mote_guest_clock base;
	struct mote_whp_vm *vm;
};

/* Where a slot's memory is in the surrogate. */
struct mote_whp_view {
	uint64_t gpa, bytes; /* of the slot; 0: none */
	void *address;
};

struct mote_whp_vm {
	struct mote_hyperv_vm hyperv;
	struct mote_whp *whp;
	mote_whp_partition partition; /* NULL: there is none */
	bool has_vp;
	struct mote_whp_kick kick;
	struct mote_whp_clock clock;
	/* The last access that the guest may make and that was an exit, and how often. */
	uint64_t tried_gpa;
	unsigned tries;
	/* Whose memory the partition has: this process's, or the surrogate's; none yet. */
	bool has_own_memory;
	struct mote_whp_surrogate *surrogate;
	struct mote_whp_view views[MOTE_WHP_SLOTS];
};

static inline struct mote_whp_vm *mote_whp_vm(struct mote_hyperv_vm *vm)
{
	return (struct mote_whp_vm *)vm;
}

/* ---- whp.c ----------------------------------------------------------------------------------- */

/* Fails with MOTE_HYPERVISOR, or with the limit that code stands for.
 * what: "WHvSetupPartition". */
mote_status mote_whp_fail(mote_error *error, mote_whp_result code, const char *what);

/* Of mote_hyperv_ops. */
mote_status mote_whp_get_registers(struct mote_hyperv_vm *vm, const uint32_t *names,
				   struct mote_hyperv_value *values, size_t count,
				   mote_error *error);
mote_status mote_whp_set_registers(struct mote_hyperv_vm *vm, const uint32_t *names,
				   const struct mote_hyperv_value *values, size_t count,
				   mote_error *error);

/* ---- whp_memory.c ---------------------------------------------------------------------------- */

mote_status mote_whp_map_memory(struct mote_vm *base, uint32_t slot,
				const struct mote_memory_region *region, mote_error *error);
mote_status mote_whp_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error);
/* When the partition is gone. */
void mote_whp_give_back_surrogate(struct mote_whp_vm *vm);
/* Ends idle surrogates. */
void mote_whp_end_surrogates(struct mote_whp *whp);

/* Of mote_hyperv_ops. */
mote_status mote_whp_map(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			 uint64_t gpa, uint64_t bytes, mote_error *error);
mote_status mote_whp_unmap(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			   uint64_t gpa, uint64_t bytes, mote_error *error);

/* ---- whp_run.c ------------------------------------------------------------------------------- */

void mote_whp_kick_init(struct mote_whp_vm *vm);
/* Of an exit for memory: the guest may make the access, which was the first to its page; the
 * platform provides it now.  access: enum mote_hyperv_access. */
bool mote_whp_is_first_access(struct mote_whp_vm *vm, uint64_t gpa, unsigned access);
mote_status mote_whp_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error);

/* ---- whp_<arch>.c ---------------------------------------------------------------------------- */

extern const struct mote_hyperv_ops mote_whp_ops;

/* Whether the platform has what this architecture needs. */
mote_status mote_whp_arch_check(const struct mote_whp *whp, mote_error *error);
/* Properties of a partition before it is set up. */
mote_status mote_whp_arch_prepare(struct mote_whp_vm *vm, mote_error *error);
/* When the platform is opened: what a VP is like, found out with one that is thrown away.  Fills in
 * capabilities and facts. */
mote_status mote_whp_arch_learn(struct mote_whp_vm *vm, mote_error *error);
/* A new VP: vcpu, and what its power-on state lacks. */
mote_status mote_whp_arch_create(struct mote_whp_vm *vm, mote_error *error);
void mote_whp_arch_destroy(struct mote_whp_vm *vm);

/* Before a run: retires what is pending.  True: instead of a run there is another exit of the same
 * instruction. */
mote_status mote_whp_arch_enter(struct mote_whp_vm *vm, struct mote_vm_exit *exit, bool *has_exit,
				mote_error *error);
/* Runs the VP, and tells why it stopped. */
mote_status mote_whp_arch_run(struct mote_whp_vm *vm, struct mote_vm_exit *exit, mote_error *error);

#endif
