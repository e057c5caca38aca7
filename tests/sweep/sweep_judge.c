/* SPDX-License-Identifier: Apache-2.0
 *
 * Judges what came of a failure: the status, the error, what was left behind.
 */
#include "sweep.h"

#include <stdlib.h>
#include <string.h>

uint64_t sweep_stride(void)
{
	return test_in_bed(NULL) ? 1000 / test_scale(1000) : 1;
}

static struct {
	size_t files;
	int64_t left[SWEEP_RESOURCES];
} before;

void sweep_remember(void)
{
	before.files = test_fd_count();
	for (int i = 0; i < SWEEP_RESOURCES; i++)
		before.left[i] = sweep_left((enum sweep_resource)i);
}

bool sweep_nothing_left(void)
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

bool sweep_right_result(const struct sweep_point *point, const struct sweep_result *result,
			mote_status expected)
{
	uint32_t statuses = point->failure->statuses;

	/* A new VM there waits for those that are being destroyed, and is tried again. */
	if (getenv("MOTE_TEST_SIM") != NULL && (statuses & (SWEEP(NO_MEMORY) | SWEEP(LIMIT))))
		statuses |= SWEEP(OK);
	if (result->status == expected && (statuses & SWEEP(OK)))
		return true;
	if (!CHECK(statuses & 1u << result->status) ||
	    !CHECK(result->status == MOTE_OK || result->error.status == result->status))
		return false;
	return result->status == MOTE_OK || right_error(point, &result->error);
}

void sweep_tell(const struct sweep_point *point, const struct sweep_result *result)
{
	test_note("use %llu, %s, fails with errno %d (%s) in \"%s\": %s, \"%s\"",
		  (unsigned long long)point->fail_at, point->hit->name, point->failure->code,
		  strerror(point->failure->code), result->step, mote_status_name(result->status),
		  result->error.text);
}
