/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels and hypervisors that differ, what they refuse, registers that wait in the page, and
 * partitions that are destroyed late.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed_systems.h"
#include "hypervisor/backends/mshv/mshv.h"
#include "hypervisor/backends/mshv/mshv_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "machine.h"
#include "mshv_under_test.h"
#include "sim/mshv/mshv.h"

bool mshv_is_present(void)
{
	return hypervisor_is_simulated() || access("/dev/mshv", F_OK) == 0;
}

const struct mote_system *const *mshv_systems(void)
{
	return hypervisor_is_simulated() ? sim_mshv_systems() : test_systems();
}

/* The rules that the environment asks for. */
static struct sim_mshv_rules given;

/* Leaves the case without a simulated one. */
static struct sim_mshv_rules *rules(void)
{
	if (!hypervisor_is_simulated())
		SKIP("a question to a simulated /dev/mshv");
	backend_under_test()->need();
	given = *sim_mshv_rules();
	return sim_mshv_rules();
}

static void as_it_was(void)
{
	if (hypervisor_is_simulated() && given.kernel != 0)
		*sim_mshv_rules() = given;
}

#define RULED(function) CASE_WITHIN(function, NULL, as_it_was)

/* ---- What is refused ------------------------------------------------------------------------- */

static mote_status open_once(mote_error *error)
{
	const struct mote_hypervisor_options options = open_options(mshv_systems());
	struct mote_hypervisor *hypervisor;
	const mote_status status = mote_backend_mshv.open(&options, &hypervisor, error);

	if (status == MOTE_OK)
		mote_backend_mshv.close(hypervisor);
	return status;
}

static mote_probe_result probe(void)
{
	mote_probe_result result = MOTE_PROBE_RESULT_INIT;

	mote_backend_mshv.probe(mshv_systems(), &result);
	return result;
}

static void check_refusal(int code, const char *text)
{
	struct sim_mshv_rules *sim = rules();
	const size_t files = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	mote_probe_result result;

	sim->open_error = code;
	CHECK_STATUS(open_once(&error), MOTE_NO_HYPERVISOR, &error);
	CHECK_CONTAINS(error.text, "/dev/mshv");
	CHECK_CONTAINS(error.text, text);
	result = probe();
	CHECK(!result.usable);
	CHECK_STR(result.reason, error.text);
	CHECK_EQ(test_fd_count(), files);
	sim->open_error = 0;
	CHECK_OK(open_once(&error), &error);
	CHECK(probe().usable);
	CHECK_EQ(test_fd_count(), files);
}

static void a_machine_without_the_device_is_told_where_there_is_one(void)
{
	check_refusal(ENOENT, "root partition of the Microsoft hypervisor");
}

static void who_may_not_open_it_is_told_who_may(void)
{
	check_refusal(EACCES, "only root");
}

