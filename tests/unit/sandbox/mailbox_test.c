/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes through the mailbox to a guest, and the results of its functions: every
 * field that the host takes in, at and beyond its limits.
 */
#include "mailbox_box.h"

/* ---- To the guest ------------------------------------------------------------------------- */

static void put(const mote_value *arguments, size_t count, mote_status expected, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_signature signature = {.argument_count = (uint8_t)count};
	mote_status status;

	for (size_t i = 0; i < count; i++)
		signature.arguments[i] = (uint8_t)arguments[i].type;
	status = mote_channel_put_call(&box.call, &signature, 3, arguments, count, &error);
	if (expected == MOTE_OK)
		check_ok(status, &error);
	else
		check_error(status, &error, expected, part);
}

static void scalars_are_zero_extended(void)
{
	const mote_value arguments[] = {
		mote_value_i32(-1),	    mote_value_u32(UINT32_MAX), mote_value_i64(-2),
		mote_value_u64(UINT64_MAX), mote_value_f32(-1.0f),	mote_value_f64(-2.0),
		mote_value_bool(true),	    mote_value_bool(false),
	};
	static const uint64_t bits[] = {0xffffffff, 0xffffffff, UINT64_MAX - 1,
					UINT64_MAX, 0xbf800000, 0xc000000000000000ull,
					1,	    0};
	const struct mote_abi_call *record = &box.shared->call;

	put(arguments, COUNT(arguments), MOTE_OK, "");
	REQUIRE_EQ(record->function, 3);
	REQUIRE_EQ(record->argument_count, COUNT(arguments));
	for (size_t i = 0; i < COUNT(arguments); i++) {
		REQUIRE_EQ(record->arguments[i].type, arguments[i].type);
		REQUIRE_EQ(record->arguments[i].length, 0);
		REQUIRE_EQ(record->arguments[i].bits, bits[i]);
	}
	REQUIRE_EQ(record->result.type, 0);
}

static void strings_and_bytes_lie_one_behind_the_other(void)
{
	const mote_value arguments[] = {mote_value_string("abc"), mote_value_bytes("defgh", 5),
					mote_value_string(""), mote_value_bytes(NULL, 0),
					mote_value_bytes("x", 1)};
	const struct mote_abi_value *to = box.shared->call.arguments;

	put(arguments, COUNT(arguments), MOTE_OK, "");
	REQUIRE_EQ(to[0].bits, 0);
	REQUIRE_EQ(to[0].length, 3);
	REQUIRE_STR((const char *)box.mailbox.call.data, "abc");
	for (size_t i = 1; i < COUNT(arguments); i++) {
		REQUIRE(to[i].bits >= to[i - 1].bits + to[i - 1].length);
		REQUIRE_EQ(to[i].bits % 16, 0);
	}
	REQUIRE_MEM(box.mailbox.call.data + to[1].bits, "defgh", 5);
	REQUIRE_EQ(box.mailbox.call.data[to[2].bits], 0);
	REQUIRE_EQ(to[3].length, 0);
	/* The other channel is not touched. */
	REQUIRE_EQ(box.mailbox.host_call.data[0], 'h');
}

static void what_fills_the_mailbox_fits_and_one_byte_more_does_not(void)
{
	char text[DATA_BYTES + 1];
	uint8_t bytes[DATA_BYTES + 1];
	mote_value two[2];

	memset(text, 't', sizeof(text));
	memset(bytes, 'b', sizeof(bytes));
	put(&(mote_value){.type = MOTE_TYPE_BYTES, .as.bytes = {bytes, DATA_BYTES}}, 1, MOTE_OK,
	    "");
	put(&(mote_value){.type = MOTE_TYPE_BYTES, .as.bytes = {bytes, DATA_BYTES + 1}}, 1,
	    MOTE_TOO_LARGE,
	    "larger than the mailbox (4096 bytes), and not in a buffer that this sandbox "
	    "has mapped; map one, or raise mailbox_bytes");
	put(&(mote_value){.type = MOTE_TYPE_STRING, .as.string = {text, DATA_BYTES - 1}}, 1,
	    MOTE_OK, "");
	put(&(mote_value){.type = MOTE_TYPE_STRING, .as.string = {text, DATA_BYTES}}, 1,
	    MOTE_TOO_LARGE, "larger than the mailbox");
	put(&(mote_value){.type = MOTE_TYPE_BYTES, .as.bytes = {bytes, SIZE_MAX}}, 1,
	    MOTE_TOO_LARGE, "larger than the mailbox");
	/* Two values share it. */
	two[0] = mote_value_bytes(bytes, DATA_BYTES - 16);
	two[1] = mote_value_bytes(bytes, 16);
	put(two, 2, MOTE_OK, "");
	two[1] = mote_value_bytes(bytes, 17);
	put(two, 2, MOTE_TOO_LARGE, "larger than the mailbox");
	two[0] = mote_value_bytes(bytes, DATA_BYTES);
	two[1] = mote_value_bytes(NULL, 0);
	put(two, 2, MOTE_OK, "");
	two[1] = mote_value_string("");
	put(two, 2, MOTE_TOO_LARGE, "larger than the mailbox");
	two[0] = mote_value_bytes(bytes, DATA_BYTES - 3); /* rounding up ends behind the area */
	two[1] = mote_value_bytes(NULL, 0);
	put(two, 2, MOTE_OK, "");
}

