/* SPDX-License-Identifier: Apache-2.0
 *
 * Which system registers the framework names: hv_sys_reg_t of hv_vcpu_types.h as of macOS 13.
 * Those that came later belong to EL2, SME and the GIC.
 */
#include "sim/hvf/hvf_framework.h"

enum { DEBUG_REGISTERS = 16 };

static const uint16_t registers[] = {
	SIM_SYSTEM(2, 0, 0, 2, 0), /* MDCCINT_EL1 */
	SIM_SYSTEM(2, 0, 0, 2, 2), /* MDSCR_EL1 */
	SIM_SYSTEM(3, 0, 0, 0, 0), /* MIDR_EL1 */
	SIM_SYSTEM(3, 0, 0, 0, 5), /* MPIDR_EL1 */
	SIM_SYSTEM(3, 0, 0, 4, 0), /* ID_AA64PFR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 4, 1), /* ID_AA64PFR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 5, 0), /* ID_AA64DFR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 5, 1), /* ID_AA64DFR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 6, 0), /* ID_AA64ISAR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 6, 1), /* ID_AA64ISAR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 7, 0), /* ID_AA64MMFR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 7, 1), /* ID_AA64MMFR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 7, 2), /* ID_AA64MMFR2_EL1 */
	SIM_SYSTEM(3, 0, 1, 0, 0), /* SCTLR_EL1 */
	SIM_SYSTEM(3, 0, 1, 0, 2), /* CPACR_EL1 */
	SIM_SYSTEM(3, 0, 2, 0, 0), /* TTBR0_EL1 */
	SIM_SYSTEM(3, 0, 2, 0, 1), /* TTBR1_EL1 */
	SIM_SYSTEM(3, 0, 2, 0, 2), /* TCR_EL1 */
	SIM_SYSTEM(3, 0, 2, 1, 0), /* APIAKEYLO_EL1, and the other keys */
	SIM_SYSTEM(3, 0, 2, 1, 1),  SIM_SYSTEM(3, 0, 2, 1, 2), SIM_SYSTEM(3, 0, 2, 1, 3),
	SIM_SYSTEM(3, 0, 2, 2, 0),  SIM_SYSTEM(3, 0, 2, 2, 1), SIM_SYSTEM(3, 0, 2, 2, 2),
	SIM_SYSTEM(3, 0, 2, 2, 3),  SIM_SYSTEM(3, 0, 2, 3, 0), SIM_SYSTEM(3, 0, 2, 3, 1),
	SIM_SYSTEM(3, 0, 4, 0, 0),  /* SPSR_EL1 */
	SIM_SYSTEM(3, 0, 4, 0, 1),  /* ELR_EL1 */
	SIM_SYSTEM(3, 0, 4, 1, 0),  /* SP_EL0 */
	SIM_SYSTEM(3, 0, 5, 1, 0),  /* AFSR0_EL1 */
	SIM_SYSTEM(3, 0, 5, 1, 1),  /* AFSR1_EL1 */
	SIM_SYSTEM(3, 0, 5, 2, 0),  /* ESR_EL1 */
	SIM_SYSTEM(3, 0, 6, 0, 0),  /* FAR_EL1 */
	SIM_SYSTEM(3, 0, 7, 4, 0),  /* PAR_EL1 */
	SIM_SYSTEM(3, 0, 10, 2, 0), /* MAIR_EL1 */
	SIM_SYSTEM(3, 0, 10, 3, 0), /* AMAIR_EL1 */
	SIM_SYSTEM(3, 0, 12, 0, 0), /* VBAR_EL1 */
	SIM_SYSTEM(3, 0, 13, 0, 1), /* CONTEXTIDR_EL1 */
	SIM_SYSTEM(3, 0, 13, 0, 4), /* TPIDR_EL1 */
	SIM_SYSTEM(3, 0, 14, 1, 0), /* CNTKCTL_EL1 */
	SIM_SYSTEM(3, 2, 0, 0, 0),  /* CSSELR_EL1 */
	SIM_SYSTEM(3, 3, 13, 0, 2), /* TPIDR_EL0 */
	SIM_SYSTEM(3, 3, 13, 0, 3), /* TPIDRRO_EL0 */
	SIM_SYSTEM(3, 3, 14, 3, 1), /* CNTV_CTL_EL0 */
	SIM_SYSTEM(3, 3, 14, 3, 2), /* CNTV_CVAL_EL0 */
	SIM_SYSTEM(3, 4, 4, 1, 0),  /* SP_EL1 */
};

/* DBGBVRn_EL1, DBGBCRn_EL1, DBGWVRn_EL1, DBGWCRn_EL1 */
static bool is_of_debug(uint16_t reg)
{
	for (uint16_t i = 0; i < DEBUG_REGISTERS; i++)
		if (reg >= SIM_SYSTEM(2, 0, 0, i, 4) && reg <= SIM_SYSTEM(2, 0, 0, i, 7))
			return true;
	return false;
}

bool sim_hvf_has_register(uint16_t reg)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		if (registers[i] == reg)
			return true;
	return is_of_debug(reg);
}
