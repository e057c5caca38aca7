/* SPDX-License-Identifier: Apache-2.0
 *
 * What the loader puts into guest memory, seen through the page tables that it
 * built: contents, relocations, and the permissions of every single page.
 */
#include "sandbox/loader.h"

#include "../unit_test.h"
#include "elf_builder.h"
#include "expected.h"

#define PAGE 4096ull
#define RAM_BYTES (2ull << 20)

/* A loaded guest. */
struct guest {
	mote_image *image;
	struct mote_layout layout;
	uint8_t *ram;
	struct mote_loader loader;
};

static mote_status load_with(struct guest *guest, const struct elf_file *file,
			     uint64_t address_base, mote_error *error)
{
	struct mote_layout_request request = {
		.image_name = "guest.elf",
		.memory_bytes = RAM_BYTES,
		.stack_bytes = 8 * PAGE,
		.data_bytes = 4 * PAGE,
		.granule_bytes = PAGE,
		.image_alignment = PAGE,
	};
	mote_status status;

	memset(guest, 0, sizeof(*guest));
	status = mote_image_from_bytes(NULL, file->bytes, sizeof(file->bytes), "guest.elf",
				       &guest->image, error);
	if (status != MOTE_OK)
		return status;
	request.image = mote_image_extent(guest->image);
	request.position_independent = guest->image->elf.position_independent;
	request.tls_bytes = guest->image->elf.tls.memory_bytes;
	request.tls_alignment = guest->image->elf.tls.alignment;
	status = mote_layout_compute(&request, &guest->layout, error);
	if (status != MOTE_OK)
		return status;
	guest->layout.ram_gpa = address_base + MOTE_RAM_GVA;
	guest->ram = calloc(1, guest->layout.ram_bytes);
	REQUIRE(guest->ram != NULL);
	guest->loader = (struct mote_loader){
		.image = guest->image,
		.layout = &guest->layout,
		.ram = guest->ram,
		.log_level = MOTE_LOG_DEBUG,
		.random = {0x1111, 0x2222, 0x3333444455556677ull},
	};
	return mote_loader_load(&guest->loader, error);
}

static void unload(struct guest *guest)
{
	mote_image_release(guest->image);
	free(guest->ram);
}

static void load(struct guest *guest, uint64_t address_base)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;

	elf_make(&file);
	check_ok(load_with(guest, &file, address_base, &error), &error);
}

static uint8_t *at(const struct guest *guest, uint64_t gva)
{
	uint8_t *hva = mote_layout_host(&guest->layout, guest->ram, gva, 8);

	REQUIRE(hva != NULL);
	return hva;
}

static uint64_t word_at(const struct guest *guest, uint64_t gva)
{
	uint64_t word;

	memcpy(&word, at(guest, gva), sizeof(word));
	return word;
}

static const struct mote_layout_region *region(const struct guest *guest,
					       enum mote_layout_region_id id)
{
	return &guest->layout.regions[id];
}

/* ---- Permissions -------------------------------------------------------------------------- */

enum { NOTHING = -1 };

/* The flags that a page of the image must have, NOTHING where there is no segment. */
static int image_flags(uint64_t address)
{
	if (address < 0x1000)
		return MOTE_PAGE_USER;
	if (address < 0x2000)
		return MOTE_PAGE_USER | MOTE_PAGE_EXECUTE;
	if (address < 0x3000)
		return MOTE_PAGE_USER; /* RELRO */
	return address < BSS_END ? MOTE_PAGE_USER | MOTE_PAGE_WRITE : NOTHING;
}

static int expected_flags(const struct guest *guest, uint64_t gva)
{
	static const int monitor[] = {EXPECTED_MONITOR_FLAGS};
	unsigned id = 0;

	while (id < MOTE_LAYOUT_REGIONS &&
	       gva - guest->layout.regions[id].gva >= guest->layout.regions[id].bytes)
		id++;
	switch (id) {
	case MOTE_LAYOUT_MONITOR:
		return monitor[(gva - MOTE_RAM_GVA) / PAGE];
	case MOTE_LAYOUT_STACK:
	case MOTE_LAYOUT_MAILBOX:
	case MOTE_LAYOUT_THREAD:
	case MOTE_LAYOUT_HEAP:
		return MOTE_PAGE_USER | MOTE_PAGE_WRITE;
	case MOTE_LAYOUT_IMAGE:
		return image_flags(gva - guest->layout.image_bias);
	default: /* guards, page tables, and what is outside */
		return gva < MOTE_RAM_GVA ? EXPECTED_LOW_FLAGS(gva) : NOTHING;
	}
}

