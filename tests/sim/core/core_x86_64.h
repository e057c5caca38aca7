/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of a simulated x86_64 vCPU, as KVM's structures have them.
 */
#ifndef MOTE_SIM_CORE_X86_64_H
#define MOTE_SIM_CORE_X86_64_H

#include <linux/kvm.h>

#include "sim/core/core.h"

enum { SIM_EXTENDED_BYTES = 4096 };

/*
 * What is read stays valid until the next run.  What is changed is kept, and read as it was set,
 * until the vCPU runs: between two changes registers may contradict each other.  A run with
 * registers that KVM refuses is SIM_REFUSED.
 */
const struct kvm_regs *sim_general(struct sim_vcpu *vcpu);
struct kvm_regs *sim_change_general(struct sim_vcpu *vcpu);
const struct kvm_sregs *sim_special(struct sim_vcpu *vcpu);
struct kvm_sregs *sim_change_special(struct sim_vcpu *vcpu);
/* In the standard format of XSAVE. */
const uint8_t *sim_extended(struct sim_vcpu *vcpu);
uint8_t *sim_change_extended(struct sim_vcpu *vcpu);
const struct kvm_xcrs *sim_control(struct sim_vcpu *vcpu);
struct kvm_xcrs *sim_change_control(struct sim_vcpu *vcpu);
const struct kvm_debugregs *sim_debug(struct sim_vcpu *vcpu);
struct kvm_debugregs *sim_change_debug(struct sim_vcpu *vcpu);
const struct kvm_vcpu_events *sim_events(struct sim_vcpu *vcpu);
struct kvm_vcpu_events *sim_change_events(struct sim_vcpu *vcpu);

/* Before translations: what was changed counts from now on.  0, or EINVAL: it is refused. */
int sim_settle(struct sim_vcpu *vcpu);

/* false: KVM has no such register, or takes no such value. */
bool sim_get_msr(struct sim_vcpu *vcpu, uint32_t index, uint64_t *value);
bool sim_set_msr(struct sim_vcpu *vcpu, uint32_t index, uint64_t value);

/* The table of CPUID, which all vCPUs have. */
const struct kvm_cpuid2 *sim_cpuid(void);

/* Whether #DB and #BP are exits. */
void sim_trap_vectors(struct sim_vcpu *vcpu, bool debug, bool breakpoint);

#endif
