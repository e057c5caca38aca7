/* SPDX-License-Identifier: Apache-2.0
 *
 * The mailbox against a hostile guest: every field that the host takes in, at and
 * beyond its limits.  Data areas have exactly their size, so a sanitizer sees a
 * byte too many.
 */
#include "sandbox/mailbox.h"

#include "../unit_test.h"

enum { DATA_BYTES = 4096 };

static struct {
	struct mote_abi_mailbox *shared;
	struct mote_mailbox mailbox;
	struct mote_channel call, host_call;
	struct mote_buffer_space space;
	unsigned fail_allocations;
} box;

static void *allocate(void *user, size_t bytes)
{
	(void)user;
	return box.fail_allocations ? NULL : malloc(bytes);
}

static void *reallocate(void *user, void *pointer, size_t bytes)
{
	(void)user;
	return box.fail_allocations ? NULL : realloc(pointer, bytes);
}

static void release(void *user, void *pointer)
{
	(void)user;
	free(pointer);
}

static const mote_allocator allocator = {allocate, reallocate, release, NULL};

static int open_box(void **state)
{
	(void)state;
	memset(&box, 0, sizeof(box));
	box.shared = calloc(1, sizeof(*box.shared));
	box.mailbox = (struct mote_mailbox){
		.shared = box.shared,
		.call_data = malloc(DATA_BYTES),
		.host_call_data = malloc(DATA_BYTES),
		.data_bytes = DATA_BYTES,
	};
	if (box.shared == NULL || box.mailbox.call_data == NULL ||
	    box.mailbox.host_call_data == NULL)
		return 1;
	memset(box.mailbox.call_data, 'c', DATA_BYTES);
	memset(box.mailbox.host_call_data, 'h', DATA_BYTES);
	box.call = mote_mailbox_call(&box.mailbox);
	box.host_call = mote_mailbox_host_call(&box.mailbox);
	return 0;
}

static int close_box(void **state)
{
	(void)state;
	free(box.shared);
	free(box.mailbox.call_data);
	free(box.mailbox.host_call_data);
	free(box.space.bytes);
	return 0;
}

/* ---- To the guest ------------------------------------------------------------------------- */

static void put(const mote_value *arguments, size_t count, mote_status expected, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_status status = mote_channel_put_call(&box.call, 3, arguments, count, &error);

	if (expected == MOTE_OK)
		check_ok(status, &error);
	else
		check_error(status, &error, expected, part);
}

static void scalars_are_zero_extended(void **state)
{
	const mote_value arguments[] = {
		mote_i32(-1),	 mote_u32(UINT32_MAX), mote_i64(-2),	mote_u64(UINT64_MAX),
		mote_f32(-1.0f), mote_f64(-2.0),       mote_bool(true), mote_bool(false),
	};
	static const uint64_t bits[] = {0xffffffff, 0xffffffff, UINT64_MAX - 1,
					UINT64_MAX, 0xbf800000, 0xc000000000000000ull,
					1,	    0};
	const struct mote_abi_call *record = &box.shared->call;

	(void)state;
	put(arguments, COUNT(arguments), MOTE_OK, "");
	assert_int_equal(record->function, 3);
	assert_int_equal(record->argument_count, COUNT(arguments));
	for (size_t i = 0; i < COUNT(arguments); i++) {
		assert_int_equal(record->arguments[i].type, arguments[i].type);
		assert_int_equal(record->arguments[i].length, 0);
		assert_int_equal(record->arguments[i].bits, bits[i]);
	}
	assert_int_equal(record->result.type, 0);
}

static void strings_and_bytes_lie_one_behind_the_other(void **state)
{
	const mote_value arguments[] = {mote_string("abc"), mote_bytes("defgh", 5), mote_string(""),
					mote_bytes(NULL, 0), mote_bytes("x", 1)};
	const struct mote_abi_value *to = box.shared->call.arguments;

	(void)state;
	put(arguments, COUNT(arguments), MOTE_OK, "");
	assert_int_equal(to[0].bits, 0);
	assert_int_equal(to[0].length, 3);
	assert_string_equal(box.mailbox.call_data, "abc");
	for (size_t i = 1; i < COUNT(arguments); i++) {
		assert_true(to[i].bits >= to[i - 1].bits + to[i - 1].length);
		assert_int_equal(to[i].bits % 16, 0);
	}
	assert_memory_equal(box.mailbox.call_data + to[1].bits, "defgh", 5);
	assert_int_equal(box.mailbox.call_data[to[2].bits], 0);
	assert_int_equal(to[3].length, 0);
	/* The other channel is not touched. */
	assert_int_equal(box.mailbox.host_call_data[0], 'h');
}

