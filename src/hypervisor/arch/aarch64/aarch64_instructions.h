/* SPDX-License-Identifier: Apache-2.0
 *
 * The A64 instructions that mote writes into a guest or recognizes there, as 32-bit words.  They
 * are stored little-endian, regardless of the data endianness.  Arm ARM (DDI 0487), chapter C6.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_INSTRUCTIONS_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_INSTRUCTIONS_H

#include <stdint.h>

#define MOTE_AARCH64_INSTRUCTION_BYTES 4u

/* str xzr, [sp, #8 * n]: n is 0 to 4095, in the unsigned scaled offset (bits 21:10). */
#define MOTE_AARCH64_STR_XZR_SP(n) (0xf90003ffu | (uint32_t)(n) << 10)
/* str xt, [xn, #8 * m]: the plain store that is a doorbell. */
#define MOTE_AARCH64_STR_X(t, n, m)                                                                \
	(0xf9000000u | (uint32_t)(m) << 10 | (uint32_t)(n) << 5 | (uint32_t)(t))
#define MOTE_AARCH64_ERET 0xd69f03e0u

/* Offsets of pairs count in registers, -64 to 63; those of adr and b in bytes, from the
 * instruction. */
#define MOTE_AARCH64_PAIR(t, t2, n, m)                                                             \
	(((uint32_t)(m)&127) << 15 | (uint32_t)(t2) << 10 | (uint32_t)(n) << 5 | (uint32_t)(t))
#define MOTE_AARCH64_LDP_X(t, t2, n, m) (0xa9400000u | MOTE_AARCH64_PAIR(t, t2, n, m))
#define MOTE_AARCH64_LDP_Q(t, t2, n, m) (0xad400000u | MOTE_AARCH64_PAIR(t, t2, n, m))
#define MOTE_AARCH64_LDR_X(t, n, m)                                                                \
	(0xf9400000u | (uint32_t)(m) << 10 | (uint32_t)(n) << 5 | (uint32_t)(t))
#define MOTE_AARCH64_ADR(d, bytes)                                                                 \
	(0x10000000u | ((uint32_t)(bytes)&3) << 29 | ((uint32_t)(bytes) >> 2 & 0x7ffff) << 5 |     \
	 (uint32_t)(d))
#define MOTE_AARCH64_B(bytes) (0x14000000u | ((uint32_t)(bytes) >> 2 & 0x3ffffff))
#define MOTE_AARCH64_MOV_SP_X(n) (0x9100001fu | (uint32_t)(n) << 5)
#define MOTE_AARCH64_MSR_FPCR(t) (0xd51b4400u | (uint32_t)(t))
#define MOTE_AARCH64_MSR_FPSR(t) (0xd51b4420u | (uint32_t)(t))
#define MOTE_AARCH64_MSR_TPIDR_EL0(t) (0xd51bd040u | (uint32_t)(t))

/* Software breakpoint; the immediate is in ESR_EL1.ISS. */
#define MOTE_AARCH64_BRK(immediate) (0xd4200000u | (uint32_t)(immediate) << 5)
#define MOTE_AARCH64_SVC(immediate) (0xd4000001u | (uint32_t)(immediate) << 5)
#define MOTE_AARCH64_UDF 0x00000000u /* zeros: what fills unused space traps */
#define MOTE_AARCH64_NOP 0xd503201fu

/* Exclusive loads and stores of registers and pairs: bits 29:24 are 001000, and o2 (23) is 0. */
#define MOTE_AARCH64_EXCLUSIVE_MASK 0x3f800000u
#define MOTE_AARCH64_EXCLUSIVE 0x08000000u
#define MOTE_AARCH64_EXCLUSIVE_LOAD (1u << 22)
/* With o1 (21), but a size below 32 bits, the same encoding is a compare-and-swap of a pair. */
#define MOTE_AARCH64_EXCLUSIVE_PAIR (1u << 21)
#define MOTE_AARCH64_EXCLUSIVE_WIDE (1u << 31)
#define MOTE_AARCH64_EXCLUSIVE_STATUS(word) ((word) >> 16 & 31)

#endif
