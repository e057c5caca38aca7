/* SPDX-License-Identifier: Apache-2.0
 *
 * Many sandboxes in one process on Windows: all but one have a surrogate process each.
 *
 * surrogates_test --round COUNT: has so many at once, and ends.
 * surrogates_test --hold COUNT: has so many, says so in a line, and waits for its end.  Both are
 * for processes_test.sh, which looks at it from outside.
 */
#include <windows.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { FIFTY = 50, FEW = 6, ROUNDS = 10 };

/* Each has its own memory: what one counts, the others do not. */
static void use_at_once(mote_engine *engine, unsigned count)
{
	mote_sandbox **sandboxes = calloc(count, sizeof(mote_sandbox *));

	REQUIRE(sandboxes != NULL);
	for (unsigned i = 0; i < count; i++)
		sandboxes[i] = fixture_sandbox(engine, "echo", NULL);
	for (unsigned i = 0; i < count; i++)
		for (unsigned calls = 1; calls <= 1 + i % 3; calls++)
			CHECK_EQ(CALL0(sandboxes[i], "count").as.u32, calls);
	for (unsigned i = 0; i < count; i++) {
		CHECK_EQ(CALL0(sandboxes[i], "count").as.u32, 2 + i % 3);
		mote_sandbox_destroy(sandboxes[i]);
	}
	free(sandboxes);
}

static void fifty_sandboxes_at_once(void)
{
	mote_engine *engine = fixture_engine();

	use_at_once(engine, FIFTY);
	mote_engine_release(engine);
}

static void rounds_leave_no_handle(void)
{
	size_t handles = 0;

	for (unsigned round = 0; round <= ROUNDS; round++) {
		mote_engine *engine = fixture_engine();

		use_at_once(engine, FEW);
		mote_engine_release(engine);
		if (round == 0)
			handles = test_fd_count();
		CHECK_EQ(test_fd_count(), handles);
	}
}

static void *use_few(void *engine)
{
	use_at_once(engine, FEW);
	return NULL;
}

static void threads_share_what_is_kept(void)
{
	mote_engine *engine = fixture_engine();
	pthread_t threads[4];

	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < TEST_COUNT(threads); i++)
			REQUIRE_EQ(pthread_create(&threads[i], NULL, use_few, engine), 0);
		for (size_t i = 0; i < TEST_COUNT(threads); i++)
			pthread_join(threads[i], NULL);
	}
	mote_engine_release(engine);
}

static void two_engines_have_one_memory(void)
{
	mote_engine *first = fixture_engine(), *second = fixture_engine();
	mote_sandbox *own = fixture_sandbox(first, "echo", NULL);
	mote_sandbox *other = fixture_sandbox(second, "echo", NULL);

	CHECK_EQ(CALL0(own, "count").as.u32, 1);
	CHECK_EQ(CALL0(other, "count").as.u32, 1);
	mote_sandbox_destroy(own);
	own = fixture_sandbox(second, "echo", NULL);
	CHECK_EQ(CALL0(own, "count").as.u32, 1);
	CHECK_EQ(CALL0(other, "count").as.u32, 2);
	mote_sandbox_destroy(other);
	mote_sandbox_destroy(own);
	mote_engine_release(first);
	mote_engine_release(second);
}

/* The path of a program that is not this one's; how often it runs is nobody's affair. */
static void another_program_serves(void)
{
	static const char *const programs[] = {"C:\\windows\\system32\\cmd.exe",
					       "C:/windows/system32/cmd.exe"};
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	char path[64];

	test_need_hypervisor();
	for (size_t i = 0; i < TEST_COUNT(programs); i++) {
		mote_engine *engine;

		strcpy(path, programs[i]);
		options.surrogate_path = path;
		REQUIRE_OK(mote_engine_create(&options, &engine, &error), &error);
		memset(path, 'x', sizeof(path) - 1); /* it was copied */
		use_at_once(engine, FEW);
		mote_engine_release(engine);
	}
}

static void a_program_that_is_not_there_is_named(void)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *first, *second;
	mote_engine *engine;

	test_need_hypervisor();
	options.surrogate_path = "C:\\no such folder\\\xf0\x9f\x98\x80.exe";
	REQUIRE_OK(mote_engine_create(&options, &engine, &error), &error);
	first = fixture_sandbox(engine, "echo", NULL);
	CHECK_STATUS(fixture_create(engine, "echo", NULL, &second, &error), MOTE_FILE, &error);
	CHECK_CONTAINS(error.text, "surrogate process of C:\\no such folder\\");
	CHECK_EQ(CALL0(first, "count").as.u32, 1);
	mote_sandbox_destroy(first);
	mote_engine_release(engine);
}

/* ---- For the script -------------------------------------------------------------------------- */

static mote_sandbox *have_one(mote_engine *engine)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	mote_sandbox *sandbox;

	if (fixture_create(engine, "echo", NULL, &sandbox, &error) != MOTE_OK ||
	    mote_sandbox_find(sandbox, "count", NULL, &function, &error) != MOTE_OK ||
	    mote_sandbox_call(sandbox, function, NULL, 0, NULL, NULL, &error) != MOTE_OK) {
		printf("%s\n", error.text);
		exit(1);
	}
	return sandbox;
}

static int have(unsigned count, bool hold)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandboxes[FIFTY];
	mote_engine *engine;

	count = count < FIFTY ? count : FIFTY;
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK) {
		printf("%s\n", error.text);
		return 77;
	}
	for (unsigned i = 0; i < count; i++)
		sandboxes[i] = have_one(engine);
	printf("ready\n");
	fflush(stdout);
	while (hold)
		Sleep(INFINITE);
	for (unsigned i = 0; i < count; i++)
		mote_sandbox_destroy(sandboxes[i]);
	mote_engine_release(engine);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(fifty_sandboxes_at_once),	  CASE(rounds_leave_no_handle),
		CASE(threads_share_what_is_kept), CASE(two_engines_have_one_memory),
		CASE(another_program_serves),	  CASE(a_program_that_is_not_there_is_named),
	};

	if (argc == 3 && argv[1][0] == '-')
		return have((unsigned)strtoul(argv[2], NULL, 10), strcmp(argv[1], "--hold") == 0);
	return test_main("surrogates", cases, TEST_COUNT(cases), argc, argv);
}
