/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of sandboxes: options, creation in every way, finding functions,
 * counting, the end.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* ---- Options ----------------------------------------------------------------------------- */

static void refuse_sandbox(const mote_sandbox_options *options, mote_status status,
			   const char *part)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	CHECK_STATUS(mote_sandbox_create_from_file(engine, test_guest("echo"), options, &sandbox,
						   &error),
		     status, &error);
	CHECK_CONTAINS(error.text, part);
	CHECK(!sandbox);
	mote_engine_release(engine);
}

static const mote_sandbox_options defaults = MOTE_SANDBOX_OPTIONS_INIT;

static void sandbox_rejects_sizes(void)
{
	mote_sandbox_options options = defaults;

	options.size = 1;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "MOTE_SANDBOX_OPTIONS_INIT");
	options = defaults;
	options.memory_bytes = 65535;
	refuse_sandbox(
		&options, MOTE_INVALID_ARGUMENT,
		"guest memory of 65535 bytes: it must be 64 KiB to 64 GiB; change memory_bytes");
	options.memory_bytes = (64ull << 30) + 1;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "64 GiB");
	options.memory_bytes = UINT64_MAX;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "memory_bytes");
	options = defaults;
	options.heap_bytes = UINT64_MAX;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "heap_bytes");
	options = defaults;
	options.stack_bytes = UINT64_MAX - 4095;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "stack_bytes");
	options = defaults;
	options.mailbox_bytes = (1ull << 30) + 1;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "mailbox_bytes");
	options = defaults;
	options.log_level = (mote_log_level)6;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "log_level 6");
	options.log_level = (mote_log_level)-1;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "log_level");
}

static void sandbox_rejects_what_does_not_fit(void)
{
	mote_sandbox_options options = defaults;

	options.memory_bytes = 65536;
	refuse_sandbox(&options, MOTE_NO_GUEST_MEMORY, "raise memory_bytes");
	options = defaults;
	options.heap_bytes = 16 << 20;
	refuse_sandbox(&options, MOTE_NO_GUEST_MEMORY, "raise memory_bytes");
	options = defaults;
	options.stack_bytes = 64ull << 30;
	refuse_sandbox(&options, MOTE_NO_GUEST_MEMORY, "raise memory_bytes");
	options = defaults;
	options.mailbox_bytes = 1 << 30;
	refuse_sandbox(&options, MOTE_NO_GUEST_MEMORY, "raise memory_bytes");
}

static mote_status nothing(void *user, const mote_value *arguments, size_t count,
			   mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)result, (void)error;
	return MOTE_OK;
}

static void refuse_function(mote_host_function function, mote_status status, const char *part)
{
	mote_sandbox_options options = defaults;

	options.host_functions = &function;
	options.host_function_count = 1;
	refuse_sandbox(&options, status, part);
}

static void sandbox_rejects_host_functions(void)
{
	static const char longest[] =
		"a234567890123456789012345678901234567890123456789012345678901234";
	mote_sandbox_options options = defaults;

	options.host_function_count = 1;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "host_functions is NULL");
	options.host_function_count = SIZE_MAX;
	refuse_sandbox(&options, MOTE_INVALID_ARGUMENT, "host functions");
	refuse_function((mote_host_function){.name = "f", .signature = "void()"},
			MOTE_INVALID_ARGUMENT, "callback");
	refuse_function((mote_host_function){.signature = "void()", .call = nothing},
			MOTE_INVALID_ARGUMENT, "name");
	refuse_function((mote_host_function){.name = "", .signature = "void()", .call = nothing},
			MOTE_INVALID_ARGUMENT, "name");
	refuse_function(
		(mote_host_function){.name = longest, .signature = "void()", .call = nothing},
		MOTE_INVALID_ARGUMENT, "63");
	refuse_function((mote_host_function){.name = "f", .signature = "void(", .call = nothing},
			MOTE_SIGNATURE, "host function f");
	refuse_function((mote_host_function){.name = "f", .signature = "int()", .call = nothing},
			MOTE_SIGNATURE, "host function f");
	refuse_function((mote_host_function){.name = "f", .call = nothing}, MOTE_SIGNATURE, "f");
}

