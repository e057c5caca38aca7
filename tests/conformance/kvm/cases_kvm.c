/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM as it may be on another machine: missing, forbidden, busy, old, or with
 * exits that guest code cannot cause here.
 */
#include "cases_kvm.h"

#include <errno.h>
#include <string.h>

#include "allocator.h"
#include "hypervisor/backends/kvm/kvm.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
#include "machine.h"

/* How the KVM that the table pretends differs from the real one. */
static struct pretence {
	int open_error;
	int version; /* 0: the real one */
	int create_error;
	unsigned create_errors; /* how many times it comes */
	int run_error;
	int missing_capability; /* 0: none */
	int cpuid_error;
	unsigned cpuid_errors;			/* how many times it comes */
	uint32_t cpuid_entries;			/* of the last attempt */
	uint64_t quirks_off;			/* what was asked for */
	void (*exit)(struct mote_kvm_run *run); /* instead of a run */
	struct mote_kvm_run *run;
} pretence;

static int pretend_open(const struct mote_kvm_system *system, const char *path)
{
	(void)system;
	CHECK_STR(path, "/dev/kvm");
	return pretence.open_error != 0 ? -pretence.open_error
					: kvm_real_system()->open(kvm_real_system(), path);
}

static int pretend_close(const struct mote_kvm_system *system, int fd)
{
	(void)system;
	return kvm_real_system()->close(kvm_real_system(), fd);
}

static bool comes(unsigned *times)
{
	return *times > 0 && (*times)-- > 0;
}

static int pretend_ioctl(const struct mote_kvm_system *system, int fd, unsigned long request,
			 void *argument)
{
	(void)system;
	switch (request) {
	case MOTE_KVM_GET_API_VERSION:
		if (pretence.version != 0)
			return pretence.version;
		break;
	case MOTE_KVM_CHECK_EXTENSION:
		if (pretence.missing_capability != 0 &&
		    (uintptr_t)argument == (uintptr_t)pretence.missing_capability)
			return 0;
		break;
	case MOTE_KVM_CREATE_VM:
		if (comes(&pretence.create_errors))
			return -pretence.create_error;
		break;
	case MOTE_KVM_GET_SUPPORTED_CPUID:
		pretence.cpuid_entries = ((struct mote_kvm_x86_cpuid *)argument)->nent;
		if (comes(&pretence.cpuid_errors))
			return -pretence.cpuid_error;
		break;
	case MOTE_KVM_ENABLE_CAP:
		if (((struct mote_kvm_enable_cap *)argument)->cap == MOTE_KVM_CAP_DISABLE_QUIRKS2)
			pretence.quirks_off |= ((struct mote_kvm_enable_cap *)argument)->args[0];
		break;
	case MOTE_KVM_RUN:
		if (pretence.run_error != 0)
			return -pretence.run_error;
		if (pretence.exit == NULL)
			break;
		pretence.exit(pretence.run);
		return 0;
	default:
		break;
	}
	return kvm_real_system()->ioctl(kvm_real_system(), fd, request, argument);
}

static int pretend_map(const struct mote_kvm_system *system, int fd, size_t bytes, void **address)
{
	int result = kvm_real_system()->map(kvm_real_system(), fd, bytes, address);

	(void)system;
	pretence.run = *address;
	return result;
}

static int pretend_unmap(const struct mote_kvm_system *system, void *address, size_t bytes)
{
	(void)system;
	return kvm_real_system()->unmap(kvm_real_system(), address, bytes);
}

static int pretend_protect(const struct mote_kvm_system *system, void *address, size_t bytes,
			   bool writable)
{
	(void)system;
	return kvm_real_system()->protect(kvm_real_system(), address, bytes, writable);
}

static const struct mote_kvm_system pretended = {
	.open = pretend_open,
	.close = pretend_close,
	.ioctl = pretend_ioctl,
	.map = pretend_map,
	.unmap = pretend_unmap,
	.protect = pretend_protect,
};

/* ---- What probe and open say -------------------------------------------------------------- */

static mote_status try_open(mote_error *error)
{
	const struct mote_hypervisor_options options = {
		.allocator = &mote_default_allocator,
		.kick_signal = kick_signal(),
		.system = &pretended,
	};
	struct mote_hypervisor *hypervisor;
	mote_status status = mote_backend_kvm.open(&options, &hypervisor, error);

	if (status == MOTE_OK)
		mote_backend_kvm.close(hypervisor);
	return status;
}

/* Both probe and open refuse, and say so. */
static void check_refusal(struct pretence as, mote_status status, const char *part)
{
	mote_probe_result result = {.built = true};
	mote_error error = MOTE_ERROR_INIT;
	size_t files = test_fd_count();

	pretence = as;
	mote_backend_kvm.probe(&pretended, &result);
	CHECK(!result.usable);
	CHECK_CONTAINS(result.reason, "/dev/kvm");
	CHECK_CONTAINS(result.reason, part);
	CHECK_STATUS(try_open(&error), status, &error);
	CHECK_CONTAINS(error.text, part);
	CHECK_EQ(test_fd_count(), files);
}

