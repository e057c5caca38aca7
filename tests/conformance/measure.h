/* SPDX-License-Identifier: Apache-2.0
 *
 * What the suite measures when it is asked to (--measure): what is true of one machine and no
 * matter of right or wrong.
 *
 * Beside the lines of the harness the cases print `capability - NAME VALUE` and
 * `measure - NAME VALUE`, with a whole number, true or false.
 */
#ifndef MOTE_TESTS_MEASURE_H
#define MOTE_TESTS_MEASURE_H

#include "conformance.h"

extern const struct case_list measure_cases;

#endif