static void sandbox_rejects_null(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_image *image;
	char byte = 0;

	REQUIRE_OK(mote_image_open(engine, test_guest("echo"), &image, &error), &error);
	CHECK_STATUS(mote_sandbox_create(NULL, image, NULL, &sandbox, &error),
		     MOTE_INVALID_ARGUMENT, NULL);
	CHECK_STATUS(mote_sandbox_create(engine, NULL, NULL, &sandbox, &error),
		     MOTE_INVALID_ARGUMENT, NULL);
	CHECK_STATUS(mote_sandbox_create(engine, image, NULL, NULL, &error), MOTE_INVALID_ARGUMENT,
		     NULL);
	CHECK_STATUS(mote_sandbox_create_from_file(engine, NULL, NULL, &sandbox, NULL),
		     MOTE_INVALID_ARGUMENT, NULL);
	CHECK_STATUS(mote_sandbox_create_from_bytes(engine, NULL, 1, NULL, &sandbox, NULL),
		     MOTE_INVALID_ARGUMENT, NULL);
	CHECK_STATUS(mote_sandbox_create_from_bytes(NULL, &byte, 1, NULL, &sandbox, NULL),
		     MOTE_INVALID_ARGUMENT, NULL);
	CHECK_STATUS(mote_sandbox_start(NULL, NULL, NULL), MOTE_INVALID_ARGUMENT, NULL);
	CHECK(!sandbox);
	mote_image_release(image);
	mote_engine_release(engine);
}

/* ---- Creation ---------------------------------------------------------------------------- */

static void created_from_file_and_bytes(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *from_file, *from_bytes;
	size_t length;
	void *bytes = test_read_file(test_guest("echo"), &length);

	REQUIRE_OK(mote_sandbox_create_from_file(engine, test_guest("echo"), NULL, &from_file,
						 &error),
		   &error);
	REQUIRE_OK(mote_sandbox_create_from_bytes(engine, bytes, length, NULL, &from_bytes, &error),
		   &error);
	memset(bytes, 0, length); /* they were copied */
	free(bytes);
	CHECK_EQ(CALL(from_file, "add", mote_value_i64(40), mote_value_i64(2)).as.i64, 42);
	CHECK_EQ(CALL(from_bytes, "add", mote_value_i64(-1), mote_value_i64(INT64_MIN + 1)).as.i64,
		 INT64_MIN);
	/* Untouched by success. */
	CHECK_EQ(error.status, MOTE_OK);
	CHECK_STR(error.text, "");
	fixture_destroy(from_file, NULL);
	fixture_destroy(from_bytes, engine);
}

enum { MANY = 20 };

static void image_shared_by_many(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandboxes[MANY];
	mote_function count = {0};
	mote_image *image;
	mote_value result;

	REQUIRE_OK(mote_image_open(engine, test_guest("echo"), &image, &error), &error);
	for (int i = 0; i < MANY; i++) {
		REQUIRE_OK(mote_sandbox_create(engine, image, NULL, &sandboxes[i], &error), &error);
		CHECK(mote_sandbox_get_image(sandboxes[i]) == image);
	}
	mote_image_release(image);
	mote_engine_release(engine);
	/* A function of one is a function of all. */
	REQUIRE_OK(mote_sandbox_find(sandboxes[0], "count", "u32()", &count, &error), &error);
	for (uint32_t round = 1; round <= 3; round++)
		for (int i = 0; i < MANY; i++) {
			REQUIRE_OK(mote_sandbox_call(sandboxes[i], count, NULL, 0, NULL, &result,
						     &error),
				   &error);
			CHECK_EQ(result.as.u32, round);
		}
	for (int i = 0; i < MANY; i++)
		fixture_destroy(sandboxes[i], NULL);
}

static void smallest_and_larger_memory(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox_options options = defaults;
	mote_sandbox *sandbox;

	options.memory_bytes = 4 << 20;
	options.stack_bytes = 1; /* a page */
	options.mailbox_bytes = 1;
	options.heap_bytes = 1;
	sandbox = fixture_sandbox(engine, "echo", &options);
	CHECK_EQ(CALL(sandbox, "echo_u64", mote_value_u64(7)).as.u64, 7);
	fixture_destroy(sandbox, NULL);

	options = defaults;
	options.memory_bytes = 300 << 20;
	options.mailbox_bytes = 64 << 20;
	options.stack_bytes = 8 << 20;
	sandbox = fixture_sandbox(engine, "echo", &options);
	CHECK_EQ(CALL(sandbox, "echo_u64", mote_value_u64(8)).as.u64, 8);
	fixture_destroy(sandbox, engine);
}

/* ---- Finding ----------------------------------------------------------------------------- */

static void check_find(const mote_sandbox *sandbox, const char *name, const char *signature,
		       mote_status expected, const char *part)
{
	mote_function function = {.index = 1234};
	mote_error error = MOTE_ERROR_INIT;

	CHECK_STATUS(mote_sandbox_find(sandbox, name, signature, &function, &error), expected,
		     &error);
	if (expected == MOTE_OK)
		return;
	CHECK_CONTAINS(error.text, part);
	CHECK_EQ(function.index, 1234);
}

