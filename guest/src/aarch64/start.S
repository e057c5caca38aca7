/* SPDX-License-Identifier: Apache-2.0
 *
 * aarch64: the entry point.  x0 holds the mailbox, sp is aligned to 16,
 * everything else is 0.  The thread pointer and the stack protector's canary come
 * from the mailbox and the thread block.
 */
#include <tables.inc>

#define MAILBOX_THREAD_POINTER 40 /* struct mote_abi_mailbox */
#define THREAD_CANARY 8		  /* of the 16 bytes at the thread pointer */

	.section .text.mote_start, "ax", %progbits
	.globl	_start
	.type	_start, %function
_start:
	.cfi_startproc
	.cfi_undefined x30
	ldr	x1, [x0, #MAILBOX_THREAD_POINTER]
	msr	tpidr_el0, x1
	ldr	x1, [x1, #THREAD_CANARY]
	adrp	x2, __stack_chk_guard
	str	x1, [x2, #:lo12:__stack_chk_guard]
	bl	mote_guest_main
	udf	#0
	.cfi_endproc
	.size	_start, . - _start

	.section .bss.__stack_chk_guard, "aw", %nobits
	.balign	8
	.globl	__stack_chk_guard
	.hidden	__stack_chk_guard
	.type	__stack_chk_guard, %object
__stack_chk_guard:
	.zero	8
	.size	__stack_chk_guard, 8

	.section .note.GNU-stack, "", %progbits
