/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest code of the conformance suite for aarch64.  Arm ARM (DDI 0487), C6.2.
 */
#include "code_aarch64.h"

#include "machine.h"

const struct code code_end = CODE(WORD(A64_UDF));
const struct code code_return = CODE(WORD(0xd65f03c0u)); /* ret */
const struct code code_halt = CODE(A64_HALT, A64_HALT);
const struct code code_spin = CODE(WORD(0x14000000u)); /* b . */
const struct code code_doorbell = CODE(A64_DOORBELL, WORD(A64_UDF));
const struct code code_doorbells = CODE(A64_DOORBELL, WORD(A64_STR(A64_XZR, 10u, 0)),
					WORD(A64_STR(A64_XZR, 10u, 0)), WORD(A64_UDF));
/* movz; 1: str; b 1b */
const struct code code_doorbell_loop = CODE(A64_DOORBELL, WORD(0x17ffffffu));
/* 1: str x0, [x1]; doorbell; b 1b */
const struct code code_store_loop = CODE(WORD(0xf9000020u), A64_DOORBELL, WORD(0x17fffffdu));
/* 1: ldr x0, [x1]; doorbell; b 1b */
const struct code code_load_loop = CODE(WORD(0xf9400020u), A64_DOORBELL, WORD(0x17fffffdu));
/* 1: blr x1; doorbell; b 1b */
const struct code code_call_loop = CODE(WORD(0xd63f0020u), A64_DOORBELL, WORD(0x17fffffdu));
/* 1: add x0, x0, #1; b 1b */
const struct code code_count = CODE(WORD(0x91000400u), WORD(0x17ffffffu));

void code_aarch64_add(struct code *code, uint32_t instruction)
{
	const uint8_t bytes[] = {WORD(instruction)};

	memcpy(code->bytes + code->length, bytes, sizeof(bytes));
	code->length += sizeof(bytes);
}

static void add_doorbell(struct code *code)
{
	memcpy(code->bytes + code->length, code_doorbell.bytes, code_doorbell.length);
	code->length += code_doorbell.length;
}

struct code code_aarch64_store_registers(void)
{
	struct code code = {.length = 0};

	for (unsigned n = 0; n < 31; n++)
		code_aarch64_add(&code, A64_STR(n, A64_SP, 8 * n));
	code_aarch64_add(&code, 0x910003e0u); /* mov x0, sp */
	code_aarch64_add(&code, A64_STR(0u, A64_SP, 248));
	code_aarch64_add(&code, A64_MRS(0u, 3, 3, 4, 2, 0)); /* nzcv */
	code_aarch64_add(&code, A64_STR(0u, A64_SP, 256));
	add_doorbell(&code);
	return code;
}

struct code code_aarch64_store_fpu(void)
{
	struct code code = {.length = 0};

	for (unsigned n = 0; n < 32; n++)
		code_aarch64_add(&code, A64_STR_Q(n, A64_SP, 16 * n));
	code_aarch64_add(&code, A64_MRS(0u, 3, 3, 4, 4, 0)); /* fpcr */
	code_aarch64_add(&code, A64_STR(0u, A64_SP, 512));
	code_aarch64_add(&code, A64_MRS(0u, 3, 3, 4, 4, 1)); /* fpsr */
	code_aarch64_add(&code, A64_STR(0u, A64_SP, 520));
	add_doorbell(&code);
	return code;
}

struct code code_aarch64_load_fpu(void)
{
	struct code code = {.length = 0};

	for (unsigned n = 0; n < 32; n++)
		code_aarch64_add(&code, A64_LDR_Q(n, A64_SP, 16 * n));
	add_doorbell(&code);
	return code;
}

uint64_t *code_value(mote_regs *regs)
{
	return &regs->x[0];
}

uint64_t *code_address(mote_regs *regs)
{
	return &regs->x[1];
}

