/* SPDX-License-Identifier: Apache-2.0
 *
 * Guests of the memory suite, and what becomes of them: aarch64.
 */
#ifndef MOTE_TEST_HOSTILE_MEMORY_ARCH_H
#define MOTE_TEST_HOSTILE_MEMORY_ARCH_H

#include <string.h>

#include "hostile_memory.h"

/* Reads the mailbox's header into registers, which the fault shows. */
GUEST_CODE(probe, "ldp x1, x2, [x0, #8]\n\t"
		  "ldp x3, x4, [x0, #24]\n\t"
		  "ldr x5, [x0, #40]\n\t"
		  "ldp x6, x7, [x0, #64]\n\t"
		  "ldr w8, [x0, #80]");

static struct header probed(const mote_registers *registers)
{
	const uint64_t *x = registers->as.aarch64.x;

	return (struct header){x[1], x[2], x[3], x[4], x[5],
			       x[6], x[7], x[8], x[0], registers->as.aarch64.sp};
}

/* The address stands at the begin of the data. */
GUEST_CODE(read, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; ldrb w1, [x0]");
GUEST_CODE(write, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; strb w1, [x0]");
GUEST_CODE(jump, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; br x0");
GUEST_CODE(read_eight, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; ldr x1, [x0]");
enum { ACCESS_AT = 8 };

/* Where an instruction can begin. */
#define INSTRUCTION_BYTES 4u

static uint32_t refusal_vector(mote_access access)
{
	return access == MOTE_ACCESS_EXECUTE ? 0x20 : 0x24;
}

static uint64_t refusal_code(enum mapping mapping, mote_access access)
{
	/* The level of the walk that ended it. */
	static const unsigned int levels[] = {
		[ABSENT] = 3, [ABSENT_2_MIB] = 2, [ABSENT_1_GIB] = 1, [ABSENT_512_GIB] = 0};
	uint64_t code = CLASS(refusal_vector(access));

	code |= mapping >= SUPERVISOR ? PERMISSION : TRANSLATION(levels[mapping]);
	return access == MOTE_ACCESS_WRITE ? code | STORE : code;
}

static struct hostile_outcome refusal_alternative(const struct hostile_outcome *refusal)
{
	(void)refusal;
	return (struct hostile_outcome){0};
}

/* X(name, base, offset, region, mapping) */
/* clang-format off */
#define ARCHITECTURE_PLACES(X) \
	X(below_doorbell, ABSOLUTE, DOORBELL_PAGE - 1, "null page", ABSENT) \
	X(monitor_doorbell, ABSOLUTE, MONITOR_DOORBELL_PAGE, "null page", SUPERVISOR) \
	X(monitor_doorbell_vector, ABSOLUTE, MONITOR_DOORBELL_PAGE + 0x40, "null page", SUPERVISOR) \
	X(below_memory, ABSOLUTE, HOSTILE_MONITOR - 1, "null page", SUPERVISOR) \
	X(monitor_stubs, ABSOLUTE, HOSTILE_MONITOR, "monitor", SUPERVISOR) \
	X(monitor_second_stub, ABSOLUTE, HOSTILE_MONITOR + 0x80, "monitor", SUPERVISOR) \
	X(monitor_user_stub, ABSOLUTE, HOSTILE_MONITOR + 0x400, "monitor", SUPERVISOR) \
	X(monitor_eret, ABSOLUTE, HOSTILE_MONITOR + 0x404, "monitor", SUPERVISOR) \
	X(monitor_end, ABSOLUTE, HOSTILE_MONITOR + 0xfff, "monitor", SUPERVISOR) \
	X(highest_translated, ABSOLUTE, (1ll << 48) - 0x1000, "outside memory", ABSENT_512_GIB) \
	X(beyond_translated, ABSOLUTE, 1ll << 48, "outside memory", ABSENT_512_GIB) \
	X(far_beyond_translated, ABSOLUTE, 1ll << 52, "outside memory", ABSENT_512_GIB) \
	X(tagged_data, ABSOLUTE, 0x55ll << 56 | HOSTILE_DATA, "outside memory", ABSENT_512_GIB) \
	X(tagged_code, ABSOLUTE, 1ll << 56 | HOSTILE_CODE, "outside memory", ABSENT_512_GIB) \
	X(lowest_of_upper_half, ABSOLUTE, -(1ll << 48), "outside memory", ABSENT_512_GIB) \
	X(data_in_upper_half, ABSOLUTE, -(1ll << 48) + HOSTILE_DATA, "outside memory", ABSENT_512_GIB)
/* clang-format on */

/* Neither half of the address space: the walk does not begin. */
#define STRANGE_ADDRESSES 1ull << 63, 1ull << 55, ~(1ull << 47 | 3), ~(1ull << 55 | 3), 1ull << 48

static struct hostile_outcome strange_access(mote_access access, uint64_t address)
{
	return (struct hostile_outcome){
		.beds = EVERYWHERE,
		.kind = MOTE_FAULT_MEMORY,
		.vector = refusal_vector(access),
		.error_code = refusal_code(ABSENT_512_GIB, access),
		.pc = access == MOTE_ACCESS_EXECUTE ? address : HOSTILE_CODE + ACCESS_AT,
		.access = access,
		.address = address,
	};
}

/* The last instruction of the page falls through to the next one. */
GUEST_CODE(straddling, "b 1f; .fill 1022, 4, 0xd4200000; 1: nop");
enum { STRADDLING_PC = HOSTILE_CODE + 0x1000 };

GUEST_CODE(recurse, "1: str x0, [sp, #-16]!; b 1b");
GUEST_CODE(pop_all, "1: ldr x0, [sp], #16; b 1b");
enum { PUSHED_BYTES = 16 };

/* The address is not updated when its access faults. */
GUEST_CODE(sweep, "ldr x0, [x0, #8]; mov x1, #0; 1: stp x1, x1, [x0], #16; add x1, x1, #16; b 1b");
enum { SWEEP_AT = 8 };

static void check_sweep(const mote_registers *registers, uint64_t begin, uint64_t end)
{
	CHECK_EQ(registers->as.aarch64.x[0], end);
	CHECK_EQ(registers->as.aarch64.x[1], end - begin);
}

/*
 * Puts a filler over the last instruction, in what would be the code if the data were that.  The
 * barriers are all that a guest can do for it to be seen.
 */
GUEST_CODE(patch_alias, "mov x0, #" DATA_TEXT "; mov w2, #0xd4200000; str w2, [x0, #24]\n\t"
			"dsb sy; isb; b 1f; 1: mov x1, #7");

/* A guest that puts a value into a register, and the register. */
static size_t put_constant_code(uint8_t *code, uint16_t value)
{
	const uint32_t instructions[] = {0xd2800001u | (uint32_t)value << 5 /* mov x1, #value */,
					 0};

	memcpy(code, instructions, sizeof(instructions));
	return sizeof(instructions);
}

static uint64_t constant(const mote_registers *registers)
{
	return registers->as.aarch64.x[1];
}

#endif
