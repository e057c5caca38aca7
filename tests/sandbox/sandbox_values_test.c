/* SPDX-License-Identifier: Apache-2.0
 *
 * Values: every type in both directions, at its extremes, and the limits of the
 * mailbox that carries them.  Each goes through a guest function that gives it
 * back, and through one that hands it to a host function on the way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

struct pair {
	mote_engine *engine;
	mote_sandbox *echo, *callbacks;
};

static struct pair open_pair(void)
{
	struct pair pair = {.engine = fixture_engine()};

	pair.echo = fixture_sandbox(pair.engine, "echo", NULL);
	pair.callbacks = fixture_sandbox(pair.engine, "callbacks", NULL);
	return pair;
}

static void close_pair(struct pair *pair)
{
	fixture_destroy(pair->echo, NULL);
	fixture_destroy(pair->callbacks, pair->engine);
}

/* ---- Scalars ----------------------------------------------------------------------------- */

/* The member that counts is the same in value and result, bit by bit. */
static void check_scalar(struct pair *pair, const char *type, mote_value value, size_t bytes)
{
	char name[32];
	mote_value result;

	snprintf(name, sizeof(name), "echo_%s", type);
	result = fixture_call(pair->echo, name, &value, 1);
	CHECK_EQ(result.type, value.type);
	CHECK_MEM(&result.as, &value.as, bytes);
	snprintf(name, sizeof(name), "call_%s", type);
	result = fixture_call(pair->callbacks, name, &value, 1);
	CHECK_EQ(result.type, value.type);
	CHECK_MEM(&result.as, &value.as, bytes);
}

static void integers(void)
{
	static const int64_t values[] = {0,	    1,		-1,
					 INT32_MAX, INT32_MIN,	INT64_MAX,
					 INT64_MIN, 0x80000000, 0x123456789abcdef0,
					 0xff};
	struct pair pair = open_pair();

	for (size_t i = 0; i < TEST_COUNT(values); i++) {
		check_scalar(&pair, "i32", mote_value_i32((int32_t)values[i]), 4);
		check_scalar(&pair, "u32", mote_value_u32((uint32_t)values[i]), 4);
		check_scalar(&pair, "i64", mote_value_i64(values[i]), 8);
		check_scalar(&pair, "u64", mote_value_u64((uint64_t)values[i]), 8);
	}
	check_scalar(&pair, "bool", mote_value_bool(true), sizeof(bool));
	check_scalar(&pair, "bool", mote_value_bool(false), sizeof(bool));
	close_pair(&pair);
}

static mote_value f32_of(uint32_t bits)
{
	mote_value value = mote_value_f32(0);

	memcpy(&value.as.f32, &bits, sizeof(bits));
	return value;
}

static mote_value f64_of(uint64_t bits)
{
	mote_value value = mote_value_f64(0);

	memcpy(&value.as.f64, &bits, sizeof(bits));
	return value;
}

static void floating_point(void)
{
	/* zeros, ones, denormals, extremes, infinities, NaNs quiet and signalling with payloads */
	static const uint32_t singles[] = {0,	       0x80000000, 0x3f800000, 0xbf800000,
					   1,	       0x807fffff, 0x7f7fffff, 0x00800000,
					   0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345,
					   0x7f812345, 0xff800001, 0x7fffffff};
	static const uint64_t doubles[] = {0,
					   0x8000000000000000,
					   0x3ff0000000000000,
					   0xbff0000000000000,
					   1,
					   0x800fffffffffffff,
					   0x7fefffffffffffff,
					   0x0010000000000000,
					   0x7ff0000000000000,
					   0xfff0000000000000,
					   0x7ff8000000000000,
					   0xfff8123456789abc,
					   0x7ff0123456789abc,
					   0xfff0000000000001,
					   0x7fffffffffffffff};
	struct pair pair = open_pair();

	for (size_t i = 0; i < TEST_COUNT(singles); i++)
		check_scalar(&pair, "f32", f32_of(singles[i]), 4);
	for (size_t i = 0; i < TEST_COUNT(doubles); i++)
		check_scalar(&pair, "f64", f64_of(doubles[i]), 8);
	close_pair(&pair);
}

/* ---- Strings and bytes ------------------------------------------------------------------- */

