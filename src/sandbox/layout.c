/* SPDX-License-Identifier: Apache-2.0
 *
 * Computes the layout of a guest's memory.
 */
#include "sandbox/layout.h"

#include <stdio.h>

#include "error_internal.h"
#include "text/text.h"

enum { GUARD_BYTES = 4 * MOTE_PAGE_BYTES };

static const char *const names[MOTE_LAYOUT_REGIONS] = {
	[MOTE_LAYOUT_MONITOR] = "monitor",
	[MOTE_LAYOUT_GATE] = "snapshot gate",
	[MOTE_LAYOUT_STACK_GUARD_LOW] = "stack guard",
	[MOTE_LAYOUT_STACK] = "stack",
	[MOTE_LAYOUT_STACK_GUARD_HIGH] = "stack guard",
	[MOTE_LAYOUT_MAILBOX] = "mailbox",
	[MOTE_LAYOUT_THREAD] = "thread block",
	[MOTE_LAYOUT_IMAGE_GUARD] = "guard",
	[MOTE_LAYOUT_IMAGE] = "image",
	[MOTE_LAYOUT_HEAP_GUARD] = "guard",
	[MOTE_LAYOUT_HEAP] = "heap",
	[MOTE_LAYOUT_TABLES] = "page tables",
	[MOTE_LAYOUT_BUFFERS] = "outside memory",
};

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

/* Puts the next region after the previous one. */
static void place(struct mote_layout *layout, enum mote_layout_region_id id, uint64_t bytes)
{
	const struct mote_layout_region *before = &layout->regions[id - 1];

	layout->regions[id].gva = before->gva + before->bytes;
	layout->regions[id].bytes = align_up(bytes, MOTE_PAGE_BYTES);
}

static uint64_t end_of(const struct mote_layout *layout, enum mote_layout_region_id id)
{
	return layout->regions[id].gva + layout->regions[id].bytes;
}

static mote_status too_small(const struct mote_layout_request *request, uint64_t needed,
			     mote_error *error)
{
	char has[MOTE_SIZE_TEXT_BYTES], needs[MOTE_SIZE_TEXT_BYTES];

	return mote_fail_option(
		error, MOTE_NO_GUEST_MEMORY, MOTE_SUBJECT_MEMORY_BYTES,
		"guest image %s needs %s of guest memory for itself, its stack, heap and "
		"mailbox, but has %s; raise",
		request->image_name, mote_size_text(needed, needs),
		mote_size_text(request->memory_bytes, has));
}

/* Lays out everything that does not depend on where the image is linked. */
static void place_low(const struct mote_layout_request *request, struct mote_layout *layout)
{
	layout->thread = mote_thread_block_make(request->tls_bytes, request->tls_alignment,
						request->tls_address);
	layout->regions[MOTE_LAYOUT_MONITOR].gva = MOTE_RAM_GVA;
	layout->regions[MOTE_LAYOUT_MONITOR].bytes = MOTE_MONITOR_BYTES;
	place(layout, MOTE_LAYOUT_GATE, MOTE_GATE_BYTES);
	place(layout, MOTE_LAYOUT_STACK_GUARD_LOW, GUARD_BYTES);
	place(layout, MOTE_LAYOUT_STACK, request->stack_bytes);
	place(layout, MOTE_LAYOUT_STACK_GUARD_HIGH, GUARD_BYTES);
	place(layout, MOTE_LAYOUT_MAILBOX, MOTE_PAGE_BYTES + 2 * request->data_bytes);
	place(layout, MOTE_LAYOUT_THREAD, layout->thread.bytes);
	place(layout, MOTE_LAYOUT_IMAGE_GUARD, GUARD_BYTES);
}

static mote_status place_image(const struct mote_layout_request *request,
			       struct mote_layout *layout, mote_error *error)
{
	struct mote_layout_region *guard = &layout->regions[MOTE_LAYOUT_IMAGE_GUARD];
	struct mote_layout_region *image = &layout->regions[MOTE_LAYOUT_IMAGE];
	uint64_t low = end_of(layout, MOTE_LAYOUT_IMAGE_GUARD);

