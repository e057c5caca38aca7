/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness: runs cases one after the other in this process, reports them, and
 * turns a crash or a hang into a `not ok` line before the process ends.
 */
#define _GNU_SOURCE
#include "test.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test_os.h"

enum outcome { PASSED, FAILED, SKIPPED };

/* The case that is running.  One program runs one case at a time. */
static struct {
	jmp_buf leave;
	atomic_uint failures;
	bool skipped;
	char reason[512]; /* of the first failure, or of the skip */
	char name[256];	  /* suite.case */
} now;

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	unsigned long long number = text ? strtoull(text, NULL, 10) : 0;

	return number ? number : otherwise;
}

const char *test_name(void)
{
	return now.name;
}

uint64_t test_scale(uint64_t count)
{
	uint64_t scaled = count / environment_number("MOTE_TEST_SCALE", 1);

	return scaled ? scaled : 1;
}

uint64_t test_slow(uint64_t seconds)
{
	return seconds * environment_number("MOTE_TEST_SLOW", 1);
}

bool test_in_bed(const char *bed)
{
	const char *here = getenv("MOTE_TEST_BED");

	if (!here || !here[0])
		return false;
	return !bed || !strcmp(bed, here);
}

bool test_on_posix(void)
{
	return test_os_is_posix;
}

void test_need_signals(void)
{
	if (!test_os_is_posix)
		SKIP("this system has no signals");
}

void test_need_fork(void)
{
	if (!test_os_is_posix)
		SKIP("this system cannot copy processes");
}

/* ---- Reporting --------------------------------------------------------------------------- */

/* Records one failure and prints it.  Any thread. */
static void report(const char *file, int line, const char *text)
{
	const char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	if (atomic_fetch_add(&now.failures, 1) == 0)
		snprintf(now.reason, sizeof(now.reason), "%s:%d: %s", base, line, text);
	printf("# %s: %s:%d: %s\n", now.name, base, line, text);
	fflush(stdout);
}

static bool judge(const struct test_where *where, bool holds, const char *text)
{
	if (holds)
		return true;
	report(where->file, where->line, text);
	if (where->fatal)
		longjmp(now.leave, 1);
	return false;
}

bool test_check(bool holds, const struct test_where *where)
{
	return judge(where, holds, where->text);
}

bool test_check_equal(const struct test_where *where, uint64_t actual, uint64_t expected)
{
	char text[400];

	if (actual == expected)
		return true;
	snprintf(text, sizeof(text),
		 "%s: is 0x%" PRIx64 " (%" PRId64 "), not 0x%" PRIx64 " (%" PRId64 ")", where->text,
		 actual, (int64_t)actual, expected, (int64_t)expected);
	return judge(where, false, text);
}

bool test_check_string(const struct test_where *where, const char *actual, const char *expected)
{
	char text[1400];

	if (actual == expected || (actual && expected && !strcmp(actual, expected)))
		return true;
	snprintf(text, sizeof(text), "%s: is \"%.500s\", not \"%.500s\"", where->text,
		 actual ? actual : "(null)", expected ? expected : "(null)");
	return judge(where, false, text);
}

bool test_check_contains(const struct test_where *where, const char *whole, const char *part)
{
	char text[1400];

	if (whole && strstr(whole, part))
		return true;
	snprintf(text, sizeof(text), "%s: \"%.500s\" has no \"%.500s\"", where->text,
		 whole ? whole : "(null)", part);
	return judge(where, false, text);
}

bool test_check_memory(const struct test_where *where, const void *actual, const void *expected,
		       size_t length)
{
	const unsigned char *a = actual, *b = expected;
	char text[400];

	for (size_t i = 0; i < length; i++) {
		if (a[i] == b[i])
			continue;
		snprintf(text, sizeof(text), "%s: byte %zu of %zu is 0x%02x, not 0x%02x",
			 where->text, i, length, a[i], b[i]);
		return judge(where, false, text);
	}
	return true;
}

