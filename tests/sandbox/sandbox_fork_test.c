/* SPDX-License-Identifier: Apache-2.0
 *
 * Sandboxes and fork: before a call, in the callbacks of a call, and what a child
 * may do with what it inherited.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static int forked_child(mote_engine *engine, mote_sandbox *sandbox, mote_image *image,
			mote_function count)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *other = NULL;
	mote_engine *own;

	if (mote_sandbox_call(sandbox, count, NULL, 0, NULL, NULL, &error) != MOTE_FORKED)
		return 1;
	if (!strstr(error.text, "belongs to the parent process; create one after fork"))
		return 2;
	if (mote_sandbox_start(sandbox, NULL, &error) != MOTE_FORKED)
		return 3;
	if (mote_sandbox_create(engine, image, NULL, &other, &error) != MOTE_FORKED || other)
		return 4;
	if (mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)))
		return 5;
	mote_sandbox_destroy(sandbox);
	mote_image_release(image);
	mote_engine_release(engine);
	/* What the child makes itself works. */
	if (mote_engine_create(NULL, &own, &error) != MOTE_OK)
		return 7;
	if (mote_sandbox_create_from_file(own, test_guest("echo"), NULL, &other, &error) != MOTE_OK)
		return 8;
	if (mote_sandbox_find(other, "count", NULL, &count, &error) != MOTE_OK ||
	    mote_sandbox_call(other, count, NULL, 0, NULL, NULL, &error) != MOTE_OK)
		return 9;
	mote_sandbox_destroy(other);
	mote_engine_release(own);
	return 0;
}

static void used_after_fork(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_function count;
	mote_sandbox *sandbox;
	mote_image *image;
	pid_t child;

	REQUIRE_OK(mote_image_open(engine, test_guest("echo"), &image, &error), &error);
	REQUIRE_OK(mote_sandbox_create(engine, image, NULL, &sandbox, &error), &error);
	REQUIRE_OK(mote_sandbox_find(sandbox, "count", NULL, &count, &error), &error);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, 1);
	child = fork();
	if (child == 0)
		_exit(forked_child(engine, sandbox, image, count));
	fixture_check_child(child);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, 2);
	mote_image_release(image);
	fixture_destroy(sandbox, engine);
}

/* The child lives on while the parent goes on using and destroying its own. */
static void parent_unaffected_by_a_living_child(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	int gate[2];
	pid_t child;
	char byte;

	CHECK_EQ(CALL0(sandbox, "count").as.u32, 1);
	REQUIRE(pipe(gate) == 0);
	child = fork();
	if (child == 0) {
		close(gate[1]);
		_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
	}
	for (uint32_t i = 2; i < 100; i++)
		CHECK_EQ(CALL0(sandbox, "count").as.u32, i);
	fixture_destroy(sandbox, NULL);
	sandbox = fixture_sandbox(engine, "echo", NULL);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, 1);
	fixture_destroy(sandbox, engine);
	close(gate[0]);
	close(gate[1]);
	fixture_check_child(child);
}

struct parent {
	pid_t child;
	unsigned int calls;
	mote_sandbox *sandbox;
};

/* Returns twice: in the parent and in the child. */
static mote_status fork_and_return(void *user, const mote_value *arguments, size_t count,
				   mote_value *result, mote_error *error)
{
	struct parent *parent = user;

	(void)count, (void)error;
	parent->calls++;
	parent->child = fork();
	*result = arguments[0];
	return MOTE_OK;
}

/* The guest's memory is not in the child: its call must not go on there. */
static void fork_in_a_host_function(void)
{
	mote_engine *engine = fixture_engine();
	struct parent parent = {0};
	const mote_host_function function = {.name = "host_tick",
					     .signature = "u32(u32)",
					     .call = fork_and_return,
					     .user = &parent};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	const mote_value once = mote_value_u32(1);
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_status status;

	options.host_functions = &function;
	options.host_function_count = 1;
	options.wall_ns = options.cpu_ns = 3600000000000;
	sandbox = fixture_sandbox(engine, "loops", &options);
	status = fixture_try(sandbox, "tick", &once, 1, NULL, &error);
	if (parent.child == 0) {
		bool told = status == MOTE_FORKED && strstr(error.text, "host_tick") != NULL;

		mote_sandbox_destroy(sandbox);
		mote_engine_release(engine);
		_exit(told ? 0 : 1);
	}
	CHECK_OK(status, &error);
	fixture_check_child(parent.child);
	CHECK_EQ(parent.calls, 1);
	fixture_destroy(sandbox, engine);
}

