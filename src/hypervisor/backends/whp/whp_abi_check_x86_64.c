/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares what WHP has on x86_64 with the official headers; contains no code.
 */
#include "hypervisor/backends/whp/whp_abi_x86_64.h"

#include "hypervisor/backends/whp/whp_abi_check.h"

SAME(MOTE_WHP_X64_RAX, WHvX64RegisterRax);
SAME(MOTE_WHP_X64_RAX + 1, WHvX64RegisterRcx);
SAME(MOTE_WHP_X64_RAX + 4, WHvX64RegisterRsp);
SAME(MOTE_WHP_X64_RAX + 15, WHvX64RegisterR15);
SAME(MOTE_WHP_X64_RIP, WHvX64RegisterRip);
SAME(MOTE_WHP_X64_RFLAGS, WHvX64RegisterRflags);
SAME(MOTE_WHP_X64_ES, WHvX64RegisterEs);
SAME(MOTE_WHP_X64_CS, WHvX64RegisterCs);
SAME(MOTE_WHP_X64_SS, WHvX64RegisterSs);
SAME(MOTE_WHP_X64_DS, WHvX64RegisterDs);
SAME(MOTE_WHP_X64_FS, WHvX64RegisterFs);
SAME(MOTE_WHP_X64_GS, WHvX64RegisterGs);
SAME(MOTE_WHP_X64_LDTR, WHvX64RegisterLdtr);
SAME(MOTE_WHP_X64_TR, WHvX64RegisterTr);
SAME(MOTE_WHP_X64_IDTR, WHvX64RegisterIdtr);
SAME(MOTE_WHP_X64_GDTR, WHvX64RegisterGdtr);
SAME(MOTE_WHP_X64_CR0, WHvX64RegisterCr0);
SAME(MOTE_WHP_X64_CR2, WHvX64RegisterCr2);
SAME(MOTE_WHP_X64_CR3, WHvX64RegisterCr3);
SAME(MOTE_WHP_X64_CR4, WHvX64RegisterCr4);
SAME(MOTE_WHP_X64_CR8, WHvX64RegisterCr8);
SAME(MOTE_WHP_X64_DR0, WHvX64RegisterDr0);
SAME(MOTE_WHP_X64_DR6, WHvX64RegisterDr6);
SAME(MOTE_WHP_X64_DR7, WHvX64RegisterDr7);
SAME(MOTE_WHP_X64_XCR0, WHvX64RegisterXCr0);
SAME(MOTE_WHP_X64_EFER, WHvX64RegisterEfer);
SAME(MOTE_WHP_X64_APIC_BASE, WHvX64RegisterApicBase);
SAME(MOTE_WHP_X64_PENDING_INTERRUPTION, WHvRegisterPendingInterruption);
SAME(MOTE_WHP_X64_INTERRUPT_STATE, WHvRegisterInterruptState);
SAME(MOTE_WHP_X64_PENDING_EVENT, WHvRegisterPendingEvent);
SAME(MOTE_WHP_X64_INTERNAL_ACTIVITY, WHvRegisterInternalActivityState);
SAME(MOTE_WHP_X64_PENDING_DEBUG_EXCEPTION, WHvX64RegisterPendingDebugException);
SAME(MOTE_WHP_X64_EXIT_MEMORY, WHvRunVpExitReasonMemoryAccess);
SAME(MOTE_WHP_X64_EXIT_PORT, WHvRunVpExitReasonX64IoPortAccess);
SAME(MOTE_WHP_X64_EXIT_UNRECOVERABLE, WHvRunVpExitReasonUnrecoverableException);
SAME(MOTE_WHP_X64_EXIT_INVALID_REGISTER, WHvRunVpExitReasonInvalidVpRegisterValue);
SAME(MOTE_WHP_X64_EXIT_HALT, WHvRunVpExitReasonX64Halt);
SAME(MOTE_WHP_X64_EXIT_CANCELED, WHvRunVpExitReasonCanceled);
SIZE(struct mote_hyperv_x64_segment, WHV_X64_SEGMENT_REGISTER);
FIELD(struct mote_hyperv_x64_segment, selector, WHV_X64_SEGMENT_REGISTER, Selector);
FIELD(struct mote_hyperv_x64_segment, attributes, WHV_X64_SEGMENT_REGISTER, Attributes);
SIZE(struct mote_hyperv_x64_table, WHV_X64_TABLE_REGISTER);
FIELD(struct mote_hyperv_x64_table, limit, WHV_X64_TABLE_REGISTER, Limit);
FIELD(struct mote_hyperv_x64_table, base, WHV_X64_TABLE_REGISTER, Base);
FIELD(struct mote_whp_exit, state, WHV_RUN_VP_EXIT_CONTEXT, VpContext.ExecutionState);
FIELD(struct mote_whp_exit, cs, WHV_RUN_VP_EXIT_CONTEXT, VpContext.Cs);
FIELD(struct mote_whp_exit, rip, WHV_RUN_VP_EXIT_CONTEXT, VpContext.Rip);
FIELD(struct mote_whp_exit, rflags, WHV_RUN_VP_EXIT_CONTEXT, VpContext.Rflags);
SIZE(struct mote_whp_x64_memory, WHV_MEMORY_ACCESS_CONTEXT);
FIELD(struct mote_whp_x64_memory, instruction, WHV_MEMORY_ACCESS_CONTEXT, InstructionBytes);
FIELD(struct mote_whp_x64_memory, information, WHV_MEMORY_ACCESS_CONTEXT, AccessInfo);
FIELD(struct mote_whp_x64_memory, gpa, WHV_MEMORY_ACCESS_CONTEXT, Gpa);
SIZE(struct mote_whp_x64_port, WHV_X64_IO_PORT_ACCESS_CONTEXT);
FIELD(struct mote_whp_x64_port, instruction, WHV_X64_IO_PORT_ACCESS_CONTEXT, InstructionBytes);
FIELD(struct mote_whp_x64_port, information, WHV_X64_IO_PORT_ACCESS_CONTEXT, AccessInfo);
FIELD(struct mote_whp_x64_port, port, WHV_X64_IO_PORT_ACCESS_CONTEXT, PortNumber);
FIELD(struct mote_whp_x64_port, rax, WHV_X64_IO_PORT_ACCESS_CONTEXT, Rax);
FIELD(struct mote_whp_x64_port, rdi, WHV_X64_IO_PORT_ACCESS_CONTEXT, Rdi);
FIELD(struct mote_whp_x64_port, es, WHV_X64_IO_PORT_ACCESS_CONTEXT, Es);
SIZE(struct mote_whp_cpuid, WHV_CPUID_OUTPUT);
