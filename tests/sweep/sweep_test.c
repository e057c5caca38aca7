/* SPDX-License-Identifier: Apache-2.0
 *
 * Fault sweeps: whatever call to the system fails, and when, a typed error that
 * names it comes out, nothing is left behind, and all works afterwards.
 */
#include "sweep.h"

#include <string.h>

enum { MAXIMUM_USES = 2000 };

/* Natively every use fails once; creating a VM in an emulated machine takes too long for that. */
static uint64_t stride(void)
{
	return test_in_bed(NULL) ? 1000 / test_scale(1000) : 1;
}

/* ---- Judging ------------------------------------------------------------------------------ */

static struct {
	size_t files;
	int64_t left[SWEEP_RESOURCES];
} before;

static void remember(void)
{
	before.files = test_fd_count();
	for (int i = 0; i < SWEEP_RESOURCES; i++)
		before.left[i] = sweep_left((enum sweep_resource)i);
}

static bool nothing_left(void)
{
	bool right = CHECK_EQ(test_fd_count(), before.files);

	for (int i = 0; i < SWEEP_RESOURCES; i++) {
		enum sweep_resource resource = (enum sweep_resource)i;

		if (CHECK_EQ(sweep_left(resource), before.left[i]))
			continue;
		test_note("%s are left", sweep_resource_name(resource));
		right = false;
	}
	return right;
}

static bool right_error(const struct sweep_point *point, const mote_error *error)
{
	const struct sweep_failure *failure = point->failure;
	const char *text = failure->text != NULL ? failure->text : point->hit->text;
	bool right = CHECK_CONTAINS(error->text, text != NULL ? text : point->hit->name);

	if (failure->own)
		right &= CHECK_EQ(error->os_code, 0) && CHECK_EQ(error->domain, MOTE_DOMAIN_MOTE);
	else
		right &= CHECK_EQ(error->os_code, failure->code) &&
			 CHECK_EQ(error->domain, point->kind == SWEEP_HYPERVISOR
							 ? MOTE_DOMAIN_HYPERVISOR
							 : MOTE_DOMAIN_OS);
	return right;
}

/* expected: the status when nothing fails. */
static bool right_result(const struct sweep_point *point, const struct sweep_result *result,
			 mote_status expected)
{
	uint32_t statuses = point->failure->statuses;

	if (result->status == expected && (statuses & SWEEP(OK)))
		return true;
	if (!CHECK(statuses & 1u << result->status) ||
	    !CHECK(result->status == MOTE_OK || result->error.status == result->status))
		return false;
	return result->status == MOTE_OK || right_error(point, &result->error);
}

static void tell(const struct sweep_point *point, const struct sweep_result *result)
{
	test_note("use %llu, %s, fails with errno %d (%s) in \"%s\": %s, \"%s\"",
		  (unsigned long long)point->fail_at, point->hit->name, point->failure->code,
		  strerror(point->failure->code), result->step, mote_status_name(result->status),
		  result->error.text);
}

/* ---- One failure -------------------------------------------------------------------------- */

static void clean_life(void)
{
	struct sweep_result result;

	sweep_live(false, &result);
	CHECK_OK(result.status, &result.error);
	nothing_left();
}

/* What only a first life leaves behind, as the C library's caches, is not counted. */
static void begin(void)
{
	struct sweep_result result;

	test_need_hypervisor();
	sweep_live(false, &result);
	CHECK_OK(result.status, &result.error);
	remember();
}

static void fail_in_life(struct sweep_point *point)
{
	struct sweep_result result;
	bool right = true;

	sweep_arm(point);
	sweep_live(!point->from_there_on, &result);
	sweep_arm(NULL);
	if (point->hit == NULL)
		CHECK_OK(result.status, &result.error);
	else if (!point->from_there_on)
		right = right_result(point, &result, MOTE_OK);
	else
		right = CHECK(result.status == MOTE_OK || result.error.text[0] != '\0');
	right &= nothing_left();
	if (!right && point->hit != NULL)
		tell(point, &result);
}

/* Every use of a kind, one after the other, in every way that it can fail. */
static void sweep(enum sweep_kind kind, bool from_there_on, uint64_t least)
{
	unsigned int which = 0;
	uint64_t at = 1, failures = 0;

	begin();
	while (at < MAXIMUM_USES) {
		struct sweep_point point = {.kind = kind,
					    .fail_at = at,
					    .which = which,
					    .from_there_on = from_there_on};

		fail_in_life(&point);
		if (point.hit == NULL && !point.exhausted)
			break;
		failures += point.hit != NULL;
		which = point.hit != NULL && !from_there_on ? which + 1 : 0;
		if (which > 0)
			continue;
		clean_life();
		at += stride();
	}
	CHECK(at >= least && at < MAXIMUM_USES);
	test_note("%llu failures, uses to %llu", (unsigned long long)failures,
		  (unsigned long long)at - 1);
}