static void the_kernel_is_named(void)
{
	struct sim_mshv_rules *sim = rules();

	sim->kernel = SIM_MSHV_6_15;
	CHECK_STR(probe().version, "Linux 6.15");
	sim->kernel = SIM_MSHV_6_19;
	CHECK_STR(probe().version, "Linux 6.19, no read-only memory");
	sim->kernel = SIM_MSHV_7_0;
	CHECK_STR(probe().version, "Linux 7.0");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Where a guest's write to it never ends, there is none. */
static void read_only_memory_is_refused_where_writes_to_it_loop(void)
{
	struct sim_mshv_rules *sim = rules();
	struct machine machine;
	struct mote_memory_region region = {
		.bytes = EXTRA_BYTES, .flags = MOTE_REGION_READ, .kind = MOTE_REGION_RAM};

	sim->kernel = SIM_MSHV_6_19;
	machine_make(&machine, &code_doorbell_loop);
	region.gpa = machine_gpa(&machine, EXTRA_GVA);
	region.hva = machine.ram + RAM_BYTES / 2;
	CHECK(!machine.hypervisor->capabilities.read_only_slots);
	CHECK_STATUS(mote_vm_map_memory(machine.vm, 1, &region, &machine.error), MOTE_UNSUPPORTED,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "read-only");
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

/* ---- Registers ------------------------------------------------------------------------------- */

static void check_round_trip(void)
{
	struct machine machine;
	mote_regs regs;
	mote_sregs sregs, again;

	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	regs = machine_regs(&machine);
	*code_value(&regs) = 0x1122334455667788;
	machine_set_regs(&machine, &regs);
	CHECK_EQ(*code_value(&regs), 0x1122334455667788);
	sregs = machine_sregs(&machine);
	machine_set_sregs(&machine, &sregs);
	again = machine_sregs(&machine);
	CHECK_EQ(memcmp(&sregs, &again, sizeof(sregs)), 0);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static void calls_that_stop_half_way_go_on(void)
{
	struct sim_mshv_rules *sim = rules();

	sim->kernel = SIM_MSHV_6_15;
	for (unsigned every = 2; every < 6; every++) {
		sim->partial = every;
		check_round_trip();
	}
}

/* Something happens between the last look at the vCPU and its run. */
struct moment {
	struct machine *machine;
	bool kills;
};

static void end_the_run(void *user)
{
	struct moment *moment = user;

	if (moment->kills)
		mote_interrupt_break(moment->machine->vm->interrupt);
}

/* The doorbell has retired, wherever that was written down before the run that did not happen. */
static void what_waited_for_a_run_that_did_not_happen_counts(void)
{
	struct hypervisor_calls calls = {0};
	struct machine machine;
	struct moment moment = {&machine, false};
	struct mote_vm_exit exit;
	uint64_t after;
	mote_regs regs;

	rules();
	machine_make_with(&machine, &code_doorbells, backend_under_test()->interpose(&calls));
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	calls.before_run = end_the_run;
	calls.user = &moment;
	mote_interrupt_begin_call(machine.vm->interrupt);
	moment.kills = true;
	MACHINE_RUN(&machine, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
	moment.kills = false;
	mote_interrupt_take_break(machine.vm->interrupt);
	regs = machine_regs(&machine);
	after = mote_regs_pc(&regs);
	CHECK(after > CODE_GVA);
	*code_value(&regs) = 0x77;
	machine_set_regs(&machine, &regs);
	machine_expect(&machine, MOTE_EXIT_IO_OUT); /* the second */
	regs = machine_regs(&machine);
	CHECK(mote_regs_pc(&regs) > after);
	CHECK_EQ(*code_value(&regs), 0x77);
	/* And where nobody looks. */
	moment.kills = true;
	MACHINE_RUN(&machine, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
	moment.kills = false;
	mote_interrupt_take_break(machine.vm->interrupt);
	machine_expect(&machine, MOTE_EXIT_IO_OUT); /* the third */
	mote_interrupt_end_call(machine.vm->interrupt);
	machine_expect_exception(&machine);
	machine_destroy(&machine);
}

/* ---- Partitions that are destroyed later ----------------------------------------------------- */

static void all_partitions_are_gone_with_the_hypervisor(void)
{
	const size_t files = test_fd_count();
	struct mote_hypervisor *hypervisor;
	struct machine machine;

	rules();
	hypervisor = open_hypervisor(mshv_systems());
	for (unsigned i = 0; i < 100; i++) {
		machine_prepare(&machine, &code_doorbell_loop);
		REQUIRE_OK(machine_create(&machine, hypervisor), &machine.error);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		machine_destroy(&machine);
	}
	hypervisor->backend->close(hypervisor);
	CHECK_EQ(sim_mshv_partitions(), 0);
	CHECK_EQ(test_fd_count(), files);
}

/* They give back the descriptors that a new one needs. */
static void a_vm_waits_for_the_descriptors_of_those_that_go(void)
{
	struct mote_hypervisor *hypervisor;
	struct rlimit before, low;
	struct machine machine;

	rules();
	hypervisor = open_hypervisor(mshv_systems());
	machine_prepare(&machine, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&machine, hypervisor), &machine.error);
	REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = (rlim_t)dup(0) + 1; /* all lower ones are in use */
	close((int)low.rlim_cur - 1);
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (unsigned i = 0; i < 50; i++) {
		machine_destroy(&machine);
		machine_prepare(&machine, &code_doorbell_loop);
		REQUIRE_OK(machine_create(&machine, hypervisor), &machine.error);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	machine_destroy(&machine);
	hypervisor->backend->close(hypervisor);
}

/* A hypervisor whose partitions are closed as late as can be, and still too early to be seen. */
struct late {
	struct mote_linux_device table;
	const struct mote_linux_device *device;
	struct mote_mshv_reaper *reaper;
	pthread_t test;
	atomic_bool armed; /* the next partition lacks a descriptor until all others are closed */
	sem_t asked;
};

static struct late *late_of(const struct mote_linux_device *table)
{
	return (struct late *)((char *)(uintptr_t)table - offsetof(struct late, table));
}

/* On the thread that closes what was given to it. */
static int late_close(const struct mote_linux_device *table, int fd)
{
	struct late *late = late_of(table);

	if (late->armed && !pthread_equal(pthread_self(), late->test)) {
		while (sem_wait(&late->asked) != 0)
			;
		sem_post(&late->asked); /* for the next descriptor */
	}
	return late->device->close(late->device, fd);
}

static int late_ioctl(const struct mote_linux_device *table, int fd, unsigned long request,
		      void *argument)
{
	struct late *late = late_of(table);

	if (request != MOTE_MSHV_CREATE_PARTITION || !late->armed)
		return late->device->ioctl(late->device, fd, request, argument);
	sem_post(&late->asked);
	mote_mshv_reaper_finish(late->reaper, 0);
	late->armed = false;
	return -EMFILE;
}

static void descriptors_that_come_back_unseen_are_waited_for(void)
{
	const struct mote_system *systems[] = {NULL, NULL};
	struct mote_hypervisor *hypervisor;
	struct machine machine;
	struct late late = {0};

	rules();
	late.test = pthread_self();
	late.device = (const struct mote_linux_device *)mshv_systems()[0];
	late.table = *late.device;
	late.table.close = late_close;
	late.table.ioctl = late_ioctl;
	systems[0] = &late.table.base;
	REQUIRE_EQ(sem_init(&late.asked, 0, 0), 0);
	hypervisor = open_hypervisor(systems);
	late.reaper = ((struct mote_mshv *)hypervisor)->reaper;
	machine_prepare(&machine, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&machine, hypervisor), &machine.error);
	late.armed = true;
	machine_destroy(&machine);
	machine_prepare(&machine, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&machine, hypervisor), &machine.error);
	CHECK(!late.armed);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
	hypervisor->backend->close(hypervisor);
	sem_destroy(&late.asked);
}

static void a_child_destroys_without_the_thread(void)
{
	struct machine machine, other;
	pid_t child;
	int status;

	rules();
	machine_make(&machine, &code_doorbell_loop);
	machine_prepare(&other, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&other, machine.hypervisor), &other.error);
	machine_destroy(&other);
	(void)test_fd_count(); /* the thread is idle, so that the child finds no lock taken */
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		machine_destroy(&machine);
		_exit(0);
	}
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	RULED(a_machine_without_the_device_is_told_where_there_is_one),
	RULED(who_may_not_open_it_is_told_who_may),
	RULED(the_kernel_is_named),
	RULED(read_only_memory_is_refused_where_writes_to_it_loop),
	RULED(calls_that_stop_half_way_go_on),
	RULED(what_waited_for_a_run_that_did_not_happen_counts),
	RULED(all_partitions_are_gone_with_the_hypervisor),
	RULED(a_vm_waits_for_the_descriptors_of_those_that_go),
	RULED(descriptors_that_come_back_unseen_are_waited_for),
	RULED(a_child_destroys_without_the_thread),
};

const struct case_list mshv_cases = {cases, TEST_COUNT(cases)};
