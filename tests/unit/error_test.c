/* SPDX-License-Identifier: Apache-2.0
 *
 * Status names, and what a failing function writes into a caller's error.
 */
#include "error_internal.h"
#include "os/os_error.h"

#include "unit_test.h"

static void every_status_has_its_name_and_text(void)
{
	static const struct {
		mote_status status;
		int number;
		const char *name, *text;
	} all[] = {
#define ROW(NAME, number, name, text) {MOTE_##NAME, number, name, text},
		MOTE_STATUS_MAP(ROW)
#undef ROW
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		REQUIRE_EQ(all[i].status, all[i].number);
		REQUIRE_EQ(all[i].number, i); /* no gap: the numbers are part of the ABI */
		REQUIRE_STR(mote_status_name(all[i].status), all[i].name);
		REQUIRE_STR(mote_status_text(all[i].status), all[i].text);
	}
	REQUIRE_STR(mote_status_name((mote_status)COUNT(all)), "unknown");
	REQUIRE_STR(mote_status_name((mote_status)-1), "unknown");
	REQUIRE_STR(mote_status_text((mote_status)9999), "unknown");
}

/* Any two codes that each system has a text for; the meanings differ. */
enum { FIRST_CODE = 2, SECOND_CODE = 5 };

/* "open /x: No such file or directory" */
static void check_text(const char *text, const char *begin, int code)
{
	char reason[MOTE_OS_ERROR_TEXT_BYTES], expected[MOTE_ERROR_TEXT_BYTES];

	snprintf(expected, sizeof(expected), "%s: %s", begin, mote_os_error_text(code, reason));
	REQUIRE_STR(text, expected);
}

static void failing_fills_the_error(void)
{
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_EQ(mote_fail(&error, MOTE_BUSY, "slot %d is %s", 7, "in use"), MOTE_BUSY);
	REQUIRE_EQ(error.status, MOTE_BUSY);
	REQUIRE_EQ(error.domain, MOTE_DOMAIN_MOTE);
	REQUIRE_EQ(error.os_code, 0);
	REQUIRE_STR(error.text, "slot 7 is in use");
	REQUIRE_EQ(error.size, sizeof(error));

	REQUIRE_EQ(mote_os_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, FIRST_CODE, "open %s", "/x"),
		   MOTE_OS);
	REQUIRE_EQ(error.domain, MOTE_DOMAIN_OS);
	REQUIRE_EQ(error.os_code, FIRST_CODE);
	check_text(error.text, "open /x", FIRST_CODE);

	REQUIRE_EQ(mote_fail_memory(&error, "sandbox"), MOTE_NO_MEMORY);
	CHECK_CONTAINS(error.text, "out of host memory: sandbox; the ");
	CHECK_CONTAINS(error.text, test_on_posix() ? "(RLIMIT_AS)" : "page file");
	REQUIRE_EQ(error.os_code, 0);
}

static void no_error_object_is_needed(void)
{
	REQUIRE_EQ(mote_fail(NULL, MOTE_BUSY, "%s", "text"), MOTE_BUSY);
	REQUIRE_EQ(mote_os_fail_code(NULL, MOTE_OS, MOTE_DOMAIN_OS, 1, "%s", "text"), MOTE_OS);
	REQUIRE_EQ(mote_fail_memory(NULL, "text"), MOTE_NO_MEMORY);
}

/* Whether a byte of an error of this size belongs to the subject, which is written whole or not. */
static bool in_subject(size_t at, size_t size)
{
	const size_t end = offsetof(mote_error, subject_offset) + sizeof(uint32_t);

	return size >= end && at >= offsetof(mote_error, subject) && at < end;
}

/* Callers built against an older or newer header: no byte beyond their size is touched. */
static void an_error_of_any_size_is_respected(void)
{
	const size_t before = offsetof(mote_error, text);
	char expected[sizeof(mote_error)];

	memset(expected, 'x', sizeof(expected));
	for (size_t size = 0; size <= sizeof(mote_error) + 64; size++) {
		/* On the heap, so that a sanitizer sees what is written behind it. */
		size_t bytes = size < sizeof(size_t) ? sizeof(size_t) : size;
		unsigned char *memory = malloc(bytes);

		REQUIRE(memory != NULL);
		memset(memory, 'x', bytes);
		memcpy(memory, &size, sizeof(size));
		mote_fail((mote_error *)(void *)memory, MOTE_BUSY, "%0500d", 0);
		if (size <= before) {
			REQUIRE_MEM(memory + sizeof(size), expected, bytes - sizeof(size));
		} else {
			size_t room = size - before < MOTE_ERROR_TEXT_BYTES ? size - before
									    : MOTE_ERROR_TEXT_BYTES;

			REQUIRE(memchr(memory + before, '\0', room) ==
				(memory + before + room - 1));
			for (size_t i = before + room; i < size; i++)
				REQUIRE_EQ(memory[i], in_subject(i, size) ? 0 : 'x');
		}
		free(memory);
	}
}

static void texts_are_one_printable_line(void)
{
	mote_error error = MOTE_ERROR_INIT;
	char hostile[256];

	for (unsigned i = 0; i < 255; i++)
		hostile[i] = (char)(i + 1);
	hostile[255] = '\0';
	mote_fail(&error, MOTE_FILE, "%s", hostile);
	REQUIRE_EQ(strlen(error.text), 255);
	for (unsigned i = 0; i < 255; i++) {
		unsigned char c = (unsigned char)error.text[i];

		REQUIRE(c >= 0x20 && c != 0x7f);
		/* Bytes above are not UTF-8 in this order; text_test.c has what is. */
		REQUIRE_EQ(c, i + 1 < 0x20 || i + 1 >= 0x7f ? '?' : i + 1);
	}
}

