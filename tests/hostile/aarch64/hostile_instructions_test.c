/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions that a guest has no right to, or that do something odd: each ends
 * in exactly the fault that the architecture demands, at its own address.  Those
 * that are harmless run on to the trap behind them.
 *
 * Where the bed differs from HARDWARE: it stands for qemu's emulation of a
 * Neoverse N1 (Armv8.2, no SVE, MTE or pointer authentication), where wfe never
 * traps and a misaligned stack pointer is not noticed.  HARDWARE may have later
 * extensions, which KVM hides from a guest or mote leaves off.
 */
#include "hostile.h"
#include "hostile_system.h"

/* X(name, assembly, outcomes...).  at: bytes from the first instruction's begin. */
/* clang-format off */
#define EXCEPTIONS(X) \
	X(brk, "brk #0x123", BRK(EVERYWHERE, 0x123, 0)) \
	X(brk_loop, "1: brk #1; b 1b", BRK(EVERYWHERE, 1, 0)) \
	X(brk_every_bit, "brk #0xffff", BRK(EVERYWHERE, 0xffff, 0)) \
	X(svc, "svc #0", SVC(EVERYWHERE, 0, 4)) \
	X(svc_every_bit, "svc #0xffff", SVC(EVERYWHERE, 0xffff, 4)) \
	X(svc_loop, "1: svc #1; b 1b", SVC(EVERYWHERE, 1, 4)) \
	X(hvc, "hvc #0", UD(EVERYWHERE, 0)) \
	X(hvc_psci, "movz w0, #0x8400, lsl #16; movk w0, #8; hvc #0", UD(EVERYWHERE, 8)) \
	X(smc, "smc #0", UD(EVERYWHERE, 0)) \
	X(smc_psci, "movz w0, #0x8400, lsl #16; movk w0, #8; smc #0", UD(EVERYWHERE, 8)) \
	X(hlt, "hlt #1", UD(EVERYWHERE, 0)) \
	X(hlt_semihosting, "mov x0, #0x10; mov x1, #0; hlt #0xf000", UD(EVERYWHERE, 8)) \
	X(dcps1, "dcps1", UD(EVERYWHERE, 0)) \
	X(dcps2, "dcps2", UD(EVERYWHERE, 0)) \
	X(dcps3, "dcps3", UD(EVERYWHERE, 0)) \
	X(eret, "eret", UD(EVERYWHERE, 0)) \
	X(eretaa, "eretaa", UD(EVERYWHERE, 0)) \
	X(drps, "drps", UD(EVERYWHERE, 0))

/*
 * An event or interrupt that is there already makes one of them run on, so they stand in loops;
 * none may sleep.
 */
#define WAITING(X) \
	X(wfi, "1: wfi; b 1b", WFX(EVERYWHERE, 0, 0)) \
	/* bed: runs on each time */ \
	X(wfe, "mov w1, #1000; 1: wfe; subs w1, w1, #1; b.ne 1b", UD(ARM64_BED, 16), \
	  WFX(HARDWARE, 1, 4)) \
	X(wfit, "mov x0, #-1; 1: .inst 0xd5031020; b 1b", UD(EVERYWHERE, 4), WFX(HARDWARE, 6, 4)) \
	X(wfet, "mov x0, #-1; 1: .inst 0xd5031000; b 1b", UD(EVERYWHERE, 4), WFX(HARDWARE, 7, 4)) \
	X(sev, "sev", UD(EVERYWHERE, 4)) \
	X(sevl, "sevl", UD(EVERYWHERE, 4)) \
	X(yield, "yield", UD(EVERYWHERE, 4))

