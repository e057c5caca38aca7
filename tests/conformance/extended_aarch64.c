/* SPDX-License-Identifier: Apache-2.0
 *
 * Floating point and SIMD, both ways; power on and off.  Arm ARM (DDI 0487), D1.3.4, D19.
 */
#include <string.h>

#include "code_aarch64.h"
#include "state.h"

/* FZ and round towards zero; the sticky bits and saturation. */
#define FPCR_BITS 0x01c00000u
#define FPSR_BITS 0x0800009fu

static mote_fpu patterned_fpu(uint8_t seed)
{
	mote_fpu fpu = {.fpcr = FPCR_BITS, .fpsr = FPSR_BITS};

	for (unsigned i = 0; i < sizeof(fpu.v); i++)
		((uint8_t *)fpu.v)[i] = (uint8_t)(seed + 7 * i + i / 256);
	return fpu;
}

void state_compare_fpu(const mote_fpu *fpu, const mote_fpu *expected)
{
	REQUIRE_MEM(fpu, expected, sizeof(*fpu));
}

static void check_fpu(struct machine *machine, const mote_fpu *expected)
{
	mote_fpu fpu;

	memset(&fpu, 0x55, sizeof(fpu));
	MACHINE_OK(machine, fpu, &fpu);
	state_compare_fpu(&fpu, expected);
}

static void every_bit_of_the_vector_registers_round_trips(void)
{
	struct machine machine;
	mote_fpu fpu;

	machine_make(&machine, NULL);
	for (unsigned seed = 0; seed < 8; seed++) {
		fpu = patterned_fpu((uint8_t)(37 * seed));
		MACHINE_OK(&machine, set_fpu, &fpu);
		check_fpu(&machine, &fpu);
		for (unsigned i = 0; i < sizeof(fpu.v); i++)
			((uint8_t *)fpu.v)[i] ^= 0xff;
		fpu.fpcr = fpu.fpsr = 0;
		MACHINE_OK(&machine, set_fpu, &fpu);
		check_fpu(&machine, &fpu);
	}
	machine_destroy(&machine);
}

static void point_sp(struct machine *machine, uint64_t gva)
{
	mote_regs regs = machine_regs(machine);

	regs.sp = gva;
	machine_set_regs(machine, &regs);
}

static void the_guest_has_the_fpu_that_the_host_set(void)
{
	const struct code code = code_aarch64_store_fpu();
	const mote_fpu fpu = patterned_fpu(3);
	struct machine machine;
	uint64_t control[2];

	machine_make(&machine, &code);
	point_sp(&machine, DATA_GVA);
	MACHINE_OK(&machine, set_fpu, &fpu);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_MEM(machine_host(&machine, DATA_GVA), fpu.v, sizeof(fpu.v));
	memcpy(control, machine_host(&machine, DATA_GVA + sizeof(fpu.v)), sizeof(control));
	CHECK_EQ(control[0], FPCR_BITS);
	CHECK_EQ(control[1], FPSR_BITS);
	check_fpu(&machine, &fpu);
	machine_destroy(&machine);
}

static void the_host_reads_the_fpu_that_the_guest_has(void)
{
	const struct code code = code_aarch64_load_fpu();
	mote_fpu fpu = patterned_fpu(5);
	struct machine machine;

	fpu.fpcr = fpu.fpsr = 0;
	machine_make(&machine, &code);
	point_sp(&machine, DATA_GVA);
	memcpy(machine_host(&machine, DATA_GVA), fpu.v, sizeof(fpu.v));
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	check_fpu(&machine, &fpu);
	machine_destroy(&machine);
}

/* ---- Power on and off ---------------------------------------------------------------------- */

void state_check_exception(const mote_exception_state *state, const mote_regs *regs,
			   const mote_sregs *sregs)
{
	CHECK_EQ(state->pc, regs->pc);
	CHECK_EQ(state->pstate, regs->pstate);
	CHECK_EQ(state->elr, sregs->elr);
	CHECK_EQ(state->spsr, sregs->spsr);
	CHECK_EQ(state->esr, sregs->esr);
	CHECK_EQ(state->far, sregs->far);
	CHECK_EQ(state->sp_el0, sregs->sp_el0);
}

void state_make_busy(struct state *state)
{
	state->fpu = patterned_fpu(9);
	state->debug.mdscr_el1 = MOTE_AARCH64_MDSCR_MDE;
	state->debug.bvr[0] = CODE_GVA;
	state->debug.wvr[0] = DATA_GVA;
	for (unsigned i = 0; i < TEST_COUNT(state->regs.x); i++)
		state->regs.x[i] = ~0ull - i;
	state->sregs.far = state->sregs.elr = state->sregs.tpidr_el0 = ~0ull;
	state->sregs.tpidr_el1 = state->sregs.tpidrro_el0 = ~0ull;
	state->sregs.esr = 0x56000001;
	state->sregs.contextidr = 3;
	state->sregs.ttbr1 = KERNEL_GVA;
	state->sregs.cntkctl = 3;
}

/* PSCI: SYSTEM_OFF. */
static void power_off_is_a_halt(void)
{
	/* movz w0, #8; movk w0, #0x8400, lsl #16; hvc #0; udf */
	static const struct code off =
		CODE(WORD(0x52800100u), WORD(0x72b08000u), WORD(0xd4000002u), WORD(A64_UDF));
	const struct state expected = state_power_on();
	struct machine machine;
	mote_regs regs;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	machine_put(&machine, KERNEL_GVA, &off);
	regs = machine_regs(&machine);
	sregs = machine_sregs(&machine);
	code_enter_supervisor(&regs, &sregs, KERNEL_GVA);
	machine_set_sregs(&machine, &sregs);
	machine_set_regs(&machine, &regs);
	machine_expect(&machine, MOTE_EXIT_HALT);
	MACHINE_RESET(&machine);
	state_check(&machine, &expected);
	machine_destroy(&machine);
}

/* Except what the architecture leaves unknown. */
static void a_new_vcpu_is_in_power_on_state(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	struct machine machine = {.hypervisor = hypervisor, .error = MOTE_ERROR_INIT};
	mote_regs regs, expected_regs;
	mote_fpu expected_fpu;
	mote_sregs sregs;

	REQUIRE_OK(hypervisor->backend->create(hypervisor, &machine.vm, &machine.error),
		   &machine.error);
	mote_power_on(&expected_regs, NULL, &expected_fpu, NULL);
	regs = machine_regs(&machine);
	CHECK_MEM(&regs, &expected_regs, sizeof(regs));
	check_fpu(&machine, &expected_fpu);
	sregs = machine_sregs(&machine);
	CHECK_EQ(sregs.sctlr & MOTE_AARCH64_SCTLR_M, 0);
	machine.vm->ops->destroy(machine.vm);
	hypervisor->backend->close(hypervisor);
}

static const struct test_case cases[] = {
	CASE(every_bit_of_the_vector_registers_round_trips),
	CASE(the_guest_has_the_fpu_that_the_host_set),
	CASE(the_host_reads_the_fpu_that_the_guest_has),
	CASE(power_off_is_a_halt),
	CASE(a_new_vcpu_is_in_power_on_state),
};

const struct case_list extended_cases = {cases, TEST_COUNT(cases)};

void state_clear_thread(mote_sregs *sregs)
{
	sregs->tpidr_el0 = 0;
}
