/* SPDX-License-Identifier: Apache-2.0
 *
 * What the debug tests must know of the machine.
 */
#ifndef DEBUG_MACHINE_H
#define DEBUG_MACHINE_H

#include "hypervisor/arch/arch.h"

#define ARGUMENT(regs, n) ((n) == 0 ? (regs)->rdi : (regs)->rsi)
#define SET_ARGUMENT(regs, value) ((regs)->rdi = (value))
/* The program counter after the program's own trap, and where it goes on. */
#define TRAP_IS_BEHIND true
#define TRAP_BYTES 1u
#define DOORBELL_BYTES 2u /* of its instruction */
/* Instructions that debug_move takes. */
#define MOVE_INSTRUCTIONS 1u

/* Registers by gdb's numbers and by those of a core; a scratch register is one of no call. */
enum { GDB_PC = 16, GDB_STACK = 7, GDB_SCRATCH = 0 };
enum { CORE_PC = 16, CORE_STACK = 19, CORE_SCRATCH = 10 };

/* Sets the pointer through which poke writes, whatever register it is in; at its store. */
static inline void set_pointer(mote_regs *regs, uint64_t from, uint64_t to)
{
	regs->rax = regs->rax == from ? to : regs->rax;
	regs->rdi = regs->rdi == from ? to : regs->rdi;
}

static inline double low_double(const mote_fpu *fpu)
{
	double value;

	__builtin_memcpy(&value, fpu->xmm[3], sizeof(value));
	return value;
}

static inline void set_low_double(mote_fpu *fpu, double value)
{
	__builtin_memcpy(fpu->xmm[3], &value, sizeof(value));
}

/* Of YMM5, the guest's "wide". */
#define WIDE_DOUBLES 4u
static inline uint8_t *wide_place(mote_fpu *fpu, unsigned i)
{
	return i < 2 ? &fpu->xmm[5][8 * i] : &fpu->ymm_high[5][8 * (i - 2)];
}

/* CF, PF, AF, ZF, SF, DF, OF, AC, ID. */
#define PROGRAM_FLAGS 0x240cd5u

/* Values that no program can have, if there are any. */
#define REFUSES true
static inline void make_impossible(mote_regs *regs, mote_sregs *sregs, mote_fpu *fpu)
{
	regs->rip = 1ull << 47;
	sregs->fs.base = 1ull << 63;
	fpu->mxcsr = UINT32_MAX;
}

#endif
