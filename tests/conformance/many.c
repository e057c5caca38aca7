/* SPDX-License-Identifier: Apache-2.0
 *
 * Many VMs in one process, and what happens where the process may have no more.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "machine.h"

enum { MANY = 500, SPARE_FILES = 64, LOW_LIMIT = 400 };

static void release(struct machine *machines, size_t count, struct mote_hypervisor *hypervisor)
{
	for (size_t i = 0; i < count; i++)
		machine_destroy(&machines[i]);
	hypervisor->backend->close(hypervisor);
	free(machines);
}

/* Lets every machine ring. */
static void ring_all(struct machine *machines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		machine_expect(&machines[i], MOTE_EXIT_IO_OUT);
}

static void set_file_limit(rlim_t soft)
{
	struct rlimit limit;

	REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = soft;
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Fewer on Windows under Wine, where each is a process. */
static void five_hundred_vms_at_once(void)
{
	const size_t many = test_on_posix() ? MANY : test_scale(MANY);
	const rlim_t needed = many * backend_under_test()->files_per_vm + SPARE_FILES;
	size_t files = test_fd_count();
	struct mote_hypervisor *hypervisor;
	struct machine *machines;
	struct rlimit before;

	REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	if (before.rlim_max < needed)
		SKIP("the process may open %llu files at most, %llu are needed",
		     (unsigned long long)before.rlim_max, (unsigned long long)needed);
	if (before.rlim_cur < needed)
		set_file_limit(needed);
	hypervisor = open_hypervisor(backend_under_test()->systems());
	machines = calloc(many, sizeof(*machines));
	REQUIRE(machines != NULL);
	for (size_t i = 0; i < many; i++) {
		machine_prepare(&machines[i], &code_doorbell_loop);
		REQUIRE_OK(machine_create(&machines[i], hypervisor), &machines[i].error);
		machine_expect(&machines[i], MOTE_EXIT_IO_OUT);
	}
	for (unsigned round = 0; round < 3; round++)
		ring_all(machines, many);
	release(machines, many, hypervisor);
	CHECK_EQ(test_fd_count(), files);
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* Makes machines until one fails.  Returns how many there are; error says why there are no more. */
static size_t fill(struct machine *machines, size_t most, struct mote_hypervisor *hypervisor,
		   mote_status *status, mote_error *error)
{
	size_t count = 0;

	for (*status = MOTE_OK; count < most; count++) {
		machine_prepare(&machines[count], &code_doorbell_loop);
		*status = machine_create(&machines[count], hypervisor);
		if (*status != MOTE_OK) {
			*error = machines[count].error;
			machine_destroy(&machines[count]);
			break;
		}
	}
	return count;
}

static void the_limit_of_open_files_is_named(void)
{
	enum { MOST = LOW_LIMIT };
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	struct machine *machines = calloc(MOST, sizeof(*machines));
	size_t files = test_fd_count(), count;
	mote_error error = MOTE_ERROR_INIT;
	struct rlimit before;
	mote_status status;

	REQUIRE(machines != NULL);
	if (backend_under_test()->files_per_vm == 0) {
		release(machines, 0, hypervisor);
		SKIP("this hypervisor's VMs have no files");
	}
	REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	if (before.rlim_max < LOW_LIMIT)
		SKIP("the process may open %llu files at most",
		     (unsigned long long)before.rlim_max);
	set_file_limit(LOW_LIMIT);
	for (unsigned round = 0; round < 2; round++) {
		count = fill(machines, MOST, hypervisor, &status, &error);
		CHECK(count > 50 && count < MOST);
		CHECK_STATUS(status, MOTE_LIMIT, &error);
		CHECK_EQ(error.status, MOTE_LIMIT);
		CHECK_CONTAINS(error.text, "RLIMIT_NOFILE");
		CHECK_CONTAINS(error.text, "400");
		CHECK_CONTAINS(error.text, "ulimit");
		/* Nothing is wrong with what is there. */
		ring_all(machines, count);
		/* One less makes room for one more. */
		machine_destroy(&machines[count / 2]);
		machine_prepare(&machines[count / 2], &code_doorbell_loop);
		CHECK_OK(machine_create(&machines[count / 2], hypervisor),
			 &machines[count / 2].error);
		machine_expect(&machines[count / 2], MOTE_EXIT_IO_OUT);
		for (size_t i = 0; i < count; i++)
			machine_destroy(&machines[i]);
		CHECK_EQ(test_fd_count(), files);
	}
	set_file_limit(before.rlim_cur);
	release(machines, 0, hypervisor);
}

static const struct test_case cases[] = {
	CASE(five_hundred_vms_at_once),
	CASE(the_limit_of_open_files_is_named),
};

const struct case_list many_cases = {cases, TEST_COUNT(cases)};
