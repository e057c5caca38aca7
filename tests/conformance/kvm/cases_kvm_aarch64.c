/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM on aarch64 as it may be on another machine: address sizes, kernels that
 * cannot report undescribed accesses, ASIDs that run out.
 */
#include <errno.h>
#include <string.h>

#include "cases_kvm.h"
#include "code_aarch64.h"
#include "hypervisor/backends/kvm/kvm.h"
#include "hypervisor/backends/kvm/kvm_aarch64_state.h"
#include "pretended_kvm.h"

const char kvm_arch_remedy[] = "boot a kernel with CONFIG_KVM at EL2";

static void a_kernel_without_what_is_needed_is_refused(void)
{
	static const int needed[] = {
		MOTE_KVM_CAP_USER_MEMORY,
		MOTE_KVM_CAP_IMMEDIATE_EXIT,
		MOTE_KVM_CAP_ARM_PSCI_0_2,
	};

	test_need_hypervisor();
	for (size_t i = 0; i < TEST_COUNT(needed); i++)
		check_refusal((struct pretence){.missing_capability = needed[i]},
			      MOTE_NO_HYPERVISOR, "too old");
}

static void missing_options_are_done_without(void)
{
	static const int options[] = {
		MOTE_KVM_CAP_NR_MEMSLOTS,
		MOTE_KVM_CAP_READONLY_MEM,
		MOTE_KVM_CAP_ARM_VM_IPA_SIZE,
		MOTE_KVM_CAP_ARM_NISV_TO_USER,
	};
	struct mote_capabilities capabilities;
	struct machine machine;

	test_need_hypervisor();
	for (size_t i = 0; i < TEST_COUNT(options); i++) {
		make_pretended(&machine, (struct pretence){.missing_capability = options[i]});
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		MACHINE_RESET(&machine);
		capabilities = machine.hypervisor->capabilities;
		CHECK(capabilities.slots >= 2);
		CHECK(capabilities.read_only_slots != (options[i] == MOTE_KVM_CAP_READONLY_MEM));
		CHECK_EQ(capabilities.address_bits, 40);
		machine_destroy(&machine);
	}
}

/* KVM_RUN fails with ENOSYS there. */
static void without_nisv_an_undescribed_access_is_an_unknown_exit(void)
{
	struct mote_vm_exit exit;
	struct machine machine;
	mote_regs regs;

	test_need_hypervisor();
	make_pretended(&machine,
		       (struct pretence){.missing_capability = MOTE_KVM_CAP_ARM_NISV_TO_USER});
	/* stp x0, x1, [x2]; udf */
	machine_put(&machine, CODE_GVA, &(struct code)CODE(WORD(0xa9000440u), WORD(A64_UDF)));
	regs = machine_regs(&machine);
	regs.x[2] = OUTSIDE_GVA;
	machine_set_regs(&machine, &regs);
	exit = machine_expect(&machine, MOTE_EXIT_UNKNOWN);
	CHECK_CONTAINS(exit.as.text, "cannot decode");
	CHECK_EQ(machine_regs(&machine).pc, CODE_GVA);
	machine_destroy(&machine);
}

static void debug_event(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_DEBUG;
	run->as.arm_debug.hsr = 0xca000022;
	run->as.arm_debug.far = 0x1234567890;
}

static void a_debug_exit_carries_esr_and_far(void)
{
	struct mote_vm_exit exit = run_pretended(debug_event);

	CHECK_EQ(exit.kind, MOTE_EXIT_DEBUG);
	CHECK_EQ(exit.as.debug.esr, 0xca000022);
	CHECK_EQ(exit.as.debug.far, 0x1234567890);
}

static unsigned dropped; /* times that memory was taken from KVM and given back */

static int counting_protect(const struct mote_linux_device *device, void *address, size_t bytes,
			    bool writable)
{
	(void)device;
	dropped += writable;
	return kvm_real_device()->protect(kvm_real_device(), address, bytes, writable);
}

