/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes as a snapshot file, or a right one that was edited, on the way into the
 * memory of a guest.  Whatever it says, memory that the guest may not write stays as the image has
 * it, and registers are those of a program.
 */
#include <stdlib.h>
#include <string.h>

#include <mote/abi.h>

#include "bytes.h"
#include "fuzz.h"
#include "guest_image.h"
#include "sandbox/loader.h"
#include "sandbox/snapshot_file.h"

enum {
	STACK_BYTES = 4 * 4096,
	HEAP_BYTES = 8 * 4096,
	PAGES = 4, /* of the right file */
	SAVED = MOTE_SNAPSHOT_HEADER_BYTES,
	FIRST = SAVED + MOTE_SAVED_BYTES,
	RECORD = MOTE_SNAPSHOT_PAGE_RECORD_BYTES,
	RIGHT_BYTES = FIRST + PAGES * RECORD + MOTE_SHA256_BYTES,
	MAXIMUM_BYTES = RIGHT_BYTES + 4096,
};

enum mode {
	RAW = 1,     /* the input is the file */
	SIGNED = 2,  /* its checksum is made right */
	RESIZED = 4, /* it had another size when it was opened */
};

const char *fuzz_missing(void)
{
	return NULL;
}

/* ---- The guest ---------------------------------------------------------------------------- */

static struct guest {
	mote_image *image;
	struct mote_layout layout;
	struct mote_os_memory ram;
	struct mote_page_tables tables;
	uint8_t *fresh; /* memory as the loader leaves it */
	struct mote_snapshot_header header;
} guest;

static void make_layout(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.memory_bytes = GUEST_MEMORY_BYTES + HEAP_BYTES + 8 * 4096;
	options.heap_bytes = HEAP_BYTES;
	options.stack_bytes = STACK_BYTES;
	options.mailbox_bytes = 4096;
	options.buffer_space_bytes = 1 << 20;
	FUZZ_CHECK(mote_sandbox_compute_layout(guest.image, &options, 4096, &guest.layout,
					       &error) == MOTE_OK);
}

static void make_header(void)
{
	const struct mote_layout_region *regions = guest.layout.regions;

	guest.header = (struct mote_snapshot_header){
		.abi_version = MOTE_ABI_VERSION,
		.machine = MOTE_ARCH_MACHINE,
		.granule_bytes = 4096,
		.memory_bytes = mote_snapshot_bytes(&guest.layout),
		.heap_bytes = regions[MOTE_LAYOUT_HEAP].bytes,
		.stack_bytes = regions[MOTE_LAYOUT_STACK].bytes,
		.data_bytes = guest.layout.data_bytes,
		.buffer_bytes = regions[MOTE_LAYOUT_BUFFERS].bytes,
		.processor = {0x5555},
		.pages = PAGES,
	};
	memcpy(guest.header.regions, regions, sizeof(guest.header.regions));
	memset(guest.header.image, 7, sizeof(guest.header.image));
}

static void make_guest(void)
{
	static struct guest_image bytes;
	struct mote_loader loader = {.layout = &guest.layout};
	mote_error error = MOTE_ERROR_INIT;

	guest_image_make(&bytes);
	memset(bytes.data, 0xdd, sizeof(bytes.data));
	FUZZ_CHECK(mote_image_from_bytes(NULL, &bytes, sizeof(bytes), "guest", &guest.image,
					 &error) == MOTE_OK);
	make_layout();
	make_header();
	FUZZ_CHECK(mote_os_memory_create(guest.layout.ram_bytes, 0, "guest memory", &guest.ram,
					 &error) == MOTE_OK);
	loader.image = guest.image;
	loader.ram = guest.ram.hva;
	FUZZ_CHECK(mote_loader_load(&loader, &error) == MOTE_OK);
	guest.tables = loader.tables;
	guest.fresh = malloc((size_t)guest.layout.ram_bytes);
	FUZZ_CHECK(guest.fresh != NULL);
	memcpy(guest.fresh, guest.ram.hva, (size_t)guest.layout.ram_bytes);
}

static bool is_in(uint64_t gva, enum mote_layout_region_id id)
{
	return gva - guest.layout.regions[id].gva < guest.layout.regions[id].bytes;
}

/* Told by what the guest is, not by its page tables. */
static bool is_writable(uint64_t gva)
{
	const uint64_t data = GUEST_DATA + guest.layout.image_bias;

	return is_in(gva, MOTE_LAYOUT_STACK) || is_in(gva, MOTE_LAYOUT_THREAD) ||
	       is_in(gva, MOTE_LAYOUT_HEAP) || gva - data < 4ull * GUEST_DATA_BYTES ||
	       (is_in(gva, MOTE_LAYOUT_MAILBOX) &&
		gva - guest.layout.regions[MOTE_LAYOUT_MAILBOX].gva >= MOTE_PAGE_BYTES);
}

