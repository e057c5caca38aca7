/* SPDX-License-Identifier: Apache-2.0
 *
 * Lies in the mailbox: doorbells with records that cannot be.  Each is a guest
 * fault of kind MAILBOX that says what is wrong; no host function is reached.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "hostile_mailbox_arch.h"

/* ---- A guest that writes what it is told ------------------------------------------------- */

struct write {
	uint64_t offset; /* in the mailbox */
	uint64_t value;
};

#define MAXIMUM_WRITES 36
#define LAST UINT64_MAX

struct script {
	struct write writes[MAXIMUM_WRITES];
	size_t count;
	const char *exported, *imported; /* signatures */
};

static void add(struct script *script, uint64_t offset, uint64_t value)
{
	REQUIRE(script->count < MAXIMUM_WRITES);
	script->writes[script->count++] = (struct write){offset, value};
}

#define FIELD(field) offsetof(struct mote_abi_mailbox, field)
#define PAIR(low, high) ((uint64_t)(low) | (uint64_t)(high) << 32)
#define VALUE(type, length) PAIR(MOTE_TYPE_##type, length)

/* Of the default options. */
#define DATA_BYTES 65536u
#define CALL_DATA 4096u
#define HOST_CALL_DATA (CALL_DATA + DATA_BYTES)

static struct hostile_guest script_guest(struct script *script, uint16_t port)
{
	add(script, LAST, port);
	return (struct hostile_guest){
		GUEST(script),
		.data = script->writes,
		.data_bytes = sizeof(script->writes),
		.export_signature = script->exported,
		.import_signature = script->imported,
	};
}

/* The record is refused, with part in the text, and pc behind the doorbell. */
static void refused(struct script *script, uint16_t port, const char *part)
{
	const struct hostile_guest guest = script_guest(script, port);
	const struct hostile_expectation expectation = {
		.outcomes = {MAILBOX(EVERYWHERE, GUEST_CODE_BYTES(script))}, .part = part};

	hostile_try(&guest, &expectation);
}

/* ---- Results ----------------------------------------------------------------------------- */

struct lie {
	const char *signature;
	uint64_t type_and_length;
	uint64_t bits;
	const char *part;
};

static void try_result(const struct lie *lie)
{
	struct script script = {.exported = lie->signature};

	add(&script, FIELD(call.result), lie->type_and_length);
	add(&script, FIELD(call.result.bits), lie->bits);
	refused(&script, MOTE_ABI_PORT_READY, lie->part);
}

static const char wrong_type[] = "value of the wrong type";
static const char outside[] = "data outside the mailbox";

static void result_of_the_wrong_type(void)
{
	static const struct lie lies[] = {
		{"i32()", VALUE(U32, 0), 0, wrong_type},
		{"i32()", VALUE(VOID, 0), 0, wrong_type},
		{"void()", VALUE(I32, 0), 0, wrong_type},
		{"f64()", VALUE(I64, 0), 0, wrong_type},
		{"u64()", VALUE(BYTES, 8), 0, wrong_type},
		{"bytes()", VALUE(STRING, 8), 0, wrong_type},
		{"bytes()", PAIR(10, 0), 0, wrong_type},
		{"bytes()", PAIR(0xffffffffu, 0), 0, wrong_type},
		{"string()", PAIR(0x80000008u, 0), 0, wrong_type},
	};

	for (size_t i = 0; i < TEST_COUNT(lies); i++)
		try_result(&lies[i]);
}

static void result_that_is_no_bool(void)
{
	static const struct lie lies[] = {
		{"bool()", VALUE(BOOL, 0), 2, "neither 0 nor 1"},
		{"bool()", VALUE(BOOL, 0), 1ull << 32, "neither 0 nor 1"},
		{"bool()", VALUE(BOOL, 0), UINT64_MAX, "neither 0 nor 1"},
	};

	for (size_t i = 0; i < TEST_COUNT(lies); i++)
		try_result(&lies[i]);
}

