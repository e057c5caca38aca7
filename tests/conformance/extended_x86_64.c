/* SPDX-License-Identifier: Apache-2.0
 *
 * x87 and SSE, both ways; and the power-on state.
 * Intel SDM volume 1, 8.1, 10.2 and 13.4; volume 3, table 10-1.
 */
#include <stdlib.h>
#include <string.h>

#include "code_x86_64.h"
#include "state.h"

/* Offsets in an XSAVE area (and in what fxsave64 stores). */
enum {
	AREA_FCW = 0,
	AREA_FSW = 2,
	AREA_FTW = 4,
	AREA_MXCSR = 24,
	AREA_ST = 32,
	AREA_XMM = 160,
	AREA_FEATURES = 512,
	AREA_YMM = 576, /* the standard format has the upper halves here */
};

static mote_fpu power_on_fpu(void)
{
	mote_fpu fpu;

	mote_power_on(NULL, NULL, &fpu, NULL);
	return fpu;
}

/* Field by field: the structure has padding. */
void state_compare_fpu(const mote_fpu *fpu, const mote_fpu *expected)
{
	REQUIRE_MEM(fpu->fpr, expected->fpr, sizeof(fpu->fpr));
	REQUIRE_MEM(fpu->xmm, expected->xmm, sizeof(fpu->xmm));
	REQUIRE_EQ(fpu->fcw, expected->fcw);
	REQUIRE_EQ(fpu->fsw, expected->fsw);
	REQUIRE_EQ(fpu->ftwx, expected->ftwx);
	REQUIRE_EQ(fpu->mxcsr, expected->mxcsr);
	REQUIRE_EQ(fpu->last_opcode, expected->last_opcode);
	REQUIRE_EQ(fpu->last_ip, expected->last_ip);
	REQUIRE_EQ(fpu->last_dp, expected->last_dp);
}

static void check_fpu(struct machine *machine, const mote_fpu *expected)
{
	mote_fpu fpu;

	MACHINE_OK(machine, set_fpu, expected);
	memset(&fpu, 0x55, sizeof(fpu));
	MACHINE_OK(machine, fpu, &fpu);
	state_compare_fpu(&fpu, expected);
}

static void every_bit_of_the_vector_registers_round_trips(void)
{
	struct machine machine;
	mote_fpu fpu;

	machine_make(&machine, NULL);
	for (unsigned number = 0; number < 16; number++)
		for (unsigned bit = 0; bit < 128; bit++) {
			fpu = power_on_fpu();
			fpu.xmm[number][bit / 8] = (uint8_t)(1u << bit % 8);
			check_fpu(&machine, &fpu);
		}
	machine_destroy(&machine);
}

static void every_bit_of_the_x87_registers_round_trips(void)
{
	struct machine machine;
	mote_fpu fpu;

	machine_make(&machine, NULL);
	for (unsigned number = 0; number < 8; number++)
		for (unsigned bit = 0; bit < 80; bit++) {
			fpu = power_on_fpu();
			fpu.fpr[number][bit / 8] = (uint8_t)(1u << bit % 8);
			check_fpu(&machine, &fpu);
		}
	machine_destroy(&machine);
}

static void every_legal_bit_of_the_control_words_round_trips(void)
{
	struct machine machine;
	mote_fpu fpu = power_on_fpu();

	machine_make(&machine, NULL);
	for (unsigned bit = 0; bit < 13; bit++) { /* masks, precision, rounding, infinity */
		fpu.fcw = (uint16_t)(0x40 | 1u << bit);
		if (bit != 7)
			check_fpu(&machine, &fpu);
	}
	fpu = power_on_fpu();
	for (unsigned bit = 0; bit < 16; bit++) {
		fpu.fsw = (uint16_t)(1u << bit);
		check_fpu(&machine, &fpu);
	}
	fpu = power_on_fpu();
	for (unsigned bit = 0; bit < 8; bit++) {
		fpu.ftwx = (uint8_t)(1u << bit);
		check_fpu(&machine, &fpu);
	}
	fpu = power_on_fpu();
	for (unsigned bit = 0; bit < 16; bit++) {
		fpu.mxcsr = 1u << bit;
		check_fpu(&machine, &fpu);
	}
	fpu.mxcsr = 0; /* nothing masked */
	check_fpu(&machine, &fpu);
	machine_destroy(&machine);
}

static void the_last_x87_instruction_round_trips(void)
{
	struct machine machine;
	mote_fpu fpu = power_on_fpu();

	machine_make(&machine, NULL);
	fpu.last_opcode = 0x5a5;
	fpu.last_ip = 0x0000123456789abcull;
	fpu.last_dp = 0x00007edcba987654ull;
	check_fpu(&machine, &fpu);
	machine_destroy(&machine);
}

/* Registers that hold something everywhere. */
static mote_fpu busy_fpu(void)
{
	mote_fpu fpu = power_on_fpu();

	fpu.fcw = 0x27f;
	fpu.ftwx = 0xff;
	fpu.mxcsr = 0x9fc0;
	for (unsigned number = 0; number < 8; number++)
		for (unsigned byte = 0; byte < 10; byte++)
			fpu.fpr[number][byte] = (uint8_t)(0x11 * (number + 1) + byte);
	for (unsigned number = 0; number < 16; number++)
		for (unsigned byte = 0; byte < 16; byte++)
			fpu.xmm[number][byte] = (uint8_t)(0x0f * number + 7 * byte + 1);
	return fpu;
}