static void what_fills_the_mailbox_fits_and_one_byte_more_does_not(void **state)
{
	char text[DATA_BYTES + 1];
	uint8_t bytes[DATA_BYTES + 1];
	mote_value two[2];

	(void)state;
	memset(text, 't', sizeof(text));
	memset(bytes, 'b', sizeof(bytes));
	put(&(mote_value){.type = MOTE_TYPE_BYTES, .as.bytes = {bytes, DATA_BYTES}}, 1, MOTE_OK,
	    "");
	put(&(mote_value){.type = MOTE_TYPE_BYTES, .as.bytes = {bytes, DATA_BYTES + 1}}, 1,
	    MOTE_TOO_LARGE, "larger than the mailbox (4096 bytes); raise mailbox_bytes");
	put(&(mote_value){.type = MOTE_TYPE_STRING, .as.string = {text, DATA_BYTES - 1}}, 1,
	    MOTE_OK, "");
	put(&(mote_value){.type = MOTE_TYPE_STRING, .as.string = {text, DATA_BYTES}}, 1,
	    MOTE_TOO_LARGE, "larger than the mailbox");
	put(&(mote_value){.type = MOTE_TYPE_BYTES, .as.bytes = {bytes, SIZE_MAX}}, 1,
	    MOTE_TOO_LARGE, "larger than the mailbox");
	/* Two values share it. */
	two[0] = mote_bytes(bytes, DATA_BYTES - 16);
	two[1] = mote_bytes(bytes, 16);
	put(two, 2, MOTE_OK, "");
	two[1] = mote_bytes(bytes, 17);
	put(two, 2, MOTE_TOO_LARGE, "larger than the mailbox");
	two[0] = mote_bytes(bytes, DATA_BYTES);
	two[1] = mote_bytes(NULL, 0);
	put(two, 2, MOTE_OK, "");
	two[1] = mote_string("");
	put(two, 2, MOTE_TOO_LARGE, "larger than the mailbox");
	two[0] = mote_bytes(bytes, DATA_BYTES - 3); /* rounding up ends behind the area */
	two[1] = mote_bytes(NULL, 0);
	put(two, 2, MOTE_OK, "");
}

static void values_of_the_host_are_checked(void **state)
{
	const mote_value no_data = {.type = MOTE_TYPE_BYTES, .as.bytes = {NULL, 1}};
	const mote_value no_text = {.type = MOTE_TYPE_STRING, .as.string = {NULL, 1}};
	const mote_value with_nul = {.type = MOTE_TYPE_STRING, .as.string = {"a\0b", 3}};

	(void)state;
	put(&no_data, 1, MOTE_INVALID_ARGUMENT, "has no data (NULL)");
	put(&no_text, 1, MOTE_INVALID_ARGUMENT, "has no data (NULL)");
	put(&with_nul, 1, MOTE_INVALID_ARGUMENT, "a string has a NUL in it");
}

static void results_for_the_guest_are_put_likewise(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	uint8_t bytes[DATA_BYTES + 1] = {0};
	mote_value value = mote_bytes(bytes, DATA_BYTES);

	(void)state;
	check_ok(mote_channel_put_result(&box.host_call, &value, &error), &error);
	assert_int_equal(box.shared->host_call.result.length, DATA_BYTES);
	value = mote_bytes(bytes, DATA_BYTES + 1);
	check_error(mote_channel_put_result(&box.host_call, &value, &error), &error, MOTE_TOO_LARGE,
		    "larger than the mailbox");
	value = (mote_value){.type = MOTE_TYPE_VOID};
	check_ok(mote_channel_put_result(&box.host_call, &value, &error), &error);
	assert_int_equal(box.shared->host_call.result.type, MOTE_TYPE_VOID);
	value = mote_i32(-5);
	check_ok(mote_channel_put_result(&box.host_call, &value, &error), &error);
	assert_int_equal(box.shared->host_call.result.bits, 0xfffffffb);
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
	assert_null(problem);
	assert_int_equal(value.type, type);
	return value;
}

static void refuse(mote_type type, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value value = {.type = (mote_type)77};

	assert_int_equal(mote_channel_get_result(&box.call, type, NULL, 0, &allocator, &box.space,
						 &value, &problem, &error),
			 MOTE_GUEST_FAULT);
	assert_string_equal(problem, why);
	assert_int_equal(value.type, 77); /* written on success only */
}

