/* SPDX-License-Identifier: Apache-2.0
 *
 * Host functions: what they are handed, what they may give back, what they must
 * not do, and who owns their user pointers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* All functions that the guest "callbacks" imports; one of them is replaced. */
struct table {
	mote_host_function functions[16];
	mote_sandbox_options options;
};

static void make_table(struct table *table)
{
	size_t count;
	const mote_host_function *functions = fixture_functions(&count);

	table->options = (mote_sandbox_options)MOTE_SANDBOX_OPTIONS_INIT;
	table->options.host_functions = table->functions;
	table->options.host_function_count = count;
	memcpy(table->functions, functions, count * sizeof(*functions));
}

static mote_host_function *function_of(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->options.host_function_count; i++)
		if (!strcmp(table->functions[i].name, name))
			return &table->functions[i];
	FAIL("no host function %s", name);
}

/* A sandbox of "callbacks" in which one host function is call, with user. */
static mote_sandbox *sandbox_with(mote_engine *engine, const char *name, mote_host_callback call,
				  void *user)
{
	struct table table;
	mote_host_function *function;

	make_table(&table);
	function = function_of(&table, name);
	function->call = call;
	function->user = user;
	return fixture_sandbox(engine, "callbacks", &table.options);
}

/* ---- What they are handed ---------------------------------------------------------------- */

struct seen {
	unsigned int calls;
	size_t count;
	mote_type type, result_type;
	uint64_t result_bits;
};

static mote_status look(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	struct seen *seen = user;

	seen->calls++;
	seen->count = count;
	seen->type = arguments[0].type;
	seen->result_type = result->type;
	seen->result_bits = result->as.u64;
	CHECK(error != NULL);
	CHECK_EQ(error->status, MOTE_OK);
	CHECK_EQ(arguments[0].as.u32, 0xfedcba98);
	return MOTE_OK;
}

static void arguments_and_preset_result(void)
{
	mote_engine *engine = fixture_engine();
	struct seen seen = {0};
	mote_sandbox *sandbox = sandbox_with(engine, "host_u32", look, &seen);

	CHECK_EQ(CALL(sandbox, "call_u32", mote_value_u32(0xfedcba98)).as.u32, 0);
	CHECK_EQ(seen.calls, 1);
	CHECK_EQ(seen.count, 1);
	CHECK_EQ(seen.type, MOTE_TYPE_U32);
	CHECK_EQ(seen.result_type, MOTE_TYPE_U32);
	CHECK_EQ(seen.result_bits, 0);
	fixture_destroy(sandbox, engine);
}

static mote_status check_copy(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	const mote_text *text = &arguments[0].as.string;

	(void)user, (void)count, (void)error;
	CHECK_EQ(text->length, 5);
	CHECK_STR(text->data, "hello"); /* with its NUL */
	/* No result set: an empty string. */
	CHECK_EQ(result->as.string.length, 0);
	return MOTE_OK;
}

static void strings_are_terminated_copies(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = sandbox_with(engine, "host_string", check_copy, NULL);

	CHECK_STR(CALL(sandbox, "call_string", mote_value_string("hello")).as.string.data, "");
	fixture_destroy(sandbox, engine);
}

/* ---- Errors ------------------------------------------------------------------------------ */

static mote_status fail_with_text(void *user, const mote_value *arguments, size_t count,
				  mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)result;
	snprintf(error->text, sizeof(error->text), "disk\nfull \x1b[31m at %d", 42);
	return MOTE_OS;
}

static mote_status fail_without_text(void *user, const mote_value *arguments, size_t count,
				     mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)result, (void)error;
	return MOTE_LIMIT;
}

/* The sandbox is poisoned with what the host function said. */
static void check_host_failure(mote_sandbox *sandbox, const char *name, mote_value argument,
			       const char *part)
{
	mote_error error = MOTE_ERROR_INIT, later = MOTE_ERROR_INIT;

	CHECK_STATUS(fixture_try(sandbox, name, &argument, 1, NULL, &error), MOTE_HOST_FUNCTION,
		     &error);
	CHECK_CONTAINS(error.text, part);
	for (const char *at = error.text; *at; at++)
		CHECK((unsigned char)*at >= ' ');
	CHECK(mote_sandbox_is_poisoned(sandbox));
	CHECK(!mote_sandbox_get_fault(sandbox));
	CHECK_STATUS(fixture_try(sandbox, name, &argument, 1, NULL, &later), MOTE_POISONED, &later);
	CHECK_CONTAINS(later.text, "host function");
}

