/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest code that only the aarch64 cases use, and the instructions that it is
 * made of.  Arm ARM (DDI 0487), C6.2.
 */
#ifndef MOTE_TESTS_CODE_AARCH64_H
#define MOTE_TESTS_CODE_AARCH64_H

#include "code.h"

/* clang-format off */
#define WORD(w) (w) & 0xff, (w) >> 8 & 0xff, (w) >> 16 & 0xff, (w) >> 24 & 0xff
#define CODE(...) {.bytes = {__VA_ARGS__}, .length = sizeof((uint8_t[]){__VA_ARGS__})}
/* clang-format on */

#define A64_UDF 0x00000000u
#define A64_MOVZ(d, imm) (0xd2800000u | (uint32_t)(imm) << 5 | (d))
#define A64_STR(t, n, offset) (0xf9000000u | (uint32_t)(offset) / 8 << 10 | (n) << 5 | (t))
#define A64_STR_Q(t, n, offset) (0x3d800000u | (uint32_t)(offset) / 16 << 10 | (n) << 5 | (t))
#define A64_LDR_Q(t, n, offset) (0x3dc00000u | (uint32_t)(offset) / 16 << 10 | (n) << 5 | (t))
#define A64_MRS(t, op0, op1, crn, crm, op2)                                                        \
	(0xd5200000u | (uint32_t)(op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 |            \
	 (op2) << 5 | (t))
#define A64_XZR 31u
#define A64_SP 31u

/* Rings CODE_PORT; x10 is used up. */
#define A64_DOORBELL                                                                               \
	WORD(A64_MOVZ(10u, MOTE_ABI_AARCH64_DOORBELL_GVA + 8 * CODE_PORT)),                        \
		WORD(A64_STR(A64_XZR, 10u, 0))
/* Leaves supervisor mode: a store to the monitor's doorbell page, which sp holds. */
#define A64_HALT WORD(A64_STR(A64_XZR, A64_SP, 0))

/* One word more at the end of a program. */
void code_aarch64_add(struct code *code, uint32_t instruction);

/* From sp on: x0 to x30, sp, the flags; v0 to v31, FPCR, FPSR.  Then the doorbell. */
struct code code_aarch64_store_registers(void), code_aarch64_store_fpu(void);
/* v0 to v31 from sp on; then the doorbell. */
struct code code_aarch64_load_fpu(void);

#endif
