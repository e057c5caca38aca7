/* SPDX-License-Identifier: Apache-2.0
 *
 * Page tables that the host changes under a live guest: after
 * invalidate_translations the next access obeys them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "machine.h"

/* The page whose mapping changes: the second of the four data pages. */
enum { PAGE_GVA = DATA_GVA + 0x1000, NEIGHBOUR_GVA = DATA_GVA };

static const uint32_t writable = MOTE_PAGE_USER | MOTE_PAGE_WRITE;
static const uint32_t read_only = MOTE_PAGE_USER;
static const uint32_t executable = MOTE_PAGE_USER | MOTE_PAGE_EXECUTE;
enum { UNMAPPED = 0 };

static void aim(struct machine *machine, uint64_t gva)
{
	mote_regs regs = machine_regs(machine);

	mote_regs_pc(&regs) = CODE_GVA;
	*code_address(&regs) = gva;
	*code_value(&regs) = 0x1234;
	machine_set_regs(machine, &regs);
}

static void invalidate(struct machine *machine)
{
	MACHINE_OK(machine, invalidate_translations, machine_gpa(machine, PAGE_GVA),
		   MOTE_PAGE_BYTES);
}

static void remap(struct machine *machine, uint32_t flags)
{
	if (flags == UNMAPPED)
		mote_paging_unmap(&machine->tables, PAGE_GVA, MOTE_PAGE_BYTES);
	else
		REQUIRE(mote_paging_map(&machine->tables, PAGE_GVA, machine_gpa(machine, PAGE_GVA),
					MOTE_PAGE_BYTES, flags));
	invalidate(machine);
}

/* A machine whose loop accesses the page, which is mapped so, and has done so a few times. */
static void make_warm(struct machine *machine, const struct code *loop, uint32_t flags)
{
	machine_make(machine, loop);
	machine_put(machine, PAGE_GVA, &code_return);
	remap(machine, flags);
	aim(machine, PAGE_GVA);
	for (unsigned i = 0; i < 3; i++)
		machine_expect(machine, MOTE_EXIT_IO_OUT);
}

/* The next access must fault. */
static void expect_fault(struct machine *machine, mote_access access)
{
	struct mote_exception exception = machine_expect_exception(machine);

	CHECK_EQ(exception.kind, MOTE_FAULT_MEMORY);
	CHECK_EQ(exception.access, access);
	CHECK_EQ(exception.address, PAGE_GVA);
}

