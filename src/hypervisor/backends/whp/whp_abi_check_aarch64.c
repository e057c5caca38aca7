/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares what WHP has on aarch64 with the official headers; contains no code.
 */
#include "hypervisor/backends/whp/whp_abi_aarch64.h"

#include "hypervisor/backends/whp/whp_abi_check.h"

SAME(MOTE_HYPERV_A64_X0, WHvArm64RegisterX0);
SAME(MOTE_HYPERV_A64_X0 + 30, WHvArm64RegisterLr);
SAME(MOTE_HYPERV_A64_SP, WHvArm64RegisterSp);
SAME(MOTE_HYPERV_A64_SP_EL0, WHvArm64RegisterSpEl0);
SAME(MOTE_HYPERV_A64_SP_EL1, WHvArm64RegisterSpEl1);
SAME(MOTE_HYPERV_A64_PC, WHvArm64RegisterPc);
SAME(MOTE_HYPERV_A64_PSTATE, WHvArm64RegisterPstate);
SAME(MOTE_HYPERV_A64_ID_AA64DFR0, WHvArm64RegisterIdAa64Dfr0El1);
SAME(MOTE_HYPERV_A64_ID_AA64MMFR0, WHvArm64RegisterIdAa64Mmfr0El1);
SAME(MOTE_HYPERV_A64_Q0, WHvArm64RegisterQ0);
SAME(MOTE_HYPERV_A64_Q0 + 31, WHvArm64RegisterQ31);
SAME(MOTE_HYPERV_A64_MPIDR, WHvArm64RegisterMpidrEl1);
SAME(MOTE_HYPERV_A64_SCTLR, WHvArm64RegisterSctlrEl1);
SAME(MOTE_HYPERV_A64_CPACR, WHvArm64RegisterCpacrEl1);
SAME(MOTE_HYPERV_A64_TTBR0, WHvArm64RegisterTtbr0El1);
SAME(MOTE_HYPERV_A64_TTBR1, WHvArm64RegisterTtbr1El1);
SAME(MOTE_HYPERV_A64_TCR, WHvArm64RegisterTcrEl1);
SAME(MOTE_HYPERV_A64_ESR, WHvArm64RegisterEsrEl1);
SAME(MOTE_HYPERV_A64_FAR, WHvArm64RegisterFarEl1);
SAME(MOTE_HYPERV_A64_MAIR, WHvArm64RegisterMairEl1);
SAME(MOTE_HYPERV_A64_VBAR, WHvArm64RegisterVbarEl1);
SAME(MOTE_HYPERV_A64_CONTEXTIDR, WHvArm64RegisterContextidrEl1);
SAME(MOTE_HYPERV_A64_TPIDR_EL1, WHvArm64RegisterTpidrEl1);
SAME(MOTE_HYPERV_A64_TPIDRRO_EL0, WHvArm64RegisterTpidrroEl0);
SAME(MOTE_HYPERV_A64_TPIDR_EL0, WHvArm64RegisterTpidrEl0);
SAME(MOTE_HYPERV_A64_FPCR, WHvArm64RegisterFpcr);
SAME(MOTE_HYPERV_A64_FPSR, WHvArm64RegisterFpsr);
SAME(MOTE_HYPERV_A64_SPSR, WHvArm64RegisterSpsrEl1);
SAME(MOTE_HYPERV_A64_ELR, WHvArm64RegisterElrEl1);
SAME(MOTE_HYPERV_A64_DBGBCR0, WHvArm64RegisterDbgbcr0El1);
SAME(MOTE_HYPERV_A64_DBGWCR0, WHvArm64RegisterDbgwcr0El1);
SAME(MOTE_HYPERV_A64_DBGBVR0, WHvArm64RegisterDbgbvr0El1);
SAME(MOTE_HYPERV_A64_DBGWVR0, WHvArm64RegisterDbgwvr0El1);
SAME(MOTE_HYPERV_A64_MDSCR, WHvArm64RegisterMdscrEl1);
SAME(MOTE_HYPERV_A64_CNTKCTL, WHvArm64RegisterCntkctlEl1);
SAME(MOTE_WHP_A64_PROPERTY_INTERRUPT_CONTROLLER, WHvPartitionPropertyCodeArm64IcParameters);
SIZE(struct mote_whp_a64_interrupt_controller, WHV_ARM64_IC_PARAMETERS);
FIELD(struct mote_whp_a64_interrupt_controller, gicd_base, WHV_ARM64_IC_PARAMETERS,
      GicV3Parameters.GicdBaseAddress);
FIELD(struct mote_whp_a64_interrupt_controller, lpi_bits, WHV_ARM64_IC_PARAMETERS,
      GicV3Parameters.GicLpiIntIdBits);
FIELD(struct mote_whp_a64_interrupt_controller, pmu_interrupt, WHV_ARM64_IC_PARAMETERS,
      GicV3Parameters.GicPpiPerformanceMonitorsInterrupt);
SAME(MOTE_WHP_A64_GIC_V3, WHvArm64IcEmulationModeGicV3);
SAME(MOTE_WHP_A64_EXIT_UNMAPPED_GPA, WHvRunVpExitReasonUnmappedGpa);
SAME(MOTE_WHP_A64_EXIT_GPA_INTERCEPT, WHvRunVpExitReasonGpaIntercept);
SAME(MOTE_WHP_A64_EXIT_INVALID_REGISTER, WHvRunVpExitReasonInvalidVpRegisterValue);
SAME(MOTE_WHP_A64_EXIT_UNRECOVERABLE, WHvRunVpExitReasonUnrecoverableException);
SAME(MOTE_WHP_A64_EXIT_RESET, WHvRunVpExitReasonArm64Reset);
SAME(MOTE_WHP_A64_EXIT_CANCELED, WHvRunVpExitReasonCanceled);
SIZE(struct mote_hyperv_a64_header, WHV_INTERCEPT_MESSAGE_HEADER);
FIELD(struct mote_hyperv_a64_header, access, WHV_INTERCEPT_MESSAGE_HEADER, InterceptAccessType);
FIELD(struct mote_hyperv_a64_header, pc, WHV_INTERCEPT_MESSAGE_HEADER, Pc);
SIZE(struct mote_hyperv_a64_memory, WHV_MEMORY_ACCESS_CONTEXT);
FIELD(struct mote_hyperv_a64_memory, physical_address, WHV_MEMORY_ACCESS_CONTEXT, Gpa);
FIELD(struct mote_hyperv_a64_memory, syndrome, WHV_MEMORY_ACCESS_CONTEXT, Syndrome);
SIZE(struct mote_hyperv_a64_reset, WHV_ARM64_RESET_CONTEXT);
FIELD(struct mote_hyperv_a64_reset, type, WHV_ARM64_RESET_CONTEXT, ResetType);