static void result_beyond_the_area(void)
{
	static const struct lie lies[] = {
		{"bytes()", VALUE(BYTES, DATA_BYTES + 1), 0, outside},
		{"bytes()", VALUE(BYTES, DATA_BYTES), 1, outside},
		{"bytes()", VALUE(BYTES, 1), DATA_BYTES, outside},
		{"bytes()", VALUE(BYTES, 0), DATA_BYTES + 1, outside},
		{"bytes()", VALUE(BYTES, 0xffffffffu), 0, outside},
		{"bytes()", VALUE(BYTES, 0xffffffffu), 1, outside},
		{"bytes()", VALUE(BYTES, 0xffffffffu), UINT64_MAX, outside},
		{"bytes()", VALUE(BYTES, 1), UINT64_MAX, outside},
		{"bytes()", VALUE(BYTES, 2), UINT64_MAX - 1, outside},
		{"bytes()", VALUE(BYTES, 16), UINT64_MAX - 15, outside},
		{"bytes()", VALUE(BYTES, 1), 1ull << 63, outside},
		{"bytes()", VALUE(BYTES, 1), 1ull << 32, outside},
		{"string()", VALUE(STRING, DATA_BYTES + 1), 0, outside},
		{"string()", VALUE(STRING, 1), UINT64_MAX, outside},
	};

	for (size_t i = 0; i < TEST_COUNT(lies); i++)
		try_result(&lies[i]);
}

static void result_string_with_nul(void)
{
	static const struct lie lies[] = {
		{"string()", VALUE(STRING, 1), 0, "string that contains a NUL"},
		{"string()", VALUE(STRING, DATA_BYTES), 0, "string that contains a NUL"},
		{"string()", VALUE(STRING, 1), DATA_BYTES - 1, "string that contains a NUL"},
	};

	for (size_t i = 0; i < TEST_COUNT(lies); i++)
		try_result(&lies[i]);
}

/* Results at the edge of what can be. */
static void result_at_the_edge(uint64_t type_and_length, uint64_t bits, uint64_t length)
{
	struct script script = {.exported = "bytes()"};
	struct hostile_guest guest;
	struct hostile_run run;

	add(&script, FIELD(call.result), type_and_length);
	add(&script, FIELD(call.result.bits), bits);
	guest = script_guest(&script, MOTE_ABI_PORT_READY);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	CHECK_OK(run.status, &run.error);
	CHECK_EQ(run.result.type, MOTE_TYPE_BYTES);
	CHECK_EQ(run.result.as.bytes.length, length);
	hostile_close(&run);
}

static void result_that_just_fits(void)
{
	result_at_the_edge(VALUE(BYTES, DATA_BYTES), 0, DATA_BYTES);
	result_at_the_edge(VALUE(BYTES, 0), DATA_BYTES, 0);
	result_at_the_edge(VALUE(BYTES, 1), DATA_BYTES - 1, 1);
}

/* Bits beyond a scalar's size are not looked at. */
static void result_with_high_bits(void)
{
	struct script script = {.exported = "i32()"};
	struct hostile_guest guest;
	struct hostile_run run;

	add(&script, FIELD(call.result), VALUE(I32, 0xffffffffu));
	add(&script, FIELD(call.result.bits), 0xdeadbeef00000007u);
	guest = script_guest(&script, MOTE_ABI_PORT_READY);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	CHECK_OK(run.status, &run.error);
	CHECK_EQ(run.result.as.i32, 7);
	hostile_close(&run);
}

/* ---- Host calls -------------------------------------------------------------------------- */