static void scalar_results_are_taken(void **state)
{
	(void)state;
	say(MOTE_TYPE_I32, 0, 0xffffffff);
	assert_int_equal(take(MOTE_TYPE_I32).as.i32, -1);
	/* What an i32 cannot hold is cut, whatever the guest wrote there. */
	say(MOTE_TYPE_U32, 12345, 0x1234567800000005ull);
	assert_int_equal(take(MOTE_TYPE_U32).as.u32, 5);
	say(MOTE_TYPE_I64, 0, UINT64_MAX);
	assert_int_equal(take(MOTE_TYPE_I64).as.i64, -1);
	say(MOTE_TYPE_U64, UINT32_MAX, UINT64_MAX);
	assert_true(take(MOTE_TYPE_U64).as.u64 == UINT64_MAX);
	say(MOTE_TYPE_F32, 0, 0xffffffffbf800000ull);
	assert_true(take(MOTE_TYPE_F32).as.f32 == -1.0f);
	say(MOTE_TYPE_F64, 0, 0xc000000000000000ull);
	assert_true(take(MOTE_TYPE_F64).as.f64 == -2.0);
	say(MOTE_TYPE_BOOL, 0, 1);
	assert_true(take(MOTE_TYPE_BOOL).as.boolean);
	say(MOTE_TYPE_BOOL, 0, 0);
	assert_false(take(MOTE_TYPE_BOOL).as.boolean);
	say(MOTE_TYPE_VOID, 99, 99);
	(void)take(MOTE_TYPE_VOID);
}

static void results_of_another_type_are_refused(void **state)
{
	(void)state;
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

static void a_bool_is_0_or_1(void **state)
{
	static const uint64_t bad[] = {2, 255, 256, 1ull << 32, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		say(MOTE_TYPE_BOOL, 0, bad[i]);
		refuse(MOTE_TYPE_BOOL, "a bool that is neither 0 nor 1");
	}
}

/* Offset and length of strings and bytes; `inside`: they lie in the data area. */
static const struct {
	uint64_t offset;
	uint32_t length;
	bool inside;
} ranges[] = {
	{0, 0, true},
	{0, 1, true},
	{0, DATA_BYTES, true},
	{0, DATA_BYTES + 1, false},
	{0, UINT32_MAX, false},
	{1, DATA_BYTES - 1, true},
	{1, DATA_BYTES, false},
	{DATA_BYTES - 1, 1, true},
	{DATA_BYTES - 1, 2, false},
	{DATA_BYTES, 0, true},
	{DATA_BYTES, 1, false},
	{DATA_BYTES + 1, 0, false},
	{UINT32_MAX, 1, false},
	{1ull << 32, 1, false},
	{UINT64_MAX, 0, false},
	{UINT64_MAX, 1, false},
	{UINT64_MAX - DATA_BYTES + 1, DATA_BYTES, false},
	{UINT64_MAX - 15, UINT32_MAX, false},
};

static void data_of_a_result_lies_in_the_mailbox(void **state)
{
	static const mote_type types[] = {MOTE_TYPE_BYTES, MOTE_TYPE_STRING};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(ranges); i++) {
		mote_value value;

		say(types[i % 2], ranges[i / 2].length, ranges[i / 2].offset);
		if (!ranges[i / 2].inside) {
			refuse(types[i % 2], "data outside the mailbox");
			continue;
		}
		value = take(types[i % 2]);
		assert_int_equal(value.as.bytes.length, ranges[i / 2].length);
		for (uint32_t n = 0; n < ranges[i / 2].length; n++)
			assert_int_equal(((const char *)value.as.bytes.data)[n], 'c');
		if (types[i % 2] == MOTE_TYPE_STRING)
			assert_int_equal(value.as.string.data[value.as.string.length], 0);
	}
}

static void a_copy_does_not_change_with_the_mailbox(void **state)
{
	mote_value value;

	(void)state;
	say(MOTE_TYPE_BYTES, 8, 0);
	value = take(MOTE_TYPE_BYTES);
	memset(box.mailbox.call_data, 'z', DATA_BYTES);
	assert_memory_equal(value.as.bytes.data, "cccccccc", 8);
}

static void a_string_has_no_nul_within(void **state)
{
	(void)state;
	box.mailbox.call_data[10] = '\0';
	say(MOTE_TYPE_STRING, 10, 0);
	assert_int_equal(strlen(take(MOTE_TYPE_STRING).as.string.data), 10);
	say(MOTE_TYPE_STRING, 11, 0);
	refuse(MOTE_TYPE_STRING, "a string with a NUL in it");
	say(MOTE_TYPE_STRING, 1, 10);
	refuse(MOTE_TYPE_STRING, "a string with a NUL in it");
	say(MOTE_TYPE_BYTES, 11, 0);
	assert_int_equal(take(MOTE_TYPE_BYTES).as.bytes.length, 11);
}