static void the_guest_has_the_fpu_that_the_host_set(void)
{
	struct machine machine;
	const mote_fpu fpu = busy_fpu();
	const uint8_t *area;

	machine_make(&machine, &code_x86_64_save_fpu);
	MACHINE_OK(&machine, set_fpu, &fpu);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	area = machine_host(&machine, DATA_GVA);
	CHECK_MEM(area + AREA_FCW, &fpu.fcw, 2);
	CHECK_MEM(area + AREA_FTW, &fpu.ftwx, 1);
	CHECK_MEM(area + AREA_MXCSR, &fpu.mxcsr, 4);
	for (unsigned number = 0; number < 8; number++)
		CHECK_MEM(area + AREA_ST + 16 * number, fpu.fpr[number], 10);
	CHECK_MEM(area + AREA_XMM, fpu.xmm, sizeof(fpu.xmm));
	machine_destroy(&machine);
}

static void the_host_reads_the_fpu_that_the_guest_has(void)
{
	const mote_fpu expected = busy_fpu();
	struct machine machine;
	mote_fpu fpu;
	uint8_t *area;

	machine_make(&machine, &code_x86_64_load_fpu);
	area = machine_host(&machine, DATA_GVA);
	memcpy(area + AREA_FCW, &expected.fcw, 2);
	memcpy(area + AREA_FTW, &expected.ftwx, 1);
	memcpy(area + AREA_MXCSR, &expected.mxcsr, 4);
	for (unsigned number = 0; number < 8; number++)
		memcpy(area + AREA_ST + 16 * number, expected.fpr[number], 10);
	memcpy(area + AREA_XMM, expected.xmm, sizeof(expected.xmm));
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	MACHINE_OK(&machine, fpu, &fpu);
	/* The last instruction is the processor's affair. */
	fpu.last_opcode = expected.last_opcode;
	fpu.last_ip = expected.last_ip;
	fpu.last_dp = expected.last_dp;
	state_compare_fpu(&fpu, &expected);
	machine_destroy(&machine);
}

/* ---- Reset -------------------------------------------------------------------------------- */

void state_check_exception(const mote_exception_state *state, const mote_regs *regs,
			   const mote_sregs *sregs)
{
	CHECK_EQ(state->rip, regs->rip);
	CHECK_EQ(state->rsp, regs->rsp);
	CHECK_EQ(state->cr2, sregs->cr2);
	CHECK_EQ(state->cs, sregs->cs.selector);
}

void state_make_busy(struct state *state)
{
	state->fpu = busy_fpu();
	state->debug.dr[0] = state->debug.dr[3] = 0x1234;
	state->debug.dr7 = 0x500;
	state->sregs.cr2 = 0x77777000;
	state->sregs.fs.base = 0x123456000;
	state->regs.r8 = 0x1122334455667788;
	state->regs.rflags |= 1;
}

/* In the midst of a repeated instruction, which has accesses to come. */
static void reset_within_a_repeated_instruction(void)
{
	static const struct code *const codes[] = {&code_x86_64_repeat_out, &code_x86_64_repeat_in};
	const struct state expected = state_power_on();
	struct machine machine;
	mote_regs regs;

	for (unsigned i = 0; i < 4; i++) {
		machine_make(&machine, codes[i % 2]);
		regs = machine_regs(&machine);
		regs.rcx = 64;
		regs.rdx = CODE_PORT;
		regs.rsi = regs.rdi = DATA_GVA;
		machine_set_regs(&machine, &regs);
		machine_run(&machine);
		if (i >= 2)
			machine_regs(&machine);
		MACHINE_RESET(&machine);
		state_check(&machine, &expected);
		machine_destroy(&machine);
	}
}

static void a_new_vcpu_is_in_power_on_state(void)
{
	const struct expectations *here = expected_here();
	struct state expected = state_power_on();
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	struct machine machine = {.error = MOTE_ERROR_INIT, .hypervisor = hypervisor};

	REQUIRE_OK(hypervisor->backend->create(hypervisor, &machine.vm, &machine.error),
		   &machine.error);
	expected.sregs.cs.type = here->new_cs_type;
	expected.sregs.ss.type = here->new_ss_type;
	expected.sregs.tr.type = here->new_tr_type;
	state_check(&machine, &expected);
	machine.vm->ops->destroy(machine.vm);
	hypervisor->backend->close(hypervisor);
}

static const struct test_case cases[] = {
	CASE(every_bit_of_the_vector_registers_round_trips),
	CASE(every_bit_of_the_x87_registers_round_trips),
	CASE(every_legal_bit_of_the_control_words_round_trips),
	CASE(the_last_x87_instruction_round_trips),
	CASE(the_guest_has_the_fpu_that_the_host_set),
	CASE(the_host_reads_the_fpu_that_the_guest_has),
	CASE(reset_within_a_repeated_instruction),
	CASE(a_new_vcpu_is_in_power_on_state),
};

const struct case_list extended_cases = {cases, TEST_COUNT(cases)};

void state_clear_thread(mote_sregs *sregs)
{
	sregs->fs.base = 0;
	sregs->gs.base = 0;
}
