/* SPDX-License-Identifier: Apache-2.0
 *
 * Layouts for every combination of options: regions in order, in memory, guarded,
 * and the two translations of addresses.
 */
#include "sandbox/layout.h"

#include "../unit_test.h"

#define PAGE 4096ull
#define MIB (1ull << 20)

static struct mote_layout_request ordinary(void)
{
	return (struct mote_layout_request){
		.image_name = "guest.elf",
		.memory_bytes = 4 * MIB,
		.stack_bytes = 16 * PAGE,
		.data_bytes = 16 * PAGE,
		.image = {0, 8 * PAGE},
		.position_independent = true,
		.image_alignment = PAGE,
		.tls_bytes = 100,
		.tls_alignment = 16,
		.granule_bytes = PAGE,
	};
}

static uint64_t end_of(const struct mote_layout *layout, unsigned id)
{
	return layout->regions[id].gva + layout->regions[id].bytes;
}

/* Everything that holds of every layout. */
static void check_layout(const struct mote_layout_request *request,
			 const struct mote_layout *layout)
{
	static const enum mote_layout_region_id guards[] = {MOTE_LAYOUT_STACK_GUARD_LOW,
							    MOTE_LAYOUT_STACK_GUARD_HIGH,
							    MOTE_LAYOUT_IMAGE_GUARD,
							    MOTE_LAYOUT_HEAP_GUARD};
	uint64_t at = MOTE_RAM_GVA;

	for (unsigned id = 0; id <= MOTE_LAYOUT_HEAP; id++) {
		REQUIRE_EQ(layout->regions[id].gva, at); /* no hole, no overlap */
		REQUIRE_EQ(layout->regions[id].bytes % PAGE, 0);
		at = end_of(layout, id);
	}
	REQUIRE(at <= MOTE_RAM_GVA + request->memory_bytes);
	for (size_t i = 0; i < COUNT(guards); i++)
		REQUIRE(layout->regions[guards[i]].bytes >= 4 * PAGE);
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_TABLES].gva, MOTE_RAM_GVA + request->memory_bytes);
	REQUIRE_EQ(layout->ram_bytes,
		   request->memory_bytes + layout->regions[MOTE_LAYOUT_TABLES].bytes);
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_BUFFERS].gva, end_of(layout, MOTE_LAYOUT_TABLES));
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_BUFFERS].bytes, request->buffer_bytes);
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_MONITOR].bytes, MOTE_MONITOR_BYTES);
	REQUIRE_EQ(layout->ram_bytes % request->granule_bytes, 0);
	REQUIRE(layout->regions[MOTE_LAYOUT_TABLES].bytes >=
		mote_paging_bytes(end_of(layout, MOTE_LAYOUT_BUFFERS)));
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_STACK].bytes, request->stack_bytes);
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_MAILBOX].bytes, PAGE + 2 * request->data_bytes);
	REQUIRE_EQ(layout->data_bytes, request->data_bytes);
	REQUIRE(layout->regions[MOTE_LAYOUT_THREAD].bytes >= layout->thread.bytes);
	REQUIRE(layout->thread.variables + request->tls_bytes <= layout->thread.bytes);
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_IMAGE].bytes,
		   request->image.end - request->image.begin);
	REQUIRE_EQ(layout->regions[MOTE_LAYOUT_IMAGE].gva,
		   request->image.begin + layout->image_bias);
	REQUIRE_EQ(layout->image_bias % request->image_alignment, 0);
	if (!request->position_independent)
		REQUIRE_EQ(layout->image_bias, 0);
	if (request->heap_bytes != 0)
		REQUIRE_EQ(layout->regions[MOTE_LAYOUT_HEAP].bytes, request->heap_bytes);
	else
		REQUIRE_EQ(at, MOTE_RAM_GVA + request->memory_bytes);
	REQUIRE(layout->regions[MOTE_LAYOUT_HEAP].bytes >= request->least_heap_bytes);
}

