/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares kvm_abi.h with the official headers; compiled where they exist,
 * contains no code.
 */
#include "hypervisor/backends/kvm/kvm_abi_check.h"

SAME(KVM_API_VERSION);
SAME(KVM_CAP_USER_MEMORY);
SAME(KVM_CAP_NR_MEMSLOTS);
SAME(KVM_CAP_READONLY_MEM);
SAME(KVM_CAP_IMMEDIATE_EXIT);
SAME(KVM_MEM_READONLY);
SAME(KVM_EXIT_IO);
SAME(KVM_EXIT_DEBUG);
SAME(KVM_EXIT_HLT);
SAME(KVM_EXIT_MMIO);
SAME(KVM_EXIT_SHUTDOWN);
SAME(KVM_EXIT_FAIL_ENTRY);
SAME(KVM_EXIT_INTR);
SAME(KVM_EXIT_INTERNAL_ERROR);
SAME(KVM_EXIT_SYSTEM_EVENT);
SAME(KVM_EXIT_IO_OUT);
SAME(KVM_EXIT_ARM_NISV);
SAME(KVM_SYSTEM_EVENT_SHUTDOWN);
SAME(KVM_GET_API_VERSION);
SAME(KVM_CREATE_VM);
SAME(KVM_CHECK_EXTENSION);
SAME(KVM_GET_VCPU_MMAP_SIZE);
SAME(KVM_CREATE_VCPU);
SAME(KVM_SET_USER_MEMORY_REGION);
SAME(KVM_RUN);
SAME(KVM_ENABLE_CAP);

SIZE(mote_kvm_memory_region, kvm_userspace_memory_region);
FIELD(mote_kvm_memory_region, flags, kvm_userspace_memory_region, flags);
FIELD(mote_kvm_memory_region, guest_phys_addr, kvm_userspace_memory_region, guest_phys_addr);
FIELD(mote_kvm_memory_region, memory_size, kvm_userspace_memory_region, memory_size);
FIELD(mote_kvm_memory_region, userspace_addr, kvm_userspace_memory_region, userspace_addr);
SIZE(mote_kvm_enable_cap, kvm_enable_cap);
FIELD(mote_kvm_enable_cap, args, kvm_enable_cap, args);
FIELD(mote_kvm_run, immediate_exit, kvm_run, immediate_exit);
FIELD(mote_kvm_run, exit_reason, kvm_run, exit_reason);
FIELD(mote_kvm_run, as.fail_entry.cpu, kvm_run, fail_entry.cpu);
FIELD(mote_kvm_run, as.io.direction, kvm_run, io.direction);
FIELD(mote_kvm_run, as.io.port, kvm_run, io.port);
FIELD(mote_kvm_run, as.io.count, kvm_run, io.count);
FIELD(mote_kvm_run, as.io.data_offset, kvm_run, io.data_offset);
FIELD(mote_kvm_run, as.mmio.phys_addr, kvm_run, mmio.phys_addr);
FIELD(mote_kvm_run, as.mmio.data, kvm_run, mmio.data);
FIELD(mote_kvm_run, as.mmio.len, kvm_run, mmio.len);
FIELD(mote_kvm_run, as.mmio.is_write, kvm_run, mmio.is_write);
FIELD(mote_kvm_run, as.internal.suberror, kvm_run, internal.suberror);
FIELD(mote_kvm_run, as.internal.data, kvm_run, internal.data);
FIELD(mote_kvm_run, as.system_event.type, kvm_run, system_event.type);
FIELD(mote_kvm_run, as.arm_nisv.esr_iss, kvm_run, arm_nisv.esr_iss);
FIELD(mote_kvm_run, as.arm_nisv.fault_ipa, kvm_run, arm_nisv.fault_ipa);
FIELD(mote_kvm_run, valid_regs, kvm_run, kvm_valid_regs);
FIELD(mote_kvm_run, dirty_regs, kvm_run, kvm_dirty_regs);
FIELD(mote_kvm_run, sync_regs, kvm_run, s.padding);
SIZE(mote_kvm_run, kvm_run);
