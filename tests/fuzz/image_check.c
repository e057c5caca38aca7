/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at guest images, and at guest memory as the loader leaves it.
 */
#include "image_check.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hypervisor/arch/table_pool.h"
#include "sandbox/elf_format.h"
#include "sandbox/loader.h"
#include "sandbox/sandbox_internal.h"

enum { MAXIMUM_RAM_BYTES = 6 << 20 };

/* ---- Inspection -------------------------------------------------------------------------- */

static void check_function(const mote_image *image, const mote_image_function *function)
{
	const uint8_t *name = (const uint8_t *)function->name;
	char text[MOTE_SIGNATURE_TEXT_BYTES];
	mote_signature again = {0};
	mote_error error = MOTE_ERROR_INIT;

	FUZZ_CHECK(name >= image->bytes && name < image->bytes + image->elf.length);
	FUZZ_CHECK(memchr(name, '\0', MOTE_ABI_NAME_BYTES) != NULL && name[0] != '\0');
	FUZZ_CHECK(function->signature.argument_count <= MOTE_MAXIMUM_ARGUMENTS);
	mote_signature_format(&function->signature, text);
	FUZZ_CHECK(mote_signature_parse(text, &again, &error) == MOTE_OK);
	FUZZ_CHECK(mote_signature_is_equal(&again, &function->signature));
}

static void check_symbol(const mote_image *image, uint64_t address)
{
	const char *begin = (const char *)image->bytes;
	const char *name = NULL;
	uint64_t offset = 0;

	if (!mote_elf_nearest_symbol(&image->elf, address, &name, &offset))
		return;
	FUZZ_CHECK(name >= begin && name < begin + image->elf.length);
	FUZZ_CHECK(memchr(name, '\0', image->elf.length - (size_t)(name - begin)) != NULL);
	FUZZ_CHECK(offset <= address);
}

static bool check_note(void *user, const struct mote_elf_note *note)
{
	const mote_image *image = user;
	const uint8_t *end = image->bytes + image->elf.length;

	FUZZ_CHECK((const uint8_t *)note->owner >= image->bytes && note->contents <= end);
	FUZZ_CHECK((const uint8_t *)note->owner + note->owner_bytes <= note->contents);
	FUZZ_CHECK(note->contents_bytes <= (size_t)(end - note->contents));
	return true;
}

static void check_segments(const mote_image *image, size_t count)
{
	mote_image_segment segment = MOTE_IMAGE_SEGMENT_INIT, before = segment;

	for (size_t i = 0; i < count; i++) {
		FUZZ_CHECK(mote_image_get_segment(image, i, &segment, NULL) == MOTE_OK);
		FUZZ_CHECK(!(segment.writable && segment.executable));
		FUZZ_CHECK(segment.file_bytes <= segment.memory_bytes);
		FUZZ_CHECK(segment.memory_bytes <= ELF_HIGHEST_ADDRESS &&
			   segment.address <= ELF_HIGHEST_ADDRESS - segment.memory_bytes);
		FUZZ_CHECK(i == 0 || segment.address >= before.address + before.memory_bytes);
		check_symbol(image, segment.address);
		check_symbol(image, segment.address + segment.memory_bytes - 1);
		check_symbol(image, segment.address + segment.memory_bytes);
		before = segment;
	}
	FUZZ_CHECK(mote_image_get_segment(image, count, &segment, NULL) == MOTE_NOT_FOUND);
}

