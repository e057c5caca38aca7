/* SPDX-License-Identifier: Apache-2.0
 *
 * What core.c and core_<architecture>.c have for each other.
 */
#ifndef MOTE_SIM_CORE_INTERNAL_H
#define MOTE_SIM_CORE_INTERNAL_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "sim/core/core.h"

enum { SIM_SLOTS = 512, SIM_VCPUS = 64 };

struct slot {
	uint64_t gpa, bytes;
	uint8_t *hva;
	unsigned flags;
};

struct sim_vcpu {
	struct registers *registers; /* what the architecture knows of them */
	struct sim_machine *machine;
	int fd;
	struct kvm_run *run;
	bool used;
	pthread_t thread;
	_Atomic bool cancelled, running;
	/* Rings on the thread that it was made for while the vCPU runs; 0: there is none. */
	timer_t alarm;
	pid_t alarm_thread;
	unsigned stops; /* of the machine, that it has seen */
	bool traps_debug;
	/* The mask that KVM has; none without has_mask. */
	bool has_mask;
	uint64_t mask;
	uint64_t cpu_ns;
};

struct sim_machine {
	int vm_fd;
	size_t run_bytes;
	struct slot slots[SIM_SLOTS];
	bool had_memory; /* KVM was given some, at some time */
	struct sim_vcpu vcpus[SIM_VCPUS];
	pthread_mutex_t lock;	/* of `running` and `thread` */
	_Atomic unsigned stops; /* times that KVM stopped all vCPUs, for a call of PSCI */
};

/* NULL: nothing is there. */
const struct slot *sim_slot_at(const struct sim_machine *machine, uint64_t gpa);
/* KVM finishes the access when it runs again; a run that may not enter the guest does only that.
 * Whether it is an access of several exits, and here is the next of them. */
bool sim_finish(struct sim_vcpu *vcpu);

/* ---- Of the architecture: error numbers ----------------------------------------------------- */

/* The descriptor of a VM, or -1, with errno. */
int sim_arch_create_vm(int kvm_fd, unsigned address_bits);
/* Once, and with errno. */
struct registers *sim_arch_make_registers(void);
int sim_arch_reset(struct sim_vcpu *vcpu);
/* Before each entry; EINVAL: the registers are refused. */
int sim_arch_prepare(struct sim_vcpu *vcpu);
/* After KVM has run: what is known of registers is old. */
void sim_arch_forget(struct sim_vcpu *vcpu);
/* What KVM ended with. */
void sim_arch_decode(struct sim_vcpu *vcpu, struct sim_exit *exit);
/* Whether KVM may stay inside for ever where there is something to tell. */
extern const bool sim_arch_looks;
/* After such a time: whether there is. */
bool sim_arch_look(struct sim_vcpu *vcpu, struct sim_exit *exit);

#endif