static void fork_and_log(void *user, mote_log_level level, const char *text, size_t length)
{
	struct parent *parent = user;

	(void)level, (void)text, (void)length;
	if (parent->calls++ == 0)
		parent->child = fork();
}

static void fork_in_a_log_callback(void)
{
	struct parent parent = {0};
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_engine *engine;
	mote_status status;

	test_need_hypervisor();
	engine_options.log = fork_and_log;
	engine_options.log_user = &parent;
	options.log_level = MOTE_LOG_INFO;
	REQUIRE_OK(mote_engine_create(&engine_options, &engine, &error), &error);
	sandbox = fixture_sandbox(engine, "logs", &options);
	status = fixture_try(sandbox, "log_lines", NULL, 0, NULL, &error);
	if (parent.child == 0) {
		bool told = status == MOTE_FORKED && strstr(error.text, "log callback") != NULL;

		mote_sandbox_destroy(sandbox);
		mote_engine_release(engine);
		_exit(told ? 0 : 1);
	}
	CHECK_OK(status, &error);
	fixture_check_child(parent.child);
	CHECK_EQ(parent.calls, 3);
	fixture_destroy(sandbox, engine);
}

static void *spin_until_killed(void *argument)
{
	mote_error error = MOTE_ERROR_INIT;

	CHECK_STATUS(fixture_try(argument, "spin", NULL, 0, NULL, &error), MOTE_KILLED, &error);
	return NULL;
}

/* The child has the handle of a call in progress, but not the thread that makes it. */
static void kill_of_a_call_that_only_the_parent_makes(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(sandbox);
	pthread_t thread;
	pid_t child;

	REQUIRE(pthread_create(&thread, NULL, spin_until_killed, sandbox) == 0);
	while (!test_interrupt_state(interrupt).running)
		sched_yield();
	child = fork();
	if (child == 0) {
		alarm(20); /* were it tried for ever */
		mote_interrupt_kill(interrupt);
		_exit(0);
	}
	fixture_check_child(child);
	CHECK(!test_interrupt_state(interrupt).cancelled);
	CHECK(mote_interrupt_kill(interrupt));
	pthread_join(thread, NULL);
	fixture_destroy(sandbox, engine);
}

static atomic_bool churning;

static void *create_and_release(void *argument)
{
	(void)argument;
	while (atomic_load(&churning)) {
		mote_engine *engine;

		if (mote_engine_create(NULL, &engine, NULL) == MOTE_OK)
			mote_engine_release(engine);
	}
	return NULL;
}