static void check_every_page(const struct guest *guest)
{
	unsigned writable = 0, executable = 0;

	for (uint64_t gva = 0; gva < MOTE_RAM_GVA + guest->layout.ram_bytes + 64 * PAGE;
	     gva += PAGE) {
		struct mote_translation found;
		int expected = expected_flags(guest, gva);
		bool mapped = mote_paging_walk(&guest->loader.tables, gva, &found);

		if (mapped != (expected != NOTHING))
			FAIL("0x%llx is %smapped", (unsigned long long)gva, mapped ? "" : "not ");
		if (!mapped)
			continue;
		if (found.flags != (uint32_t)expected)
			FAIL("0x%llx has flags %u, not %d", (unsigned long long)gva, found.flags,
			     expected);
		REQUIRE_EQ(found.gpa, mote_layout_gpa(&guest->layout, gva));
		/* Never both. */
		REQUIRE(!((found.flags & MOTE_PAGE_WRITE) && (found.flags & MOTE_PAGE_EXECUTE)));
		writable += (found.flags & MOTE_PAGE_WRITE) != 0;
		executable += (found.flags & MOTE_PAGE_EXECUTE) != 0;
	}
	REQUIRE_EQ(executable, 2); /* the stubs and the code */
	REQUIRE(writable > 100);
}

static void every_page_has_the_permissions_of_its_region(void)
{
	struct guest guest;

	load(&guest, 0);
	check_every_page(&guest);
	unload(&guest);
	load(&guest, 0x40000000);
	REQUIRE_EQ(guest.loader.tables.gpa, region(&guest, MOTE_LAYOUT_TABLES)->gva + 0x40000000);
	REQUIRE_EQ(guest.loader.monitor.gpa, MOTE_RAM_GVA + 0x40000000);
	REQUIRE_EQ(guest.loader.monitor.gva, MOTE_RAM_GVA);
	check_every_page(&guest);
	unload(&guest);
}

static void nothing_is_mapped_far_away(void)
{
	struct mote_translation found;
	struct guest guest;

	load(&guest, 0);
	for (unsigned bit = 22; bit < 64; bit++) {
		REQUIRE(!mote_paging_walk(&guest.loader.tables, 1ull << bit, &found));
		REQUIRE(!(mote_paging_walk(&guest.loader.tables, (1ull << bit) + MOTE_RAM_GVA,
					   &found)));
	}
	unload(&guest);
}

