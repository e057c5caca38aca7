/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of place in a guest's memory, read, written and jumped to: what is
 * forbidden faults with the right error code, address and region, and what is
 * allowed works.
 */
#include <stdlib.h>
#include <string.h>

#include "hostile_memory_arch.h"

/* ---- Where everything is ----------------------------------------------------------------- */

enum base { ABSOLUTE, STACK, STACK_END, MAILBOX_BEGIN, MAILBOX_END, THREAD, HEAP, HEAP_END, BASES };

/* The layout is the same for all sandboxes with the same options and image sizes. */
static void find_bases(uint64_t bases[BASES])
{
	const struct hostile_guest guest = {GUEST(probe)};
	struct hostile_run run;
	struct header header;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_STATUS(run.status, MOTE_GUEST_FAULT, &run.error);
	header = probed(&run.fault->registers);
	bases[ABSOLUTE] = 0;
	bases[STACK] = header.stack_gva;
	bases[STACK_END] = header.stack_gva + header.stack_bytes;
	bases[MAILBOX_BEGIN] = header.mailbox;
	bases[MAILBOX_END] = header.host_call_data_gva + header.data_bytes;
	bases[THREAD] = header.thread_pointer;
	bases[HEAP] = header.heap_gva;
	bases[HEAP_END] = header.heap_gva + header.heap_bytes;
	CHECK_EQ(header.stack_pointer, bases[STACK_END]);
	CHECK_EQ(header.call_data_gva, header.mailbox + 4096);
	CHECK_EQ(header.host_call_data_gva, header.call_data_gva + header.data_bytes);
	hostile_close(&run);
}

/* ---- Places ------------------------------------------------------------------------------ */

struct place {
	enum base base;
	int64_t offset;
	const char *region;
	enum mapping mapping;
	bool stack_guard;
};

static bool allowed(enum mapping mapping, mote_access access)
{
	switch (access) {
	case MOTE_ACCESS_READ:
		return mapping >= READ_ONLY;
	case MOTE_ACCESS_WRITE:
		return mapping == DATA;
	default:
		return mapping == CODE;
	}
}

/* What comes of an access that is allowed. */
static struct hostile_outcome arrival(mote_access access, uint64_t address)
{
	struct hostile_outcome read_on = UD(EVERYWHERE, GUEST_CODE_BYTES(read));
	struct hostile_outcome wrote_on = UD(EVERYWHERE, GUEST_CODE_BYTES(write));
	struct hostile_outcome jumped = FILLER(EVERYWHERE, address - HOSTILE_CODE);

	if (access == MOTE_ACCESS_READ)
		return read_on;
	return access == MOTE_ACCESS_WRITE ? wrote_on : jumped;
}

static struct hostile_outcome refusal(const struct place *place, mote_access access,
				      uint64_t address)
{
	return (struct hostile_outcome){
		.beds = EVERYWHERE,
		.kind = place->stack_guard ? MOTE_FAULT_STACK_OVERFLOW : MOTE_FAULT_MEMORY,
		.vector = refusal_vector(access),
		.error_code = refusal_code(place->mapping, access),
		.pc = access == MOTE_ACCESS_EXECUTE ? address : HOSTILE_CODE + ACCESS_AT,
		.access = access,
		.address = address,
	};
}

static void try_access(const struct place *place, uint64_t address, struct hostile_guest guest,
		       mote_access access)
{
	struct hostile_expectation expectation = {.part = "guest fault"};
	struct hostile_run run;
	bool may = allowed(place->mapping, access);

	guest.data = &address;
	guest.data_bytes = sizeof(address);
	expectation.outcomes[0] = may ? arrival(access, address) : refusal(place, access, address);
	if (!may) {
		expectation.part = place->region;
		expectation.outcomes[1] = refusal_alternative(&expectation.outcomes[0]);
	}
	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_STR(run.fault->region, may ? "" : place->region);
	hostile_close(&run);
}

static void try_place(const struct place *place)
{
	uint64_t bases[BASES], address;

	find_bases(bases);
	address = bases[place->base] + (uint64_t)place->offset;
	try_access(place, address, (struct hostile_guest){GUEST(read)}, MOTE_ACCESS_READ);
	try_access(place, address, (struct hostile_guest){GUEST(write)}, MOTE_ACCESS_WRITE);
	try_access(place, address - address % INSTRUCTION_BYTES,
		   (struct hostile_guest){GUEST(jump)}, MOTE_ACCESS_EXECUTE);
}

