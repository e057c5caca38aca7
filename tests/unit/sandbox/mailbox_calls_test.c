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
	REQUIRE_EQ(status, problem != NULL ? MOTE_GUEST_FAULT : MOTE_OK);
	return problem;
}

static void argument(unsigned number, uint32_t type, uint32_t length, uint64_t bits)
{
	box.shared->host_call.arguments[number] = (struct mote_abi_value){type, length, bits};
	if (box.shared->host_call.argument_count <= number)
		box.shared->host_call.argument_count = number + 1;
}

static void arguments_are_taken(void)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	memcpy(box.mailbox.host_call.data, "hello", 5);
	argument(0, MOTE_TYPE_STRING, 5, 0);
	argument(1, MOTE_TYPE_U32, 0, 7);
	argument(2, MOTE_TYPE_BYTES, 3, 2);
	argument(3, MOTE_TYPE_BYTES, 0, DATA_BYTES);
	argument(4, MOTE_TYPE_BOOL, 0, 1);
	REQUIRE((get("void(string,u32,bytes,bytes,bool)", arguments)) == NULL);
	REQUIRE_STR(arguments[0].as.string.data, "hello");
	REQUIRE_EQ(arguments[1].as.u32, 7);
	REQUIRE_MEM(arguments[2].as.bytes.data, "llo", 3);
	REQUIRE_EQ(arguments[3].as.bytes.length, 0);
	REQUIRE(arguments[4].as.boolean);
	for (unsigned i = 0; i < 4; i++)
		if (i != 1) /* copies are aligned for any type */
			REQUIRE_EQ((uintptr_t)arguments[i].as.bytes.data % 16, 0);
	box.shared->host_call.argument_count = 0;
	REQUIRE((get("void()", arguments)) == NULL);
}

static void the_number_of_arguments_must_be_right(void)
{
	static const uint32_t counts[] = {0, 1, 3, 16, 17, 255, 0x10002, UINT32_MAX};
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	argument(0, MOTE_TYPE_U32, 0, 0);
	argument(1, MOTE_TYPE_U32, 0, 0);
	for (size_t i = 0; i < COUNT(counts); i++) {
		box.shared->host_call.argument_count = counts[i];
		REQUIRE_STR(get("void(u32,u32)", arguments), "the wrong number of arguments");
	}
}

static void arguments_are_checked_like_results(void)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	argument(0, MOTE_TYPE_U32, 0, 0);
	argument(1, MOTE_TYPE_I32, 0, 0);
	REQUIRE_STR(get("void(u32,u32)", arguments), "a value of the wrong type");
	argument(1, MOTE_TYPE_BOOL, 0, 2);
	REQUIRE_STR(get("void(u32,bool)", arguments), "a bool that is neither 0 nor 1");
	for (size_t i = 0; i < COUNT(ranges); i++) {
		argument(1, MOTE_TYPE_BYTES, ranges[i].length, ranges[i].offset);
		if (ranges[i].inside)
			REQUIRE((get("void(u32,bytes)", arguments)) == NULL);
		else
			REQUIRE_STR(get("void(u32,bytes)", arguments), "data outside the mailbox");
	}
	box.mailbox.host_call.data[3] = '\0';
	argument(1, MOTE_TYPE_STRING, 4, 0);
	REQUIRE_STR(get("void(u32,string)", arguments), "a string that contains a NUL");
}

static void overlapping_arguments_cannot_swell(void)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];

	argument(0, MOTE_TYPE_BYTES, DATA_BYTES / 2, 0);
	argument(1, MOTE_TYPE_BYTES, DATA_BYTES / 2, 100);
	REQUIRE((get("void(bytes,bytes)", arguments)) == NULL);
	argument(1, MOTE_TYPE_BYTES, DATA_BYTES / 2 + 1, 100);
	REQUIRE_STR(get("void(bytes,bytes)", arguments), "more data than the mailbox holds");
	for (unsigned i = 0; i < MOTE_MAXIMUM_ARGUMENTS; i++)
		argument(i, MOTE_TYPE_BYTES, DATA_BYTES, 0);
	REQUIRE_STR(get("void(bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,bytes,"
			"bytes,bytes,bytes,bytes,bytes,bytes)",
			arguments),
		    "more data than the mailbox holds");
}

static void the_functions_number_is_the_guests(void)
{
	box.shared->host_call.function = 0xdeadbeef;
	REQUIRE_EQ(mote_channel_function(&box.host_call), 0xdeadbeef);
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
	REQUIRE_EQ(status, problem != NULL ? MOTE_GUEST_FAULT : MOTE_OK);
	if (problem == NULL)
		REQUIRE_EQ(taken, level);
	return problem;
}

static void messages_are_taken(void)
{
	mote_text text;

	memcpy(box.mailbox.host_call.data, "one\0two", 7);
	REQUIRE(message(3, 3, &text) == NULL);
	REQUIRE_STR(text.data, "one");
	REQUIRE_EQ(text.length, 3);
	REQUIRE(message(UINT32_MAX, 7, &text) == NULL); /* ends at its first NUL */
	REQUIRE_EQ(text.length, 3);
	REQUIRE(message(1, 0, &text) == NULL);
	REQUIRE_EQ(text.length, 0);
	REQUIRE_STR(text.data, "");
	memset(box.mailbox.host_call.data, 'm', DATA_BYTES);
	REQUIRE(message(1, DATA_BYTES, &text) == NULL);
	REQUIRE_EQ(text.length, DATA_BYTES);
	REQUIRE_EQ(text.data[DATA_BYTES], 0);
}

static void messages_larger_than_the_mailbox_are_refused(void)
{
	mote_text text = {"untouched", 9};

	REQUIRE_STR(message(1, DATA_BYTES + 1, &text), "a message larger than the mailbox");
	REQUIRE_STR(message(1, UINT32_MAX, &text), "a message larger than the mailbox");
	REQUIRE_STR(text.data, "untouched");
}

/* ---- Anything ----------------------------------------------------------------------------- */

static void random_records_are_harmless(void)
{
	static const char *const signatures[] = {"bytes(bytes,string,bool,u32)",
						 "string(string,string,string)", "bool(f32,f64)"};
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];
	uint64_t seed = 5, good = 0;

	for (unsigned i = 0; i < 100000; i++) {
		const char *text = signatures[i % COUNT(signatures)];
		mote_signature signature;

		REQUIRE_EQ(mote_signature_parse(text, &signature, NULL), MOTE_OK);
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
	REQUIRE(good > 1000);
}

static const struct test_case cases[] = {
	IN_BOX(arguments_are_taken),
	IN_BOX(the_number_of_arguments_must_be_right),
	IN_BOX(arguments_are_checked_like_results),
	IN_BOX(overlapping_arguments_cannot_swell),
	IN_BOX(the_functions_number_is_the_guests),
	IN_BOX(messages_are_taken),
	IN_BOX(messages_larger_than_the_mailbox_are_refused),
	IN_BOX(random_records_are_harmless),
};

int main(int argc, char **argv)
{
	return test_main("mailbox_calls", cases, TEST_COUNT(cases), argc, argv);
}