/* A mapping from one state to another: allowed before, a fault after, allowed again. */
static void take_away(const struct code *loop, uint32_t from, uint32_t to, mote_access access)
{
	struct machine machine;

	make_warm(&machine, loop, from);
	for (uint64_t i = test_scale(20); i > 0; i--) {
		remap(&machine, to);
		expect_fault(&machine, access);
		/* The frame still points at the access: given back, it goes through. */
		remap(&machine, from);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
}

static void writable_can_become_read_only(void)
{
	take_away(&code_store_loop, writable, read_only, MOTE_ACCESS_WRITE);
}

static void writable_can_become_unmapped(void)
{
	take_away(&code_store_loop, writable, UNMAPPED, MOTE_ACCESS_WRITE);
}

static void readable_can_become_unmapped(void)
{
	take_away(&code_load_loop, writable, UNMAPPED, MOTE_ACCESS_READ);
	take_away(&code_load_loop, read_only, UNMAPPED, MOTE_ACCESS_READ);
}

static void user_can_become_supervisor(void)
{
	take_away(&code_load_loop, writable, MOTE_PAGE_WRITE, MOTE_ACCESS_READ);
}

static void executable_can_become_data(void)
{
	take_away(&code_call_loop, executable, read_only, MOTE_ACCESS_EXECUTE);
	take_away(&code_call_loop, executable, writable, MOTE_ACCESS_EXECUTE);
}

static void executable_can_become_unmapped(void)
{
	take_away(&code_call_loop, executable, UNMAPPED, MOTE_ACCESS_EXECUTE);
}

/* The host puts other code where code is that has run: the guest executes the new one at once. */
static void rewritten_code_is_the_new_code(void)
{
	struct machine machine;

	make_warm(&machine, &code_call_loop, executable);
	for (uint64_t i = test_scale(200); i > 0; i--) {
		struct mote_exception exception;

		machine_put(&machine, PAGE_GVA, &code_end);
		exception = machine_expect_exception(&machine);
		CHECK_EQ(exception.kind, MOTE_FAULT_INSTRUCTION);
		CHECK_EQ(exception.pc, PAGE_GVA);
		/* The frame still points there. */
		machine_put(&machine, PAGE_GVA, &code_return);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
}

/* Never accessed before the right is given. */
static void give(const struct code *loop, uint32_t from, uint32_t to, mote_access access)
{
	struct machine machine;

	machine_make(&machine, loop);
	machine_put(&machine, PAGE_GVA, &code_return);
	remap(&machine, from);
	aim(&machine, PAGE_GVA);
	expect_fault(&machine, access);
	remap(&machine, to);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static void raised_permissions_take_effect(void)
{
	give(&code_store_loop, read_only, writable, MOTE_ACCESS_WRITE);
	give(&code_store_loop, UNMAPPED, writable, MOTE_ACCESS_WRITE);
	give(&code_load_loop, UNMAPPED, read_only, MOTE_ACCESS_READ);
	give(&code_load_loop, MOTE_PAGE_WRITE, read_only, MOTE_ACCESS_READ);
	give(&code_call_loop, writable, executable, MOTE_ACCESS_EXECUTE);
}

static void a_mapping_can_move_to_another_page(void)
{
	struct machine machine;
	uint64_t *there, *here;
	mote_regs regs;

	make_warm(&machine, &code_load_loop, writable);
	here = machine_host(&machine, PAGE_GVA);
	there = machine_host(&machine, PAGE_GVA + MOTE_PAGE_BYTES);
	*here = 1;
	*there = 2;
	for (unsigned i = 0; i < 10; i++) {
		REQUIRE(mote_paging_map(&machine.tables, PAGE_GVA,
					machine_gpa(&machine, PAGE_GVA) +
						(i % 2 ? 0 : MOTE_PAGE_BYTES),
					MOTE_PAGE_BYTES, writable));
		/* Both pages' mapping changed: the one that was left and the one that came. */
		MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, PAGE_GVA),
			   2 * MOTE_PAGE_BYTES);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		regs = machine_regs(&machine);
		CHECK_EQ(*code_value(&regs), i % 2 ? 1 : 2);
	}
	machine_destroy(&machine);
}

static void neighbours_keep_their_mapping_and_contents(void)
{
	struct machine machine;

	make_warm(&machine, &code_store_loop, writable);
	remap(&machine, read_only);
	aim(&machine, NEIGHBOUR_GVA);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(*(uint64_t *)machine_host(&machine, NEIGHBOUR_GVA), 0x1234);
	aim(&machine, PAGE_GVA + MOTE_PAGE_BYTES);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(*(uint64_t *)machine_host(&machine, PAGE_GVA + MOTE_PAGE_BYTES), 0x1234);
	/* The host's own view of the page is as it was. */
	*(uint64_t *)machine_host(&machine, PAGE_GVA) = 5;
	aim(&machine, PAGE_GVA);
	expect_fault(&machine, MOTE_ACCESS_WRITE);
	CHECK_EQ(*(uint64_t *)machine_host(&machine, PAGE_GVA), 5);
	machine_destroy(&machine);
}

static void ranges_without_memory_are_nothing_to_do(void)
{
	struct machine machine;

	make_warm(&machine, &code_store_loop, writable);
	MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, OUTSIDE_GVA),
		   MOTE_PAGE_BYTES);
	MACHINE_OK(&machine, invalidate_translations, 0, MOTE_PAGE_BYTES);
	MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, PAGE_GVA), 0);
	/* Ranges may reach beyond the slot on both sides. */
	REQUIRE(mote_paging_map(&machine.tables, PAGE_GVA, machine_gpa(&machine, PAGE_GVA),
				MOTE_PAGE_BYTES, read_only));
	MACHINE_OK(&machine, invalidate_translations, 0,
		   1ull << machine.hypervisor->capabilities.address_bits);
	expect_fault(&machine, MOTE_ACCESS_WRITE);
	machine_destroy(&machine);
}

