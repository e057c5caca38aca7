/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that want more than there is: of files, descriptors, memory, output, processes.  They
 * are refused or ended, and the host pays the same for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* What the engine has allocated, and the most that it had at one time. */
struct account {
	size_t live, most;
};

enum { HEAD = 16 };

static void *resize(void *user, void *old, size_t bytes)
{
	struct account *account = user;
	size_t *head = realloc(old ? (char *)old - HEAD : NULL, bytes + HEAD);

	if (!head)
		return NULL;
	account->live += bytes - (old ? *head : 0);
	account->most = account->live > account->most ? account->live : account->most;
	*head = bytes;
	return (char *)head + HEAD;
}

static void *allocate(void *user, size_t bytes)
{
	return resize(user, NULL, bytes);
}

static void release(void *user, void *pointer)
{
	struct account *account = user;

	if (!pointer)
		return;
	account->live -= *(size_t *)(void *)((char *)pointer - HEAD);
	free((char *)pointer - HEAD);
}

static uint64_t log_lines;

static void count_lines(void *user, mote_log_level level, const char *text, size_t length)
{
	(void)user, (void)level, (void)text, (void)length;
	log_lines++;
}

static mote_status endless(void *user, void *data, size_t capacity, size_t *length,
			   mote_error *error)
{
	(void)user, (void)error;
	memset(data, 'x', capacity);
	*length = capacity;
	return MOTE_OK;
}

static mote_status drop(void *user, const void *data, size_t length, mote_error *error)
{
	(void)user, (void)data, (void)length, (void)error;
	return MOTE_OK;
}

/* The guest's memory, and what the library needs beside it for one run: copies of two mailboxes and
 * a block of a stream. */
enum { MEMORY = 8 << 20, MAILBOX = 64 << 10, BESIDE = 4 * MAILBOX };

static void run(const char *what, uint64_t wall_ns, mote_status expected, const char *text)
{
	struct account account = {0};
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_program_options run_options = MOTE_PROGRAM_OPTIONS_INIT;
	const char *const words[] = {"bombs", what, NULL};
	const mote_stream stream = {MOTE_STREAM_CALLBACK, 0, endless, drop, NULL};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;
	mote_sandbox *sandbox;
	size_t before;
	int status = -1;

	engine_options.allocator = (mote_allocator){
		.allocate = allocate, .reallocate = resize, .release = release, .user = &account};
	engine_options.log = count_lines;
	REQUIRE_OK(mote_engine_create(&engine_options, &engine, &error), &error);
	options.memory_bytes = MEMORY;
	options.mailbox_bytes = MAILBOX;
	REQUIRE_OK(mote_sandbox_create_from_file(engine, test_guest("bombs"), &options, &sandbox,
						 &error),
		   &error);
	run_options.arguments = words;
	run_options.wall_ns = wall_ns;
	run_options.input = run_options.output = run_options.errors = stream;
	before = account.most = account.live;
	log_lines = 0;
	CHECK_STATUS(mote_program_run(sandbox, &run_options, &status, &error), expected, &error);
	CHECK_EQ(status, expected == MOTE_OK ? 0 : -1);
	if (text)
		CHECK_CONTAINS(error.text, text);
	CHECK(account.most - before <= BESIDE);
	CHECK(log_lines < 100);
	fixture_destroy(sandbox, engine);
	CHECK_EQ(account.live, 0);
}

static void a_file_without_end(void)
{
	run("file", 0, MOTE_OK, NULL);
}

static void files_without_end(void)
{
	run("files", 0, MOTE_OK, NULL);
}

static void a_million_opens(void)
{
	run("opens", 0, MOTE_OK, NULL);
}

static void folders_in_folders(void)
{
	run("folders", 0, MOTE_OK, NULL);
}

static void memory_without_end(void)
{
	run("memory", 0, MOTE_OK, NULL);
}

static void processes_and_threads(void)
{
	run("processes", 0, MOTE_OK, NULL);
}

static void lists_without_end(void)
{
	run("lists", 0, MOTE_OK, NULL);
}

static void numbers_longer_than_memory(void)
{
	run("print", 0, MOTE_OK, NULL);
}

static void deep_recursion(void)
{
	run("recurse", 0, MOTE_GUEST_FAULT, "stack overflow");
}

/* These are ended.  However much they have done by then, it cost the host nothing more. */
static void floods(void)
{
	static const char *const names[] = {"flood_output", "flood_errors", "read_for_ever",
					    "exit_for_ever"};

	for (size_t i = 0; i < TEST_COUNT(names); i++)
		run(names[i], 100000000, MOTE_WALL_DEADLINE, "deadline");
}

static const struct test_case cases[] = {
	CASE(a_file_without_end), CASE(files_without_end),
	CASE(a_million_opens),	  CASE(folders_in_folders),
	CASE(memory_without_end), CASE(processes_and_threads),
	CASE(lists_without_end),  CASE(numbers_longer_than_memory),
	CASE(deep_recursion),	  CASE(floods),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_bombs", cases, TEST_COUNT(cases), argc, argv);
}
