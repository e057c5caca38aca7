/* SPDX-License-Identifier: Apache-2.0
 *
 * x87, SSE and the whole XSAVE area, both ways; and the power-on state of every
 * register class after a reset.  Intel SDM volume 1, 8.1, 10.2 and 13.4; volume 3,
 * table 10-1.
 */
#include <stdlib.h>
#include <string.h>

#include "code_x86_64.h"
#include "machine.h"

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
static void compare_fpu(const mote_fpu *fpu, const mote_fpu *expected)
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
	compare_fpu(&fpu, expected);
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
	compare_fpu(&fpu, &expected);
	machine_destroy(&machine);
}

/* ---- XSAVE -------------------------------------------------------------------------------- */

static void xsave_and_fpu_are_the_same_state(void)
{
	const mote_fpu expected = busy_fpu();
	struct machine machine, other;
	mote_fpu fpu;
	uint8_t *area;
	size_t bytes;

	machine_make(&machine, NULL);
	machine_make(&other, NULL);
	bytes = machine.vm->ops->xsave_bytes(machine.vm);
	REQUIRE(bytes >= AREA_YMM);
	area = calloc(1, bytes);
	REQUIRE(area != NULL);
	MACHINE_OK(&machine, set_fpu, &expected);
	MACHINE_OK(&machine, xsave, area, bytes);
	CHECK_MEM(area + AREA_FCW, &expected.fcw, 2);
	CHECK_MEM(area + AREA_MXCSR, &expected.mxcsr, 4);
	CHECK_MEM(area + AREA_XMM, expected.xmm, sizeof(expected.xmm));
	CHECK_EQ(area[AREA_FEATURES] & 3, 3);
	MACHINE_OK(&other, set_xsave, area, bytes);
	MACHINE_OK(&other, fpu, &fpu);
	compare_fpu(&fpu, &expected);
	free(area);
	machine_destroy(&machine);
	machine_destroy(&other);
}

static void upper_vector_halves_round_trip(void)
{
	uint8_t *area, *again;
	struct machine machine;
	size_t bytes;

	machine_make(&machine, NULL);
	bytes = machine.vm->ops->xsave_bytes(machine.vm);
	area = calloc(1, bytes);
	again = calloc(1, bytes);
	REQUIRE(area != NULL && again != NULL);
	MACHINE_OK(&machine, xsave, area, bytes);
	area[AREA_FEATURES] |= 4;
	for (unsigned i = 0; i < 256; i++)
		area[AREA_YMM + i] = (uint8_t)(i + 1);
	if (machine.vm->ops->set_xsave(machine.vm, area, bytes, &machine.error) != MOTE_OK)
		SKIP("this processor has no AVX: %s", machine.error.text);
	MACHINE_OK(&machine, xsave, again, bytes);
	CHECK_EQ(again[AREA_FEATURES] & 4, 4);
	CHECK_MEM(again + AREA_YMM, area + AREA_YMM, 256);
	/* set_fpu leaves them alone. */
	MACHINE_OK(&machine, set_fpu, &(mote_fpu){.fcw = 0x37f, .mxcsr = 0x1f80});
	MACHINE_OK(&machine, xsave, again, bytes);
	CHECK_MEM(again + AREA_YMM, area + AREA_YMM, 256);
	free(area);
	free(again);
	machine_destroy(&machine);
}

