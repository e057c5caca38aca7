/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of the mailbox suite, which writes what it is told: x86_64.
 */
#ifndef MOTE_TEST_HOSTILE_MAILBOX_ARCH_H
#define MOTE_TEST_HOSTILE_MAILBOX_ARCH_H

#include "hostile.h"

/*
 * The data begins with pairs: offset in the mailbox, and the 8 bytes to put there, up to an offset
 * of UINT64_MAX, whose value is the port to ring.
 */
GUEST_CODE(script, "mov $" DATA_TEXT ", %esi\n"
		   "1:\n\t"
		   "mov (%rsi), %rax\n\t"
		   "mov 8(%rsi), %rdx\n\t"
		   "add $16, %rsi\n\t"
		   "cmp $-1, %rax\n\t"
		   "je 2f\n\t"
		   "mov %rdx, (%rdi,%rax)\n\t"
		   "jmp 1b\n"
		   "2:\n\t"
		   "out %eax, %dx");

#endif
