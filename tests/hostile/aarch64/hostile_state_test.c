/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers: what a guest finds at its entry, what a fault shows of it, and that
 * no other guest sees them.
 */
#include <string.h>

#include "clean.h"
#include "hostile.h"

#define RING(offset) "mov x30, #" READY_TEXT "; str xzr, [x30, #" offset "]\n\t"

/* ---- At entry ---------------------------------------------------------------------------- */

/* clang-format off */
#define FOUR(X, a, b, c, d) X(a) X(b) X(c) X(d)
#define THIRTY_TWO(X) \
	FOUR(X, 0, 1, 2, 3) FOUR(X, 4, 5, 6, 7) FOUR(X, 8, 9, 10, 11) FOUR(X, 12, 13, 14, 15) \
	FOUR(X, 16, 17, 18, 19) FOUR(X, 20, 21, 22, 23) FOUR(X, 24, 25, 26, 27) \
	FOUR(X, 28, 29, 30, 31)
#define GENERAL(X) \
	FOUR(X, 1, 2, 3, 4) FOUR(X, 5, 6, 7, 8) FOUR(X, 9, 10, 11, 12) FOUR(X, 13, 14, 15, 16) \
	FOUR(X, 17, 18, 19, 20) FOUR(X, 21, 22, 23, 24) FOUR(X, 25, 26, 27, 28) X(29) X(30)
/* clang-format on */

/*
 * Everything goes to the call's data area, which begins a page behind the mailbox's header (x0): 31
 * general registers, sp, five system registers, then 32 vector registers at 512.
 */
#define SAVE(n) "str x" #n ", [x0, #0x1000 + 8 * " #n "]\n\t"
#define SAVE_VECTOR(n) "str q" #n ", [x0, #0x1200 + 16 * " #n "]\n\t"
#define SAVE_SYSTEM(n, name) "mrs x1, " name "; str x1, [x0, #0x1000 + 8 * " #n "]\n\t"

/* clang-format off */
GUEST_CODE(entry,
	   SAVE(0) GENERAL(SAVE)
	   "mov x1, sp; str x1, [x0, #0x10f8]\n\t"
	   SAVE_SYSTEM(32, "nzcv") SAVE_SYSTEM(33, "fpcr") SAVE_SYSTEM(34, "fpsr")
	   SAVE_SYSTEM(35, "tpidr_el0") SAVE_SYSTEM(36, "tpidrro_el0")
	   THIRTY_TWO(SAVE_VECTOR)
	   "mov w1, #9; str w1, [x0, #136]; mov w1, #1024; str w1, [x0, #140]; str xzr, [x0, #144]\n\t"
	   RING("0"));
/* clang-format on */

struct entry {
	uint64_t x[31], sp;
	uint64_t nzcv, fpcr, fpsr, tpidr, tpidrro;
	uint8_t padding[512 - 37 * 8];
	uint8_t v[32][16];
};

_Static_assert(sizeof(struct entry) == 1024, "what the guest says it wrote");

static const uint8_t zeros[512];

static void check_entry(const struct entry *entry, const mote_aarch64_regs *layout)
{
	CHECK_EQ(entry->x[0], layout->x[0]);
	CHECK_MEM(&entry->x[1], zeros, 30 * sizeof(entry->x[0]));
	CHECK_EQ(entry->sp % 16, 0);
	CHECK_EQ(entry->sp, layout->x[1]);
	CHECK_EQ(entry->nzcv, 0);
	CHECK_EQ(entry->fpcr, 0);
	CHECK_EQ(entry->fpsr, 0);
	CHECK_EQ(entry->tpidr, 0);
	CHECK_EQ(entry->tpidrro, 0);
	CHECK_MEM(entry->v, zeros, sizeof(entry->v));
}

/* Mailbox and end of the stack, from another sandbox with the same layout. */
GUEST_CODE(places, "ldp x1, x2, [x0, #24]; add x1, x1, x2");

