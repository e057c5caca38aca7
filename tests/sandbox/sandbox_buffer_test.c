/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared buffers: the guest works on the host's memory, as far as it was allowed
 * to and as long as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "buffers.h"

static void a_guest_reads_all_of_it(void)
{
	struct buffers shared;

	buffers_setup(&shared, NULL);
	buffers_map(&shared, false);
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data, BYTES)).as.u64,
		 buffers_sum(shared.data, BYTES));
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data + 5000, 77)).as.u64,
		 buffers_sum(shared.data + 5000, 77));
	shared.data[5000] ^= 0xff; /* not a copy */
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data + 5000, 77)).as.u64,
		 buffers_sum(shared.data + 5000, 77));
	buffers_teardown(&shared);
}

static void without_a_mapping_bytes_are_copied(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_value all;

	buffers_setup(&shared, NULL);
	all = mote_value_bytes(shared.data, BYTES);
	CHECK_STATUS(fixture_try(shared.sandbox, "sum", &all, 1, NULL, &error), MOTE_TOO_LARGE,
		     &error);
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data, 1000)).as.u64,
		 buffers_sum(shared.data, 1000));
	buffers_teardown(&shared);
}

/* Or refused, where it cannot be. */
static void read_only_is_enforced(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value arguments[2] = {{0}, mote_value_u32(7)};
	struct buffers shared;

	buffers_setup(&shared, NULL);
	if (!buffers_can_be_read_only(&shared)) {
		CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, shared.buffer, false, &error),
			     MOTE_UNSUPPORTED, &error);
		CHECK_CONTAINS(error.text, "read-only");
		buffers_teardown(&shared);
		return;
	}
	buffers_map(&shared, false);
	arguments[0] = mote_value_bytes(shared.data, 10);
	CHECK_STATUS(fixture_try(shared.sandbox, "fill", arguments, 2, NULL, &error),
		     MOTE_GUEST_FAULT, &error);
	CHECK_CONTAINS(error.text, "shared buffer");
	CHECK_EQ(mote_sandbox_get_fault(shared.sandbox)->kind, MOTE_FAULT_MEMORY);
	CHECK_EQ(shared.data[1], 31);
	buffers_teardown(&shared);
}

static void a_writable_buffer_is_seen_by_all(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *other;
	struct buffers shared;

	buffers_setup(&shared, NULL);
	other = fixture_sandbox(shared.engine, "buffers", NULL);
	buffers_map(&shared, true);
	CHECK_STATUS(mote_sandbox_map_buffer(other, shared.buffer,
					     !buffers_can_be_read_only(&shared), &error),
		     MOTE_OK, &error);
	CALL(shared.sandbox, "fill", mote_value_bytes(shared.data + PAGE, PAGE), mote_value_u32(3));
	CHECK_EQ(shared.data[PAGE], 3);
	CHECK_EQ(shared.data[PAGE - 1], (unsigned char)((PAGE - 1) * 31));
	CHECK_EQ(CALL(other, "sum", mote_value_bytes(shared.data + PAGE, PAGE)).as.u64, 3 * PAGE);
	fixture_destroy(other, NULL);
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data + PAGE, PAGE)).as.u64,
		 3 * PAGE);
	buffers_teardown(&shared);
}

static void unmapping_takes_it_away(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_value address;

	buffers_setup(&shared, NULL);
	buffers_map(&shared, false);
	address = CALL(shared.sandbox, "address", mote_value_bytes(shared.data, BYTES));
	CHECK_EQ(CALL(shared.sandbox, "read_at", mote_value_u64(address.as.u64 + 1)).as.u32, 31);
	CHECK_STATUS(mote_sandbox_unmap_buffer(shared.sandbox, shared.buffer, &error), MOTE_OK,
		     &error);
	CHECK_STATUS(mote_sandbox_unmap_buffer(shared.sandbox, shared.buffer, &error),
		     MOTE_NOT_FOUND, &error);
	CHECK_STATUS(fixture_try(shared.sandbox, "read_at", &address, 1, NULL, &error),
		     MOTE_GUEST_FAULT, &error);
	CHECK_CONTAINS(error.text, "outside memory");
	buffers_teardown(&shared);
}

