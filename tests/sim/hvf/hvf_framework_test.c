/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulated Hypervisor.framework promises to foreign programs and their own tests do not
 * look at: debug exceptions, pending interrupts, protection, and what it refuses.
 */
#include "sim/hvf/hvf_framework.h"

#include <string.h>

#include "test.h"

enum { CODE = 0x10000, VECTORS = 0x14000, DATA = 0x18000, PAGE = SIM_HVF_PAGE_BYTES };
enum { FROM_SAME_LEVEL = 0x200, OF_INTERRUPT = 0x80 };
enum { ABORT = 0x24, BREAK = 0x3c, STEP = 0x32 };

#define NOWHERE 0x40000000ull
#define VBAR SIM_SYSTEM(3, 0, 12, 0, 0)
#define STEPPING (1ull << 21) /* PSTATE.SS */

#define LET_INTERRUPTS 0xd50342ffu /* msr daifclr, #2 */
#define NOTHING 0xd503201fu	   /* nop */
#define BREAKPOINT 0xd42000e0u	   /* brk #7 */
#define ADD 0x91000400u		   /* add x0, x0, #1 */
#define LOAD 0xf9400020u	   /* ldr x0, [x1] */
#define STORE 0xf9000020u	   /* str x0, [x1] */

/* A VM with a vCPU, and a page each of code, vectors and data.  x1 points nowhere. */
static uint64_t vcpu;
static struct mote_hv_exit *last;
static uint8_t *pages;

static void set(uint32_t reg, uint64_t value)
{
	REQUIRE_EQ(hv_vcpu_set_reg(vcpu, reg, value), MOTE_HV_SUCCESS);
}

static uint64_t get(uint32_t reg)
{
	uint64_t value = 0;

	REQUIRE_EQ(hv_vcpu_get_reg(vcpu, reg, &value), MOTE_HV_SUCCESS);
	return value;
}

/* Every vector stores to nowhere. */
static void begin(void)
{
	const uint32_t store = STORE;

	REQUIRE_EQ(hv_vm_create(NULL), MOTE_HV_SUCCESS);
	REQUIRE_EQ(hv_vm_allocate((void **)&pages, 3 * PAGE, 0), MOTE_HV_SUCCESS);
	REQUIRE_EQ(hv_vm_map(pages, CODE, 3 * PAGE, 7), MOTE_HV_SUCCESS);
	for (size_t at = 0; at < 0x800; at += 0x80)
		memcpy(pages + (VECTORS - CODE) + at, &store, sizeof(store));
	REQUIRE_EQ(hv_vcpu_create(&vcpu, &last, NULL), MOTE_HV_SUCCESS);
	REQUIRE_EQ(hv_vcpu_set_sys_reg(vcpu, VBAR, VECTORS), MOTE_HV_SUCCESS);
	set(SIM_PC, CODE);
	set(1, NOWHERE);
}

static void end(void)
{
	CHECK_EQ(hv_vcpu_destroy(vcpu), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_destroy(), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_deallocate(pages, 3 * PAGE), MOTE_HV_SUCCESS);
}

static void write_code(const uint32_t *words, size_t count)
{
	memcpy(pages, words, count * sizeof(*words));
	__builtin___clear_cache((char *)pages, (char *)pages + count * sizeof(*words));
}

