/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports: only `out %eax, port` to one of the four doorbell ports is a doorbell.
 * Other sizes and the other direction are a fault with the registers behind the
 * instruction; every other port is closed by the processor.
 */
#include <string.h>

#include "hostile.h"

/* mov to edx takes 5 bytes, out through dx 1, with a 16-bit operand 2. */
/* clang-format off */
#define PORTS(X) \
	X(in_byte, "in $0x50, %al", DOORBELL(EVERYWHERE, 2)) \
	X(in_word, "in $0x50, %ax", DOORBELL(EVERYWHERE, 3)) \
	X(in_dword, "in $0x50, %eax", DOORBELL(EVERYWHERE, 2)) \
	X(in_host_call, "in $0x54, %eax", DOORBELL(EVERYWHERE, 2)) \
	X(out_byte, "out %al, $0x50", DOORBELL(EVERYWHERE, 2)) \
	X(out_word, "out %ax, $0x50", DOORBELL(EVERYWHERE, 3)) \
	X(out_byte_inside, "out %al, $0x51", DOORBELL(EVERYWHERE, 2)) \
	X(out_word_inside, "out %ax, $0x5e", DOORBELL(EVERYWHERE, 3)) \
	X(out_dword_between, "mov $0x51, %edx; out %eax, %dx", DOORBELL(EVERYWHERE, 6)) \
	X(out_byte_host_call, "out %al, $0x54", DOORBELL(EVERYWHERE, 2)) \
	X(out_byte_log, "out %al, $0x58", DOORBELL(EVERYWHERE, 2)) \
	X(out_byte_abort, "out %al, $0x5c", DOORBELL(EVERYWHERE, 2)) \
	X(outsb, "mov $0x50, %edx; mov $" DATA_TEXT ", %esi; outsb", DOORBELL(EVERYWHERE, 11)) \
	X(outsw, "mov $0x50, %edx; mov $" DATA_TEXT ", %esi; outsw", DOORBELL(EVERYWHERE, 12)) \
	/* a first write that is tracked traps when it retires: it stands on the instruction */ \
	X(insb, "mov $0x50, %edx; mov $" DATA_TEXT ", %edi; insb", DOORBELL(EVERYWHERE, 11), \
	  DOORBELL(EVERYWHERE, 10)) \
	X(insl, "mov $0x50, %edx; mov $" DATA_TEXT ", %edi; insl", DOORBELL(EVERYWHERE, 11), \
	  DOORBELL(EVERYWHERE, 10)) \
	/* the first of the repetitions has retired, so it stands on the instruction still */ \
	X(rep_outsb, "mov $16, %ecx; mov $0x50, %edx; mov $" DATA_TEXT ", %esi; rep outsb", \
	  DOORBELL(EVERYWHERE, 15)) \
	X(rep_insb, "mov $16, %ecx; mov $0x50, %edx; mov $" DATA_TEXT ", %edi; rep insb", \
	  DOORBELL(EVERYWHERE, 15)) \
	X(rep_insl_long, "mov $65536, %ecx; mov $0x50, %edx; mov $" DATA_TEXT ", %edi; rep insl", \
	  DOORBELL(EVERYWHERE, 15)) \
	X(below_byte, "out %al, $0x4f", GP(EVERYWHERE, 0, 0)) \
	X(below_dword, "out %eax, $0x4c", GP(EVERYWHERE, 0, 0)) \
	X(below_overlapping, "out %eax, $0x4d", GP(EVERYWHERE, 0, 0)) \
	X(above_byte, "out %al, $0x60", GP(EVERYWHERE, 0, 0)) \
	X(above_dword, "out %eax, $0x60", GP(EVERYWHERE, 0, 0)) \
	X(above_overlapping_word, "out %ax, $0x5f", GP(EVERYWHERE, 0, 0)) \
	X(above_overlapping_dword, "out %eax, $0x5d", GP(EVERYWHERE, 0, 0)) \
	X(in_closed, "in $0x60, %al", GP(EVERYWHERE, 0, 0)) \
	X(port_0x98, "out %al, $0x98", GP(EVERYWHERE, 0, 0)) \
	X(port_0x98_with_privilege, "push $0x3202; popf; out %al, $0x98", GP(EVERYWHERE, 0, 6)) \
	X(serial_port, "mov $0x3f8, %edx; out %al, %dx", GP(EVERYWHERE, 0, 5)) \
	X(bitmap_end, "mov $0x3ff, %edx; out %eax, %dx", GP(EVERYWHERE, 0, 5)) \
	X(behind_bitmap, "mov $0x400, %edx; out %al, %dx", GP(EVERYWHERE, 0, 5)) \
	X(pci_port, "mov $0xcf8, %edx; out %eax, %dx", GP(EVERYWHERE, 0, 5)) \
	X(last_port, "mov $0xffff, %edx; out %eax, %dx", GP(EVERYWHERE, 0, 5)) \
	X(wrapped_doorbell, "mov $0x10050, %edx; out %al, %dx", DOORBELL(EVERYWHERE, 6)) \
	X(outsb_closed, "mov $0x60, %edx; mov $" DATA_TEXT ", %esi; outsb", GP(EVERYWHERE, 0, 10))