void test_check_status(const struct test_where *where, bool holds, const char *actual,
		       const char *expected, const char *error_text)
{
	char text[900];

	if (holds)
		return;
	snprintf(text, sizeof(text), "%s: is %s, not %s%s%s", where->text, actual, expected,
		 error_text[0] ? ": " : "", error_text);
	judge(where, false, text);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	char text[900];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	report(file, line, text);
	longjmp(now.leave, 1);
}

void test_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(now.reason, sizeof(now.reason), format, arguments);
	va_end(arguments);
	now.skipped = true;
	longjmp(now.leave, 1);
}

void test_missing(const char *format, ...)
{
	const char *required = getenv("MOTE_REQUIRE_BEDS");
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (required != NULL && strcmp(required, "all") == 0)
		FAIL("%s, and MOTE_REQUIRE_BEDS=all", text);
	SKIP("%s", text);
}

void test_note(const char *format, ...)
{
	char text[900];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("# %s\n", text);
	fflush(stdout);
}

/* ---- Crashes and hangs ------------------------------------------------------------------- */

static void write_all(const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t written = write(STDOUT_FILENO, text, left);

		if (written <= 0)
			return;
		text += written;
		left -= (size_t)written;
	}
}

/* Async-signal-safe: the last words of a program that cannot go on. */
static void last_words(const char *why)
{
	write_all("\nnot ok - ");
	write_all(now.name);
	write_all(why);
}

static void on_crash(int signal_number)
{
	char why[] = ": crashed with signal 00\n";
	char *digits = why + sizeof(why) - 4;

	digits[0] = (char)('0' + signal_number / 10 % 10);
	digits[1] = (char)('0' + signal_number % 10);
	last_words(why);
}

static void on_hang(void)
{
	last_words(": hung until the watchdog came\n");
	test_os_end(1);
}

/* ---- Running ----------------------------------------------------------------------------- */

static enum outcome run_case(const char *suite, const struct test_case *test)
{
	atomic_store(&now.failures, 0);
	now.skipped = false;
	now.reason[0] = 0;
	snprintf(now.name, sizeof(now.name), "%s.%s", suite, test->name);

	test_os_limit((unsigned)test_slow(environment_number("MOTE_TEST_TIMEOUT", 120)));
	if (!setjmp(now.leave)) {
		if (test->before != NULL)
			test->before();
		test->run();
	}
	if (test->after != NULL && !setjmp(now.leave))
		test->after();
	test_os_limit(0);

	if (atomic_load(&now.failures)) {
		printf("not ok - %s: %s\n", now.name, now.reason);
		return FAILED;
	}
	if (now.skipped) {
		printf("skip - %s: %s\n", now.name, now.reason);
		return SKIPPED;
	}
	printf("ok - %s\n", now.name);
	return PASSED;
}

static bool selected(const char *suite, const char *name, int argc, char **argv)
{
	const char *filter = getenv("MOTE_TEST_FILTER");
	bool any = false;
	char full[256];

	snprintf(full, sizeof(full), "%s.%s", suite, name);
	if (filter && filter[0] && !strstr(full, filter))
		return false;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (argv[i][0] == '=' ? !strcmp(full, argv[i] + 1) : strstr(full, argv[i]) != NULL)
			return true;
		any = true;
	}
	return !any;
}

int test_main(const char *suite, const struct test_case *cases, size_t count, int argc, char **argv)
{
	bool list = argc > 1 && !strcmp(argv[1], "--list");
	const char *other_name = getenv("MOTE_TEST_SUITE");
	unsigned totals[3] = {0};

	if (other_name && other_name[0])
		suite = other_name;
	test_os_start(on_crash, on_hang);
	for (size_t i = 0; i < count; i++) {
		if (!selected(suite, cases[i].name, argc, argv))
			continue;
		if (list)
			printf("%s.%s\n", suite, cases[i].name);
		else
			totals[run_case(suite, &cases[i])]++;
		fflush(stdout);
	}
	if (!list)
		printf("# %s: %u passed, %u failed, %u skipped\n", suite, totals[PASSED],
		       totals[FAILED], totals[SKIPPED]);
	fflush(stdout);
	return totals[FAILED] ? 1 : 0;
}
