/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes x86_64 registers into the notes of a core.
 */
#include "x86_64_core.h"

#include <string.h>

#include "bytes.h"
#include "x86_64_monitor.h"
#include "x86_64_xsave.h"

/* In the bytes that FXSAVE leaves to software, debuggers look for the area's XCR0. */
enum { SOFTWARE_XCR0 = 464 };

void mote_x86_64_core_registers(const mote_x86_64_regs *regs, const struct mote_x86_64_sregs *sregs,
				uint8_t to[MOTE_X86_64_CORE_REGISTERS_BYTES])
{
	/* orig_rax of -1: the program is in no system call. */
	const uint64_t values[] = {
		regs->r15,
		regs->r14,
		regs->r13,
		regs->r12,
		regs->rbp,
		regs->rbx,
		regs->r11,
		regs->r10,
		regs->r9,
		regs->r8,
		regs->rax,
		regs->rcx,
		regs->rdx,
		regs->rsi,
		regs->rdi,
		UINT64_MAX,
		regs->rip,
		MOTE_X86_64_USER_CODE_SELECTOR,
		regs->rflags & ~(MOTE_X86_64_RFLAGS_TF | MOTE_X86_64_RFLAGS_RF),
		regs->rsp,
		MOTE_X86_64_USER_DATA_SELECTOR,
		sregs->fs.base,
		sregs->gs.base,
		sregs->ds.selector,
		sregs->es.selector,
		sregs->fs.selector,
		sregs->gs.selector,
	};
	_Static_assert(sizeof(values) == MOTE_X86_64_CORE_REGISTERS_BYTES, "user_regs_struct");

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		mote_put64(to + 8 * i, values[i]);
}

void mote_x86_64_core_extended(const struct mote_x86_64_sregs *sregs,
			       const struct mote_x86_64_fpu *fpu,
			       uint8_t to[MOTE_X86_64_CORE_EXTENDED_BYTES])
{
	(void)sregs;
	memset(to, 0, MOTE_X86_64_CORE_EXTENDED_BYTES);
	(void)mote_x86_64_fpu_to_xsave(fpu, to, MOTE_X86_64_CORE_EXTENDED_BYTES);
	mote_put64(to + SOFTWARE_XCR0,
		   MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE | MOTE_X86_64_XCR0_AVX);
}

void mote_x86_64_core_fpu(const struct mote_x86_64_fpu *fpu, uint8_t to[MOTE_X86_64_CORE_FPU_BYTES])
{
	uint8_t area[MOTE_X86_64_XSAVE_BASE_BYTES] = {0};

	(void)mote_x86_64_fpu_to_xsave(fpu, area, sizeof(area));
	memcpy(to, area, MOTE_X86_64_CORE_FPU_BYTES);
}