static void check_bytes(struct pair *pair, const void *data, size_t length)
{
	const mote_value value = mote_value_bytes(data, length);
	mote_value result = fixture_call(pair->echo, "echo_bytes", &value, 1);

	CHECK_EQ(result.type, MOTE_TYPE_BYTES);
	REQUIRE_EQ(result.as.bytes.length, length);
	CHECK_MEM(result.as.bytes.data, data, length);
	result = fixture_call(pair->callbacks, "call_bytes", &value, 1);
	REQUIRE_EQ(result.as.bytes.length, length);
	CHECK_MEM(result.as.bytes.data, data, length);
}

static void bytes_of_many_lengths(void)
{
	static const size_t lengths[] = {0,  1,	 2,  7,	  8,   15,   16,   17,	  31,
					 63, 64, 65, 255, 256, 4095, 4096, 10001, 65535};
	struct pair pair = open_pair();
	unsigned char *data = malloc(65536);

	REQUIRE(data);
	for (size_t i = 0; i < 65536; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	for (size_t i = 0; i < TEST_COUNT(lengths); i++)
		check_bytes(&pair, data, lengths[i]);
	free(data);
	close_pair(&pair);
}

static void empty_bytes(void)
{
	struct pair pair = open_pair();

	check_bytes(&pair, NULL, 0);
	check_bytes(&pair, "", 0);
	CHECK_EQ(CALL(pair.echo, "sum_bytes", mote_value_bytes(NULL, 0)).as.u64, 0);
	close_pair(&pair);
}

static void check_string(struct pair *pair, const char *text)
{
	mote_value result = CALL(pair->echo, "echo_string", mote_value_string(text));

	CHECK_EQ(result.type, MOTE_TYPE_STRING);
	CHECK_EQ(result.as.string.length, strlen(text));
	CHECK_STR(result.as.string.data, text);
	result = CALL(pair->callbacks, "call_string", mote_value_string(text));
	CHECK_EQ(result.as.string.length, strlen(text));
	CHECK_STR(result.as.string.data, text);
}

static void strings(void)
{
	static const char *const texts[] = {
		"",
		"a",
		"fifteen letters",
		"exactly sixteen.",
		"seventeen letters",
		"gr\xc3\xbcn, \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80",
		"\xff\xfe not UTF-8 \x80",
		"\x01\x1b[31m\r\n\t\x7f",
	};
	struct pair pair = open_pair();

	for (size_t i = 0; i < TEST_COUNT(texts); i++)
		check_string(&pair, texts[i]);
	close_pair(&pair);
}

/* A string is length bytes: what is behind them does not count. */
static void string_without_terminator(void)
{
	struct pair pair = open_pair();
	mote_value value = mote_value_string("prefix and more");
	mote_value result;

	value.as.string.length = 6;
	result = fixture_call(pair.echo, "echo_string", &value, 1);
	CHECK_EQ(result.as.string.length, 6);
	CHECK_STR(result.as.string.data, "prefix");
	value.as.string = (mote_text){NULL, 0};
	result = fixture_call(pair.echo, "echo_string", &value, 1);
	CHECK_EQ(result.as.string.length, 0);
	CHECK_STR(result.as.string.data, "");
	close_pair(&pair);
}

static void check_refused(mote_sandbox *sandbox, const char *name, const mote_value *arguments,
			  size_t count, mote_status expected, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value result = mote_value_i32(99);

	CHECK_STATUS(fixture_try(sandbox, name, arguments, count, &result, &error), expected,
		     &error);
	CHECK_CONTAINS(error.text, part);
	CHECK_EQ(result.as.i32, 99);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
}

static void values_that_cannot_be(void)
{
	struct pair pair = open_pair();
	mote_value value = mote_value_string("a NUL");

	value.as.string = (mote_text){"a\0b", 3};
	check_refused(pair.echo, "echo_string", &value, 1, MOTE_INVALID_ARGUMENT, "NUL");
	value.as.string = (mote_text){NULL, 1};
	check_refused(pair.echo, "echo_string", &value, 1, MOTE_INVALID_ARGUMENT, "NULL");
	value = mote_value_bytes(NULL, 5);
	check_refused(pair.echo, "echo_bytes", &value, 1, MOTE_INVALID_ARGUMENT, "NULL");
	check_bytes(&pair, "still usable", 12);
	close_pair(&pair);
}

static void sixteen_arguments(void)
{
	struct pair pair = open_pair();
	mote_value result =
		CALL(pair.echo, "sum16", mote_value_i32(-1), mote_value_u32(20),
		     mote_value_i64(-300), mote_value_u64(4000), mote_value_f32(0.5f),
		     mote_value_f64(0.25), mote_value_bool(true), mote_value_string("A"),
		     mote_value_bytes("12345", 5), mote_value_i32(100000), mote_value_u32(2000000),
		     mote_value_string("B"), mote_value_bytes(NULL, 0), mote_value_f32(-0.125f),
		     mote_value_f64(1e9), mote_value_bool(false));

	CHECK_EQ(result.type, MOTE_TYPE_F64);
	CHECK(result.as.f64 == -1.0 + 20 - 300 + 4000 + 0.5 + 0.25 + 1 + 'A' + 5 + 100000 +
				       2000000 + 'B' + 0 - 0.125 + 1e9 + 0);
	close_pair(&pair);
}

/* Neither at the begin of the area, nor what came in. */
static void results_from_anywhere(void)
{
	struct pair pair = open_pair();
	mote_value result =
		CALL(pair.echo, "second", mote_value_bytes("first", 5), mote_value_bytes("2nd", 3));

	REQUIRE_EQ(result.as.bytes.length, 3);
	CHECK_MEM(result.as.bytes.data, "2nd", 3);
	result = CALL(pair.echo, "pattern", mote_value_u32(60000));
	REQUIRE_EQ(result.as.bytes.length, 60000);
	for (unsigned int i = 0; i < 60000; i += 997)
		CHECK_EQ(((const unsigned char *)result.as.bytes.data)[i], i & 0xff);
	CHECK(CALL(pair.callbacks, "stays_intact", mote_value_bytes("0123456789abcdef", 16))
		      .as.boolean);
	CHECK(CALL(pair.callbacks, "chains", mote_value_string("some text")).as.boolean);
	close_pair(&pair);
}

/* ---- Limits ------------------------------------------------------------------------------ */

static mote_sandbox *small_mailbox(mote_engine *engine, const char *guest)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	options.mailbox_bytes = 4096;
	return fixture_sandbox(engine, guest, &options);
}