static void failures_poison(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *with = sandbox_with(engine, "host_u32", fail_with_text, NULL);
	mote_sandbox *without = sandbox_with(engine, "host_bytes", fail_without_text, NULL);

	check_host_failure(with, "call_u32", mote_value_u32(1),
			   "host function host_u32 failed: disk?full ?[31m at 42");
	check_host_failure(without, "call_bytes", mote_value_bytes("x", 1),
			   "host function host_bytes failed: a resource limit was reached");
	fixture_destroy(with, NULL);
	fixture_destroy(without, engine);
}

static mote_status wrong_type(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)error;
	*result = mote_value_string("not a number");
	return MOTE_OK;
}

static mote_status too_large(void *user, const mote_value *arguments, size_t count,
			     mote_value *result, mote_error *error)
{
	static char data[65537];

	(void)user, (void)arguments, (void)count, (void)error;
	result->as.bytes = (mote_bytes){data, sizeof(data)};
	return MOTE_OK;
}

static mote_status largest(void *user, const mote_value *arguments, size_t count,
			   mote_value *result, mote_error *error)
{
	static char data[65536];

	(void)user, (void)arguments, (void)count, (void)error;
	result->as.bytes = (mote_bytes){data, sizeof(data)};
	return MOTE_OK;
}

static mote_status with_nul(void *user, const mote_value *arguments, size_t count,
			    mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)error;
	result->as.string = (mote_text){"a\0b", 3};
	return MOTE_OK;
}

static mote_status null_data(void *user, const mote_value *arguments, size_t count,
			     mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)error;
	result->as.bytes = (mote_bytes){NULL, 10};
	return MOTE_OK;
}

static void results_that_cannot_be(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = sandbox_with(engine, "host_u32", wrong_type, NULL);

	check_host_failure(sandbox, "call_u32", mote_value_u32(1),
			   "returned a result of type string, its signature says u32");
	fixture_destroy(sandbox, NULL);
	sandbox = sandbox_with(engine, "host_bytes", too_large, NULL);
	check_host_failure(sandbox, "call_bytes", mote_value_bytes("x", 1),
			   "result of host function host_bytes");
	fixture_destroy(sandbox, NULL);
	sandbox = sandbox_with(engine, "host_string", with_nul, NULL);
	check_host_failure(sandbox, "call_string", mote_value_string("x"), "NUL");
	fixture_destroy(sandbox, NULL);
	sandbox = sandbox_with(engine, "host_bytes", null_data, NULL);
	check_host_failure(sandbox, "call_bytes", mote_value_bytes("x", 1), "NULL");
	fixture_destroy(sandbox, NULL);
	sandbox = sandbox_with(engine, "host_bytes", largest, NULL);
	CHECK_EQ(CALL(sandbox, "call_bytes", mote_value_bytes("x", 1)).as.bytes.length, 65536);
	fixture_destroy(sandbox, engine);
}

/* ---- What they must not do --------------------------------------------------------------- */

struct own {
	mote_sandbox *sandbox, *other;
	unsigned int calls;
};

static mote_status misbehave(void *user, const mote_value *arguments, size_t count,
			     mote_value *result, mote_error *error)
{
	struct own *own = user;
	mote_error inner = MOTE_ERROR_INIT;
	const mote_value five = mote_value_u32(5);
	mote_function function;
	mote_value value;

	(void)arguments, (void)count, (void)error;
	own->calls++;
	CHECK_OK(mote_sandbox_find(own->sandbox, "call_u32", NULL, &function, &inner), &inner);
	CHECK_STATUS(mote_sandbox_call(own->sandbox, function, &five, 1, NULL, &value, &inner),
		     MOTE_BUSY, &inner);
	CHECK_CONTAINS(inner.text, "already in a call");
	CHECK_STATUS(mote_sandbox_start(own->sandbox, NULL, &inner), MOTE_BUSY, &inner);
	/* Another sandbox is fine. */
	CHECK_OK(mote_sandbox_find(own->other, "echo_u32", NULL, &function, &inner), &inner);
	CHECK_OK(mote_sandbox_call(own->other, function, &five, 1, NULL, &value, &inner), &inner);
	result->as.u32 = value.as.u32 + 1;
	return MOTE_OK;
}

