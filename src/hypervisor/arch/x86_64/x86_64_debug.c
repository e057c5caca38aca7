/* SPDX-License-Identifier: Apache-2.0
 *
 * A debugger's view of an x86_64 vCPU.  In the monitor, the processor has saved the user program's
 * rip, rflags and rsp in the frame on the monitor's stack.
 */
#include "x86_64_debug.h"

#include "bytes.h"
#include "x86_64_exception.h"

/* The frame, below the top of the monitor's stack. */
enum { FRAME_BYTES = 40, FRAME_RIP = 0, FRAME_RFLAGS = 16, FRAME_RSP = 24 };

#define RFLAGS_RF (1ull << 16)
/* CF, PF, AF, ZF, SF, DF, OF, AC, ID: what a program may set itself. */
#define RFLAGS_OF_PROGRAMS 0x240cd5ull
#define ADDRESS_LIMIT (1ull << 47)
#define MXCSR_RESERVED 0xffff0000u

static uint8_t *frame(const struct mote_monitor *monitor)
{
	return monitor->memory + MOTE_X86_64_MONITOR_BYTES - FRAME_BYTES;
}

static bool in_monitor(const struct mote_x86_64_sregs *sregs)
{
	return (sregs->cs.selector & 3) == 0;
}

enum mote_debug_place mote_x86_64_debug_settle(const struct mote_monitor *monitor,
					       const struct mote_x86_64_sregs *sregs,
					       mote_x86_64_regs *regs)
{
	const uint64_t offset = regs->rip - monitor->gva;
	const uint32_t vector = (uint32_t)(offset / MOTE_X86_64_STUB_BYTES);
	uint64_t pushed = FRAME_BYTES;

	if (!in_monitor(sregs))
		return MOTE_DEBUG_USER;
	if (offset >= MOTE_X86_64_VECTORS * MOTE_X86_64_STUB_BYTES)
		return MOTE_DEBUG_LOST;
	if (offset % MOTE_X86_64_STUB_BYTES == 0)
		return MOTE_DEBUG_ENTERING;
	if (mote_x86_64_vector_has_error_code(vector))
		pushed += 8;
	regs->rip = monitor->gva + vector * MOTE_X86_64_STUB_BYTES + 1;
	regs->rsp = monitor->gva + MOTE_X86_64_MONITOR_BYTES - pushed;
	return MOTE_DEBUG_SAVED;
}

void mote_x86_64_debug_get(const struct mote_monitor *monitor, const mote_x86_64_regs *regs,
			   const struct mote_x86_64_sregs *sregs, mote_x86_64_regs *user)
{
	*user = *regs;
	if (in_monitor(sregs)) {
		user->rip = mote_get64(frame(monitor) + FRAME_RIP);
		user->rflags = mote_get64(frame(monitor) + FRAME_RFLAGS);
		user->rsp = mote_get64(frame(monitor) + FRAME_RSP);
	}
	user->rflags &= ~(MOTE_X86_64_RFLAGS_TF | RFLAGS_RF);
}

static uint64_t flags_of(const mote_x86_64_regs *user, bool step)
{
	return (user->rflags & RFLAGS_OF_PROGRAMS) | MOTE_X86_64_RFLAGS_FIXED |
	       (step ? MOTE_X86_64_RFLAGS_TF : 0);
}

void mote_x86_64_debug_put_return(const struct mote_monitor *monitor, const mote_x86_64_regs *user,
				  bool step, struct mote_x86_64_exception_state *state)
{
	(void)state;
	mote_put64(frame(monitor) + FRAME_RIP, user->rip);
	mote_put64(frame(monitor) + FRAME_RFLAGS, flags_of(user, step));
	mote_put64(frame(monitor) + FRAME_RSP, user->rsp);
}

bool mote_x86_64_debug_put(const mote_x86_64_regs *user, bool step,
			   const struct mote_x86_64_sregs *sregs, mote_x86_64_regs *regs)
{
	const mote_x86_64_regs before = *regs;

	*regs = *user;
	regs->rflags = flags_of(user, step);
	if (!in_monitor(sregs))
		return false;
	regs->rip = before.rip;
	regs->rflags = before.rflags;
	regs->rsp = before.rsp;
	return true;
}

bool mote_x86_64_debug_accepts(const mote_x86_64_regs *user)
{
	return user->rip < ADDRESS_LIMIT;
}

bool mote_x86_64_debug_accepts_fpu(const struct mote_x86_64_fpu *fpu)
{
	return (fpu->mxcsr & MXCSR_RESERVED) == 0;
}

bool mote_x86_64_debug_put_thread(const struct mote_x86_64_sregs *wanted,
				  struct mote_x86_64_sregs *sregs)
{
	if (wanted->fs.base >= ADDRESS_LIMIT || wanted->gs.base >= ADDRESS_LIMIT)
		return false;
	sregs->fs.base = wanted->fs.base;
	sregs->gs.base = wanted->gs.base;
	return true;
}

enum mote_debug_trap_kind mote_x86_64_debug_trap(const struct mote_exception *exception)
{
	switch (exception->vector) {
	case MOTE_X86_64_VECTOR_DEBUG:
		return MOTE_DEBUG_TRAP_STEP;
	case MOTE_X86_64_VECTOR_BREAKPOINT:
		return MOTE_DEBUG_TRAP_BREAKPOINT;
	default:
		return MOTE_DEBUG_NO_TRAP;
	}
}

bool mote_x86_64_debug_stores_flags(const uint8_t *code, size_t bytes)
{
	size_t i = 0;

	while (i < bytes && (code[i] == MOTE_X86_64_OPERAND_SIZE || code[i] == MOTE_X86_64_REX_W))
		i++;
	return i < bytes && code[i] == MOTE_X86_64_PUSHF;
}