/* The same addresses, other memory: nothing of the old mapping stays behind. */
static void addresses_are_used_again(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *other;
	struct buffers shared;

	buffers_setup(&shared, NULL);
	REQUIRE_EQ(mote_buffer_create(shared.engine, BYTES, &other, &error), MOTE_OK);
	memset(mote_buffer_get_data(other), 9, BYTES);
	for (unsigned int i = 0; i < test_scale(50); i++) {
		buffers_map(&shared, i % 2 == 0);
		CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data, BYTES)).as.u64,
			 buffers_sum(shared.data, BYTES));
		CHECK_STATUS(mote_sandbox_unmap_buffer(shared.sandbox, shared.buffer, &error),
			     MOTE_OK, &error);
		CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, other,
						     !buffers_can_be_read_only(&shared), &error),
			     MOTE_OK, &error);
		CHECK_EQ(CALL(shared.sandbox, "sum",
			      mote_value_bytes(mote_buffer_get_data(other), BYTES))
				 .as.u64,
			 9ull * BYTES);
		CHECK_STATUS(mote_sandbox_unmap_buffer(shared.sandbox, other, &error), MOTE_OK,
			     &error);
	}
	mote_buffer_release(other);
	buffers_teardown(&shared);
}

static void many_buffers_fit_until_the_space_is_full(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffers[9];
	struct buffers shared;

	options.buffer_space_bytes = 8 * buffers_page_bytes();
	buffers_setup(&shared, &options);
	for (unsigned int i = 0; i < 9; i++) {
		mote_status expected = i < 8 ? MOTE_OK : MOTE_NO_GUEST_MEMORY;

		REQUIRE_EQ(mote_buffer_create(shared.engine, 1, &buffers[i], &error), MOTE_OK);
		*(unsigned char *)mote_buffer_get_data(buffers[i]) = (unsigned char)(i + 1);
		CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, buffers[i],
						     !buffers_can_be_read_only(&shared), &error),
			     expected, &error);
	}
	CHECK_CONTAINS(error.text, "buffer_space_bytes");
	CHECK_STATUS(mote_sandbox_unmap_buffer(shared.sandbox, buffers[3], &error), MOTE_OK,
		     &error);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, buffers[8],
					     !buffers_can_be_read_only(&shared), &error),
		     MOTE_OK, &error);
	for (unsigned int i = 0; i < 9; i++)
		CHECK_EQ(CALL(shared.sandbox, "sum",
			      mote_value_bytes(mote_buffer_get_data(buffers[i]), 1))
				 .as.u64,
			 i + 1);
	for (unsigned int i = 0; i < 9; i++)
		mote_buffer_release(buffers[i]);
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data, 0)).as.u64, 0);
	buffers_teardown(&shared);
}

static void wrong_mappings_are_refused(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *none;
	struct buffers shared;

	buffers_setup(&shared, NULL);
	buffers_map(&shared, false);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, shared.buffer, true, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, NULL, true, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_buffer_create(shared.engine, 0, &none, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_buffer_create(shared.engine, UINT64_MAX, &none, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	buffers_teardown(&shared);
}

/* Buffers that blocks map come and go in one place with those that pages map. */
static void large_and_small_buffers_take_turns(void)
{
	enum { LARGE = 6 << 20 };
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_buffer *large;
	unsigned char *data;
	mote_value address;

	buffers_setup(&shared, NULL);
	REQUIRE_OK(mote_buffer_create(shared.engine, LARGE, &large, &error), &error);
	data = mote_buffer_get_data(large);
	for (unsigned int i = 0; i < 2; i++) {
		CHECK_OK(mote_sandbox_map_buffer(shared.sandbox, large, true, &error), &error);
		address = CALL(shared.sandbox, "address", mote_value_bytes(data, LARGE));
		for (size_t at = 0; at < LARGE; at += LARGE / 12) {
			CALL(shared.sandbox, "fill", mote_value_bytes(data + at, 3),
			     mote_value_u32(i + 9));
			CHECK_EQ(data[at + 2], i + 9);
			CHECK_EQ(data[at + 3], 0);
		}
		CHECK_OK(mote_sandbox_unmap_buffer(shared.sandbox, large, &error), &error);
		buffers_map(&shared, false);
		CHECK_EQ(CALL(shared.sandbox, "address", mote_value_bytes(shared.data, BYTES))
				 .as.u64,
			 address.as.u64);
		CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(shared.data, BYTES)).as.u64,
			 buffers_sum(shared.data, BYTES));
		CHECK_OK(mote_sandbox_unmap_buffer(shared.sandbox, shared.buffer, &error), &error);
	}
	address = mote_value_u64(address.as.u64 + LARGE / 2);
	CHECK_STATUS(fixture_try(shared.sandbox, "read_at", &address, 1, NULL, &error),
		     MOTE_GUEST_FAULT, &error);
	mote_buffer_release(large);
	buffers_teardown(&shared);
}

