/* SPDX-License-Identifier: Apache-2.0
 *
 * What a job reads: the file that INPUT names.
 */
	.section .rodata
	.globl real_input
	.globl real_input_end
	.balign 16
real_input:
	.incbin INPUT
real_input_end:
	.section .note.GNU-stack, "", %progbits