/* clang-format off */
#define PLACES(X) \
	X(null_page, ABSOLUTE, 0, "null page", ABSENT) \
	X(null_page_end, ABSOLUTE, 0xfff, "null page", ABSENT) \
	X(stack, STACK, 0, "stack", DATA) \
	X(stack_end, STACK_END, -1, "stack", DATA) \
	X(mailbox, MAILBOX_BEGIN, 0, "mailbox", DATA) \
	X(mailbox_data, MAILBOX_BEGIN, 0x1000, "mailbox", DATA) \
	X(mailbox_end, MAILBOX_END, -1, "mailbox", DATA) \
	X(thread_block, THREAD, 0, "thread block", DATA) \
	X(guard_below_image, ABSOLUTE, HOSTILE_TABLES - 1, "guard", ABSENT_2_MIB) \
	X(guard_behind_thread, MAILBOX_END, 0x1000, "guard", ABSENT) \
	X(constants, ABSOLUTE, HOSTILE_TABLES, "image", READ_ONLY) \
	X(between_segments, ABSOLUTE, HOSTILE_TABLES + 0x1000, "image", ABSENT) \
	X(code, ABSOLUTE, HOSTILE_CODE + 0x800, "image", CODE) \
	X(behind_code, ABSOLUTE, HOSTILE_CODE + 0x1000, "image", ABSENT) \
	X(data, ABSOLUTE, HOSTILE_DATA + 0x800, "image", DATA) \
	X(guard_behind_image, ABSOLUTE, HOSTILE_DATA + HOSTILE_DATA_BYTES, "guard", ABSENT) \
	X(guard_below_heap, HEAP, -1, "guard", ABSENT) \
	X(heap, HEAP, 0, "heap", DATA) \
	X(heap_end, HEAP_END, -1, "heap", DATA) \
	X(page_tables, HEAP_END, 0, "page tables", ABSENT) \
	X(page_tables_second, HEAP_END, 0x1000, "page tables", ABSENT) \
	X(buffer_space, HEAP_END, 64 << 20, "outside memory", ABSENT_2_MIB) \
	X(four_gib, ABSOLUTE, 1ll << 32, "outside memory", ABSENT_1_GIB) \
	X(highest_lower_half, ABSOLUTE, (1ll << 47) - 0x1000, "outside memory", ABSENT_512_GIB) \
	X(upper_half, ABSOLUTE, -(1ll << 47), "outside memory", ABSENT_512_GIB) \
	X(highest, ABSOLUTE, -1, "outside memory", ABSENT_512_GIB) \
	ARCHITECTURE_PLACES(X)

#define STACK_GUARDS(X) \
	X(guard_below_stack, STACK, -1) \
	X(guard_far_below_stack, STACK, -0x3fff) \
	X(guard_above_stack, STACK_END, 0) \
	X(guard_far_above_stack, STACK_END, 0x3fff)

#define DEFINE(name, base, offset, region, mapping) \
	static void run_##name(void) \
	{ \
		try_place(&(const struct place){base, offset, region, mapping, false}); \
	}
#define DEFINE_GUARD(name, base, offset) \
	static void run_##name(void) \
	{ \
		try_place(&(const struct place){base, offset, "stack guard", ABSENT, true}); \
	}
#define RUN(name, ...) {#name, run_##name, NULL, NULL},
/* clang-format on */

PLACES(DEFINE)
STACK_GUARDS(DEFINE_GUARD)

/* ---- Odd addresses ----------------------------------------------------------------------- */

static void try_at(struct hostile_guest guest, uint64_t address, struct hostile_outcome outcome)
{
	const struct hostile_expectation expectation = {.outcomes = {outcome}};

	guest.data = &address;
	guest.data_bytes = sizeof(address);
	hostile_try(&guest, &expectation);
}

static void not_canonical(void)
{
	static const uint64_t addresses[] = {STRANGE_ADDRESSES};

	for (size_t i = 0; i < TEST_COUNT(addresses); i++) {
		uint64_t address = addresses[i];

		try_at((struct hostile_guest){GUEST(read)}, address,
		       strange_access(MOTE_ACCESS_READ, address));
		try_at((struct hostile_guest){GUEST(write)}, address,
		       strange_access(MOTE_ACCESS_WRITE, address));
		try_at((struct hostile_guest){GUEST(jump)}, address,
		       strange_access(MOTE_ACCESS_EXECUTE, address));
	}
}

/* A refused access to memory that is not there. */
static struct hostile_outcome miss(mote_access access, uint64_t pc, uint64_t address)
{
	return (struct hostile_outcome){.beds = EVERYWHERE,
					.kind = MOTE_FAULT_MEMORY,
					.vector = refusal_vector(access),
					.error_code = refusal_code(ABSENT, access),
					.pc = pc,
					.access = access,
					.address = address};
}

/* The address of the fault is the first byte that may not be read. */
static void read_across_the_end_of_memory(void)
{
	uint64_t bases[BASES];

	find_bases(bases);
	try_at((struct hostile_guest){GUEST(read_eight)}, bases[HEAP_END] - 4,
	       miss(MOTE_ACCESS_READ, HOSTILE_CODE + ACCESS_AT, bases[HEAP_END]));
}

static void instruction_across_the_end_of_code(void)
{
	try_at((struct hostile_guest){GUEST(straddling)}, 0,
	       miss(MOTE_ACCESS_EXECUTE, STRADDLING_PC, HOSTILE_CODE + 0x1000));
}

/* ---- Code that changes ------------------------------------------------------------------- */