	image->bytes = request->image.end - request->image.begin;
	image->gva = request->image.begin;
	if (request->position_independent) {
		/* The load bias keeps every segment's alignment. */
		layout->image_bias = align_up(low, request->image_alignment) -
				     (request->image.begin & ~(request->image_alignment - 1));
		image->gva += layout->image_bias;
	} else if (image->gva < low) {
		char size[MOTE_SIZE_TEXT_BYTES];

		return mote_fail_option(
			error, MOTE_NO_GUEST_MEMORY, MOTE_SUBJECT_STACK_BYTES,
			"guest image %s is linked at 0x%llx, where its stack and mailbox "
			"are (%s from 0x0); link it with -static-pie, make the mailbox "
			"smaller, or lower",
			request->image_name, (unsigned long long)image->gva,
			mote_size_text(low, size));
	}
	guard->bytes = image->gva - guard->gva;
	return MOTE_OK;
}

static mote_status place_heap(const struct mote_layout_request *request, struct mote_layout *layout,
			      mote_error *error)
{
	uint64_t end = MOTE_RAM_GVA + request->memory_bytes;
	uint64_t least = request->heap_bytes > request->least_heap_bytes
				 ? request->heap_bytes
				 : align_up(request->least_heap_bytes, MOTE_PAGE_BYTES);
	struct mote_layout_region *heap = &layout->regions[MOTE_LAYOUT_HEAP];

	place(layout, MOTE_LAYOUT_HEAP_GUARD, GUARD_BYTES);
	place(layout, MOTE_LAYOUT_HEAP, 0);
	/* heap->gva and least are far below 2^63: see the limits of the options. */
	if (heap->gva + least > end)
		return too_small(request, heap->gva + least - MOTE_RAM_GVA, error);
	heap->bytes = request->heap_bytes > 0 ? request->heap_bytes : end - heap->gva;
	if (heap->bytes < request->least_heap_bytes)
		return mote_fail_option(error, MOTE_NO_GUEST_MEMORY, MOTE_SUBJECT_HEAP_BYTES,
					"guest image %s asks for a heap of %llu bytes and has "
					"%llu; leave out or raise",
					request->image_name,
					(unsigned long long)request->least_heap_bytes,
					(unsigned long long)request->heap_bytes);
	return MOTE_OK;
}

/* The tables map everything before them and the buffers after them, but are not mapped
 * themselves. */
static void place_high(const struct mote_layout_request *request, struct mote_layout *layout)
{
	struct mote_layout_region *tables = &layout->regions[MOTE_LAYOUT_TABLES];
	struct mote_layout_region *buffers = &layout->regions[MOTE_LAYOUT_BUFFERS];
	uint64_t end = MOTE_RAM_GVA + request->memory_bytes;
	/* An upper bound for the end of the buffers: the tables take less than 1/256 of it. */
	uint64_t bound = (end + request->buffer_bytes) / 255 * 256 + (64u << 20);

	tables->gva = end;
	layout->ram_bytes =
		align_up(request->memory_bytes + mote_paging_bytes(bound), request->granule_bytes);
	tables->bytes = layout->ram_bytes - request->memory_bytes;
	buffers->gva = mote_layout_ram_end(layout);
	buffers->bytes = request->buffer_bytes;
}

mote_status mote_layout_compute(const struct mote_layout_request *request,
				struct mote_layout *layout, mote_error *error)
{
	struct mote_layout computed = {
		.data_bytes = request->data_bytes,
	};
	mote_status status;

	place_low(request, &computed);
	place_high(request, &computed);
	status = place_image(request, &computed, error);
	if (status == MOTE_OK)
		status = place_heap(request, &computed, error);
	if (status == MOTE_OK)
		*layout = computed;
	return status;
}

void *mote_layout_host(const struct mote_layout *layout, void *ram, uint64_t gva, uint64_t bytes)
{
	uint64_t offset = gva - MOTE_RAM_GVA;

	if (gva < MOTE_RAM_GVA || offset > layout->ram_bytes || bytes > layout->ram_bytes - offset)
		return NULL;
	return (uint8_t *)ram + offset;
}

const char *mote_layout_name(const struct mote_layout *layout, uint64_t gva)
{
	if (mote_monitor_is_doorbell(gva))
		return "doorbell page";
	if (gva < MOTE_RAM_GVA)
		return "null page";
	for (unsigned id = 0; id < MOTE_LAYOUT_REGIONS; id++)
		if (gva - layout->regions[id].gva < layout->regions[id].bytes)
			return names[id];
	return "outside memory";
}

bool mote_layout_is_stack_guard(const struct mote_layout *layout, uint64_t gva)
{
	const struct mote_layout_region *low = &layout->regions[MOTE_LAYOUT_STACK_GUARD_LOW];
	const struct mote_layout_region *high = &layout->regions[MOTE_LAYOUT_STACK_GUARD_HIGH];

	return gva - low->gva < low->bytes || gva - high->gva < high->bytes;
}