static void xsave_areas_of_another_size_are_refused(void)
{
	struct machine machine;
	uint8_t *area, *before;
	size_t bytes;

	machine_make(&machine, NULL);
	bytes = machine.vm->ops->xsave_bytes(machine.vm);
	area = calloc(1, bytes + 64);
	before = calloc(1, bytes + 64);
	REQUIRE(area != NULL && before != NULL);
	for (int off = -64; off <= 64; off += 8) {
		mote_error error = MOTE_ERROR_INIT;

		if (off == 0)
			continue;
		CHECK_STATUS(machine.vm->ops->xsave(machine.vm, area, bytes + (size_t)off, &error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK_STATUS(machine.vm->ops->set_xsave(machine.vm, area, bytes + (size_t)off,
							&error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK(error.text[0] != '\0');
	}
	CHECK_STATUS(machine.vm->ops->xsave(machine.vm, area, 0, &machine.error),
		     MOTE_INVALID_ARGUMENT, &machine.error);
	CHECK_MEM(area, before, bytes + 64); /* nothing was written */
	free(area);
	free(before);
	machine_destroy(&machine);
}

/* ---- Reset -------------------------------------------------------------------------------- */

/* Every register class of a vCPU. */
struct state {
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
};

static void check_state(struct machine *machine, const struct state *expected)
{
	static char text[2048], expected_text[2048];
	struct state state;

	memset(&state, 0x5a, sizeof(state));
	MACHINE_OK(machine, regs, &state.regs);
	MACHINE_OK(machine, sregs, &state.sregs);
	MACHINE_OK(machine, fpu, &state.fpu);
	MACHINE_OK(machine, debug_regs, &state.debug);
	CHECK_MEM(&state.regs, &expected->regs, sizeof(state.regs));
	REQUIRE(mote_sregs_print(&state.sregs, text, sizeof(text)) < sizeof(text));
	mote_sregs_print(&expected->sregs, expected_text, sizeof(expected_text));
	CHECK_STR(text, expected_text);
	compare_fpu(&state.fpu, &expected->fpu);
	CHECK_MEM(&state.debug, &expected->debug, sizeof(state.debug));
}

static void check_power_on(struct machine *machine)
{
	struct state expected;

	mote_power_on(&expected.regs, &expected.sregs, &expected.fpu, &expected.debug);
	check_state(machine, &expected);
}

/* Every register class holds something else than after power-on. */
static void make_busy(struct machine *machine)
{
	const mote_fpu fpu = busy_fpu();
	mote_debug_regs debug;

	mote_power_on(NULL, NULL, NULL, &debug);
	debug.dr[0] = debug.dr[3] = 0x1234;
	debug.dr7 = 0x500;
	MACHINE_OK(machine, set_fpu, &fpu);
	MACHINE_OK(machine, set_debug_regs, &debug);
}

static void reset_gives_every_class_its_power_on_values(void)
{
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	make_busy(&machine);
	MACHINE_RESET(&machine);
	check_power_on(&machine);
	/* Also in the middle of something, and twice. */
	for (unsigned i = 0; i < 2; i++) {
		machine_destroy(&machine);
		machine_make(&machine, &code_doorbell_loop);
		make_busy(&machine);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		MACHINE_RESET(&machine);
		MACHINE_RESET(&machine);
		check_power_on(&machine);
	}
	machine_destroy(&machine);
}

static void reset_clears_the_upper_vector_halves(void)
{
	static const uint8_t zeros[256];
	struct machine machine;
	uint8_t *area;
	size_t bytes;

	machine_make(&machine, NULL);
	bytes = machine.vm->ops->xsave_bytes(machine.vm);
	area = calloc(1, bytes);
	REQUIRE(area != NULL);
	MACHINE_OK(&machine, xsave, area, bytes);
	area[AREA_FEATURES] |= 4;
	memset(area + AREA_YMM, 0x77, 256);
	if (machine.vm->ops->set_xsave(machine.vm, area, bytes, &machine.error) != MOTE_OK)
		SKIP("this processor has no AVX: %s", machine.error.text);
	MACHINE_RESET(&machine);
	MACHINE_OK(&machine, xsave, area, bytes);
	if (area[AREA_FEATURES] & 4)
		CHECK_MEM(area + AREA_YMM, zeros, sizeof(zeros));
	free(area);
	machine_destroy(&machine);
}

/* Where the standard format has PKRU, which Intel and AMD place differently; 0: this processor
 * has none. */
static unsigned pkru_offset(void)
{
	unsigned eax = 0xd, ebx, ecx = 9, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return eax >= 4 ? ebx : 0;
}

/* Sets PKRU and resets; NULL, or why this machine cannot show it. */
static const char *reset_protection_keys(struct machine *machine, uint8_t *area, size_t bytes)
{
	const uint32_t denied = 0x55555554, none = 0;
	const unsigned offset = pkru_offset();

	if (offset == 0 || offset + sizeof(denied) > bytes)
		return "this processor has no protection keys";
	MACHINE_OK(machine, xsave, area, bytes);
	area[AREA_FEATURES + 1] |= 2;
	memcpy(area + offset, &denied, sizeof(denied));
	if (machine->vm->ops->set_xsave(machine->vm, area, bytes, &machine->error) != MOTE_OK)
		return "KVM keeps no protection keys";
	MACHINE_OK(machine, xsave, area, bytes);
	if (!(area[AREA_FEATURES + 1] & 2))
		return "this kernel does not show what guests are not told of";
	CHECK_MEM(area + offset, &denied, sizeof(denied));
	MACHINE_RESET(machine);
	MACHINE_OK(machine, xsave, area, bytes);
	if (area[AREA_FEATURES + 1] & 2)
		CHECK_MEM(area + offset, &none, sizeof(none));
	return NULL;
}

static void reset_clears_the_protection_keys(void)
{
	struct machine machine;
	const char *reason;
	uint8_t *area;
	size_t bytes;

	machine_make(&machine, NULL);
	bytes = machine.vm->ops->xsave_bytes(machine.vm);
	area = calloc(1, bytes);
	REQUIRE(area != NULL);
	reason = reset_protection_keys(&machine, area, bytes);
	free(area);
	machine_destroy(&machine);
	if (reason != NULL)
		SKIP("%s", reason);
}

static void reset_after_an_exception_in_the_monitor(void)
{
	struct machine machine;

	machine_make(&machine, &code_end);
	machine_expect(&machine, MOTE_EXIT_HALT);
	make_busy(&machine);
	MACHINE_RESET(&machine);
	check_power_on(&machine);
	machine_destroy(&machine);
}

static void reset_after_a_shutdown(void)
{
	struct machine machine;

	code_make_shutdown(&machine);
	machine_expect(&machine, MOTE_EXIT_SHUTDOWN);
	MACHINE_RESET(&machine);
	check_power_on(&machine);
	machine_destroy(&machine);
}

/* In the midst of a repeated instruction, which has accesses to come. */
static void reset_within_a_repeated_instruction(void)
{
	static const struct code *const codes[] = {&code_x86_64_repeat_out, &code_x86_64_repeat_in};
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
		check_power_on(&machine);
		machine_destroy(&machine);
	}
}

static void a_new_vcpu_is_in_power_on_state(void)
{
	const struct expectations *here = expected_here();
	struct state expected;
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	struct machine machine = {.error = MOTE_ERROR_INIT, .hypervisor = hypervisor};

	REQUIRE_OK(hypervisor->backend->create(hypervisor, &machine.vm, &machine.error),
		   &machine.error);
	mote_power_on(&expected.regs, &expected.sregs, &expected.fpu, &expected.debug);
	expected.sregs.cs.type = here->new_cs_type;
	expected.sregs.ss.type = here->new_ss_type;
	expected.sregs.tr.type = here->new_tr_type;
	check_state(&machine, &expected);
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
	CASE(xsave_and_fpu_are_the_same_state),
	CASE(upper_vector_halves_round_trip),
	CASE(xsave_areas_of_another_size_are_refused),
	CASE(reset_gives_every_class_its_power_on_values),
	CASE(reset_clears_the_upper_vector_halves),
	CASE(reset_clears_the_protection_keys),
	CASE(reset_after_an_exception_in_the_monitor),
	CASE(reset_after_a_shutdown),
	CASE(reset_within_a_repeated_instruction),
	CASE(a_new_vcpu_is_in_power_on_state),
};

const struct case_list extended_cases = {cases, TEST_COUNT(cases)};
