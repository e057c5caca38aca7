/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this backend share.  A sandbox's VM is a partition with one VP (virtual
 * processor).
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_MSHV_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_MSHV_INTERNAL_H

#include "allocator.h"
#include "hypervisor/backends/hyperv/hyperv.h"
#include "hypervisor/backends/linux/linux_device.h"
#include "hypervisor/backends/mshv/mshv.h"
#include "hypervisor/backends/mshv/mshv_abi.h"
#include "hypervisor/interrupt/kick_signal.h"

/* What is mapped of a VP's file: the register page. */
enum { MOTE_MSHV_VP_PAGE_BYTES = 4096 };

struct mote_mshv_reaper;

struct mote_mshv {
	struct mote_hypervisor base;
	const struct mote_linux_device *system;
	int kick_signal; /* 0: none is installed */
	int fd;
	int null_fd; /* what a kick puts in the place of a VP */
	struct mote_hyperv_facts *facts;
	bool halt_leaves_rip; /* x86_64: RIP of a halt is on the instruction, not after it */
	struct mote_mshv_reaper *reaper;
};

/* The descriptors of a partition that is no longer used; -1: none.  The last one that is closed
 * destroys it, which takes the kernel some 40 ms. */
struct mote_mshv_remains {
	int partition, vp, run;
	void *page; /* of the VP's file, mapped; may be NULL */
};

struct mote_mshv_kick {
	struct mote_kick base;
	struct mote_mshv_vm *vm;
};

struct mote_mshv_vm {
	struct mote_hyperv_vm hyperv;
	struct mote_mshv *mshv;
	int partition, vp;
	/* Another descriptor of the VP, which it runs through: a kick replaces it by one that does
	 * not run. */
	int run;
	bool replaced; /* it still is one that does not run; of the thread that runs the VP */
	struct mote_mshv_kick kick;
	void *page; /* the register page; NULL: there is none */
	struct mote_mshv_message message;
};

static inline struct mote_mshv_vm *mote_mshv_vm(struct mote_vm *base)
{
	return (struct mote_mshv_vm *)base;
}

static inline int mote_mshv_ioctl(const struct mote_mshv *mshv, int fd, unsigned long request,
				  void *argument)
{
	return mshv->system->ioctl(mshv->system, fd, request, argument);
}

/* ---- mshv_hypercall.c ------------------------------------------------------------------------ */

/* Fails with MOTE_HYPERVISOR, or with the limit that code stands for. */
mote_status mote_mshv_fail(mote_error *error, int code, const char *what);

/* ioctl, again while a signal interrupts it. */
int mote_mshv_request(const struct mote_mshv *mshv, int fd, unsigned long request, void *argument);

/* A hypercall that is not repeated, of a partition or a VP. */
mote_status mote_mshv_call(const struct mote_mshv *mshv, int fd, struct mote_mshv_hypercall *call,
			   const char *name, mote_error *error);

/* Of mote_hyperv_ops. */
mote_status mote_mshv_get_registers(struct mote_hyperv_vm *vm, const uint32_t *names,
				    struct mote_hyperv_value *values, size_t count,
				    mote_error *error);
mote_status mote_mshv_set_registers(struct mote_hyperv_vm *vm, const uint32_t *names,
				    const struct mote_hyperv_value *values, size_t count,
				    mote_error *error);
mote_status mote_mshv_set_register(struct mote_mshv_vm *vm, uint32_t name, uint64_t value,
				   mote_error *error);

mote_status mote_mshv_set_property(const struct mote_mshv *mshv, int partition, uint32_t code,
				   uint64_t value, mote_error *error);

/* ---- mshv_memory.c --------------------------------------------------------------------------- */

/* Of mote_hyperv_ops. */
mote_status mote_mshv_map(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			  uint64_t gpa, uint64_t bytes, mote_error *error);
mote_status mote_mshv_unmap(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			    uint64_t gpa, uint64_t bytes, mote_error *error);

/* ---- mshv_run.c ------------------------------------------------------------------------------ */

void mote_mshv_kick_init(struct mote_mshv_vm *vm);
mote_status mote_mshv_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error);
/* An exit of which no more is known than its message. */
void mote_mshv_set_unknown(const struct mote_mshv_vm *vm, struct mote_vm_exit *exit);

/* ---- mshv.c ---------------------------------------------------------------------------------- */

/* Closes what remains of a partition. */
void mote_mshv_bury(const struct mote_linux_device *system,
		    const struct mote_mshv_remains *remains);

/* ---- mshv_reaper.c: a thread that closes what remains of partitions -------------------------- */

mote_status mote_mshv_reaper_create(const struct mote_linux_device *system,
				    const mote_allocator *allocator,
				    struct mote_mshv_reaper **reaper, mote_error *error);
/* Closes them, at once or later. */
void mote_mshv_reaper_give(struct mote_mshv_reaper *reaper,
			   const struct mote_mshv_remains *remains);
/* How many it has closed so far. */
uint64_t mote_mshv_reaper_closed(struct mote_mshv_reaper *reaper);
/* Waits until all that was given to it is closed.
 * False: nothing was since it had closed `before`. */
bool mote_mshv_reaper_finish(struct mote_mshv_reaper *reaper, uint64_t before);
/* Closes the rest, too, and frees it.  reaper: may be NULL. */
void mote_mshv_reaper_destroy(struct mote_mshv_reaper *reaper);

/* ---- mshv_<arch>.c --------------------------------------------------------------------------- */

extern const struct mote_hyperv_ops mote_mshv_ops;

/* Properties of a partition before it is initialized. */
mote_status mote_mshv_arch_prepare(const struct mote_mshv *mshv, int partition, mote_error *error);
/* When the device is opened: what a VP is like, found out with one that is thrown away.  Fills in
 * capabilities and facts. */
mote_status mote_mshv_arch_learn(struct mote_mshv_vm *vm, mote_error *error);
/* A new VP: vcpu, and what its power-on state lacks. */
mote_status mote_mshv_arch_create(struct mote_mshv_vm *vm, mote_error *error);
void mote_mshv_arch_destroy(struct mote_mshv_vm *vm);

/* Before a run: retires what is pending.  True: instead of a run there is another exit of the same
 * instruction. */
mote_status mote_mshv_arch_enter(struct mote_mshv_vm *vm, struct mote_vm_exit *exit, bool *has_exit,
				 mote_error *error);
/* A message has come. */
mote_status mote_mshv_arch_exit(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				mote_error *error);

#endif
