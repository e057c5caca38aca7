/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of place in a guest's memory, read, written and jumped to: what is
 * forbidden faults with the right error code, address and region, and what is
 * allowed works.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

/* ---- Where everything is ----------------------------------------------------------------- */

/* Reads the mailbox's header into registers, which the fault shows. */
GUEST_CODE(probe, "mov 8(%rdi), %r8\n\t"
		  "mov 16(%rdi), %r9\n\t"
		  "mov 24(%rdi), %r10\n\t"
		  "mov 32(%rdi), %r11\n\t"
		  "mov 40(%rdi), %r12\n\t"
		  "mov 64(%rdi), %r13\n\t"
		  "mov 72(%rdi), %r14\n\t"
		  "mov 80(%rdi), %r15d");

enum base { ABSOLUTE, STACK, STACK_END, MAILBOX_BEGIN, MAILBOX_END, THREAD, HEAP, HEAP_END, BASES };

/* The layout is the same for all sandboxes with the same options and image sizes. */
static void find_bases(uint64_t bases[BASES])
{
	const struct hostile_guest guest = {GUEST(probe)};
	const mote_x86_64_regs *regs;
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_STATUS(run.status, MOTE_GUEST_FAULT, &run.error);
	regs = &run.fault->registers.as.x86_64;
	bases[ABSOLUTE] = 0;
	bases[STACK] = regs->r10;
	bases[STACK_END] = regs->r10 + regs->r11;
	bases[MAILBOX_BEGIN] = regs->rdi;
	bases[MAILBOX_END] = regs->r14 + regs->r15;
	bases[THREAD] = regs->r12;
	bases[HEAP] = regs->r8;
	bases[HEAP_END] = regs->r8 + regs->r9;
	CHECK_EQ(regs->rsp, bases[STACK_END]);
	CHECK_EQ(regs->r13, regs->rdi + 4096);
	CHECK_EQ(regs->r14, regs->r13 + regs->r15);
	hostile_close(&run);
}

/* ---- Places ------------------------------------------------------------------------------ */

enum mapping { ABSENT, SUPERVISOR, READ_ONLY, CODE, DATA };

struct place {
	enum base base;
	int64_t offset;
	const char *region;
	enum mapping mapping;
	bool stack_guard;
};

/* The address stands at the begin of the data. */
GUEST_CODE(read, "mov " DATA_TEXT ", %rax; mov (%rax), %bl");
GUEST_CODE(write, "mov " DATA_TEXT ", %rax; movb $0xcc, (%rax)");
GUEST_CODE(jump, "mov " DATA_TEXT ", %rax; jmp *%rax");
enum { ACCESS_AT = 8, READ_END = 10, WRITE_END = 11 };

enum { PRESENT = 1, WRITE = 2, USER = 4, RESERVED = 8, FETCHED = 16 };

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

static uint64_t error_code(enum mapping mapping, mote_access access)
{
	uint64_t code = USER;

	if (mapping != ABSENT)
		code |= PRESENT;
	if (access == MOTE_ACCESS_WRITE)
		code |= WRITE;
	if (access == MOTE_ACCESS_EXECUTE)
		code |= FETCHED;
	return code;
}

/* What comes of an access that is allowed. */
static struct hostile_outcome arrival(mote_access access, uint64_t address)
{
	struct hostile_outcome read_on = UD(EVERYWHERE, READ_END);
	struct hostile_outcome wrote_on = UD(EVERYWHERE, WRITE_END);
	struct hostile_outcome jumped = BP(EVERYWHERE, address + 1 - HOSTILE_CODE);

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
		.vector = 14,
		.error_code = error_code(place->mapping, access),
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
	if (!may)
		expectation.part = place->region;
	if (address >> 63) {
		/* There the host's own page tables are in force, which may have reserved bits set. */
		expectation.outcomes[1] = expectation.outcomes[0];
		expectation.outcomes[1].beds = PVM;
		expectation.outcomes[1].error_code |= PRESENT | RESERVED;
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
	try_access(place, address, (struct hostile_guest){GUEST(jump)}, MOTE_ACCESS_EXECUTE);
}

/* clang-format off */
#define PLACES(X) \
	X(null_page, ABSOLUTE, 0, "null page", ABSENT) \
	X(null_page_end, ABSOLUTE, 0xfff, "null page", ABSENT) \
	X(below_memory, ABSOLUTE, HOSTILE_MONITOR - 1, "null page", ABSENT) \
	X(aarch64_doorbell, ABSOLUTE, MOTE_ABI_AARCH64_DOORBELL_GVA, "null page", ABSENT) \
	X(monitor_stubs, ABSOLUTE, HOSTILE_MONITOR, "monitor", SUPERVISOR) \
	X(monitor_second_stub, ABSOLUTE, HOSTILE_MONITOR + 16, "monitor", SUPERVISOR) \
	X(monitor_tables, ABSOLUTE, HOSTILE_MONITOR + 0x1000, "monitor", SUPERVISOR) \
	X(monitor_stack, ABSOLUTE, HOSTILE_MONITOR + 0x2ff8, "monitor", SUPERVISOR) \
	X(stack, STACK, 0, "stack", DATA) \
	X(stack_end, STACK_END, -1, "stack", DATA) \
	X(mailbox, MAILBOX_BEGIN, 0, "mailbox", DATA) \
	X(mailbox_data, MAILBOX_BEGIN, 0x1000, "mailbox", DATA) \
	X(mailbox_end, MAILBOX_END, -1, "mailbox", DATA) \
	X(thread_block, THREAD, 0, "thread block", DATA) \
	X(guard_below_image, ABSOLUTE, HOSTILE_TABLES - 1, "guard", ABSENT) \
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
	X(buffer_space, HEAP_END, 64 << 20, "outside memory", ABSENT) \
	X(four_gib, ABSOLUTE, 1ll << 32, "outside memory", ABSENT) \
	X(highest_lower_half, ABSOLUTE, (1ll << 47) - 0x1000, "outside memory", ABSENT) \
	X(system_call_page, ABSOLUTE, -0xa00000, "outside memory", ABSENT) \
	X(upper_half, ABSOLUTE, -(1ll << 47), "outside memory", ABSENT) \
	X(highest, ABSOLUTE, -1, "outside memory", ABSENT)

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
#define RUN(name, ...) {#name, run_##name},
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
	static const uint64_t addresses[] = {1ull << 63, 1ull << 47, ~(1ull << 47), 1ull << 48};
	const struct hostile_outcome outcome = GP(EVERYWHERE, 0, ACCESS_AT);
	struct hostile_outcome jumped = outcome;

