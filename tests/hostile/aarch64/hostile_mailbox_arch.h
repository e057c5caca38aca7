/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of the mailbox suite, which writes what it is told: aarch64.
 */
#ifndef MOTE_TEST_HOSTILE_MAILBOX_ARCH_H
#define MOTE_TEST_HOSTILE_MAILBOX_ARCH_H

#include "hostile.h"

/*
 * The data begins with pairs: offset in the mailbox, and the 8 bytes to put there, up to an offset
 * of UINT64_MAX, whose value is the port to ring.
 */
GUEST_CODE(script, "mov x1, #" DATA_TEXT "\n"
		   "1:\n\t"
		   "ldp x2, x3, [x1], #16\n\t"
		   "cmn x2, #1\n\t"
		   "b.eq 2f\n\t"
		   "str x3, [x0, x2]\n\t"
		   "b 1b\n"
		   "2:\n\t"
		   "mov x1, #0xe000\n\t"
		   "add x1, x1, x3, lsl #3\n\t"
		   "str xzr, [x1]");

#endif
