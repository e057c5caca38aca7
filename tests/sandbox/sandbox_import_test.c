/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared buffers of memory that somebody else made: of Linux, descriptors of memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"

/* Four pages; "abc" is in the second one. */
static int memory_file(uint64_t page, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	REQUIRE(fd >= 0 && ftruncate(fd, 4 * (off_t)page) == 0);
	REQUIRE(pwrite(fd, "abc", 3, (off_t)page) == 3);
	REQUIRE(seals == 0 || fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

static void memory_of_others_can_be_imported(void)
{
	const uint64_t page = buffers_page_bytes();
	int fd = memory_file(page, F_SEAL_SHRINK);
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_buffer *imported;
	unsigned char *data;

	buffers_setup(&shared, NULL);
	REQUIRE_EQ(mote_buffer_import(shared.engine, fd, page, 2 * page, &imported, &error),
		   MOTE_OK);
	close(fd);
	data = mote_buffer_get_data(imported);
	CHECK_MEM(data, "abc", 3);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, imported, true, &error), MOTE_OK,
		     &error);
	CALL(shared.sandbox, "fill", mote_value_bytes(data, page), mote_value_u32(1));
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(data, 2 * page)).as.u64, page);
	mote_buffer_release(imported);
	buffers_teardown(&shared);
}

static void what_could_shrink_is_not_imported(void)
{
	const uint64_t page = buffers_page_bytes();
	int loose = memory_file(page, 0), sealed = memory_file(page, F_SEAL_SHRINK);
	int constant = memory_file(page, F_SEAL_SHRINK | F_SEAL_WRITE);
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffer;
	struct buffers shared;

	buffers_setup(&shared, NULL);
	CHECK_STATUS(mote_buffer_import(shared.engine, loose, 0, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "F_SEAL_SHRINK");
	CHECK_STATUS(mote_buffer_import(shared.engine, sealed, 0, 5 * page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_buffer_import(shared.engine, sealed, 1, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_buffer_import(shared.engine, -1, 0, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_buffer_import(shared.engine, constant, 0, 2 * page, &buffer, &error),
		     MOTE_OK, &error);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, buffer, true, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	if (!shared.engine->hypervisor->capabilities.read_only_host_memory) {
		CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, buffer, false, &error),
			     MOTE_UNSUPPORTED, &error);
	} else {
		CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, buffer, false, &error),
			     MOTE_OK, &error);
		CHECK_EQ(CALL(shared.sandbox, "sum",
			      mote_value_bytes(mote_buffer_get_data(buffer), 2 * page))
				 .as.u64,
			 'a' + 'b' + 'c');
	}
	mote_buffer_release(buffer);
	close(loose);
	close(sealed);
	close(constant);
	buffers_teardown(&shared);
}

static void huge_pages_are_not_imported(void)
{
	const uint64_t page = buffers_page_bytes();
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffer;
	struct buffers shared;

	if (fd < 0)
		SKIP("this kernel has no huge pages");
	REQUIRE(ftruncate(fd, 2 << 20) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	buffers_setup(&shared, NULL);
	CHECK_STATUS(mote_buffer_import(shared.engine, fd, 0, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "huge pages");
	close(fd);
	buffers_teardown(&shared);
}

/* Whoever made the memory can punch holes into it: they read as zeros, for host and guest. */
static void holes_in_imported_memory_are_zeros(void)
{
	const uint64_t page = buffers_page_bytes();
	int fd = memory_file(page, F_SEAL_SHRINK);
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *imported;
	struct buffers shared;
	unsigned char *data;

	buffers_setup(&shared, NULL);
	REQUIRE_OK(mote_buffer_import(shared.engine, fd, 0, 4 * page, &imported, &error), &error);
	data = mote_buffer_get_data(imported);
	REQUIRE_OK(mote_sandbox_map_buffer(shared.sandbox, imported, true, &error), &error);
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(data, 4 * page)).as.u64,
		 'a' + 'b' + 'c');
	REQUIRE(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4 * (off_t)page) == 0);
	CHECK_EQ(data[page], 0);
	CHECK_EQ(CALL(shared.sandbox, "sum", mote_value_bytes(data, 4 * page)).as.u64, 0);
	mote_buffer_release(imported);
	close(fd);
	buffers_teardown(&shared);
}

/* Whether a region's handle leads to the memory that the region maps. */
static void check_handle(const struct mote_memory_region *region, uint64_t offset)
{
	unsigned char page[PAGE];

	CHECK_EQ(region->handle_offset, offset);
	REQUIRE_EQ(pread((int)region->handle, page, PAGE, (off_t)region->handle_offset), PAGE);
	CHECK_MEM(page, region->hva, PAGE);
}

static void regions_say_where_their_memory_is(void)
{
	const uint64_t page = buffers_page_bytes();
	int fd = memory_file(page, F_SEAL_SHRINK);
	mote_error error = MOTE_ERROR_INIT;
	const struct mote_memory_region *slots;
	mote_buffer *imported;
	struct buffers shared;

	buffers_setup(&shared, NULL);
	buffers_map(&shared, true);
	REQUIRE_OK(mote_buffer_import(shared.engine, fd, 2 * page, page, &imported, &error),
		   &error);
	*(unsigned char *)mote_buffer_get_data(imported) = 0x5a;
	REQUIRE_OK(mote_sandbox_map_buffer(shared.sandbox, imported, true, &error), &error);
	slots = shared.sandbox->vm.vm->slots;
	/* Nobody else finds private memory. */
	if (shared.engine->hypervisor->capabilities.host_cow)
		CHECK_EQ(slots[0].handle, -1);
	else
		check_handle(&slots[0], 0);
	check_handle(&slots[1], 0);
	check_handle(&slots[2], 2 * page);
	mote_buffer_release(imported);
	close(fd);
	buffers_teardown(&shared);
}

static const struct test_case cases[] = {
	CASE(memory_of_others_can_be_imported),	 CASE(what_could_shrink_is_not_imported),
	CASE(huge_pages_are_not_imported),	 CASE(holes_in_imported_memory_are_zeros),
	CASE(regions_say_where_their_memory_is),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_import", cases, TEST_COUNT(cases), argc, argv);
}
