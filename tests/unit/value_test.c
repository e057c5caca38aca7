/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures as text, both ways, and type names.
 */
#include <mote/value.h>

#include "unit_test.h"

static const char *const names[] = {"void", "i32", "u32",  "i64",    "u64",
				    "f32",  "f64", "bool", "string", "bytes"};

static void every_type_has_its_name(void)
{
	REQUIRE_EQ(COUNT(names), MOTE_TYPE_COUNT);
	for (unsigned i = 0; i < MOTE_TYPE_COUNT; i++)
		REQUIRE_STR(mote_type_name((mote_type)i), names[i]);
	REQUIRE_STR(mote_type_name((mote_type)MOTE_TYPE_COUNT), "unknown");
	REQUIRE_STR(mote_type_name((mote_type)-1), "unknown");
}

static void check_parse(const char *text, const char *canonical)
{
	char formatted[MOTE_SIGNATURE_TEXT_BYTES];
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature, again;

	check_ok(mote_signature_parse(text, &signature, &error), &error);
	mote_signature_format(&signature, formatted);
	REQUIRE_STR(formatted, canonical);
	check_ok(mote_signature_parse(formatted, &again, &error), &error);
	REQUIRE(mote_signature_is_equal(&signature, &again));
}

static void signatures_round_trip(void)
{
	char text[64], canonical[64];

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

static void blanks_are_allowed_around_types(void)
{
	check_parse("  i64 ( bytes , u32 ) ", "i64(bytes,u32)");
	check_parse("\tvoid\t(\t)\t", "void()");
	check_parse("void( i32)", "void(i32)");
	check_parse("void(i32 )", "void(i32)");
}

static void sixteen_arguments_fit_and_seventeen_do_not(void)
{
	char text[200] = "string(", formatted[MOTE_SIGNATURE_TEXT_BYTES];
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature;

	for (unsigned i = 0; i < 16; i++)
		strcat(text, i > 0 ? ",string" : "string");
	strcat(text, ")");
	check_parse(text, text); /* the longest text there is */
	check_ok(mote_signature_parse(text, &signature, &error), &error);
	REQUIRE_EQ(signature.argument_count, 16);
	mote_signature_format(&signature, formatted);
	REQUIRE_EQ(strlen(formatted), strlen(text));
	text[strlen(text) - 1] = '\0';
	strcat(text, ",i32)");
	check_error(mote_signature_parse(text, &signature, &error), &error, MOTE_SIGNATURE,
		    "more than 16 arguments");
}

static void everything_else_is_refused(void)
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

	memset(&signature, 0x5a, sizeof(signature));
	before = signature;
	for (size_t i = 0; i < COUNT(bad); i++) {
		mote_error error = MOTE_ERROR_INIT;
		mote_status status = mote_signature_parse(bad[i].text, &signature, &error);

		check_error(status, &error, MOTE_SIGNATURE, bad[i].why);
		check_error(status, &error, MOTE_SIGNATURE, "write it like");
		REQUIRE_MEM(&signature, &before, sizeof(signature));
		REQUIRE_EQ(mote_signature_parse(bad[i].text, &signature, NULL), MOTE_SIGNATURE);
	}
}

static void null_is_refused(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature;

	check_error(mote_signature_parse(NULL, &signature, &error), &error, MOTE_SIGNATURE, "NULL");
	check_error(mote_signature_parse("void()", NULL, &error), &error, MOTE_SIGNATURE, "NULL");
}

static void a_long_or_hostile_text_is_cut_in_the_message(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature;
	char text[5000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	text[3] = '\n';
	text[5] = '\033';
	check_error(mote_signature_parse(text, &signature, &error), &error, MOTE_SIGNATURE,
		    "xxx?x?x");
	REQUIRE(strlen(error.text) < 200);
}

static void equality_looks_at_the_arguments_in_use_only(void)
{
	mote_signature a, b;

	REQUIRE_EQ(mote_signature_parse("i32(u32,u64)", &a, NULL), MOTE_OK);
	b = a;
	b.arguments[2] = 99;
	REQUIRE(mote_signature_is_equal(&a, &b));
	b.arguments[1] = MOTE_TYPE_U32;
	REQUIRE(!mote_signature_is_equal(&a, &b));
	b = a;
	b.result = MOTE_TYPE_VOID;
	REQUIRE(!mote_signature_is_equal(&a, &b));
	b = a;
	b.argument_count = 1;
	REQUIRE(!mote_signature_is_equal(&a, &b));
}

static void values_carry_their_type(void)
{
	REQUIRE_EQ(mote_value_i32(-1).type, MOTE_TYPE_I32);
	REQUIRE_EQ(mote_value_u32(1).as.u32, 1);
	REQUIRE_EQ(mote_value_i64(INT64_MIN).as.i64, INT64_MIN);
	REQUIRE_EQ(mote_value_u64(UINT64_MAX).type, MOTE_TYPE_U64);
	REQUIRE(mote_value_f32(1.5f).as.f32 == 1.5f && mote_value_f64(2.5).as.f64 == 2.5);
	REQUIRE(mote_value_bool(true).as.boolean);
	REQUIRE_EQ(mote_value_string("abc").as.string.length, 3);
	REQUIRE_EQ(mote_value_bytes(NULL, 0).as.bytes.length, 0);
}

static const struct test_case cases[] = {
	CASE(every_type_has_its_name),
	CASE(signatures_round_trip),
	CASE(blanks_are_allowed_around_types),
	CASE(sixteen_arguments_fit_and_seventeen_do_not),
	CASE(everything_else_is_refused),
	CASE(null_is_refused),
	CASE(a_long_or_hostile_text_is_cut_in_the_message),
	CASE(equality_looks_at_the_arguments_in_use_only),
	CASE(values_carry_their_type),
};

int main(int argc, char **argv)
{
	return test_main("value", cases, TEST_COUNT(cases), argc, argv);
}
