/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs: what they are started with, their streams over descriptors and callbacks, files in and
 * out, and how a run ends while a stream waits.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

/* ---- Streams of a test --------------------------------------------------------------------- */

/* A callback stream: gives out text in pieces, or keeps what it is given. */
struct memory {
	const char *text;
	size_t piece; /* 0: all that fits */
	char kept[512];
	size_t length;
	unsigned int calls;
	mote_status fails;
};

static mote_status read_memory(void *user, void *data, size_t capacity, size_t *length,
			       mote_error *error)
{
	struct memory *memory = user;
	size_t left = strlen(memory->text);

	(void)error;
	memory->calls++;
	*length = memory->piece != 0 && memory->piece < left ? memory->piece : left;
	*length = *length < capacity ? *length : capacity;
	memcpy(data, memory->text, *length);
	memory->text += *length;
	return memory->fails;
}

static mote_status write_memory(void *user, const void *data, size_t length, mote_error *error)
{
	struct memory *memory = user;

	(void)error;
	memory->calls++;
	if (length > sizeof(memory->kept) - 1 - memory->length)
		length = sizeof(memory->kept) - 1 - memory->length;
	memcpy(memory->kept + memory->length, data, length);
	memory->length += length;
	return memory->fails;
}

static mote_stream memory_stream(struct memory *memory)
{
	return (mote_stream){MOTE_STREAM_CALLBACK, 0, read_memory, write_memory, memory};
}

static mote_stream handle_stream(int fd)
{
	return (mote_stream){.kind = MOTE_STREAM_HANDLE, .handle = test_handle(fd)};
}

/* ---- Runs ----------------------------------------------------------------------------------- */

static mote_sandbox *program(mote_engine *engine)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	REQUIRE_OK(mote_sandbox_create_from_file(engine, test_guest("program"), &options, &sandbox,
						 &error),
		   &error);
	return sandbox;
}

/* {"program", what} */
static const char *const *words(const char *what)
{
	static const char *list[3] = {"program"};

	list[1] = what;
	return list;
}

/* Runs `what` of a new sandbox with these streams, and it must end so. */
static void run(mote_engine *engine, const char *what, mote_program_options *options,
		mote_status expected, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = program(engine);
	int status = -1;

	options->arguments = words(what);
	CHECK_STATUS(mote_program_run(sandbox, options, &status, &error), expected, &error);
	if (expected == MOTE_OK)
		CHECK_EQ(status, 0);
	else
		CHECK_CONTAINS(error.text, part);
	fixture_destroy(sandbox, NULL);
}

static void arguments_environment_and_files(void)
{
	static const char *const arguments[] = {"name", "say", "", "two words", NULL};
	static const char *const environment[] = {"A=1", "B=", NULL};
	struct memory in = {.text = "contents\n"}, out = {0}, errors = {0};
	const mote_program_file files[] = {
		{"data.txt", memory_stream(&in), false},
		{"/empty", {.kind = MOTE_STREAM_NONE}, false},
	};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	int status = -1;

	options.arguments = arguments;
	options.environment = environment;
	options.files = files;
	options.file_count = 2;
	options.output = memory_stream(&out);
	options.errors = memory_stream(&errors);
	REQUIRE_OK(mote_program_run(sandbox, &options, &status, &error), &error);
	CHECK_EQ(status, 300 & 0xff);
	CHECK_STR(out.kept, "name say\n\ntwo words\nA=1;B=;data.txt=contents\n/empty=");
	CHECK_STR(errors.kept, "done\n");
	fixture_destroy(sandbox, engine);
}

/* All that has a default. */
static void a_run_without_options(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	int status = -1;

	CHECK_OK(mote_program_run(sandbox, NULL, &status, &error), &error);
	CHECK_EQ(status, 0);
	fixture_destroy(sandbox, engine);
}

