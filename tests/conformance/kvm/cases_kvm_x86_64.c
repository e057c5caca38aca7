/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM on x86_64 as it may be on another machine: CPUID, quirks, capabilities.
 */
#include <errno.h>
#include <string.h>

#include "cases_kvm.h"
#include "hypervisor/backends/kvm/kvm.h"
#include "pretended_kvm.h"

const char kvm_arch_remedy[] = "load the kernel module (modprobe kvm_intel or kvm_amd)";

static void a_kernel_without_what_is_needed_is_refused(void)
{
	static const int needed[] = {
		MOTE_KVM_CAP_USER_MEMORY, MOTE_KVM_CAP_IMMEDIATE_EXIT, MOTE_KVM_CAP_XSAVE,
		MOTE_KVM_CAP_XCRS,	  MOTE_KVM_CAP_DEBUGREGS,
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
		MOTE_KVM_CAP_XSAVE2,
		MOTE_KVM_CAP_DISABLE_QUIRKS2,
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
		if (options[i] == MOTE_KVM_CAP_XSAVE2)
			CHECK_EQ(machine.vm->ops->xsave_bytes(machine.vm),
				 MOTE_KVM_X86_XSAVE_BYTES);
		machine_destroy(&machine);
	}
}

static uint32_t cpuid_entries; /* that were asked for last */

static void note_entries(unsigned long request, const void *argument)
{
	if (request == MOTE_KVM_GET_SUPPORTED_CPUID)
		cpuid_entries = ((const struct mote_kvm_x86_cpuid *)argument)->nent;
}

static void a_large_cpuid_table_is_asked_for_again(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.failing = MOTE_KVM_GET_SUPPORTED_CPUID,
						   .failing_error = E2BIG,
						   .failing_times = 2,
						   .watch = note_entries});
	CHECK(cpuid_entries >= 256);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
	/* But not for ever. */
	pretence = (struct pretence){.failing = MOTE_KVM_GET_SUPPORTED_CPUID,
				     .failing_error = E2BIG,
				     .failing_times = 1000};
	CHECK_STATUS(pretended_open(&error), MOTE_HYPERVISOR, &error);
	CHECK_CONTAINS(error.text, "KVM_GET_SUPPORTED_CPUID");
}

static struct mote_kvm_x86_cpuid_entry offered_entries[256];
static uint32_t offered_count;
static bool same_entries; /* in the table that the vCPU got */

static void note_offer(struct mote_kvm_x86_cpuid *table)
{
	REQUIRE(table->nent <= TEST_COUNT(offered_entries));
	offered_count = table->nent;
	memcpy(offered_entries, table->entries, table->nent * sizeof(table->entries[0]));
}

static bool was_offered(const struct mote_kvm_x86_cpuid_entry *entry)
{
	for (uint32_t i = 0; i < offered_count; i++) {
		const struct mote_kvm_x86_cpuid_entry *offered = &offered_entries[i];

		if (offered->function == entry->function && offered->index == entry->index)
			return offered->flags == entry->flags &&
			       (entry->eax & ~offered->eax) == 0 &&
			       (entry->ebx & ~offered->ebx) == 0 &&
			       (entry->ecx & ~offered->ecx) == 0 &&
			       (entry->edx & ~offered->edx) == 0;
	}
	return false;
}

static void note_table(unsigned long request, const void *argument)
{
	const struct mote_kvm_x86_cpuid *table = argument;

	if (request != MOTE_KVM_SET_CPUID2)
		return;
	same_entries = table->nent > 0 && table->nent < offered_count;
	for (uint32_t i = 0; i < table->nent; i++)
		same_entries = same_entries && was_offered(&table->entries[i]);
}

static void the_guest_gets_a_part_of_what_kvm_offers(void)
{
	struct machine machine;

	test_need_hypervisor();
	same_entries = false;
	make_pretended(&machine, (struct pretence){.watch = note_table, .edit_cpuid = note_offer});
	CHECK(same_entries);
	machine_destroy(&machine);
}

static void debug_event(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_DEBUG;
	run->as.debug.dr6 = 0xffff4ff1;
	run->as.debug.exception = 1;
}

static void a_debug_exit_carries_dr6_and_the_vector(void)
{
	struct mote_vm_exit exit = run_pretended(debug_event);

	CHECK_EQ(exit.kind, MOTE_EXIT_DEBUG);
	CHECK_EQ(exit.as.debug.dr6, 0xffff4ff1);
	CHECK_EQ(exit.as.debug.exception, 1);
}

/*
 * KVM would replace a hypercall instruction by that of the other vendor, which shows as a page
 * fault on code that nobody may write.
 */
