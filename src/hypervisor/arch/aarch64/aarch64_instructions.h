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
