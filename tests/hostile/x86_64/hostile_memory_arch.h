/* SPDX-License-Identifier: Apache-2.0
 *
 * Guests of the memory suite, and what becomes of them: x86_64.
 */
#ifndef MOTE_TEST_HOSTILE_MEMORY_ARCH_H
#define MOTE_TEST_HOSTILE_MEMORY_ARCH_H

#include <string.h>

#include "hostile_memory.h"

/* Reads the mailbox's header into registers, which the fault shows. */
GUEST_CODE(probe, "mov 8(%rdi), %r8\n\t"
		  "mov 16(%rdi), %r9\n\t"
		  "mov 24(%rdi), %r10\n\t"
		  "mov 32(%rdi), %r11\n\t"
		  "mov 40(%rdi), %r12\n\t"
		  "mov 64(%rdi), %r13\n\t"
		  "mov 72(%rdi), %r14\n\t"
		  "mov 80(%rdi), %r15d");

static struct header probed(const mote_registers *registers)
{
	const mote_x86_64_regs *r = &registers->as.x86_64;

	return (struct header){r->r8,  r->r9,  r->r10, r->r11, r->r12,
			       r->r13, r->r14, r->r15, r->rdi, r->rsp};
}

/* The address stands at the begin of the data. */
GUEST_CODE(read, "mov " DATA_TEXT ", %rax; mov (%rax), %bl");
GUEST_CODE(write, "mov " DATA_TEXT ", %rax; movb $0xcc, (%rax)");
GUEST_CODE(jump, "mov " DATA_TEXT ", %rax; jmp *%rax");
GUEST_CODE(read_eight, "mov " DATA_TEXT ", %rax; mov (%rax), %rbx");
enum { ACCESS_AT = 8 };

/* Where an instruction can begin. */
#define INSTRUCTION_BYTES 1u

enum { PRESENT = 1, WRITE = 2, USER = 4, RESERVED = 8, FETCHED = 16 };

static uint32_t refusal_vector(mote_access access)
{
	(void)access;
	return 14;
}

static uint64_t refusal_code(enum mapping mapping, mote_access access)
{
	uint64_t code = USER;

	if (mapping >= SUPERVISOR)
		code |= PRESENT;
	if (access == MOTE_ACCESS_WRITE)
		code |= WRITE;
	if (access == MOTE_ACCESS_EXECUTE)
		code |= FETCHED;
	return code;
}

/* In the upper half the PVM host's own page tables are in force, which may have reserved bits
 * set. */
static struct hostile_outcome refusal_alternative(const struct hostile_outcome *refusal)
{
	struct hostile_outcome alternative = *refusal;

	alternative.beds = refusal->address >> 63 ? PVM : 0;
	alternative.error_code |= PRESENT | RESERVED;
	return alternative;
}

/* X(name, base, offset, region, mapping) */
/* clang-format off */
#define ARCHITECTURE_PLACES(X) \
	X(below_memory, ABSOLUTE, HOSTILE_MONITOR - 1, "null page", ABSENT) \
	X(aarch64_doorbell, ABSOLUTE, MOTE_ABI_AARCH64_DOORBELL_GVA, "null page", ABSENT) \
	X(monitor_stubs, ABSOLUTE, HOSTILE_MONITOR, "monitor", SUPERVISOR) \
	X(monitor_second_stub, ABSOLUTE, HOSTILE_MONITOR + 16, "monitor", SUPERVISOR) \
	X(monitor_tables, ABSOLUTE, HOSTILE_MONITOR + 0x1000, "monitor", SUPERVISOR) \
	X(monitor_stack, ABSOLUTE, HOSTILE_MONITOR + 0x2ff8, "monitor", SUPERVISOR) \
	X(system_call_page, ABSOLUTE, -0xa00000, "outside memory", ABSENT)
/* clang-format on */

/* Neither half of the address space; what comes of an access to one, and of a jump. */
#define STRANGE_ADDRESSES 1ull << 63, 1ull << 47, ~(1ull << 47), 1ull << 48

static struct hostile_outcome strange_access(mote_access access, uint64_t address)
{
	struct hostile_outcome outcome = GP(EVERYWHERE, 0, ACCESS_AT);

	/* SVM: the emulator jumps first and looks then. */
	if (access == MOTE_ACCESS_EXECUTE && hostile_bed() == SVM)
		outcome.pc = address;
	return outcome;
}

/* An instruction whose second byte is on the page behind the code. */
GUEST_CODE(straddling, "jmp 1f; .fill 4090, 1, 0xcc; 1: .byte 0x0f");
enum { STRADDLING_PC = HOSTILE_CODE + 0xfff };

GUEST_CODE(recurse, "1: call 1b");
GUEST_CODE(pop_all, "1: pop %rax; jmp 1b");
enum { PUSHED_BYTES = 8 };

/* A string instruction keeps what it did before the fault. */
GUEST_CODE(sweep, "mov 8(%rdi), %rdi; mov $-1, %rcx; mov $0x5a, %al; rep stosb");
enum { SWEEP_AT = 13 };

static void check_sweep(const mote_registers *registers, uint64_t begin, uint64_t end)
{
	CHECK_EQ(registers->as.x86_64.rdi, end);
	CHECK_EQ(registers->as.x86_64.rcx, ~(end - begin));
}

/* Puts a filler over the second instruction, in what would be the code if the data were that. */
GUEST_CODE(patch_alias, "movb $0xcc, " DATA_TEXT "+8; mov $7, %eax");

/* A guest that puts a value into a register, and the register. */
static size_t put_constant_code(uint8_t *code, uint16_t value)
{
	const uint8_t bytes[] = {0xb8, (uint8_t)value, (uint8_t)(value >> 8), 0, 0, 0x0f, 0x0b};

	memcpy(code, bytes, sizeof(bytes));
	return sizeof(bytes);
}

static uint64_t constant(const mote_registers *registers)
{
	return registers->as.x86_64.rax;
}

#endif
