/* SPDX-License-Identifier: Apache-2.0
 *
 * A test harness that needs only a libc and POSIX or Windows, so that one static program
 * runs natively, in emulated machines and under other C libraries.
 *
 * A program is one suite:
 *
 *	static void adds(void) { CHECK_EQ(1 + 1, 2); }
 *	static const struct test_case cases[] = { CASE(adds) };
 *	int main(int argc, char **argv)
 *	{
 *		return test_main("arithmetic", cases, TEST_COUNT(cases), argc, argv);
 *	}
 *
 * It prints one line per case, `ok - suite.case`, `not ok - suite.case: why` or
 * `skip - suite.case: reason`, details on lines that begin with #, and exits 1
 * when a case failed.  Arguments select the cases whose "suite.case" contains one
 * of them, or, after a =, is one of them; --list prints the names.
 *
 * Environment:
 *   MOTE_TEST_FILTER   like an argument
 *   MOTE_TEST_TIMEOUT  seconds after which a case counts as hung (default 120)
 *   MOTE_TEST_SLOW     the machine is this many times slower: multiplies the above
 *   MOTE_TEST_SCALE    divides the repeat counts that go through test_scale()
 *   MOTE_TEST_GUESTS   folder of the guest images
 *   MOTE_TEST_SUITE    the suite's name, where its program runs in more than one way
 *   MOTE_TEST_BED      name of the emulated machine, when in one ("svm")
 *   MOTE_TEST_BACKEND  the hypervisor to test with ("kvm"); default: the first usable one
 *   MOTE_REQUIRE_BEDS  "all": what this machine cannot run is a failure, not a skip
 */
#ifndef MOTE_TEST_H
#define MOTE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/text/format.h"

/* 1 under the thread sanitizer: it holds signals back, and a cancelled thread keeps its locks. */
#if defined(__SANITIZE_THREAD__)
#define TEST_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_THREAD_SANITIZER 1
#endif
#endif
#ifndef TEST_THREAD_SANITIZER
#define TEST_THREAD_SANITIZER 0
#endif

/* 1 under a sanitizer that takes memory and makes system calls of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED TEST_THREAD_SANITIZER
#endif

struct test_case {
	const char *name;
	void (*run)(void);
	void (*before)(void); /* may be NULL; a failure in it leaves the case */
	void (*after)(void);  /* may be NULL; runs however the case ended */
};

/* clang-format off */
#define CASE(function) {#function, function, NULL, NULL}
#define CASE_WITHIN(function, before, after) {#function, function, before, after}
/* clang-format on */
#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Runs the cases that were asked for.  Returns the program's exit code. */
int test_main(const char *suite, const struct test_case *cases, size_t count, int argc,
	      char **argv);

/*
 * CHECK... report a failure and go on; REQUIRE... also leave the case.  CHECK works on any thread,
 * REQUIRE and SKIP only on the thread that runs the case, and not inside a host function (they
 * leave by longjmp).
 */
#define CHECK(condition) TEST_CHECK_(condition, false)
#define REQUIRE(condition) TEST_CHECK_(condition, true)

/* Two integers; both are shown in hexadecimal and decimal. */
#define CHECK_EQ(actual, expected) TEST_EQUAL_(actual, expected, false)
#define REQUIRE_EQ(actual, expected) TEST_EQUAL_(actual, expected, true)

