/* SPDX-License-Identifier: Apache-2.0
 *
 * One case for each way in which a case can end; harness_test.sh checks what is
 * printed about it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

static void passes(void)
{
	CHECK(1 < 2);
	CHECK_EQ(2 + 2, 4);
	CHECK_STR("a", "a");
	CHECK_MEM("abc", "abd", 2);
	CHECK_CONTAINS("hello", "ell");
}

static void fails_twice_and_goes_on(void)
{
	CHECK(1 > 2);
	CHECK_EQ(-1, 255);
}

static void leaves_at_require(void)
{
	REQUIRE_STR("left", "right");
	abort();
}

static void differs_in_memory(void)
{
	CHECK_MEM("abc", "abd", 3);
}

static void lacks_a_part(void)
{
	CHECK_CONTAINS("hello", "world");
}

static void is_skipped(void)
{
	SKIP("no %s here", "bed");
}

static void aborts(void)
{
	abort();
}

static void faults(void)
{
	static int *volatile nowhere;

	*nowhere = 1;
}

static void hangs(void)
{
	for (;;)
		sleep(1);
}

static void scales(void)
{
	CHECK_EQ(test_scale(1000), 10);
	CHECK_EQ(test_scale(5), 1);
	CHECK_EQ(test_slow(3), 6);
}

static void says_before(void)
{
	test_note("before");
}

static void says_after(void)
{
	test_note("after");
}

static void cannot_begin(void)
{
	FAIL("nothing to begin with");
}

static void is_within(void)
{
	FAIL("in the middle");
}

static void never_begins(void)
{
	test_note("begun all the same");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE_WITHIN(is_within, says_before, says_after),
		CASE_WITHIN(never_begins, cannot_begin, says_after),
		CASE(passes),
		CASE(fails_twice_and_goes_on),
		CASE(leaves_at_require),
		CASE(differs_in_memory),
		CASE(lacks_a_part),
		CASE(is_skipped),
		CASE(aborts),
		CASE(faults),
		CASE(hangs),
		CASE(scales),
	};

	return test_main("sample", cases, TEST_COUNT(cases), argc, argv);
}
