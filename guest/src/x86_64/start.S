/* SPDX-License-Identifier: Apache-2.0
 *
 * x86_64: the entry point.  rdi holds the mailbox, rsp is aligned to 16, FS.base
 * is set (and the word at FS:0 is its own address, which thread-local variables
 * rely on), everything else is 0: it only remains to become a C function.
 */
#include <tables.inc>

	.section .text.mote_start, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	call	mote_guest_main
	ud2
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
