/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest code of the conformance suite for x86_64.  Intel SDM volume 2.
 */
#include "code_x86_64.h"

#include <string.h>

#include "machine.h"

/* clang-format off */
#define CODE(...) {.bytes = {__VA_ARGS__}, .length = sizeof((uint8_t[]){__VA_ARGS__})}
#define ADDRESS(gva) (gva) & 0xff, (gva) >> 8 & 0xff, (gva) >> 16 & 0xff, (gva) >> 24 & 0xff
/* clang-format on */

const struct code code_end = CODE(0x0f, 0x0b);				  /* ud2 */
const struct code code_return = CODE(0xc3);				  /* ret */
const struct code code_halt = CODE(0xf4, 0xf4);				  /* hlt; hlt */
const struct code code_spin = CODE(0xeb, 0xfe);				  /* 1: jmp 1b */
const struct code code_doorbell = CODE(0xe7, CODE_PORT, 0x0f, 0x0b);	  /* out; ud2 */
const struct code code_doorbell_loop = CODE(0xe7, CODE_PORT, 0xeb, 0xfc); /* 1: out; jmp 1b */
const struct code code_doorbells =
	CODE(0xe7, CODE_PORT, 0xe7, CODE_PORT, 0xe7, CODE_PORT, 0x0f, 0x0b);
/* 1: mov %rax, (%rbx); out; jmp 1b */
const struct code code_store_loop = CODE(0x48, 0x89, 0x03, 0xe7, CODE_PORT, 0xeb, 0xf9);
/* 1: mov (%rbx), %rax; out; jmp 1b */
const struct code code_load_loop = CODE(0x48, 0x8b, 0x03, 0xe7, CODE_PORT, 0xeb, 0xf9);
/* 1: nop; call *%rbx; out; jmp 1b */
const struct code code_call_loop = CODE(0x90, 0xff, 0xd3, 0xe7, CODE_PORT, 0xeb, 0xf9);
/* 1: inc %rax; jmp 1b */
const struct code code_count = CODE(0x48, 0xff, 0xc0, 0xeb, 0xfb);

/* mov OUTSIDE+0xffc, %rax (its reverse); ud2 */
const struct code code_x86_64_split_load =
	CODE(0x48, 0x8b, 0x04, 0x25, ADDRESS(OUTSIDE_GVA + 0xffc), 0x0f, 0x0b);
const struct code code_x86_64_split_store =
	CODE(0x48, 0x89, 0x04, 0x25, ADDRESS(OUTSIDE_GVA + 0xffc), 0x0f, 0x0b);
const size_t code_x86_64_split_bytes = 8;

const struct code code_x86_64_repeat_out = CODE(0xf3, 0x6e, 0x0f, 0x0b); /* rep outsb; ud2 */
const struct code code_x86_64_repeat_in = CODE(0xf3, 0x6c, 0x0f, 0x0b);	 /* rep insb; ud2 */
/* fxsave64 DATA; out; ud2 */
const struct code code_x86_64_save_fpu =
	CODE(0x48, 0x0f, 0xae, 0x04, 0x25, ADDRESS(DATA_GVA), 0xe7, CODE_PORT, 0x0f, 0x0b);
/* fxrstor64 DATA; out; ud2 */
const struct code code_x86_64_load_fpu =
	CODE(0x48, 0x0f, 0xae, 0x0c, 0x25, ADDRESS(DATA_GVA), 0xe7, CODE_PORT, 0x0f, 0x0b);
/* mov %fs:0, %rax; mov %gs:0, %rbx; out; ud2 */
const struct code code_x86_64_read_fs_gs =
	CODE(0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x65, 0x48, 0x8b, 0x1c, 0x25, 0, 0, 0, 0,
	     0xe7, CODE_PORT, 0x0f, 0x0b);
/* mov %cr2, %rax; mov %cr3, %rbx; mov %cr0, %rcx; mov %cr4, %rdx; hlt */
const struct code code_x86_64_read_control =
	CODE(0x0f, 0x20, 0xd0, 0x0f, 0x20, 0xdb, 0x0f, 0x20, 0xc1, 0x0f, 0x20, 0xe2, 0xf4);
/* mov %dr0, %rax; mov %dr1, %rbx; mov %dr2, %rcx; mov %dr3, %rdx; hlt */
const struct code code_x86_64_read_debug =
	CODE(0x0f, 0x21, 0xc0, 0x0f, 0x21, 0xcb, 0x0f, 0x21, 0xd1, 0x0f, 0x21, 0xda, 0xf4);

/* A store of register number `from` to an absolute address. */
static void add_store(struct code *code, unsigned from, uint32_t to)
{
	const uint8_t bytes[] = {(uint8_t)(0x48 | (from & 8) >> 1), 0x89,
				 (uint8_t)(0x04 | (from & 7) << 3), 0x25, ADDRESS(to)};

	memcpy(code->bytes + code->length, bytes, sizeof(bytes));
	code->length += sizeof(bytes);
}

struct code code_x86_64_store_registers(void)
{
	/* pushfq; pop DATA+128; out; ud2 */
	static const uint8_t rest[] = {0x9c, 0x8f,	0x04, 0x25, ADDRESS(DATA_GVA + 128),
				       0xe7, CODE_PORT, 0x0f, 0x0b};
	struct code code = {.length = 0};

