/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM on aarch64 as it may be on another machine: address sizes, kernels that
 * cannot report undescribed accesses, ASIDs that run out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cases_kvm.h"
#include "code_aarch64.h"
#include "hypervisor/backends/kvm/kvm.h"
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
		MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, DATA_GVA),
			   MOTE_PAGE_BYTES);
		asid = machine_sregs(&machine).ttbr0 >> MOTE_AARCH64_TTBR_ASID_SHIFT;
		CHECK(asid != before && asid < 256);
		CHECK_EQ(dropped, i / 256);
		before = asid;
		if (i % 100 == 0)
			machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
}

/* ---- The state as a block ------------------------------------------------------------------ */

static void a_state_that_cannot_be_read_is_an_error(void)
{
	static const struct {
		unsigned long request;
		const char *name;
	} failures[] = {
		{MOTE_KVM_GET_REG_LIST, "KVM_GET_REG_LIST"},
		{MOTE_KVM_GET_ONE_REG, "KVM_GET_ONE_REG"},
	};
	struct machine machine;
	size_t bytes;
	void *state;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){0});
	MACHINE_OK(&machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	for (size_t i = 0; i < TEST_COUNT(failures); i++) {
		pretence.failing = failures[i].request;
		pretence.failing_error = EIO;
		pretence.failing_times = 1;
		CHECK_STATUS(machine.vm->ops->save_state(machine.vm, state, bytes, &machine.error),
			     MOTE_HYPERVISOR, &machine.error);
		CHECK_CONTAINS(machine.error.text, failures[i].name);
	}
	free(state);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(a_kernel_without_what_is_needed_is_refused),
	CASE(missing_options_are_done_without),
	CASE(without_nisv_an_undescribed_access_is_an_unknown_exit),
	CASE(a_debug_exit_carries_esr_and_far),
	CASE(every_change_of_tables_has_a_new_asid),
	CASE(a_state_that_cannot_be_read_is_an_error),
};

const struct case_list kvm_arch_cases = {cases, TEST_COUNT(cases)};
