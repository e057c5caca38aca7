/* SPDX-License-Identifier: Apache-2.0
 *
 * The doorbell page: only a store of 8 aligned bytes to one of the four ports is
 * a doorbell.  Everything else there is a fault: behind the instruction where the
 * processor describes the access, so that the host has completed it; still on it
 * where it does not (pairs, atomics, vectors, an address that is updated).  The
 * monitor's doorbell page behind it is closed by the page tables.
 *
 * Where the bed differs from HARDWARE: the emulator does not check the alignment
 * of accesses to devices.  HARDWARE may refuse exclusives and atomics there.
 */
#include <string.h>

#include "hostile.h"

/* Runs an instruction with x0 = the address of port READY, at 4; the next one is at 8. */
#define AT_READY(assembly) "mov x0, #" READY_TEXT "; " assembly
#define AT_PAGE(page, assembly) "mov x0, #" page "; " assembly

/* clang-format off */
#define ODD_READ(beds, at, offset) ODD_DOORBELL(beds, at, READ, READY_ADDRESS + (offset))
#define ODD_WRITE(beds, at, offset) ODD_DOORBELL(beds, at, WRITE, READY_ADDRESS + (offset))
#define UNSUPPORTED_READ(beds) \
	ABORT(beds, MEMORY, UNSUPPORTED_ATOMIC, 4, READ, READY_ADDRESS)
#define UNSUPPORTED_WRITE(beds) \
	ABORT(beds, MEMORY, UNSUPPORTED_ATOMIC | STORE, 4, WRITE, READY_ADDRESS)