static void functions_are_found(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);

	check_find(sandbox, "add", "i64(i64,i64)", MOTE_OK, NULL);
	check_find(sandbox, "add", " i64 ( i64 , i64 ) ", MOTE_OK, NULL);
	check_find(sandbox, "add", NULL, MOTE_OK, NULL);
	check_find(sandbox, "empty", "void()", MOTE_OK, NULL);
	check_find(sandbox, "add", "i64(i64)", MOTE_SIGNATURE, "add is i64(i64,i64)");
	check_find(sandbox, "add", "u64(i64,i64)", MOTE_SIGNATURE, "not u64(i64,i64)");
	check_find(sandbox, "add", "i64(i64,i64", MOTE_SIGNATURE, "");
	check_find(sandbox, "ad", NULL, MOTE_NOT_FOUND, "no function ad");
	check_find(sandbox, "addd", NULL, MOTE_NOT_FOUND, "addd");
	check_find(sandbox, "", NULL, MOTE_NOT_FOUND, "");
	check_find(sandbox, NULL, NULL, MOTE_INVALID_ARGUMENT, "NULL");
	CHECK_STATUS(mote_sandbox_find(NULL, "add", NULL, NULL, NULL), MOTE_INVALID_ARGUMENT, NULL);
	fixture_destroy(sandbox, engine);
}

/* ---- Calls ------------------------------------------------------------------------------- */

static void check_rejected(mote_sandbox *sandbox, const char *name, const mote_value *arguments,
			   size_t count, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value result = mote_value_i32(99);

	CHECK_STATUS(fixture_try(sandbox, name, arguments, count, &result, &error), MOTE_SIGNATURE,
		     &error);
	CHECK_CONTAINS(error.text, part);
	CHECK_EQ(result.as.i32, 99);
}

/* A handle says of which image it is, also when the other image is of the same file. */
static void handles_of_other_images_are_refused(void)
{
	static const char *const guests[] = {"echo", "faults"};
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_function found;

	REQUIRE_OK(mote_sandbox_find(sandbox, "empty", NULL, &found, &error), &error);
	for (size_t i = 0; i < TEST_COUNT(guests); i++) {
		mote_sandbox *other = fixture_sandbox(engine, guests[i], NULL);

		CHECK_STATUS(mote_sandbox_call(other, found, NULL, 0, NULL, NULL, &error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK_CONTAINS(error.text, "the function handle does not belong to guest image ");
		CHECK_STATUS(mote_sandbox_call_batch(other, found, NULL, 1, NULL, NULL, &error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK(!mote_sandbox_is_poisoned(other));
		fixture_destroy(other, NULL);
	}
	CHECK_OK(mote_sandbox_call(sandbox, found, NULL, 0, NULL, NULL, &error), &error);
	fixture_destroy(sandbox, engine);
}

/* Calls that never reach the guest leave the sandbox as it was. */
static void wrong_arguments(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	const mote_value numbers[] = {mote_value_i64(1), mote_value_u64(2), mote_value_i64(3)};
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;
	mote_function wild = {.index = 100000};

	check_rejected(sandbox, "add", numbers, 2, "argument 1 is u64, the function takes i64");
	check_rejected(sandbox, "add", numbers, 1, "1 arguments given, the function takes 2");
	check_rejected(sandbox, "add", numbers, 3, "3 arguments");
	check_rejected(sandbox, "add", NULL, 2, "arguments is NULL, the function takes 2");
	check_rejected(sandbox, "empty", numbers, 1, "the function takes 0");
	CHECK_STATUS(mote_sandbox_call(sandbox, wild, NULL, 0, NULL, NULL, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "the function handle is empty; mote_sandbox_find fills it");
	options.size = 8;
	CHECK_STATUS(mote_sandbox_start(sandbox, &options, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "MOTE_CALL_OPTIONS_INIT");
	CHECK_STATUS(mote_sandbox_call(NULL, wild, NULL, 0, NULL, NULL, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.calls, 0);
	CHECK_EQ(statistics.exits, 0);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK_EQ(CALL(sandbox, "add", mote_value_i64(1), mote_value_i64(2)).as.i64, 3);
	fixture_destroy(sandbox, engine);
}

/* Everything optional left out. */
static void call_without_result_or_error(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	const mote_value text = mote_value_string("text");

	CHECK_OK(fixture_try(sandbox, "echo_string", &text, 1, NULL, NULL), NULL);
	CHECK_OK(fixture_try(sandbox, "empty", NULL, 0, NULL, NULL), NULL);
	CHECK_EQ(CALL0(sandbox, "empty").type, MOTE_TYPE_VOID);
	fixture_destroy(sandbox, engine);
}

static void started_before_the_first_call(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	CHECK_OK(mote_sandbox_start(sandbox, NULL, &error), &error);
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.exits, 1);
	/* A second start has nothing to do. */
	CHECK_OK(mote_sandbox_start(sandbox, NULL, &error), &error);
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.exits, 1);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, 1);
	CHECK_EQ(CALL0(sandbox, "constructor_result").as.u32, 7);
	CHECK_OK(mote_sandbox_start(sandbox, NULL, &error), &error);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, 2);
	fixture_destroy(sandbox, engine);
}

/* A call is one exit, the first one too; a host call is one more, and a message. */
static void exits_are_counted(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "callbacks", NULL);
	mote_sandbox *logging = fixture_sandbox(engine, "logs", NULL);
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;
	uint64_t calls = 0;

	for (; calls < 50; calls++)
		CALL(sandbox, "call_times", mote_value_u32(0));
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.calls, calls);
	CHECK_EQ(statistics.exits, calls);
	CHECK_EQ(statistics.host_calls, 0);
	CHECK_EQ(CALL(sandbox, "call_times", mote_value_u32(13)).as.u32, 13);
	CALL(sandbox, "call_bytes", mote_value_bytes("bytes", 5));
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.calls, calls + 2);
	CHECK_EQ(statistics.host_calls, 14);
	CHECK_EQ(statistics.exits, calls + 2 + 14);
	CALL(logging, "log_times", mote_value_u32(5));
	mote_sandbox_get_statistics(logging, &statistics, NULL);
	CHECK_EQ(statistics.log_messages, 5);
	CHECK_EQ(statistics.exits, 6);
	fixture_destroy(logging, NULL);
	fixture_destroy(sandbox, engine);
}