/* Not where the sandbox's memory or, on aarch64, its doorbells are. */
static void no_buffer_is_in_the_guests_own_addresses(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	const struct mote_layout *layout;
	mote_buffer *between, *first;
	uint64_t end;

	buffers_setup(&shared, NULL);
	layout = &shared.sandbox->layout;
	/* Behind this, the guest sees the next buffer at the begin of a block, as its page 0. */
	end = layout->regions[MOTE_LAYOUT_BUFFERS].gva % MOTE_BLOCK_BYTES;
	REQUIRE_OK(mote_buffer_create(shared.engine, MOTE_BLOCK_BYTES - end, &between, &error),
		   &error);
	REQUIRE_OK(mote_buffer_create(shared.engine, MOTE_RAM_GVA, &first, &error), &error);
	REQUIRE_OK(mote_sandbox_map_buffer(shared.sandbox, between, true, &error), &error);
	REQUIRE_OK(mote_sandbox_map_buffer(shared.sandbox, first, true, &error), &error);
	for (size_t i = 0; i < 2; i++) {
		const struct mote_mapped_buffer *at = &shared.sandbox->mailbox.call.buffers[i];

		CHECK_EQ((at->gpa - at->gva) % MOTE_BLOCK_BYTES, 0);
		CHECK(at->gpa - shared.sandbox->vm.vm->address_base >= mote_layout_ram_end(layout));
	}
	mote_buffer_release(between);
	mote_buffer_release(first);
	buffers_teardown(&shared);
}

/* A hypervisor with 64 GiB of guest-physical addresses: what does not fit is refused, and what is
 * unmapped gives its place to others. */
static void addresses_are_limited_and_given_back(void)
{
	enum { BUFFERS = 8 };
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_status status = MOTE_OK;
	mote_buffer *buffers[BUFFERS];
	mote_sandbox *sandbox;
	size_t count = 0;

	engine->hypervisor->capabilities.address_bits = 36;
	options.buffer_space_bytes = 64ull << 30;
	sandbox = fixture_sandbox(engine, "buffers", &options);
	for (size_t i = 0; i < BUFFERS; i++)
		REQUIRE_OK(mote_buffer_create(engine, 8ull << 30, &buffers[i], &error), &error);
	while (status == MOTE_OK && count < BUFFERS)
		status = mote_sandbox_map_buffer(sandbox, buffers[count++], true, &error);
	CHECK_STATUS(status, MOTE_LIMIT, &error);
	CHECK_CONTAINS(error.text, "no 8 GiB of guest-physical addresses are free");
	REQUIRE(count > 2);
	/* The one that was refused takes turns with the one before it. */
	for (size_t i = 0; i < 10; i++) {
		REQUIRE_OK(mote_sandbox_unmap_buffer(sandbox, buffers[count - 2 + i % 2], &error),
			   &error);
		REQUIRE_OK(mote_sandbox_map_buffer(sandbox, buffers[count - 1 - i % 2], true,
						   &error),
			   &error);
	}
	for (size_t i = 0; i < BUFFERS; i++)
		mote_buffer_release(buffers[i]);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(a_guest_reads_all_of_it),
	CASE(without_a_mapping_bytes_are_copied),
	CASE(read_only_is_enforced),
	CASE(a_writable_buffer_is_seen_by_all),
	CASE(unmapping_takes_it_away),
	CASE(addresses_are_used_again),
	CASE(large_and_small_buffers_take_turns),
	CASE(many_buffers_fit_until_the_space_is_full),
	CASE(wrong_mappings_are_refused),
	CASE(no_buffer_is_in_the_guests_own_addresses),
	CASE(addresses_are_limited_and_given_back),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_buffer", cases, TEST_COUNT(cases), argc, argv);
}