void image_check_inspection(const mote_image *image)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;
	union {
		const mote_image *image;
		void *user;
	} visited = {image};
	struct mote_elf elf = image->elf;

	FUZZ_CHECK(elf.work <= elf.length);
	FUZZ_CHECK(mote_elf_each_note(&elf, check_note, visited.user));

	mote_image_get_information(image, &information, NULL);
	FUZZ_CHECK(information.abi_version == MOTE_ABI_VERSION);
	FUZZ_CHECK(information.symbol_count <= image->elf.symbol_count);
	FUZZ_CHECK(strcmp(mote_machine_name(information.machine), "unknown") != 0);
	for (size_t i = 0; i < information.export_count; i++) {
		FUZZ_CHECK(mote_image_get_export(image, i, &function, NULL) == MOTE_OK);
		check_function(image, &function);
	}
	for (size_t i = 0; i < information.import_count; i++) {
		FUZZ_CHECK(mote_image_get_import(image, i, &function, NULL) == MOTE_OK);
		check_function(image, &function);
	}
	FUZZ_CHECK(mote_image_get_export(image, information.export_count, &function, NULL) ==
		   MOTE_NOT_FOUND);
	FUZZ_CHECK(mote_image_get_import(image, information.import_count, &function, NULL) ==
		   MOTE_NOT_FOUND);
	check_segments(image, information.segment_count);
	check_symbol(image, 0);
	check_symbol(image, UINT64_MAX);
	check_symbol(image, information.entry);
}

/* ---- Layout ------------------------------------------------------------------------------ */

/* Guest memory that is just large enough for the image, if that is not too much. */
static uint64_t memory_bytes(const mote_image *image, const struct mote_elf_range *extent,
			     const struct image_check_request *request)
{
	uint64_t rest = request->slack_bytes + request->stack_bytes + 2 * request->data_bytes;
	uint64_t end = extent->end;

	if (image->elf.position_independent)
		end -= extent->begin;
	end = end > MAXIMUM_RAM_BYTES ? MAXIMUM_RAM_BYTES : end;
	return end + rest < MAXIMUM_RAM_BYTES ? end + rest : MAXIMUM_RAM_BYTES;
}

static bool compute_layout(const mote_image *image, const struct image_check_request *from,
			   struct mote_layout *layout)
{
	const struct mote_elf_range extent = mote_image_extent(image);
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	options.memory_bytes = memory_bytes(image, &extent, from);
	options.heap_bytes = from->heap_bytes;
	options.stack_bytes =
		from->stack_bytes > image->stack_bytes ? from->stack_bytes : image->stack_bytes;
	options.mailbox_bytes = from->data_bytes;
	/* 0 would be the default, whose tables are larger than all of this memory. */
	options.buffer_space_bytes = from->buffer_bytes != 0 ? from->buffer_bytes : MOTE_PAGE_BYTES;
	status = mote_sandbox_compute_layout(image, &options, MOTE_PAGE_BYTES, layout, &error);
	if (status == MOTE_OK) {
		layout->ram_gpa = from->address_base + MOTE_RAM_GVA;
		return true;
	}
	FUZZ_CHECK(status == MOTE_NO_GUEST_MEMORY);
	fuzz_check_error(status, &error);
	return false;
}

/* Regions are in ascending order; all but the last, which is for shared buffers, lie in RAM. */
static void check_layout(const struct mote_layout *layout)
{
	const struct mote_layout_region *tables = &layout->regions[MOTE_LAYOUT_TABLES];
	uint64_t at = MOTE_RAM_GVA;

	for (unsigned id = 0; id < MOTE_LAYOUT_REGIONS; id++) {
		FUZZ_CHECK(layout->regions[id].gva >= at);
		FUZZ_CHECK(layout->regions[id].gva == at || id == MOTE_LAYOUT_TABLES);
		FUZZ_CHECK((layout->regions[id].gva | layout->regions[id].bytes) %
				   MOTE_PAGE_BYTES ==
			   0);
		at = layout->regions[id].gva + layout->regions[id].bytes;
		FUZZ_CHECK(at >= layout->regions[id].gva);
	}
	FUZZ_CHECK(tables->gva + tables->bytes == MOTE_RAM_GVA + layout->ram_bytes);
	FUZZ_CHECK(layout->regions[MOTE_LAYOUT_STACK_GUARD_LOW].bytes > 0);
	FUZZ_CHECK(layout->regions[MOTE_LAYOUT_STACK_GUARD_HIGH].bytes > 0);
	FUZZ_CHECK(layout->regions[MOTE_LAYOUT_IMAGE_GUARD].bytes > 0);
	FUZZ_CHECK(layout->regions[MOTE_LAYOUT_HEAP_GUARD].bytes > 0);
}