/* Described: X(name, assembly, outcomes...) */
#define DESCRIBED(X) \
	X(load, AT_READY("ldr x1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_word, AT_READY("ldr w1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_half, AT_READY("ldrh w1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_byte, AT_READY("ldrb w1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_signed_byte, AT_READY("ldrsb x1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_signed_word, AT_READY("ldrsw x1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_acquire, AT_READY("ldar x1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_acquire_local, AT_READY("ldapr x1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_unprivileged, AT_READY("ldtr x1, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_unscaled, AT_READY("ldur x1, [x0, #-8]"), ODD_READ(EVERYWHERE, 8, -8)) \
	X(load_to_nothing, AT_READY("ldr xzr, [x0]"), ODD_READ(EVERYWHERE, 8, 0)) \
	X(load_host_call, AT_READY("ldr x1, [x0, #0x20]"), ODD_READ(EVERYWHERE, 8, 0x20)) \
	X(store_word, AT_READY("str w1, [x0]"), ODD_WRITE(EVERYWHERE, 8, 0)) \
	X(store_half, AT_READY("strh w1, [x0]"), ODD_WRITE(EVERYWHERE, 8, 0)) \
	X(store_byte, AT_READY("strb w1, [x0]"), ODD_WRITE(EVERYWHERE, 8, 0)) \
	X(store_word_inside, AT_READY("str w1, [x0, #4]"), ODD_WRITE(EVERYWHERE, 8, 4)) \
	X(store_byte_inside, AT_READY("strb w1, [x0, #1]"), ODD_WRITE(EVERYWHERE, 8, 1)) \
	X(store_byte_host_call, AT_READY("strb w1, [x0, #0x20]"), ODD_WRITE(EVERYWHERE, 8, 0x20)) \
	X(store_byte_log, AT_READY("strb w1, [x0, #0x40]"), ODD_WRITE(EVERYWHERE, 8, 0x40)) \
	X(store_byte_abort, AT_READY("strb w1, [x0, #0x60]"), ODD_WRITE(EVERYWHERE, 8, 0x60)) \
	X(store_release_word, AT_READY("stlr w1, [x0]"), ODD_WRITE(EVERYWHERE, 8, 0)) \
	X(store_unprivileged_byte, AT_READY("sttrb w1, [x0]"), ODD_WRITE(EVERYWHERE, 8, 0)) \
	X(store_first_byte, AT_PAGE("0xe000", "strb w1, [x0]"), \
	  ODD_DOORBELL(EVERYWHERE, 8, WRITE, DOORBELL_PAGE)) \
	X(store_last_byte, AT_PAGE("0xe000", "strb w1, [x0, #0xfff]"), \
	  ODD_DOORBELL(EVERYWHERE, 8, WRITE, DOORBELL_PAGE + 0xfff)) \
	X(load_last, AT_PAGE("0xe000", "ldr x1, [x0, #0xff8]"), \
	  ODD_DOORBELL(EVERYWHERE, 8, READ, DOORBELL_PAGE + 0xff8)) \
	X(store_before_ready, AT_READY("str x1, [x0, #-8]"), DOORBELL(EVERYWHERE, 8)) \
	X(store_behind_ready, AT_READY("str x1, [x0, #8]"), DOORBELL(EVERYWHERE, 8)) \
	X(store_first, AT_PAGE("0xe000", "str x1, [x0]"), DOORBELL(EVERYWHERE, 8)) \
	X(store_last, AT_PAGE("0xe000", "str x1, [x0, #0xff8]"), DOORBELL(EVERYWHERE, 8))

/* Not described. */
#define UNDESCRIBED(X) \
	X(store_pair, AT_READY("stp x1, x2, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_pair_words, AT_READY("stp w1, w2, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_pair_around, AT_READY("stp x1, x2, [x0, #-8]"), ODD_WRITE(EVERYWHERE, 4, -8)) \
	X(store_pair_streaming, AT_READY("stnp x1, x2, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(load_pair, AT_READY("ldp x1, x2, [x0]"), ODD_READ(EVERYWHERE, 4, 0)) \
	X(load_pair_signed, AT_READY("ldpsw x1, x2, [x0]"), ODD_READ(EVERYWHERE, 4, 0)) \
	X(store_post_index, AT_READY("str x1, [x0], #8"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_pre_index, AT_READY("str x1, [x0, #8]!"), ODD_WRITE(EVERYWHERE, 4, 8)) \
	X(load_post_index, AT_READY("ldr x1, [x0], #8"), ODD_READ(EVERYWHERE, 4, 0)) \
	X(load_pre_index, AT_READY("ldr x1, [x0, #-8]!"), ODD_READ(EVERYWHERE, 4, -8)) \
	X(store_byte_vector, AT_READY("str b0, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_double_vector, AT_READY("str d0, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_vector, AT_READY("str q0, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_vector_pair, AT_READY("stp q0, q1, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(load_double_vector, AT_READY("ldr d0, [x0]"), ODD_READ(EVERYWHERE, 4, 0)) \
	X(load_vector, AT_READY("ldr q0, [x0]"), ODD_READ(EVERYWHERE, 4, 0)) \
	X(store_structure, AT_READY("st1 {v0.16b}, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_four_structures, AT_READY("st4 {v0.2d-v3.2d}, [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(store_lane, AT_READY("st1 {v0.d}[1], [x0]"), ODD_WRITE(EVERYWHERE, 4, 0)) \
	X(load_structure, AT_READY("ld1 {v0.2d}, [x0]"), ODD_READ(EVERYWHERE, 4, 0)) \
	X(load_replicated, AT_READY("ld1r {v0.2d}, [x0]"), ODD_READ(EVERYWHERE, 4, 0))

#define ATOMIC(X) \
	X(load_exclusive, AT_READY("ldxr x1, [x0]"), ODD_READ(EVERYWHERE, 4, 0), \
	  UNSUPPORTED_READ(HARDWARE)) \
	X(load_exclusive_pair, AT_READY("ldaxp x1, x2, [x0]"), ODD_READ(EVERYWHERE, 4, 0), \
	  UNSUPPORTED_READ(HARDWARE)) \
	/* without a load before it, it stores nothing; HARDWARE may look at the address all the
	 * same */ \
	X(store_exclusive, AT_READY("stxr w3, x1, [x0]"), UD(EVERYWHERE, 8), \
	  ODD_WRITE(HARDWARE, 4, 0), UNSUPPORTED_WRITE(HARDWARE)) \
	X(swap, AT_READY("swp x1, x3, [x0]"), ODD_READ(EVERYWHERE, 4, 0), \
	  UNSUPPORTED_READ(HARDWARE)) \
	X(fetch_add, AT_READY("ldadd x1, x3, [x0]"), ODD_READ(EVERYWHERE, 4, 0), \
	  UNSUPPORTED_READ(HARDWARE)) \
	X(fetch_clear_byte, AT_READY("ldclralb w1, w3, [x0]"), ODD_READ(EVERYWHERE, 4, 0), \
	  UNSUPPORTED_READ(HARDWARE)) \
	X(add, AT_READY("stadd x1, [x0]"), ODD_READ(EVERYWHERE, 4, 0), UNSUPPORTED_READ(HARDWARE)) \
	X(compare_and_swap, AT_READY("cas x3, x1, [x0]"), ODD_READ(EVERYWHERE, 4, 0), \
	  UNSUPPORTED_READ(HARDWARE)) \
	X(compare_and_swap_pair, AT_READY("casp x2, x3, x4, x5, [x0]"), \
	  ODD_READ(EVERYWHERE, 4, 0), UNSUPPORTED_READ(HARDWARE))

#define MISALIGNED_STORE(offset) \
	ODD_WRITE(ARM64_BED, 8, offset), \
	ABORT(HARDWARE, ALIGNMENT, MISALIGNED | STORE, 4, WRITE, READY_ADDRESS + (offset))
#define MISALIGNED_LOAD(offset) \
	ODD_READ(ARM64_BED, 8, offset), \
	ABORT(HARDWARE, ALIGNMENT, MISALIGNED, 4, READ, READY_ADDRESS + (offset))

#define MISPLACED(X) \
	X(store_at_1, AT_READY("stur x1, [x0, #1]"), MISALIGNED_STORE(1)) \
	X(store_at_4, AT_READY("stur x1, [x0, #4]"), MISALIGNED_STORE(4)) \
	X(store_at_7_below, AT_READY("stur x1, [x0, #-7]"), MISALIGNED_STORE(-7)) \
	X(store_half_at_1, AT_READY("sturh w1, [x0, #1]"), MISALIGNED_STORE(1)) \
	X(load_at_1, AT_READY("ldur x1, [x0, #1]"), MISALIGNED_LOAD(1)) \
	X(load_at_4, AT_READY("ldur x1, [x0, #4]"), MISALIGNED_LOAD(4)) \
	X(store_into_monitor_page, AT_PAGE("0xeffc", "str x1, [x0]"), MISALIGNED_STORE(0xd7c)) \
	X(store_below, AT_PAGE("0xdff8", "str x1, [x0]"), \
	  ABORT(EVERYWHERE, MEMORY, TRANSLATION(3) | STORE, 4, WRITE, DOORBELL_PAGE - 8)) \
	X(store_from_below, AT_PAGE("0xdffc", "str x1, [x0]"), \
	  ABORT(EVERYWHERE, MEMORY, TRANSLATION(3) | STORE, 4, WRITE, DOORBELL_PAGE - 4))

#define MONITOR_WRITE(offset) \
	ABORT(EVERYWHERE, MEMORY, PERMISSION | STORE, 4, WRITE, MONITOR_DOORBELL_PAGE + (offset))
#define MONITOR_READ(offset) \
	ABORT(EVERYWHERE, MEMORY, PERMISSION, 4, READ, MONITOR_DOORBELL_PAGE + (offset))

#define MONITOR_PAGE(X) \
	X(monitor_store, AT_PAGE("0xf000", "str xzr, [x0]"), MONITOR_WRITE(0)) \
	X(monitor_store_vector_8, AT_PAGE("0xf000", "str xzr, [x0, #64]"), MONITOR_WRITE(64)) \
	X(monitor_store_byte, AT_PAGE("0xf000", "strb wzr, [x0]"), MONITOR_WRITE(0)) \
	X(monitor_store_last, AT_PAGE("0xf000", "strb wzr, [x0, #0xfff]"), MONITOR_WRITE(0xfff)) \
	X(monitor_store_into_memory, AT_PAGE("0xfffc", "str xzr, [x0]"), MONITOR_WRITE(0xffc)) \
	X(monitor_store_pair, AT_PAGE("0xf000", "stp x1, x2, [x0]"), MONITOR_WRITE(0)) \
	X(monitor_store_vector, AT_PAGE("0xf000", "st1 {v0.16b}, [x0]"), MONITOR_WRITE(0)) \
	X(monitor_store_unprivileged, AT_PAGE("0xf000", "sttr x1, [x0]"), MONITOR_WRITE(0)) \
	X(monitor_load, AT_PAGE("0xf000", "ldr x1, [x0]"), MONITOR_READ(0)) \
	X(monitor_load_pair, AT_PAGE("0xf000", "ldp x1, x2, [x0]"), MONITOR_READ(0)) \
	X(monitor_load_exclusive, AT_PAGE("0xf000", "ldxr x1, [x0]"), MONITOR_READ(0)) \
	X(monitor_swap, AT_PAGE("0xf000", "swp x1, x3, [x0]"), MONITOR_READ(0)) \
	X(monitor_compare_and_swap, AT_PAGE("0xf000", "cas x1, x3, [x0]"), MONITOR_READ(0)) \
	X(monitor_prefetch, AT_PAGE("0xf000", "prfm pstl1keep, [x0]"), UD(EVERYWHERE, 8))

#define FETCHES(X) \
	X(jump, AT_PAGE("0xe000", "br x0"), FETCH(EVERYWHERE, PERMISSION, DOORBELL_PAGE)) \
	X(jump_to_ready, AT_READY("br x0"), FETCH(EVERYWHERE, PERMISSION, READY_ADDRESS)) \
	X(jump_to_end, AT_PAGE("0xeffc", "br x0"), FETCH(EVERYWHERE, PERMISSION, DOORBELL_PAGE + 0xffc)) \
	X(monitor_jump, AT_PAGE("0xf000", "br x0"), \
	  FETCH(EVERYWHERE, PERMISSION, MONITOR_DOORBELL_PAGE)) \
	X(prefetch, AT_READY("prfm pldl1keep, [x0]"), UD(EVERYWHERE, 8)) \
	X(prefetch_to_store, AT_READY("prfm pstl1keep, [x0]"), UD(EVERYWHERE, 8)) \
	X(prefetch_code, AT_READY("prfm plil1keep, [x0]"), UD(EVERYWHERE, 8))

#define ALL(X) DESCRIBED(X) UNDESCRIBED(X) ATOMIC(X) MISPLACED(X) MONITOR_PAGE(X) FETCHES(X)
/* clang-format on */

ALL(HOSTILE_DEFINE)

/* ---- Every port -------------------------------------------------------------------------- */

GUEST_CODE(store_any, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; str xzr, [x0]");
GUEST_CODE(store_any_byte, "mov x0, #" DATA_TEXT "; ldr x0, [x0]; strb wzr, [x0]");
enum { STORE_ANY_END = 12, PORTS = 512 };

static bool open_port(uint32_t port)
{
	return port >= MOTE_ABI_PORT_READY && port <= MOTE_ABI_PORT_ABORT && port % 4 == 0;
}

static void try_port(uint32_t port)
{
	const uint64_t address = DOORBELL_PAGE + 8 * port;
	const struct hostile_expectation closed = {
		.outcomes = {DOORBELL(EVERYWHERE, STORE_ANY_END)}};
	const struct hostile_expectation odd = {
		.outcomes = {ODD_DOORBELL(EVERYWHERE, STORE_ANY_END, WRITE, address)}};
	struct hostile_guest guest = {GUEST(store_any_byte), .data = &address,
				      .data_bytes = sizeof(address)};

	hostile_try_once(&guest, &odd);
	guest.code = guest_store_any;
	guest.code_end = guest_store_any_end;
	if (!open_port(port))
		hostile_try_once(&guest, &closed);
}

static void every_port(void)
{
	uint32_t step = PORTS / (uint32_t)test_scale(PORTS);

	for (uint32_t port = 0; port < PORTS; port += port >= 0x4e && port < 0x60 ? 1 : step)
		try_port(port);
}

/* ---- What does ring ---------------------------------------------------------------------- */

/* Starts the guest, which must get through, and calls it for the outcome. */
static void ring_then(struct hostile_guest guest, uint64_t behind)
{
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, behind)}};
	struct hostile_run run;

	guest.export_signature = "void()";
	hostile_open(&run, &guest);
	CHECK_OK(mote_sandbox_start(run.sandbox, NULL, &run.error), &run.error);
	CHECK(!mote_sandbox_is_poisoned(run.sandbox));
	CHECK(!mote_sandbox_get_fault(run.sandbox));
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	hostile_close(&run);
}

/* Each is described as a plain store of 8 bytes; the value is ignored. */
/* clang-format off */
#define RINGS(X) \
	X(doorbell_is_open, AT_READY("str xzr, [x0]")) \
	X(doorbell_with_value, AT_READY("str x0, [x0]")) \
	X(doorbell_through_offset, AT_PAGE("0xe000", "str x0, [x0, #0x280]")) \
	X(doorbell_through_index, AT_PAGE("0xe000", "mov x1, #0x50; str x0, [x0, x1, lsl #3]")) \
	X(doorbell_through_unscaled, AT_READY("add x0, x0, #3; stur x0, [x0, #-3]")) \
	X(doorbell_through_unprivileged, AT_READY("sttr x0, [x0]")) \
	X(doorbell_through_release, AT_READY("stlr x0, [x0]")) \
	X(doorbell_through_sp, AT_PAGE("0xe000", "mov sp, x0; str x0, [sp, #0x280]"))

#define DEFINE_RING(name, assembly) \
	GUEST_CODE(name, assembly); \
	static void run_##name(void) \
	{ \
		ring_then((struct hostile_guest){GUEST(name)}, GUEST_CODE_BYTES(name)); \
	}

RINGS(DEFINE_RING)
/* clang-format on */

/* Each time is one more ring: calls that return at once, and an end. */
GUEST_CODE(ring_loop, AT_READY("mov w1, #3; 1: str xzr, [x0]; subs w1, w1, #1; b.ne 1b"));

static void loop_rings_each_time(void)
{
	const struct hostile_guest guest = {GUEST(ring_loop), .export_signature = "void()"};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, GUEST_CODE_BYTES(ring_loop))}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	for (int i = 0; i < 3; i++) {
		hostile_enter(&run);
		CHECK_OK(run.status, &run.error);
	}
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	hostile_close(&run);
}

/* A host that answers a read at all answers with zeros. */
GUEST_CODE(read_page, "mov x1, #-1; mov x0, #" READY_TEXT "; ldr x1, [x0]");

static void load_gives_zero(void)
{
	const struct hostile_guest guest = {GUEST(read_page)};
	const struct hostile_expectation expectation = {.outcomes = {ODD_READ(EVERYWHERE, 12, 0)}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_EQ(run.fault->registers.as.aarch64.x[1], 0);
	CHECK_STR(run.fault->region, "doorbell page");
	hostile_close(&run);
}

static const struct test_case cases[] = {
	/* clang-format off */
	ALL(HOSTILE_RUN)
	RINGS(HOSTILE_RUN)
	/* clang-format on */
	CASE(every_port),
	CASE(loop_rings_each_time),
	CASE(load_gives_zero),
};

int main(int argc, char **argv)
{
	return test_main("hostile_doorbell", cases, TEST_COUNT(cases), argc, argv);
}
