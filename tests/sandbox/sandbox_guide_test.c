/* SPDX-License-Identifier: Apache-2.0
 *
 * The pieces of C in docs/embedding.md, taken from there as they stand, do what
 * the guide says.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#include "embedding.inc"

/* ---- Requests ---------------------------------------------------------------------------- */

static void *cancel_when_it_runs(void *user)
{
	struct request *request = user;

	while (!test_interrupt_state(request->interrupt).running)
		usleep(50);
	CHECK(cancel_request(request));
	return NULL;
}

static void a_request_is_cancelled(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_error error = MOTE_ERROR_INIT;
	struct request request;
	pthread_t thread;

	CALL0(sandbox, "still_alive");
	request = begin_request(sandbox);
	CHECK(!cancel_request(&request));
	CALL0(sandbox, "still_alive"); /* that one; the next is out of reach */
	CHECK(!cancel_request(&request));
	end_request(&request);

	request = begin_request(sandbox);
	REQUIRE(pthread_create(&thread, NULL, cancel_when_it_runs, &request) == 0);
	CHECK_STATUS(fixture_try(sandbox, "spin", NULL, 0, NULL, &error), MOTE_KILLED, &error);
	pthread_join(thread, NULL);
	fixture_destroy(sandbox, engine);
	CHECK(!cancel_request(&request));
	end_request(&request);
}

/* ---- Programs ---------------------------------------------------------------------------- */

/* The test guest takes the second word for what it is to do, and does not know that one. */
static void a_program_is_run(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "program", NULL);
	mote_error error = MOTE_ERROR_INIT;
	int status = -1;

	CHECK_OK(filter(sandbox, 0, 1, (mote_stream){.kind = MOTE_STREAM_NONE}, &status, &error),
		 &error);
	CHECK_EQ(status, 0);
	fixture_destroy(sandbox, engine);
}

/* ---- A pool ------------------------------------------------------------------------------ */

/* Each request counts from the beginning, also after one that failed. */
static void a_service_is_clean_each_time(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_call_options reply = MOTE_CALL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	struct service service = {0};
	char buffer[64];

	reply.result_buffer = buffer;
	reply.result_capacity = sizeof(buffer);
	options.host_functions = fixture_functions(&options.host_function_count);
	REQUIRE_OK(open_service(engine, test_guest("echo"), "echo_string", &options, &service,
				&error),
		   &error);
	for (unsigned i = 0; i < 3; i++) {
		const mote_value request = mote_value_string("a request"),
				 wrong = mote_value_u32(1);
		mote_value result = {0};

		CHECK_OK(serve(&service, &request, &reply, &result, &error), &error);
		CHECK(result.as.string.data == buffer);
		CHECK_STR(buffer, "a request");
		CHECK_STATUS(serve(&service, &wrong, &reply, &result, &error), MOTE_SIGNATURE,
			     &error);
	}
	mote_pool_destroy(service.pool);
	mote_engine_release(engine);
}

/* ---- An event loop ----------------------------------------------------------------------- */

/* Starts a job and polls for its end, as a loop does. */
static struct job *loop_until_done(struct job *job, int pipe_ends[2])
{
	struct pollfd ready = {.fd = pipe_ends[0], .events = POLLIN};
	struct job *done;
	pthread_t thread;
	void *failed;

	job->done = pipe_ends[1];
	REQUIRE(pthread_create(&thread, NULL, run_job, job) == 0);
	REQUIRE(poll(&ready, 1, -1) == 1);
	done = take_job(pipe_ends[0]);
	pthread_join(thread, &failed);
	CHECK(!failed);
	return done;
}

static void find(struct job *job, const char *name)
{
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_sandbox_find(job->sandbox, name, NULL, &job->function, &error), &error);
}

