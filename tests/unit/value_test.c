/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures as text, both ways, and type names.
 */
#include <mote/value.h>

#include "unit_test.h"

static const char *const names[] = {"void", "i32", "u32",  "i64",    "u64",
				    "f32",  "f64", "bool", "string", "bytes"};

static void every_type_has_its_name(void **state)
{
	(void)state;
	assert_int_equal(COUNT(names), MOTE_TYPE_COUNT);
	for (unsigned i = 0; i < MOTE_TYPE_COUNT; i++)
		assert_string_equal(mote_type_name((mote_type)i), names[i]);
	assert_string_equal(mote_type_name((mote_type)MOTE_TYPE_COUNT), "unknown");
	assert_string_equal(mote_type_name((mote_type)-1), "unknown");
}

static void check_parse(const char *text, const char *canonical)
{
	char formatted[MOTE_SIGNATURE_TEXT_BYTES];
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature, again;

	check_ok(mote_signature_parse(text, &signature, &error), &error);
	mote_signature_format(&signature, formatted);
	assert_string_equal(formatted, canonical);
	check_ok(mote_signature_parse(formatted, &again, &error), &error);
	assert_true(mote_signature_equal(&signature, &again));
}

static void signatures_round_trip(void **state)
{
	char text[64], canonical[64];

	(void)state;
	check_parse("void()", "void()");
	check_parse("i64(bytes,u32)", "i64(bytes,u32)");
	for (unsigned result = 0; result < MOTE_TYPE_COUNT; result++)
		for (unsigned argument = 1; argument < MOTE_TYPE_COUNT; argument++) {
			snprintf(text, sizeof(text), "%s(%s)", names[result], names[argument]);
			check_parse(text, text);
			snprintf(canonical, sizeof(canonical), "%s(%s,bool)", names[result],
				 names[argument]);
			check_parse(canonical, canonical);
		}
}

static void blanks_are_allowed_around_types(void **state)
{
	(void)state;
	check_parse("  i64 ( bytes , u32 ) ", "i64(bytes,u32)");
	check_parse("\tvoid\t(\t)\t", "void()");
	check_parse("void( i32)", "void(i32)");
	check_parse("void(i32 )", "void(i32)");
}

static void sixteen_arguments_fit_and_seventeen_do_not(void **state)
{
	char text[200] = "string(", formatted[MOTE_SIGNATURE_TEXT_BYTES];
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature;

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		strcat(text, i > 0 ? ",string" : "string");
	strcat(text, ")");
	check_parse(text, text); /* the longest text there is */
	check_ok(mote_signature_parse(text, &signature, &error), &error);
	assert_int_equal(signature.argument_count, 16);
	mote_signature_format(&signature, formatted);
	assert_int_equal(strlen(formatted), strlen(text));
	text[strlen(text) - 1] = '\0';
	strcat(text, ",i32)");
	check_error(mote_signature_parse(text, &signature, &error), &error, MOTE_SIGNATURE,
		    "more than 16 arguments");
}

static void everything_else_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "unknown result type"},
		{"(", "unknown result type"},
		{"()", "unknown result type"},
		{"int()", "unknown result type"},
		{"i3()", "unknown result type"},
		{"i322()", "unknown result type"},
		{"I32()", "unknown result type"},
		{"voidd()", "unknown result type"},
		{"\n void()", "unknown result type"},
		{"void", "expected '(' after the result type"},
		{"void )", "expected '(' after the result type"},
		{"void[]", "expected '(' after the result type"},
		{"void i32()", "expected '(' after the result type"},
		{"void(", "unknown argument type"},
		{"void(,)", "unknown argument type"},
		{"void(i32", "expected ',' or ')' after an argument"},
		{"void(i32 u32)", "expected ',' or ')' after an argument"},
		{"void(i32;u32)", "expected ',' or ')' after an argument"},
		{"void(i32,", "unknown argument type"},
		{"void(i32,)", "unknown argument type"},
		{"void(void)", "unknown argument type"},
		{"void(i32,void)", "unknown argument type"},
		{"void(pointer)", "unknown argument type"},
		{"void()x", "unexpected text after ')'"},
		{"void() void()", "unexpected text after ')'"},
		{"void(i32)x", "unexpected text after ')'"},
		{"void(i32))", "unexpected text after ')'"},
		{"void()\n", "unexpected text after ')'"},
	};
	mote_signature signature, before;

	(void)state;
	memset(&signature, 0x5a, sizeof(signature));
	before = signature;
	for (size_t i = 0; i < COUNT(bad); i++) {
		mote_error error = MOTE_ERROR_INIT;
		mote_status status = mote_signature_parse(bad[i].text, &signature, &error);

		check_error(status, &error, MOTE_SIGNATURE, bad[i].why);
		check_error(status, &error, MOTE_SIGNATURE, "write it like");
		assert_memory_equal(&signature, &before, sizeof(signature));
		assert_int_equal(mote_signature_parse(bad[i].text, &signature, NULL),
				 MOTE_SIGNATURE);
	}
}

static void null_is_refused(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature;

	(void)state;
	check_error(mote_signature_parse(NULL, &signature, &error), &error, MOTE_SIGNATURE, "NULL");
	check_error(mote_signature_parse("void()", NULL, &error), &error, MOTE_SIGNATURE, "NULL");
}

static void a_long_or_hostile_text_is_cut_in_the_message(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature;
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	text[3] = '\n';
	text[5] = '\033';
	check_error(mote_signature_parse(text, &signature, &error), &error, MOTE_SIGNATURE,
		    "xxx?x?x");
	assert_true(strlen(error.text) < 200);
}

static void equality_looks_at_the_arguments_in_use_only(void **state)
{
	mote_signature a, b;

	(void)state;
	assert_int_equal(mote_signature_parse("i32(u32,u64)", &a, NULL), MOTE_OK);
	b = a;
	b.arguments[2] = 99;
	assert_true(mote_signature_equal(&a, &b));
	b.arguments[1] = MOTE_TYPE_U32;
	assert_false(mote_signature_equal(&a, &b));
	b = a;
	b.result = MOTE_TYPE_VOID;
	assert_false(mote_signature_equal(&a, &b));
	b = a;
	b.argument_count = 1;
	assert_false(mote_signature_equal(&a, &b));
}

static void values_carry_their_type(void **state)
{
	(void)state;
	assert_int_equal(mote_i32(-1).type, MOTE_TYPE_I32);
	assert_int_equal(mote_u32(1).as.u32, 1);
	assert_int_equal(mote_i64(INT64_MIN).as.i64, INT64_MIN);
	assert_int_equal(mote_u64(UINT64_MAX).type, MOTE_TYPE_U64);
	assert_true(mote_f32(1.5f).as.f32 == 1.5f && mote_f64(2.5).as.f64 == 2.5);
	assert_true(mote_bool(true).as.boolean);
	assert_int_equal(mote_string("abc").as.string.length, 3);
	assert_int_equal(mote_bytes(NULL, 0).as.bytes.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_its_name),
		cmocka_unit_test(signatures_round_trip),
		cmocka_unit_test(blanks_are_allowed_around_types),
		cmocka_unit_test(sixteen_arguments_fit_and_seventeen_do_not),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(null_is_refused),
		cmocka_unit_test(a_long_or_hostile_text_is_cut_in_the_message),
		cmocka_unit_test(equality_looks_at_the_arguments_in_use_only),
		cmocka_unit_test(values_carry_their_type),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
