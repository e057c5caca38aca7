/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the aarch64 part of kvm_abi.h with the official headers; compiled
 * where they exist, contains no code.
 */
#include "hypervisor/backends/kvm/kvm_abi_check.h"

#define CORE(number, field)                                                                        \
	_Static_assert(MOTE_KVM_ARM_##number == offsetof(struct kvm_regs, field), #field)

SAME(KVM_CAP_ARM_PSCI_0_2);
SAME(KVM_CAP_ARM_VM_IPA_SIZE);
SAME(KVM_CAP_ARM_NISV_TO_USER);
SAME(KVM_ARM_VCPU_PSCI_0_2);
SAME(KVM_REG_ARM64);
SAME(KVM_REG_SIZE_MASK);
SAME(KVM_REG_SIZE_SHIFT);
SAME(KVM_REG_SIZE_U32);
SAME(KVM_REG_SIZE_U64);
SAME(KVM_REG_SIZE_U128);
SAME(KVM_REG_ARM_CORE);
SAME(KVM_REG_ARM64_SYSREG);
SAME(KVM_GET_ONE_REG);
SAME(KVM_SET_ONE_REG);
SAME(KVM_ARM_VCPU_INIT);
SAME(KVM_ARM_PREFERRED_TARGET);
SAME(KVM_GET_REG_LIST);
SIZE(mote_kvm_arm_vcpu_init, kvm_vcpu_init);
FIELD(mote_kvm_arm_vcpu_init, features, kvm_vcpu_init, features);
SIZE(mote_kvm_one_reg, kvm_one_reg);
FIELD(mote_kvm_one_reg, addr, kvm_one_reg, addr);
SIZE(mote_kvm_reg_list, kvm_reg_list);
FIELD(mote_kvm_run, as.arm_debug.hsr, kvm_run, debug.arch.hsr);
FIELD(mote_kvm_run, as.arm_debug.far, kvm_run, debug.arch.far);
CORE(X(30), regs.regs[30]);
CORE(SP, regs.sp);
CORE(PC, regs.pc);
CORE(PSTATE, regs.pstate);
CORE(SP_EL1, sp_el1);
CORE(ELR_EL1, elr_el1);
CORE(SPSR_EL1, spsr[0]);
CORE(V(31), fp_regs.vregs[31]);
CORE(FPSR, fp_regs.fpsr);
CORE(FPCR, fp_regs.fpcr);
_Static_assert(MOTE_KVM_ARM_SYSREG(3, 3, 14, 3, 2) == ARM64_SYS_REG(3, 3, 14, 3, 2),
	       "system register");
