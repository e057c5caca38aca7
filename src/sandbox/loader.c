/* SPDX-License-Identifier: Apache-2.0
 *
 * The loader.  The host builds every table and applies every relocation before
 * the guest runs, so read-only means read-only from the first instruction on.
 */
#include "sandbox/loader.h"

#include <string.h>

#include "bytes.h"
#include "error_internal.h"
#include "hypervisor/sandbox_vm.h"
#include "os/os_memory.h"

static void *host(const struct mote_loader *loader, uint64_t gva, uint64_t bytes)
{
	return mote_layout_host(loader->layout, loader->ram, gva, bytes);
}

static mote_status out_of_range(const struct mote_loader *loader, const char *what,
				mote_error *error)
{
	return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: %s lies outside its segments",
			 loader->image->name, what);
}

static bool map(struct mote_loader *loader, uint64_t gva, uint64_t bytes, uint32_t flags)
{
	return bytes == 0 || mote_paging_map(&loader->tables, gva,
					     mote_layout_gpa(loader->layout, gva), bytes, flags);
}

static bool map_region(struct mote_loader *loader, enum mote_layout_region_id id)
{
	const struct mote_layout_region *region = &loader->layout->regions[id];

	return map(loader, region->gva, region->bytes, MOTE_PAGE_USER | MOTE_PAGE_WRITE);
}

static uint32_t page_flags(const struct mote_elf_segment *segment)
{
	uint32_t flags = MOTE_PAGE_USER;

	if (segment->writable)
		flags |= MOTE_PAGE_WRITE;
	if (segment->executable)
		flags |= MOTE_PAGE_EXECUTE;
	return flags;
}

/* The pages that a segment covers. */
static struct mote_elf_range segment_pages(const struct mote_elf_segment *segment)
{
	return (struct mote_elf_range){
		.begin = segment->address & MOTE_PAGE_MASK,
		.end = (segment->address + segment->memory_bytes + MOTE_PAGE_BYTES - 1) &
		       MOTE_PAGE_MASK,
	};
}

/* After relocation, whole pages of RELRO within a writable segment are read-only. */
static bool map_relro(struct mote_loader *loader, const struct mote_elf_range *segment)
{
	const struct mote_elf_range *relro = &loader->image->elf.relro;
	uint64_t begin = relro->begin & MOTE_PAGE_MASK;
	uint64_t end = relro->end & MOTE_PAGE_MASK;

	if (begin < segment->begin)
		begin = segment->begin;
	if (end > segment->end)
		end = segment->end;
	return begin >= end ||
	       map(loader, begin + loader->layout->image_bias, end - begin, MOTE_PAGE_USER);
}

static bool map_segment(struct mote_loader *loader, const struct mote_elf_segment *segment)
{
	const struct mote_elf_range pages = segment_pages(segment);

	return map(loader, pages.begin + loader->layout->image_bias, pages.end - pages.begin,
		   page_flags(segment)) &&
	       (!segment->writable || map_relro(loader, &pages));
}

static bool map_everything(struct mote_loader *loader)
{
	const struct mote_elf *elf = &loader->image->elf;

	if (!mote_sandbox_vm_map_monitor(&loader->monitor, &loader->tables) ||
	    !map_region(loader, MOTE_LAYOUT_STACK) || !map_region(loader, MOTE_LAYOUT_MAILBOX) ||
	    !map_region(loader, MOTE_LAYOUT_THREAD) || !map_region(loader, MOTE_LAYOUT_HEAP))
		return false;
	for (size_t i = 0; i < elf->segment_count; i++)
		if (!map_segment(loader, &elf->segments[i]))
			return false;
	return true;
}

mote_status mote_loader_load_tables(struct mote_loader *loader, mote_error *error)
{
	const struct mote_layout_region *tables = &loader->layout->regions[MOTE_LAYOUT_TABLES];
	const struct mote_layout_region *monitor = &loader->layout->regions[MOTE_LAYOUT_MONITOR];

	loader->monitor = (struct mote_monitor){
		.memory = host(loader, monitor->gva, monitor->bytes),
		.gva = monitor->gva,
		.gpa = mote_layout_gpa(loader->layout, monitor->gva),
	};
	if (!mote_paging_init(&loader->tables, host(loader, tables->gva, tables->bytes),
			      mote_layout_gpa(loader->layout, tables->gva), tables->bytes) ||
	    !map_everything(loader))
		return mote_fail(error, MOTE_NO_GUEST_MEMORY,
				 "guest image %s: its memory cannot be mapped",
				 loader->image->name);
	return MOTE_OK;
}

static mote_status copy_segments(struct mote_loader *loader, mote_error *error)
{
	const struct mote_elf *elf = &loader->image->elf;

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];
		void *to = host(loader, segment->address + loader->layout->image_bias,
				segment->memory_bytes);

		if (to == NULL)
			return out_of_range(loader, "a segment", error);
		memcpy(to, elf->bytes + segment->file_offset, segment->file_bytes);
		if (segment->executable)
			mote_os_memory_publish_code(to, segment->file_bytes);
	}
	return MOTE_OK;
}