static void a_device_that_cannot_be_opened_is_explained(void)
{
	static const struct {
		int code;
		mote_status status;
		const char *part;
	} reasons[] = {
		{ENOENT, MOTE_NO_HYPERVISOR, "not there; load the kernel module"},
		{ENODEV, MOTE_NO_HYPERVISOR, "modprobe kvm"},
		{ENXIO, MOTE_NO_HYPERVISOR, "enable virtualization in the firmware"},
		{EACCES, MOTE_NO_HYPERVISOR, "permission denied; add yourself to group kvm"},
		{EPERM, MOTE_NO_HYPERVISOR, "permission denied; add yourself to group kvm"},
		{EMFILE, MOTE_LIMIT, "RLIMIT_NOFILE"},
		{ENFILE, MOTE_LIMIT, "fs.file-max"},
		{EIO, MOTE_HYPERVISOR, "Input/output error"},
	};

	for (size_t i = 0; i < TEST_COUNT(reasons); i++)
		check_refusal((struct pretence){.open_error = reasons[i].code}, reasons[i].status,
			      reasons[i].part);
}

static void another_version_of_the_api_is_refused(void)
{
	test_need_kvm();
	check_refusal((struct pretence){.version = 11}, MOTE_NO_HYPERVISOR,
		      "version is 11, not 12");
	check_refusal((struct pretence){.version = 13}, MOTE_NO_HYPERVISOR,
		      "version is 13, not 12");
	check_refusal((struct pretence){.version = -ENOTTY}, MOTE_NO_HYPERVISOR,
		      "not a KVM device");
}

static void a_kernel_without_what_is_needed_is_refused(void)
{
	static const int needed[] = {
		MOTE_KVM_CAP_USER_MEMORY, MOTE_KVM_CAP_IMMEDIATE_EXIT, MOTE_KVM_CAP_XSAVE,
		MOTE_KVM_CAP_XCRS,	  MOTE_KVM_CAP_DEBUGREGS,
	};

	test_need_kvm();
	for (size_t i = 0; i < TEST_COUNT(needed); i++)
		check_refusal((struct pretence){.missing_capability = needed[i]},
			      MOTE_NO_HYPERVISOR, "too old");
}

static void a_device_that_refuses_vms_is_explained(void)
{
	mote_probe_result result = {.built = true};

	test_need_kvm();
	pretence = (struct pretence){.create_error = EBUSY, .create_errors = 1};
	mote_backend_kvm.probe(&pretended, &result);
	CHECK(!result.usable);
	CHECK_CONTAINS(result.reason, "/dev/kvm: a VM cannot be created: Device or resource busy");
}

/* ---- Kernels that have less, or are busy -------------------------------------------------- */

static void make_pretended(struct machine *machine, struct pretence as)
{
	pretence = as;
	machine_make_with(machine, &code_doorbell_loop, &pretended);
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

	test_need_kvm();
	for (size_t i = 0; i < TEST_COUNT(options); i++) {
		make_pretended(&machine, (struct pretence){.missing_capability = options[i]});
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		MACHINE_RESET(&machine);
		mote_backend_kvm.capabilities(machine.hypervisor, &capabilities);
		CHECK(capabilities.slots >= 2);
		CHECK(capabilities.read_only_slots != (options[i] == MOTE_KVM_CAP_READONLY_MEM));
		if (options[i] == MOTE_KVM_CAP_XSAVE2)
			CHECK_EQ(machine.vm->ops->xsave_bytes(machine.vm),
				 MOTE_KVM_X86_XSAVE_BYTES);
		machine_destroy(&machine);
	}
}

static void read_only_slots_are_refused_where_there_are_none(void)
{
	struct mote_memory_region region = {
		.gpa = EXTRA_GVA,
		.bytes = MOTE_PAGE_BYTES,
		.flags = MOTE_REGION_READ,
		.kind = MOTE_REGION_RAM,
	};
	struct machine machine;

	test_need_kvm();
	make_pretended(&machine,
		       (struct pretence){.missing_capability = MOTE_KVM_CAP_READONLY_MEM});
	region.hva = machine_host(&machine, DATA_GVA);
	CHECK_STATUS(machine.vm->ops->map_memory(machine.vm, 1, &region, &machine.error),
		     MOTE_UNSUPPORTED, &machine.error);
	machine_destroy(&machine);
}

static void a_large_cpuid_table_is_asked_for_again(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct machine machine;

	test_need_kvm();
	make_pretended(&machine, (struct pretence){.cpuid_error = E2BIG, .cpuid_errors = 2});
	CHECK(pretence.cpuid_entries >= 256);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
	/* But not for ever. */
	pretence = (struct pretence){.cpuid_error = E2BIG, .cpuid_errors = 1000};
	CHECK_STATUS(try_open(&error), MOTE_HYPERVISOR, &error);
	CHECK_CONTAINS(error.text, "KVM_GET_SUPPORTED_CPUID");
}

