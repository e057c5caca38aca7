/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshot files as they are read: every byte flipped, every length, absurd sizes, files that
 * change meanwhile.
 */
#include "sandbox/snapshot_format.h"

#include <mote/abi.h>

#include "bytes.h"
#include "sandbox/sandbox_internal.h"

#include "../unit_test.h"

enum {
	PAGES = 2,
	SAVED = MOTE_SNAPSHOT_HEADER_BYTES,
	FIRST = SAVED + MOTE_SAVED_BYTES,
	SECOND = FIRST + MOTE_SNAPSHOT_PAGE_RECORD_BYTES,
	CHECKSUM = SECOND + MOTE_SNAPSHOT_PAGE_RECORD_BYTES,
	FILE_BYTES = CHECKSUM + MOTE_SHA256_BYTES,
};

/* A file, and what is read from it. */
struct file {
	uint8_t bytes[FILE_BYTES + 1];
	size_t length;	 /* as it is now */
	size_t opened;	 /* as it was when it was opened */
	uint64_t change; /* the first offset whose read finds the file changed, or 0 */
	uint64_t placed[PAGES + 1];
	unsigned placed_count;
	uint64_t forbidden; /* a page where the guest may not write */
	uint8_t page[MOTE_PAGE_BYTES];
};

static struct mote_snapshot_header ordinary(void)
{
	struct mote_snapshot_header header = {
		.abi_version = MOTE_ABI_VERSION,
		.machine = MOTE_ARCH_MACHINE,
		.granule_bytes = 4096,
		.memory_bytes = 1 << 20,
		.heap_bytes = 1 << 18,
		.stack_bytes = 1 << 16,
		.data_bytes = 1 << 16,
		.buffer_bytes = 1 << 20,
		.pages = PAGES,
	};

	for (unsigned i = 0; i < MOTE_LAYOUT_REGIONS; i++)
		header.regions[i] = (struct mote_layout_region){i * 65536ull, 4096};
	header.processor[0] = 0x1234;
	memset(header.image, 0x5a, sizeof(header.image));
	return header;
}

static void put_checksum(struct file *file)
{
	struct mote_sha256 hash;

	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, file->bytes, CHECKSUM);
	mote_sha256_end(&hash, file->bytes + CHECKSUM);
}

static void make(struct file *file, const struct mote_snapshot_header *header)
{
	memset(file, 0, sizeof(*file));
	file->length = file->opened = FILE_BYTES;
	file->forbidden = 1;
	mote_snapshot_put_header(header, file->bytes);
	memset(file->bytes + SAVED, 0x11, MOTE_SAVED_BYTES);
	mote_put64(file->bytes + FIRST, 0x20000);
	memset(file->bytes + FIRST + 8, 0x22, MOTE_PAGE_BYTES);
	mote_put64(file->bytes + SECOND, 0x30000);
	memset(file->bytes + SECOND + 8, 0x33, MOTE_PAGE_BYTES);
	put_checksum(file);
}

static mote_status read_bytes(void *user, uint64_t offset, void *to, size_t length, size_t *got,
			      mote_error *error)
{
	struct file *file = user;
	const size_t left = offset < file->length ? file->length - (size_t)offset : 0;

	(void)error;
	*got = length < left ? length : left;
	memcpy(to, file->bytes + offset, *got);
	if (file->change != 0 && offset + length > file->change)
		for (size_t i = 0; i < *got; i++)
			((uint8_t *)to)[i] ^= 1;
	return MOTE_OK;
}

static void *place(void *user, uint64_t gva)
{
	struct file *file = user;

	REQUIRE(file->placed_count < PAGES + 1);
	file->placed[file->placed_count++] = gva;
	return gva == file->forbidden ? NULL : file->page;
}

static mote_status read_all(struct file *file, struct mote_snapshot_header *header,
			    mote_error *error)
{
	struct mote_snapshot_reader reader = {
		.name = "file", .read = read_bytes, .user = file, .bytes = file->opened};
	uint8_t saved[MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES];
	mote_status status = mote_snapshot_read_header(&reader, header, error);

	file->placed_count = 0;
	if (status == MOTE_OK)
		status = mote_snapshot_read_saved(&reader, header, saved, error);
	if (status == MOTE_OK)
		status = mote_snapshot_read_pages(&reader, header, place, file, error);
	return status;
}

static void what_is_written_is_read(void)
{
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	mote_error error = MOTE_ERROR_INIT;
	struct file file;

	make(&file, &header);
	check_ok(read_all(&file, &read, &error), &error);
	CHECK_EQ(file.placed_count, 2);
	CHECK_EQ(file.placed[0], 0x20000);
	CHECK_EQ(file.placed[1], 0x30000);
	CHECK_EQ(file.page[4095], 0x33);
	CHECK_EQ(read.abi_version, header.abi_version);
	CHECK_EQ(read.machine, header.machine);
	CHECK_EQ(read.granule_bytes, header.granule_bytes);
	CHECK_MEM(read.image, header.image, sizeof(header.image));
	CHECK_MEM(read.processor, header.processor, sizeof(header.processor));
	CHECK_EQ(read.memory_bytes, header.memory_bytes);
	CHECK_EQ(read.heap_bytes, header.heap_bytes);
	CHECK_EQ(read.stack_bytes, header.stack_bytes);
	CHECK_EQ(read.data_bytes, header.data_bytes);
	CHECK_EQ(read.buffer_bytes, header.buffer_bytes);
	CHECK_EQ(read.pages, PAGES);
	CHECK_MEM(read.regions, header.regions, sizeof(header.regions));
}

