/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds for every function that prints registers: snprintf's rules.
 */
#ifndef MOTE_TESTS_UNIT_TEXT_CASES_H
#define MOTE_TESTS_UNIT_TEXT_CASES_H

#include "../../unit_test.h"

enum { WHOLE_BYTES = 4096 };

typedef size_t print_function(const void *registers, char *text, size_t capacity);

/* Prints at every capacity up to more than enough, each in an allocation of exactly that size. */
static void check_truncation(print_function *print, const void *registers)
{
	char *whole = malloc(WHOLE_BYTES);
	size_t length = print(registers, whole, WHOLE_BYTES);

	REQUIRE(length > 0 && length < WHOLE_BYTES);
	REQUIRE_EQ(strlen(whole), length);
	REQUIRE_EQ(whole[length - 1], '\n');
	REQUIRE_EQ(print(registers, NULL, 0), length);
	for (size_t capacity = 1; capacity < length + 3; capacity++) {
		char *cut = malloc(capacity);
		size_t kept = capacity - 1 < length ? capacity - 1 : length;

		memset(cut, '#', capacity);
		REQUIRE_EQ(print(registers, cut, capacity), length);
		REQUIRE_EQ(strlen(cut), kept);
		REQUIRE_MEM(cut, whole, kept);
		free(cut);
	}
	free(whole);
}

#endif