#define HINTS(X) \
	X(nop, "nop", UD(EVERYWHERE, 4)) \
	X(unallocated_hint, "hint #127", UD(EVERYWHERE, 4)) \
	X(esb, "hint #16", UD(EVERYWHERE, 4)) \
	X(psb, "hint #17", UD(EVERYWHERE, 4)) \
	X(tsb, "hint #18", UD(EVERYWHERE, 4)) \
	X(csdb, "hint #20", UD(EVERYWHERE, 4)) \
	X(dgh, "hint #6", UD(EVERYWHERE, 4)) \
	X(bti, "hint #34", UD(EVERYWHERE, 4)) \
	X(paciasp, "hint #25", UD(EVERYWHERE, 4)) \
	X(autiasp, "hint #29", UD(EVERYWHERE, 4)) \
	X(isb, "isb", UD(EVERYWHERE, 4)) \
	X(dsb, "dsb sy", UD(EVERYWHERE, 4)) \
	X(dmb, "dmb sy", UD(EVERYWHERE, 4)) \
	X(clrex, "clrex", UD(EVERYWHERE, 4)) \
	X(sb, ".inst 0xd50330ff", UD(EVERYWHERE, 0), UD(HARDWARE, 4))

#define UNDEFINED(X) \
	X(udf, "udf #0", UD(EVERYWHERE, 0)) \
	X(udf_every_bit, ".inst 0xffff", UD(EVERYWHERE, 0)) \
	X(all_ones, ".inst 0xffffffff", UD(EVERYWHERE, 0)) \
	X(unallocated_exception, ".inst 0xd4000000", UD(EVERYWHERE, 0)) \
	X(unallocated_branch, ".inst 0xd6000000", UD(EVERYWHERE, 0)) \
	X(unallocated_system, ".inst 0xd5000000", UD(EVERYWHERE, 0)) \
	X(unallocated_load, ".inst 0xf9c00000", UD(EVERYWHERE, 0)) \
	X(unallocated_data, ".inst 0x61000000", UD(EVERYWHERE, 0))