static void own_sandbox_is_busy(void)
{
	mote_engine *engine = fixture_engine();
	struct own own = {0};

	own.sandbox = sandbox_with(engine, "host_u32", misbehave, &own);
	own.other = fixture_sandbox(engine, "echo", NULL);
	CHECK_EQ(CALL(own.sandbox, "call_u32", mote_value_u32(1)).as.u32, 6);
	CHECK_EQ(own.calls, 1);
	CHECK(!mote_sandbox_is_poisoned(own.sandbox));
	CHECK_EQ(CALL(own.sandbox, "call_i32", mote_value_i32(1)).as.i32, 1);
	fixture_destroy(own.other, NULL);
	fixture_destroy(own.sandbox, engine);
}

/* Users that are told of the end of their sandbox. */
static unsigned int ended;

static void count_end(void *user)
{
	(void)user;
	ended++;
}

/* Destroys its sandbox, twice in a way: first by asking, then by killing what asked. */
static mote_status destroy_own(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	struct own *own = user;

	(void)arguments, (void)count, (void)error;
	own->calls++;
	mote_sandbox_destroy(own->sandbox);
	CHECK_EQ(ended, 0); /* not before the call has ended */
	result->as.u32 = 7;
	return MOTE_OK;
}

/* It is gone when the call returns, and the call has no result. */
static void a_host_function_may_destroy_its_sandbox(void)
{
	mote_engine *engine = fixture_engine();
	size_t fds = test_fd_count();
	const mote_value one = mote_value_u32(1);
	mote_error error = MOTE_ERROR_INIT;
	struct own own = {0};
	struct table table;
	mote_interrupt *interrupt;
	mote_value result = mote_value_u32(3);
	mote_function function;

	make_table(&table);
	function_of(&table, "host_u32")->call = destroy_own;
	function_of(&table, "host_u32")->user = &own;
	function_of(&table, "host_u32")->destroy = count_end;
	ended = 0;
	own.sandbox = fixture_sandbox(engine, "callbacks", &table.options);
	interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(own.sandbox));
	REQUIRE_OK(mote_sandbox_find(own.sandbox, "call_u32", NULL, &function, &error), &error);
	CHECK_STATUS(mote_sandbox_call(own.sandbox, function, &one, 1, NULL, &result, &error),
		     MOTE_KILLED, &error);
	CHECK_EQ(own.calls, 1);
	CHECK_EQ(ended, 1);
	CHECK_EQ(result.as.u32, 3);
	CHECK(mote_interrupt_is_dropped(interrupt));
	mote_interrupt_release(interrupt);
	CHECK_EQ(test_fd_count(), fds);
	mote_engine_release(engine);
}

/* A host function may make and use a sandbox of its own, to some depth. */
struct nest {
	mote_engine *engine;
	unsigned int depth;
};