/* All take their address from x2. */
/* clang-format off */
#define DOORBELL_PAGE MOTE_ABI_AARCH64_DOORBELL_GVA
const struct code_access code_accesses[] = {
	{"str x0 (doorbell)", MOTE_EXIT_IO_OUT, 8, CODE_PORT, CODE(WORD(0xf9000040u)), 0},
	{"str x0 (other doorbell)", MOTE_EXIT_IO_OUT, 8, CODE_OTHER_PORT, CODE(WORD(0xf9000040u)), 0},
	{"str x0 (last port)", MOTE_EXIT_IO_OUT, 8, 511, CODE(WORD(0xf9000040u)), 0},
	{"str w0 (doorbell page)", MOTE_EXIT_MMIO_WRITE, 4, DOORBELL_PAGE + 8 * CODE_PORT, CODE(WORD(0xb9000040u)), 0},
	{"ldr x0 (doorbell page)", MOTE_EXIT_MMIO_READ, 8, DOORBELL_PAGE + 8 * CODE_PORT, CODE(WORD(0xf9400040u)), 0},
	{"str x0", MOTE_EXIT_MMIO_WRITE, 8, OUTSIDE_GVA, CODE(WORD(0xf9000040u)), 0},
	{"str w0", MOTE_EXIT_MMIO_WRITE, 4, OUTSIDE_GVA, CODE(WORD(0xb9000040u)), 0},
	{"strh w0", MOTE_EXIT_MMIO_WRITE, 2, OUTSIDE_GVA, CODE(WORD(0x79000040u)), 0},
	{"strb w0", MOTE_EXIT_MMIO_WRITE, 1, OUTSIDE_GVA, CODE(WORD(0x39000040u)), 0},
	{"sttr x0", MOTE_EXIT_MMIO_WRITE, 8, OUTSIDE_GVA, CODE(WORD(0xf8000840u)), 0},
	{"stlr x0", MOTE_EXIT_MMIO_WRITE, 8, OUTSIDE_GVA, CODE(WORD(0xc89ffc40u)), 0},
	{"ldr x0", MOTE_EXIT_MMIO_READ, 8, OUTSIDE_GVA, CODE(WORD(0xf9400040u)), 0},
	{"ldr w0", MOTE_EXIT_MMIO_READ, 4, OUTSIDE_GVA, CODE(WORD(0xb9400040u)), 0},
	{"ldrh w0", MOTE_EXIT_MMIO_READ, 2, OUTSIDE_GVA, CODE(WORD(0x79400040u)), 0},
	{"ldrb w0", MOTE_EXIT_MMIO_READ, 1, OUTSIDE_GVA, CODE(WORD(0x39400040u)), 0},
	{"ldar x0", MOTE_EXIT_MMIO_READ, 8, OUTSIDE_GVA, CODE(WORD(0xc8dffc40u)), 0},
};
/* clang-format on */
const size_t code_access_count = sizeof(code_accesses) / sizeof(code_accesses[0]);

/* Each has a valid syndrome. */
bool code_is_described(const struct code_access *access,
		       const struct mote_capabilities *capabilities)
{
	(void)access;
	(void)capabilities;
	return true;
}

void code_prepare(const struct code_access *access, mote_regs *regs)
{
	regs->x[2] = access->target;
	if (access->exit == MOTE_EXIT_IO_OUT)
		regs->x[2] = DOORBELL_PAGE + 8 * access->target;
}

/* The rest of the register is cleared. */
uint64_t code_read_result(const struct code_access *access, uint64_t before, uint64_t value)
{
	(void)before;
	return access->size < 8 ? value & ((1ull << 8 * access->size) - 1) : value;
}

void code_enter_user(mote_regs *regs, uint64_t pc)
{
	regs->pc = pc;
	regs->pstate = MOTE_AARCH64_PSTATE_DAIF | MOTE_AARCH64_PSTATE_EL0T;
}

void code_enter_supervisor(mote_regs *regs, mote_sregs *sregs, uint64_t pc)
{
	regs->pc = pc;
	regs->pstate = MOTE_AARCH64_PSTATE_DAIF | MOTE_AARCH64_PSTATE_EL1H;
	regs->sp = MOTE_AARCH64_MONITOR_DOORBELL_GVA;
	sregs->sp_el1 = MOTE_AARCH64_MONITOR_DOORBELL_GVA;
}

/* PSCI: SYSTEM_RESET (Arm DEN 0022). */
void code_make_shutdown(struct machine *machine)
{
	/* movz w0, #9; movk w0, #0x8400, lsl #16; hvc #0; udf */
	static const struct code reset =
		CODE(WORD(0x52800120u), WORD(0x72b08000u), WORD(0xd4000002u), WORD(A64_UDF));
	mote_regs regs;
	mote_sregs sregs;

	machine_make(machine, NULL);
	machine_put(machine, KERNEL_GVA, &reset);
	regs = machine_regs(machine);
	sregs = machine_sregs(machine);
	code_enter_supervisor(&regs, &sregs, KERNEL_GVA);
	machine_set_sregs(machine, &sregs);
	machine_set_regs(machine, &regs);
}

bool code_is_end(const struct mote_exception *exception)
{
	return exception->kind == MOTE_FAULT_INSTRUCTION && exception->vector == 0;
}
