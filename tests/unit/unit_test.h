/* SPDX-License-Identifier: Apache-2.0
 *
 * What the unit tests share: the harness, errors, reproducible random numbers.
 */
#ifndef MOTE_TESTS_UNIT_TEST_H
#define MOTE_TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mote/error.h>

#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* That an operation failed with this status, and that its text has a part. */
static inline void check_error(mote_status status, const mote_error *error, mote_status expected,
			       const char *part)
{
	if (status != expected)
		FAIL("status %s, not %s: %s", mote_status_name(status), mote_status_name(expected),
		     error->text);
	REQUIRE_EQ(error->status, expected);
	if (strstr(error->text, part) == NULL)
		FAIL("\"%s\" has no \"%s\"", error->text, part);
}

static inline void check_ok(mote_status status, const mote_error *error)
{
	if (status != MOTE_OK)
		FAIL("status %s: %s", mote_status_name(status), error->text);
}

/* The next number of a sequence that state, never 0, seeds (xorshift64*). */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* A number from 0 to bound - 1. */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
	return (random_next(state) >> 11) % bound;
}

#endif