static void host_call_that_does_not_exist(void)
{
	static const uint32_t without[] = {0, 1, 0x80000000u, MOTE_ABI_NO_FUNCTION};
	static const uint32_t with[] = {1, 2, 0x7fffffffu, 0xfffffffeu, MOTE_ABI_NO_FUNCTION};

	for (size_t i = 0; i < TEST_COUNT(without); i++) {
		struct script script = {0};

		add(&script, FIELD(host_call), PAIR(without[i], 0));
		refused(&script, MOTE_ABI_PORT_HOST_CALL, "host function that does not exist");
	}
	for (size_t i = 0; i < TEST_COUNT(with); i++) {
		struct script script = {.imported = "void()"};

		add(&script, FIELD(host_call), PAIR(with[i], 0));
		refused(&script, MOTE_ABI_PORT_HOST_CALL, "host function that does not exist");
	}
}

static void host_call_with_wrong_count(void)
{
	static const uint32_t counts[] = {0, 2, 16, 17, 18, 0x7fffffffu, 0xffffffffu};

	for (size_t i = 0; i < TEST_COUNT(counts); i++) {
		struct script script = {.imported = "void(u32)"};

		add(&script, FIELD(host_call), PAIR(0, counts[i]));
		add(&script, FIELD(host_call.arguments[0]), VALUE(U32, 0));
		refused(&script, MOTE_ABI_PORT_HOST_CALL, "wrong number of arguments");
	}
}

static void try_argument(const struct lie *lie)
{
	struct script script = {.imported = lie->signature};

	add(&script, FIELD(host_call), PAIR(0, 1));
	add(&script, FIELD(host_call.arguments[0]), lie->type_and_length);
	add(&script, FIELD(host_call.arguments[0].bits), lie->bits);
	refused(&script, MOTE_ABI_PORT_HOST_CALL, lie->part);
}

static void host_call_with_wild_argument(void)
{
	static const struct lie lies[] = {
		{"void(u32)", VALUE(I32, 0), 0, wrong_type},
		{"void(u32)", VALUE(VOID, 0), 0, wrong_type},
		{"void(u32)", PAIR(0xffffffffu, 0), 0, wrong_type},
		{"void(bool)", VALUE(BOOL, 0), 2, "neither 0 nor 1"},
		{"void(bool)", VALUE(BOOL, 0), 0x100, "neither 0 nor 1"},
		{"void(bytes)", VALUE(BYTES, DATA_BYTES + 1), 0, outside},
		{"void(bytes)", VALUE(BYTES, 1), DATA_BYTES, outside},
		{"void(bytes)", VALUE(BYTES, 0), DATA_BYTES + 1, outside},
		{"void(bytes)", VALUE(BYTES, 0xffffffffu), 0, outside},
		{"void(bytes)", VALUE(BYTES, 0xffffffffu), UINT64_MAX, outside},
		{"void(bytes)", VALUE(BYTES, 1), UINT64_MAX, outside},
		{"void(bytes)", VALUE(BYTES, 64), UINT64_MAX - 63, outside},
		{"void(string)", VALUE(STRING, DATA_BYTES + 1), 0, outside},
		{"void(string)", VALUE(STRING, 3), 0, "string that contains a NUL"},
		{"void(string)", VALUE(BYTES, 0), 0, wrong_type},
	};

	for (size_t i = 0; i < TEST_COUNT(lies); i++)
		try_argument(&lies[i]);
}

/* Arguments that overlap would need more host memory than the mailbox has. */
static void host_call_with_overlapping_arguments(void)
{
	struct script two = {.imported = "void(bytes,bytes)"};
	struct script many = {.imported = "void(bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,"
					  "bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes)"};

	add(&two, FIELD(host_call), PAIR(0, 2));
	add(&two, FIELD(host_call.arguments[0]), VALUE(BYTES, DATA_BYTES));
	add(&two, FIELD(host_call.arguments[1]), VALUE(BYTES, 1));
	refused(&two, MOTE_ABI_PORT_HOST_CALL, "more data than the mailbox holds");

	add(&many, FIELD(host_call), PAIR(0, 16));
	for (unsigned int i = 0; i < 16; i++)
		add(&many, FIELD(host_call.arguments) + i * sizeof(struct mote_abi_value),
		    VALUE(BYTES, DATA_BYTES));
	refused(&many, MOTE_ABI_PORT_HOST_CALL, "more data than the mailbox holds");
}

