/* SPDX-License-Identifier: Apache-2.0
 *
 * The x86_64 instructions that mote writes into a guest or recognizes there, as bytes, so that no
 * assembler is needed.  Intel SDM volume 2.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_INSTRUCTIONS_H
#define MOTE_HYPERVISOR_ARCH_X86_64_INSTRUCTIONS_H

#include <stdint.h>

/* One-byte instructions. */
#define MOTE_X86_64_HLT 0xf4
#define MOTE_X86_64_INT3 0xcc /* software breakpoint: can replace any instruction */
#define MOTE_X86_64_PUSHF 0x9c
#define MOTE_X86_64_OPERAND_SIZE 0x66 /* a prefix */
#define MOTE_X86_64_REX_W 0x48	      /* a prefix */

/* First byte of `out %eax, $port` and `in $port, %eax`; the second one is the port. */
#define MOTE_X86_64_OUT_EAX 0xe7
#define MOTE_X86_64_IN_EAX 0xe5
#define MOTE_X86_64_PORT_INSTRUCTION_BYTES 2u

/* add $8, %rsp: drops an error code. */
static const uint8_t mote_x86_64_add_8_rsp[] = {0x48, 0x83, 0xc4, 0x08};
static const uint8_t mote_x86_64_iretq[] = {0x48, 0xcf};

#endif
