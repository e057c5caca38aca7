/* SPDX-License-Identifier: Apache-2.0
 *
 * What a hostile guest writes into the mailbox of its own accord: arguments for host
 * functions, and messages.
 */
#include "mailbox_box.h"

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
	memcpy(box.mailbox.host_call.data, "hello", 5);
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
	box.mailbox.host_call.data[3] = '\0';
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
	memcpy(box.mailbox.host_call.data, "one\0two", 7);
	assert_null(message(3, 3, &text));
	assert_string_equal(text.data, "one");
	assert_int_equal(text.length, 3);
	assert_null(message(UINT32_MAX, 7, &text)); /* ends at its first NUL */
	assert_int_equal(text.length, 3);
	assert_null(message(1, 0, &text));
	assert_int_equal(text.length, 0);
	assert_string_equal(text.data, "");
	memset(box.mailbox.host_call.data, 'm', DATA_BYTES);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOX(arguments_are_taken),
		IN_BOX(the_number_of_arguments_must_be_right),
		IN_BOX(arguments_are_checked_like_results),
		IN_BOX(overlapping_arguments_cannot_swell),
		IN_BOX(the_functions_number_is_the_guests),
		IN_BOX(messages_are_taken),
		IN_BOX(messages_larger_than_the_mailbox_are_refused),
		IN_BOX(random_records_are_harmless),
	};

	return cmocka_run_group_tests_name("mailbox_calls", tests, NULL, NULL);
}