/* The variables lie below the thread pointer (x86_64) or above it (aarch64), within the block. */
static void check_thread_block(const mote_image *image, const struct mote_layout *layout)
{
	const struct mote_thread_block *thread = &layout->thread;
	uint64_t bytes = image->elf.tls.memory_bytes;

	FUZZ_CHECK(thread->bytes <= layout->regions[MOTE_LAYOUT_THREAD].bytes);
	FUZZ_CHECK(thread->pointer <= thread->bytes);
	FUZZ_CHECK(thread->variables <= thread->bytes);
	FUZZ_CHECK(bytes <= thread->bytes - thread->variables);
	if (thread->variables < thread->pointer)
		FUZZ_CHECK(bytes <= thread->pointer - thread->variables);
}

/* ---- Memory ------------------------------------------------------------------------------ */

struct memory {
	const mote_image *image;
	const struct mote_layout *layout;
	const struct mote_page_tables *tables;
	uint8_t *ram;
};

static unsigned region_of(const struct mote_layout *layout, uint64_t gva)
{
	unsigned id = 0;

	while (id < MOTE_LAYOUT_REGIONS &&
	       gva - layout->regions[id].gva >= layout->regions[id].bytes)
		id++;
	return id;
}

/* The segment that has this page, and whether all of it that RELRO protects is read-only. */
static void check_image_page(const struct memory *memory, uint64_t gva, bool mapped, uint32_t flags)
{
	const struct mote_elf *elf = &memory->image->elf;
	const struct mote_elf_segment *segment = NULL;
	uint64_t page = gva - memory->layout->image_bias;
	bool relro;

	for (size_t i = 0; i < elf->segment_count; i++)
		if (elf->segments[i].address < page + MOTE_PAGE_BYTES &&
		    elf->segments[i].address + elf->segments[i].memory_bytes > page)
			segment = &elf->segments[i];
	FUZZ_CHECK(mapped == (segment != NULL));
	if (segment == NULL)
		return;
	relro = page >= (elf->relro.begin & MOTE_PAGE_MASK) &&
		page < (elf->relro.end & MOTE_PAGE_MASK);
	FUZZ_CHECK(flags & MOTE_PAGE_USER);
	FUZZ_CHECK(!(flags & MOTE_PAGE_WRITE) == !(segment->writable && !relro));
	FUZZ_CHECK(!(flags & MOTE_PAGE_EXECUTE) == !segment->executable);
}

static void check_page(const struct memory *memory, uint64_t gva, bool mapped, uint32_t flags)
{
	switch (region_of(memory->layout, gva)) {
	case MOTE_LAYOUT_MONITOR:
		FUZZ_CHECK(mapped && !(flags & MOTE_PAGE_USER));
		break;
	case MOTE_LAYOUT_STACK:
	case MOTE_LAYOUT_MAILBOX:
	case MOTE_LAYOUT_THREAD:
	case MOTE_LAYOUT_HEAP:
		FUZZ_CHECK(mapped && flags == (MOTE_PAGE_USER | MOTE_PAGE_WRITE));
		break;
	case MOTE_LAYOUT_IMAGE:
		check_image_page(memory, gva, mapped, flags);
		break;
	default: /* page zero, tables, guards, what is behind the heap */
		FUZZ_CHECK(!mapped);
	}
}