static void try_entry(void)
{
	const struct hostile_guest guest = {GUEST(entry), .export_signature = "bytes()"};
	const struct hostile_guest other = {GUEST(places)};
	struct hostile_run run, places;
	struct entry entry;

	hostile_open(&places, &other);
	hostile_enter(&places);
	REQUIRE(places.fault);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_OK(run.status, &run.error);
	REQUIRE_EQ(run.result.as.bytes.length, sizeof(entry));
	memcpy(&entry, run.result.as.bytes.data, sizeof(entry));
	check_entry(&entry, &places.fault->registers.as.aarch64);
	hostile_close(&run);
	hostile_close(&places);
}

static void entry_registers(void)
{
	try_entry();
}

/* ---- Neighbours -------------------------------------------------------------------------- */

#define FILL(n) "mov x" #n ", #-1\n\t"
#define FILL_VECTOR(n) "movi v" #n ".16b, #0xff\n\t"
/* With a reservation that is left open. */
#define FILL_ALL                                                                                   \
	"ldxr x1, [x0]\n\t" GENERAL(FILL) THIRTY_TWO(FILL_VECTOR) "msr tpidr_el0, x1\n\t"          \
								  "msr fpsr, x1\n\t"               \
								  "mov x2, #0x7c00000\n\t"         \
								  "msr fpcr, x2\n\t"               \
								  "msr nzcv, x1\n\t"

GUEST_CODE(fill_and_fault, FILL_ALL);
GUEST_CODE(fill_and_ring, FILL_ALL RING("0") "mrs x1, tpidr_el0; mrs x2, fpcr; mrs x3, nzcv\n\t"
					     "mov x4, v0.d[0]; mov x5, v31.d[1]");

static void neighbour_leaves_nothing(void)
{
	const struct hostile_guest faulting = {GUEST(fill_and_fault)};
	const struct hostile_guest living = {GUEST(fill_and_ring), .export_signature = "void()"};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, GUEST_CODE_BYTES(fill_and_ring))}};
	const uint64_t *x;
	struct hostile_run poisoned, alive;

	hostile_open(&poisoned, &faulting);
	hostile_enter(&poisoned);
	CHECK_STATUS(poisoned.status, MOTE_GUEST_FAULT, &poisoned.error);
	hostile_open(&alive, &living);
	CHECK_OK(mote_sandbox_start(alive.sandbox, NULL, &alive.error), &alive.error);
	try_entry();
	/* It has its own still. */
	hostile_enter(&alive);
	hostile_check(&alive, &expectation);
	x = alive.fault->registers.as.aarch64.x;
	CHECK_EQ(x[1], UINT64_MAX);
	CHECK_EQ(x[2], 0x7c00000);
	CHECK_EQ(x[3], 0xf0000000);
	CHECK_EQ(x[4] & x[5] & x[6] & x[29], UINT64_MAX);
	hostile_close(&alive);
	hostile_close(&poisoned);
}

/* ---- Of an earlier call ------------------------------------------------------------------- */

/* clang-format off */
GUEST_CODE(save_and_fill,
	   SAVE(0) GENERAL(SAVE)
	   "mov x1, sp; str x1, [x0, #0x10f8]\n\t"
	   SAVE_SYSTEM(32, "nzcv") SAVE_SYSTEM(33, "fpcr") SAVE_SYSTEM(34, "fpsr")
	   SAVE_SYSTEM(35, "tpidr_el0") SAVE_SYSTEM(36, "tpidrro_el0")
	   THIRTY_TWO(SAVE_VECTOR)
	   "mov w1, #9; str w1, [x0, #136]; mov w1, #1024; str w1, [x0, #140]; str xzr, [x0, #144]\n\t"
	   FILL_ALL "mov sp, x1; mov x0, x1\n\t" RING("0"));
/* clang-format on */

static void pollution_is_not_left_behind(void)
{
	const struct hostile_guest guest = {GUEST(save_and_fill), .export_signature = "bytes()",
					    .ready_first = true};
	struct hostile_run run;
	struct entry first;

	hostile_open(&run, &guest);
	REQUIRE_OK(mote_snapshot_take(run.sandbox, NULL, &run.snapshot, &run.error), &run.error);
	for (unsigned int i = 0; i < 5; i++) {
		hostile_enter(&run);
		REQUIRE_OK(run.status, &run.error);
		REQUIRE_EQ(run.result.as.bytes.length, sizeof(first));
		if (i == 0)
			memcpy(&first, run.result.as.bytes.data, sizeof(first));
		CHECK_MEM(run.result.as.bytes.data, &first, sizeof(first));
		if (i & 1)
			clean_restore(run.sandbox, run.snapshot);
		else
			clean_restore_unseen(run.sandbox, run.snapshot);
	}
	hostile_close(&run);
}