static void check_descriptors(const mote_sandbox *sandbox, mote_native_handle_kind of_vm,
			      mote_native_handle_kind of_vcpu)
{
	mote_error error = MOTE_ERROR_INIT;
	uintptr_t vm = 0, vcpu = 0;

	CHECK_OK(mote_sandbox_get_native_handle(sandbox, of_vm, &vm, &error), &error);
	CHECK_OK(mote_sandbox_get_native_handle(sandbox, of_vcpu, &vcpu, &error), &error);
	CHECK(vm > 2 && vcpu > 2 && vm != vcpu);
}

struct handle_of_thread {
	const mote_sandbox *sandbox;
	uintptr_t vcpu;
};

static void *get_vcpu(void *argument)
{
	struct handle_of_thread *handle = argument;
	mote_error error = MOTE_ERROR_INIT;

	handle->vcpu = 4711;
	CHECK_OK(mote_sandbox_get_native_handle(handle->sandbox, MOTE_NATIVE_HVF_VCPU,
						&handle->vcpu, &error),
		 &error);
	return NULL;
}

/* A vCPU is the thread's. */
static void check_hvf_handles(const mote_sandbox *sandbox)
{
	struct handle_of_thread here = {.sandbox = sandbox}, there = here, again = here;
	pthread_t thread;

	get_vcpu(&here);
	REQUIRE(pthread_create(&thread, NULL, get_vcpu, &there) == 0);
	pthread_join(thread, NULL);
	get_vcpu(&again);
	CHECK(here.vcpu != there.vcpu);
	CHECK_EQ(here.vcpu, again.vcpu);
}

static void check_partition(const mote_sandbox *sandbox)
{
	mote_error error = MOTE_ERROR_INIT;
	uintptr_t partition = 0;

	CHECK_OK(mote_sandbox_get_native_handle(sandbox, MOTE_NATIVE_WHP_PARTITION, &partition,
						&error),
		 &error);
	CHECK(partition != 0);
}

static void native_handles(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_error error = MOTE_ERROR_INIT;
	uintptr_t other = 4711;

	switch (mote_engine_get_backend(engine)) {
	case MOTE_BACKEND_HVF:
		check_hvf_handles(sandbox);
		break;
	case MOTE_BACKEND_MSHV:
		check_descriptors(sandbox, MOTE_NATIVE_MSHV_PARTITION, MOTE_NATIVE_MSHV_VP);
		break;
	case MOTE_BACKEND_WHP:
		check_partition(sandbox);
		break;
	default:
		check_descriptors(sandbox, MOTE_NATIVE_KVM_VM, MOTE_NATIVE_KVM_VCPU);
	}
	CHECK_STATUS(mote_sandbox_get_native_handle(sandbox, (mote_native_handle_kind)99, &other,
						    &error),
		     MOTE_UNSUPPORTED, &error);
	CHECK_EQ(other, 4711);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(sandbox_rejects_sizes),
	CASE(sandbox_rejects_what_does_not_fit),
	CASE(sandbox_rejects_host_functions),
	CASE(sandbox_rejects_null),
	CASE(created_from_file_and_bytes),
	CASE(image_shared_by_many),
	CASE(smallest_and_larger_memory),
	CASE(functions_are_found),
	CASE(handles_of_other_images_are_refused),
	CASE(wrong_arguments),
	CASE(call_without_result_or_error),
	CASE(started_before_the_first_call),
	CASE(exits_are_counted),
	CASE(native_handles),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_life", cases, TEST_COUNT(cases), argc, argv);
}
