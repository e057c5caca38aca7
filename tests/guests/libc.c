/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: the SDK's libc checks itself against known answers.
 */
#include <mote_guest.h>
#include <stdio.h>

#include "libc_check.h"

uint32_t failures;

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"heap", test_heap},	 {"print", test_print},	  {"print_double", test_print_double},
	{"string", test_string}, {"memory", test_memory}, {"numbers", test_numbers},
	{"sort", test_sort},	 {"jump", test_jump},	  {"atomics", test_atomics},
};

MOTE_EXPORT(uint32_t, test_count)
{
	return sizeof(tests) / sizeof(tests[0]);
}

MOTE_EXPORT(mote_string, test_name, (uint32_t, index))
{
	return tests[index].name;
}

/* Whether one test passed; what did not hold is in the log. */
MOTE_EXPORT(bool, run_test, (uint32_t, index))
{
	failures = 0;
	tests[index].run();
	return !failures;
}

MOTE_EXPORT(bool, run_all)
{
	bool passed = true;

	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		bool one = run_test(i);

		passed = passed && one;
		mote_log(MOTE_LOG_INFO, "%s: %s", tests[i].name, one ? "passed" : "FAILED");
	}
	return passed;
}

MOTE_EXPORT(bool, stress_heap, (uint32_t, rounds))
{
	failures = 0;
	test_heap_stress(rounds);
	return !failures;
}

/* For comparison with another libc: snprintf of one number. */
MOTE_EXPORT(mote_string, format_double, (mote_string, format), (double, value))
{
	static char text[4096];
	int (*print)(char *, size_t, const char *, ...) = snprintf;

	print(text, sizeof(text), format, value);
	return text;
}

MOTE_EXPORT(mote_string, format_integer, (mote_string, format), (int64_t, value))
{
	static char text[4096];
	int (*print)(char *, size_t, const char *, ...) = snprintf;

	print(text, sizeof(text), format, value);
	return text;
}
