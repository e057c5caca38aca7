/* SPDX-License-Identifier: Apache-2.0
 *
 * The syndrome of a data abort, and loads and stores of general registers.
 */
#include "aarch64_access.h"

#include "aarch64_registers.h"
#include "aarch64_syndrome.h"

#define ISS_VALID (1u << 24)
#define ISS_SIZE_SHIFT 22
#define ISS_SIGN_EXTEND (1u << 21)
#define ISS_REGISTER_SHIFT 16
#define ISS_64_BIT (1u << 15)

enum { INSTRUCTION_BYTES = 4 };

void mote_aarch64_access_decode(uint64_t esr, uint64_t gpa, struct mote_aarch64_access *access)
{
	const uint32_t iss = mote_aarch64_esr(esr);

	*access = (struct mote_aarch64_access){
		.gpa = gpa,
		.write = iss & MOTE_AARCH64_ISS_WRITE,
		.described = iss & ISS_VALID,
	};
	if (!access->described)
		return;
	access->bytes = (uint8_t)(1u << (iss >> ISS_SIZE_SHIFT & 3));
	access->sign_extend = iss & ISS_SIGN_EXTEND;
	access->is_64_bit = iss & ISS_64_BIT;
	access->register_index = iss >> ISS_REGISTER_SHIFT & 31;
}

static uint64_t low_bytes(uint64_t value, uint8_t bytes)
{
	return bytes < sizeof(value) ? value & ((1ull << 8 * bytes) - 1) : value;
}

uint64_t mote_aarch64_access_value(const struct mote_aarch64_access *access,
				   const mote_aarch64_regs *regs)
{
	if (access->register_index == MOTE_AARCH64_XZR)
		return 0;
	return low_bytes(regs->x[access->register_index], access->bytes);
}

/* What a load writes to its register.  One of 32 bits clears the upper half of the 64. */
static uint64_t loaded(const struct mote_aarch64_access *access, uint64_t data)
{
	const uint64_t sign = 1ull << (8 * access->bytes - 1);
	uint64_t value = low_bytes(data, access->bytes);

	if (access->sign_extend)
		value = (value ^ sign) - sign;
	return access->is_64_bit ? value : (uint32_t)value;
}

void mote_aarch64_access_complete(const struct mote_aarch64_access *access, uint64_t data,
				  mote_aarch64_regs *regs)
{
	if (!access->described)
		return;
	if (!access->write && access->register_index != MOTE_AARCH64_XZR)
		regs->x[access->register_index] = loaded(access, data);
	regs->pc += INSTRUCTION_BYTES;
	regs->pstate &= ~MOTE_AARCH64_PSTATE_SS; /* a step has been made */
}