void mote_loader_publish_code(const mote_image *image, const struct mote_layout *layout, void *ram)
{
	const struct mote_elf *elf = &image->elf;

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];
		void *at = mote_layout_host(layout, ram, segment->address + layout->image_bias,
					    segment->file_bytes);

		if (segment->executable && at != NULL)
			mote_os_memory_publish_code(at, segment->file_bytes);
	}
}

static bool can_relocate(const struct mote_elf_segment *segment, uint64_t address)
{
	return segment->writable && address >= segment->address && segment->memory_bytes >= 8 &&
	       address - segment->address <= segment->memory_bytes - 8;
}

/* Packed relocations are 63 for each 8 bytes of a hostile file, so this looks first where the
 * last one was. */
static bool in_writable_segment(struct mote_loader *loader, uint64_t address)
{
	const struct mote_elf *elf = &loader->image->elf;

	if (loader->relocated != NULL && can_relocate(loader->relocated, address))
		return true;
	for (size_t i = 0; i < elf->segment_count; i++)
		if (can_relocate(&elf->segments[i], address)) {
			loader->relocated = &elf->segments[i];
			return true;
		}
	return false;
}

static bool apply(void *user, const struct mote_elf_relocation *relocation)
{
	struct mote_loader *loader = user;
	uint64_t addend = relocation->addend;
	void *to = host(loader, relocation->address + loader->layout->image_bias, sizeof(addend));

	if (to == NULL || !in_writable_segment(loader, relocation->address))
		return false;
	if (relocation->in_place)
		addend = mote_get64(to);
	mote_put64(to, addend + loader->layout->image_bias);
	return true;
}

static mote_status relocate(struct mote_loader *loader, mote_error *error)
{
	if (mote_elf_each_relocation(&loader->image->elf, apply, loader))
		return MOTE_OK;
	return out_of_range(loader, "a relocation", error);
}

static mote_status make_thread_block(struct mote_loader *loader, mote_error *error)
{
	const struct mote_layout_region *region = &loader->layout->regions[MOTE_LAYOUT_THREAD];
	const struct mote_thread_block *thread = &loader->layout->thread;
	const struct mote_elf_segment *tls = &loader->image->elf.tls;
	uint8_t *block = host(loader, region->gva, region->bytes);

	if (block == NULL)
		return out_of_range(loader, "its thread block", error);
	memcpy(block + thread->variables, loader->image->elf.bytes + tls->file_offset,
	       tls->file_bytes);
	mote_thread_block_fill(block, region->gva, thread, loader->random[2]);
	return MOTE_OK;
}

static mote_status write_mailbox(struct mote_loader *loader, mote_error *error)
{
	const struct mote_layout *layout = loader->layout;
	const struct mote_layout_region *mailbox = &layout->regions[MOTE_LAYOUT_MAILBOX];
	const struct mote_layout_region *heap = &layout->regions[MOTE_LAYOUT_HEAP];
	const struct mote_layout_region *stack = &layout->regions[MOTE_LAYOUT_STACK];
	struct mote_abi_mailbox *header = host(loader, mailbox->gva, sizeof(*header));

	if (header == NULL)
		return out_of_range(loader, "its mailbox", error);
	*header = (struct mote_abi_mailbox){
		.abi_version = MOTE_ABI_VERSION,
		.log_level = (uint32_t)loader->log_level,
		.heap_gva = heap->gva,
		.heap_bytes = heap->bytes,
		.stack_gva = stack->gva,
		.stack_bytes = stack->bytes,
		.thread_pointer = layout->regions[MOTE_LAYOUT_THREAD].gva + layout->thread.pointer,
		.random = {loader->random[0], loader->random[1]},
		.call_data_gva = mailbox->gva + MOTE_PAGE_BYTES,
		.host_call_data_gva = mailbox->gva + MOTE_PAGE_BYTES + layout->data_bytes,
		.data_bytes = (uint32_t)layout->data_bytes,
		.call.function = MOTE_ABI_NO_FUNCTION,
		.host_call.function = MOTE_ABI_NO_FUNCTION,
	};
	return MOTE_OK;
}

mote_status mote_loader_load(struct mote_loader *loader, mote_error *error)
{
	mote_status status = mote_loader_load_tables(loader, error);

	if (status != MOTE_OK)
		return status;
	mote_sandbox_vm_build_monitor(&loader->monitor);
	status = copy_segments(loader, error);
	if (status == MOTE_OK)
		status = relocate(loader, error);
	if (status == MOTE_OK)
		status = make_thread_block(loader, error);
	if (status == MOTE_OK)
		status = write_mailbox(loader, error);
	return status;
}