static void blocks_of_any_size(void)
{
	static const char text[] = "a text that comes in pieces";
	mote_engine *engine = fixture_engine();

	for (size_t piece = 0; piece <= sizeof(text); piece++) {
		struct memory in = {.text = text, .piece = piece}, out = {0};
		mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;

		options.input = memory_stream(&in);
		options.output = memory_stream(&out);
		run(engine, "copy", &options, MOTE_OK, "");
		CHECK_STR(out.kept, text);
	}
	mote_engine_release(engine);
}

static void files_that_are_wanted(void)
{
	struct memory in = {.text = "left behind"}, out = {0}, other = {0};
	mote_program_file wanted[] = {
		{"result", memory_stream(&out), true},
		{"other", memory_stream(&other), true},
	};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();

	options.input = memory_stream(&in);
	options.wanted = wanted;
	options.wanted_count = 2;
	run(engine, "leave", &options, MOTE_OK, "");
	CHECK(wanted[0].written && !wanted[1].written);
	CHECK_STR(out.kept, "left behind");
	CHECK_EQ(other.calls, 0);

	run(engine, "leave_empty", &options, MOTE_OK, "");
	CHECK(wanted[0].written);
	CHECK_EQ(out.length, strlen("left behind"));

	run(engine, "copy", &options, MOTE_OK, "");
	CHECK(!wanted[0].written);
	mote_engine_release(engine);
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

enum { MEBIBYTE = 1 << 20 };

static void fill(unsigned char *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		data[i] = (unsigned char)(i * 2654435761u >> 13);
}

/* A file without a name that holds a pattern, at its beginning. */
static int pattern_file(size_t bytes)
{
	FILE *file = tmpfile();
	unsigned char *data = malloc(bytes + 1);
	int fd;

	REQUIRE(file != NULL && data != NULL);
	fd = dup(fileno(file));
	REQUIRE(fd >= 0 && fclose(file) == 0);
	fill(data, bytes);
	REQUIRE_EQ(write(fd, data, bytes), (ssize_t)bytes);
	REQUIRE_EQ(lseek(fd, 0, SEEK_SET), 0);
	free(data);
	return fd;
}

static void files_of_the_host(void)
{
	const int in = pattern_file(MEBIBYTE + 5), out = pattern_file(0);
	unsigned char *expected = malloc(MEBIBYTE + 5), *actual = malloc(MEBIBYTE + 6);
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();

	options.input = handle_stream(in);
	options.output = handle_stream(out);
	run(engine, "copy", &options, MOTE_OK, "");
	REQUIRE(expected != NULL && actual != NULL);
	fill(expected, MEBIBYTE + 5);
	REQUIRE_EQ(pread(out, actual, MEBIBYTE + 6, 0), MEBIBYTE + 5);
	CHECK_MEM(actual, expected, MEBIBYTE + 5);
	free(expected);
	free(actual);
	close(in);
	close(out);
	mote_engine_release(engine);
}

/* The other end of two pipes: writes all of a pattern, and checks that it comes back. */
struct peer {
	int to, from;
	bool same;
};

static void *feed(void *user)
{
	struct peer *peer = user;
	unsigned char *data = malloc(MEBIBYTE);
	size_t done = 0;

	fill(data, MEBIBYTE);
	while (done < MEBIBYTE) {
		const ssize_t count = write(peer->to, data + done, MEBIBYTE - done);

		if (count <= 0)
			break;
		done += (size_t)count;
	}
	close(peer->to);
	free(data);
	return NULL;
}

static void *collect(void *user)
{
	struct peer *peer = user;
	unsigned char *expected = malloc(MEBIBYTE), *actual = malloc(MEBIBYTE + 1);
	size_t done = 0;
	ssize_t count;

	fill(expected, MEBIBYTE);
	while ((count = read(peer->from, actual + done, MEBIBYTE + 1 - done)) > 0)
		done += (size_t)count;
	peer->same = done == MEBIBYTE && memcmp(actual, expected, MEBIBYTE) == 0;
	free(expected);
	free(actual);
	return NULL;
}

static void pipes(bool non_blocking)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	pthread_t feeder, collector;
	struct peer peer;
	int in[2], out[2];

	if (non_blocking && !test_on_posix())
		SKIP("on this system only the library does not wait for pipes");
	REQUIRE(pipe(in) == 0 && pipe(out) == 0);
	if (non_blocking)
		REQUIRE(fcntl(in[0], F_SETFL, O_NONBLOCK) == 0 &&
			fcntl(out[1], F_SETFL, O_NONBLOCK) == 0);
	peer = (struct peer){in[1], out[0], false};
	REQUIRE(pthread_create(&feeder, NULL, feed, &peer) == 0);
	REQUIRE(pthread_create(&collector, NULL, collect, &peer) == 0);
	options.input = handle_stream(in[0]);
	options.output = handle_stream(out[1]);
	run(engine, "copy", &options, MOTE_OK, "");
	close(out[1]);
	pthread_join(feeder, NULL);
	pthread_join(collector, NULL);
	CHECK(peer.same);
	close(in[0]);
	close(out[0]);
	mote_engine_release(engine);
}