static void results_go_to_the_callers_buffer(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	char *buffer = malloc(16);
	mote_value value;

	(void)state;
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
			assert_ptr_equal(value.as.bytes.data, buffer);
			assert_memory_equal(buffer, "cccccccc", 8);
		}
	assert_null(problem);
	assert_null(box.space.bytes);
	free(buffer);
}

static void no_memory_for_a_copy_is_no_fault_of_the_guest(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value value;

	(void)state;
	say(MOTE_TYPE_BYTES, 4000, 0);
	box.fail_allocations = 1;
	check_error(mote_channel_get_result(&box.call, MOTE_TYPE_BYTES, NULL, 0, &allocator,
					    &box.space, &value, &problem, &error),
		    &error, MOTE_NO_MEMORY, "copy of a guest's value");
	assert_null(problem);
}

/* ---- Arguments of a guest's call ---------------------------------------------------------- */

static const char *get(const char *text, mote_value *arguments)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_signature signature;
	mote_status status;

	check_ok(mote_signature_parse(text, &signature, &error), &error);
	status = mote_channel_get_arguments(&box.host_call, &signature, &allocator, &box.space,
					    arguments, &problem, &error);
	assert_int_equal(status, problem != NULL ? MOTE_GUEST_FAULT : MOTE_OK);
	return problem;
}

static void argument(unsigned number, uint32_t type, uint32_t length, uint64_t bits)
{
	box.shared->host_call.arguments[number] = (struct mote_abi_value){type, length, bits};
	if (box.shared->host_call.argument_count <= number)
		box.shared->host_call.argument_count = number + 1;
}

static void arguments_are_taken(void **state)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	(void)state;
	memcpy(box.mailbox.host_call_data, "hello", 5);
	argument(0, MOTE_TYPE_STRING, 5, 0);
	argument(1, MOTE_TYPE_U32, 0, 7);
	argument(2, MOTE_TYPE_BYTES, 3, 2);
	argument(3, MOTE_TYPE_BYTES, 0, DATA_BYTES);
	argument(4, MOTE_TYPE_BOOL, 0, 1);
	assert_null(get("void(string,u32,bytes,bytes,bool)", arguments));
	assert_string_equal(arguments[0].as.string.data, "hello");
	assert_int_equal(arguments[1].as.u32, 7);
	assert_memory_equal(arguments[2].as.bytes.data, "llo", 3);
	assert_int_equal(arguments[3].as.bytes.length, 0);
	assert_true(arguments[4].as.boolean);
	for (unsigned i = 0; i < 4; i++)
		if (i != 1) /* copies are aligned for any type */
			assert_int_equal((uintptr_t)arguments[i].as.bytes.data % 16, 0);
	box.shared->host_call.argument_count = 0;
	assert_null(get("void()", arguments));
}

static void the_number_of_arguments_must_be_right(void **state)
{
	static const uint32_t counts[] = {0, 1, 3, 16, 17, 255, 0x10002, UINT32_MAX};
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	(void)state;
	argument(0, MOTE_TYPE_U32, 0, 0);
	argument(1, MOTE_TYPE_U32, 0, 0);
	for (size_t i = 0; i < COUNT(counts); i++) {
		box.shared->host_call.argument_count = counts[i];
		assert_string_equal(get("void(u32,u32)", arguments),
				    "the wrong number of arguments");
	}
}

static void arguments_are_checked_like_results(void **state)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	(void)state;
	argument(0, MOTE_TYPE_U32, 0, 0);
	argument(1, MOTE_TYPE_I32, 0, 0);
	assert_string_equal(get("void(u32,u32)", arguments), "a value of the wrong type");
	argument(1, MOTE_TYPE_BOOL, 0, 2);
	assert_string_equal(get("void(u32,bool)", arguments), "a bool that is neither 0 nor 1");
	for (size_t i = 0; i < COUNT(ranges); i++) {
		argument(1, MOTE_TYPE_BYTES, ranges[i].length, ranges[i].offset);
		if (ranges[i].inside)
			assert_null(get("void(u32,bytes)", arguments));
		else
			assert_string_equal(get("void(u32,bytes)", arguments),
					    "data outside the mailbox");
	}
	box.mailbox.host_call_data[3] = '\0';
	argument(1, MOTE_TYPE_STRING, 4, 0);
	assert_string_equal(get("void(u32,string)", arguments), "a string with a NUL in it");
}

