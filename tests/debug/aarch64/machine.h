/* SPDX-License-Identifier: Apache-2.0
 *
 * What the debug tests must know of the machine.
 */
#ifndef DEBUG_MACHINE_H
#define DEBUG_MACHINE_H

#include "hypervisor/arch/arch.h"

#define ARGUMENT(regs, n) ((regs)->x[n])
#define SET_ARGUMENT(regs, value) ((regs)->x[0] = (value))
/* The program counter after the program's own trap, and where it goes on. */
#define TRAP_IS_BEHIND false
#define TRAP_BYTES 4u
#define DOORBELL_BYTES 4u /* of its instruction */
/* Instructions that debug_move takes. */
#define MOVE_INSTRUCTIONS 2u

/* Registers by gdb's numbers and by those of a core; a scratch register is one of no call. */
enum { GDB_PC = 32, GDB_STACK = 31, GDB_SCRATCH = 9 };
enum { CORE_PC = 32, CORE_STACK = 31, CORE_SCRATCH = 9 };

/* Sets the pointer through which poke writes, whatever register it is in; at its store. */
static inline void set_pointer(mote_regs *regs, uint64_t from, uint64_t to)
{
	for (unsigned i = 0; i < 3; i++)
		regs->x[i] = regs->x[i] == from ? to : regs->x[i];
}

static inline double low_double(const mote_fpu *fpu)
{
	double value;

	__builtin_memcpy(&value, fpu->v[3], sizeof(value));
	return value;
}

static inline void set_low_double(mote_fpu *fpu, double value)
{
	__builtin_memcpy(fpu->v[3], &value, sizeof(value));
}

/* Of V5, the guest's "wide". */
#define WIDE_DOUBLES 2u
static inline uint8_t *wide_place(mote_fpu *fpu, unsigned i)
{
	return &fpu->v[5][8 * i];
}

/* N, Z, C, V. */
#define PROGRAM_FLAGS 0xf0000000u

/* Values that no program can have, if there are any. */
#define REFUSES false
static inline void make_impossible(mote_regs *regs, mote_sregs *sregs, mote_fpu *fpu)
{
	(void)regs;
	(void)sregs;
	(void)fpu;
}

#endif
