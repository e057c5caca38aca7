/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM on aarch64 as it may be on another machine: address sizes, kernels that
 * cannot report undescribed accesses, ASIDs that run out.
 */
#include <errno.h>

#include "cases_kvm.h"
#include "code_aarch64.h"
#include "hypervisor/backends/kvm/kvm.h"
#include "pretended_kvm.h"

static void a_kernel_without_what_is_needed_is_refused(void)
{
	static const int needed[] = {
		MOTE_KVM_CAP_USER_MEMORY,
		MOTE_KVM_CAP_IMMEDIATE_EXIT,
		MOTE_KVM_CAP_ARM_PSCI_0_2,
	};

	test_need_kvm();
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

	test_need_kvm();
	for (size_t i = 0; i < TEST_COUNT(options); i++) {
		make_pretended(&machine, (struct pretence){.missing_capability = options[i]});
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		MACHINE_RESET(&machine);
		mote_backend_kvm.capabilities(machine.hypervisor, &capabilities);
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

	test_need_kvm();
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

static int counting_protect(const struct mote_kvm_system *system, void *address, size_t bytes,
			    bool writable)
{
	(void)system;
	dropped += writable;
	return kvm_real_system()->protect(kvm_real_system(), address, bytes, writable);
}

/* Every change of the tables takes a new ASID; when there is none left, everything is flushed. */
static void every_change_of_tables_has_a_new_asid(void)
{
	struct mote_kvm_system system = pretended_kvm;
	struct machine machine;
	uint64_t asid, before = 0;

	test_need_kvm();
	pretence = (struct pretence){0};
	system.protect = counting_protect;
	dropped = 0;
	machine_make_with(&machine, &code_doorbell_loop, &system);
	for (unsigned i = 1; i <= 600; i++) {
		MACHINE_OK(&machine, invalidate_translations, DATA_GVA, MOTE_PAGE_BYTES);
		asid = machine_sregs(&machine).ttbr0 >> MOTE_AARCH64_TTBR_ASID_SHIFT;
		CHECK(asid != before && asid < 256);
		CHECK_EQ(dropped, i / 256);
		before = asid;
		if (i % 100 == 0)
			machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(a_kernel_without_what_is_needed_is_refused),
	CASE(missing_options_are_done_without),
	CASE(without_nisv_an_undescribed_access_is_an_unknown_exit),
	CASE(a_debug_exit_carries_esr_and_far),
	CASE(every_change_of_tables_has_a_new_asid),
};

const struct case_list kvm_arch_cases = {cases, TEST_COUNT(cases)};