/* ---- In a fault -------------------------------------------------------------------------- */

/* Register n holds n, in each of its bytes; x30 the address of port READY. */
#define LOAD(n)                                                                                    \
	"mov x" #n ", #0x101 * " #n "; movk x" #n ", #0x101 * " #n ", lsl #16; movk x" #n          \
	", #0x101 * " #n ", lsl #32; movk x" #n ", #0x101 * " #n ", lsl #48\n\t"
/* clang-format off */
#define LOAD_ALL \
	"mov x1, #" DATA_TEXT "; add sp, x1, #0x800; mov x1, #0xa0000000; msr nzcv, x1\n\t" \
	"mov x0, #0; " GENERAL(LOAD) "mov x30, #" READY_TEXT "\n\t"
/* clang-format on */

GUEST_CODE(fault_exception, LOAD_ALL);
GUEST_CODE(fault_address, LOAD_ALL "ldr x1, [x0]");
GUEST_CODE(fault_svc, LOAD_ALL "svc #3");
GUEST_CODE(fault_doorbell, LOAD_ALL "strb w1, [x30]");
GUEST_CODE(fault_pair, LOAD_ALL "ldp x1, x2, [x30], #16");
GUEST_CODE(fault_mailbox, LOAD_ALL "str xzr, [x30, #0x20]");
GUEST_CODE(fault_after_ring, LOAD_ALL "str xzr, [x30]");

/* Mode, IL, SS and DAIF. */
#define PSTATE_PRIVILEGED 0x3003dfu
#define PSTATE_OF_USER 0x3c0u

static void check_registers(const mote_fault *fault, uint64_t pc)
{
	const mote_aarch64_regs *regs = &fault->registers.as.aarch64;

	for (uint64_t i = 0; i < 30; i++)
		CHECK_EQ(regs->x[i], 0x0101010101010101u * i);
	CHECK_EQ(regs->x[30], READY_ADDRESS);
	CHECK_EQ(regs->sp, HOSTILE_DATA + 0x800);
	CHECK_EQ(regs->pc, HOSTILE_CODE + pc);
	CHECK_EQ(regs->pstate & 0xf0000000, 0xa0000000);
	CHECK_EQ(regs->pstate & PSTATE_PRIVILEGED, PSTATE_OF_USER);
}

static void try_registers(struct hostile_guest guest, struct hostile_outcome outcome)
{
	const struct hostile_expectation expectation = {.outcomes = {outcome}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	check_registers(run.fault, outcome.pc - HOSTILE_CODE);
	hostile_close(&run);
}

static void registers_of_an_exception(void)
{
	try_registers((struct hostile_guest){GUEST(fault_exception)},
		      (struct hostile_outcome)UD(EVERYWHERE, GUEST_CODE_BYTES(fault_exception)));
	try_registers((struct hostile_guest){GUEST(fault_svc)},
		      (struct hostile_outcome)SVC(EVERYWHERE, 3, GUEST_CODE_BYTES(fault_svc)));
}

static void registers_of_an_exception_with_address(void)
{
	try_registers((struct hostile_guest){GUEST(fault_address)},
		      (struct hostile_outcome)ABORT(EVERYWHERE, MEMORY, TRANSLATION(3),
						    GUEST_CODE_BYTES(fault_address) - 4, READ, 0));
}

static void registers_of_a_malformed_doorbell(void)
{
	const uint64_t end = GUEST_CODE_BYTES(fault_doorbell);

	try_registers((struct hostile_guest){GUEST(fault_doorbell)},
		      (struct hostile_outcome)ODD_DOORBELL(EVERYWHERE, end, WRITE, READY_ADDRESS));
	/* What is not described has not happened: nothing is loaded, the address not updated. */
	try_registers((struct hostile_guest){GUEST(fault_pair)},
		      (struct hostile_outcome)ODD_DOORBELL(EVERYWHERE, end - 4, READ,
							   READY_ADDRESS));
}

static void registers_of_a_lying_mailbox(void)
{
	try_registers((struct hostile_guest){GUEST(fault_mailbox)},
		      (struct hostile_outcome)MAILBOX(EVERYWHERE, GUEST_CODE_BYTES(fault_mailbox)));
}

/* A guest's registers survive its doorbell and what others do meanwhile. */
static void registers_after_a_doorbell(void)
{
	const struct hostile_guest guest = {GUEST(fault_after_ring), .export_signature = "void()"};
	const struct hostile_guest other = {GUEST(fill_and_fault)};
	const uint64_t end = GUEST_CODE_BYTES(fault_after_ring);
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, end)}};
	struct hostile_run run, neighbour;

	hostile_open(&run, &guest);
	CHECK_OK(mote_sandbox_start(run.sandbox, NULL, &run.error), &run.error);
	hostile_open(&neighbour, &other);
	hostile_enter(&neighbour);
	CHECK_STATUS(neighbour.status, MOTE_GUEST_FAULT, &neighbour.error);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	check_registers(run.fault, end);
	hostile_close(&neighbour);
	hostile_close(&run);
}

