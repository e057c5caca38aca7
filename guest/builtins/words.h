/* SPDX-License-Identifier: Apache-2.0
 *
 * Unaligned loads and stores for the mem and str functions.  The compiler turns
 * each into one instruction; no vector type goes beyond the architecture's base.
 */
#ifndef MOTE_GUEST_WORDS_H
#define MOTE_GUEST_WORDS_H

#include <stdint.h>

typedef uint64_t vector __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t word64 __attribute__((aligned(1), may_alias));
typedef uint32_t word32 __attribute__((aligned(1), may_alias));
typedef uint16_t word16 __attribute__((aligned(1), may_alias));

#endif