/* Two strings; either may be NULL. */
#define CHECK_STR(actual, expected)                                                                \
	test_check_string(TEST_HERE_(#actual " == " #expected, false), actual, expected)
#define REQUIRE_STR(actual, expected)                                                              \
	test_check_string(TEST_HERE_(#actual " == " #expected, true), actual, expected)

/* That text contains part. */
#define CHECK_CONTAINS(text, part)                                                                 \
	test_check_contains(TEST_HERE_(#text " contains " #part, false), text, part)

/* length bytes of memory; the first difference is shown. */
#define CHECK_MEM(actual, expected, length)                                                        \
	test_check_memory(TEST_HERE_(#actual " == " #expected, false), actual, expected, length)
#define REQUIRE_MEM(actual, expected, length)                                                      \
	test_check_memory(TEST_HERE_(#actual " == " #expected, true), actual, expected, length)

/*
 * A mote_status that must be `expected`, or MOTE_OK; the error's text is shown when it is not.
 * error: a mote_error *, may be NULL.  For programs that include mote/error.h and link the library.
 */
#define CHECK_STATUS(status, expected, error) TEST_STATUS_(status, expected, error, false)
#define REQUIRE_STATUS(status, expected, error) TEST_STATUS_(status, expected, error, true)
#define CHECK_OK(status, error) TEST_STATUS_(status, MOTE_OK, error, false)
#define REQUIRE_OK(status, error) TEST_STATUS_(status, MOTE_OK, error, true)

/* FAIL reports a failure in printf's words and leaves the case; SKIP leaves it as skipped. */
#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) test_skip(__VA_ARGS__)

/* Prints a detail line ("# ..."), as printf does; a newline is added. */
void test_note(const char *format, ...) MOTE_PRINTF(1, 2);

/*
 * Leaves the case unless a hypervisor can be used: the one that MOTE_TEST_BACKEND names, else any.
 * Skipped, or failed under MOTE_REQUIRE_BEDS=all.  For programs that are linked with the bed
 * (tests/bed/engine.c).
 */
void test_need_hypervisor(void);

/* "suite.case" of the case that runs. */
const char *test_name(void);

/* A repeat count, smaller on a slow machine (MOTE_TEST_SCALE), never below 1. */
uint64_t test_scale(uint64_t count);

/* A time limit of `seconds` on an ordinary machine, longer on a slow one (MOTE_TEST_SLOW). */
uint64_t test_slow(uint64_t seconds);

/* Whether this is a POSIX system: not Windows. */
bool test_on_posix(void);
/* Leave the case as skipped where a process cannot be copied, or has no signals. */
void test_need_fork(void);
void test_need_signals(void);

/* Whether this runs in the emulated machine `bed` ("svm"); NULL: in any. */
bool test_in_bed(const char *bed);

/* ---- Of POSIX systems (test_system.c) ----------------------------------------------------- */

/* The path of a guest image, in a buffer that the next call overwrites; fails when there is none.
 */
const char *test_guest(const char *name);

/* Reads a whole file; leaves the case on failure.  The caller frees the result. */
void *test_read_file(const char *path, size_t *length);

/* How many bytes a file takes, of which holes are none; leaves the case on failure. */
uint64_t test_file_space(const char *path);

/* Of this process, from /proc/self: open files, memory mappings, resident and mapped kibibytes. */
size_t test_fd_count(void);
size_t test_mapping_count(void);
size_t test_resident_kib(void);
size_t test_virtual_kib(void);

/* Monotonic time. */
uint64_t test_now_ns(void);

/* What the library calls the handle of an open file, pipe or terminal: on POSIX systems the
 * descriptor. */
intptr_t test_handle(int file);

/* What stands for memory of mmap's MAP_SHARED | MAP_ANONYMOUS in a hypervisor's region: nothing,
 * -1, on POSIX systems. */
intptr_t test_memory_handle(const void *memory);

/* ---- Behind the macros ------------------------------------------------------------------- */

struct test_where {
	const char *file;
	int line;
	bool fatal;
	const char *text;
};

#define TEST_HERE_(text, fatal) (&(const struct test_where){__FILE__, __LINE__, fatal, text})
#define TEST_CHECK_(condition, fatal) test_check((condition), TEST_HERE_(#condition, fatal))
#define TEST_EQUAL_(actual, expected, fatal)                                                       \
	test_check_equal(TEST_HERE_(#actual " == " #expected, fatal), (uint64_t)(actual),          \
			 (uint64_t)(expected))
#define TEST_STATUS_(status, expected, error, fatal)                                               \
	do {                                                                                       \
		mote_status test_status_ = (status);                                               \
		const mote_error *test_error_ = (error);                                           \
		test_check_status(TEST_HERE_(#status, fatal), test_status_ == (expected),          \
				  mote_status_name(test_status_), mote_status_name(expected),      \
				  test_error_ ? test_error_->text : "");                           \
	} while (0)

bool test_check(bool holds, const struct test_where *where);
bool test_check_equal(const struct test_where *where, uint64_t actual, uint64_t expected);
bool test_check_string(const struct test_where *where, const char *actual, const char *expected);
bool test_check_contains(const struct test_where *where, const char *text, const char *part);
bool test_check_memory(const struct test_where *where, const void *actual, const void *expected,
		       size_t length);
void test_check_status(const struct test_where *where, bool holds, const char *actual,
		       const char *expected, const char *text);
void test_fail(const char *file, int line, const char *format, ...) MOTE_PRINTF(3, 4)
	__attribute__((noreturn));
void test_skip(const char *format, ...) MOTE_PRINTF(1, 2) __attribute__((noreturn));
/* Leaves the case, which needs what this machine has not: as skipped, or as failed where
 * MOTE_REQUIRE_BEDS is "all". */
void test_missing(const char *format, ...) MOTE_PRINTF(1, 2) __attribute__((noreturn));

#endif