/* Walks all addresses from 0 to behind the end of memory.  Returns how many pages are mapped. */
static uint64_t check_pages(const struct memory *memory)
{
	const struct mote_layout *layout = memory->layout;
	uint64_t end = MOTE_RAM_GVA + layout->ram_bytes + (2u << 20);
	uint64_t count = 0;

	for (uint64_t gva = 0; gva < end; gva += MOTE_PAGE_BYTES) {
		struct mote_translation translation = {0};
		bool mapped = mote_paging_walk(memory->tables, gva, &translation);
		uint32_t flags = translation.flags;

		check_page(memory, gva, mapped, flags);
		if (!mapped)
			continue;
		FUZZ_CHECK(!((flags & MOTE_PAGE_WRITE) && (flags & MOTE_PAGE_EXECUTE)));
		FUZZ_CHECK(translation.gpa == mote_layout_gpa(layout, gva));
		FUZZ_CHECK(mote_layout_host(layout, memory->ram, gva, MOTE_PAGE_BYTES) != NULL);
		count++;
	}
	return count;
}

/* How many pages all tables map, wherever; found without the walker.  Bit 0: the entry is valid. */
static uint64_t count_entries(const struct mote_page_tables *tables, uint64_t gpa, unsigned level)
{
	const uint8_t *table = mote_table_at(tables, gpa);
	uint64_t count = 0;

	FUZZ_CHECK(table != NULL);
	for (unsigned i = 0; i < MOTE_TABLE_ENTRIES; i++) {
		uint64_t entry = mote_table_entry(table, i), next;

		if (!(entry & 1))
			continue;
		next = entry & 0x0000fffffffff000ull;
		if (level == 0)
			count++;
		else if (level == 1 && mote_table_at(tables, next) == NULL)
			count += MOTE_TABLE_ENTRIES; /* a block */
		else
			count += count_entries(tables, next, level - 1);
	}
	return count;
}

/* What nobody may write has the file's contents, and zeros behind them. */
static void check_contents(const struct memory *memory)
{
	const struct mote_elf *elf = &memory->image->elf;

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];
		const uint8_t *at = mote_layout_host(memory->layout, memory->ram,
						     segment->address + memory->layout->image_bias,
						     segment->memory_bytes);

		FUZZ_CHECK(at != NULL);
		if (segment->writable)
			continue;
		FUZZ_CHECK(memcmp(at, elf->bytes + segment->file_offset, segment->file_bytes) == 0);
		for (uint64_t j = segment->file_bytes; j < segment->memory_bytes; j++)
			FUZZ_CHECK(at[j] == 0);
	}
}

static void check_tables(struct memory *memory, struct mote_loader *loader)
{
	const struct mote_layout_region *buffers = &memory->layout->regions[MOTE_LAYOUT_BUFFERS];
	uint64_t pages;

	memory->tables = &loader->tables;
	pages = check_pages(memory);
	FUZZ_CHECK(count_entries(&loader->tables, loader->tables.gpa, MOTE_PAGING_ROOT_LEVEL) ==
		   pages);
	/* There are tables enough for all buffers that there is room for. */
	FUZZ_CHECK(buffers->bytes == 0 ||
		   mote_paging_map(&loader->tables, buffers->gva,
				   mote_layout_gpa(memory->layout, MOTE_RAM_GVA), buffers->bytes,
				   MOTE_PAGE_USER));
}

bool image_check_load(const mote_image *image, const struct image_check_request *request)
{
	struct mote_layout layout = {0};
	struct mote_loader loader = {.image = image, .layout = &layout, .log_level = MOTE_LOG_INFO};
	struct memory memory = {.image = image, .layout = &layout};
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	if (image->elf.machine != MOTE_ARCH_MACHINE || !compute_layout(image, request, &layout))
		return false;
	check_layout(&layout);
	check_thread_block(image, &layout);
	memory.ram = calloc(1, layout.ram_bytes);
	if (memory.ram == NULL)
		abort();
	loader.ram = memory.ram;
	status = mote_loader_load(&loader, &error);
	if (status == MOTE_OK) {
		check_tables(&memory, &loader);
		check_contents(&memory);
	} else {
		FUZZ_CHECK(status == MOTE_BAD_IMAGE || status == MOTE_NO_GUEST_MEMORY);
		fuzz_check_error(status, &error);
	}
	free(memory.ram);
	return status == MOTE_OK;
}