/* clang-format on */

PORTS(HOSTILE_DEFINE)

/* ---- Every port -------------------------------------------------------------------------- */

GUEST_CODE(out_any, "mov " DATA_TEXT ", %edx; out %al, %dx");
enum { OUT_ANY_AT = 7, OUT_ANY_END = 8 };

static bool open_port(uint32_t port)
{
	return port >= MOTE_ABI_PORT_READY && port < MOTE_ABI_PORT_ABORT + 4;
}

static void try_port(uint32_t port)
{
	const struct hostile_outcome opened = DOORBELL(EVERYWHERE, OUT_ANY_END);
	const struct hostile_outcome closed = GP(EVERYWHERE, 0, OUT_ANY_AT);
	const struct hostile_guest guest = {GUEST(out_any), .data = &port,
					    .data_bytes = sizeof(port)};
	struct hostile_expectation expectation = {0};

	expectation.outcomes[0] = open_port(port) ? opened : closed;
	hostile_try_once(&guest, &expectation);
}

static void every_port(void)
{
	uint32_t step = 1024 / (uint32_t)test_scale(1024);

	for (uint32_t port = 0; port < 0x500; port += port >= 0x40 && port < 0x70 ? 1 : step)
		try_port(port);
	for (uint32_t port = 0x1000; port < 0x10000; port += 0x1000)
		try_port(port + 0x50);
}

/* ---- What does ring ---------------------------------------------------------------------- */

/* Starts the guest, which must get through, and calls it for the outcome. */
static void ring_then(struct hostile_guest guest, const struct hostile_expectation *expectation)
{
	struct hostile_run run;

	guest.export_signature = "void()";
	hostile_open(&run, &guest);
	CHECK_OK(mote_sandbox_start(run.sandbox, NULL, &run.error), &run.error);
	CHECK(!mote_sandbox_is_poisoned(run.sandbox));
	CHECK(!mote_sandbox_get_fault(run.sandbox));
	hostile_enter(&run);
	hostile_check(&run, expectation);
	hostile_close(&run);
}

GUEST_CODE(out_ready, "out %eax, $0x50");
GUEST_CODE(out_ready_dx, "mov $0x50, %edx; out %eax, %dx");
GUEST_CODE(out_ready_long, ".byte 0x48; out %eax, $0x50");
GUEST_CODE(out_ready_step, "push $0x102; popf; out %eax, $0x50; nop; nop");
GUEST_CODE(outsl_ready, "mov $0x50, %edx; mov $" DATA_TEXT ", %esi; outsl");

static void doorbell_is_open(void)
{
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, 2)}};

	ring_then((struct hostile_guest){GUEST(out_ready)}, &expectation);
}

static void doorbell_through_dx(void)
{
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, 6)}};

	ring_then((struct hostile_guest){GUEST(out_ready_dx)}, &expectation);
}

/* There is no 64-bit out: the prefix changes nothing. */
static void doorbell_with_wide_prefix(void)
{
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, 3)}};

	ring_then((struct hostile_guest){GUEST(out_ready_long)}, &expectation);
}

/* A single outsl looks like an out to the hypervisor; it rings, and can do no more than that. */
static void outsl_rings(void)
{
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, 11)}};

	ring_then((struct hostile_guest){GUEST(outsl_ready)}, &expectation);
}

/* The trap comes behind the out, or one instruction later where the hypervisor emulates the out. */
static void single_step_over_the_doorbell(void)
{
	const struct hostile_expectation expectation = {
		.outcomes = {DB(PVM, 9), DB(SVM | HARDWARE, 8), DB(HARDWARE, 9)}};

	ring_then((struct hostile_guest){GUEST(out_ready_step)}, &expectation);
}

/* Each repetition is one more ring: calls that return at once, and an end. */
GUEST_CODE(rep_outsl, "mov $3, %ecx; mov $0x50, %edx; mov $" DATA_TEXT ", %esi; rep outsl");

static void rep_outsl_rings_each_time(void)
{
	const struct hostile_guest guest = {GUEST(rep_outsl), .export_signature = "void()"};
	const struct hostile_expectation expectation = {.outcomes = {UD(EVERYWHERE, 17)}};
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

static const struct test_case cases[] = {
	/* clang-format off */
	PORTS(HOSTILE_RUN)
	/* clang-format on */
	CASE(every_port),
	CASE(doorbell_is_open),
	CASE(doorbell_through_dx),
	CASE(doorbell_with_wide_prefix),
	CASE(outsl_rings),
	CASE(rep_outsl_rings_each_time),
	CASE(single_step_over_the_doorbell),
};

int main(int argc, char **argv)
{
	return test_main("hostile_doorbell", cases, TEST_COUNT(cases), argc, argv);
}