/* Whatever another thread was doing at that moment: the child can make an engine. */
static void fork_while_engines_are_made(void)
{
	pthread_t threads[3];

	test_need_hypervisor();
	if (TEST_SANITIZED && !TEST_THREAD_SANITIZER)
		SKIP("a lock of the address sanitizer's allocator may be held in the child for "
		     "ever");
	atomic_store(&churning, true);
	for (size_t i = 0; i < TEST_COUNT(threads); i++)
		REQUIRE(pthread_create(&threads[i], NULL, create_and_release, NULL) == 0);
	for (uint64_t i = 0; i < test_scale(300); i++) {
		mote_engine *engine;
		pid_t child = fork();

		if (child == 0) {
			alarm((unsigned int)test_slow(20));
			if (mote_engine_create(NULL, &engine, NULL) != MOTE_OK)
				_exit(1);
			mote_engine_release(engine);
			_exit(0);
		}
		fixture_check_child(child);
	}
	atomic_store(&churning, false);
	for (size_t i = 0; i < TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

/* Nothing stays behind in the child: no descriptor, so no guest memory. */
static void destruction_of_a_sandbox_that_the_parent_calls(void)
{
	size_t fds;
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_interrupt *interrupt;
	pthread_t thread;
	pid_t child;

	test_need_hypervisor();
	fds = test_fd_count();
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "faults", NULL);
	interrupt = mote_sandbox_get_interrupt(sandbox);
	REQUIRE(pthread_create(&thread, NULL, spin_until_killed, sandbox) == 0);
	while (!test_interrupt_state(interrupt).running)
		sched_yield();
	child = fork();
	if (child == 0) {
		mote_sandbox_destroy(sandbox);
		mote_engine_release(engine);
		_exit(test_fd_count() == fds ? 0 : 1);
	}
	fixture_check_child(child);
	CHECK(!test_interrupt_state(interrupt).cancelled);
	CHECK(mote_interrupt_kill(interrupt));
	pthread_join(thread, NULL);
	fixture_destroy(sandbox, engine);
}

/* Returns twice; in the child the sandbox is given up before its call ends. */
static mote_status fork_and_destroy(void *user, const mote_value *arguments, size_t count,
				    mote_value *result, mote_error *error)
{
	struct parent *parent = user;

	(void)count, (void)error;
	parent->child = fork();
	if (parent->child == 0)
		mote_sandbox_destroy(parent->sandbox);
	*result = arguments[0];
	return MOTE_OK;
}

static void destruction_in_a_callback_that_forked(void)
{
	size_t fds = test_fd_count();
	mote_engine *engine = fixture_engine();
	struct parent parent = {0};
	const mote_host_function function = {.name = "host_tick",
					     .signature = "u32(u32)",
					     .call = fork_and_destroy,
					     .user = &parent};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	const mote_value once = mote_value_u32(1);
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	options.host_functions = &function;
	options.host_function_count = 1;
	parent.sandbox = fixture_sandbox(engine, "loops", &options);
	status = fixture_try(parent.sandbox, "tick", &once, 1, NULL, &error);
	if (parent.child == 0) {
		mote_engine_release(engine);
		_exit(status == MOTE_FORKED && test_fd_count() == fds ? 0 : 1);
	}
	CHECK_OK(status, &error);
	fixture_check_child(parent.child);
	fixture_destroy(parent.sandbox, engine);
}

static mote_status map_in_child(mote_buffer *buffer, mote_error *error)
{
	mote_sandbox *sandbox = NULL;
	mote_engine *engine = NULL;
	mote_status status = mote_engine_create(NULL, &engine, error);

	if (status == MOTE_OK)
		status = mote_sandbox_create_from_file(engine, test_guest("buffers"), NULL,
						       &sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_map_buffer(sandbox, buffer, true, error);
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return status;
}

/* The child has something else at the buffer's address, or nothing. */
static void a_buffer_of_the_parent(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffer;
	pid_t child;

	REQUIRE_OK(mote_buffer_create(engine, 1, &buffer, &error), &error);
	child = fork();
	if (child == 0)
		_exit(map_in_child(buffer, &error) == MOTE_FORKED ? 0 : 1);
	fixture_check_child(child);
	mote_buffer_release(buffer);
	mote_engine_release(engine);
}

/* A child knows what happened; the registers are the parent's to read. */
static void the_fault_of_a_parent(void)
{
	static const mote_registers none;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	const mote_fault *fault;
	pid_t child;

	REQUIRE_OK(mote_sandbox_find(sandbox, "null_write", NULL, &function, &error), &error);
	CHECK_STATUS(mote_sandbox_call(sandbox, function, NULL, 0, NULL, NULL, &error),
		     MOTE_GUEST_FAULT, &error);
	child = fork();
	if (child == 0) {
		fault = mote_sandbox_get_fault(sandbox);
		_exit(fault != NULL && fault->kind == MOTE_FAULT_MEMORY && fault->pc != 0 &&
				      memcmp(&fault->registers.as, &none.as, sizeof(none.as)) == 0
			      ? 0
			      : 1);
	}
	fixture_check_child(child);
	fault = mote_sandbox_get_fault(sandbox);
	REQUIRE(fault != NULL);
	CHECK(memcmp(&fault->registers.as, &none.as, sizeof(none.as)) != 0);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(used_after_fork),
	CASE(parent_unaffected_by_a_living_child),
	CASE(fork_in_a_host_function),
	CASE(fork_in_a_log_callback),
	CASE(kill_of_a_call_that_only_the_parent_makes),
	CASE(destruction_of_a_sandbox_that_the_parent_calls),
	CASE(destruction_in_a_callback_that_forked),
	CASE(fork_while_engines_are_made),
	CASE(a_buffer_of_the_parent),
	CASE(the_fault_of_a_parent),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_fork", cases, TEST_COUNT(cases), argc, argv);
}
