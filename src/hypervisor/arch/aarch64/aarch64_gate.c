/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the gate.  PSTATE is not loaded by it: the host sets it with the program counter, and no
 * instruction here changes it.  Arm ARM (DDI 0487), C6 and C7 (encodings), B1.2 (registers of EL0).
 */
#include "aarch64_gate.h"

#include <string.h>

#include "../../../bytes.h"
#include "aarch64_instructions.h"
#include "aarch64_monitor.h"
#include "aarch64_paging.h"

/* The registers, as the instructions find them: offsets from BASE, which x16 holds. */
enum {
	VECTORS = -512, /* v0 to v31 */
	GENERAL = 0,	/* x0 to x30 */
	STACK_POINTER = 248,
	FPCR = 256,
	FPSR = 264,
	THREAD_POINTER = 272,
	BASE = 0x600, /* in the page */
	VECTOR_BYTES = 16,
	GENERAL_BYTES = 8,
	SCRATCH = 16, /* the base; it and x17 are loaded last */
	REACH = 1 << 27,
};

struct writer {
	uint8_t *page;
	uint32_t length;
};

static void put(struct writer *writer, uint32_t instruction)
{
	mote_put32(writer->page + writer->length, instruction);
	writer->length += MOTE_AARCH64_INSTRUCTION_BYTES;
}

static void load_pair(struct writer *writer, unsigned first, unsigned second, int offset)
{
	put(writer, MOTE_AARCH64_LDP_X(first, second, SCRATCH, offset / GENERAL_BYTES));
}

static void put_code(struct writer *writer)
{
	/* Where a pending access adds 4 to the program counter, and where it does not. */
	put(writer, MOTE_AARCH64_NOP);
	put(writer, MOTE_AARCH64_ADR(SCRATCH, BASE - (int)writer->length));
	for (int i = 0; i < 32; i += 2)
		put(writer, MOTE_AARCH64_LDP_Q(i, i + 1, SCRATCH,
					       (VECTORS + i * VECTOR_BYTES) / VECTOR_BYTES));
	load_pair(writer, 0, 1, STACK_POINTER);
	put(writer, MOTE_AARCH64_MOV_SP_X(0));
	put(writer, MOTE_AARCH64_MSR_FPCR(1));
	load_pair(writer, 0, 1, FPSR);
	put(writer, MOTE_AARCH64_MSR_FPSR(0));
	put(writer, MOTE_AARCH64_MSR_TPIDR_EL0(1));
	for (unsigned i = 0; i < 30; i += 2)
		if (i != SCRATCH)
			load_pair(writer, i, i + 1, GENERAL + (int)i * GENERAL_BYTES);
	put(writer, MOTE_AARCH64_LDR_X(30, SCRATCH, (GENERAL + 30 * GENERAL_BYTES) / 8));
	load_pair(writer, SCRATCH, SCRATCH + 1, GENERAL + SCRATCH * GENERAL_BYTES);
}

static void put_registers(uint8_t *base, const mote_aarch64_regs *regs,
			  const struct mote_aarch64_sregs *sregs,
			  const struct mote_aarch64_fpu *fpu)
{
	memcpy(base + VECTORS, fpu->v, sizeof(fpu->v));
	for (unsigned i = 0; i < 31; i++)
		mote_put64(base + GENERAL + i * GENERAL_BYTES, regs->x[i]);
	mote_put64(base + STACK_POINTER, regs->sp);
	mote_put64(base + FPCR, fpu->fpcr);
	mote_put64(base + FPSR, fpu->fpsr);
	mote_put64(base + THREAD_POINTER, sregs->tpidr_el0);
}

bool mote_aarch64_gate_put(const struct mote_monitor *monitor, const mote_aarch64_regs *regs,
			   const struct mote_aarch64_sregs *sregs,
			   const struct mote_aarch64_fpu *fpu, struct mote_user_gate *gate)
{
	const uint64_t gva = monitor->gva + MOTE_AARCH64_MONITOR_BYTES;
	/* Without a register to jump through: all of them have their values by then. */
	const uint64_t distance = regs->pc - gva;
	struct writer writer = {.page = monitor->memory + MOTE_AARCH64_MONITOR_BYTES};

	if ((regs->pstate & MOTE_AARCH64_PSTATE_MODE) != MOTE_AARCH64_PSTATE_EL0T ||
	    distance >= REACH || distance % MOTE_AARCH64_INSTRUCTION_BYTES != 0)
		return false;
	memset(writer.page, 0, MOTE_AARCH64_GATE_BYTES);
	put_code(&writer);
	put(&writer, MOTE_AARCH64_B((int64_t)distance - writer.length));
	put_registers(writer.page + BASE, regs, sregs, fpu);
	*gate = (struct mote_user_gate){gva, regs->pstate, writer.length, true};
	return true;
}

bool mote_aarch64_gate_map(const struct mote_monitor *monitor, struct mote_page_tables *tables)
{
	return mote_aarch64_paging_map(tables, monitor->gva + MOTE_AARCH64_MONITOR_BYTES,
				       monitor->gpa + MOTE_AARCH64_MONITOR_BYTES,
				       MOTE_AARCH64_GATE_BYTES, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE);
}
