/* SPDX-License-Identifier: Apache-2.0
 *
 * What the framework gives to a process once: one VM, which all sandboxes share.  Each sandbox has
 * guest-physical addresses of its own and an ASID; each thread has a vCPU, which holds the
 * registers of the sandbox that it ran last.  The only state of the library that is the process's:
 * the VM is (adr/0037).
 */
#ifndef MOTE_HVF_PROCESS_H
#define MOTE_HVF_PROCESS_H

#include "hypervisor/backends/hvf/hvf_abi.h"

/* The granularity of mappings: hv_vm_map, "multiple of the page size". */
enum { MOTE_HVF_PAGE_BYTES = 16384 };

/* The first guest-physical address of sandboxes; below is what belongs to the process. */
enum { MOTE_HVF_FIRST_GPA = MOTE_BLOCK_BYTES };

struct mote_hvf_vm;

/* The vCPU of a thread. */
struct mote_hvf_thread {
	const struct mote_hvf_system *system;
	uint32_t generation; /* of the process */
	uint64_t vcpu;
	struct mote_hv_exit *exit;
	uint64_t holds; /* serial of the sandbox whose registers it has; 0: none */
	/* The sandbox whose newest registers are here alone; NULL: there is none.  Under the
	 * process's lock: another thread may destroy it. */
	struct mote_hvf_vm *unsaved;
};

/* Says where a failure that is recorded comes from.  Gives status back. */
mote_status mote_hvf_of_code(mote_status status, mote_hv_return code, mote_error *error);
/* Records a failure; what: the function's name. */
mote_status mote_hvf_fail(mote_error *error, mote_hv_return code, const char *what);

/*
 * One user more of the process's VM, which is made for the first one.
 *
 * generation  written on success: of the process.  A forked child is another one: it has neither
 *             the VM nor a vCPU, and what the parent made means nothing there.
 */
mote_status mote_hvf_process_enter(const struct mote_hvf_system *system, uint32_t address_bits,
				   uint32_t *generation, mote_error *error);
/* Whether what was made in this generation is still the process's. */
bool mote_hvf_process_is(uint32_t generation);
/* One user less; the last one destroys the VM, unless other threads still have vCPUs: then it stays
 * for whoever comes next. */
void mote_hvf_process_leave(void);

/* Guest-physical addresses, as mote_address_space_reserve. */
mote_status mote_hvf_reserve(uint64_t gva, uint64_t bytes, uint64_t *gpa, mote_error *error);
void mote_hvf_release(uint64_t gpa);

/* The process's lock, around what touches `unsaved` of a thread. */
void mote_hvf_lock(void);
void mote_hvf_unlock(void);

/* A number that no sandbox had before; not 0. */
uint64_t mote_hvf_serial(void);

/* An ASID whose translations nobody has cached when mote_hvf_flush has returned.  MOTE_LIMIT when
 * all are in use. */
mote_status mote_hvf_asid_take(uint16_t *asid, mote_error *error);
/* Before the first one is taken: no more of them than the thread's processor can tell apart. */
mote_status mote_hvf_asid_limit(const struct mote_hvf_thread *thread, mote_error *error);
/* Its translations may be cached from now on. */
void mote_hvf_asid_give_back(uint16_t asid);

/* The calling thread's vCPU; NULL if it has none. */
struct mote_hvf_thread *mote_hvf_thread_find(void);
/* The same, made if there is none: it lives until the thread ends. */
mote_status mote_hvf_thread_get(struct mote_hvf_thread **thread, mote_error *error);

/* Hides features from a vCPU.  MOTE_UNSUPPORTED where that has no effect. */
mote_status mote_hvf_identify(const struct mote_hvf_thread *thread, mote_error *error);

/* Before a thread runs a guest: forgets all cached translations if ASIDs are used again.  What its
 * vCPU held is in memory then. */
mote_status mote_hvf_flush(struct mote_hvf_thread *thread, mote_error *error);

#endif
