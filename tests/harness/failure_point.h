/* SPDX-License-Identifier: Apache-2.0
 *
 * One of several functions fails at its call N, or from that one on: for sweeps, which put
 * functions of their own in the places of others.
 */
#ifndef MOTE_TEST_FAILURE_POINT_H
#define MOTE_TEST_FAILURE_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAILURE_FUNCTIONS = 128 };

/* From here on calls are counted, from 1, and that one fails.  at: 0 for none.  lasting: and all
 * later ones. */
void failure_point_set(size_t function, uint64_t at, bool lasting);
/* No more. */
void failure_point_clear(void);

/* A function was called.  Whether it fails. */
bool failure_point_call(size_t function);

/* Since failure_point_set: the calls of a function, and whether one has failed. */
uint64_t failure_point_calls(size_t function);
bool failure_point_has_failed(void);

#endif