/* The file is refused before it runs. */
static void check_refused(const uint8_t *file, size_t bytes, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_engine *engine;

	test_need_hypervisor();
	REQUIRE_OK(mote_engine_create(NULL, &engine, &error), &error);
	CHECK_STATUS(mote_sandbox_create_from_bytes(engine, file, bytes, NULL, &sandbox, &error),
		     MOTE_BAD_IMAGE, &error);
	CHECK_CONTAINS(error.text, part);
	CHECK(!sandbox);
	mote_engine_release(engine);
}

static void writable_code_is_refused(void)
{
	const struct hostile_guest guest = {GUEST(read)};
	size_t bytes;
	uint8_t *file = hostile_image(&guest, &bytes);

	CHECK_EQ(hostile_segment(file, HOSTILE_CODE_SEGMENT)->p_flags, PF_R | PF_X);
	hostile_segment(file, HOSTILE_CODE_SEGMENT)->p_flags |= PF_W;
	check_refused(file, bytes, "writable and executable");
	free(file);
}

/* Neither the same page twice, nor a page that both have a part of. */
static void code_and_data_share_no_page(void)
{
	const struct hostile_guest guest = {GUEST(read)};
	size_t bytes;
	uint8_t *file = hostile_image(&guest, &bytes);

	hostile_segment(file, HOSTILE_DATA_SEGMENT)->p_vaddr = HOSTILE_CODE;
	check_refused(file, bytes, "overlaps");
	hostile_segment(file, HOSTILE_DATA_SEGMENT)->p_vaddr = HOSTILE_CODE + 0x800;
	hostile_segment(file, HOSTILE_CODE_SEGMENT)->p_filesz = 0x800;
	hostile_segment(file, HOSTILE_CODE_SEGMENT)->p_memsz = 0x800;
	check_refused(file, bytes, "shares a page");
	free(file);
}

/* Two segments from the same bytes of the file: what is written to one is not seen in the other. */
static void writable_alias_of_code_is_a_copy(void)
{
	const struct hostile_guest guest = {GUEST(patch_alias), .alias_code = true};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, GUEST_CODE_BYTES(patch_alias))}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_EQ(constant(&run.fault->registers), 7);
	hostile_close(&run);
}

/* Each new sandbox has other code at the same address, often in the same memory of the host. */
static void code_over_older_code_is_the_new_one(void)
{
	for (uint16_t i = 1; i <= test_scale(500); i++) {
		uint8_t code[16];
		const struct hostile_guest guest = {.code = code,
						    .code_end = code + put_constant_code(code, i)};
		struct hostile_run run;

		hostile_open(&run, &guest);
		hostile_enter(&run);
		REQUIRE_STATUS(run.status, MOTE_GUEST_FAULT, &run.error);
		CHECK_EQ(constant(&run.fault->registers), i);
		hostile_close(&run);
	}
}

/* ---- Stack overflow ---------------------------------------------------------------------- */

static void try_overflow(struct hostile_guest guest, mote_access access, uint64_t address)
{
	struct hostile_expectation expectation = {
		.outcomes = {miss(access, HOSTILE_CODE, address)},
		.part = "stack overflow",
	};

	expectation.outcomes[0].kind = MOTE_FAULT_STACK_OVERFLOW;
	hostile_try(&guest, &expectation);
}

static void stack_overflow(void)
{
	uint64_t bases[BASES];

	find_bases(bases);
	try_overflow((struct hostile_guest){GUEST(recurse)}, MOTE_ACCESS_WRITE,
		     bases[STACK] - PUSHED_BYTES);
}

static void stack_underflow(void)
{
	uint64_t bases[BASES];

	find_bases(bases);
	try_overflow((struct hostile_guest){GUEST(pop_all)}, MOTE_ACCESS_READ, bases[STACK_END]);
}

static void sweep_over_the_end_of_memory(void)
{
	const struct hostile_guest guest = {GUEST(sweep)};
	struct hostile_expectation expectation = {.part = "page tables"};
	struct hostile_run run;
	uint64_t bases[BASES];

	find_bases(bases);
	expectation.outcomes[0] = miss(MOTE_ACCESS_WRITE, HOSTILE_CODE + SWEEP_AT, bases[HEAP_END]);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	check_sweep(&run.fault->registers, bases[HEAP], bases[HEAP_END]);
	hostile_close(&run);
}

static const struct test_case cases[] = {
	/* clang-format off */
	PLACES(RUN)
	STACK_GUARDS(RUN)
	/* clang-format on */
	CASE(not_canonical),
	CASE(read_across_the_end_of_memory),
	CASE(instruction_across_the_end_of_code),
	CASE(writable_code_is_refused),
	CASE(code_and_data_share_no_page),
	CASE(writable_alias_of_code_is_a_copy),
	CASE(code_over_older_code_is_the_new_one),
	CASE(stack_overflow),
	CASE(stack_underflow),
	CASE(sweep_over_the_end_of_memory),
};

int main(int argc, char **argv)
{
	return test_main("hostile_memory", cases, TEST_COUNT(cases), argc, argv);
}