static char *letters(size_t length)
{
	char *text = malloc(length + 1);

	REQUIRE(text);
	memset(text, 'x', length);
	text[length] = '\0';
	return text;
}

static void mailbox_exactly_full(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *echo = small_mailbox(engine, "echo");
	mote_sandbox *callbacks = small_mailbox(engine, "callbacks");
	char *text = letters(4096);

	CHECK_EQ(CALL(echo, "echo_bytes", mote_value_bytes(text, 4096)).as.bytes.length, 4096);
	CHECK_EQ(CALL(callbacks, "call_bytes", mote_value_bytes(text, 4096)).as.bytes.length, 4096);
	CHECK_EQ(CALL(echo, "second", mote_value_bytes(text, 2048), mote_value_bytes(text, 2048))
			 .as.bytes.length,
		 2048);
	text[4095] = '\0';
	CHECK_STR(CALL(echo, "echo_string", mote_value_string(text)).as.string.data, text);
	CHECK_STR(CALL(callbacks, "call_string", mote_value_string(text)).as.string.data, text);
	free(text);
	fixture_destroy(callbacks, NULL);
	fixture_destroy(echo, engine);
}

static void mailbox_too_small(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *echo = small_mailbox(engine, "echo");
	char *text = letters(8192);
	mote_value two[] = {mote_value_bytes(text, 2048), mote_value_bytes(text, 2049)};
	mote_value one = mote_value_bytes(text, 4097), string = mote_value_string(text);

	check_refused(echo, "echo_bytes", &one, 1, MOTE_TOO_LARGE, "raise mailbox_bytes");
	check_refused(echo, "second", two, 2, MOTE_TOO_LARGE, "4096 bytes");
	string.as.string.length = 4096; /* and its NUL */
	check_refused(echo, "echo_string", &string, 1, MOTE_TOO_LARGE, "mailbox");
	one.as.bytes.length = SIZE_MAX;
	check_refused(echo, "echo_bytes", &one, 1, MOTE_TOO_LARGE, "mailbox");
	string.as.string.length = SIZE_MAX;
	check_refused(echo, "echo_string", &string, 1, MOTE_TOO_LARGE, "mailbox");
	CHECK_EQ(CALL(echo, "echo_bytes", mote_value_bytes(text, 4096)).as.bytes.length, 4096);
	free(text);
	fixture_destroy(echo, engine);
}

static void megabytes(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox;
	size_t length = 8 << 20;
	char *text = letters(length);
	mote_value result;

	options.memory_bytes = 64 << 20;
	options.mailbox_bytes = length;
	sandbox = fixture_sandbox(engine, "echo", &options);
	result = CALL(sandbox, "echo_bytes", mote_value_bytes(text, length));
	REQUIRE_EQ(result.as.bytes.length, length);
	CHECK_MEM(result.as.bytes.data, text, length);
	CHECK_EQ(CALL(sandbox, "sum_bytes", mote_value_bytes(text, length)).as.u64, length * 'x');
	free(text);
	fixture_destroy(sandbox, engine);
}

