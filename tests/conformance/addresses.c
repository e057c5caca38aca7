/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest-physical addresses: what is reserved is nobody else's, lies where blocks can map it, and is
 * free again afterwards.
 */
#include "machine.h"

/* A VM without memory. */
struct owner {
	struct mote_vm *vm;
	mote_error error;
};

static void own(struct owner *owner, struct mote_hypervisor *hypervisor)
{
	owner->error = (mote_error)MOTE_ERROR_INIT;
	REQUIRE_OK(hypervisor->backend->create(hypervisor, &owner->vm, &owner->error),
		   &owner->error);
}

static void disown(struct owner *owner)
{
	owner->vm->ops->destroy(owner->vm);
}

static mote_status reserve(struct owner *owner, uint64_t gva, uint64_t bytes, uint64_t *gpa)
{
	return owner->vm->ops->reserve_gpa(owner->vm, gva, bytes, gpa, &owner->error);
}

static void check_place(const struct mote_hypervisor *hypervisor, uint64_t gva, uint64_t bytes,
			uint64_t gpa)
{
	CHECK_EQ((gpa - gva) % MOTE_BLOCK_BYTES, 0);
	CHECK(gpa >= hypervisor->capabilities.address_base);
	CHECK_EQ((gpa + bytes - 1) >> hypervisor->capabilities.address_bits, 0);
}

static void reserved_addresses_are_apart_and_fit_blocks(void)
{
	enum { RANGES = 40 };
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	const uint64_t page = hypervisor->capabilities.page_bytes;
	struct mote_address_range ranges[RANGES];
	struct owner owner;

	own(&owner, hypervisor);
	for (uint64_t i = 0; i < RANGES; i++) {
		const uint64_t gva = i % 3 * (MOTE_BLOCK_BYTES - page) + i * page;
		const uint64_t bytes = (1 + i * 97 % 1100) * page;

		REQUIRE_OK(reserve(&owner, gva, bytes, &ranges[i].gpa), &owner.error);
		ranges[i].bytes = bytes;
		check_place(hypervisor, gva, bytes, ranges[i].gpa);
		for (uint64_t j = 0; j < i; j++)
			CHECK(ranges[j].gpa >= ranges[i].gpa + bytes ||
			      ranges[i].gpa >= ranges[j].gpa + ranges[j].bytes);
	}
	disown(&owner);
	hypervisor->backend->close(hypervisor);
}

/* Reserves large ranges until there is no room for another.  Returns the last one. */
static uint64_t fill(struct owner *owner, uint64_t bytes)
{
	uint64_t last = 1, next = 1;

	while (reserve(owner, 0, bytes, &next) == MOTE_OK)
		last = next;
	CHECK_EQ(owner->error.status, MOTE_LIMIT);
	CHECK(owner->error.text[0] != '\0');
	CHECK_EQ(next, last); /* a failure writes nothing */
	REQUIRE(last != 1);
	return last;
}

static uint64_t part_of_space(const struct mote_hypervisor *hypervisor)
{
	return 1ull << (hypervisor->capabilities.address_bits - 3);
}

static void released_addresses_are_free_again(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	const uint64_t bytes = part_of_space(hypervisor);
	struct owner owner;
	uint64_t last;

	own(&owner, hypervisor);
	last = fill(&owner, bytes);
	for (unsigned i = 0; i < 10; i++) {
		owner.vm->ops->release_gpa(owner.vm, last);
		last = fill(&owner, bytes);
	}
	CHECK_EQ(reserve(&owner, 0, UINT64_MAX - MOTE_BLOCK_BYTES + 1, &last), MOTE_LIMIT);
	disown(&owner);
	hypervisor->backend->close(hypervisor);
}

static void a_destroyed_vm_has_no_addresses(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	const uint64_t bytes = part_of_space(hypervisor);
	struct owner owner;

	for (unsigned i = 0; i < 3; i++) {
		own(&owner, hypervisor);
		fill(&owner, bytes);
		disown(&owner);
	}
	hypervisor->backend->close(hypervisor);
}

static const struct test_case cases[] = {
	CASE(reserved_addresses_are_apart_and_fit_blocks),
	CASE(released_addresses_are_free_again),
	CASE(a_destroyed_vm_has_no_addresses),
};

const struct case_list address_cases = {cases, TEST_COUNT(cases)};