	for (size_t i = 0; i < TEST_COUNT(addresses); i++) {
		try_at((struct hostile_guest){GUEST(read)}, addresses[i], outcome);
		try_at((struct hostile_guest){GUEST(write)}, addresses[i], outcome);
		/* SVM: the emulator jumps first and looks then. */
		if (hostile_bed() == SVM)
			jumped.pc = addresses[i];
		try_at((struct hostile_guest){GUEST(jump)}, addresses[i], jumped);
	}
}

GUEST_CODE(read_eight, "mov " DATA_TEXT ", %rax; mov (%rax), %rbx");

/* The address of the fault is the first byte that may not be read. */
static void read_across_the_end_of_memory(void)
{
	uint64_t bases[BASES];

	find_bases(bases);
	try_at((struct hostile_guest){GUEST(read_eight)}, bases[HEAP_END] - 4,
	       (struct hostile_outcome)PF(EVERYWHERE, 4, ACCESS_AT, READ, bases[HEAP_END]));
}

/* An instruction whose second byte is on the page behind the code. */
GUEST_CODE(straddling, "jmp 1f; .fill 4090, 1, 0xcc; 1: .byte 0x0f");

static void instruction_across_the_end_of_code(void)
{
	try_at((struct hostile_guest){GUEST(straddling)}, 0,
	       (struct hostile_outcome)PF(EVERYWHERE, 0x14, 0xfff, EXECUTE, HOSTILE_CODE + 0x1000));
}

/* Code that can be written is refused before it runs. */
static void writable_code_is_refused(void)
{
	const struct hostile_guest guest = {GUEST(read)};
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_engine *engine;
	size_t bytes;
	uint8_t *file = hostile_image(&guest, &bytes);
	Elf64_Phdr header;

	test_need_kvm();
	REQUIRE_OK(mote_engine_create(NULL, &engine, &error), &error);
	memcpy(&header, file + sizeof(Elf64_Ehdr) + sizeof(header), sizeof(header));
	CHECK_EQ(header.p_flags, PF_R | PF_X);
	header.p_flags |= PF_W;
	memcpy(file + sizeof(Elf64_Ehdr) + sizeof(header), &header, sizeof(header));
	CHECK_STATUS(mote_sandbox_create_from_bytes(engine, file, bytes, NULL, &sandbox, &error),
		     MOTE_BAD_IMAGE, &error);
	CHECK_CONTAINS(error.text, "writable and executable");
	CHECK(!sandbox);
	free(file);
	mote_engine_destroy(engine);
}

/* ---- Stack overflow ---------------------------------------------------------------------- */

GUEST_CODE(recurse, "1: call 1b");
GUEST_CODE(pop_all, "1: pop %rax; jmp 1b");

static void try_overflow(struct hostile_guest guest, uint64_t code, mote_access access,
			 uint64_t address)
{
	const struct hostile_expectation expectation = {
		.outcomes = {{EVERYWHERE, MOTE_FAULT_STACK_OVERFLOW, 14, code, HOSTILE_CODE, access,
			      address}},
		.part = "stack overflow",
	};

	hostile_try(&guest, &expectation);
}

static void stack_overflow(void)
{
	uint64_t bases[BASES];

	find_bases(bases);
	try_overflow((struct hostile_guest){GUEST(recurse)}, 6, MOTE_ACCESS_WRITE,
		     bases[STACK] - 8);
}

static void stack_underflow(void)
{
	uint64_t bases[BASES];

	find_bases(bases);
	try_overflow((struct hostile_guest){GUEST(pop_all)}, 4, MOTE_ACCESS_READ, bases[STACK_END]);
}

/* A string instruction keeps what it did before the fault. */
GUEST_CODE(sweep, "mov 8(%rdi), %rdi; mov $-1, %rcx; mov $0x5a, %al; rep stosb");

static void sweep_over_the_end_of_memory(void)
{
	const struct hostile_guest guest = {GUEST(sweep)};
	struct hostile_expectation expectation = {.part = "page tables"};
	struct hostile_run run;
	uint64_t bases[BASES];

	find_bases(bases);
	expectation.outcomes[0] =
		(struct hostile_outcome)PF(EVERYWHERE, 6, 13, WRITE, bases[HEAP_END]);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_EQ(run.fault->registers.as.x86_64.rdi, bases[HEAP_END]);
	CHECK_EQ(run.fault->registers.as.x86_64.rcx, ~(bases[HEAP_END] - bases[HEAP]));
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
	CASE(stack_overflow),
	CASE(stack_underflow),
	CASE(sweep_over_the_end_of_memory),
};

int main(int argc, char **argv)
{
	return test_main("hostile_memory", cases, TEST_COUNT(cases), argc, argv);
}
