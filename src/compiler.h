/* SPDX-License-Identifier: Apache-2.0
 *
 * What the compiler is told where C has no words for it.
 */
#ifndef MOTE_COMPILER_H
#define MOTE_COMPILER_H

#include <stdatomic.h>

/* For all the compiler knows, memory changes here: it moves no access across, and repeats none.  The
 * fence alone does not keep clang from moving loads behind it. */
#if defined(__GNUC__)
#define MOTE_COMPILER_BARRIER() __asm__ volatile("" : : : "memory")
#else
#define MOTE_COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)
#endif

#endif