static void long_texts_are_cut(void)
{
	mote_error error = MOTE_ERROR_INIT;
	char reason[MOTE_OS_ERROR_TEXT_BYTES];

	mote_os_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, FIRST_CODE, "%0600d", 1);
	REQUIRE_EQ(strlen(error.text), MOTE_ERROR_TEXT_BYTES - 1);
	/* Room for a part of the code's text. */
	mote_os_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, FIRST_CODE, "%0390d", 1);
	REQUIRE_EQ(strlen(error.text), MOTE_ERROR_TEXT_BYTES - 1);
	mote_os_error_text(FIRST_CODE, reason);
	reason[strlen("No such")] = '\0';
	CHECK_CONTAINS(error.text, reason);
}

static void an_error_can_be_built_from_itself(void)
{
	mote_error error = MOTE_ERROR_INIT;

	mote_fail(&error, MOTE_FILE, "inner");
	mote_fail(&error, MOTE_BAD_IMAGE, "outer: %s", error.text);
	REQUIRE_STR(error.text, "outer: inner");
	mote_os_fail_code(&error, MOTE_OS, MOTE_DOMAIN_OS, SECOND_CODE, "again: %s", error.text);
	check_text(error.text, "again: outer: inner", SECOND_CODE);
}

static void an_error_is_passed_on(void)
{
	mote_error error = MOTE_ERROR_INIT, from = MOTE_ERROR_INIT;

	mote_os_fail_code(&from, MOTE_OS, MOTE_DOMAIN_OS, SECOND_CODE, "inner");
	REQUIRE_EQ(mote_fail_as(NULL, &from), MOTE_OS);
	error.size = offsetof(mote_error, text) + 4;
	REQUIRE_EQ(mote_fail_as(&error, &from), MOTE_OS);
	REQUIRE_EQ(error.status, MOTE_OS);
	REQUIRE_EQ(error.domain, MOTE_DOMAIN_OS);
	REQUIRE_EQ(error.os_code, SECOND_CODE);
	REQUIRE_STR(error.text, "inn");
}

static void an_option_ends_the_text(void)
{
	mote_error error = MOTE_ERROR_INIT, passed_on = MOTE_ERROR_INIT;

	REQUIRE_EQ(mote_fail_option(&error, MOTE_LIMIT, MOTE_SUBJECT_HEAP_BYTES, "has %d; raise",
				    7),
		   MOTE_LIMIT);
	REQUIRE_STR(error.text, "has 7; raise heap_bytes");
	REQUIRE_EQ(error.status, MOTE_LIMIT);
	REQUIRE_EQ(error.subject, MOTE_SUBJECT_HEAP_BYTES);
	REQUIRE_STR(error.text + error.subject_offset, "heap_bytes");

	mote_fail_as(&passed_on, &error);
	REQUIRE_EQ(passed_on.subject, MOTE_SUBJECT_HEAP_BYTES);
	REQUIRE_STR(passed_on.text + passed_on.subject_offset, "heap_bytes");

	mote_fail(&error, MOTE_BUSY, "other");
	REQUIRE_EQ(error.subject, MOTE_SUBJECT_NONE);
	REQUIRE_EQ(error.subject_offset, 0);
	REQUIRE_EQ(mote_fail_option(NULL, MOTE_LIMIT, MOTE_SUBJECT_HEAP_BYTES, "x"), MOTE_LIMIT);
}

static void an_option_that_does_not_fit_is_behind_the_text(void)
{
	mote_error error = MOTE_ERROR_INIT;

	for (int length = 380; length < 410; length++) {
		mote_fail_option(&error, MOTE_LIMIT, MOTE_SUBJECT_HEAP_BYTES, "%0*d", length, 0);
		REQUIRE_EQ(error.subject, MOTE_SUBJECT_HEAP_BYTES);
		REQUIRE(error.subject_offset <= strlen(error.text));
		REQUIRE_EQ(strspn(error.text, "0"), length < 399 ? length : 399);
		REQUIRE_EQ(strncmp(error.text + error.subject_offset, "heap_bytes",
				   strlen(error.text) - error.subject_offset),
			   0);
	}
	/* A structure that ends before the subject. */
	error.subject = MOTE_SUBJECT_NONE;
	error.size = offsetof(mote_error, subject);
	mote_fail_option(&error, MOTE_LIMIT, MOTE_SUBJECT_HEAP_BYTES, "raise");
	REQUIRE_STR(error.text, "raise heap_bytes");
	REQUIRE_EQ(error.subject, MOTE_SUBJECT_NONE);
}

static const struct test_case cases[] = {
	CASE(every_status_has_its_name_and_text),
	CASE(failing_fills_the_error),
	CASE(no_error_object_is_needed),
	CASE(an_error_of_any_size_is_respected),
	CASE(texts_are_one_printable_line),
	CASE(long_texts_are_cut),
	CASE(an_error_can_be_built_from_itself),
	CASE(an_error_is_passed_on),
	CASE(an_option_ends_the_text),
	CASE(an_option_that_does_not_fit_is_behind_the_text),
};

int main(int argc, char **argv)
{
	return test_main("error", cases, TEST_COUNT(cases), argc, argv);
}
