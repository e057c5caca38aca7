/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM on x86_64 as it may be on another machine: CPUID, quirks, capabilities.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cases_kvm.h"
#include "code_x86_64.h"
#include "hypervisor/backends/kvm/kvm.h"
#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"
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
			CHECK_EQ(mote_kvm_xsave_bytes(machine.vm), MOTE_KVM_X86_XSAVE_BYTES);
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

/* Offsets in the standard format. */
enum { AREA_FEATURES = 512, AREA_YMM = 576, AREA_BYTES = 65536 };

static uint8_t area[AREA_BYTES];

static void read_area(struct machine *machine)
{
	REQUIRE(mote_kvm_xsave_bytes(machine->vm) <= sizeof(area));
	REQUIRE_OK(mote_kvm_get_xsave((struct mote_kvm_vm *)machine->vm, area, &machine->error),
		   &machine->error);
}

static bool write_area(struct machine *machine)
{
	return mote_kvm_put_xsave((struct mote_kvm_vm *)machine->vm, area, &machine->error) ==
	       MOTE_OK;
}

/* A machine whose upper vector halves hold a pattern. */
static void make_with_upper_halves(struct machine *machine)
{
	test_need_hypervisor();
	machine_make(machine, NULL);
	read_area(machine);
	area[AREA_FEATURES] |= 4;
	for (unsigned i = 0; i < 256; i++)
		area[AREA_YMM + i] = (uint8_t)(i + 1);
	if (!write_area(machine))
		MACHINE_SKIP(machine, "this processor has no AVX");
}

static void fpu_has_the_upper_vector_halves(void)
{
	struct machine machine;
	mote_fpu fpu;

	make_with_upper_halves(&machine);
	MACHINE_OK(&machine, fpu, &fpu);
	CHECK_MEM(fpu.ymm_high, area + AREA_YMM, sizeof(fpu.ymm_high));
	fpu.ymm_high[15][15] = 0x77;
	MACHINE_OK(&machine, set_fpu, &fpu);
	read_area(&machine);
	CHECK_EQ(area[AREA_FEATURES] & 4, 4);
	CHECK_MEM(area + AREA_YMM, fpu.ymm_high, sizeof(fpu.ymm_high));
	machine_destroy(&machine);
}