/* ---- The file ----------------------------------------------------------------------------- */

struct file {
	uint8_t bytes[MAXIMUM_BYTES];
	size_t length, opened;
};

static void sign(struct file *file)
{
	struct mote_sha256 hash;

	if (file->length < MOTE_SHA256_BYTES)
		return;
	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, file->bytes, file->length - MOTE_SHA256_BYTES);
	mote_sha256_end(&hash, file->bytes + file->length - MOTE_SHA256_BYTES);
}

static void make_right(struct file *file)
{
	const struct mote_layout_region *regions = guest.layout.regions;
	const uint64_t pages[PAGES] = {
		regions[MOTE_LAYOUT_STACK].gva,
		regions[MOTE_LAYOUT_MAILBOX].gva + MOTE_PAGE_BYTES,
		GUEST_DATA,
		regions[MOTE_LAYOUT_HEAP].gva + HEAP_BYTES - MOTE_PAGE_BYTES,
	};
	mote_regs regs = {0};
	mote_sregs sregs;
	mote_fpu fpu;

	mote_power_on(NULL, &sregs, &fpu, NULL);
	mote_snapshot_put_header(&guest.header, file->bytes);
	mote_saved_pack(&regs, &sregs, &fpu, file->bytes + SAVED);
	for (unsigned i = 0; i < PAGES; i++) {
		mote_put64(file->bytes + FIRST + i * RECORD, pages[i]);
		memset(file->bytes + FIRST + i * RECORD + 8, 0xa0 + (int)i, MOTE_PAGE_BYTES);
	}
	file->length = RIGHT_BYTES;
}

/* An address near where something begins or ends. */
static uint64_t any_page(struct fuzz_input *input)
{
	const struct mote_layout_region *region =
		&guest.layout.regions[fuzz_below(input, MOTE_LAYOUT_REGIONS)];
	const uint8_t choice = fuzz_u8(input);

	if (choice == 0)
		return fuzz_edge(input);
	return region->gva + (choice & 1 ? region->bytes : 0) + (choice >> 1 & 7) * 4096 -
	       4 * 4096ull;
}

static void edit(struct file *file, struct fuzz_input *input)
{
	const unsigned page = fuzz_below(input, PAGES);

	switch (fuzz_below(input, 6)) {
	case 0:
		file->bytes[fuzz_below(input, SAVED)] ^= fuzz_u8(input);
		break;
	case 1:
		file->bytes[SAVED + fuzz_below(input, MOTE_SAVED_BYTES)] ^= fuzz_u8(input);
		break;
	case 2:
		mote_put64(file->bytes + fuzz_below(input, FIRST / 8) * 8, fuzz_edge(input));
		break;
	case 3:
		mote_put64(file->bytes + FIRST + page * RECORD, any_page(input));
		break;
	case 4:
		file->length = fuzz_below(input, MAXIMUM_BYTES);
		break;
	case 5: /* fewer pages, and a file that ends behind them */
		mote_put64(file->bytes + 168, page);
		file->length = FIRST + page * RECORD + MOTE_SHA256_BYTES;
		break;
	}
}

static void make_file(struct file *file, struct fuzz_input *input)
{
	const uint8_t mode = fuzz_u8(input);

	if (mode & RAW) {
		file->length = input->left < MAXIMUM_BYTES ? input->left : MAXIMUM_BYTES;
		fuzz_bytes(input, file->bytes, file->length);
	} else {
		make_right(file);
		while (input->left > 0)
			edit(file, input);
	}
	if (mode & SIGNED)
		sign(file);
	file->opened = file->length;
	if (mode & RESIZED)
		file->opened = mode & 64 ? RIGHT_BYTES : file->length + 8 - (mode >> 3 & 15);
}

static mote_status read_bytes(void *user, uint64_t offset, void *to, size_t length, size_t *got,
			      mote_error *error)
{
	const struct file *file = user;
	const size_t left = offset < file->length ? file->length - (size_t)offset : 0;

	(void)error;
	*got = length < left ? length : left;
	if (*got > 0)
		memcpy(to, file->bytes + offset, *got);
	return MOTE_OK;
}

/* ---- What must hold ----------------------------------------------------------------------- */

