/* SPDX-License-Identifier: Apache-2.0
 *
 * Fault sweeps: whatever call to the system fails, and when, a typed error that
 * names it comes out, nothing is left behind, and all works afterwards.
 */
#include <stdlib.h>

#include "sweep.h"

/* ---- What fails --------------------------------------------------------------------------- */

static void live(struct sweep_point *point, struct sweep_result *result)
{
	sweep_arm(point);
	sweep_live(point != NULL && !point->from_there_on, result);
	sweep_arm(NULL);
}

/* ---- Cases -------------------------------------------------------------------------------- */

static void every_call_of_the_hypervisor_fails_once(void)
{
	sweep_every_use(live, SWEEP_HYPERVISOR, false, 40);
}

static void every_call_of_the_hypervisor_fails_from_one_on(void)
{
	sweep_every_use(live, SWEEP_HYPERVISOR, true, 40);
}

/* Over a hypervisor that needs less of the system than KVM. */
static bool is_simulated(void)
{
	return getenv("MOTE_TEST_SIM") != NULL;
}

/* One that never failed, or NULL.  once: of those that only the end of a guest is sure to need. */
static const char *never_failed(bool once)
{
	for (size_t i = 0; i < sweep_os_entry_count; i++)
		if (sweep_os_entries[i].once == once && !sweep_os_entries[i].debugger &&
		    atomic_load(&sweep_os_entries[i].failed) == 0)
			return sweep_os_entries[i].name;
	return NULL;
}

/* Two threads may have changed places at a use that was to fail: those that got away fail now, and
 * those that only hypervisors without copy-on-write need. */
static void fail_the_rest(void)
{
	sweep_without_cow = true;
	for (size_t i = 0; i < sweep_os_entry_count; i++) {
		struct sweep_point point = {.kind = SWEEP_OS, .only = &sweep_os_entries[i]};

		if (!sweep_os_entries[i].once && !sweep_os_entries[i].debugger &&
		    atomic_load(&sweep_os_entries[i].failed) == 0)
			sweep_fail(live, &point);
	}
	sweep_without_cow = false;
}

/* A function that is not wrapped, or not called any more, would go unnoticed. */
static void every_call_of_the_system_fails_once(void)
{
	sweep_every_use(live, SWEEP_OS, false, 40);
	if (sweep_stride() != 1)
		return;
	fail_the_rest();
	if (!is_simulated()) /* where there are no copies on write */
		CHECK_STR(never_failed(false), NULL);
}

static void every_call_of_the_system_fails_from_one_on(void)
{
	sweep_every_use(live, SWEEP_OS, true, 40);
}

static void every_allocation_fails_once(void)
{
	sweep_every_use(live, SWEEP_ALLOCATOR, false, 20);
}

static void every_allocation_fails_from_one_on(void)
{
	sweep_every_use(live, SWEEP_ALLOCATOR, true, 20);
}

static void fail_in_end(const struct sweep_end *end, struct sweep_point *point)
{
	struct sweep_result result;
	bool right = true;

	sweep_die(end, point, &result);
	if (point->hit == NULL)
		CHECK_STATUS(result.status, end->status, &result.error);
	else
		right = sweep_right_result(point, &result, end->status);
	right &= sweep_nothing_left();
	if (!right && point->hit != NULL)
		sweep_tell(point, &result);
}

/* Every use while a guest comes to one of its ends. */
static void sweep_end_of_guest(const struct sweep_end *end, enum sweep_kind kind)
{
	unsigned int which = 0;
	uint64_t at = 1;

	while (at < SWEEP_MAXIMUM_USES) {
		struct sweep_point point = {.kind = kind, .fail_at = at, .which = which};

		fail_in_end(end, &point);
		if (point.hit == NULL && !point.exhausted)
			break;
		which = point.hit != NULL ? which + 1 : 0;
		at += which == 0;
	}
	CHECK(at < SWEEP_MAXIMUM_USES);
}

static void every_end_of_a_guest_can_fail(void)
{
	sweep_begin(live);
	for (size_t i = 0; i < sweep_end_count; i++) {
		sweep_end_of_guest(&sweep_ends[i], SWEEP_HYPERVISOR);
		sweep_end_of_guest(&sweep_ends[i], SWEEP_OS);
		sweep_end_of_guest(&sweep_ends[i], SWEEP_ALLOCATOR);
	}
	/* Whether the thread that watches waits once more is a matter of luck. */
	for (int tries = 0; sweep_stride() == 1 && tries < 50 && never_failed(true) != NULL;
	     tries++)
		for (size_t i = 0; i < sweep_end_count; i++)
			sweep_end_of_guest(&sweep_ends[i], SWEEP_OS);
	if (sweep_stride() == 1)
		CHECK_STR(never_failed(true), NULL);
	sweep_clean(live);
}

/* Every use while a sandbox goes back to its pool, in every way that it can fail. */
static void sweep_way_back(bool poison, enum sweep_kind kind, uint64_t least)
{
	unsigned int which = 0;
	uint64_t at = 1;

	while (at < SWEEP_MAXIMUM_USES) {
		struct sweep_point point = {.kind = kind, .fail_at = at, .which = which};

		sweep_release(poison, &point);
		if (!sweep_nothing_left() && point.hit != NULL)
			test_note("use %llu, %s, failed", (unsigned long long)at, point.hit->name);
		if (point.hit == NULL && !point.exhausted)
			break;
		which = point.hit != NULL ? which + 1 : 0;
		at += which == 0 ? sweep_stride() : 0;
	}
	CHECK(at > least && at < SWEEP_MAXIMUM_USES);
}

static void every_way_back_to_a_pool_can_fail(void)
{
	const uint64_t least = is_simulated() ? 0 : 2;

	sweep_begin(live);
	for (int poison = 0; poison < 2; poison++) {
		sweep_way_back(poison != 0, SWEEP_HYPERVISOR, least);
		sweep_way_back(poison != 0, SWEEP_OS, least);
		sweep_way_back(poison != 0, SWEEP_ALLOCATOR, 0);
	}
	sweep_clean(live);
}

static const struct test_case cases[] = {
	CASE(every_call_of_the_hypervisor_fails_once),
	CASE(every_call_of_the_hypervisor_fails_from_one_on),
	CASE(every_call_of_the_system_fails_once),
	CASE(every_call_of_the_system_fails_from_one_on),
	CASE(every_allocation_fails_once),
	CASE(every_allocation_fails_from_one_on),
	CASE(every_end_of_a_guest_can_fail),
	CASE(every_way_back_to_a_pool_can_fail),
};

int main(int argc, char **argv)
{
	return test_main("sweep", cases, TEST_COUNT(cases), argc, argv);
}
