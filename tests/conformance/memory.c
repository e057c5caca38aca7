/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory slots: what is mapped is what the guest sees, read-only is read-only,
 * and every misuse is an error that leaves the VM as it was.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"

enum { EXTRA_SLOT = 1, PATTERN = 0x5a };

static uint8_t *make_pages(uint8_t fill)
{
	uint8_t *pages =
		mmap(NULL, EXTRA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(pages != MAP_FAILED);
	memset(pages, fill, EXTRA_BYTES);
	return pages;
}

static struct mote_memory_region extra_region(const struct machine *machine, void *hva,
					      uint32_t flags)
{
	return (struct mote_memory_region){
		.gpa = machine_gpa(machine, EXTRA_GVA),
		.hva = hva,
		.handle = test_memory_handle(hva),
		.bytes = EXTRA_BYTES,
		.flags = MOTE_REGION_READ | flags,
		.kind = MOTE_REGION_RAM,
	};
}

static void map_extra(struct machine *machine, void *hva, uint32_t flags)
{
	const struct mote_memory_region region = extra_region(machine, hva, flags);

	MACHINE_MAP(machine, EXTRA_SLOT, &region);
}

/* Points the loop at an address, with a value to store. */
static void aim(struct machine *machine, uint64_t gva, uint64_t value)
{
	mote_regs regs = machine_regs(machine);

	mote_regs_pc(&regs) = CODE_GVA;
	*code_address(&regs) = gva;
	*code_value(&regs) = value;
	machine_set_regs(machine, &regs);
}

/* Lets the load loop go round once. */
static uint64_t load(struct machine *machine)
{
	mote_regs regs;

	machine_expect(machine, MOTE_EXIT_IO_OUT);
	regs = machine_regs(machine);
	return *code_value(&regs);
}

static void a_slot_is_the_hosts_memory(void)
{
	uint8_t *pages = make_pages(0x11);
	const uint64_t written = 0x0102030405060708ull;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	aim(&machine, EXTRA_GVA + EXTRA_BYTES - 8, 0);
	CHECK_EQ(load(&machine), 0x1111111111111111ull);
	memset(pages, 0x22, EXTRA_BYTES);
	CHECK_EQ(load(&machine), 0x2222222222222222ull);

	machine_put(&machine, CODE_GVA, &code_store_loop);
	aim(&machine, EXTRA_GVA + 0x1008, written);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_MEM(pages + 0x1008, &written, 8);
	CHECK_EQ(pages[0x1007], 0x22);
	CHECK_EQ(pages[0x1010], 0x22);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
}

static void a_slot_can_be_remapped_under_a_live_guest(void)
{
	uint8_t *first = make_pages(0x11), *second = make_pages(0x33);
	struct mote_vm_exit exit;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	map_extra(&machine, first, MOTE_REGION_WRITE);
	aim(&machine, EXTRA_GVA, 0);
	CHECK_EQ(load(&machine), 0x1111111111111111ull);
	for (uint64_t i = test_scale(200); i > 0; i--) {
		MACHINE_UNMAP(&machine, EXTRA_SLOT);
		map_extra(&machine, i % 2 ? second : first, MOTE_REGION_WRITE);
		CHECK_EQ(load(&machine), i % 2 ? 0x3333333333333333ull : 0x1111111111111111ull);
	}
	/* Nothing is there between unmap and map. */
	MACHINE_UNMAP(&machine, EXTRA_SLOT);
	exit = machine_expect(&machine, MOTE_EXIT_MMIO_READ);
	CHECK_EQ(exit.as.mmio.gpa, machine_gpa(&machine, EXTRA_GVA));
	if (machine.hypervisor->capabilities.described_accesses)
		CHECK_EQ(load(&machine), 0);
	machine_expect(&machine, MOTE_EXIT_MMIO_READ);
	map_extra(&machine, first, MOTE_REGION_WRITE);
	if (machine.hypervisor->capabilities.described_accesses)
		CHECK_EQ(load(&machine), 0); /* of the read that was under way */
	CHECK_EQ(load(&machine), 0x1111111111111111ull);
	machine_destroy(&machine);
	munmap(first, EXTRA_BYTES);
	munmap(second, EXTRA_BYTES);
}

static void need_read_only_slots(struct machine *machine)
{
	struct mote_capabilities capabilities;

	capabilities = machine->hypervisor->capabilities;
	if (!capabilities.read_only_slots)
		MACHINE_SKIP(machine, "this hypervisor has no read-only slots");
}

static void a_write_to_a_read_only_slot_is_an_exit(void)
{
	uint8_t *pages = make_pages(0x44), *same = make_pages(0x44);
	const uint64_t written = 0x8877665544332211ull;
	struct mote_vm_exit exit;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	need_read_only_slots(&machine);
	map_extra(&machine, pages, 0);
	aim(&machine, EXTRA_GVA, 0);
	CHECK_EQ(load(&machine), 0x4444444444444444ull);
	machine_put(&machine, CODE_GVA, &code_store_loop);
	for (unsigned page = 0; page < 4; page++) {
		aim(&machine, EXTRA_GVA + 0x1000 * page + 8 * page, written);
		exit = machine_expect(&machine, MOTE_EXIT_MMIO_WRITE);
		CHECK_EQ(exit.as.mmio.gpa,
			 machine_gpa(&machine, EXTRA_GVA + 0x1000 * page + 8 * page));
		if (!machine.hypervisor->capabilities.described_accesses)
			continue;
		CHECK_EQ(exit.as.mmio.size, 8);
		CHECK_MEM(exit.as.mmio.data, &written, 8);
		/* The store is behind: the guest goes on. */
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	CHECK_MEM(pages, same, EXTRA_BYTES);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
	munmap(same, EXTRA_BYTES);
}

static void a_slot_can_become_read_only_and_back(void)
{
	uint8_t *pages = make_pages(0);
	struct machine machine;

	machine_make(&machine, &code_store_loop);
	need_read_only_slots(&machine);
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	aim(&machine, EXTRA_GVA, 1);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(pages[0], 1);
	MACHINE_UNMAP(&machine, EXTRA_SLOT);
	map_extra(&machine, pages, 0);
	aim(&machine, EXTRA_GVA, 2);
	machine_expect(&machine, MOTE_EXIT_MMIO_WRITE);
	CHECK_EQ(pages[0], 1);
	MACHINE_UNMAP(&machine, EXTRA_SLOT);
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	aim(&machine, EXTRA_GVA, 3);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(pages[0], 3);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
}

/* map_memory of this must fail, and change nothing. */
static void refuse(struct machine *machine, uint32_t slot, struct mote_memory_region region,
		   mote_status status)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_status got = mote_vm_map_memory(machine->vm, slot, &region, &error);

	CHECK_STATUS(got, status, &error);
	CHECK_EQ(error.status, got);
	CHECK(error.text[0] != '\0');
}

static void bad_regions_are_refused(void)
{
	uint8_t *pages = make_pages(PATTERN);
	struct mote_memory_region good, bad;
	struct mote_capabilities capabilities;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	capabilities = machine.hypervisor->capabilities;
	good = extra_region(&machine, pages, MOTE_REGION_WRITE);
	bad = good;
	bad.gpa += 0x800;
	refuse(&machine, EXTRA_SLOT, bad, MOTE_INVALID_ARGUMENT);
	bad = good;
	bad.hva = pages + 16;
	refuse(&machine, EXTRA_SLOT, bad, MOTE_INVALID_ARGUMENT);
	bad = good;
	bad.bytes -= 1;
	refuse(&machine, EXTRA_SLOT, bad, MOTE_INVALID_ARGUMENT);
	bad.bytes = 0;
	refuse(&machine, EXTRA_SLOT, bad, MOTE_INVALID_ARGUMENT);
	bad = good;
	bad.hva = NULL;
	refuse(&machine, EXTRA_SLOT, bad, MOTE_INVALID_ARGUMENT);
	bad = good;
	bad.flags = MOTE_REGION_WRITE;
	refuse(&machine, EXTRA_SLOT, bad, MOTE_INVALID_ARGUMENT);
	refuse(&machine, capabilities.slots, good, MOTE_LIMIT);
	refuse(&machine, UINT32_MAX, good, MOTE_LIMIT);
	refuse(&machine, 0, good, MOTE_INVALID_ARGUMENT); /* in use */

	/* None of that is there, and the slot is still free. */
	aim(&machine, EXTRA_GVA, 0);
	machine_expect(&machine, MOTE_EXIT_MMIO_READ);
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
}

static void overlapping_regions_are_refused(void)
{
	uint8_t *pages = make_pages(PATTERN), *others = make_pages(PATTERN);
	struct mote_memory_region region;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	region = extra_region(&machine, others, MOTE_REGION_WRITE);
	region.gpa += EXTRA_BYTES - machine.hypervisor->capabilities.page_bytes;
	refuse(&machine, EXTRA_SLOT + 1, region, MOTE_INVALID_ARGUMENT);
	region.gpa = machine_gpa(&machine, RAM_GVA);
	refuse(&machine, EXTRA_SLOT + 1, region, MOTE_INVALID_ARGUMENT);
	aim(&machine, EXTRA_GVA, 0);
	CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	/* Right behind is free. */
	region.gpa = machine_gpa(&machine, EXTRA_GVA + EXTRA_BYTES);
	MACHINE_MAP(&machine, EXTRA_SLOT + 1, &region);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
	munmap(others, EXTRA_BYTES);
}

static void empty_slots_cannot_be_unmapped(void)
{
	static const uint32_t slots[] = {EXTRA_SLOT, 7, 1000000, UINT32_MAX};
	uint8_t *pages = make_pages(0);
	struct machine machine;

	machine_make(&machine, &code_end);
	for (size_t i = 0; i < TEST_COUNT(slots); i++) {
		mote_error error = MOTE_ERROR_INIT;

		CHECK_STATUS(mote_vm_unmap_memory(machine.vm, slots[i], &error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK(error.text[0] != '\0');
	}
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	MACHINE_UNMAP(&machine, EXTRA_SLOT);
	CHECK_STATUS(mote_vm_unmap_memory(machine.vm, EXTRA_SLOT, &machine.error),
		     MOTE_INVALID_ARGUMENT, &machine.error);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
}

static void every_slot_can_be_used(void)
{
	enum { SLOTS = 30 };
	uint8_t *pages = make_pages(PATTERN), *others;
	struct mote_memory_region region;
	struct mote_capabilities capabilities;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	capabilities = machine.hypervisor->capabilities;
	others = mmap(NULL, SLOTS * capabilities.page_bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(others != MAP_FAILED);
	region = extra_region(&machine, pages, MOTE_REGION_WRITE);
	MACHINE_MAP(&machine, capabilities.slots - 1, &region);
	aim(&machine, EXTRA_GVA, 0);
	CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	region.bytes = capabilities.page_bytes;
	for (uint32_t slot = 1; slot < SLOTS && slot < capabilities.slots - 1; slot++) {
		region.gpa = machine_gpa(&machine, 0x800000 + 2 * slot * region.bytes);
		region.hva = others + slot * region.bytes;
		MACHINE_MAP(&machine, slot, &region);
	}
	CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	MACHINE_UNMAP(&machine, capabilities.slots - 1);
	machine_expect(&machine, MOTE_EXIT_MMIO_READ);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
	munmap(others, SLOTS * capabilities.page_bytes);
}

/* The same memory twice, and memory that the host may only read, where a hypervisor has them. */
static void what_a_hypervisor_cannot_map_is_refused(void)
{
	uint8_t *pages = make_pages(PATTERN);
	struct mote_memory_region region;
	struct mote_capabilities capabilities;
	struct machine machine;

	machine_make(&machine, &code_load_loop);
	capabilities = machine.hypervisor->capabilities;
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	region = extra_region(&machine, pages, MOTE_REGION_WRITE);
	region.gpa += EXTRA_BYTES;
	region.bytes = capabilities.page_bytes;
	region.hva = pages + EXTRA_BYTES - region.bytes;
	if (capabilities.aliases)
		MACHINE_MAP(&machine, EXTRA_SLOT + 1, &region);
	else
		refuse(&machine, EXTRA_SLOT + 1, region, MOTE_UNSUPPORTED);
	MACHINE_UNMAP(&machine, EXTRA_SLOT);
	if (!capabilities.aliases)
		MACHINE_MAP(&machine, EXTRA_SLOT + 1, &region);
	MACHINE_UNMAP(&machine, EXTRA_SLOT + 1);
	REQUIRE_EQ(mprotect(pages, EXTRA_BYTES, PROT_READ), 0);
	region.flags = MOTE_REGION_READ | MOTE_REGION_HOST_READ_ONLY;
	if (capabilities.read_only_host_memory && capabilities.read_only_slots)
		MACHINE_MAP(&machine, EXTRA_SLOT, &region);
	else
		refuse(&machine, EXTRA_SLOT, region, MOTE_UNSUPPORTED);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
}

/* Writes of either side replace the page that both see, and not that of the file. */
static void both_sides_follow_a_copy_on_write(void)
{
	const uint64_t mark = 0x0102030405060708ull;
	uint8_t *pages, *original;
	struct machine machine;
	FILE *file;

	machine_make(&machine, &code_load_loop);
	if (!machine.hypervisor->capabilities.host_cow)
		MACHINE_SKIP(&machine,
			     "this hypervisor's slots do not follow the host's copy-on-write");
	file = tmpfile();
	REQUIRE(file != NULL);
	REQUIRE_EQ(ftruncate(fileno(file), EXTRA_BYTES), 0);
	original = mmap(NULL, EXTRA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	pages = mmap(NULL, EXTRA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 0);
	REQUIRE(original != MAP_FAILED && pages != MAP_FAILED);
	memset(original, PATTERN, EXTRA_BYTES);
	map_extra(&machine, pages, MOTE_REGION_WRITE);
	/* The guest has read the page when the host's write replaces it. */
	aim(&machine, EXTRA_GVA, 0);
	CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	memset(pages, 0x22, 8);
	CHECK_EQ(load(&machine), 0x2222222222222222ull);
	/* The host has read the page when the guest's write replaces it. */
	CHECK_EQ(pages[MOTE_PAGE_BYTES], PATTERN);
	machine_put(&machine, CODE_GVA, &code_store_loop);
	aim(&machine, EXTRA_GVA + MOTE_PAGE_BYTES, mark);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_MEM(pages + MOTE_PAGE_BYTES, &mark, sizeof(mark));
	CHECK_EQ(original[0], PATTERN);
	CHECK_EQ(original[MOTE_PAGE_BYTES], PATTERN);
	/* The host drops both pages, which are the file's again. */
	REQUIRE_EQ(madvise(pages, EXTRA_BYTES, MADV_DONTNEED), 0);
	machine_put(&machine, CODE_GVA, &code_load_loop);
	for (uint64_t page = 0; page < 2; page++) {
		aim(&machine, EXTRA_GVA + page * MOTE_PAGE_BYTES, 0);
		CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	}
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
	munmap(original, EXTRA_BYTES);
	fclose(file);
}

static void two_vms_can_share_memory(void)
{
	uint8_t *pages = make_pages(0);
	struct machine writer, reader;

	machine_make(&writer, &code_store_loop);
	machine_make(&reader, &code_load_loop);
	map_extra(&writer, pages, MOTE_REGION_WRITE);
	map_extra(&reader, pages, MOTE_REGION_WRITE);
	aim(&reader, EXTRA_GVA, 0);
	for (uint64_t value = 1; value <= test_scale(100); value++) {
		aim(&writer, EXTRA_GVA, value);
		machine_expect(&writer, MOTE_EXIT_IO_OUT);
		CHECK_EQ(load(&reader), value);
	}
	machine_destroy(&writer);
	machine_destroy(&reader);
	munmap(pages, EXTRA_BYTES);
}

/* The guest sees memory where its page tables say, wherever the addresses for it were free. */
static void memory_works_at_reserved_addresses(void)
{
	uint8_t *pages = make_pages(PATTERN);
	struct mote_memory_region region;
	struct machine machine;
	struct mote_vm *vm;

	machine_make(&machine, &code_load_loop);
	vm = machine.vm;
	region = extra_region(&machine, pages, MOTE_REGION_WRITE);
	MACHINE_OK(&machine, reserve_gpa, EXTRA_GVA, EXTRA_BYTES, &region.gpa);
	MACHINE_MAP(&machine, EXTRA_SLOT, &region);
	REQUIRE(mote_paging_map(&machine.tables, EXTRA_GVA, region.gpa, EXTRA_BYTES,
				MOTE_PAGE_USER | MOTE_PAGE_WRITE));
	MACHINE_OK(&machine, invalidate_translations, region.gpa, EXTRA_BYTES);
	aim(&machine, EXTRA_GVA, 0);
	CHECK_EQ(load(&machine), 0x5a5a5a5a5a5a5a5aull);
	MACHINE_UNMAP(&machine, EXTRA_SLOT);
	vm->ops->release_gpa(vm, region.gpa);
	machine_expect(&machine, MOTE_EXIT_MMIO_READ);
	machine_destroy(&machine);
	munmap(pages, EXTRA_BYTES);
}

static const struct test_case cases[] = {
	CASE(a_slot_is_the_hosts_memory),
	CASE(a_slot_can_be_remapped_under_a_live_guest),
	CASE(a_write_to_a_read_only_slot_is_an_exit),
	CASE(a_slot_can_become_read_only_and_back),
	CASE(bad_regions_are_refused),
	CASE(overlapping_regions_are_refused),
	CASE(empty_slots_cannot_be_unmapped),
	CASE(every_slot_can_be_used),
	CASE(what_a_hypervisor_cannot_map_is_refused),
	CASE(both_sides_follow_a_copy_on_write),
	CASE(two_vms_can_share_memory),
	CASE(memory_works_at_reserved_addresses),
};

const struct case_list memory_cases = {cases, TEST_COUNT(cases)};
