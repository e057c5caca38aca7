/* SPDX-License-Identifier: Apache-2.0
 *
 * x86_64: the entry point.  rdi holds the mailbox, rsp is aligned to 16, FS.base
 * is set, everything else is 0.  The word at FS:0 must be its own address: code
 * that takes the address of a thread-local variable begins with it.
 */
#include <tables.inc>

#define MAILBOX_THREAD_POINTER 40	/* asserted in abi.h */

	.section .text.mote_start, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	movq	MAILBOX_THREAD_POINTER(%rdi), %rax
	movq	%rax, (%rax)
	call	mote_guest_main
	ud2
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
