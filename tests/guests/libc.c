/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: the SDK's libc checks itself against known answers.
 */
#define _GNU_SOURCE
#include <mote_guest.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "libc_check.h"

uint32_t failures;

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"heap", test_heap},	 {"print", test_print},	      {"print_double", test_print_double},
	{"string", test_string}, {"memory", test_memory},     {"numbers", test_numbers},
	{"sort", test_sort},	 {"jump", test_jump},	      {"atomics", test_atomics},
	{"files", test_files},	 {"mappings", test_mappings}, {"threads", test_threads},
	{"system", test_system},
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

/* The time, a moment later, and what mktime and gmtime make of it. */
MOTE_EXPORT(int64_t, now)
{
	struct timespec first, second;
	struct tm parts;
	time_t seconds;

	clock_gettime(CLOCK_REALTIME, &first);
	clock_gettime(CLOCK_MONOTONIC, &second);
	if (second.tv_sec < first.tv_sec ||
	    (second.tv_sec == first.tv_sec && second.tv_nsec <= first.tv_nsec))
		mote_abort("the clock goes back");
	seconds = time(NULL);
	gmtime_r(&seconds, &parts);
	return timegm(&parts);
}

/* Never returns. */
MOTE_EXPORT(void, wait_for_nobody)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&mutex);
}

MOTE_EXPORT(void, raise_signal, (int32_t, number))
{
	raise(number);
}

MOTE_EXPORT(void, leave, (int32_t, status))
{
	printf("last words");
	exit(status);
}

MOTE_EXPORT(void, log_format, (mote_string, format))
{
	void (*log)(mote_log_level, const char *, ...) = mote_log;

	log(MOTE_LOG_INFO, format, 1.0);
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