/* ---- Messages ---------------------------------------------------------------------------- */

static void try_message(uint16_t port, uint32_t level, uint32_t length, const char *part)
{
	struct script script = {0};

	add(&script, FIELD(message), PAIR(level, length));
	refused(&script, port, part);
}

static void log_of_absurd_length(void)
{
	static const char part[] = "message larger than the mailbox";

	try_message(MOTE_ABI_PORT_LOG, MOTE_LOG_INFO, DATA_BYTES + 1, part);
	try_message(MOTE_ABI_PORT_LOG, MOTE_LOG_INFO, 0x7fffffff, part);
	try_message(MOTE_ABI_PORT_LOG, MOTE_LOG_INFO, 0xffffffffu, part);
	try_message(MOTE_ABI_PORT_LOG, 0xffffffffu, 0xffffffffu, part);
}

static void log_of_absurd_level(void)
{
	static const char part[] = "log level that does not exist";

	try_message(MOTE_ABI_PORT_LOG, MOTE_LOG_OFF, 1, part);
	try_message(MOTE_ABI_PORT_LOG, MOTE_LOG_TRACE + 1, 1, part);
	try_message(MOTE_ABI_PORT_LOG, 0x7fffffff, 1, part);
	try_message(MOTE_ABI_PORT_LOG, 0x80000000u, 0, part);
	try_message(MOTE_ABI_PORT_LOG, 0xffffffffu, DATA_BYTES, part);
}

static void abort_of_absurd_length(void)
{
	static const char part[] = "message larger than the mailbox";

	try_message(MOTE_ABI_PORT_ABORT, MOTE_LOG_ERROR, DATA_BYTES + 1, part);
	try_message(MOTE_ABI_PORT_ABORT, 0xffffffffu, 0xffffffffu, part);
}

/* No fault, but an abort: the level of an abort message means nothing. */
static void abort_of_longest_message(void)
{
	struct script script = {0};
	struct hostile_guest guest;
	struct hostile_run run;

	add(&script, FIELD(message), PAIR(0xffffffffu, DATA_BYTES));
	/* "\e[2J" and more that a terminal would obey */
	add(&script, HOST_CALL_DATA, 0x0a0d07414a325b1bu);
	guest = script_guest(&script, MOTE_ABI_PORT_ABORT);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	CHECK_STATUS(run.status, MOTE_GUEST_ABORT, &run.error);
	CHECK(!run.fault);
	for (const char *at = run.error.text; *at; at++)
		CHECK(*at >= ' ' && *at != 0x7f);
	hostile_close(&run);
}

/* ---- The header -------------------------------------------------------------------------- */

