/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of exception classes, and the fault status codes of aborts.
 */
#include "aarch64_syndrome.h"

#include <stddef.h>

#include "aarch64_monitor.h"

#define ISS_FAR_NOT_VALID (1u << 10)
#define ISS_CACHE_MAINTENANCE (1u << 8)
#define ISS_STATUS 0x3fu

/* Fault status codes; the lowest two bits of those below 0x10 are the level of the walk. */
enum {
	STATUS_EXTERNAL = 0x10,
	STATUS_EXTERNAL_ON_WALK = 0x14, /* to 0x17 */
	STATUS_ECC = 0x18,
	STATUS_ALIGNMENT = 0x21,
	STATUS_UNSUPPORTED_ATOMIC = 0x35,
};

struct exception_class {
	const char *name;
	mote_fault_kind kind;
};

/* Rows without a name are unallocated. */
static const struct exception_class classes[MOTE_AARCH64_EXCEPTION_CLASSES] = {
	[0x00] = {"undefined instruction", MOTE_FAULT_INSTRUCTION},
	[0x01] = {"wfi or wfe", MOTE_FAULT_PRIVILEGE},
	[0x03] = {"aarch32 mcr or mrc (cp15)", MOTE_FAULT_PRIVILEGE},
	[0x04] = {"aarch32 mcrr or mrrc (cp15)", MOTE_FAULT_PRIVILEGE},
	[0x05] = {"aarch32 mcr or mrc (cp14)", MOTE_FAULT_PRIVILEGE},
	[0x06] = {"aarch32 ldc or stc", MOTE_FAULT_PRIVILEGE},
	[0x07] = {"fp or simd access", MOTE_FAULT_PRIVILEGE},
	[0x08] = {"aarch32 vmrs", MOTE_FAULT_PRIVILEGE},
	[0x09] = {"pointer authentication", MOTE_FAULT_PRIVILEGE},
	[0x0a] = {"trapped instruction", MOTE_FAULT_PRIVILEGE},
	[0x0c] = {"aarch32 mrrc (cp14)", MOTE_FAULT_PRIVILEGE},
	[0x0d] = {"branch target", MOTE_FAULT_INSTRUCTION},
	[0x0e] = {"illegal execution state", MOTE_FAULT_INSTRUCTION},
	[0x11] = {"aarch32 svc", MOTE_FAULT_PRIVILEGE},
	[0x12] = {"aarch32 hvc", MOTE_FAULT_PRIVILEGE},
	[0x13] = {"aarch32 smc", MOTE_FAULT_PRIVILEGE},
	[0x14] = {"msrr, mrrs or 128-bit system", MOTE_FAULT_PRIVILEGE},
	[0x15] = {"svc", MOTE_FAULT_PRIVILEGE},
	[0x16] = {"hvc", MOTE_FAULT_PRIVILEGE},
	[0x17] = {"smc", MOTE_FAULT_PRIVILEGE},
	[0x18] = {"system register or instruction", MOTE_FAULT_PRIVILEGE},
	[0x19] = {"sve access", MOTE_FAULT_PRIVILEGE},
	[0x1a] = {"eret", MOTE_FAULT_PRIVILEGE},
	[0x1b] = {"transactional memory", MOTE_FAULT_OTHER},
	[0x1c] = {"pointer authentication failure", MOTE_FAULT_INSTRUCTION},
	[0x1d] = {"sme access", MOTE_FAULT_PRIVILEGE},
	[0x1e] = {"granule protection check", MOTE_FAULT_OTHER},
	[0x1f] = {"implementation defined", MOTE_FAULT_OTHER},
	[0x20] = {"instruction abort", MOTE_FAULT_MEMORY},
	[0x21] = {"instruction abort, same level", MOTE_FAULT_MEMORY},
	[0x22] = {"misaligned pc", MOTE_FAULT_ALIGNMENT},
	[0x24] = {"data abort", MOTE_FAULT_MEMORY},
	[0x25] = {"data abort, same level", MOTE_FAULT_MEMORY},
	[0x26] = {"misaligned sp", MOTE_FAULT_ALIGNMENT},
	[0x27] = {"memory copy or set", MOTE_FAULT_OTHER},
	[0x28] = {"aarch32 floating point", MOTE_FAULT_ARITHMETIC},
	[0x2c] = {"floating point", MOTE_FAULT_ARITHMETIC},
	[0x2d] = {"guarded control stack", MOTE_FAULT_OTHER},
	[0x2f] = {"serror", MOTE_FAULT_OTHER},
	[0x30] = {"hardware breakpoint", MOTE_FAULT_SINGLE_STEP},
	[0x31] = {"hardware breakpoint, same level", MOTE_FAULT_SINGLE_STEP},
	[0x32] = {"single step", MOTE_FAULT_SINGLE_STEP},
	[0x33] = {"single step, same level", MOTE_FAULT_SINGLE_STEP},
	[0x34] = {"watchpoint", MOTE_FAULT_SINGLE_STEP},
	[0x35] = {"watchpoint, same level", MOTE_FAULT_SINGLE_STEP},
	[0x38] = {"aarch32 bkpt", MOTE_FAULT_BREAKPOINT},
	[0x3a] = {"aarch32 vector catch", MOTE_FAULT_SINGLE_STEP},
	[0x3c] = {"brk", MOTE_FAULT_BREAKPOINT},
};