static void pipes_that_wait(void)
{
	pipes(false);
}

static void pipes_that_do_not_wait(void)
{
	pipes(true);
}

/* The process would end by SIGPIPE. */
static void a_pipe_that_nobody_reads(void)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	sigset_t pending;
	int out[2];

	REQUIRE(pipe(out) == 0);
	close(out[0]);
	options.output = handle_stream(out[1]);
	run(engine, "flood", &options, MOTE_HOST_FUNCTION,
	    test_on_posix() ? "write: Broken pipe" : "write: ");
	sigpending(&pending);
	CHECK(!sigismember(&pending, SIGPIPE));
	close(out[1]);
	mote_engine_release(engine);
}

static void descriptors_that_fail(void)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	const int folder = open("/", O_RDONLY | O_CLOEXEC);

	options.input = handle_stream(folder);
	run(engine, "copy", &options, MOTE_HOST_FUNCTION,
	    test_on_posix() ? "read: Is a directory" : "read: ");
	options.input = handle_stream(-1);
	run(engine, "copy", &options, MOTE_HOST_FUNCTION,
	    test_on_posix() ? "read: Bad file descriptor" : "read: ");
	close(folder);
	mote_engine_release(engine);
}

/* ---- Ends while a stream waits --------------------------------------------------------------- */

static void deadlines_end_the_waiting(void)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	int in[2], out[2];

	REQUIRE(pipe(in) == 0 && pipe(out) == 0);
	options.wall_ns = 1000000;
	options.input = handle_stream(in[0]);
	run(engine, "copy", &options, MOTE_WALL_DEADLINE, "wall-clock deadline");
	options.output = handle_stream(out[1]);
	run(engine, "flood", &options, MOTE_WALL_DEADLINE, "wall-clock deadline");
	run(engine, "spin", &options, MOTE_WALL_DEADLINE, "wall-clock deadline");
	for (int i = 0; i < 2; i++)
		close(in[i]), close(out[i]);
	mote_engine_release(engine);
}

/* The first thread of the process, which makes the calls of a case, sleeps: a guest never does.
 * Windows does not tell. */
static bool is_asleep(void)
{
	char path[64], text[256] = "";
	FILE *file;

	if (!test_on_posix())
		return true;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	file = fopen(path, "r");
	REQUIRE(file != NULL);
	REQUIRE(fgets(text, sizeof(text), file) != NULL);
	fclose(file);
	return strstr(text, ") S") != NULL;
}

static void *kill_it(void *user)
{
	mote_interrupt *interrupt = user;

	while (!test_interrupt_state(interrupt).running || !is_asleep())
		sched_yield();
	while (!mote_interrupt_kill(interrupt))
		sched_yield();
	return NULL;
}