static void every_combination_is_well_formed(void)
{
	static const uint64_t memories[] = {MIB, 2 * MIB, 64 * MIB, 1ull << 30, 1ull << 36};
	static const uint64_t heaps[] = {0, PAGE, 16 * PAGE};
	static const uint64_t stacks[] = {PAGE, 16 * PAGE, 64 * PAGE};
	static const uint64_t datas[] = {PAGE, 16 * PAGE};
	static const uint64_t alignments[] = {PAGE, 16 * PAGE, 2 * MIB};
	static const uint64_t tlses[] = {0, 1, 4096, 65536};
	static const uint64_t granules[] = {PAGE, 4 * PAGE, 16 * PAGE};
	unsigned good = 0, tight = 0;

	for (size_t i = 0; i < 5 * 3 * 3 * 2 * 3 * 4 * 3 * 2; i++) {
		size_t n = i;
		mote_error error = MOTE_ERROR_INIT;
		struct mote_layout layout;
		struct mote_layout_request request = ordinary();
		mote_status status;

		request.memory_bytes = memories[n % 5], n /= 5;
		request.heap_bytes = heaps[n % 3], n /= 3;
		request.stack_bytes = stacks[n % 3], n /= 3;
		request.data_bytes = datas[n % 2], n /= 2;
		request.image_alignment = alignments[n % 3], n /= 3;
		request.tls_bytes = tlses[n % 4], n /= 4;
		request.granule_bytes = granules[n % 3], n /= 3;
		request.position_independent = n % 2;
		if (!request.position_independent)
			request.image = (struct mote_elf_range){0x400000, 0x408000};
		status = mote_layout_compute(&request, &layout, &error);
		if (status != MOTE_OK) {
			/* Only because it does not fit. */
			check_error(status, &error, MOTE_NO_GUEST_MEMORY, "guest.elf");
			REQUIRE(request.memory_bytes <= 8 * MIB || !request.position_independent);
			tight++;
			continue;
		}
		check_layout(&request, &layout);
		good++;
	}
	REQUIRE(good > 500 && tight > 50);
}

static void a_failure_writes_nothing(void)
{
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout, before;

	memset(&layout, 0x5a, sizeof(layout));
	memset(&before, 0x5a, sizeof(before));
	request.memory_bytes = 16 * PAGE;
	check_error(mote_layout_compute(&request, &layout, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "raise memory_bytes");
	REQUIRE_MEM(&layout, &before, sizeof(layout));
}

static void the_message_names_what_is_needed_and_what_there_is(void)
{
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout;
	uint64_t needed;

	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	request.memory_bytes = 16 * PAGE;
	check_error(mote_layout_compute(&request, &layout, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "but has 64 KiB; raise memory_bytes");
	/* What it asks for is enough (its own page tables aside, which grow with the memory). */
	for (needed = 16 * PAGE; needed < 4 * MIB; needed += PAGE) {
		request.memory_bytes = needed;
		if (mote_layout_compute(&request, &layout, &error) == MOTE_OK)
			break;
	}
	check_layout(&request, &layout);
	REQUIRE_EQ(layout.regions[MOTE_LAYOUT_HEAP].bytes, 0);
	request.memory_bytes = needed - PAGE;
	check_error(mote_layout_compute(&request, &layout, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "needs");
}

static void a_fixed_image_below_the_free_addresses_is_refused(void)
{
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout;
	uint64_t lowest;

	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	lowest = end_of(&layout, MOTE_LAYOUT_THREAD) + 4 * PAGE;
	request.position_independent = false;
	request.image = (struct mote_elf_range){lowest, lowest + 4 * PAGE};
	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	check_layout(&request, &layout);
	for (uint64_t gva = 0; gva < lowest; gva += PAGE) {
		request.image = (struct mote_elf_range){gva, gva + 4 * PAGE};
		check_error(mote_layout_compute(&request, &layout, &error), &error,
			    MOTE_NO_GUEST_MEMORY, "link it with -static-pie");
	}
	/* And far beyond memory. */
	request.image = (struct mote_elf_range){1ull << 46, (1ull << 46) + PAGE};
	check_error(mote_layout_compute(&request, &layout, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "raise memory_bytes");
}

static void the_images_wish_for_a_heap_counts(void)
{
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout;

	request.least_heap_bytes = MIB + 5;
	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	check_layout(&request, &layout);
	request.heap_bytes = MIB;
	check_error(mote_layout_compute(&request, &layout, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "asks for a heap of 1048581 bytes and has 1048576; leave out or raise "
		    "heap_bytes");
	request.heap_bytes = 0;
	request.least_heap_bytes = 64 * MIB;
	check_error(mote_layout_compute(&request, &layout, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "raise memory_bytes");
}

static void host_addresses_are_inside_ram_or_null(void)
{
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout;
	uint8_t ram[1];
	uint64_t end;

	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	end = MOTE_RAM_GVA + layout.ram_bytes;
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA, 1) == ram);
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA, layout.ram_bytes) == ram);
	REQUIRE((uint8_t *)mote_layout_host(&layout, ram, end - 1, 1) ==
		ram + layout.ram_bytes - 1);
	REQUIRE(mote_layout_host(&layout, ram, end, 0) != NULL);
	REQUIRE(mote_layout_host(&layout, ram, end, 1) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, end + 1, 0) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA, layout.ram_bytes + 1) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA - 1, 1) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA - 1, 0) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, 0, 1) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, UINT64_MAX, 1) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, UINT64_MAX, UINT64_MAX) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA + 1, UINT64_MAX) == NULL);
	REQUIRE(mote_layout_host(&layout, ram, MOTE_RAM_GVA, UINT64_MAX) == NULL);
}