static void check_memory(const struct file *file, const struct mote_snapshot_header *header,
			 mote_status status)
{
	const uint8_t *record = file->bytes + FIRST;
	const uint8_t *ram = guest.ram.hva;
	uint64_t found = 0;

	for (uint64_t at = 0; at < guest.layout.ram_bytes; at += MOTE_PAGE_BYTES) {
		const uint8_t *page = ram + at;

		if (!is_writable(MOTE_RAM_GVA + at)) {
			FUZZ_CHECK(memcmp(page, guest.fresh + at, MOTE_PAGE_BYTES) == 0);
		} else if (status == MOTE_OK && found < header->pages &&
			   mote_get64(record) == MOTE_RAM_GVA + at) {
			FUZZ_CHECK(memcmp(page, record + 8, MOTE_PAGE_BYTES) == 0);
			record += RECORD;
			found++;
		} else if (status == MOTE_OK) {
			for (unsigned i = 0; i < MOTE_PAGE_BYTES; i++)
				FUZZ_CHECK(page[i] == 0);
		}
	}
	FUZZ_CHECK(status != MOTE_OK || found == header->pages);
}

#if defined(__x86_64__)
static void check_registers(const mote_regs *regs, const mote_sregs *sregs, const mote_fpu *fpu)
{
	FUZZ_CHECK(regs->rip >> 47 == 0 && regs->rsp >> 47 == 0);
	FUZZ_CHECK((regs->rflags & ~0x240cd5ull) == 2);
	FUZZ_CHECK((uint64_t)((int64_t)(sregs->fs.base << 16) >> 16) == sregs->fs.base);
	FUZZ_CHECK((uint64_t)((int64_t)(sregs->gs.base << 16) >> 16) == sregs->gs.base);
	FUZZ_CHECK(fpu->mxcsr >> 16 == 0);
}
#else
static void check_registers(const mote_regs *regs, const mote_sregs *sregs, const mote_fpu *fpu)
{
	(void)sregs;
	FUZZ_CHECK(regs->pc >> 48 == 0 && regs->pc % 4 == 0 && regs->sp >> 48 == 0);
	FUZZ_CHECK((regs->pstate & 0x0fffffff) == 0x3c0 && regs->pstate >> 32 == 0);
	FUZZ_CHECK((fpu->fpcr & 0xf8000000) == 0);
}
#endif

static void try_registers(const uint8_t *saved)
{
	mote_sregs sregs, before;
	mote_regs regs;
	mote_fpu fpu;

	mote_power_on(NULL, &sregs, NULL, NULL);
	before = sregs;
	if (mote_saved_unpack(saved, 0, &regs, &sregs, &fpu) == NULL) {
		check_registers(&regs, &sregs, &fpu);
		FUZZ_CHECK(mote_sregs_root(&sregs) == mote_sregs_root(&before));
	}
}

static void check_refusal(mote_status status, const mote_error *error)
{
	FUZZ_CHECK(status == MOTE_BAD_SNAPSHOT || status == MOTE_WRONG_SNAPSHOT);
	fuzz_check_error(status, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;
	struct fuzz_input input = {data, size};
	struct mote_snapshot_reader reader = {.name = "file", .read = read_bytes, .user = &file};
	const struct mote_snapshot_memory memory = {&guest.layout, &guest.tables, guest.ram.hva};
	uint8_t saved[MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES];
	struct mote_snapshot_header header;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	if (guest.image == NULL) {
		make_guest();
		return LLVMFuzzerTestOneInput(data, size);
	}
	make_file(&file, &input);
	reader.bytes = file.opened;
	status = mote_snapshot_read_header(&reader, &header, &error);
	if (status == MOTE_OK)
		status = mote_snapshot_read_saved(&reader, &header, saved, &error);
	if (status != MOTE_OK) {
		check_refusal(status, &error);
		return 0;
	}
	FUZZ_CHECK(header.pages <= MAXIMUM_BYTES / MOTE_PAGE_BYTES);
	status = mote_snapshot_check_header(&reader, &header, &guest.header, &error);
	if (status != MOTE_OK)
		check_refusal(status, &error);
	if (header.machine == MOTE_ARCH_MACHINE)
		try_registers(saved);
	/* Even if another check had been forgotten. */
	memcpy(guest.ram.hva, guest.fresh, (size_t)guest.layout.ram_bytes);
	status = mote_snapshot_load_pages(&reader, &header, &memory, &guest.ram, &error);
	if (status != MOTE_OK)
		check_refusal(status, &error);
	if (header.machine == MOTE_ARCH_MACHINE)
		check_memory(&file, &header, status);
	return 0;
}
