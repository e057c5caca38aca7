/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of Windows that the library calls fail, at each of their uses: one clear error, or
 * none, and nothing is left.  Not those that fail for wrong arguments alone, nor those of imports,
 * the debugger and random numbers.
 */
#include "failing_calls.h"
#include "failure_point.h"
#include "sim/life.h"

/* So many calls there are of each in a life, from which these fail. */
enum { POINTS = 5 };

static size_t handles;

static void check_whole(const char *when)
{
	struct life life;

	failure_point_set(0, 0, false);
	life_live(&life);
	if (life.status != MOTE_OK)
		test_note("%s: %s: %s", when, life.step, life.error.text);
	REQUIRE_EQ(life.status, MOTE_OK);
}

static void fail_at(enum failing_call call, uint64_t at, bool lasting)
{
	struct life life;

	failure_point_set(call, at, lasting);
	life_live(&life);
	failure_point_clear();
	if (at == 1)
		CHECK(failure_point_has_failed());
	/* What fails at one use alone may be done without, or another way. */
	if (life.status == MOTE_OK && !CHECK(!lasting))
		test_note("%s: nobody noticed", failing_name(call));
	if (life.status == MOTE_OK)
		return;
	if (!CHECK(life.error.text[0] != '\0') || !CHECK(life.status != MOTE_INVALID_ARGUMENT))
		test_note("%s, call %llu%s: %s: %s: %s", failing_name(call), (unsigned long long)at,
			  lasting ? " and later ones" : "", life.step,
			  mote_status_name(life.status), life.error.text);
}

static void fail_all(enum failing_call call, uint64_t count)
{
	const uint64_t step = count > POINTS ? count / POINTS : 1;

	for (uint64_t at = 1; at <= count; at += step)
		fail_at(call, at, false);
	fail_at(call, count, false);
	fail_at(call, 1, true);
	check_whole(failing_name(call));
	/* The C library, or Wine, may have made one for itself. */
	if (!CHECK(test_fd_count() <= handles + 1))
		test_note("%s leaves handles", failing_name(call));
}

static void every_function_fails_at_every_use(void)
{
	uint64_t counts[FAILING_COUNT];

	test_need_hypervisor();
	check_whole("at first");
	check_whole("then");
	handles = test_fd_count();
	for (size_t i = 0; i < FAILING_COUNT; i++)
		counts[i] = failure_point_calls(i);
	for (size_t i = 0; i < FAILING_COUNT; i++)
		if (CHECK(counts[i] > 0))
			fail_all((enum failing_call)i, counts[i]);
		else
			test_note("%s is not called", failing_name((enum failing_call)i));
}

static const struct test_case cases[] = {
	CASE(every_function_fails_at_every_use),
};

int main(int argc, char **argv)
{
	return test_main("windows_sweep", cases, TEST_COUNT(cases), argc, argv);
}