#define CODE_IS(...)                                                                               \
	write_code((const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

/* Runs until an exception of that class, with the program counter there. */
static void run_to(uint64_t class, uint64_t pc)
{
	REQUIRE_EQ(hv_vcpu_run(vcpu), MOTE_HV_SUCCESS);
	REQUIRE_EQ(last->reason, MOTE_HV_EXIT_EXCEPTION);
	CHECK_EQ(last->syndrome >> 26, class);
	CHECK_EQ(get(SIM_PC), pc);
}

static void breakpoints_are_the_guests_or_exits(void)
{
	begin();
	CODE_IS(NOTHING, BREAKPOINT);
	run_to(ABORT, VECTORS + FROM_SAME_LEVEL);
	CHECK_EQ(last->physical_address, NOWHERE);
	CHECK_EQ(hv_vcpu_set_trap_debug_exceptions(vcpu, true), MOTE_HV_SUCCESS);
	set(SIM_PC, CODE);
	run_to(BREAK, CODE + 4);
	CHECK_EQ(last->syndrome & 0xffff, 7);
	CHECK_EQ(hv_vcpu_set_trap_debug_exceptions(vcpu, false), MOTE_HV_SUCCESS);
	run_to(ABORT, VECTORS + FROM_SAME_LEVEL);
	end();
}

static void steps_are_exits(void)
{
	begin();
	CODE_IS(ADD, ADD, ADD, STORE);
	CHECK_EQ(hv_vcpu_set_trap_debug_exceptions(vcpu, true), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vcpu_set_sys_reg(vcpu, SIM_MDSCR, 1), MOTE_HV_SUCCESS);
	for (uint64_t i = 1; i <= 3; i++) {
		set(SIM_PSTATE, get(SIM_PSTATE) | STEPPING);
		run_to(STEP, CODE + 4 * i);
		CHECK_EQ(get(0), i);
	}
	CHECK_EQ(hv_vcpu_set_sys_reg(vcpu, SIM_MDSCR, 0), MOTE_HV_SUCCESS);
	run_to(ABORT, CODE + 12);
	end();
}

static void an_interrupt_is_pending_for_one_run(void)
{
	bool pending = false;

	begin();
	CODE_IS(LET_INTERRUPTS, NOTHING, STORE);
	CHECK_EQ(hv_vcpu_set_pending_interrupt(vcpu, SIM_HVF_IRQ, true), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vcpu_get_pending_interrupt(vcpu, SIM_HVF_IRQ, &pending), MOTE_HV_SUCCESS);
	CHECK(pending);
	run_to(ABORT, VECTORS + FROM_SAME_LEVEL + OF_INTERRUPT);
	CHECK_EQ(hv_vcpu_get_pending_interrupt(vcpu, SIM_HVF_IRQ, &pending), MOTE_HV_SUCCESS);
	CHECK(!pending);
	set(SIM_PC, CODE);
	run_to(ABORT, CODE + 8);
	CHECK_EQ(hv_vcpu_set_pending_interrupt(vcpu, SIM_HVF_LINES, true), MOTE_HV_BAD_ARGUMENT);
	end();
}

static void protection_holds_for_a_part(void)
{
	begin();
	CODE_IS(LOAD, STORE, NOTHING, NOTHING);
	set(1, DATA);
	CHECK_EQ(hv_vm_protect(DATA, PAGE, MOTE_HV_MEMORY_READ), MOTE_HV_SUCCESS);
	run_to(ABORT, CODE + 4);
	CHECK_EQ(last->physical_address, DATA);
	CHECK_EQ(hv_vm_protect(DATA, PAGE, 0), MOTE_HV_SUCCESS);
	set(SIM_PC, CODE);
	run_to(ABORT, CODE);
	CHECK_EQ(hv_vm_protect(CODE, 3 * PAGE, 7), MOTE_HV_SUCCESS);
	CODE_IS(LOAD, STORE, BREAKPOINT);
	CHECK_EQ(hv_vcpu_set_trap_debug_exceptions(vcpu, true), MOTE_HV_SUCCESS);
	run_to(BREAK, CODE + 8);
	CHECK_EQ(hv_vm_protect(CODE, 4 * PAGE, 7), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vm_protect(CODE, PAGE, 8), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vm_protect(CODE, 4096, 7), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vm_unmap(CODE, PAGE), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_protect(CODE, PAGE, 7), MOTE_HV_BAD_ARGUMENT);
	end();
}

static void a_state_that_no_processor_has_is_refused_by_the_run(void)
{
	begin();
	CODE_IS(STORE);
	set(SIM_PSTATE, 0x3cf);
	CHECK_EQ(get(SIM_PSTATE), 0x3cf);
	CHECK_EQ(hv_vcpu_run(vcpu), SIM_HVF_ILLEGAL_GUEST_STATE);
	set(SIM_PSTATE, 0x3c5);
	run_to(ABORT, CODE);
	end();
}

static void system_registers_are_those_of_the_framework(void)
{
	const uint16_t key = SIM_SYSTEM(3, 0, 2, 1, 0), compare = SIM_SYSTEM(3, 3, 14, 3, 2);
	uint64_t value = 0;

	begin();
	CHECK_EQ(hv_vcpu_set_sys_reg(vcpu, key, 0x1234), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vcpu_get_sys_reg(vcpu, key, &value), MOTE_HV_SUCCESS);
	CHECK_EQ(value, 0x1234);
	CHECK_EQ(hv_vcpu_set_sys_reg(vcpu, compare, 0x5678), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vcpu_get_sys_reg(vcpu, compare, &value), MOTE_HV_SUCCESS);
	CHECK_EQ(value, 0x5678); /* and no counter */
	/* ZCR_EL1 */
	CHECK_EQ(hv_vcpu_get_sys_reg(vcpu, SIM_SYSTEM(3, 0, 1, 2, 0), &value),
		 MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vcpu_set_sys_reg(vcpu, SIM_SYSTEM(3, 0, 1, 2, 0), 0), MOTE_HV_BAD_ARGUMENT);
	end();
}

static void a_configuration_is_of_one_kind(void)
{
	void *vm = hv_vm_config_create(), *cpu = hv_vcpu_config_create();
	uint64_t feature = 0, present = 0;
	struct mote_hv_exit *exit;

	CHECK_EQ(hv_vm_create(cpu), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vm_config_set_ipa_size(cpu, 36), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vm_config_set_ipa_size(vm, 37), MOTE_HV_SUCCESS);
	REQUIRE_EQ(hv_vm_create(vm), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vcpu_create(&vcpu, &exit, vm), MOTE_HV_BAD_ARGUMENT);
	REQUIRE_EQ(hv_vcpu_create(&vcpu, &exit, cpu), MOTE_HV_SUCCESS);
	REQUIRE_EQ(hv_vm_allocate((void **)&pages, PAGE, 0), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_map(pages, (1ull << 37) - PAGE, PAGE, 7), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_map(pages, 1ull << 37, PAGE, 7), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vcpu_config_get_feature_reg(cpu, 7, &feature), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vcpu_get_sys_reg(vcpu, SIM_SYSTEM(3, 0, 0, 4, 0), &present), MOTE_HV_SUCCESS);
	CHECK_EQ(feature, present);
	CHECK_EQ(hv_vcpu_config_get_feature_reg(cpu, 12, &feature), MOTE_HV_BAD_ARGUMENT);
	CHECK_EQ(hv_vcpu_destroy(vcpu), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_destroy(), MOTE_HV_SUCCESS);
	CHECK_EQ(hv_vm_deallocate(pages, PAGE), MOTE_HV_SUCCESS);
	os_release(vm);
	os_release(os_retain(cpu));
	os_release(cpu);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(breakpoints_are_the_guests_or_exits),
		CASE(steps_are_exits),
		CASE(an_interrupt_is_pending_for_one_run),
		CASE(protection_holds_for_a_part),
		CASE(a_state_that_no_processor_has_is_refused_by_the_run),
		CASE(system_registers_are_those_of_the_framework),
		CASE(a_configuration_is_of_one_kind),
	};

	return test_main("hvf_framework", cases, TEST_COUNT(cases), argc, argv);
}