static void a_kill_ends_the_waiting(void)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	pthread_t killer;
	int in[2], status;

	REQUIRE(pipe(in) == 0);
	options.input = handle_stream(in[0]);
	options.arguments = words("copy");
	REQUIRE(pthread_create(&killer, NULL, kill_it, mote_sandbox_get_interrupt(sandbox)) == 0);
	CHECK_STATUS(mote_program_run(sandbox, &options, &status, &error), MOTE_KILLED, &error);
	pthread_join(killer, NULL);
	close(in[0]);
	close(in[1]);
	fixture_destroy(sandbox, engine);
}

/* A callback that fails, in its own words. */
static void callbacks_that_fail(void)
{
	struct memory stream = {.text = "x", .fails = MOTE_LIMIT};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();

	options.input = memory_stream(&stream);
	run(engine, "copy", &options, MOTE_HOST_FUNCTION, "standard input: ");
	options.input.kind = MOTE_STREAM_NONE;
	options.output = memory_stream(&stream);
	run(engine, "flood", &options, MOTE_HOST_FUNCTION, "standard output: ");
	mote_engine_release(engine);
}

/* A callback of the program destroys its own sandbox. */
static mote_status destroy_it(void *user, const void *data, size_t length, mote_error *error)
{
	(void)data;
	(void)length;
	(void)error;
	mote_sandbox_destroy(user);
	return MOTE_OK;
}

static void destroyed_by_its_own_callback(void)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	int status;

	options.output =
		(mote_stream){.kind = MOTE_STREAM_CALLBACK, .write = destroy_it, .user = sandbox};
	options.arguments = words("flood");
	CHECK_STATUS(mote_program_run(sandbox, &options, &status, &error), MOTE_KILLED, &error);
	mote_engine_release(engine);
}

/* ---- Hostile programs, and wrong use --------------------------------------------------- 
 */

static void streams_that_do_not_exist(void)
{
	static const char *const acts[] = {"read_output", "write_input", "wild_stream",
					   "wild_output"};
	struct memory in = {.text = "file"};
	const mote_program_file files[] = {{"f", memory_stream(&in), false}};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(acts); i++)
		run(engine, acts[i], &options, MOTE_HOST_FUNCTION, "the program has no stream");
	options.files = files;
	options.file_count = 1;
	run(engine, "write_file", &options, MOTE_HOST_FUNCTION, "the program has no stream 3");
	CHECK_EQ(in.calls, 0);
	mote_engine_release(engine);
}

static void nothing_is_read_for_nothing(void)
{
	struct memory in = {.text = "x"};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	int status = -1;

	options.input = memory_stream(&in);
	options.arguments = words("read_nothing");
	CHECK_OK(mote_program_run(sandbox, &options, &status, &error), &error);
	CHECK_EQ(status, 7);
	CHECK_EQ(in.calls, 0);
	fixture_destroy(sandbox, engine);
}

static void no_streams_without_a_run(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;

	CHECK_STATUS(fixture_try(sandbox, "read_without_a_run", NULL, 0, NULL, &error),
		     MOTE_HOST_FUNCTION, &error);
	CHECK_CONTAINS(error.text, "no streams before mote_program_run");
	fixture_destroy(sandbox, engine);
}

static mote_status read_too_much(void *user, void *data, size_t capacity, size_t *length,
				 mote_error *error)
{
	(void)user;
	(void)data;
	(void)error;
	*length = capacity + 1;
	return MOTE_OK;
}

static void wrong_use(void)
{
	mote_program_file file = {"f", {.kind = MOTE_STREAM_CALLBACK}, false};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT, good = options;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine), *functions = fixture_sandbox(engine, "echo", NULL);
	mote_error error = MOTE_ERROR_INIT;
	int status;

