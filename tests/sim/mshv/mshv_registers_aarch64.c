/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of an aarch64 VP by their names: each is a general or vector register, a system
 * register by its encoding, or only has a value.
 */
#include "hypervisor/backends/hyperv/hyperv_abi_aarch64.h"

#include <errno.h>

#include "sim/core/core_aarch64.h"
#include "sim/mshv/mshv_internal.h"

#define A64(name) MOTE_HYPERV_A64_##name

enum { GENERAL_REGISTERS = 31, VECTOR_REGISTERS = 32, DEBUG_REGISTERS = 0x40 };

#define SP_EL0 SIM_SYSTEM(3, 0, 4, 1, 0)
#define SP_EL1 SIM_SYSTEM(3, 4, 4, 1, 0)

static const struct {
	uint32_t name;
	uint16_t encoding;
} system_registers[] = {
	{A64(SP_EL0), SP_EL0},
	{A64(SP_EL1), SP_EL1},
	{A64(ID_AA64DFR0), SIM_SYSTEM(3, 0, 0, 5, 0)},
	{A64(ID_AA64MMFR0), SIM_SYSTEM(3, 0, 0, 7, 0)},
	{A64(MPIDR), SIM_SYSTEM(3, 0, 0, 0, 5)},
	{A64(SCTLR), SIM_SCTLR},
	{A64(ACTLR), SIM_SYSTEM(3, 0, 1, 0, 1)},
	{A64(CPACR), SIM_SYSTEM(3, 0, 1, 0, 2)},
	{A64(TTBR0), SIM_TTBR0},
	{A64(TTBR1), SIM_TTBR1},
	{A64(TCR), SIM_TCR},
	{A64(ESR), SIM_SYSTEM(3, 0, 5, 2, 0)},
	{A64(FAR), SIM_SYSTEM(3, 0, 6, 0, 0)},
	{A64(PAR), SIM_SYSTEM(3, 0, 7, 4, 0)},
	{A64(MAIR), SIM_SYSTEM(3, 0, 10, 2, 0)},
	{A64(VBAR), SIM_SYSTEM(3, 0, 12, 0, 0)},
	{A64(CONTEXTIDR), SIM_SYSTEM(3, 0, 13, 0, 1)},
	{A64(TPIDR_EL1), SIM_SYSTEM(3, 0, 13, 0, 4)},
	{A64(TPIDRRO_EL0), SIM_SYSTEM(3, 3, 13, 0, 3)},
	{A64(TPIDR_EL0), SIM_SYSTEM(3, 3, 13, 0, 2)},
	{A64(SPSR), SIM_SYSTEM(3, 0, 4, 0, 0)},
	{A64(ELR), SIM_SYSTEM(3, 0, 4, 0, 1)},
	{A64(AFSR0), SIM_SYSTEM(3, 0, 5, 1, 0)},
	{A64(AFSR1), SIM_SYSTEM(3, 0, 5, 1, 1)},
	{A64(AMAIR), SIM_SYSTEM(3, 0, 10, 3, 0)},
	{A64(MDSCR), SIM_MDSCR},
	{A64(CNTKCTL), SIM_SYSTEM(3, 0, 14, 1, 0)},
};

static bool find_system(const struct vp *vp, uint32_t name, uint16_t *encoding)
{
	/* DBGBCR, DBGWCR, DBGBVR, DBGWVR */
	static const uint8_t op2[] = {5, 7, 4, 6};

	if (name == A64(SP)) { /* of the level at which the VP stands */
		*encoding = sim_get(vp->core, SIM_PSTATE) & 1 ? SP_EL1 : SP_EL0;
		return true;
	}
	if (name >= A64(DBGBCR0) && name < A64(DBGBCR0) + DEBUG_REGISTERS) {
		*encoding = SIM_SYSTEM(2, 0, 0, name & 15, op2[name >> 4 & 3]);
		return true;
	}
	for (size_t i = 0; i < sizeof(system_registers) / sizeof(system_registers[0]); i++)
		if (system_registers[i].name == name) {
			*encoding = system_registers[i].encoding;
			return true;
		}
	return false;
}

static bool find_general(uint32_t name, unsigned *reg)
{
	if (name >= A64(X0) && name < A64(X0) + GENERAL_REGISTERS)
		*reg = name - A64(X0);
	else if (name == A64(PC))
		*reg = SIM_PC;
	else if (name == A64(PSTATE))
		*reg = SIM_PSTATE;
	else if (name == A64(FPCR))
		*reg = SIM_FPCR;
	else if (name == A64(FPSR))
		*reg = SIM_FPSR;
	else
		return false;
	return true;
}

static bool is_vector(uint32_t name)
{
	return name >= A64(Q0) && name < A64(Q0) + VECTOR_REGISTERS;
}

/* Registers that the hypervisor has, and nothing here depends on. */
static bool is_plain(uint32_t name)
{
	return name == A64(GICR_BASE) || (name > 1 && name <= MOTE_MSHV_INTERNAL_ACTIVITY) ||
	       (name >= MOTE_MSHV_PENDING_INTERRUPTION && name <= MOTE_MSHV_DELIVERABILITY) ||
	       (name >= 0x90000 && name <= 0xb0007);
}

uint16_t mshv_arch_get(struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	uint16_t encoding;
	unsigned reg;

	*value = (struct mote_hyperv_value){0, 0};
	if (find_general(name, &reg))
		value->low = sim_get(vp->core, reg);
	else if (is_vector(name))
		sim_get_vector(vp->core, name - A64(Q0), value);
	else if (find_system(vp, name, &encoding))
		value->low = sim_get_system(vp->core, encoding);
	else if (is_plain(name))
		return mshv_get_shadow(vp, name, value);
	else
		return MOTE_MSHV_INVALID_PARAMETER;
	return MOTE_MSHV_SUCCESS;
}

static uint16_t set_plain(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	if (!is_plain(name) || (name == MOTE_MSHV_DELIVERABILITY && value->low & 1))
		return MOTE_MSHV_INVALID_PARAMETER;
	return mshv_set_shadow(vp, name, value);
}

uint16_t mshv_arch_set(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	uint16_t encoding;
	unsigned reg;
	int code;

	if (find_general(name, &reg))
		code = sim_set(vp->core, reg, value->low);
	else if (is_vector(name))
		code = sim_set_vector(vp->core, name - A64(Q0), value);
	else if (find_system(vp, name, &encoding))
		code = sim_set_system(vp->core, encoding, value->low);
	else
		return set_plain(vp, name, value);
	return code == 0 ? MOTE_MSHV_SUCCESS : MOTE_MSHV_INVALID_REGISTER_VALUE;
}
