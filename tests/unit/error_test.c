/* SPDX-License-Identifier: Apache-2.0
 *
 * Status names, and what a failing function writes into a caller's error.
 */
#include "error_internal.h"

#include <errno.h>

#include "unit_test.h"

static void every_status_has_its_name_and_text(void **state)
{
	static const struct {
		mote_status status;
		int number;
		const char *name, *text;
	} all[] = {
#define ROW(name, number, text) {MOTE_##name, number, "MOTE_" #name, text},
		MOTE_STATUS_MAP(ROW)
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		assert_int_equal(all[i].status, all[i].number);
		assert_int_equal(all[i].number, i); /* no gap: the numbers are part of the ABI */
		assert_string_equal(mote_status_name(all[i].status), all[i].name);
		assert_string_equal(mote_status_text(all[i].status), all[i].text);
	}
	assert_string_equal(mote_status_name((mote_status)COUNT(all)), "MOTE_?");
	assert_string_equal(mote_status_name((mote_status)-1), "MOTE_?");
	assert_string_equal(mote_status_text((mote_status)9999), "unknown status");
}

static void failing_fills_the_error(void **state)
{
	mote_error error = MOTE_ERROR_INIT;

	(void)state;
	assert_int_equal(mote_fail(&error, MOTE_BUSY, "slot %d is %s", 7, "in use"), MOTE_BUSY);
	assert_int_equal(error.status, MOTE_BUSY);
	assert_int_equal(error.domain, MOTE_DOMAIN_MOTE);
	assert_int_equal(error.os_code, 0);
	assert_string_equal(error.text, "slot 7 is in use");
	assert_int_equal(error.size, sizeof(error));

	assert_int_equal(mote_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, ENOENT, "open %s", "/x"),
			 MOTE_OS);
	assert_int_equal(error.domain, MOTE_DOMAIN_OS);
	assert_int_equal(error.os_code, ENOENT);
	assert_string_equal(error.text, "open /x: No such file or directory");

	assert_int_equal(mote_fail_memory(&error, "sandbox"), MOTE_NO_MEMORY);
	assert_string_equal(error.text, "out of host memory: sandbox");
	assert_int_equal(error.os_code, 0);
}

static void no_error_object_is_needed(void **state)
{
	(void)state;
	assert_int_equal(mote_fail(NULL, MOTE_BUSY, "%s", "text"), MOTE_BUSY);
	assert_int_equal(mote_fail_code(NULL, MOTE_OS, MOTE_DOMAIN_OS, 1, "%s", "text"), MOTE_OS);
	assert_int_equal(mote_fail_memory(NULL, "text"), MOTE_NO_MEMORY);
}

/* Callers built against an older or newer header: no byte beyond their size is touched. */
static void an_error_of_any_size_is_respected(void **state)
{
	const size_t before = offsetof(mote_error, text);
	char expected[sizeof(mote_error)];

	(void)state;
	memset(expected, 'x', sizeof(expected));
	for (size_t size = 0; size <= sizeof(mote_error) + 64; size++) {
		/* On the heap, so that a sanitizer sees what is written behind it. */
		size_t bytes = size < sizeof(size_t) ? sizeof(size_t) : size;
		unsigned char *memory = malloc(bytes);

		assert_non_null(memory);
		memset(memory, 'x', bytes);
		memcpy(memory, &size, sizeof(size));
		mote_fail((mote_error *)(void *)memory, MOTE_BUSY, "%0500d", 0);
		if (size <= before) {
			assert_memory_equal(memory + sizeof(size), expected, bytes - sizeof(size));
		} else {
			size_t room = size - before < MOTE_ERROR_TEXT_BYTES ? size - before
									    : MOTE_ERROR_TEXT_BYTES;

			assert_ptr_equal(memchr(memory + before, '\0', room),
					 memory + before + room - 1);
			for (size_t i = before + room; i < size; i++)
				assert_int_equal(memory[i], 'x');
		}
		free(memory);
	}
}

static void texts_are_one_printable_line(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	char hostile[256];

	(void)state;
	for (unsigned i = 0; i < 255; i++)
		hostile[i] = (char)(i + 1);
	hostile[255] = '\0';
	mote_fail(&error, MOTE_FILE, "%s", hostile);
	assert_int_equal(strlen(error.text), 255);
	for (unsigned i = 0; i < 255; i++) {
		unsigned char c = (unsigned char)error.text[i];

		assert_true(c >= 0x20 && c != 0x7f);
		/* Bytes above are not UTF-8 in this order; text_test.c has what is. */
		assert_int_equal(c, i + 1 < 0x20 || i + 1 >= 0x7f ? '?' : i + 1);
	}
}

static void long_texts_are_cut(void **state)
{
	mote_error error = MOTE_ERROR_INIT;

	(void)state;
	mote_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, ENOENT, "%0600d", 1);
	assert_int_equal(strlen(error.text), MOTE_ERROR_TEXT_BYTES - 1);
	/* Room for a part of the code's text. */
	mote_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, ENOENT, "%0390d", 1);
	assert_int_equal(strlen(error.text), MOTE_ERROR_TEXT_BYTES - 1);
	assert_non_null(strstr(error.text, ": No such"));
}

static void an_error_can_be_built_from_itself(void **state)
{
	mote_error error = MOTE_ERROR_INIT;

	(void)state;
	mote_fail(&error, MOTE_FILE, "inner");
	mote_fail(&error, MOTE_BAD_IMAGE, "outer: %s", error.text);
	assert_string_equal(error.text, "outer: inner");
	mote_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, EIO, "again: %s", error.text);
	assert_string_equal(error.text, "again: outer: inner: Input/output error");
}

static void an_error_is_passed_on(void **state)
{
	mote_error error = MOTE_ERROR_INIT, from = MOTE_ERROR_INIT;

	(void)state;
	mote_fail_code(&from, MOTE_OS, MOTE_DOMAIN_OS, EIO, "inner");
	assert_int_equal(mote_fail_as(NULL, &from), MOTE_OS);
	error.size = offsetof(mote_error, text) + 4;
	assert_int_equal(mote_fail_as(&error, &from), MOTE_OS);
	assert_int_equal(error.status, MOTE_OS);
	assert_int_equal(error.domain, MOTE_DOMAIN_OS);
	assert_int_equal(error.os_code, EIO);
	assert_string_equal(error.text, "inn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_name_and_text),
		cmocka_unit_test(failing_fills_the_error),
		cmocka_unit_test(no_error_object_is_needed),
		cmocka_unit_test(an_error_of_any_size_is_respected),
		cmocka_unit_test(texts_are_one_printable_line),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(an_error_can_be_built_from_itself),
		cmocka_unit_test(an_error_is_passed_on),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
