/* SPDX-License-Identifier: Apache-2.0
 *
 * Does something again and again, while one of its uses of the system fails after the other.
 */
#include "sweep.h"

void sweep_clean(sweep_doing *doing)
{
	struct sweep_result result;

	doing(NULL, &result);
	CHECK_OK(result.status, &result.error);
	sweep_nothing_left();
}

/* What only the first time leaves behind, as the C library's caches, is not counted. */
void sweep_begin(sweep_doing *doing)
{
	struct sweep_result result;

	test_need_hypervisor();
	doing(NULL, &result);
	CHECK_OK(result.status, &result.error);
	sweep_remember();
}

void sweep_fail(sweep_doing *doing, struct sweep_point *point)
{
	struct sweep_result result;
	bool right = true;

	doing(point, &result);
	if (point->hit == NULL)
		CHECK_OK(result.status, &result.error);
	else if (!point->from_there_on)
		right = sweep_right_result(point, &result, MOTE_OK);
	else
		right = CHECK(result.status == MOTE_OK || result.error.text[0] != '\0');
	right &= sweep_nothing_left();
	if (!right && point->hit != NULL)
		sweep_tell(point, &result);
}

void sweep_every_use(sweep_doing *doing, enum sweep_kind kind, bool from_there_on, uint64_t least)
{
	unsigned int which = 0;
	uint64_t at = 1, failures = 0;

	sweep_begin(doing);
	while (at < SWEEP_MAXIMUM_USES) {
		struct sweep_point point = {.kind = kind,
					    .fail_at = at,
					    .which = which,
					    .from_there_on = from_there_on};

		sweep_fail(doing, &point);
		if (point.hit == NULL && !point.exhausted)
			break;
		failures += point.hit != NULL;
		which = point.hit != NULL && !from_there_on ? which + 1 : 0;
		if (which > 0)
			continue;
		sweep_clean(doing);
		at += sweep_stride();
	}
	CHECK(at >= least && at < SWEEP_MAXIMUM_USES);
	test_note("%llu failures, uses to %llu", (unsigned long long)failures,
		  (unsigned long long)at - 1);
}