static void guest_physical_addresses_are_where_ram_was_placed(void)
{
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout;

	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	REQUIRE_EQ(layout.ram_gpa, 0);
	layout.ram_gpa = 0x40010000;
	REQUIRE_EQ(mote_layout_gpa(&layout, MOTE_RAM_GVA), 0x40010000);
	REQUIRE_EQ(mote_layout_gpa(&layout, 0x12345), 0x40012345);
	REQUIRE_EQ(mote_layout_ram_end(&layout), MOTE_RAM_GVA + layout.ram_bytes);
}

static void every_address_has_a_name(void)
{
	static const char *const names[MOTE_LAYOUT_REGIONS] = {
		"monitor", "snapshot gate", "stack guard",   "stack", "stack guard",
		"mailbox", "thread block",  "guard",	     "image", "guard",
		"heap",	   "page tables",   "outside memory"};
	struct mote_layout_request request = ordinary();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_layout layout;

	request.heap_bytes = PAGE;
	request.buffer_bytes = PAGE;
	check_ok(mote_layout_compute(&request, &layout, &error), &error);
	for (unsigned id = 0; id < MOTE_LAYOUT_REGIONS; id++) {
		uint64_t first = layout.regions[id].gva, last = end_of(&layout, id) - 1;
		bool guard =
			id == MOTE_LAYOUT_STACK_GUARD_LOW || id == MOTE_LAYOUT_STACK_GUARD_HIGH;

		if (layout.regions[id].bytes == 0)
			continue;
		REQUIRE_STR(mote_layout_name(&layout, first), names[id]);
		REQUIRE_STR(mote_layout_name(&layout, last), names[id]);
		REQUIRE_EQ(mote_layout_is_stack_guard(&layout, first), guard);
		REQUIRE_EQ(mote_layout_is_stack_guard(&layout, last), guard);
	}
	REQUIRE_STR(mote_layout_name(&layout, 0), "null page");
	REQUIRE_STR(mote_layout_name(&layout, MOTE_RAM_GVA - 1), "null page");
	REQUIRE_STR(mote_layout_name(&layout, end_of(&layout, MOTE_LAYOUT_HEAP)), "outside memory");
	REQUIRE_STR(mote_layout_name(&layout, UINT64_MAX), "outside memory");
	REQUIRE(!mote_layout_is_stack_guard(&layout, 0));
	REQUIRE(!mote_layout_is_stack_guard(&layout, UINT64_MAX));
}

static const struct test_case cases[] = {
	CASE(every_combination_is_well_formed),
	CASE(a_failure_writes_nothing),
	CASE(the_message_names_what_is_needed_and_what_there_is),
	CASE(a_fixed_image_below_the_free_addresses_is_refused),
	CASE(the_images_wish_for_a_heap_counts),
	CASE(host_addresses_are_inside_ram_or_null),
	CASE(guest_physical_addresses_are_where_ram_was_placed),
	CASE(every_address_has_a_name),
};

int main(int argc, char **argv)
{
	return test_main("layout", cases, TEST_COUNT(cases), argc, argv);
}