static void an_interrupted_creation_is_repeated(void)
{
	struct machine machine;

	test_need_kvm();
	make_pretended(&machine, (struct pretence){.create_error = EINTR, .create_errors = 5});
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

/* ---- Exits that guest code does not cause ------------------------------------------------- */

static struct mote_vm_exit run_pretended(void (*as)(struct mote_kvm_run *))
{
	struct mote_vm_exit exit;
	struct machine machine;

	test_need_kvm();
	make_pretended(&machine, (struct pretence){.exit = as});
	MACHINE_OK(&machine, run_vcpu, &exit);
	machine_destroy(&machine);
	return exit;
}

static void odd_reason(struct mote_kvm_run *run)
{
	run->exit_reason = 99;
}

static void internal_error(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_INTERNAL_ERROR;
	run->as.internal.suberror = 4;
}

static void failed_entry(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_FAIL_ENTRY;
	run->as.fail_entry.hardware_entry_failure_reason = 0x80000021;
}

static void exits_that_nobody_knows_are_unknown_and_say_why(void)
{
	struct mote_vm_exit exit = run_pretended(odd_reason);

	CHECK_EQ(exit.kind, MOTE_EXIT_UNKNOWN);
	CHECK_CONTAINS(exit.as.text, "KVM exit reason 99");
	exit = run_pretended(internal_error);
	CHECK_EQ(exit.kind, MOTE_EXIT_UNKNOWN);
	CHECK_CONTAINS(exit.as.text, "internal error, suberror 4");
	exit = run_pretended(failed_entry);
	CHECK_EQ(exit.kind, MOTE_EXIT_UNKNOWN);
	CHECK_CONTAINS(exit.as.text, "entry failure, hardware reason 2147483681");
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

static void system_event(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_SYSTEM_EVENT;
}

static void interrupted(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_INTR;
}

static void system_events_and_interruptions_have_their_kinds(void)
{
	struct mote_vm_exit exit = run_pretended(system_event);

	CHECK_EQ(exit.kind, MOTE_EXIT_SHUTDOWN);
	exit = run_pretended(interrupted);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
}

static void failures_of_the_run_are_retries_or_errors(void)
{
	struct mote_vm_exit exit;
	struct machine machine;

	test_need_kvm();
	make_pretended(&machine, (struct pretence){0});
	pretence.run_error = EINTR;
	MACHINE_OK(&machine, run_vcpu, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
	pretence.run_error = EAGAIN;
	MACHINE_OK(&machine, run_vcpu, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
	pretence.run_error = EFAULT;
	CHECK_STATUS(machine.vm->ops->run_vcpu(machine.vm, &exit, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "KVM_RUN: Bad address");
	CHECK_EQ(machine.error.domain, MOTE_DOMAIN_HYPERVISOR);
	CHECK_EQ(machine.error.os_code, EFAULT);
	pretence.run_error = 0;
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

/*
 * KVM would replace a hypercall instruction by that of the other vendor, which shows as a page fault
 * on code that nobody may write.
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
	const struct mote_kvm_system *system = kvm_real_system();
	int fd = system->open(system, "/dev/kvm");
	int value = system->ioctl(system, fd, MOTE_KVM_CHECK_EXTENSION,
				  (void *)(uintptr_t)MOTE_KVM_CAP_DISABLE_QUIRKS2);

	system->close(system, fd);
	return value > 0 && (value & MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
}

static void the_patching_of_hypercalls_is_turned_off(void)
{
	struct machine machine;

	test_need_kvm();
	if (!has_hypercall_quirk())
		SKIP("this kernel cannot turn it off");
	make_pretended(&machine, (struct pretence){0});
	CHECK_EQ(pretence.quirks_off, MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
	machine_destroy(&machine);
}

const struct test_case kvm_cases[KVM_CASE_COUNT] = {
	CASE(a_device_that_cannot_be_opened_is_explained),
	CASE(another_version_of_the_api_is_refused),
	CASE(a_kernel_without_what_is_needed_is_refused),
	CASE(a_device_that_refuses_vms_is_explained),
	CASE(missing_options_are_done_without),
	CASE(read_only_slots_are_refused_where_there_are_none),
	CASE(a_large_cpuid_table_is_asked_for_again),
	CASE(an_interrupted_creation_is_repeated),
	CASE(exits_that_nobody_knows_are_unknown_and_say_why),
	CASE(a_debug_exit_carries_dr6_and_the_vector),
	CASE(system_events_and_interruptions_have_their_kinds),
	CASE(failures_of_the_run_are_retries_or_errors),
	CASE(the_patching_of_hypercalls_is_turned_off),
	CASE(guest_memory_is_never_patched),
};