/* Every change of the tables takes a new ASID; when there is none left, everything is flushed. */
static void every_change_of_tables_has_a_new_asid(void)
{
	struct mote_linux_device device = pretended_kvm;
	const struct mote_system *const systems[] = {&device.base, NULL};
	struct machine machine;
	uint64_t asid, before = 0;

	test_need_hypervisor();
	pretence = (struct pretence){0};
	device.protect = counting_protect;
	dropped = 0;
	machine_make_with(&machine, &code_doorbell_loop, systems);
	for (unsigned i = 1; i <= 600; i++) {
		MACHINE_OK(&machine, invalidate_translations, GPA(DATA_GVA), MOTE_PAGE_BYTES);
		asid = machine_sregs(&machine).ttbr0 >> MOTE_AARCH64_TTBR_ASID_SHIFT;
		CHECK(asid != before && asid < 256);
		CHECK_EQ(dropped, i / 256);
		before = asid;
		if (i % 100 == 0)
			machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
}

/* ---- All that KVM knows -------------------------------------------------------------------- */

/* Counters that go on by themselves may differ: CNTVCT_EL0, CNTPCT_EL0 (CRn 14). */
static bool is_counter(uint64_t id)
{
	return (id & 0xffff0000u) == MOTE_KVM_REG_ARM64_SYSREG && (id >> 7 & 15) == 14;
}

static void check_same_state(const struct mote_kvm_state *state,
			     const struct mote_kvm_state *expected)
{
	REQUIRE_EQ(state->count, expected->count);
	for (size_t i = 0; i < state->count; i++) {
		size_t end = i + 1 < state->count ? state->registers[i + 1].offset : state->bytes;
		size_t offset = state->registers[i].offset;

		CHECK_EQ(state->registers[i].id, expected->registers[i].id);
		if (!is_counter(state->registers[i].id) &&
		    !CHECK_MEM(state->values + offset, expected->values + offset, end - offset))
			test_note("in register 0x%llx", (unsigned long long)state->registers[i].id);
	}
}

/* The vCPU runs with other values everywhere, and has the old ones back. */
static void all_registers_are_saved_and_restored(void)
{
	const struct code code = code_aarch64_store_registers();
	struct mote_kvm_state state, again;
	struct machine machine;
	mote_regs regs, busy;
	mote_sregs sregs;
	mote_fpu fpu = {.v = {{1, 2, 3}}, .fpcr = 1u << 22};

	test_need_hypervisor();
	machine_make(&machine, &code);
	regs = machine_regs(&machine);
	regs.sp = DATA_GVA;
	regs.x[5] = 0x1122334455667788;
	machine_set_regs(&machine, &regs);
	MACHINE_OK(&machine, set_fpu, &fpu);
	REQUIRE_OK(mote_kvm_state_save(machine.vm, &state, &machine.error), &machine.error);
	CHECK(state.count > 100);

	busy = regs;
	busy.x[5] = 0;
	sregs = machine_sregs(&machine);
	sregs.tpidr_el0 = sregs.far = 0x77;
	memset(&fpu, 0x5a, sizeof(fpu.v));
	machine_set_regs(&machine, &busy);
	machine_set_sregs(&machine, &sregs);
	MACHINE_OK(&machine, set_fpu, &fpu);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);

	/* The doorbell that is pending must not touch what is restored. */
	REQUIRE_OK(mote_kvm_state_restore(machine.vm, &state, &machine.error), &machine.error);
	REQUIRE_OK(mote_kvm_state_save(machine.vm, &again, &machine.error), &machine.error);
	REQUIRE_EQ(again.bytes, state.bytes);
	check_same_state(&again, &state);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(((uint64_t *)machine_host(&machine, DATA_GVA))[5], regs.x[5]);
	mote_kvm_state_free(machine.vm, &state);
	mote_kvm_state_free(machine.vm, &again);
	machine_destroy(&machine);
}

/* A state moves to another vCPU. */
static void a_saved_state_starts_another_vcpu(void)
{
	struct machine machine, other;
	struct mote_kvm_state state;

	test_need_hypervisor();
	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	REQUIRE_OK(mote_kvm_state_save(machine.vm, &state, &machine.error), &machine.error);
	machine_make(&other, &code_doorbell_loop);
	MACHINE_RESET(&other);
	REQUIRE_OK(mote_kvm_state_restore(other.vm, &state, &other.error), &other.error);
	CHECK_EQ(machine_regs(&other).pc, machine_regs(&machine).pc);
	machine_expect(&other, MOTE_EXIT_IO_OUT);
	mote_kvm_state_free(machine.vm, &state);
	machine_destroy(&machine);
	machine_destroy(&other);
}

/* Zeros are not written into registers of a new vCPU, which are 0 already: no longer so then. */
static void a_restored_vcpu_is_not_new_any_more(void)
{
	struct machine machine = {.hypervisor = NULL}, other;
	struct mote_kvm_state state;
	mote_regs regs, zeros, after;

	test_need_hypervisor();
	machine_make(&other, &code_doorbell_loop);
	regs = machine_regs(&other);
	regs.x[7] = 77;
	machine_set_regs(&other, &regs);
	REQUIRE_OK(mote_kvm_state_save(other.vm, &state, &other.error), &other.error);
	machine.error = (mote_error)MOTE_ERROR_INIT;
	REQUIRE_OK(other.hypervisor->backend->create(other.hypervisor, &machine.vm, &machine.error),
		   &machine.error);
	REQUIRE_OK(mote_kvm_state_restore(machine.vm, &state, &machine.error), &machine.error);
	mote_power_on(&zeros, NULL, NULL, NULL);
	machine_set_regs(&machine, &zeros);
	after = machine_regs(&machine);
	CHECK_MEM(&after, &zeros, sizeof(after));
	mote_kvm_state_free(machine.vm, &state);
	machine.vm->ops->destroy(machine.vm);
	machine_destroy(&other);
}

static void a_state_that_cannot_be_read_leaves_nothing(void)
{
	struct mote_kvm_state state = {.count = 7};
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){0});
	pretence.failing = MOTE_KVM_GET_REG_LIST;
	pretence.failing_error = EIO;
	pretence.failing_times = 1;
	CHECK_STATUS(mote_kvm_state_save(machine.vm, &state, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "KVM_GET_REG_LIST");
	pretence.failing = MOTE_KVM_GET_ONE_REG;
	pretence.failing_times = 1;
	CHECK_STATUS(mote_kvm_state_save(machine.vm, &state, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "KVM_GET_ONE_REG");
	CHECK_EQ(state.count, 7);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(a_kernel_without_what_is_needed_is_refused),
	CASE(missing_options_are_done_without),
	CASE(without_nisv_an_undescribed_access_is_an_unknown_exit),
	CASE(a_debug_exit_carries_esr_and_far),
	CASE(every_change_of_tables_has_a_new_asid),
	CASE(all_registers_are_saved_and_restored),
	CASE(a_saved_state_starts_another_vcpu),
	CASE(a_restored_vcpu_is_not_new_any_more),
	CASE(a_state_that_cannot_be_read_leaves_nothing),
};

const struct case_list kvm_arch_cases = {cases, TEST_COUNT(cases)};