static void guest_memory_is_never_patched(void)
{
	static const struct code hypercalls[] = {
		{.bytes = {0x0f, 0x01, 0xc1, 0x0f, 0x0b}, .length = 5}, /* vmcall */
		{.bytes = {0x0f, 0x01, 0xd9, 0x0f, 0x0b}, .length = 5}, /* vmmcall */
	};
	struct mote_exception exception;
	struct machine machine;

	for (size_t i = 0; i < TEST_COUNT(hypercalls); i++) {
		machine_make(&machine, &hypercalls[i]);
		exception = machine_expect_exception(&machine);
		CHECK(exception.kind != MOTE_FAULT_MEMORY);
		CHECK_MEM(machine_host(&machine, CODE_GVA), hypercalls[i].bytes, 5);
		machine_destroy(&machine);
	}
}

static bool has_hypercall_quirk(void)
{
	const struct mote_linux_device *device = kvm_real_device();
	int fd = device->open(device, "/dev/kvm");
	int value = device->ioctl(device, fd, MOTE_KVM_CHECK_EXTENSION,
				  (void *)(uintptr_t)MOTE_KVM_CAP_DISABLE_QUIRKS2);

	device->close(device, fd);
	return value > 0 && (value & MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
}

static uint64_t quirks_off; /* what was asked for */

static void note_quirks(unsigned long request, const void *argument)
{
	const struct mote_kvm_enable_cap *enable = argument;

	if (request == MOTE_KVM_ENABLE_CAP && enable->cap == MOTE_KVM_CAP_DISABLE_QUIRKS2)
		quirks_off |= enable->args[0];
}

static void the_patching_of_hypercalls_is_turned_off(void)
{
	struct machine machine;

	test_need_hypervisor();
	if (!has_hypercall_quirk())
		SKIP("this kernel cannot turn it off");
	quirks_off = 0;
	make_pretended(&machine, (struct pretence){.watch = note_quirks});
	CHECK_EQ(quirks_off, MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
	machine_destroy(&machine);
}

/* ---- PKRU --------------------------------------------------------------------------------- */

enum { XSAVE_BV = 512, PKRU = 1 << 9 };

static bool real_pkru;	/* the real KVM keeps it */
static bool offer;	/* the pretended one does */
static uint64_t marked; /* the components of any KVM_SET_XSAVE */

static void offer_pkru(struct mote_kvm_x86_cpuid *table)
{
	for (uint32_t i = 0; i < table->nent; i++) {
		struct mote_kvm_x86_cpuid_entry *entry = &table->entries[i];

		if (entry->function != 0xd || entry->index != 0)
			continue;
		real_pkru = entry->eax & PKRU;
		entry->eax = offer ? entry->eax | PKRU : entry->eax & ~(uint32_t)PKRU;
	}
}

/* A KVM that does not keep it would refuse the mark. */
static void note_components(unsigned long request, const void *argument)
{
	uint8_t *area = (uint8_t *)(uintptr_t)argument;
	uint64_t passed;

	if (request != MOTE_KVM_SET_XSAVE)
		return;
	memcpy(&passed, area + XSAVE_BV, sizeof(passed));
	marked |= passed;
	if (!real_pkru)
		passed &= ~(uint64_t)PKRU;
	memcpy(area + XSAVE_BV, &passed, sizeof(passed));
}

/* A kernel before 6.2 keeps what PKRU was unless the area says that it is 0. */
static void reset_marks_pkru_where_kvm_keeps_it(void)
{
	struct machine machine;

	test_need_hypervisor();
	for (int i = 0; i < 2; i++) {
		offer = i == 1;
		make_pretended(&machine, (struct pretence){.watch = note_components,
							   .edit_cpuid = offer_pkru});
		marked = 0;
		MACHINE_RESET(&machine);
		CHECK_EQ((marked & PKRU) != 0, offer);
		machine_destroy(&machine);
	}
}

/* ---- The XSAVE area ------------------------------------------------------------------------ */

static void make_compacted(uint8_t *area)
{
	area[XSAVE_BV + 15] = 0x80; /* XCOMP_BV, bit 63 */
}

static void an_area_in_another_format_is_refused(void)
{
	mote_fpu fpu, before;
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.edit_xsave = make_compacted});
	memset(&fpu, 0x5a, sizeof(fpu));
	before = fpu;
	CHECK_STATUS(machine.vm->ops->fpu(machine.vm, &fpu, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "standard format");
	CHECK_MEM(&fpu, &before, sizeof(fpu));
	CHECK_STATUS(machine.vm->ops->set_fpu(machine.vm, &fpu, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "standard format");
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(a_kernel_without_what_is_needed_is_refused),
	CASE(missing_options_are_done_without),
	CASE(a_large_cpuid_table_is_asked_for_again),
	CASE(the_guest_gets_a_part_of_what_kvm_offers),
	CASE(a_debug_exit_carries_dr6_and_the_vector),
	CASE(the_patching_of_hypercalls_is_turned_off),
	CASE(guest_memory_is_never_patched),
	CASE(reset_marks_pkru_where_kvm_keeps_it),
	CASE(an_area_in_another_format_is_refused),
};

const struct case_list kvm_arch_cases = {cases, TEST_COUNT(cases)};
