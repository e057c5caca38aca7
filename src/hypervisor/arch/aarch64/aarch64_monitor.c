/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the aarch64 monitor and reads what it leaves in ELR, SPSR, ESR and FAR.
 * There is no logic in the guest: a vector's store stops the vCPU, and its eret
 * resumes where the host left ELR_EL1 and SPSR_EL1 pointing.
 */
#include "aarch64_monitor.h"

#include <string.h>

#include <mote/abi.h>

#include "aarch64_instructions.h"
#include "aarch64_paging.h"
#include "aarch64_syndrome.h"

/* Vectors 8 to 11: from a lower level in AArch64, synchronous, IRQ, FIQ, SError. */
enum { VECTOR_SYNCHRONOUS = 8, VECTOR_SERROR = 11 };

/*
 * The MMU and caches on; writable pages never execute; stack pointers aligned.  Equally important,
 * these are left off at EL0: wfi/wfe (they trap), DAIF, cache maintenance, dc zva, CTR_EL0, pointer
 * authentication.
 */
#define SCTLR                                                                                      \
	(MOTE_AARCH64_SCTLR_RES1 | MOTE_AARCH64_SCTLR_M | MOTE_AARCH64_SCTLR_C |                   \
	 MOTE_AARCH64_SCTLR_SA | MOTE_AARCH64_SCTLR_SA0 | MOTE_AARCH64_SCTLR_I |                   \
	 MOTE_AARCH64_SCTLR_WXN)

/* Without IPS.  The zeros here mean a 4 KiB granule and no hardware update of the access flag. */
#define TCR                                                                                        \
	(MOTE_AARCH64_TCR_T0SZ(MOTE_AARCH64_GVA_BITS) | MOTE_AARCH64_TCR_IRGN0_WBWA |              \
	 MOTE_AARCH64_TCR_ORGN0_WBWA | MOTE_AARCH64_TCR_SH0_INNER | MOTE_AARCH64_TCR_EPD1 |        \
	 MOTE_AARCH64_TCR_AS_16_BITS)

_Static_assert(SCTLR == 0x30d8181d, "as measured on KVM");
_Static_assert(TCR == 0x1000803519, "as measured on KVM, except for 39 bits");

static void put_instruction(uint8_t *at, uint32_t instruction)
{
	for (unsigned i = 0; i < MOTE_AARCH64_INSTRUCTION_BYTES; i++)
		at[i] = (uint8_t)(instruction >> (8 * i));
}

void mote_aarch64_monitor_build(const struct mote_monitor *monitor, const uint16_t *ports,
				uint32_t count)
{
	(void)ports;
	(void)count;
	/* Zeros are `udf`: anything that runs outside a vector traps to one. */
	memset(monitor->memory, 0, MOTE_AARCH64_MONITOR_BYTES);
	for (unsigned vector = 0; vector < MOTE_AARCH64_VECTORS; vector++) {
		uint8_t *at = monitor->memory + vector * MOTE_AARCH64_VECTOR_BYTES;

		put_instruction(at, MOTE_AARCH64_STR_XZR_SP(vector));
		put_instruction(at + MOTE_AARCH64_INSTRUCTION_BYTES, MOTE_AARCH64_ERET);
	}
}

bool mote_aarch64_monitor_map(const struct mote_monitor *monitor, struct mote_page_tables *tables)
{
	const uint64_t offset = monitor->gpa - monitor->gva;

	return mote_aarch64_paging_map(tables, monitor->gva, monitor->gpa,
				       MOTE_AARCH64_MONITOR_BYTES, MOTE_PAGE_EXECUTE) &&
	       mote_aarch64_paging_map(tables, MOTE_ABI_AARCH64_DOORBELL_GVA,
				       MOTE_ABI_AARCH64_DOORBELL_GVA + offset, MOTE_PAGE_BYTES,
				       MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE) &&
	       mote_aarch64_paging_map(tables, MOTE_AARCH64_MONITOR_DOORBELL_GVA,
				       MOTE_AARCH64_MONITOR_DOORBELL_GVA + offset, MOTE_PAGE_BYTES,
				       MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE);
}

