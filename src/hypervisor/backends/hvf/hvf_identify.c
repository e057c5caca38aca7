/* SPDX-License-Identifier: Apache-2.0
 *
 * What a vCPU says that it is: less than the processor.
 */
#include "error_internal.h"
#include "hypervisor/backends/hvf/hvf_process.h"

/*
 * Features that guests do not have, or whose use the host does not see: fields of registers that
 * identify the processor, which become 0.  Arm ARM (DDI 0487), D19.2.
 */
static const struct {
	uint16_t reg;
	uint64_t hidden;
	const char *name;
} identification[] = {
	/* SVE, EL3, EL2 */
	{MOTE_HV_SYS_REG(3, 0, 0, 4, 0), 0xfull << 32 | 0xfull << 12 | 0xfull << 8,
	 "ID_AA64PFR0_EL1"},
	/* SME, MTE */
	{MOTE_HV_SYS_REG(3, 0, 0, 4, 1), 0xfull << 24 | 0xfull << 8, "ID_AA64PFR1_EL1"},
	/* PMUVer */
	{MOTE_HV_SYS_REG(3, 0, 0, 5, 0), 0xfull << 8, "ID_AA64DFR0_EL1"},
	/* NV, CnP */
	{MOTE_HV_SYS_REG(3, 0, 0, 7, 2), 0xfull << 24 | 0xfull, "ID_AA64MMFR2_EL1"},
};

/* The framework may ignore what is written, so it is read back. */
mote_status mote_hvf_identify(const struct mote_hvf_thread *thread, mote_error *error)
{
	const struct mote_hvf_system *system = thread->system;

	for (size_t i = 0; i < sizeof(identification) / sizeof(identification[0]); i++) {
		const uint16_t reg = identification[i].reg;
		uint64_t value = 0;
		mote_hv_return code = system->vcpu_get_sys_reg(thread->vcpu, reg, &value);

		if (code == MOTE_HV_SUCCESS && (value & identification[i].hidden) == 0)
			continue;
		if (code == MOTE_HV_SUCCESS)
			code = system->vcpu_set_sys_reg(thread->vcpu, reg,
							value & ~identification[i].hidden);
		if (code == MOTE_HV_SUCCESS)
			code = system->vcpu_get_sys_reg(thread->vcpu, reg, &value);
		if (code != MOTE_HV_SUCCESS)
			return mote_hvf_fail(error, code, identification[i].name);
		if ((value & identification[i].hidden) != 0)
			return mote_fail(error, MOTE_UNSUPPORTED,
					 "%s: features that guests must not have cannot be hidden",
					 identification[i].name);
	}
	return MOTE_OK;
}
