/* SPDX-License-Identifier: Apache-2.0
 *
 * setjmp and longjmp on aarch64, with every register that a function must preserve in use.
 */
#ifndef MOTE_TEST_GUESTS_JUMP_H
#define MOTE_TEST_GUESTS_JUMP_H

#include <stdbool.h>

/* Whether x19 to x28 and d8 to d15 are after longjmp what they were at setjmp. state: a jmp_buf. */
static inline bool jump_keeps_registers(void *state)
{
	register void *x0 __asm__("x0") = state;

	__asm__ volatile("str x0, [sp, #-16]!\n\t"
			 ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n\t"
			 "mov x\\n, #\\n\n\t"
			 ".endr\n\t"
			 ".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
			 "mov x1, #\\n\n\t"
			 "fmov d\\n, x1\n\t"
			 ".endr\n\t"
			 "bl setjmp\n\t"
			 "cbnz w0, 1f\n\t"
			 ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n\t"
			 "mov x\\n, #0\n\t"
			 ".endr\n\t"
			 ".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
			 "fmov d\\n, xzr\n\t"
			 ".endr\n\t"
			 "ldr x0, [sp]\n\t"
			 "mov w1, #1\n\t"
			 "bl longjmp\n"
			 "1:\tmov x0, #0\n\t"
			 ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n\t"
			 "sub x1, x\\n, #\\n\n\t"
			 "orr x0, x0, x1\n\t"
			 ".endr\n\t"
			 ".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
			 "fmov x1, d\\n\n\t"
			 "sub x1, x1, #\\n\n\t"
			 "orr x0, x0, x1\n\t"
			 ".endr\n\t"
			 "add sp, sp, #16"
			 : "+r"(x0)
			 :
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22",
			   "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3",
			   "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
			   "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
			   "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
	return x0 == 0;
}

#endif