static void a_loop_gets_results(void)
{
	static char text[] = "through the loop";
	mote_engine *engine = fixture_engine();
	struct job job = {.sandbox = fixture_sandbox(engine, "echo", NULL)};
	int pipe_ends[2];

	REQUIRE(pipe(pipe_ends) == 0);
	find(&job, "echo_string");
	job.argument = mote_value_string(text);
	REQUIRE(loop_until_done(&job, pipe_ends) == &job);
	REQUIRE_OK(job.status, &job.error);
	CHECK_STR(job.result.as.string.data, text);
	mote_sandbox_destroy(job.sandbox);

	job.sandbox = fixture_sandbox(engine, "callbacks", NULL);
	find(&job, "call_times");
	job.argument = mote_value_u32(UINT32_MAX); /* host calls for minutes */
	REQUIRE(loop_until_done(&job, pipe_ends) == &job);
	CHECK(job.status == MOTE_WALL_DEADLINE || job.status == MOTE_CPU_DEADLINE);
	fixture_destroy(job.sandbox, engine);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

/* ---- Processes ---------------------------------------------------------------------------- */

/* Runs a check in a child; its result is the exit code. */
static int in_child(int (*check)(void *user), void *user)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(check(user));
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

struct parents {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_function function;
};

static int use_anew(void *user)
{
	struct parents *parents = user;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	if (mote_sandbox_call(parents->sandbox, parents->function, NULL, 0, NULL, NULL, &error) !=
	    MOTE_FORKED)
		return 1;
	if (begin_again(&parents->engine, &parents->sandbox, &error) != MOTE_OK)
		return 2;
	if (fixture_create(parents->engine, "echo", NULL, &sandbox, &error) != MOTE_OK)
		return 3;
	/* The parent's handle is of the parent's image. */
	if (mote_sandbox_call(sandbox, parents->function, NULL, 0, NULL, NULL, &error) !=
	    MOTE_INVALID_ARGUMENT)
		return 4;
	if (mote_sandbox_find(sandbox, "empty", NULL, &parents->function, &error) != MOTE_OK ||
	    mote_sandbox_call(sandbox, parents->function, NULL, 0, NULL, NULL, &error) != MOTE_OK)
		return 5;
	mote_sandbox_destroy(sandbox);
	mote_engine_release(parents->engine);
	return 0;
}

static void a_child_begins_again(void)
{
	mote_engine *engine = fixture_engine();
	struct parents parents = {engine, fixture_sandbox(engine, "echo", NULL), {0}};
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_sandbox_find(parents.sandbox, "empty", NULL, &parents.function, &error),
		   &error);
	CALL0(parents.sandbox, "empty");
	CHECK_EQ(in_child(use_anew, &parents), 0);
	CALL0(parents.sandbox, "empty");
	fixture_destroy(parents.sandbox, engine);
}

/* ---- Signals ----------------------------------------------------------------------------- */

static void on_any(int number)
{
	(void)number;
}

/* As a runtime that handles every signal from the start.  user: whether none is needed. */
static int with_all_signals_handled(void *user)
{
	const struct sigaction action = {.sa_handler = on_any};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	for (int number = SIGIO; number <= SIGRTMAX; number++)
		sigaction(number, &action, NULL);
	sigaction(SIGURG, &action, NULL);
	sigaction(SIGSTKFLT, &action, NULL);
	if (*(const bool *)user)
		return mote_engine_create(NULL, &engine, &error) == MOTE_OK ? 0 : 4;
	if (mote_engine_create(NULL, &engine, &error) != MOTE_SIGNAL_TAKEN)
		return 1;
	if (!strstr(error.text, "all have a handler of the application"))
		return 2;
	if (create_engine(SIGSTKFLT, &engine, &error) != MOTE_OK)
		return 3;
	mote_engine_release(engine);
	return 0;
}

static void a_signal_is_given_back(void)
{
	bool needs_none = !fixture_has_kick_signal();

	CHECK_EQ(in_child(with_all_signals_handled, &needs_none), 0);
}

/* ---- Logging and sizing ------------------------------------------------------------------ */

static void messages_are_harmless(void)
{
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options options = small_sandbox();
	const mote_value argument = mote_value_string("\x1b[2J\nnext");
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;
	mote_sandbox *sandbox;
	char *text = NULL;
	size_t length = 0;

	/* How long that takes is the machine's affair. */
	options.wall_ns = options.cpu_ns = 0;
	test_need_hypervisor();
	engine_options.log = write_log;
	engine_options.log_user = open_memstream(&text, &length);
	REQUIRE(engine_options.log_user);
	REQUIRE_OK(mote_engine_create(&engine_options, &engine, &error), &error);
	sandbox = fixture_sandbox(engine, "logs", &options);
	fixture_call(sandbox, "log_string", &argument, 1);
	fixture_destroy(sandbox, engine);
	fclose(engine_options.log_user);
	CHECK_CONTAINS(text, "guest, level ");
	CHECK_CONTAINS(text, ": ?[2J?next\n");
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(a_service_is_clean_each_time),
		CASE(a_request_is_cancelled),
		CASE(a_loop_gets_results),
		CASE(a_child_begins_again),
		CASE(a_signal_is_given_back),
		CASE(messages_are_harmless),
		CASE(a_program_is_run),
	};

	return test_main("sandbox_guide", cases, TEST_COUNT(cases), argc, argv);
}
