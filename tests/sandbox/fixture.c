/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sandbox tests share.
 */
#define _GNU_SOURCE /* fork, nanosleep, prctl */
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

mote_engine *fixture_engine(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	test_need_hypervisor();
	REQUIRE_OK(mote_engine_create(NULL, &engine, &error), &error);
	return engine;
}

mote_backend_kind fixture_backend(void)
{
	mote_engine *engine = fixture_engine();
	const mote_backend_kind kind = mote_engine_get_backend(engine);

	mote_engine_release(engine);
	return kind;
}

mote_backend_kind fixture_missing_backend(void)
{
	return fixture_backend() == MOTE_BACKEND_WHP ? MOTE_BACKEND_HVF : MOTE_BACKEND_WHP;
}

bool fixture_has_kick_signal(void)
{
	const mote_backend_kind kind = fixture_backend();

	return kind == MOTE_BACKEND_KVM || kind == MOTE_BACKEND_MSHV;
}

static mote_status echo(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	(void)user, (void)error;
	if (count > 0)
		*result = arguments[0];
	return MOTE_OK;
}

static mote_status join(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	static _Thread_local char both[65536];
	const mote_bytes *a = &arguments[0].as.bytes, *b = &arguments[1].as.bytes;

	(void)user, (void)count, (void)error;
	if (a->length + b->length > sizeof(both))
		return MOTE_TOO_LARGE;
	memcpy(both, a->data, a->length);
	memcpy(both + a->length, b->data, b->length);
	result->as.bytes = (mote_bytes){both, a->length + b->length};
	return MOTE_OK;
}

const mote_host_function *fixture_functions(size_t *count)
{
	static const mote_host_function functions[] = {
		{.name = "host_empty", .signature = "void()", .call = echo},
		{.name = "host_i32", .signature = "i32(i32)", .call = echo},
		{.name = "host_u32", .signature = "u32(u32)", .call = echo},
		{.name = "host_i64", .signature = "i64(i64)", .call = echo},
		{.name = "host_u64", .signature = "u64(u64)", .call = echo},
		{.name = "host_f32", .signature = "f32(f32)", .call = echo},
		{.name = "host_f64", .signature = "f64(f64)", .call = echo},
		{.name = "host_bool", .signature = "bool(bool)", .call = echo},
		{.name = "host_string", .signature = "string(string)", .call = echo},
		{.name = "host_bytes", .signature = "bytes(bytes)", .call = echo},
		{.name = "host_join", .signature = "bytes(bytes,bytes)", .call = join},
		{.name = "host_tick", .signature = "u32(u32)", .call = echo},
	};

	*count = TEST_COUNT(functions);
	return functions;
}

mote_status fixture_create(mote_engine *engine, const char *guest,
			   const mote_sandbox_options *options, mote_sandbox **sandbox,
			   mote_error *error)
{
	mote_sandbox_options own = MOTE_SANDBOX_OPTIONS_INIT;

	if (options)
		own = *options;
	if (own.host_function_count == 0)
		own.host_functions = fixture_functions(&own.host_function_count);
	return mote_sandbox_create_from_file(engine, test_guest(guest), &own, sandbox, error);
}

mote_sandbox *fixture_sandbox(mote_engine *engine, const char *guest,
			      const mote_sandbox_options *options)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	REQUIRE_OK(fixture_create(engine, guest, options, &sandbox, &error), &error);
	return sandbox;
}

mote_status fixture_try(mote_sandbox *sandbox, const char *name, const mote_value *arguments,
			size_t count, mote_value *result, mote_error *error)
{
	mote_error missing = MOTE_ERROR_INIT;
	mote_function function;

	REQUIRE_OK(mote_sandbox_find(sandbox, name, NULL, &function, &missing), &missing);
	return mote_sandbox_call(sandbox, function, arguments, count, NULL, result, error);
}

mote_value fixture_call(mote_sandbox *sandbox, const char *name, const mote_value *arguments,
			size_t count)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value result = {0};

	REQUIRE_OK(fixture_try(sandbox, name, arguments, count, &result, &error), &error);
	return result;
}

void fixture_destroy(mote_sandbox *sandbox, mote_engine *engine)
{
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
}

void fixture_check_child(pid_t child)
{
	int status = -1;

	REQUIRE(child > 0);
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), 0);
}

int fixture_in_a_child(int (*act)(void))
{
	int status = -1;
	pid_t child;

	test_need_fork();
	test_need_hypervisor();
	test_guest("faults"); /* leaves the case here, not in the child */
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a case that hangs leaves nobody behind */
		_exit(act());
	}
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- Kills ------------------------------------------------------------------------------- */

struct fixture_killer {
	pthread_t thread;
	mote_interrupt *interrupt;
	uint64_t call_id; /* of the last call before */
	unsigned int microseconds;
};

static void *kill_next_call(void *argument)
{
	struct fixture_killer *killer = argument;
	struct timespec moment = {0, 50000};
	mote_interrupt_state state;

	do {
		nanosleep(&moment, NULL);
		state = test_interrupt_state(killer->interrupt);
	} while (state.call_id == killer->call_id || !state.running);
	moment.tv_nsec = (long)killer->microseconds * 1000;
	nanosleep(&moment, NULL);
	CHECK(mote_interrupt_kill(killer->interrupt));
	return NULL;
}

struct fixture_killer *fixture_kill_later(mote_sandbox *sandbox, unsigned int microseconds)
{
	struct fixture_killer *killer = calloc(1, sizeof(*killer));

	REQUIRE(killer);
	killer->interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(sandbox));
	killer->call_id = test_interrupt_state(killer->interrupt).call_id;
	killer->microseconds = microseconds;
	REQUIRE(pthread_create(&killer->thread, NULL, kill_next_call, killer) == 0);
	return killer;
}

void fixture_killer_join(struct fixture_killer *killer)
{
	pthread_join(killer->thread, NULL);
	mote_interrupt_release(killer->interrupt);
	free(killer);
}
