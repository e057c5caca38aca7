/* SPDX-License-Identifier: Apache-2.0
 *
 * Platforms that differ, what they refuse, and whose memory partitions have.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "sim/whp/whp.h"

#include <string.h>
#include <sys/mman.h>

#include "hypervisor/backends/whp/whp.h"
#include "machine.h"
#include "whp_under_test.h"

const struct mote_system *const *whp_systems(void)
{
	return sim_whp_systems();
}

static struct sim_whp_rules given;

/* Leaves the case without a simulated one. */
static struct sim_whp_rules *rules(void)
{
	backend_under_test()->need();
	given = *sim_whp_rules();
	return sim_whp_rules();
}

static void as_it_was(void)
{
	*sim_whp_rules() = given;
}

#define RULED(function) CASE_WITHIN(function, NULL, as_it_was)

/* ---- What is refused ------------------------------------------------------------------------- */

static mote_status open_once(mote_error *error)
{
	const struct mote_hypervisor_options options = open_options(whp_systems());
	struct mote_hypervisor *hypervisor;
	const mote_status status = mote_backend_whp.open(&options, &hypervisor, error);

	if (status == MOTE_OK)
		mote_backend_whp.close(hypervisor);
	return status;
}

static mote_probe_result probe(void)
{
	mote_probe_result result = MOTE_PROBE_RESULT_INIT;

	mote_backend_whp.probe(whp_systems(), &result);
	return result;
}

static void who_has_no_hypervisor_is_told_how_to_get_it(void)
{
	struct sim_whp_rules *sim = rules();
	mote_error error = MOTE_ERROR_INIT;
	mote_probe_result result;

	sim->absent = true;
	CHECK_STATUS(open_once(&error), MOTE_NO_HYPERVISOR, &error);
	CHECK_CONTAINS(error.text, "Windows Hypervisor Platform");
	result = probe();
	CHECK(!result.usable);
	CHECK_STR(result.reason, error.text);
	sim->absent = false;
	CHECK_OK(open_once(&error), &error);
	CHECK(probe().usable);
	CHECK_EQ(sim_whp_partitions(), 0);
}

static void a_kick_signal_is_refused(void)
{
	struct mote_hypervisor_options options = open_options(whp_systems());
	struct mote_hypervisor *hypervisor;
	mote_error error = MOTE_ERROR_INIT;

	rules();
	options.kick_signal = 40;
	CHECK_STATUS(mote_backend_whp.open(&options, &hypervisor, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_CONTAINS(error.text, "kick_signal");
}

/* ---- Whose memory ---------------------------------------------------------------------------- */

static void each_vm_but_the_first_has_a_surrogate(void)
{
	struct mote_hypervisor *hypervisor;
	struct machine machines[8];

	rules();
	hypervisor = open_hypervisor(whp_systems());
	for (unsigned i = 0; i < TEST_COUNT(machines); i++) {
		machine_prepare(&machines[i], &code_doorbell_loop);
		REQUIRE_OK(machine_create(&machines[i], hypervisor), &machines[i].error);
		machine_expect(&machines[i], MOTE_EXIT_IO_OUT);
		CHECK_EQ(sim_whp_surrogates(), given.taken ? i + 1 : i);
	}
	for (unsigned i = 0; i < TEST_COUNT(machines); i++)
		machine_expect(&machines[i], MOTE_EXIT_IO_OUT);
	for (unsigned i = 0; i < TEST_COUNT(machines); i++)
		machine_destroy(&machines[i]);
	CHECK_EQ(sim_whp_surrogates(), 4); /* for the next ones */
	hypervisor->backend->close(hypervisor);
	CHECK_EQ(sim_whp_surrogates(), 0);
	CHECK_EQ(sim_whp_partitions(), 0);
}

/* Somebody else in this process uses the platform, too. */
static void memory_that_is_taken_is_no_obstacle(void)
{
	struct sim_whp_rules *sim = rules();
	struct machine machine;

	sim->taken = true;
	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(sim_whp_surrogates(), 1);
	machine_destroy(&machine);
	CHECK_EQ(sim_whp_surrogates(), 0);
}

static void an_old_platform_has_one_vm_at_a_time(void)
{
	struct sim_whp_rules *sim = rules();
	struct mote_hypervisor *hypervisor;
	struct machine first, second;

	sim->old = true;
	sim->taken = false;
	CHECK_CONTAINS(probe().version, "one sandbox");
	hypervisor = open_hypervisor(whp_systems());
	machine_prepare(&first, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&first, hypervisor), &first.error);
	machine_expect(&first, MOTE_EXIT_IO_OUT);
	machine_prepare(&second, &code_doorbell_loop);
	CHECK_STATUS(machine_create(&second, hypervisor), MOTE_LIMIT, &second.error);
	CHECK_CONTAINS(second.error.text, "Windows 11");
	machine_destroy(&second);
	machine_expect(&first, MOTE_EXIT_IO_OUT);
	machine_destroy(&first);
	machine_prepare(&second, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&second, hypervisor), &second.error);
	machine_expect(&second, MOTE_EXIT_IO_OUT);
	machine_destroy(&second);
	hypervisor->backend->close(hypervisor);
}

