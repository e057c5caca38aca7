/* SPDX-License-Identifier: Apache-2.0
 *
 * setjmp and longjmp on x86_64, with every register that a function must preserve in use.
 */
#ifndef MOTE_TEST_GUESTS_JUMP_H
#define MOTE_TEST_GUESTS_JUMP_H

#include <stdbool.h>
#include <stdint.h>

/* Whether rbx, rbp and r12 to r15 are after longjmp what they were at setjmp.  state: a jmp_buf. */
static inline bool jump_keeps_registers(void *state)
{
	uint64_t differences;

	/* 128 bytes below rsp may be in use. */
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
			 "push %%rbp\n\t"
			 "push %%rdi\n\t"
			 "mov $11, %%ebx\n\t"
			 "mov $10, %%ebp\n\t"
			 ".irp n, 12, 13, 14, 15\n\t"
			 "mov $\\n, %%r\\n\\()d\n\t"
			 ".endr\n\t"
			 "call setjmp\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebx, %%ebx\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 ".irp n, 12, 13, 14, 15\n\t"
			 "xor %%r\\n\\()d, %%r\\n\\()d\n\t"
			 ".endr\n\t"
			 "mov (%%rsp), %%rdi\n\t"
			 "mov $1, %%esi\n\t"
			 "call longjmp\n"
			 "1:\tsub $11, %%rbx\n\t"
			 "mov %%rbx, %%rax\n\t"
			 "sub $10, %%rbp\n\t"
			 "or %%rbp, %%rax\n\t"
			 ".irp n, 12, 13, 14, 15\n\t"
			 "sub $\\n, %%r\\n\n\t"
			 "or %%r\\n, %%rax\n\t"
			 ".endr\n\t"
			 "pop %%rdi\n\t"
			 "pop %%rbp\n\t"
			 "lea 128(%%rsp), %%rsp"
			 : "=a"(differences), "+D"(state)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "cc", "memory");
	return differences == 0;
}

#endif
