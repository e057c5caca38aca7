/* SPDX-License-Identifier: Apache-2.0
 *
 * A KVM that differs from the real one in what a case says: missing, busy, old, or
 * with exits that guest code cannot cause here.
 */
#ifndef MOTE_TESTS_PRETENDED_KVM_H
#define MOTE_TESTS_PRETENDED_KVM_H

#include "hypervisor/backends/kvm/kvm_abi.h"
#include "hypervisor/backends/linux/linux_device.h"
#include "machine.h"

/* How it differs. */
struct pretence {
	int open_error;
	int version; /* 0: the real one */
	int create_error;
	unsigned create_errors; /* how many times it comes */
	int run_error;
	int missing_capability;			/* 0: none */
	unsigned long failing;			/* this request fails; 0: none */
	int failing_error;			/* how */
	unsigned failing_times;			/* how many times */
	void (*exit)(struct mote_kvm_run *run); /* instead of a run */
	/* May be NULL: sees each request before it is carried out. */
	void (*watch)(unsigned long request, const void *argument);
	/* May be NULL: edits the answer to KVM_GET_SUPPORTED_CPUID. */
	void (*edit_cpuid)(struct mote_kvm_x86_cpuid *table);
	/* May be NULL: edits what KVM_GET_XSAVE or KVM_GET_XSAVE2 returned. */
	void (*edit_xsave)(uint8_t *area);
	struct mote_kvm_run *run;
};

/* The one that is in force. */
extern struct pretence pretence;
extern const struct mote_linux_device pretended_kvm;
extern const struct mote_system *const pretended_systems[]; /* it alone */

/* Opens the pretended KVM and closes it again. */
mote_status pretended_open(mote_error *error);
/* Both probe and open refuse, and say so. */
void check_refusal(struct pretence as, mote_status status, const char *part);
/* A machine in the pretended KVM, with the doorbell loop. */
void make_pretended(struct machine *machine, struct pretence as);
/* One run that ends as the pretence says. */
struct mote_vm_exit run_pretended(void (*as)(struct mote_kvm_run *));

#endif
