/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest in Zig, inside a sandbox: values through examples/zig/mote.zig.
 */
#include <stdlib.h>
#include <string.h>

#include "guest_fixture.h"

static mote_engine *engine;
static mote_sandbox *sandbox;

static void set_up(void)
{
	engine = NULL;
	sandbox = NULL;
	test_need_hypervisor();
	guest_need_language(MOTE_TEST_ZIG, "Zig");
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "zig", NULL);
}

static void values_come_back(void)
{
	set_up();
	CHECK_EQ(CALL(sandbox, "echo_i32", mote_value_i32(INT32_MIN)).as.i32, INT32_MIN);
	CHECK_EQ(CALL(sandbox, "echo_u32", mote_value_u32(UINT32_MAX)).as.u32, UINT32_MAX);
	CHECK_EQ(CALL(sandbox, "echo_i64", mote_value_i64(INT64_MIN)).as.i64, INT64_MIN);
	CHECK_EQ(CALL(sandbox, "echo_u64", mote_value_u64(UINT64_MAX)).as.u64, UINT64_MAX);
	CHECK(CALL(sandbox, "echo_f32", mote_value_f32(-1.5f)).as.f32 == -1.5f);
	CHECK(CALL(sandbox, "echo_f64", mote_value_f64(1e300)).as.f64 == 1e300);
	CHECK(CALL(sandbox, "echo_bool", mote_value_bool(true)).as.boolean);
	CHECK(!CALL(sandbox, "echo_bool", mote_value_bool(false)).as.boolean);
	CHECK_STR(CALL(sandbox, "echo_string", mote_value_string("text")).as.string.data, "text");
	CHECK_EQ(CALL(sandbox, "echo_bytes", mote_value_bytes("a\0b", 3)).as.bytes.length, 3);
	CHECK_EQ(CALL(sandbox, "echo_bytes", mote_value_bytes(NULL, 0)).as.bytes.length, 0);
	CALL0(sandbox, "nothing");
	fixture_destroy(sandbox, engine);
}

/* The guest has another import, which it does not use, and the host does not have. */
static void host_functions_give_back(void)
{
	set_up();
	CHECK(CALL(sandbox, "through_host", mote_value_string("text"), mote_value_bytes("a\0b", 3))
		      .as.boolean);
	fixture_destroy(sandbox, engine);
}

static void a_failed_check_is_told(void)
{
	const mote_value index = mote_value_u32(3);
	mote_error error = MOTE_ERROR_INIT;

	set_up();
	CHECK_EQ(CALL(sandbox, "end_by_index", mote_value_u32(2)).as.u32, 3);
	CHECK_STATUS(fixture_try(sandbox, "end_by_index", &index, 1, NULL, &error),
		     MOTE_GUEST_ABORT, &error);
	CHECK_CONTAINS(error.text, "panic: index out of bounds: index 3, len 3");
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(values_come_back),
	CASE(host_functions_give_back),
	CASE(a_failed_check_is_told),
};

int main(int argc, char **argv)
{
	return test_main("guest_zig", cases, TEST_COUNT(cases), argc, argv);
}