const char *mote_aarch64_exception_class_name(uint32_t exception_class)
{
	if (exception_class >= MOTE_AARCH64_EXCEPTION_CLASSES || !classes[exception_class].name)
		return "unallocated exception class";
	return classes[exception_class].name;
}

/* FnV is meaningful only for this status. */
static bool address_valid(uint32_t iss)
{
	return (iss & ISS_STATUS) != STATUS_EXTERNAL || !(iss & ISS_FAR_NOT_VALID);
}

static mote_fault_kind status_kind(uint8_t status)
{
	/* Address size, translation, access flag, permission; and an atomic to device memory. */
	if (status < STATUS_EXTERNAL || status == STATUS_UNSUPPORTED_ATOMIC)
		return MOTE_FAULT_MEMORY;
	if (status == STATUS_ALIGNMENT)
		return MOTE_FAULT_ALIGNMENT;
	/* What a hypervisor injects for a guest-physical address without memory. */
	if (status == STATUS_EXTERNAL || (status >= STATUS_EXTERNAL_ON_WALK && status < STATUS_ECC))
		return MOTE_FAULT_PHYSICAL;
	return MOTE_FAULT_OTHER;
}

static mote_access data_access(uint32_t iss)
{
	/* Cache maintenance always reports a write, but needs no write permission. */
	return (iss & MOTE_AARCH64_ISS_WRITE) && !(iss & ISS_CACHE_MAINTENANCE) ? MOTE_ACCESS_WRITE
										: MOTE_ACCESS_READ;
}

void mote_aarch64_syndrome_fault(uint64_t esr, struct mote_aarch64_fault *fault)
{
	const uint32_t class = mote_aarch64_exception_class(esr), iss = mote_aarch64_esr(esr);

	*fault = (struct mote_aarch64_fault){
		.kind = classes[class].name ? classes[class].kind : MOTE_FAULT_OTHER,
		.access = MOTE_ACCESS_NONE,
	};
	switch (class) {
	case MOTE_AARCH64_EC_DATA_ABORT_LOWER:
	case MOTE_AARCH64_EC_DATA_ABORT:
		fault->kind = status_kind(iss & ISS_STATUS);
		fault->access = data_access(iss);
		fault->address_valid = address_valid(iss);
		break;
	case MOTE_AARCH64_EC_INSTRUCTION_ABORT_LOWER:
	case MOTE_AARCH64_EC_INSTRUCTION_ABORT:
		fault->kind = status_kind(iss & ISS_STATUS);
		fault->access = MOTE_ACCESS_EXECUTE;
		fault->address_valid = address_valid(iss);
		break;
	case MOTE_AARCH64_EC_PC_ALIGNMENT:
		fault->access = MOTE_ACCESS_EXECUTE;
		fault->address_valid = true;
		break;
	case MOTE_AARCH64_EC_WATCHPOINT_LOWER:
	case MOTE_AARCH64_EC_WATCHPOINT:
		fault->access = data_access(iss);
		fault->address_valid = true;
		break;
	default:
		break;
	}
}

const char *mote_aarch64_vector_name(uint32_t vector)
{
	return mote_aarch64_exception_class_name(vector);
}