/* The last page of RELRO is only read-only when all of it is RELRO. */
static void relro_covers_whole_pages_of_writable_segments_only(void)
{
	static const struct {
		uint64_t begin, bytes, first, end; /* pages that become read-only */
	} cases[] = {
		{0x2000, 0x1000, 0x2000, 0x3000},
		{0x2000, 0x0fff, 0, 0},
		{0x2000, 0x1fff, 0x2000, 0x3000},
		{0x2000, 0x2000, 0x2000, 0x4000},
		{0x2400, 0x0c00, 0x2000, 0x3000},
		{0x2000, 0x3000, 0x2000, 0x5000},
		{0, 0x10000, 0x2000, 0x5000},
		{0x1000, 0x1000, 0, 0},
		{0x3000, 0, 0, 0},
		{0x10000, 0x1000, 0, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		mote_error error = MOTE_ERROR_INIT;
		struct elf_file file;
		struct guest guest;

		elf_make(&file);
		put64(&file, ph(RELRO, PH_ADDRESS), cases[i].begin);
		put64(&file, ph(RELRO, PH_MEMORY_BYTES), cases[i].bytes);
		check_ok(load_with(&guest, &file, 0, &error), &error);
		for (uint64_t address = 0; address < BSS_END; address += PAGE) {
			bool relro = address >= cases[i].first && address < cases[i].end;
			struct mote_translation found;

			REQUIRE(mote_paging_walk(&guest.loader.tables,
						 address + guest.layout.image_bias, &found));
			REQUIRE_EQ((found.flags & MOTE_PAGE_WRITE) != 0,
				   address >= 0x2000 && !relro);
			REQUIRE_EQ((found.flags & MOTE_PAGE_EXECUTE) != 0, address == CODE_AT);
		}
		unload(&guest);
	}
}

/* ---- Contents ----------------------------------------------------------------------------- */

static void segments_are_copied_and_the_rest_is_zero(void)
{
	struct elf_file file;
	struct guest guest;
	uint64_t bias;

	elf_make(&file);
	load(&guest, 0);
	bias = guest.layout.image_bias;
	REQUIRE_MEM(at(&guest, bias), file.bytes, POINTERS_AT);
	REQUIRE_MEM(at(&guest, bias + POINTERS_AT + 8 * RELA_COUNT),
		    file.bytes + POINTERS_AT + 8 * RELA_COUNT,
		    DATA_END - POINTERS_AT - 8 * RELA_COUNT);
	for (uint64_t address = DATA_END; address < BSS_END; address += 8)
		REQUIRE_EQ(word_at(&guest, bias + address), 0);
	/* What stands behind the segments in the file is not loaded. */
	REQUIRE_EQ(word_at(&guest, region(&guest, MOTE_LAYOUT_HEAP)->gva), 0);
	unload(&guest);
}

static void relocations_add_the_load_bias(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct guest guest;

	load(&guest, 0);
	REQUIRE(guest.layout.image_bias > 0);
	for (unsigned i = 0; i < RELA_COUNT; i++)
		REQUIRE_EQ(word_at(&guest, guest.layout.image_bias + POINTERS_AT + 8 * i),
			   guest.layout.image_bias + CODE_AT + 0x10 * i);
	unload(&guest);
	/* Into RELRO too, at any alignment, and into the BSS up to its last byte. */
	elf_make(&file);
	put64(&file, RELA_AT + RELA_OFFSET, 0x2f01);
	put64(&file, RELA_AT + RELA_BYTES + RELA_OFFSET, BSS_END - 8);
	check_ok(load_with(&guest, &file, 0, &error), &error);
	REQUIRE_EQ(word_at(&guest, guest.layout.image_bias + 0x2f01),
		   guest.layout.image_bias + CODE_AT);
	REQUIRE_EQ(word_at(&guest, guest.layout.image_bias + BSS_END - 8),
		   guest.layout.image_bias + CODE_AT + 0x10);
	unload(&guest);
}

static void relocations_outside_writable_segments_are_refused(void)
{
	static const uint64_t targets[] = {
		0,	  CODE_AT,    0x1ff9,	  0x1fff,     BSS_END - 7,    BSS_END,
		0x100000, 1ull << 40, 1ull << 63, UINT64_MAX, UINT64_MAX - 7, UINT64_MAX - 0x2000,
	};

	for (size_t i = 0; i < COUNT(targets); i++) {
		mote_error error = MOTE_ERROR_INIT;
		struct elf_file file;
		struct guest guest;

		elf_make(&file);
		put64(&file, RELA_AT + RELA_OFFSET, targets[i]);
		check_error(load_with(&guest, &file, 0, &error), &error, MOTE_BAD_IMAGE,
			    "a relocation lies outside its segments");
		unload(&guest);
	}
}

static void fixed_images_stay_where_they_are_linked(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct guest guest;

	elf_make(&file);
	put16(&file, ELF_TYPE, ELF_TYPE_EXECUTABLE);
	check_error(load_with(&guest, &file, 0, &error), &error, MOTE_NO_GUEST_MEMORY,
		    "link it with -static-pie");
	unload(&guest);
	for (unsigned number = 0; number < PH_COUNT; number++)
		put64(&file, ph(number, PH_ADDRESS),
		      mote_get64(file.bytes + ph(number, PH_ADDRESS)) + 0x100000);
	put64(&file, ELF_ENTRY, 0x100000 + CODE_AT);
	put64(&file, DYNAMIC_AT + 8, 0x100000 + RELA_AT);
	for (unsigned i = 0; i < RELA_COUNT; i++)
		put64(&file, RELA_AT + i * RELA_BYTES + RELA_OFFSET,
		      0x100000 + POINTERS_AT + 8 * i);
	check_ok(load_with(&guest, &file, 0, &error), &error);
	REQUIRE_EQ(guest.layout.image_bias, 0);
	REQUIRE_EQ(*at(&guest, 0x100000 + CODE_AT), 0xcc);
	REQUIRE_EQ(word_at(&guest, 0x100000 + POINTERS_AT), CODE_AT);
	unload(&guest);
}

static void the_thread_block_holds_variables_and_canary(void)
{
	const struct mote_thread_block *thread;
	struct guest guest;
	uint64_t base, pointer;

	load(&guest, 0);
	thread = &guest.layout.thread;
	base = region(&guest, MOTE_LAYOUT_THREAD)->gva;
	pointer = base + thread->pointer;
	for (unsigned i = 0; i < TLS_BYTES; i++)
		REQUIRE_EQ(*at(&guest, base + thread->variables + i),
			   i < TLS_FILE_BYTES ? 0x71 : 0);
	REQUIRE_EQ((base + thread->variables) % 16, 0);
	REQUIRE_EQ(word_at(&guest, pointer), HOLDS_ITS_OWN_ADDRESS ? pointer : 0);
	REQUIRE_EQ(word_at(&guest, pointer + CANARY_AT), 0x3333444455556600ull);
	unload(&guest);
}

static void the_mailbox_tells_the_guest_where_things_are(void)
{
	struct mote_abi_mailbox mailbox;
	const struct mote_layout_region *box;
	struct guest guest;

	load(&guest, 0x40000000);
	box = region(&guest, MOTE_LAYOUT_MAILBOX);
	memcpy(&mailbox, at(&guest, box->gva), sizeof(mailbox));
	REQUIRE_EQ(mailbox.abi_version, MOTE_ABI_VERSION);
	REQUIRE_EQ(mailbox.log_level, MOTE_LOG_DEBUG);
	REQUIRE_EQ(mailbox.heap_gva, region(&guest, MOTE_LAYOUT_HEAP)->gva);
	REQUIRE_EQ(mailbox.heap_bytes, region(&guest, MOTE_LAYOUT_HEAP)->bytes);
	REQUIRE_EQ(mailbox.stack_gva, region(&guest, MOTE_LAYOUT_STACK)->gva);
	REQUIRE_EQ(mailbox.stack_bytes, 8 * PAGE);
	REQUIRE_EQ(mailbox.thread_pointer,
		   region(&guest, MOTE_LAYOUT_THREAD)->gva + guest.layout.thread.pointer);
	REQUIRE_EQ(mailbox.random[0], 0x1111);
	REQUIRE_EQ(mailbox.random[1], 0x2222);
	REQUIRE_EQ(mailbox.call_data_gva, box->gva + PAGE);
	REQUIRE_EQ(mailbox.host_call_data_gva, box->gva + PAGE + 4 * PAGE);
	REQUIRE_EQ(mailbox.data_bytes, 4 * PAGE);
	REQUIRE_EQ(mailbox.host_call_data_gva + mailbox.data_bytes, box->gva + box->bytes);
	REQUIRE_EQ(mailbox.call.function, MOTE_ABI_NO_FUNCTION);
	REQUIRE_EQ(mailbox.host_call.function, MOTE_ABI_NO_FUNCTION);
	unload(&guest);
}

/* Whatever an image that was taken says, the loader stays in RAM (a sanitizer looks on). */
static void random_damage_is_harmless(void)
{
	static const size_t places[][2] = {
		{PHS_AT, PH_COUNT * PH_BYTES},
		{RELA_AT, RELA_COUNT * RELA_BYTES},
		{DYNAMIC_AT, DYNAMIC_ENTRIES * DYN_BYTES},
		{ELF_TYPE, 48},
	};
	uint64_t seed = 99, good = 0;

	for (unsigned i = 0; i < 5000; i++) {
		mote_error error = MOTE_ERROR_INIT;
		struct elf_file file;
		struct guest guest;

		elf_make(&file);
		for (uint64_t n = 1 + random_below(&seed, 3); n > 0; n--) {
			const size_t *place = places[random_below(&seed, COUNT(places))];

			file.bytes[place[0] + random_below(&seed, place[1])] =
				(uint8_t)random_next(&seed);
		}
		good += load_with(&guest, &file, 0, &error) == MOTE_OK;
		unload(&guest);
	}
	REQUIRE(good > 100);
}

static const struct test_case cases[] = {
	CASE(every_page_has_the_permissions_of_its_region),
	CASE(nothing_is_mapped_far_away),
	CASE(relro_covers_whole_pages_of_writable_segments_only),
	CASE(segments_are_copied_and_the_rest_is_zero),
	CASE(relocations_add_the_load_bias),
	CASE(relocations_outside_writable_segments_are_refused),
	CASE(fixed_images_stay_where_they_are_linked),
	CASE(the_thread_block_holds_variables_and_canary),
	CASE(the_mailbox_tells_the_guest_where_things_are),
	CASE(random_damage_is_harmless),
};

int main(int argc, char **argv)
{
	return test_main("loader", cases, TEST_COUNT(cases), argc, argv);
}