static void the_state_has_the_upper_vector_halves(void)
{
	uint8_t before[256];
	struct machine machine, other;
	size_t bytes;
	void *state;

	make_with_upper_halves(&machine);
	memcpy(before, area + AREA_YMM, sizeof(before));
	MACHINE_OK(&machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	MACHINE_OK(&machine, save_state, state, bytes);
	machine_make(&other, NULL);
	MACHINE_OK(&other, load_state, state, bytes);
	memset(area, 0, sizeof(area));
	read_area(&other);
	CHECK_MEM(area + AREA_YMM, before, sizeof(before));
	free(state);
	machine_destroy(&machine);
	machine_destroy(&other);
}

static void reset_clears_the_upper_vector_halves(void)
{
	static const uint8_t zeros[256];
	struct machine machine;

	make_with_upper_halves(&machine);
	MACHINE_RESET(&machine);
	read_area(&machine);
	if (area[AREA_FEATURES] & 4)
		CHECK_MEM(area + AREA_YMM, zeros, sizeof(zeros));
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

/* Lets the guest use protection keys; false: KVM has none for it. */
static bool enable_protection_keys(struct machine *machine)
{
	const uint64_t pke = 1 << 22;
	mote_sregs sregs = machine_sregs(machine);
	mote_error error = MOTE_ERROR_INIT;

	sregs.cr4 |= pke;
	return machine->vm->ops->set_sregs(machine->vm, &sregs, &error) == MOTE_OK;
}

/* Tells the guest of all that KVM offers, protection keys too, which mote hides. */
static bool tell_of_everything(struct machine *machine)
{
	enum { ENTRIES = 256 };
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)machine->vm;
	struct mote_kvm_x86_cpuid *table;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status = MOTE_HYPERVISOR;

	table = calloc(1, sizeof(*table) + ENTRIES * sizeof(table->entries[0]));
	REQUIRE(table != NULL);
	table->nent = ENTRIES;
	if (mote_kvm_ioctl(vm->kvm, vm->kvm->fd, MOTE_KVM_GET_SUPPORTED_CPUID, table) >= 0)
		status =
			mote_kvm_vcpu_set(vm, MOTE_KVM_SET_CPUID2, table, "KVM_SET_CPUID2", &error);
	free(table);
	return status == MOTE_OK && enable_protection_keys(machine);
}

/* Sets PKRU and resets; NULL, or why this machine cannot show it. */
static const char *reset_protection_keys(struct machine *machine)
{
	const uint32_t denied = 0x55555554, none = 0;
	const unsigned offset = pkru_offset();

	if (offset == 0 || offset + sizeof(denied) > mote_kvm_xsave_bytes(machine->vm))
		return "this processor has no protection keys";
	if (!tell_of_everything(machine))
		return "no guest on this machine has protection keys";
	read_area(machine);
	area[AREA_FEATURES + 1] |= 2;
	memcpy(area + offset, &denied, sizeof(denied));
	if (!write_area(machine))
		return "KVM keeps no protection keys";
	read_area(machine);
	if (!(area[AREA_FEATURES + 1] & 2))
		return "this kernel does not show what guests are not told of";
	CHECK_MEM(area + offset, &denied, sizeof(denied));
	MACHINE_RESET(machine);
	read_area(machine);
	if (area[AREA_FEATURES + 1] & 2)
		CHECK_MEM(area + offset, &none, sizeof(none));
	return NULL;
}

static void reset_clears_the_protection_keys(void)
{
	struct machine machine;
	const char *reason;

	test_need_hypervisor();
	machine_make(&machine, NULL);
	reason = reset_protection_keys(&machine);
	machine_destroy(&machine);
	if (reason != NULL)
		SKIP("%s", reason);
}

/* What the guest has in PKRU. */
static uint64_t read_pkru(struct machine *machine)
{
	machine_expect(machine, MOTE_EXIT_IO_OUT);
	return machine_regs(machine).rax;
}

/* A KVM before 6.2 leaves it unless the area says that it is 0. */
static void protection_keys_come_back(void)
{
	/* 1: xor %ecx, %ecx; rdpkru; out; jmp 1b */
	static const struct code code = {
		.bytes = {0x31, 0xc9, 0x0f, 0x01, 0xee, 0xe7, CODE_PORT, 0xeb, 0xf7},
		.length = 9,
	};
	const uint32_t denied = 0x55555554;
	const unsigned offset = pkru_offset();
	struct machine machine;
	size_t bytes;
	void *state;

	test_need_hypervisor();
	machine_make(&machine, &code);
	/* Before the guest is told: KVM shows no keys in the state, as for any guest of mote's. */
	MACHINE_OK(&machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	MACHINE_OK(&machine, save_state, state, bytes);
	if (offset == 0 || offset + sizeof(denied) > mote_kvm_xsave_bytes(machine.vm) ||
	    !tell_of_everything(&machine)) {
		free(state);
		MACHINE_SKIP(&machine, "no guest on this machine has protection keys");
	}
	CHECK_EQ(read_pkru(&machine), 0);
	for (unsigned i = 0; i < 4; i++) {
		read_area(&machine);
		area[AREA_FEATURES + 1] |= 2;
		memcpy(area + offset, &denied, sizeof(denied));
		REQUIRE(write_area(&machine));
		CHECK_EQ(read_pkru(&machine), denied);
		if (i % 2)
			MACHINE_OK(&machine, load_state, state, bytes);
		else
			MACHINE_OK(&machine, load_user_state, state, bytes, NULL);
		REQUIRE(enable_protection_keys(&machine));
		CHECK_EQ(read_pkru(&machine), 0);
	}
	free(state);
	machine_destroy(&machine);
}

/* A pending exception or interrupt would otherwise reach the next guest, or get lost. */
static void the_state_has_what_is_pending(void)
{
	enum { NMI_PENDING = 13, FLAGS = 20, VALID_NMI_PENDING = 1 };
	struct mote_kvm_x86_vcpu_events events = {{0}}, found;
	struct machine machine, other;
	size_t bytes;
	void *state;

	test_need_hypervisor();
	machine_make(&machine, NULL);
	machine_make(&other, NULL);
	events.bytes[NMI_PENDING] = 1;
	events.bytes[FLAGS] = VALID_NMI_PENDING;
	REQUIRE_OK(mote_kvm_vcpu_set((struct mote_kvm_vm *)machine.vm, MOTE_KVM_SET_VCPU_EVENTS,
				     &events, "KVM_SET_VCPU_EVENTS", &machine.error),
		   &machine.error);
	MACHINE_OK(&machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	MACHINE_OK(&machine, save_state, state, bytes);
	MACHINE_OK(&other, load_state, state, bytes);
	REQUIRE_OK(mote_kvm_vcpu_get((struct mote_kvm_vm *)other.vm, MOTE_KVM_GET_VCPU_EVENTS,
				     &found, "KVM_GET_VCPU_EVENTS", &other.error),
		   &other.error);
	CHECK_EQ(found.bytes[NMI_PENDING], 1);
	free(state);
	machine_destroy(&machine);
	machine_destroy(&other);
}

/* A doorbell that retires with the trap flag set leaves one: the snapshot has it. */
static void an_exception_comes_with_user_state(void)
{
	enum { INJECTED = 0, NUMBER = 1, UNDEFINED = 6 };
	struct mote_kvm_x86_vcpu_events events = {{0}};
	struct machine machine;
	size_t bytes;
	void *state;

	test_need_hypervisor();
	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_regs(&machine);
	events.bytes[INJECTED] = 1;
	events.bytes[NUMBER] = UNDEFINED;
	REQUIRE_OK(mote_kvm_vcpu_set((struct mote_kvm_vm *)machine.vm, MOTE_KVM_SET_VCPU_EVENTS,
				     &events, "KVM_SET_VCPU_EVENTS", &machine.error),
		   &machine.error);
	MACHINE_OK(&machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	MACHINE_OK(&machine, save_state, state, bytes);
	for (unsigned i = 0; i < 3; i++) {
		MACHINE_OK(&machine, load_user_state, state, bytes, NULL);
		machine_expect_exception(&machine);
	}
	free(state);
	machine_destroy(&machine);
}

/* The rest of an instruction that makes two accesses is forgotten: the next one is its first. */
static void user_state_follows_a_stashed_exit(void)
{
	struct mote_vm_exit exit;
	struct machine machine;
	mote_regs regs, now;
	size_t bytes;
	void *state;

	test_need_hypervisor();
	machine_make(&machine, &code_x86_64_split_load);
	regs = machine_regs(&machine);
	MACHINE_OK(&machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	MACHINE_OK(&machine, save_state, state, bytes);
	for (unsigned i = 0; i < 4; i++) {
		exit = machine_expect(&machine, MOTE_EXIT_MMIO_READ);
		CHECK_EQ(exit.as.mmio.gpa, machine_gpa(&machine, OUTSIDE_GVA + 0xffc));
		machine_regs(&machine);
		CHECK_EQ(((struct mote_kvm_vm *)machine.vm)->pending, MOTE_KVM_EXIT_STASHED);
		MACHINE_OK(&machine, load_user_state, state, bytes, NULL);
		if (i % 2) {
			now = machine_regs(&machine);
			CHECK_MEM(&now, &regs, sizeof(now));
		}
	}
	free(state);
	machine_destroy(&machine);
}

static void make_compacted(uint8_t *read)
{
	read[XSAVE_BV + 15] = 0x80; /* XCOMP_BV, bit 63 */
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
	CASE(fpu_has_the_upper_vector_halves),
	CASE(the_state_has_the_upper_vector_halves),
	CASE(reset_clears_the_upper_vector_halves),
	CASE(reset_clears_the_protection_keys),
	CASE(protection_keys_come_back),
	CASE(the_state_has_what_is_pending),
	CASE(an_exception_comes_with_user_state),
	CASE(user_state_follows_a_stashed_exit),
	CASE(an_area_in_another_format_is_refused),
};

const struct case_list kvm_arch_cases = {cases, TEST_COUNT(cases)};