static bool is_refusal(mote_status status)
{
	return status == MOTE_BAD_SNAPSHOT || status == MOTE_WRONG_SNAPSHOT;
}

static void every_flipped_byte_is_seen(void)
{
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	struct file file;

	make(&file, &header);
	for (size_t i = 0; i < FILE_BYTES; i++) {
		mote_error error = MOTE_ERROR_INIT;

		file.bytes[i] ^= (uint8_t)(1 << i % 8);
		if (!is_refusal(read_all(&file, &read, &error)))
			FAIL("byte %zu was not missed", i);
		file.bytes[i] ^= (uint8_t)(1 << i % 8);
	}
}

static void every_other_length_is_seen(void)
{
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	mote_error error = MOTE_ERROR_INIT;
	struct file file;

	make(&file, &header);
	for (size_t length = 0; length <= FILE_BYTES + 1; length++) {
		if (length == FILE_BYTES)
			continue;
		/* From the start, and while it is read. */
		file.length = file.opened = length;
		check_error(read_all(&file, &read, &error), &error, MOTE_BAD_SNAPSHOT, "it ");
		file.opened = FILE_BYTES;
		check_error(read_all(&file, &read, &error), &error, MOTE_BAD_SNAPSHOT, "it ");
	}
}

static void what_changes_meanwhile_is_seen(void)
{
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	mote_error error = MOTE_ERROR_INIT;
	struct file file;

	make(&file, &header);
	for (file.change = 1; file.change < FILE_BYTES; file.change += 31)
		if (!is_refusal(read_all(&file, &read, &error)))
			FAIL("a change at %llu", (unsigned long long)file.change);
}

static void absurd_headers_are_refused(void)
{
	static const struct {
		size_t offset;
		uint64_t value;
		const char *problem;
	} values[] = {
		{8, 0, "version"},
		{8, 2, "version"},
		{16, 0, "machine"},
		{16, 3, "machine"},
		{16, (uint64_t)MOTE_ARCH_MACHINE | 2ull << 32, "zeros"},
		{384, 1, "zeros"},
		{504, 1ull << 63, "zeros"},
		{128, 0, "size"},
		{128, 4097, "size"},
		{128, 1ull << 63, "size"},
		{128, (64ull << 30) + 4096, "size"},
		{136, 1, "size"},
		{136, ~0xfffull, "size"},
		{144, 0, "size"},
		{152, 0, "size"},
		{160, 0, "size"},
		{160, ~0xfffull, "size"},
		{168, 0, "too long"},
		{168, 1, "too long"},
		{168, 3, "too short"},
		{168, 257, "more pages"},
		{168, ~0ull, "more pages"},
		{168, (1ull << 61) + 2, "more pages"},
	};
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	struct file file;

	for (size_t i = 0; i < COUNT(values); i++) {
		mote_error error = MOTE_ERROR_INIT;
		mote_status status;

		make(&file, &header);
		mote_put64(file.bytes + values[i].offset, values[i].value);
		put_checksum(&file);
		status = read_all(&file, &read, &error);
		if (!is_refusal(status))
			FAIL("value %zu: status %s", i, mote_status_name(status));
		CHECK_CONTAINS(error.text, values[i].problem);
		CHECK_EQ(file.placed_count, 0);
	}
}

static void pages_are_in_order(void)
{
	static const uint64_t addresses[][2] = {
		{0x30000, 0x30000}, {0x30000, 0x20000}, {0x20001, 0x30000},
		{0x20000, 0x20fff}, {0, ~0ull},		{~0xfffull, 0},
	};
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	mote_error error = MOTE_ERROR_INIT;
	struct file file;

	for (size_t i = 0; i < COUNT(addresses); i++) {
		make(&file, &header);
		mote_put64(file.bytes + FIRST, addresses[i][0]);
		mote_put64(file.bytes + SECOND, addresses[i][1]);
		put_checksum(&file);
		check_error(read_all(&file, &read, &error), &error, MOTE_BAD_SNAPSHOT, "in order");
	}
}

static void pages_go_where_the_guest_may_write(void)
{
	const struct mote_snapshot_header header = ordinary();
	struct mote_snapshot_header read;
	mote_error error = MOTE_ERROR_INIT;
	struct file file;

	make(&file, &header);
	file.forbidden = 0x30000;
	check_error(read_all(&file, &read, &error), &error, MOTE_BAD_SNAPSHOT, "may not write");
	CHECK_EQ(file.page[0], 0x22);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(what_is_written_is_read),
		CASE(every_flipped_byte_is_seen),
		CASE(every_other_length_is_seen),
		CASE(what_changes_meanwhile_is_seen),
		CASE(absurd_headers_are_refused),
		CASE(pages_are_in_order),
		CASE(pages_go_where_the_guest_may_write),
	};

	return test_main("snapshot_format", cases, TEST_COUNT(cases), argc, argv);
}