/* The host never reads back what it told the guest. */
static void header_is_not_believed(void)
{
	struct script script = {.exported = "bytes()"};
	struct hostile_guest guest;
	struct hostile_run run;

	add(&script, FIELD(abi_version), UINT64_MAX);
	add(&script, FIELD(call_data_gva), HOSTILE_MONITOR);
	add(&script, FIELD(host_call_data_gva), HOSTILE_MONITOR);
	add(&script, FIELD(data_bytes), UINT64_MAX);
	add(&script, CALL_DATA, 0x1122334455667788u);
	add(&script, FIELD(call.result), VALUE(BYTES, 8));
	add(&script, FIELD(call.result.bits), 0);
	guest = script_guest(&script, MOTE_ABI_PORT_READY);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_OK(run.status, &run.error);
	REQUIRE_EQ(run.result.as.bytes.length, 8);
	CHECK_MEM(run.result.as.bytes.data, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	hostile_close(&run);
}

static void header_lies_about_the_size(void)
{
	struct script script = {.exported = "bytes()"};

	add(&script, FIELD(data_bytes), UINT64_MAX);
	add(&script, FIELD(call.result), VALUE(BYTES, DATA_BYTES + 1));
	refused(&script, MOTE_ABI_PORT_READY, outside);
}

/* ---- Random records ---------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Values that are more often at an edge than chance would have it. */
static uint64_t random_value(uint64_t *state)
{
	static const uint64_t edges[] = {0,
					 1,
					 2,
					 DATA_BYTES - 1,
					 DATA_BYTES,
					 DATA_BYTES + 1,
					 0xffffffffu,
					 0x7fffffffu,
					 UINT64_MAX,
					 1ull << 63,
					 1ull << 32,
					 16,
					 UINT64_MAX - 15};
	uint64_t choice = next_random(state);

	switch (choice % 4) {
	case 0:
		return edges[next_random(state) % TEST_COUNT(edges)];
	case 1:
		return PAIR(next_random(state) % 11, edges[next_random(state) % TEST_COUNT(edges)]);
	case 2:
		return PAIR(next_random(state) % 11, next_random(state) % 300);
	default:
		return next_random(state);
	}
}

static mote_status accept(void *user, const mote_value *arguments, size_t count, mote_value *result,
			  mote_error *error)
{
	/* Whatever gets here must be readable. */
	(void)user, (void)error;
	result->as.bytes = arguments[0].as.bytes;
	CHECK(count == 2 && arguments[1].as.string.data[arguments[1].as.string.length] == '\0');
	return MOTE_OK;
}

static void try_random(uint64_t *state)
{
	static const char *const results[] = {"void(string)", "i32(u64)", "bool()",
					      "string()",     "bytes()",  "f64(bytes,bytes)"};
	static const uint16_t ports[] = {MOTE_ABI_PORT_READY, MOTE_ABI_PORT_HOST_CALL,
					 MOTE_ABI_PORT_LOG, MOTE_ABI_PORT_ABORT};
	const mote_host_function host = {
		.name = "host", .signature = "bytes(bytes,string)", .call = accept};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	struct script script = {.exported = results[next_random(state) % TEST_COUNT(results)],
				.imported = host.signature};
	struct hostile_guest guest;
	struct hostile_run run;

	for (unsigned int i = 0; i < 12; i++)
		add(&script, 128 + next_random(state) % 71 * 8, random_value(state));
	if (next_random(state) % 2)
		add(&script, FIELD(host_call), PAIR(0, 2));
	guest = script_guest(&script, ports[next_random(state) % TEST_COUNT(ports)]);
	options.host_functions = &host;
	options.host_function_count = 1;
	guest.options = &options;
	hostile_open(&run, &guest);
	hostile_enter(&run);
	CHECK(run.status == MOTE_OK || run.status == MOTE_GUEST_ABORT ||
	      run.status == MOTE_GUEST_FAULT);
	hostile_close(&run);
}

static void random_records(void)
{
	uint64_t state = 0x9e3779b97f4a7c15u;

	for (uint64_t i = test_scale(2000); i > 0; i--)
		try_random(&state);
}

static const struct test_case cases[] = {
	CASE(result_of_the_wrong_type),
	CASE(result_that_is_no_bool),
	CASE(result_beyond_the_area),
	CASE(result_string_with_nul),
	CASE(result_that_just_fits),
	CASE(result_with_high_bits),
	CASE(host_call_that_does_not_exist),
	CASE(host_call_with_wrong_count),
	CASE(host_call_with_wild_argument),
	CASE(host_call_with_overlapping_arguments),
	CASE(log_of_absurd_length),
	CASE(log_of_absurd_level),
	CASE(abort_of_absurd_length),
	CASE(abort_of_longest_message),
	CASE(header_is_not_believed),
	CASE(header_lies_about_the_size),
	CASE(random_records),
};

int main(int argc, char **argv)
{
	return test_main("hostile_mailbox", cases, TEST_COUNT(cases), argc, argv);
}
