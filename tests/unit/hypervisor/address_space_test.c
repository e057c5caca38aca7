/* SPDX-License-Identifier: Apache-2.0
 *
 * Reservations of guest-physical addresses: in the space, apart from each other, at the distance
 * from a block that was asked for, the lowest that fit; and a full space stays as it was.
 */
#include "hypervisor/address_space.h"

#include "../unit_test.h"
#include "allocator.h"
#include "hypervisor/arch/page_tables.h"

#define PAGE 4096ull
#define BLOCK ((uint64_t)MOTE_BLOCK_BYTES)

static struct mote_address_space space_of(uint64_t begin, uint64_t end)
{
	return (struct mote_address_space){
		.allocator = &mote_default_allocator, .begin = begin, .end = end};
}

static uint64_t reserve(struct mote_address_space *space, uint64_t gva, uint64_t bytes)
{
	mote_error error = MOTE_ERROR_INIT;
	uint64_t gpa = 0;

	check_ok(mote_address_space_reserve(space, gva, bytes, &gpa, &error), &error);
	return gpa;
}

/* That a reservation fails, with nothing changed. */
static void refuse(struct mote_address_space *space, uint64_t gva, uint64_t bytes)
{
	mote_error error = MOTE_ERROR_INIT;
	uint64_t gpa = 0x5a5a;
	const uint32_t count = space->count;

	check_error(mote_address_space_reserve(space, gva, bytes, &gpa, &error), &error, MOTE_LIMIT,
		    "guest-physical addresses are free; this hypervisor has ");
	REQUIRE_EQ(gpa, 0x5a5a);
	REQUIRE_EQ(space->count, count);
}

static void regions_are_as_far_from_a_block_as_their_virtual_addresses(void)
{
	struct mote_address_space space = space_of(4 * BLOCK, 64 * BLOCK);

	REQUIRE_EQ(reserve(&space, 0, 16 * PAGE), 4 * BLOCK);
	REQUIRE_EQ(reserve(&space, 100 * BLOCK + 20 * PAGE, PAGE), 4 * BLOCK + 20 * PAGE);
	/* Behind the first, and behind the second, there is room, but not at this distance. */
	REQUIRE_EQ(reserve(&space, 8 * PAGE, 3 * BLOCK), 5 * BLOCK + 8 * PAGE);
	REQUIRE_EQ(reserve(&space, 16 * PAGE, 4 * PAGE), 4 * BLOCK + 16 * PAGE);
	mote_address_space_end(&space);
}

static void the_lowest_gap_that_is_large_enough_is_taken(void)
{
	struct mote_address_space space = space_of(0, 64 * BLOCK);
	uint64_t at[6];

	for (size_t i = 0; i < COUNT(at); i++)
		REQUIRE_EQ(at[i] = reserve(&space, 0, 2 * BLOCK), 2 * i * BLOCK);
	mote_address_space_release(&space, at[1]);
	mote_address_space_release(&space, at[3]);
	mote_address_space_release(&space, at[4]);
	REQUIRE_EQ(reserve(&space, 0, 3 * BLOCK), at[3]);
	REQUIRE_EQ(reserve(&space, 0, BLOCK), at[1]);
	REQUIRE_EQ(reserve(&space, 0, BLOCK), at[1] + BLOCK);
	REQUIRE_EQ(reserve(&space, 0, BLOCK), at[3] + 3 * BLOCK);
	REQUIRE_EQ(reserve(&space, 0, BLOCK), 12 * BLOCK);
	mote_address_space_end(&space);
}

static void a_space_is_used_to_its_last_byte(void)
{
	struct mote_address_space space = space_of(2 * BLOCK, 4 * BLOCK);

	refuse(&space, 0, 2 * BLOCK + PAGE);
	refuse(&space, PAGE, 2 * BLOCK);
	REQUIRE_EQ(reserve(&space, 0, 2 * BLOCK), 2 * BLOCK);
	refuse(&space, 0, PAGE);
	mote_address_space_release(&space, 2 * BLOCK);
	REQUIRE_EQ(reserve(&space, BLOCK - PAGE, BLOCK + PAGE), 3 * BLOCK - PAGE);
	REQUIRE_EQ(reserve(&space, 0, BLOCK - PAGE), 2 * BLOCK);
	refuse(&space, 0, PAGE);
	mote_address_space_end(&space);
}

static void a_fragmented_space_refuses_what_fits_nowhere(void)
{
	struct mote_address_space space = space_of(0, 16 * BLOCK);

	for (uint64_t i = 0; i < 16; i++)
		REQUIRE_EQ(reserve(&space, 0, BLOCK), i * BLOCK);
	for (uint64_t i = 0; i < 16; i += 2)
		mote_address_space_release(&space, i * BLOCK);
	refuse(&space, 0, 2 * BLOCK);
	refuse(&space, PAGE, BLOCK);
	REQUIRE_EQ(reserve(&space, PAGE, BLOCK - PAGE), PAGE);
	REQUIRE_EQ(reserve(&space, 0, BLOCK), 2 * BLOCK);
	mote_address_space_end(&space);
}

