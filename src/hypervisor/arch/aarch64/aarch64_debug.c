/* SPDX-License-Identifier: Apache-2.0
 *
 * A debugger's view of an aarch64 vCPU.  In the monitor, ELR_EL1, SPSR_EL1 and SP_EL0 hold what the
 * user program had in pc, pstate and sp.
 */
#include "aarch64_debug.h"

#include "aarch64_syndrome.h"
#include "bytes.h"

#define PSTATE_OF_PROGRAMS 0xf0000000ull /* NZCV */

/* Compilers emit 4 to 8 instructions; gdb looks as far. */
enum { MOST_INSTRUCTIONS = 16 };

_Static_assert((MOST_INSTRUCTIONS + 2) * MOTE_AARCH64_INSTRUCTION_BYTES == MOTE_DEBUG_CODE_BYTES,
	       "the load, what is between, and the store");

static bool in_monitor(const mote_aarch64_regs *regs)
{
	return (regs->pstate & MOTE_AARCH64_PSTATE_MODE) != MOTE_AARCH64_PSTATE_EL0T;
}

enum mote_debug_place mote_aarch64_debug_settle(const struct mote_monitor *monitor,
						const struct mote_aarch64_sregs *sregs,
						mote_aarch64_regs *regs)
{
	const uint64_t offset = regs->pc - monitor->gva;

	(void)sregs;
	if (!in_monitor(regs))
		return MOTE_DEBUG_USER;
	if (offset >= MOTE_AARCH64_VECTORS * MOTE_AARCH64_VECTOR_BYTES)
		return MOTE_DEBUG_LOST;
	return offset % MOTE_AARCH64_VECTOR_BYTES == 0 ? MOTE_DEBUG_ENTERING : MOTE_DEBUG_SAVED;
}

void mote_aarch64_debug_get(const struct mote_monitor *monitor, const mote_aarch64_regs *regs,
			    const struct mote_aarch64_sregs *sregs, mote_aarch64_regs *user)
{
	(void)monitor;
	*user = *regs;
	if (in_monitor(regs)) {
		user->pc = sregs->elr;
		user->pstate = sregs->spsr;
		user->sp = sregs->sp_el0;
	}
	user->pstate &= ~MOTE_AARCH64_PSTATE_SS;
}

static uint64_t flags_of(const mote_aarch64_regs *user, bool step)
{
	return (user->pstate & PSTATE_OF_PROGRAMS) | MOTE_AARCH64_PSTATE_DAIF |
	       (step ? MOTE_AARCH64_PSTATE_SS : 0);
}

void mote_aarch64_debug_put_return(const struct mote_monitor *monitor,
				   const mote_aarch64_regs *user, bool step,
				   struct mote_aarch64_exception_state *state)
{
	(void)monitor;
	state->elr = user->pc;
	state->spsr = flags_of(user, step);
	state->sp_el0 = user->sp;
}

bool mote_aarch64_debug_put(const mote_aarch64_regs *user, bool step,
			    const struct mote_aarch64_sregs *sregs, mote_aarch64_regs *regs)
{
	const mote_aarch64_regs before = *regs;

	(void)sregs;
	*regs = *user;
	regs->pstate = flags_of(user, step);
	if (!in_monitor(&before))
		return false;
	regs->pc = before.pc;
	regs->pstate = before.pstate;
	regs->sp = before.sp;
	return true;
}

enum mote_debug_trap_kind mote_aarch64_debug_trap(const struct mote_exception *exception)
{
	switch (exception->vector) {
	case MOTE_AARCH64_EC_STEP_LOWER:
		return MOTE_DEBUG_TRAP_STEP;
	case MOTE_AARCH64_EC_BRK:
		return MOTE_DEBUG_TRAP_BREAKPOINT;
	default:
		return MOTE_DEBUG_NO_TRAP;
	}
}

/* ---- Exclusives -------------------------------------------------------------------------- */

static bool is_exclusive(uint32_t word, bool load)
{
	const bool swap =
		(word & MOTE_AARCH64_EXCLUSIVE_PAIR) && !(word & MOTE_AARCH64_EXCLUSIVE_WIDE);

	return (word & MOTE_AARCH64_EXCLUSIVE_MASK) == MOTE_AARCH64_EXCLUSIVE && !swap &&
	       ((word & MOTE_AARCH64_EXCLUSIVE_LOAD) != 0) == load;
}

static int64_t signed_field(uint32_t word, unsigned shift, unsigned bits)
{
	const int64_t value = word >> shift & ((1u << bits) - 1);

	return value < 1ll << (bits - 1) ? value : value - (1ll << bits);
}

/* How far a branch goes, in bytes; 0: it is none, or has no fixed target. */
static int64_t branch_bytes(uint32_t word)
{
	int64_t words = 0;

	if ((word & 0xff000010u) == 0x54000000u || (word & 0x7e000000u) == 0x34000000u)
		words = signed_field(word, 5, 19); /* b.cond, cbz, cbnz */
	else if ((word & 0x7e000000u) == 0x36000000u)
		words = signed_field(word, 5, 14); /* tbz, tbnz */
	else if ((word & 0xfc000000u) == 0x14000000u)
		words = signed_field(word, 0, 26); /* b */
	return words * (int64_t)MOTE_AARCH64_INSTRUCTION_BYTES;
}

void mote_aarch64_debug_exclusive(const uint8_t *code, size_t bytes, uint64_t gva,
				  struct mote_debug_ends *ends)
{
	ends->count = 0;
	if (bytes < MOTE_AARCH64_INSTRUCTION_BYTES || !is_exclusive(mote_get32(code), true))
		return;
	for (size_t at = MOTE_AARCH64_INSTRUCTION_BYTES;
	     at + MOTE_AARCH64_INSTRUCTION_BYTES <= bytes && ends->count < MOTE_DEBUG_MOST_ENDS;
	     at += MOTE_AARCH64_INSTRUCTION_BYTES) {
		const uint32_t word = mote_get32(code + at);

		if (is_exclusive(word, false)) {
			ends->gva[ends->count++] = gva + at + MOTE_AARCH64_INSTRUCTION_BYTES;
			return;
		}
		if (branch_bytes(word) != 0)
			ends->gva[ends->count++] = gva + at + (uint64_t)branch_bytes(word);
	}
	ends->count = 0; /* no store, or too many ways out */
}

int mote_aarch64_debug_store_exclusive(const uint8_t *code, size_t bytes)
{
	if (bytes < MOTE_AARCH64_INSTRUCTION_BYTES || !is_exclusive(mote_get32(code), false))
		return -1;
	return MOTE_AARCH64_EXCLUSIVE_STATUS(mote_get32(code));
}