static mote_status nest(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	struct nest *own = user;
	struct nest inner = {own->engine, own->depth - 1};
	mote_function function;
	mote_sandbox *sandbox;
	struct table table;
	mote_status status;

	*result = arguments[0];
	if (own->depth == 0)
		return MOTE_OK;
	make_table(&table);
	function_of(&table, "host_u32")->call = nest;
	function_of(&table, "host_u32")->user = &inner;
	status = fixture_create(own->engine, "callbacks", &table.options, &sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = mote_sandbox_find(sandbox, "call_u32", NULL, &function, error);
	if (status == MOTE_OK)
		status =
			mote_sandbox_call(sandbox, function, arguments, count, NULL, result, error);
	result->as.u32++;
	mote_sandbox_destroy(sandbox);
	return status;
}

static void nested_sandboxes(void)
{
	mote_engine *engine = fixture_engine();
	struct nest outermost = {engine, 5};
	mote_sandbox *sandbox = sandbox_with(engine, "host_u32", nest, &outermost);

	CHECK_EQ(CALL(sandbox, "call_u32", mote_value_u32(10)).as.u32, 15);
	fixture_destroy(sandbox, engine);
}

/* One after the other, within one call: what the hypervisor has few of is used again meanwhile. */
static mote_status nest_many(void *user, const mote_value *arguments, size_t count,
			     mote_value *result, mote_error *error)
{
	enum { SANDBOXES = 4 };
	struct nest once = {user, 1};
	mote_status status = MOTE_OK;

	for (int i = 0; status == MOTE_OK && i < SANDBOXES; i++)
		status = nest(&once, arguments, count, result, error);
	return status;
}

static void a_call_outlives_many_nested_ones(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = sandbox_with(engine, "host_u32", nest_many, engine);

	for (uint32_t i = 0; i < 16; i++)
		CHECK_EQ(CALL(sandbox, "call_u32", mote_value_u32(10 + i)).as.u32, 11 + i);
	fixture_destroy(sandbox, engine);
}

/* ---- Users and their end ----------------------------------------------------------------- */

static void count_destroy(void *user)
{
	++*(unsigned int *)user;
}

static void users_are_destroyed_once(void)
{
	mote_engine *engine = fixture_engine();
	unsigned int destroyed[16] = {0};
	mote_sandbox *sandbox;
	struct table table;

	make_table(&table);
	for (size_t i = 0; i < table.options.host_function_count; i++) {
		table.functions[i].user = &destroyed[i];
		table.functions[i].destroy = count_destroy;
	}
	sandbox = fixture_sandbox(engine, "callbacks", &table.options);
	CHECK_EQ(CALL(sandbox, "call_u32", mote_value_u32(1)).as.u32, 1);
	for (size_t i = 0; i < table.options.host_function_count; i++)
		CHECK_EQ(destroyed[i], 0);
	memset(&table.functions, 0, sizeof(table.functions)); /* they were copied */
	CHECK_EQ(CALL(sandbox, "call_u32", mote_value_u32(2)).as.u32, 2);
	fixture_destroy(sandbox, engine);
	for (size_t i = 0; i < table.options.host_function_count; i++)
		CHECK_EQ(destroyed[i], 1);
}

/* Also the users of a sandbox that was poisoned. */
static void users_of_a_poisoned_sandbox(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	unsigned int destroyed = 0;
	mote_sandbox *sandbox;
	struct table table;

	make_table(&table);
	function_of(&table, "host_tick")->user = &destroyed;
	function_of(&table, "host_tick")->destroy = count_destroy;
	sandbox = fixture_sandbox(engine, "faults", &table.options);
	CHECK_STATUS(fixture_try(sandbox, "null_read", NULL, 0, NULL, &error), MOTE_GUEST_FAULT,
		     &error);
	CHECK_EQ(destroyed, 0);
	fixture_destroy(sandbox, engine);
	CHECK_EQ(destroyed, 1);
}

/* A creation that fails leaves them to the caller. */
static void users_of_a_failed_creation(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	unsigned int destroyed = 0;
	struct table table;

	make_table(&table);
	table.functions[0].user = &destroyed;
	table.functions[0].destroy = count_destroy;
	table.options.memory_bytes = 65536;
	CHECK_STATUS(fixture_create(engine, "callbacks", &table.options, &sandbox, &error),
		     MOTE_NO_GUEST_MEMORY, &error);
	table.options.memory_bytes = 0;
	table.options.host_function_count = 1;
	CHECK_STATUS(fixture_create(engine, "callbacks", &table.options, &sandbox, &error),
		     MOTE_MISSING_IMPORT, &error);
	CHECK_EQ(destroyed, 0);
	CHECK(!sandbox);
	mote_engine_release(engine);
}

/* ---- Imports ----------------------------------------------------------------------------- */

static void missing_import(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	struct table table;

	make_table(&table);
	function_of(&table, "host_join")->name = "host_other";
	CHECK_STATUS(fixture_create(engine, "callbacks", &table.options, &sandbox, &error),
		     MOTE_MISSING_IMPORT, &error);
	CHECK_CONTAINS(error.text, "needs host function host_join, bytes(bytes,bytes)");
	CHECK_STATUS(mote_sandbox_create_from_file(engine, test_guest("callbacks"), NULL, &sandbox,
						   &error),
		     MOTE_MISSING_IMPORT, &error);
	CHECK(!sandbox);
	mote_engine_release(engine);
}

static void import_of_another_signature(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	struct table table;

	make_table(&table);
	function_of(&table, "host_i64")->signature = "i64(u64)";
	CHECK_STATUS(fixture_create(engine, "callbacks", &table.options, &sandbox, &error),
		     MOTE_SIGNATURE, &error);
	CHECK_CONTAINS(error.text, "imports host_i64 as i64(i64), the host function is i64(u64)");
	CHECK(!sandbox);
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(arguments_and_preset_result),
	CASE(strings_are_terminated_copies),
	CASE(failures_poison),
	CASE(results_that_cannot_be),
	CASE(own_sandbox_is_busy),
	CASE(a_host_function_may_destroy_its_sandbox),
	CASE(nested_sandboxes),
	CASE(a_call_outlives_many_nested_ones),
	CASE(users_are_destroyed_once),
	CASE(users_of_a_poisoned_sandbox),
	CASE(users_of_a_failed_creation),
	CASE(missing_import),
	CASE(import_of_another_signature),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_host", cases, TEST_COUNT(cases), argc, argv);
}