static void pages_of_read_only_slots_obey_too(void)
{
	struct mote_memory_region region = {
		.bytes = EXTRA_BYTES,
		.flags = MOTE_REGION_READ | MOTE_REGION_HOST_READ_ONLY,
		.kind = MOTE_REGION_SHARED,
	};
	struct mote_capabilities capabilities;
	struct mote_exception exception;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	capabilities = machine.hypervisor->capabilities;
	if (!capabilities.read_only_slots)
		MACHINE_SKIP(&machine, "this hypervisor has no read-only slots");
	if (!capabilities.read_only_host_memory)
		region.flags = MOTE_REGION_READ;
	/* Memory that the host itself may only read. */
	region.hva =
		mmap(NULL, EXTRA_BYTES,
		     region.flags & MOTE_REGION_HOST_READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(region.hva != MAP_FAILED);
	region.gpa = machine_gpa(&machine, EXTRA_GVA);
	MACHINE_MAP(&machine, 1, &region);
	aim(&machine, EXTRA_GVA);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	mote_paging_unmap(&machine.tables, EXTRA_GVA, MOTE_PAGE_BYTES);
	MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, EXTRA_GVA),
		   MOTE_PAGE_BYTES);
	exception = machine_expect_exception(&machine);
	CHECK_EQ(exception.kind, MOTE_FAULT_MEMORY);
	CHECK_EQ(exception.address, EXTRA_GVA);
	machine_destroy(&machine);
	munmap(region.hva, EXTRA_BYTES);
}

struct writer {
	volatile uint8_t *memory;
	atomic_ulong rounds;
	atomic_bool stop;
};

static void *write_all_the_time(void *argument)
{
	struct writer *writer = argument;

	while (!atomic_load(&writer->stop)) {
		writer->memory[atomic_load(&writer->rounds) % EXTRA_BYTES] = 1;
		atomic_fetch_add(&writer->rounds, 1);
	}
	return NULL;
}

/* A shared buffer is the application's memory too: its threads write while the tables change. */
static void threads_that_write_to_shared_memory_are_left_alone(void)
{
	enum { LEAST = 300 }; /* more than there are address-space identifiers */
	struct mote_memory_region region = {
		.bytes = EXTRA_BYTES,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE,
		.kind = MOTE_REGION_SHARED,
	};
	struct writer writer = {.stop = false};
	uint64_t times = LEAST + test_scale(5000);
	struct machine machine;
	pthread_t thread;

	machine_make(&machine, &code_load_loop);
	region.hva =
		mmap(NULL, EXTRA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(region.hva != MAP_FAILED);
	writer.memory = region.hva;
	region.gpa = machine_gpa(&machine, EXTRA_GVA);
	MACHINE_MAP(&machine, 1, &region);
	aim(&machine, EXTRA_GVA);
	REQUIRE(pthread_create(&thread, NULL, write_all_the_time, &writer) == 0);
	for (uint64_t i = 0; i < times; i++) {
		unsigned long before = atomic_load(&writer.rounds);

		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, EXTRA_GVA),
			   MOTE_PAGE_BYTES);
		while (i % 64 == 0 && atomic_load(&writer.rounds) == before)
			sched_yield();
	}
	atomic_store(&writer.stop, true);
	pthread_join(thread, NULL);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
	munmap(region.hva, EXTRA_BYTES);
}

static void the_end_of_the_address_space_is_no_obstacle(void)
{
	struct machine machine;

	make_warm(&machine, &code_store_loop, writable);
	REQUIRE(mote_paging_map(&machine.tables, PAGE_GVA, machine_gpa(&machine, PAGE_GVA),
				MOTE_PAGE_BYTES, read_only));
	MACHINE_OK(&machine, invalidate_translations, MOTE_PAGE_BYTES, MOTE_PAGE_MASK);
	expect_fault(&machine, MOTE_ACCESS_WRITE);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(writable_can_become_read_only),
	CASE(writable_can_become_unmapped),
	CASE(readable_can_become_unmapped),
	CASE(user_can_become_supervisor),
	CASE(executable_can_become_data),
	CASE(executable_can_become_unmapped),
	CASE(rewritten_code_is_the_new_code),
	CASE(raised_permissions_take_effect),
	CASE(a_mapping_can_move_to_another_page),
	CASE(neighbours_keep_their_mapping_and_contents),
	CASE(ranges_without_memory_are_nothing_to_do),
	CASE(pages_of_read_only_slots_obey_too),
	CASE(threads_that_write_to_shared_memory_are_left_alone),
	CASE(the_end_of_the_address_space_is_no_obstacle),
};

const struct case_list live_table_cases = {cases, TEST_COUNT(cases)};