/* ---- Where results go -------------------------------------------------------------------- */

static mote_status call_into(mote_sandbox *sandbox, const char *name, mote_value argument,
			     void *buffer, size_t capacity, mote_value *result, mote_error *error)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_function function;

	options.result_buffer = buffer;
	options.result_capacity = capacity;
	REQUIRE_OK(mote_sandbox_find(sandbox, name, NULL, &function, error), error);
	return mote_sandbox_call(sandbox, function, &argument, 1, &options, result, error);
}

static void result_in_a_buffer(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_error error = MOTE_ERROR_INIT;
	char buffer[9] = "........";
	mote_value result;

	CHECK_OK(call_into(sandbox, "echo_bytes", mote_value_bytes("1234", 4), buffer, 4, &result,
			   &error),
		 &error);
	CHECK(result.as.bytes.data == buffer);
	CHECK_EQ(result.as.bytes.length, 4);
	CHECK_STR(buffer, "1234....");
	CHECK_OK(call_into(sandbox, "echo_string", mote_value_string("abcde"), buffer, 6, &result,
			   &error),
		 &error);
	CHECK(result.as.string.data == buffer);
	CHECK_STR(buffer, "abcde");
	/* Scalars need none. */
	CHECK_OK(call_into(sandbox, "echo_i32", mote_value_i32(3), buffer, 0, &result, &error),
		 &error);
	CHECK_EQ(result.as.i32, 3);
	CHECK_OK(call_into(sandbox, "echo_bytes", mote_value_bytes("", 0), buffer, 0, &result,
			   &error),
		 &error);
	CHECK_EQ(result.as.bytes.length, 0);
	fixture_destroy(sandbox, engine);
}

static void buffer_too_small(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_value result = mote_value_i32(99);
	char buffer[9] = "........";

	CHECK_STATUS(call_into(sandbox, "echo_bytes", mote_value_bytes("12345", 5), buffer, 4,
			       &result, &error),
		     MOTE_TOO_LARGE, &error);
	CHECK_CONTAINS(error.text, "the result has 5 bytes, result_capacity is 4");
	/* A string needs room for its NUL. */
	CHECK_STATUS(call_into(sandbox, "echo_string", mote_value_string("1234"), buffer, 4,
			       &result, &error),
		     MOTE_TOO_LARGE, &error);
	CHECK_EQ(result.as.i32, 99);
	CHECK_STR(buffer, "........");
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK_EQ(CALL(sandbox, "echo_i32", mote_value_i32(1)).as.i32, 1);
	fixture_destroy(sandbox, engine);
}

/* A result stays valid until the next call of that sandbox, whatever others do. */
static void result_stays_until_the_next_call(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *one = fixture_sandbox(engine, "echo", NULL);
	mote_sandbox *two = fixture_sandbox(engine, "echo", NULL);
	mote_value first = CALL(one, "echo_string", mote_value_string("first"));
	mote_value second = CALL(two, "echo_string", mote_value_string("second"));

	CHECK_STR(first.as.string.data, "first");
	CHECK_STR(second.as.string.data, "second");
	CALL(two, "echo_string", mote_value_string("third"));
	CHECK_STR(first.as.string.data, "first");
	fixture_destroy(one, NULL);
	fixture_destroy(two, engine);
}

/* A result may be the next call's argument. */
static void result_as_argument(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_value value = CALL(sandbox, "echo_string", mote_value_string("round and round"));

	for (int i = 0; i < 10; i++)
		value = fixture_call(sandbox, "echo_string", &value, 1);
	CHECK_STR(value.as.string.data, "round and round");
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(integers),
	CASE(floating_point),
	CASE(bytes_of_many_lengths),
	CASE(empty_bytes),
	CASE(strings),
	CASE(string_without_terminator),
	CASE(values_that_cannot_be),
	CASE(sixteen_arguments),
	CASE(results_from_anywhere),
	CASE(mailbox_exactly_full),
	CASE(mailbox_too_small),
	CASE(megabytes),
	CASE(result_in_a_buffer),
	CASE(buffer_too_small),
	CASE(result_stays_until_the_next_call),
	CASE(result_as_argument),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_values", cases, TEST_COUNT(cases), argc, argv);
}