static void no_size_and_no_address_overflows(void)
{
	static const uint64_t sizes[] = {PAGE, 1ull << 63, UINT64_MAX - PAGE, UINT64_MAX};
	struct mote_address_space empty = space_of(4 * BLOCK, 4 * BLOCK);
	struct mote_address_space reversed = space_of(8 * BLOCK, 4 * BLOCK);
	struct mote_address_space space = space_of(0, 1ull << 52);

	for (size_t i = 0; i < COUNT(sizes); i++) {
		refuse(&empty, 0, sizes[i]);
		refuse(&reversed, 0, sizes[i]);
	}
	REQUIRE_EQ(reserve(&space, UINT64_MAX - BLOCK + 1, PAGE), 0);
	REQUIRE_EQ(reserve(&space, (1ull << 52) - PAGE, PAGE), BLOCK - PAGE);
	for (size_t i = 1; i < COUNT(sizes); i++)
		refuse(&space, UINT64_MAX - PAGE + 1, sizes[i]);
	REQUIRE_EQ(reserve(&space, 0, (1ull << 52) - BLOCK), BLOCK);
	refuse(&space, 2 * PAGE, BLOCK);
	mote_address_space_end(&space);
}

/* No memory is one of the ways in which a reservation fails. */
static void *no_memory(void *user, void *pointer, size_t bytes)
{
	(void)user;
	(void)pointer;
	(void)bytes;
	return NULL;
}

static void without_memory_nothing_is_reserved(void)
{
	struct mote_address_space space = space_of(0, 16 * BLOCK);
	const mote_allocator broken = {.reallocate = no_memory};
	mote_error error = MOTE_ERROR_INIT;
	uint64_t gpa = 0x5a5a;

	reserve(&space, 0, BLOCK);
	space.allocator = &broken;
	check_error(mote_address_space_reserve(&space, 0, PAGE, &gpa, &error), &error,
		    MOTE_NO_MEMORY, "guest-physical addresses");
	REQUIRE_EQ(gpa, 0x5a5a);
	space.allocator = &mote_default_allocator;
	REQUIRE_EQ(reserve(&space, 0, BLOCK), BLOCK);
	mote_address_space_end(&space);
}

enum { MODEL_PAGES = 4096, MODEL_RANGES = 24 };

/* Which pages are taken, by a model that looks at each page. */
struct model {
	struct mote_address_range ranges[MODEL_RANGES];
	bool taken[MODEL_PAGES];
};

static void mark(struct model *model, const struct mote_address_range *range, bool taken)
{
	for (uint64_t page = range->gpa / PAGE; page < (range->gpa + range->bytes) / PAGE; page++) {
		REQUIRE(page < MODEL_PAGES && model->taken[page] != taken);
		model->taken[page] = taken;
	}
}

static bool fits(const struct model *model, uint64_t page, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		if (page + i >= MODEL_PAGES || model->taken[page + i])
			return false;
	return true;
}

static void try_range(struct mote_address_space *space, struct model *model,
		      struct mote_address_range *range, uint64_t *seed)
{
	const uint64_t pages = 1 + random_below(seed, random_below(seed, 4) ? 40 : 1200);
	const uint64_t gva = random_below(seed, 1ull << 24) * PAGE;
	uint64_t page = gva / PAGE % (BLOCK / PAGE);

	while (page < MODEL_PAGES && !fits(model, page, pages))
		page += BLOCK / PAGE;
	if (page >= MODEL_PAGES) {
		refuse(space, gva, pages * PAGE);
		return;
	}
	range->gpa = reserve(space, gva, pages * PAGE);
	range->bytes = pages * PAGE;
	REQUIRE_EQ(range->gpa, page * PAGE);
	mark(model, range, true);
}

static void any_order_agrees_with_a_map_of_pages(void)
{
	struct mote_address_space space = space_of(0, MODEL_PAGES * PAGE);
	static struct model model;
	uint64_t seed = 42;

	for (unsigned step = 0; step < 20000; step++) {
		struct mote_address_range *range = &model.ranges[random_below(&seed, MODEL_RANGES)];

		if (range->bytes == 0) {
			try_range(&space, &model, range, &seed);
			continue;
		}
		mark(&model, range, false);
		mote_address_space_release(&space, range->gpa);
		range->bytes = 0;
	}
	mote_address_space_end(&space);
}

static const struct test_case cases[] = {
	CASE(regions_are_as_far_from_a_block_as_their_virtual_addresses),
	CASE(the_lowest_gap_that_is_large_enough_is_taken),
	CASE(a_space_is_used_to_its_last_byte),
	CASE(a_fragmented_space_refuses_what_fits_nowhere),
	CASE(no_size_and_no_address_overflows),
	CASE(without_memory_nothing_is_reserved),
	CASE(any_order_agrees_with_a_map_of_pages),
};

int main(int argc, char **argv)
{
	return test_main("address_space", cases, TEST_COUNT(cases), argc, argv);
}