#define REFUSE(part)                                                                               \
	CHECK_STATUS(mote_program_run(sandbox, &options, &status, &error), MOTE_INVALID_ARGUMENT,  \
		     &error);                                                                      \
	CHECK_CONTAINS(error.text, part);                                                          \
	options = good
	CHECK_STATUS(mote_program_run(NULL, NULL, &status, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_program_run(sandbox, NULL, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_program_run(functions, NULL, &status, &error), MOTE_NOT_FOUND, &error);
	CHECK_CONTAINS(error.text, "is no program");
	options.input.kind = MOTE_STREAM_CALLBACK;
	REFUSE("standard stream of a program has no callback");
	options.output.kind = (mote_stream_kind)77;
	REFUSE("standard stream");
	options.file_count = 1;
	REFUSE("list of files is NULL");
	options.files = options.wanted = &file;
	options.file_count = 1;
	REFUSE("file has no callback");
	options.wanted = &file;
	options.wanted_count = 70000;
	REFUSE("more than 65535 files");
	options.files = &file;
	options.file_count = 1;
	options.file_size = 3;
	REFUSE("set it to sizeof(mote_program_file)");
	file.name = "";
	options.files = &file;
	options.file_count = 1;
	REFUSE("has no name");
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	fixture_destroy(functions, NULL);
	fixture_destroy(sandbox, NULL);

	options.input = (mote_stream){.kind = MOTE_STREAM_CALLBACK, .read = read_too_much};
	run(engine, "copy", &options, MOTE_HOST_FUNCTION, "were asked for");
	mote_engine_release(engine);
}

static void too_many_arguments(void)
{
	static char text[70000];
	const char *arguments[] = {"program", text, NULL};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	int status;

	memset(text, 'a', sizeof(text) - 1);
	options.arguments = arguments;
	CHECK_STATUS(mote_program_run(sandbox, &options, &status, &error), MOTE_TOO_LARGE, &error);
	CHECK_CONTAINS(error.text, "mailbox_bytes");
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	fixture_destroy(sandbox, engine);
}

/* ---- Again and again -------------------------------------------------------------------- 
 */

static void started_once_and_run_from_a_pool(void)
{
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_pool_options pool_options = MOTE_POOL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = program(engine);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;
	mote_pool *pool;

	REQUIRE_OK(mote_sandbox_start(sandbox, NULL, &error), &error);
	REQUIRE_OK(mote_snapshot_take(sandbox, NULL, &snapshot, &error), &error);
	REQUIRE_OK(mote_pool_create(snapshot, &pool_options, &pool, &error), &error);
	fixture_destroy(sandbox, NULL);
	for (int i = 0; i < 5; i++) {
		struct memory in = {.text = "each has its own"}, out = {0};
		int status = -1;

		options.input = memory_stream(&in);
		options.output = memory_stream(&out);
		options.arguments = words("copy");
		REQUIRE_OK(mote_pool_acquire(pool, &sandbox, &error), &error);
		CHECK_OK(mote_program_run(sandbox, &options, &status, &error), &error);
		CHECK_STR(out.kept, "each has its own");
		mote_pool_release(pool, sandbox);
	}
	mote_pool_destroy(pool);
	mote_snapshot_destroy(snapshot);
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(arguments_environment_and_files),
	CASE(a_run_without_options),
	CASE(blocks_of_any_size),
	CASE(files_that_are_wanted),
	CASE(files_of_the_host),
	CASE(pipes_that_wait),
	CASE(pipes_that_do_not_wait),
	CASE(a_pipe_that_nobody_reads),
	CASE(descriptors_that_fail),
	CASE(deadlines_end_the_waiting),
	CASE(a_kill_ends_the_waiting),
	CASE(callbacks_that_fail),
	CASE(destroyed_by_its_own_callback),
	CASE(streams_that_do_not_exist),
	CASE(nothing_is_read_for_nothing),
	CASE(no_streams_without_a_run),
	CASE(wrong_use),
	CASE(too_many_arguments),
	CASE(started_once_and_run_from_a_pool),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_program", cases, TEST_COUNT(cases), argc, argv);
}
