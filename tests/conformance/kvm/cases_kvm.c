/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM as it may be on another machine: missing, forbidden, busy, old, or with
 * exits that guest code cannot cause here.
 */
#include "cases_kvm.h"

#include <errno.h>
#include <string.h>

#include "hypervisor/backends/kvm/kvm.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "os/os.h"
#include "pretended_kvm.h"

/* ---- What probe and open say -------------------------------------------------------------- */

/* What helps depends on who runs the tests: see os_linux.the_mode_of_a_file_tells_who_may_use_it.
 */
static const char *permission_remedy(void)
{
	return mote_os_file_permits("/dev/kvm") ? "permission denied; its mode allows access"
						: "permission denied; add yourself to group kvm";
}

static void a_device_that_cannot_be_opened_is_explained(void)
{
	const char *remedy = permission_remedy();
	const struct {
		int code;
		mote_status status;
		const char *part;
	} reasons[] = {
		{ENOENT, MOTE_NO_HYPERVISOR, "/dev/kvm: no such device; "},
		{ENODEV, MOTE_NO_HYPERVISOR, kvm_arch_remedy},
		{ENXIO, MOTE_NO_HYPERVISOR, "firmware"},
		{EACCES, MOTE_NO_HYPERVISOR, remedy},
		{EPERM, MOTE_NO_HYPERVISOR, remedy},
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
	test_need_hypervisor();
	check_refusal((struct pretence){.version = 11}, MOTE_NO_HYPERVISOR,
		      "version is 11, not 12");
	check_refusal((struct pretence){.version = 13}, MOTE_NO_HYPERVISOR,
		      "version is 13, not 12");
	check_refusal((struct pretence){.version = -ENOTTY}, MOTE_NO_HYPERVISOR,
		      "not a KVM device");
}

static void a_device_that_refuses_vms_is_explained(void)
{
	mote_probe_result result = {.built = true};

	test_need_hypervisor();
	pretence = (struct pretence){.create_error = EBUSY, .create_errors = 1};
	mote_backend_kvm.probe(pretended_systems, &result);
	CHECK(!result.usable);
	CHECK_CONTAINS(result.reason, "/dev/kvm: a VM cannot be created: Device or resource busy");
}

/* ---- Kernels that have less, or are busy -------------------------------------------------- */

static void read_only_slots_are_refused_where_there_are_none(void)
{
	struct mote_memory_region region = {
		.bytes = MOTE_PAGE_BYTES,
		.flags = MOTE_REGION_READ,
		.kind = MOTE_REGION_RAM,
	};
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine,
		       (struct pretence){.missing_capability = MOTE_KVM_CAP_READONLY_MEM});
	region.gpa = machine_gpa(&machine, EXTRA_GVA);
	region.hva = machine_host(&machine, DATA_GVA);
	CHECK_STATUS(mote_vm_map_memory(machine.vm, 1, &region, &machine.error), MOTE_UNSUPPORTED,
		     &machine.error);
	machine_destroy(&machine);
}

static void an_interrupted_creation_is_repeated(void)
{
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.create_error = EINTR, .create_errors = 5});
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static void an_interrupted_probe_is_repeated(void)
{
	mote_probe_result result = {.built = true};

	test_need_hypervisor();
	pretence = (struct pretence){.create_error = EINTR, .create_errors = 5};
	mote_backend_kvm.probe(pretended_systems, &result);
	CHECK_STR(result.reason, "");
	CHECK(result.usable);
}

/* ---- Exits that guest code does not cause ------------------------------------------------- */

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

/* A reset; a power-off is a halt. */
static void system_reset(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_SYSTEM_EVENT;
	run->as.system_event.type = MOTE_KVM_SYSTEM_EVENT_SHUTDOWN + 1;
}

static void system_off(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_SYSTEM_EVENT;
	run->as.system_event.type = MOTE_KVM_SYSTEM_EVENT_SHUTDOWN;
}

static void interrupted(struct mote_kvm_run *run)
{
	run->exit_reason = MOTE_KVM_EXIT_INTR;
}

static void system_events_and_interruptions_have_their_kinds(void)
{
	struct mote_vm_exit exit = run_pretended(system_reset);

	CHECK_EQ(exit.kind, MOTE_EXIT_SHUTDOWN);
	exit = run_pretended(system_off);
	CHECK_EQ(exit.kind, MOTE_EXIT_HALT);
	exit = run_pretended(interrupted);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
}

static void failures_of_the_run_are_retries_or_errors(void)
{
	struct mote_vm_exit exit;
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){0});
	pretence.run_error = EINTR;
	MACHINE_RUN(&machine, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
	pretence.run_error = EFAULT;
	CHECK_STATUS(mote_vcpu_run(machine.vm, &exit, &machine.error), MOTE_NO_MEMORY,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "KVM_RUN: the host has no memory for a page");
	CHECK_EQ(machine.error.domain, MOTE_DOMAIN_HYPERVISOR);
	CHECK_EQ(machine.error.os_code, EFAULT);
	pretence.run_error = 0;
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static void a_refusal_that_passes_is_not_seen(void)
{
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.failing = MOTE_KVM_RUN,
						   .failing_error = EAGAIN,
						   .failing_times = 3});
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(pretence.failing_times, 0);
	machine_destroy(&machine);
}

static void a_refusal_that_lasts_names_the_limit(void)
{
	struct mote_vm_exit exit;
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.run_error = EAGAIN});
	CHECK_STATUS(mote_vcpu_run(machine.vm, &exit, &machine.error), MOTE_LIMIT, &machine.error);
	CHECK_CONTAINS(machine.error.text, "RLIMIT_NPROC");
	CHECK_CONTAINS(machine.error.text, "pids.max");
	CHECK_EQ(machine.error.os_code, EAGAIN);
	pretence.run_error = 0;
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static mote_interrupt *to_kill;
static unsigned runs;

static void kill_at_the_second_run(unsigned long request, const void *argument)
{
	(void)argument;
	if (request == MOTE_KVM_RUN && ++runs == 2)
		CHECK(mote_interrupt_kill(to_kill));
}

static void a_kill_ends_the_wait_for_a_refusal_to_pass(void)
{
	struct mote_vm_exit exit;
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.run_error = EAGAIN});
	to_kill = machine.vm->interrupt;
	runs = 0;
	mote_interrupt_begin_call(to_kill);
	pretence.watch = kill_at_the_second_run;
	MACHINE_RUN(&machine, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_CANCELLED);
	CHECK_EQ(runs, 2);
	mote_interrupt_end_call(to_kill);
	pretence.watch = NULL;
	pretence.run_error = 0;
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(a_device_that_cannot_be_opened_is_explained),
	CASE(another_version_of_the_api_is_refused),
	CASE(a_device_that_refuses_vms_is_explained),
	CASE(read_only_slots_are_refused_where_there_are_none),
	CASE(an_interrupted_creation_is_repeated),
	CASE(an_interrupted_probe_is_repeated),
	CASE(exits_that_nobody_knows_are_unknown_and_say_why),
	CASE(system_events_and_interruptions_have_their_kinds),
	CASE(failures_of_the_run_are_retries_or_errors),
	CASE(a_refusal_that_passes_is_not_seen),
	CASE(a_refusal_that_lasts_names_the_limit),
	CASE(a_kill_ends_the_wait_for_a_refusal_to_pass),
};

const struct case_list kvm_cases = {cases, TEST_COUNT(cases)};
