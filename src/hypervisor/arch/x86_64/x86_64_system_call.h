/* SPDX-License-Identifier: Apache-2.0
 *
 * System call instructions of x86_64, which a guest has no use for: they are refused with #UD or
 * #GP.  A hypervisor that executes `syscall` jumps to the address that an operating system would
 * have set, 0, still in user mode; RCX holds where it came from.  Intel SDM volume 2, SYSCALL.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_SYSTEM_CALL_H
#define MOTE_HYPERVISOR_ARCH_X86_64_SYSTEM_CALL_H

#include "../monitor.h"
#include "x86_64_exception.h"

#define MOTE_X86_64_SYSTEM_CALL_BYTES 2u

/* Whether an exception is a jump to 0. */
static inline bool mote_x86_64_system_call_jumped(const struct mote_exception *exception)
{
	return exception->vector == MOTE_X86_64_VECTOR_PAGE_FAULT &&
	       exception->access == MOTE_ACCESS_EXECUTE && exception->pc == 0;
}

/* Whether these bytes, at the place of an exception, are a system call. */
static inline bool mote_x86_64_system_call_is(const struct mote_exception *exception,
					      const uint8_t code[MOTE_X86_64_SYSTEM_CALL_BYTES])
{
	switch (exception->vector) {
	case MOTE_X86_64_VECTOR_INVALID_OPCODE:
	case MOTE_X86_64_VECTOR_PAGE_FAULT:
		return code[0] == 0x0f && code[1] == 0x05; /* syscall */
	case MOTE_X86_64_VECTOR_GENERAL_PROTECTION:
		return code[0] == 0xcd && code[1] == 0x80; /* int $0x80 */
	default:
		return false;
	}
}

/* Makes the jump what a processor reports: #UD at the instruction. */
static inline void mote_x86_64_system_call_refuse(struct mote_exception *exception, uint64_t at)
{
	exception->kind = mote_x86_64_vector_fault_kind(MOTE_X86_64_VECTOR_INVALID_OPCODE);
	exception->vector = MOTE_X86_64_VECTOR_INVALID_OPCODE;
	exception->error_code = 0;
	exception->access = MOTE_ACCESS_NONE;
	exception->address = 0;
	exception->pc = at;
}

#endif
