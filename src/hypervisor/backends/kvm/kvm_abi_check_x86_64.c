/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the x86_64 part of kvm_abi.h with the official headers; compiled
 * where they exist, contains no code.
 */
#include "hypervisor/backends/kvm/kvm_abi_check.h"

SAME(KVM_CAP_DEBUGREGS);
SAME(KVM_CAP_XSAVE);
SAME(KVM_CAP_SYNC_REGS);
SAME(KVM_CAP_XCRS);
SAME(KVM_CAP_XSAVE2);
SAME(KVM_CAP_DISABLE_QUIRKS2);
SAME(KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
SAME(KVM_GET_SUPPORTED_CPUID);
SAME(KVM_GET_REGS);
SAME(KVM_SET_REGS);
SAME(KVM_GET_SREGS);
SAME(KVM_SET_SREGS);
SAME(KVM_SET_CPUID2);
SAME(KVM_SET_MP_STATE);
SAME(KVM_GET_VCPU_EVENTS);
SAME(KVM_SET_VCPU_EVENTS);
SAME(KVM_GET_DEBUGREGS);
SAME(KVM_SET_DEBUGREGS);
SAME(KVM_GET_XSAVE);
SAME(KVM_SET_XSAVE);
SAME(KVM_SET_XCRS);
SAME(KVM_GET_XSAVE2);
FIELD(mote_kvm_run, as.debug.exception, kvm_run, debug.arch.exception);
FIELD(mote_kvm_run, as.debug.dr6, kvm_run, debug.arch.dr6);
SIZE(mote_kvm_x86_regs, kvm_regs);
FIELD(mote_kvm_x86_regs, rdx, kvm_regs, rdx);
FIELD(mote_kvm_x86_regs, rsp, kvm_regs, rsp);
FIELD(mote_kvm_x86_regs, r8, kvm_regs, r8);
FIELD(mote_kvm_x86_regs, rflags, kvm_regs, rflags);
SIZE(mote_kvm_x86_segment, kvm_segment);
FIELD(mote_kvm_x86_segment, limit, kvm_segment, limit);
FIELD(mote_kvm_x86_segment, selector, kvm_segment, selector);
FIELD(mote_kvm_x86_segment, type, kvm_segment, type);
FIELD(mote_kvm_x86_segment, present, kvm_segment, present);
FIELD(mote_kvm_x86_segment, dpl, kvm_segment, dpl);
FIELD(mote_kvm_x86_segment, l, kvm_segment, l);
FIELD(mote_kvm_x86_segment, unusable, kvm_segment, unusable);
SIZE(mote_kvm_x86_table, kvm_dtable);
SIZE(mote_kvm_x86_sregs, kvm_sregs);
FIELD(mote_kvm_x86_sregs, ss, kvm_sregs, ss);
FIELD(mote_kvm_x86_sregs, ldt, kvm_sregs, ldt);
FIELD(mote_kvm_x86_sregs, idt, kvm_sregs, idt);
FIELD(mote_kvm_x86_sregs, cr0, kvm_sregs, cr0);
FIELD(mote_kvm_x86_sregs, efer, kvm_sregs, efer);
FIELD(mote_kvm_x86_sregs, interrupt_bitmap, kvm_sregs, interrupt_bitmap);
FIELD(mote_kvm_x86_sync_regs, regs, kvm_sync_regs, regs);
FIELD(mote_kvm_x86_sync_regs, sregs, kvm_sync_regs, sregs);
_Static_assert(MOTE_KVM_X86_SYNC_REGS == KVM_SYNC_X86_REGS, "KVM_SYNC_X86_REGS");
_Static_assert(MOTE_KVM_X86_SYNC_SREGS == KVM_SYNC_X86_SREGS, "KVM_SYNC_X86_SREGS");
SIZE(mote_kvm_x86_debugregs, kvm_debugregs);
FIELD(mote_kvm_x86_debugregs, dr7, kvm_debugregs, dr7);
SIZE(mote_kvm_x86_xsave, kvm_xsave);
SIZE(mote_kvm_x86_xcrs, kvm_xcrs);
FIELD(mote_kvm_x86_xcrs, xcrs[1].value, kvm_xcrs, xcrs[1].value);
SIZE(mote_kvm_x86_cpuid_entry, kvm_cpuid_entry2);
FIELD(mote_kvm_x86_cpuid_entry, edx, kvm_cpuid_entry2, edx);
SIZE(mote_kvm_x86_cpuid, kvm_cpuid2);
SIZE(mote_kvm_x86_vcpu_events, kvm_vcpu_events);
_Static_assert(MOTE_KVM_X86_EVENTS_INJECTED == offsetof(struct kvm_vcpu_events, exception.injected),
	       "exception.injected");
_Static_assert(MOTE_KVM_X86_EVENTS_PENDING == offsetof(struct kvm_vcpu_events, exception.pending),
	       "exception.pending");
SIZE(mote_kvm_x86_mp_state, kvm_mp_state);