static void overlapping_arguments_cannot_swell(void **state)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	(void)state;
	argument(0, MOTE_TYPE_BYTES, DATA_BYTES / 2, 0);
	argument(1, MOTE_TYPE_BYTES, DATA_BYTES / 2, 100);
	assert_null(get("void(bytes,bytes)", arguments));
	argument(1, MOTE_TYPE_BYTES, DATA_BYTES / 2 + 1, 100);
	assert_string_equal(get("void(bytes,bytes)", arguments),
			    "more data than the mailbox holds");
	for (unsigned i = 0; i < MOTE_MAXIMUM_ARGUMENTS; i++)
		argument(i, MOTE_TYPE_BYTES, DATA_BYTES, 0);
	assert_string_equal(get("void(bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,"
				"bytes,bytes,bytes,bytes,bytes,bytes)",
				arguments),
			    "more data than the mailbox holds");
}

static void the_functions_number_is_the_guests(void **state)
{
	(void)state;
	box.shared->host_call.function = 0xdeadbeef;
	assert_int_equal(mote_channel_function(&box.host_call), 0xdeadbeef);
}

/* ---- Messages ----------------------------------------------------------------------------- */

static const char *message(uint32_t level, uint32_t length, mote_text *text)
{
	mote_error error = MOTE_ERROR_INIT;
	const char *problem = NULL;
	uint32_t taken = 0;
	mote_status status;

	box.shared->message = (struct mote_abi_message){level, length};
	status = mote_mailbox_get_message(&box.mailbox, &allocator, &box.space, &taken, text,
					  &problem, &error);
	assert_int_equal(status, problem != NULL ? MOTE_GUEST_FAULT : MOTE_OK);
	if (problem == NULL)
		assert_int_equal(taken, level);
	return problem;
}

static void messages_are_taken(void **state)
{
	mote_text text;

	(void)state;
	memcpy(box.mailbox.host_call_data, "one\0two", 7);
	assert_null(message(3, 3, &text));
	assert_string_equal(text.data, "one");
	assert_int_equal(text.length, 3);
	assert_null(message(UINT32_MAX, 7, &text)); /* ends at its first NUL */
	assert_int_equal(text.length, 3);
	assert_null(message(1, 0, &text));
	assert_int_equal(text.length, 0);
	assert_string_equal(text.data, "");
	memset(box.mailbox.host_call_data, 'm', DATA_BYTES);
	assert_null(message(1, DATA_BYTES, &text));
	assert_int_equal(text.length, DATA_BYTES);
	assert_int_equal(text.data[DATA_BYTES], 0);
}

static void messages_larger_than_the_mailbox_are_refused(void **state)
{
	mote_text text = {"untouched", 9};

	(void)state;
	assert_string_equal(message(1, DATA_BYTES + 1, &text), "a message larger than the mailbox");
	assert_string_equal(message(1, UINT32_MAX, &text), "a message larger than the mailbox");
	assert_string_equal(text.data, "untouched");
}

/* ---- Anything ----------------------------------------------------------------------------- */

static void random_records_are_harmless(void **state)
{
	static const char *const signatures[] = {"bytes(bytes,string,bool,u32)",
						 "string(string,string,string)", "bool(f32,f64)"};
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];
	uint64_t seed = 5, good = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		const char *text = signatures[i % COUNT(signatures)];
		mote_signature signature;

		assert_int_equal(mote_signature_parse(text, &signature, NULL), MOTE_OK);
		box.shared->host_call.argument_count = 0;
		for (unsigned n = 0; n < signature.argument_count; n++)
			argument(n,
				 random_below(&seed, 20) ? signature.arguments[n]
							 : (uint32_t)random_next(&seed),
				 (uint32_t)random_below(&seed, DATA_BYTES),
				 random_below(&seed, 4)
					 ? random_below(&seed, 2)
					 : random_next(&seed) >> random_below(&seed, 64));
		good += get(text, arguments) == NULL;
	}
	assert_true(good > 1000);
}

#define IN_BOX(test) cmocka_unit_test_setup_teardown(test, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		IN_BOX(arguments_are_taken),
		IN_BOX(the_number_of_arguments_must_be_right),
		IN_BOX(arguments_are_checked_like_results),
		IN_BOX(overlapping_arguments_cannot_swell),
		IN_BOX(the_functions_number_is_the_guests),
		IN_BOX(messages_are_taken),
		IN_BOX(messages_larger_than_the_mailbox_are_refused),
		IN_BOX(random_records_are_harmless),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