static void without_surrogates_there_is_one_vm_at_a_time(void)
{
	struct mote_hypervisor_options options = open_options(whp_systems());
	struct mote_hypervisor *hypervisor;
	struct machine first, second;
	mote_error error = MOTE_ERROR_INIT;

	rules()->taken = false;
	options.forbid_surrogates = true;
	REQUIRE_OK(mote_backend_whp.open(&options, &hypervisor, &error), &error);
	machine_prepare(&first, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&first, hypervisor), &first.error);
	machine_prepare(&second, &code_doorbell_loop);
	CHECK_STATUS(machine_create(&second, hypervisor), MOTE_LIMIT, &second.error);
	CHECK_CONTAINS(second.error.text, "forbid_surrogates");
	machine_destroy(&second);
	CHECK_EQ(sim_whp_surrogates(), 0);
	machine_expect(&first, MOTE_EXIT_IO_OUT);
	machine_destroy(&first);
	hypervisor->backend->close(hypervisor);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static void a_first_access_is_not_the_guests_affair(void)
{
	struct sim_whp_rules *sim = rules();
	struct machine machine;
	struct mote_memory_region region = {
		.bytes = EXTRA_BYTES,
		.handle = -1,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE,
		.kind = MOTE_REGION_SHARED,
	};
	struct mote_vm_exit exit;
	mote_regs regs;

	sim->lazy = true;
	machine_make(&machine, &code_load_loop);
	region.gpa = machine_gpa(&machine, EXTRA_GVA);
	region.hva =
		mmap(NULL, EXTRA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(region.hva != MAP_FAILED);
	memset(region.hva, 0x5a, EXTRA_BYTES);
	MACHINE_MAP(&machine, 1, &region);
	regs = machine_regs(&machine);
	*code_address(&regs) = EXTRA_GVA;
	machine_set_regs(&machine, &regs);
	MACHINE_RUN(&machine, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
	MACHINE_RUN(&machine, &exit);
	CHECK_EQ(exit.kind, MOTE_EXIT_IO_OUT);
	regs = machine_regs(&machine);
	CHECK_EQ(*code_value(&regs), 0x5a5a5a5a5a5a5a5aull);
	machine_destroy(&machine);
	munmap(region.hva, EXTRA_BYTES);
}

static const struct test_case cases[] = {
	RULED(who_has_no_hypervisor_is_told_how_to_get_it),
	RULED(a_kick_signal_is_refused),
	RULED(each_vm_but_the_first_has_a_surrogate),
	RULED(memory_that_is_taken_is_no_obstacle),
	RULED(an_old_platform_has_one_vm_at_a_time),
	RULED(without_surrogates_there_is_one_vm_at_a_time),
	RULED(a_first_access_is_not_the_guests_affair),
};

const struct case_list whp_cases = {cases, TEST_COUNT(cases)};
