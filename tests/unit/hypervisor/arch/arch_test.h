/* SPDX-License-Identifier: Apache-2.0
 *
 * What the unit tests of arch/ share: cmocka, case names, reproducible random
 * numbers.
 */
#ifndef MOTE_TESTS_UNIT_ARCH_TEST_H
#define MOTE_TESTS_UNIT_ARCH_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A case named suite.function, of a program with `#define SUITE "suite"`. */
#define CASE(function)                                                                             \
	{                                                                                          \
		SUITE "." #function, function, NULL, NULL, NULL                                    \
	}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
