/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions to the compiler that C cannot express.
 */
#ifndef MOTE_COMPILER_H
#define MOTE_COMPILER_H

#include <stdatomic.h>

/* The compiler must assume that memory changes here: it moves no access across this point and
 * repeats none.  A fence alone does not keep clang from moving loads to after it. */
#if defined(__GNUC__)
#define MOTE_COMPILER_BARRIER() __asm__ volatile("" : : : "memory")
#else
#define MOTE_COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)
#endif

/* A function that is seldom called: the compiler keeps it, and what leads to it, out of the way of
 * the path that is always taken. */
#if defined(__GNUC__)
#define MOTE_COLD __attribute__((noinline, cold))
#else
#define MOTE_COLD
#endif

#endif