/* ---- Flags ------------------------------------------------------------------------------- */

GUEST_CODE(privileged_flags, "mov x1, #-1; msr nzcv, x1; mrs x2, nzcv");

/* A guest changes its condition flags and nothing else. */
static void flags_without_privilege(void)
{
	const struct hostile_guest guest = {GUEST(privileged_flags)};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, GUEST_CODE_BYTES(privileged_flags))}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_EQ(run.fault->registers.as.aarch64.x[2], 0xf0000000);
	CHECK_EQ(run.fault->registers.as.aarch64.pstate & (PSTATE_PRIVILEGED | 0xf0000000),
		 PSTATE_OF_USER | 0xf0000000);
	hostile_close(&run);
}

/* ---- Texts ------------------------------------------------------------------------------- */

GUEST_CODE(undefined, "");
GUEST_CODE(null_write, "mov x0, #0; strb w0, [x0]");
GUEST_CODE(odd_doorbell, "mov x0, #" READY_TEXT "; strb w0, [x0]");

static void fault_without_symbols(void)
{
	const struct hostile_guest guest = {GUEST(undefined)};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, 0)},
		.part = "guest fault: invalid instruction: undefined instruction, code 0x2000000, "
			"at 0x410000",
	};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_STR(run.fault->symbol, "");
	hostile_close(&run);
}

static void fault_names_the_place(void)
{
	const struct hostile_guest guest = {GUEST(null_write)};
	const struct hostile_expectation expectation = {
		.outcomes = {ABORT(EVERYWHERE, MEMORY, TRANSLATION(3) | STORE, 4, WRITE, 0)},
		.part = "guest fault: memory access: write to 0x0 (null page) at 0x410004",
	};
	const struct hostile_guest odd = {GUEST(odd_doorbell)};
	const struct hostile_expectation doorbell = {
		.outcomes = {ODD_DOORBELL(EVERYWHERE, 8, WRITE, READY_ADDRESS)},
		.part = "write to 0xe280 (doorbell page) at 0x410008",
	};

	hostile_try(&guest, &expectation);
	hostile_try(&odd, &doorbell);
}

static const struct test_case cases[] = {
	CASE(entry_registers),
	CASE(neighbour_leaves_nothing),
	CASE(pollution_is_not_left_behind),
	CASE(registers_of_an_exception),
	CASE(registers_of_an_exception_with_address),
	CASE(registers_of_a_malformed_doorbell),
	CASE(registers_of_a_lying_mailbox),
	CASE(registers_after_a_doorbell),
	CASE(flags_without_privilege),
	CASE(fault_without_symbols),
	CASE(fault_names_the_place),
};

int main(int argc, char **argv)
{
	return test_main("hostile_state", cases, TEST_COUNT(cases), argc, argv);
}