/* Extensions that the vCPU is not given. */
#define EXTENSIONS(X) \
	X(sve_ptrue, "ptrue p0.b", UD(EVERYWHERE, 0), SVE(HARDWARE, 0)) \
	X(sve_rdvl, "rdvl x1, #1", UD(EVERYWHERE, 0), SVE(HARDWARE, 0)) \
	X(sve_load, "ld1b {z0.b}, p0/z, [x0]", UD(EVERYWHERE, 0), SVE(HARDWARE, 0)) \
	X(sve_wrffr, "wrffr p0.b", UD(EVERYWHERE, 0), SVE(HARDWARE, 0)) \
	X(sme_smstart, ".inst 0xd503477f", UD(EVERYWHERE, 0), SME(HARDWARE, 0, 0)) \
	X(sme_rdsvl, ".inst 0x04bf5821", UD(EVERYWHERE, 0), SME(HARDWARE, 0, 0)) \
	/* HARDWARE with MTE: without tags in memory */ \
	X(mte_irg, "irg x1, x0", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_gmi, "gmi x1, x0, x2", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_addg, "addg x1, x0, #16, #1", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_subp, "subp x1, x0, x2", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_stg, "stg x0, [x0]", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_stzg, "stzg x0, [x0]", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_st2g, "st2g x0, [x0]", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_stgp, "stgp x1, x2, [x0]", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_ldg, "ldg x1, [x0]", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(mte_ldgm, "ldgm x1, [x0]", UD(EVERYWHERE, 0)) \
	X(mte_stgm, "stgm x1, [x0]", UD(EVERYWHERE, 0)) \
	X(mte_stzgm, "stzgm x1, [x0]", UD(EVERYWHERE, 0)) \
	/* HARDWARE with pointer authentication: off in SCTLR_EL1, so they do nothing */ \
	X(pacia, "pacia x1, x0", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(autia, "autia x1, x0", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(pacga, "pacga x1, x0, x2", UD(EVERYWHERE, 0)) \
	X(xpaci, "xpaci x1", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(braa, "braa x1, x0", UD(EVERYWHERE, 0), FETCH(HARDWARE, TRANSLATION(3), 0)) \
	X(retaa, "retaa", UD(EVERYWHERE, 0), FETCH(HARDWARE, TRANSLATION(3), 0)) \
	X(ldraa, "ldraa x1, [x0]", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(cfinv, "cfinv", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(axflag, "axflag", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(memory_set, ".inst 0x19c20420", UD(EVERYWHERE, 0)) \
	X(ld64b, ".inst 0xf83fd020", UD(EVERYWHERE, 0), \
	  OUTCOME(HARDWARE, PRIVILEGE, 0x0a, CLASS(0x0a) | 2, 0)) \
	X(st64b, ".inst 0xf83f9020", UD(EVERYWHERE, 0), \
	  OUTCOME(HARDWARE, PRIVILEGE, 0x0a, CLASS(0x0a) | 2, 0)) \
	X(tstart, ".inst 0xd5233061", UD(EVERYWHERE, 0)) \
	X(tcancel, ".inst 0xd4600020", UD(EVERYWHERE, 0))

#define PSTATE(X) \
	/* bed: the emulator swaps op1 and op2 in the syndrome */ \
	X(daifset, "msr daifset, #2", SYSTEM(ARM64_BED, 0, 6, 4, 2, 3, 31, MSR, 0), \
	  SYSTEM(HARDWARE, 0, 3, 4, 2, 6, 31, MSR, 0)) \
	X(daifclr, "msr daifclr, #15", SYSTEM(ARM64_BED, 0, 7, 4, 15, 3, 31, MSR, 0), \
	  SYSTEM(HARDWARE, 0, 3, 4, 15, 7, 31, MSR, 0)) \
	X(spsel_immediate, "msr spsel, #1", UD(EVERYWHERE, 0)) \
	X(pan_immediate, ".inst 0xd500419f", UD(EVERYWHERE, 0)) \
	X(uao_immediate, ".inst 0xd500417f", UD(EVERYWHERE, 0)) \
	X(allint_immediate, ".inst 0xd501411f", UD(EVERYWHERE, 0)) \
	X(dit_immediate, ".inst 0xd503415f", UD(EVERYWHERE, 0), UD(HARDWARE, 4)) \
	X(ssbs_immediate, ".inst 0xd503413f", UD(EVERYWHERE, 4), UD(HARDWARE, 0)) \
	X(tco_immediate, ".inst 0xd503419f", UD(EVERYWHERE, 0), UD(HARDWARE, 4))

#define MOVE_SP(address) "mov x1, #" address "; mov sp, x1; "

#define ALIGNMENTS(X) \
	X(misaligned_branch, "mov x0, #" CODE_TEXT "; add x0, x0, #2; br x0", \
	  PC_ALIGNMENT(EVERYWHERE, HOSTILE_CODE + 2)) \
	X(misaligned_call, "mov x0, #" CODE_TEXT "; add x0, x0, #1; blr x0", \
	  PC_ALIGNMENT(EVERYWHERE, HOSTILE_CODE + 1)) \
	X(misaligned_return, "mov x0, #" CODE_TEXT "; add x0, x0, #3; ret x0", \
	  PC_ALIGNMENT(EVERYWHERE, HOSTILE_CODE + 3)) \
	/* bed: the page is looked for first */ \
	X(misaligned_branch_to_nowhere, "mov x0, #6; br x0", PC_ALIGNMENT(HARDWARE, 6), \
	  FETCH(ARM64_BED, TRANSLATION(3), 6)) \
	/* bed: not checked */ \
	X(misaligned_sp_load, "sub sp, sp, #8; ldr x1, [sp]", UD(ARM64_BED, 8), \
	  SP_ALIGNMENT(HARDWARE, 4)) \
	X(misaligned_sp_store, "sub sp, sp, #24; str x1, [sp, #8]", UD(ARM64_BED, 8), \
	  SP_ALIGNMENT(HARDWARE, 4)) \
	X(misaligned_sp_pair, "sub sp, sp, #31; stp x1, x2, [sp]", UD(ARM64_BED, 8), \
	  SP_ALIGNMENT(HARDWARE, 4)) \
	X(misaligned_sp_trap, "sub sp, sp, #8", UD(EVERYWHERE, 4)) \
	X(misaligned_load, "mov x0, #" DATA_TEXT "; ldur x1, [x0, #13]", UD(EVERYWHERE, 8)) \
	X(misaligned_exclusive, "mov x0, #" DATA_TEXT "; add x0, x0, #12; ldxr x1, [x0]", \
	  ABORT(EVERYWHERE, ALIGNMENT, MISALIGNED, 8, READ, HOSTILE_DATA + 12)) \
	X(misaligned_acquire, "mov x0, #" DATA_TEXT "; add x0, x0, #12; ldar x1, [x0]", \
	  ABORT(EVERYWHERE, ALIGNMENT, MISALIGNED, 8, READ, HOSTILE_DATA + 12)) \
	X(misaligned_release, "mov x0, #" DATA_TEXT "; add x0, x0, #12; stlr x1, [x0]", \
	  ABORT(EVERYWHERE, ALIGNMENT, MISALIGNED | STORE, 8, WRITE, HOSTILE_DATA + 12)) \
	X(misaligned_atomic, "mov x0, #" DATA_TEXT "; add x0, x0, #12; ldadd x1, x2, [x0]", \
	  ABORT(EVERYWHERE, ALIGNMENT, MISALIGNED, 8, READ, HOSTILE_DATA + 12))

#define ARITHMETIC(X) \
	X(divide_by_zero, "mov x1, #1; sdiv x1, x1, xzr", UD(EVERYWHERE, 8)) \
	X(divide_overflow, "mov x1, #0x8000000000000000; mov x2, #-1; sdiv x1, x1, x2", \
	  UD(EVERYWHERE, 12)) \
	X(fpu_divide, "mov x1, #0x9f00; msr fpcr, x1; fmov d0, #1.0; movi d1, #0; fdiv d0, d0, d1", \
	  UD(EVERYWHERE, 20)) \
	X(atomics, "mov x0, #" DATA_TEXT "; swp x1, x2, [x0]; ldadd x1, x2, [x0]; cas x1, x2, [x0]", \
	  UD(EVERYWHERE, 16))

/* Exceptions while the stack is no stack: the monitor's own stack pointer is none either. */
#define STACK(X) \
	X(wild_stack_push, MOVE_SP("0x8000000000000000") "str x0, [sp, #-16]!", \
	  ABORT(EVERYWHERE, MEMORY, TRANSLATION(0) | STORE, 8, WRITE, 0x7ffffffffffffff0)) \
	X(wild_stack_udf, MOVE_SP("0x8000000000000000"), UD(EVERYWHERE, 8)) \
	X(wild_stack_svc, MOVE_SP("0x8000000000000000") "svc #0", SVC(EVERYWHERE, 0, 12)) \
	X(null_stack_brk, MOVE_SP("0") "brk #0", BRK(EVERYWHERE, 0, 8)) \
	X(null_stack_push, MOVE_SP("0") "str x0, [sp, #-16]!", \
	  ABORT(EVERYWHERE, MEMORY, TRANSLATION(0) | STORE, 8, WRITE, ~15ull)) \
	X(monitor_stack_udf, MOVE_SP(MONITOR_TEXT), UD(EVERYWHERE, 8)) \
	X(monitor_stack_push, MOVE_SP(MONITOR_TEXT) "str xzr, [sp, #0x400]", \
	  ABORT(EVERYWHERE, MEMORY, PERMISSION | STORE, 8, WRITE, HOSTILE_MONITOR + 0x400)) \
	/* what a vector does, without its level */ \
	X(monitor_doorbell_stack_push, MOVE_SP("0xf000") "str xzr, [sp, #64]", \
	  ABORT(EVERYWHERE, MEMORY, PERMISSION | STORE, 8, WRITE, MONITOR_DOORBELL_PAGE + 64)) \
	X(monitor_doorbell_stack_brk, MOVE_SP("0xf000") "brk #0", BRK(EVERYWHERE, 0, 8)) \
	X(doorbell_stack_brk, MOVE_SP("0xe000") "brk #0", BRK(EVERYWHERE, 0, 8)) \
	X(high_stack_push, MOVE_SP("-16") "str x0, [sp]", \
	  ABORT(EVERYWHERE, MEMORY, TRANSLATION(0) | STORE, 8, WRITE, ~15ull)) \
	X(monitor_jump, "mov x0, #" MONITOR_TEXT "; add x0, x0, #0x400; br x0", \
	  FETCH(EVERYWHERE, PERMISSION, HOSTILE_MONITOR + 0x400))

#define ALL(X) EXCEPTIONS(X) WAITING(X) HINTS(X) UNDEFINED(X) EXTENSIONS(X) PSTATE(X) \
	ALIGNMENTS(X) ARITHMETIC(X) STACK(X)
/* clang-format on */

ALL(HOSTILE_DEFINE)

/* ---- System registers and instructions --------------------------------------------------- */

/* clang-format off */
#define READ_CODE(op0, op1, n, m, op2) \
	"mrs x1, s" #op0 "_" #op1 "_c" #n "_c" #m "_" #op2
#define WRITE_CODE(op0, op1, n, m, op2) \
	"mov x1, #-1; msr s" #op0 "_" #op1 "_c" #n "_c" #m "_" #op2 ", x1"
/* Of one: a read at 0, a write at 4. */
#define READ(name, op0, op1, n, m, op2, ...) \
	HOSTILE_DEFINE(read_##name, READ_CODE(op0, op1, n, m, op2), __VA_ARGS__)
#define WRITE(name, op0, op1, n, m, op2, ...) \
	HOSTILE_DEFINE(write_##name, WRITE_CODE(op0, op1, n, m, op2), __VA_ARGS__)
#define READ_TRAPS(beds, op0, op1, n, m, op2) SYSTEM(beds, op0, op1, n, m, op2, 1, MRS, 0)
#define WRITE_TRAPS(beds, op0, op1, n, m, op2) SYSTEM(beds, op0, op1, n, m, op2, 1, MSR, 4)
#define READ_UNDEFINED UD(EVERYWHERE, 0)
#define WRITE_UNDEFINED UD(EVERYWHERE, 4)
#define READ_PASSES(beds) UD(beds, 4)
#define WRITE_PASSES(beds) UD(beds, 8)

#define UNDEFINED_REGISTER(name, ...) \
	READ(name, __VA_ARGS__, READ_UNDEFINED) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED)
#define IDENTITY_REGISTER(name, ...) \
	READ(name, __VA_ARGS__, READ_UNDEFINED, READ_TRAPS(HARDWARE, __VA_ARGS__)) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED)
#define CLOSED_REGISTER(name, ...) \
	READ(name, __VA_ARGS__, READ_TRAPS(EVERYWHERE, __VA_ARGS__)) \
	WRITE(name, __VA_ARGS__, WRITE_TRAPS(EVERYWHERE, __VA_ARGS__))
#define CLOSED_TO_READ(name, ...) \
	READ(name, __VA_ARGS__, READ_TRAPS(EVERYWHERE, __VA_ARGS__)) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED)
#define CLOSED_EXTENSION(name, ...) \
	READ(name, __VA_ARGS__, READ_UNDEFINED, READ_TRAPS(HARDWARE, __VA_ARGS__)) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED, WRITE_TRAPS(HARDWARE, __VA_ARGS__))
/*
 * HARDWARE: KVM makes them undefined, or EL1 has closed them where there are no counters at all.
 * Bed: the emulator lets some pass that KVM asked it to trap.
 */
#define COUNTER_REGISTER(name, ...) CLOSED_EXTENSION(name, __VA_ARGS__)
#define COUNTER_READ_IN_BED(name, ...) \
	READ(name, __VA_ARGS__, READ_PASSES(ARM64_BED), UD(HARDWARE, 0), \
	     READ_TRAPS(HARDWARE, __VA_ARGS__))
#define COUNTER_WRITTEN_IN_BED(name, ...) \
	WRITE(name, __VA_ARGS__, WRITE_PASSES(ARM64_BED), UD(HARDWARE, 4), \
	      WRITE_TRAPS(HARDWARE, __VA_ARGS__))
#define COUNTER_NOT_READ(name, ...) \
	READ(name, __VA_ARGS__, READ_UNDEFINED, READ_TRAPS(HARDWARE, __VA_ARGS__))
#define COUNTER_NOT_WRITTEN(name, ...) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED, WRITE_TRAPS(HARDWARE, __VA_ARGS__))
#define OPEN_REGISTER(name, ...) \
	READ(name, __VA_ARGS__, READ_PASSES(EVERYWHERE)) \
	WRITE(name, __VA_ARGS__, WRITE_PASSES(EVERYWHERE))
#define OPEN_TO_READ(name, ...) \
	READ(name, __VA_ARGS__, READ_PASSES(EVERYWHERE)) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED)
#define RUN_READ(name, ...) {"read_" #name, run_read_##name, NULL, NULL},
#define RUN_WRITE(name, ...) {"write_" #name, run_write_##name, NULL, NULL},
#define RUN_BOTH(name, ...) RUN_READ(name, __VA_ARGS__) RUN_WRITE(name, __VA_ARGS__)

CONTROL_REGISTERS(UNDEFINED_REGISTER)
DEBUG_REGISTERS(UNDEFINED_REGISTER)
IDENTITY_REGISTERS(IDENTITY_REGISTER)
CLOSED_REGISTERS(CLOSED_REGISTER)
CLOSED_TO_READS(CLOSED_TO_READ)
CLOSED_EXTENSIONS(CLOSED_EXTENSION)
COUNTER_REGISTERS(COUNTER_REGISTER)
OPEN_REGISTERS(OPEN_REGISTER)
OPEN_TO_READS(OPEN_TO_READ)

READABLE_COUNTERS(COUNTER_READ_IN_BED)
READABLE_COUNTERS(COUNTER_NOT_WRITTEN)
WRITABLE_COUNTERS(COUNTER_WRITTEN_IN_BED)
WRITABLE_COUNTERS(COUNTER_NOT_READ)
SELECT_COUNTER(COUNTER_READ_IN_BED)
SELECT_COUNTER(COUNTER_WRITTEN_IN_BED)

/* Bed: there is no debug channel, but for its status; elsewhere KVM has it read as zero. */
DEBUG_STATUS(OPEN_TO_READ)
#define CHANNEL(name, ...) \
	READ(name, __VA_ARGS__, READ_UNDEFINED, READ_PASSES(HARDWARE)) \
	WRITE(name, __VA_ARGS__, WRITE_UNDEFINED, WRITE_PASSES(HARDWARE))
DEBUG_CHANNEL(CHANNEL)
#define RANDOM(name, ...) READ(name, __VA_ARGS__, READ_UNDEFINED, READ_PASSES(HARDWARE))
RANDOM_NUMBERS(RANDOM)

#define UNDEFINED_INSTRUCTION(name, op0, op1, n, m, op2) \
	HOSTILE_DEFINE(name, "sys #" #op1 ", c" #n ", c" #m ", #" #op2 ", x0", UD(EVERYWHERE, 0))
SYSTEM_INSTRUCTIONS(UNDEFINED_INSTRUCTION)
/* clang-format on */

/* A guest that maintains the address at the begin of its data. */
#define MAINTAIN_AT 8

static void maintain_everywhere(struct hostile_guest guest,
				const struct hostile_expectation *expectation)
{
	static const uint64_t addresses[] = {
		HOSTILE_DATA,
		HOSTILE_DATA + 0x1fff,
		HOSTILE_CODE,
		HOSTILE_TABLES,
		HOSTILE_TABLES + 0x1000, /* between the segments */
		HOSTILE_DATA + 0x100000, /* the heap */
		HOSTILE_MONITOR,
		HOSTILE_MONITOR + 0x1000,      /* the stack's guard */
		HOSTILE_MONITOR + 0x6000,      /* the stack */
		HOSTILE_MONITOR + (16u << 20), /* page tables */
		0,
		READY_ADDRESS,
		DOORBELL_PAGE + 0xfff,
		MONITOR_DOORBELL_PAGE,
		1ull << 32,
		1ull << 52,
		UINT64_MAX,
	};

	for (size_t i = 0; i < TEST_COUNT(addresses); i++) {
		guest.data = &addresses[i];
		guest.data_bytes = sizeof(addresses[i]);
		hostile_try(&guest, expectation);
	}
}

/* clang-format off */
#define MAINTAIN(name, op1, n, m, op2, ...) \
	GUEST_CODE(name, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; " \
		   "sys #" #op1 ", c" #n ", c" #m ", #" #op2 ", x0"); \
	static void run_##name(void) \
	{ \
		const struct hostile_expectation expectation = {.outcomes = {__VA_ARGS__}}; \
		maintain_everywhere((struct hostile_guest){GUEST(name)}, &expectation); \
	}
#define CLOSED_MAINTENANCE(name, op0, op1, n, m, op2) \
	MAINTAIN(name, op1, n, m, op2, SYSTEM(EVERYWHERE, op0, op1, n, m, op2, 0, MSR, MAINTAIN_AT))
#define CLOSED_MAINTENANCE_EXTENSION(name, op0, op1, n, m, op2) \
	MAINTAIN(name, op1, n, m, op2, UD(EVERYWHERE, MAINTAIN_AT), \
		 SYSTEM(HARDWARE, op0, op1, n, m, op2, 0, MSR, MAINTAIN_AT))

MAINTENANCE(CLOSED_MAINTENANCE)
MAINTENANCE_EXTENSIONS(CLOSED_MAINTENANCE_EXTENSION)

#define RUN_SYSTEM \
	CONTROL_REGISTERS(RUN_BOTH) DEBUG_REGISTERS(RUN_BOTH) IDENTITY_REGISTERS(RUN_BOTH) \
	CLOSED_REGISTERS(RUN_BOTH) CLOSED_TO_READS(RUN_BOTH) CLOSED_EXTENSIONS(RUN_BOTH) \
	COUNTER_REGISTERS(RUN_BOTH) OPEN_REGISTERS(RUN_BOTH) OPEN_TO_READS(RUN_BOTH) \
	READABLE_COUNTERS(RUN_BOTH) WRITABLE_COUNTERS(RUN_BOTH) SELECT_COUNTER(RUN_BOTH) \
	DEBUG_STATUS(RUN_BOTH) DEBUG_CHANNEL(RUN_BOTH) RANDOM_NUMBERS(RUN_READ) \
	SYSTEM_INSTRUCTIONS(HOSTILE_RUN) MAINTENANCE(HOSTILE_RUN) \
	MAINTENANCE_EXTENSIONS(HOSTILE_RUN)
/* clang-format on */

/* ---- Loops: only a kill ends them -------------------------------------------------------- */

GUEST_CODE(endless_loop, "1: b 1b");
GUEST_CODE(endless_pause, "1: yield; b 1b");
GUEST_CODE(endless_faultless, "mov x0, #" DATA_TEXT "; 1: ldr x1, [x0]; str x1, [x0]; isb; b 1b");
GUEST_CODE(endless_exclusive, "mov x0, #" DATA_TEXT "; 1: ldxr x1, [x0]; stxr w2, x1, [x0]; b 1b");
/* With an event that it makes itself, wfe never waits. */
GUEST_CODE(endless_event, "1: sevl; wfe; b 1b");

static void try_kill(struct hostile_guest guest)
{
	const struct hostile_expectation expectation = {.killed = true, .part = "killed"};

	hostile_try(&guest, &expectation);
}

static void endless_loop(void)
{
	try_kill((struct hostile_guest){GUEST(endless_loop)});
}

static void endless_pause(void)
{
	try_kill((struct hostile_guest){GUEST(endless_pause)});
}

static void endless_faultless(void)
{
	try_kill((struct hostile_guest){GUEST(endless_faultless)});
}

static void endless_exclusive(void)
{
	try_kill((struct hostile_guest){GUEST(endless_exclusive)});
}

static void endless_event(void)
{
	try_kill((struct hostile_guest){GUEST(endless_event)});
}

static const struct test_case cases[] = {
	/* clang-format off */
	ALL(HOSTILE_RUN)
	RUN_SYSTEM
		/* clang-format on */
		CASE(endless_loop),
	CASE(endless_pause),
	CASE(endless_faultless),
	CASE(endless_exclusive),
	CASE(endless_event),
};

int main(int argc, char **argv)
{
	return test_main("hostile_instructions", cases, TEST_COUNT(cases), argc, argv);
}