	for (unsigned number = 0; number < 16; number++)
		add_store(&code, number, DATA_GVA + 8 * number);
	memcpy(code.bytes + code.length, rest, sizeof(rest));
	code.length += sizeof(rest);
	return code;
}

uint64_t *code_value(mote_regs *regs)
{
	return &regs->rax;
}

uint64_t *code_address(mote_regs *regs)
{
	return &regs->rbx;
}

/* clang-format off */
#define OUTSIDE ADDRESS(OUTSIDE_GVA)
const struct code_access code_accesses[] = {
	{"out %eax", MOTE_EXIT_IO_OUT, 4, CODE_PORT, CODE(0xe7, CODE_PORT), 0},
	{"out %ax", MOTE_EXIT_IO_OUT, 2, CODE_PORT, CODE(0x66, 0xe7, CODE_PORT), 0},
	{"out %al", MOTE_EXIT_IO_OUT, 1, CODE_PORT, CODE(0xe6, CODE_PORT), 0},
	{"out %eax, %dx", MOTE_EXIT_IO_OUT, 4, CODE_OTHER_PORT, CODE(0xef), 0},
	{"in %eax", MOTE_EXIT_IO_IN, 4, CODE_PORT, CODE(0xe5, CODE_PORT), 0},
	{"in %ax", MOTE_EXIT_IO_IN, 2, CODE_PORT, CODE(0x66, 0xe5, CODE_PORT), 0},
	{"in %al", MOTE_EXIT_IO_IN, 1, CODE_PORT, CODE(0xe4, CODE_PORT), 0},
	{"in %dx, %eax", MOTE_EXIT_IO_IN, 4, CODE_OTHER_PORT, CODE(0xed), 0},
	{"mov %rax, (mmio)", MOTE_EXIT_MMIO_WRITE, 8, OUTSIDE_GVA, CODE(0x48, 0x89, 0x04, 0x25, OUTSIDE), 0},
	{"mov %eax, (mmio)", MOTE_EXIT_MMIO_WRITE, 4, OUTSIDE_GVA, CODE(0x89, 0x04, 0x25, OUTSIDE), 0},
	{"mov %ax, (mmio)", MOTE_EXIT_MMIO_WRITE, 2, OUTSIDE_GVA, CODE(0x66, 0x89, 0x04, 0x25, OUTSIDE), 0},
	{"mov %al, (mmio)", MOTE_EXIT_MMIO_WRITE, 1, OUTSIDE_GVA, CODE(0x88, 0x04, 0x25, OUTSIDE), 0},
	{"push %rax to mmio", MOTE_EXIT_MMIO_WRITE, 8, OUTSIDE_GVA, CODE(0x50), OUTSIDE_GVA + 8},
	{"mov (mmio), %rax", MOTE_EXIT_MMIO_READ, 8, OUTSIDE_GVA, CODE(0x48, 0x8b, 0x04, 0x25, OUTSIDE), 0},
	{"mov (mmio), %eax", MOTE_EXIT_MMIO_READ, 4, OUTSIDE_GVA, CODE(0x8b, 0x04, 0x25, OUTSIDE), 0},
	{"mov (mmio), %ax", MOTE_EXIT_MMIO_READ, 2, OUTSIDE_GVA, CODE(0x66, 0x8b, 0x04, 0x25, OUTSIDE), 0},
	{"mov (mmio), %al", MOTE_EXIT_MMIO_READ, 1, OUTSIDE_GVA, CODE(0x8a, 0x04, 0x25, OUTSIDE), 0},
	{"pop %rax from mmio", MOTE_EXIT_MMIO_READ, 8, OUTSIDE_GVA, CODE(0x58), OUTSIDE_GVA},
};
/* clang-format on */
const size_t code_access_count = sizeof(code_accesses) / sizeof(code_accesses[0]);

bool code_is_described(const struct code_access *access,
		       const struct mote_capabilities *capabilities)
{
	return access->exit == MOTE_EXIT_IO_OUT || access->exit == MOTE_EXIT_IO_IN ||
	       capabilities->described_accesses;
}

void code_prepare(const struct code_access *access, mote_regs *regs)
{
	if (access->stack != 0)
		regs->rsp = access->stack;
	regs->rdx = access->target;
}

uint64_t code_read_result(const struct code_access *access, uint64_t before, uint64_t value)
{
	uint64_t mask = access->size < 8 ? (1ull << 8 * access->size) - 1 : ~0ull;

	/* A write of 32 bits clears the upper half (SDM volume 1, 3.4.1.1); a shorter one keeps
	 * it. */
	return (access->size < 4 ? before & ~mask : 0) | (value & mask);
}

void code_enter_user(mote_regs *regs, uint64_t pc)
{
	regs->rip = pc;
}

void code_enter_supervisor(mote_regs *regs, mote_sregs *sregs, uint64_t pc)
{
	regs->rip = pc;
	sregs->cs.selector = 0x08;
	sregs->cs.dpl = 0;
	sregs->ss.selector = 0x10;
	sregs->ss.dpl = 0;
}

/* An exception that cannot be delivered. */
void code_make_shutdown(struct machine *machine)
{
	mote_sregs sregs;

	machine_make(machine, &code_end);
	sregs = machine_sregs(machine);
	sregs.idt.limit = 0;
	machine_set_sregs(machine, &sregs);
}

bool code_is_end(const struct mote_exception *exception)
{
	return exception->kind == MOTE_FAULT_INSTRUCTION && exception->vector == 6;
}