static void values_of_the_host_are_checked(void)
{
	const mote_value no_data = {.type = MOTE_TYPE_BYTES, .as.bytes = {NULL, 1}};
	const mote_value no_text = {.type = MOTE_TYPE_STRING, .as.string = {NULL, 1}};
	const mote_value with_nul = {.type = MOTE_TYPE_STRING, .as.string = {"a\0b", 3}};

	put(&no_data, 1, MOTE_INVALID_ARGUMENT, "has no data (NULL)");
	put(&no_text, 1, MOTE_INVALID_ARGUMENT, "has no data (NULL)");
	put(&with_nul, 1, MOTE_INVALID_ARGUMENT, "a string contains a NUL");
}

static void results_for_the_guest_are_put_likewise(void)
{
	mote_error error = MOTE_ERROR_INIT;
	uint8_t bytes[DATA_BYTES + 1] = {0};
	mote_value value = mote_value_bytes(bytes, DATA_BYTES);

	check_ok(mote_channel_put_result(&box.host_call, &value, &error), &error);
	REQUIRE_EQ(box.shared->host_call.result.length, DATA_BYTES);
	value = mote_value_bytes(bytes, DATA_BYTES + 1);
	check_error(mote_channel_put_result(&box.host_call, &value, &error), &error, MOTE_TOO_LARGE,
		    "larger than the mailbox");
	value = (mote_value){.type = MOTE_TYPE_VOID};
	check_ok(mote_channel_put_result(&box.host_call, &value, &error), &error);
	REQUIRE_EQ(box.shared->host_call.result.type, MOTE_TYPE_VOID);
	value = mote_value_i32(-5);
	check_ok(mote_channel_put_result(&box.host_call, &value, &error), &error);
	REQUIRE_EQ(box.shared->host_call.result.bits, 0xfffffffb);
}

/* ---- Results of a guest ------------------------------------------------------------------- */

static void say(uint32_t type, uint32_t length, uint64_t bits)
{
	box.shared->call.result = (struct mote_abi_value){type, length, bits};
}

static mote_value take(mote_type type)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value value;

	check_ok(mote_channel_get_result(&box.call, type, NULL, 0, &allocator, &box.space, &value,
					 &problem, &error),
		 &error);
	REQUIRE(problem == NULL);
	REQUIRE_EQ(value.type, type);
	return value;
}

static void refuse(mote_type type, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value value = {.type = (mote_type)77};

	REQUIRE_EQ(mote_channel_get_result(&box.call, type, NULL, 0, &allocator, &box.space, &value,
					   &problem, &error),
		   MOTE_GUEST_FAULT);
	REQUIRE_STR(problem, why);
	REQUIRE_EQ(value.type, 77); /* written on success only */
}

static void scalar_results_are_taken(void)
{
	say(MOTE_TYPE_I32, 0, 0xffffffff);
	REQUIRE_EQ(take(MOTE_TYPE_I32).as.i32, -1);
	/* What an i32 cannot hold is cut, whatever the guest wrote there. */
	say(MOTE_TYPE_U32, 12345, 0x1234567800000005ull);
	REQUIRE_EQ(take(MOTE_TYPE_U32).as.u32, 5);
	say(MOTE_TYPE_I64, 0, UINT64_MAX);
	REQUIRE_EQ(take(MOTE_TYPE_I64).as.i64, -1);
	say(MOTE_TYPE_U64, UINT32_MAX, UINT64_MAX);
	REQUIRE(take(MOTE_TYPE_U64).as.u64 == UINT64_MAX);
	say(MOTE_TYPE_F32, 0, 0xffffffffbf800000ull);
	REQUIRE(take(MOTE_TYPE_F32).as.f32 == -1.0f);
	say(MOTE_TYPE_F64, 0, 0xc000000000000000ull);
	REQUIRE(take(MOTE_TYPE_F64).as.f64 == -2.0);
	say(MOTE_TYPE_BOOL, 0, 1);
	REQUIRE(take(MOTE_TYPE_BOOL).as.boolean);
	say(MOTE_TYPE_BOOL, 0, 0);
	REQUIRE(!(take(MOTE_TYPE_BOOL).as.boolean));
	say(MOTE_TYPE_VOID, 99, 99);
	(void)take(MOTE_TYPE_VOID);
}

static void results_of_another_type_are_refused(void)
{
	for (unsigned type = 0; type < MOTE_TYPE_COUNT; type++)
		for (unsigned other = 0; other < MOTE_TYPE_COUNT + 3; other++) {
			if (type == other)
				continue;
			say(other, 0, 0);
			refuse((mote_type)type, "a value of the wrong type");
		}
	say(UINT32_MAX, 0, 0);
	refuse(MOTE_TYPE_I32, "a value of the wrong type");
	say(0x100 | MOTE_TYPE_I32, 0, 0);
	refuse(MOTE_TYPE_I32, "a value of the wrong type");
}