/* TCR_EL1.IPS: the smallest size that the field has for so many bits. */
static uint64_t tcr_ips(uint32_t address_bits)
{
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
	uint64_t ips = 0;

	while (ips < sizeof(sizes) - 1 && sizes[ips] < address_bits)
		ips++;
	return ips << MOTE_AARCH64_TCR_IPS_SHIFT;
}

void mote_aarch64_monitor_start(const struct mote_monitor *monitor,
				const struct mote_user_start *start, mote_aarch64_regs *regs,
				struct mote_aarch64_sregs *sregs)
{
	*regs = (mote_aarch64_regs){
		.x = {start->argument},
		.sp = start->stack,
		.pc = start->entry,
		.pstate = MOTE_AARCH64_PSTATE_DAIF | MOTE_AARCH64_PSTATE_EL0T,
	};
	/* CNTKCTL 0 closes the counters to EL0, regardless of forbid_timestamp. */
	*sregs = (struct mote_aarch64_sregs){
		.sctlr = SCTLR,
		.ttbr0 = start->root_gpa,
		.tcr = TCR | tcr_ips(start->address_bits),
		.mair = MOTE_AARCH64_MAIR,
		.vbar = monitor->gva,
		.cpacr = MOTE_AARCH64_CPACR_FPEN,
		.sp_el0 = start->stack,
		.sp_el1 = MOTE_AARCH64_MONITOR_DOORBELL_GVA,
	};
}

void mote_aarch64_monitor_keep(const struct mote_aarch64_sregs *has,
			       struct mote_aarch64_sregs *sregs)
{
	sregs->ttbr1 = has->ttbr1; /* TCR_EL1.EPD1 */
	sregs->esr = has->esr;	   /* an exception sets it before anything reads it */
	sregs->far = has->far;
	sregs->tpidr_el1 = has->tpidr_el1; /* EL0 cannot read it, and the monitor does not */
	sregs->sp_el0 = has->sp_el0;	   /* set with the general registers */
}

bool mote_aarch64_monitor_exception(const struct mote_monitor *monitor,
				    const struct mote_aarch64_exception_state *state,
				    struct mote_exception *exception)
{
	/* A vector's first instruction is its store, which has retired. */
	const uint64_t offset = state->pc - MOTE_AARCH64_INSTRUCTION_BYTES - monitor->gva;
	const uint64_t vector = offset / MOTE_AARCH64_VECTOR_BYTES;
	struct mote_aarch64_fault fault = {.kind = MOTE_FAULT_OTHER};
	bool has_syndrome;

	if ((state->pstate & MOTE_AARCH64_PSTATE_MODE) != MOTE_AARCH64_PSTATE_EL1H ||
	    (state->spsr & MOTE_AARCH64_PSTATE_MODE) != MOTE_AARCH64_PSTATE_EL0T ||
	    offset % MOTE_AARCH64_VECTOR_BYTES != 0 || vector < VECTOR_SYNCHRONOUS ||
	    vector > VECTOR_SERROR)
		return false;
	/* An interrupt leaves the syndrome of an earlier exception unchanged. */
	has_syndrome = vector == VECTOR_SYNCHRONOUS || vector == VECTOR_SERROR;
	if (has_syndrome)
		mote_aarch64_syndrome_fault(state->esr, &fault);
	*exception = (struct mote_exception){
		.kind = fault.kind,
		.vector = has_syndrome ? mote_aarch64_exception_class(state->esr)
				       : MOTE_FAULT_NO_VECTOR,
		.error_code = has_syndrome ? mote_aarch64_esr(state->esr) : 0,
		.address = fault.address_valid ? state->far : 0,
		.access = fault.access,
		.pc = state->elr,
		.sp = state->sp_el0,
		.flags = state->spsr,
	};
	return true;
}