/* ---- Cases -------------------------------------------------------------------------------- */

static void every_call_of_the_hypervisor_fails_once(void)
{
	sweep(SWEEP_HYPERVISOR, false, 40);
}

static void every_call_of_the_hypervisor_fails_from_one_on(void)
{
	sweep(SWEEP_HYPERVISOR, true, 40);
}

/* One that never failed, or NULL.  once: of those that only the end of a guest is sure to need. */
static const char *never_failed(bool once)
{
	for (size_t i = 0; i < sweep_os_entry_count; i++)
		if (sweep_os_entries[i].once == once &&
		    atomic_load(&sweep_os_entries[i].failed) == 0)
			return sweep_os_entries[i].name;
	return NULL;
}

/* Two threads may have changed places at a use that was to fail: those that got away fail now. */
static void fail_the_rest(void)
{
	for (size_t i = 0; i < sweep_os_entry_count; i++) {
		struct sweep_point point = {.kind = SWEEP_OS, .only = &sweep_os_entries[i]};

		if (!sweep_os_entries[i].once && atomic_load(&sweep_os_entries[i].failed) == 0)
			fail_in_life(&point);
	}
}

/* A function that is not wrapped, or not called any more, would go unnoticed. */
static void every_call_of_the_system_fails_once(void)
{
	sweep(SWEEP_OS, false, 40);
	if (stride() != 1)
		return;
	fail_the_rest();
	CHECK_STR(never_failed(false), NULL);
}

static void every_call_of_the_system_fails_from_one_on(void)
{
	sweep(SWEEP_OS, true, 40);
}

static void every_allocation_fails_once(void)
{
	sweep(SWEEP_ALLOCATOR, false, 20);
}

static void every_allocation_fails_from_one_on(void)
{
	sweep(SWEEP_ALLOCATOR, true, 20);
}

static void fail_in_end(const struct sweep_end *end, struct sweep_point *point)
{
	struct sweep_result result;
	bool right = true;

	sweep_die(end, point, &result);
	if (point->hit == NULL)
		CHECK_STATUS(result.status, end->status, &result.error);
	else
		right = right_result(point, &result, end->status);
	right &= nothing_left();
	if (!right && point->hit != NULL)
		tell(point, &result);
}

/* Every use while a guest comes to one of its ends. */
static void sweep_end_of_guest(const struct sweep_end *end, enum sweep_kind kind)
{
	unsigned int which = 0;
	uint64_t at = 1;

	while (at < MAXIMUM_USES) {
		struct sweep_point point = {.kind = kind, .fail_at = at, .which = which};

		fail_in_end(end, &point);
		if (point.hit == NULL && !point.exhausted)
			break;
		which = point.hit != NULL ? which + 1 : 0;
		at += which == 0;
	}
	CHECK(at < MAXIMUM_USES);
}

static void every_end_of_a_guest_can_fail(void)
{
	begin();
	for (size_t i = 0; i < sweep_end_count; i++) {
		sweep_end_of_guest(&sweep_ends[i], SWEEP_HYPERVISOR);
		sweep_end_of_guest(&sweep_ends[i], SWEEP_OS);
		sweep_end_of_guest(&sweep_ends[i], SWEEP_ALLOCATOR);
	}
	/* Whether the thread that watches waits once more is a matter of luck. */
	for (int tries = 0; stride() == 1 && tries < 50 && never_failed(true) != NULL; tries++)
		for (size_t i = 0; i < sweep_end_count; i++)
			sweep_end_of_guest(&sweep_ends[i], SWEEP_OS);
	if (stride() == 1)
		CHECK_STR(never_failed(true), NULL);
	clean_life();
}

static const struct test_case cases[] = {
	CASE(every_call_of_the_hypervisor_fails_once),
	CASE(every_call_of_the_hypervisor_fails_from_one_on),
	CASE(every_call_of_the_system_fails_once),
	CASE(every_call_of_the_system_fails_from_one_on),
	CASE(every_allocation_fails_once),
	CASE(every_allocation_fails_from_one_on),
	CASE(every_end_of_a_guest_can_fail),
};

int main(int argc, char **argv)
{
	return test_main("sweep", cases, TEST_COUNT(cases), argc, argv);
}