static void a_bool_is_0_or_1(void)
{
	static const uint64_t bad[] = {2, 255, 256, 1ull << 32, UINT64_MAX};

	for (size_t i = 0; i < COUNT(bad); i++) {
		say(MOTE_TYPE_BOOL, 0, bad[i]);
		refuse(MOTE_TYPE_BOOL, "a bool that is neither 0 nor 1");
	}
}

static void data_of_a_result_lies_in_the_mailbox(void)
{
	static const mote_type types[] = {MOTE_TYPE_BYTES, MOTE_TYPE_STRING};

	for (size_t i = 0; i < 2 * COUNT(ranges); i++) {
		mote_value value;

		say(types[i % 2], ranges[i / 2].length, ranges[i / 2].offset);
		if (!ranges[i / 2].inside) {
			refuse(types[i % 2], "data outside the mailbox");
			continue;
		}
		value = take(types[i % 2]);
		REQUIRE_EQ(value.as.bytes.length, ranges[i / 2].length);
		for (uint32_t n = 0; n < ranges[i / 2].length; n++)
			REQUIRE_EQ(((const char *)value.as.bytes.data)[n], 'c');
		if (types[i % 2] == MOTE_TYPE_STRING)
			REQUIRE_EQ(value.as.string.data[value.as.string.length], 0);
	}
}

static void a_copy_does_not_change_with_the_mailbox(void)
{
	mote_value value;

	say(MOTE_TYPE_BYTES, 8, 0);
	value = take(MOTE_TYPE_BYTES);
	memset(box.mailbox.call.data, 'z', DATA_BYTES);
	REQUIRE_MEM(value.as.bytes.data, "cccccccc", 8);
}

static void a_string_has_no_nul_within(void)
{
	box.mailbox.call.data[10] = '\0';
	say(MOTE_TYPE_STRING, 10, 0);
	REQUIRE_EQ(strlen(take(MOTE_TYPE_STRING).as.string.data), 10);
	say(MOTE_TYPE_STRING, 11, 0);
	refuse(MOTE_TYPE_STRING, "a string that contains a NUL");
	say(MOTE_TYPE_STRING, 1, 10);
	refuse(MOTE_TYPE_STRING, "a string that contains a NUL");
	say(MOTE_TYPE_BYTES, 11, 0);
	REQUIRE_EQ(take(MOTE_TYPE_BYTES).as.bytes.length, 11);
}

static void results_go_to_the_callers_buffer(void)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	char *buffer = malloc(16);
	mote_value value;

	for (size_t capacity = 0; capacity <= 16; capacity++)
		for (unsigned string = 0; string < 2; string++) {
			mote_type type = string ? MOTE_TYPE_STRING : MOTE_TYPE_BYTES;
			mote_status status;

			buffer = realloc(buffer, capacity > 0 ? capacity : 1);
			say(type, 8, 0);
			status = mote_channel_get_result(&box.call, type, buffer, capacity,
							 &allocator, &box.space, &value, &problem,
							 &error);
			if (capacity < 8 + string) {
				check_error(status, &error, MOTE_TOO_LARGE,
					    "the result has 8 bytes, result_capacity is");
				continue;
			}
			check_ok(status, &error);
			REQUIRE(value.as.bytes.data == buffer);
			REQUIRE_MEM(buffer, "cccccccc", 8);
		}
	REQUIRE(problem == NULL);
	REQUIRE(box.space.bytes == NULL);
	free(buffer);
}

static void no_memory_for_a_copy_is_no_fault_of_the_guest(void)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value value;

	say(MOTE_TYPE_BYTES, 4000, 0);
	box.fail_allocations = 1;
	check_error(mote_channel_get_result(&box.call, MOTE_TYPE_BYTES, NULL, 0, &allocator,
					    &box.space, &value, &problem, &error),
		    &error, MOTE_NO_MEMORY, "copy of a guest's value");
	REQUIRE(problem == NULL);
}

static const struct test_case cases[] = {
	IN_BOX(scalars_are_zero_extended),
	IN_BOX(strings_and_bytes_lie_one_behind_the_other),
	IN_BOX(what_fills_the_mailbox_fits_and_one_byte_more_does_not),
	IN_BOX(values_of_the_host_are_checked),
	IN_BOX(results_for_the_guest_are_put_likewise),
	IN_BOX(scalar_results_are_taken),
	IN_BOX(results_of_another_type_are_refused),
	IN_BOX(a_bool_is_0_or_1),
	IN_BOX(data_of_a_result_lies_in_the_mailbox),
	IN_BOX(a_copy_does_not_change_with_the_mailbox),
	IN_BOX(a_string_has_no_nul_within),
	IN_BOX(results_go_to_the_callers_buffer),
	IN_BOX(no_memory_for_a_copy_is_no_fault_of_the_guest),
};

int main(int argc, char **argv)
{
	return test_main("mailbox", cases, TEST_COUNT(cases), argc, argv);
}
