/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps the set of pages that a guest has written.
 */
#include "hypervisor/tracking.h"

#include <assert.h>
#include <string.h>

#include "error_internal.h"

enum { WORD_BITS = 64 };

static size_t word_count(const struct mote_tracking *tracking)
{
	return (size_t)((tracking->end - 1) / MOTE_BLOCK_BYTES / WORD_BITS + 1);
}

static void look_at(struct mote_tracking *tracking, uint64_t gva)
{
	const uint64_t region = gva / MOTE_BLOCK_BYTES;

	tracking->regions[region / WORD_BITS] |= 1ull << region % WORD_BITS;
}

struct mote_tracking *mote_tracking_make(const mote_allocator *allocator,
					 struct mote_page_tables *tables, uint64_t begin,
					 uint64_t end)
{
	const struct mote_tracking head = {.tables = tables, .begin = begin, .end = end};
	struct mote_tracking *made;

	/* The monitor comes first, and what it writes cannot trap. */
	assert(begin % MOTE_BLOCK_BYTES != 0 && begin < end);
	made = mote_allocate(allocator, sizeof(*made) + word_count(&head) * sizeof(uint64_t));
	if (made != NULL)
		*made = head;
	return made;
}

void mote_tracking_begin(struct mote_tracking *tracking)
{
	memset(tracking->regions, 0, word_count(tracking) * sizeof(uint64_t));
	mote_paging_track(tracking->tables, tracking->begin, tracking->end);
	/* The two that the range covers in part do not trap. */
	look_at(tracking, tracking->begin);
	look_at(tracking, tracking->end - 1);
}

void mote_tracking_expect(struct mote_tracking *tracking, uint64_t gva)
{
	(void)mote_paging_serve(tracking->tables, gva);
	look_at(tracking, gva);
}

static mote_status invalidate(const struct mote_tracking *tracking, struct mote_vm *vm,
			      uint64_t gva, uint64_t bytes, mote_error *error)
{
	struct mote_translation page;

	gva &= ~(bytes - 1);
	if (!mote_paging_walk(tracking->tables, gva, &page))
		return vm->ops->invalidate_translations(vm, 0, UINT64_MAX, error);
	return vm->ops->invalidate_translations(vm, page.gpa, bytes, error);
}

mote_status mote_tracking_serve(struct mote_tracking *tracking, struct mote_vm *vm,
				const struct mote_exception *exception, bool *handled,
				mote_error *error)
{
	const uint64_t gva = exception->address;
	enum mote_write_trap trap = MOTE_WRITE_REFUSED;

	if (exception->kind == MOTE_FAULT_MEMORY && exception->access == MOTE_ACCESS_WRITE)
		trap = mote_paging_serve(tracking->tables, gva);
	/* What a processor remembered may make it trap once more than it must, but not twice. */
	*handled = trap != MOTE_WRITE_REFUSED &&
		   !(trap == MOTE_WRITE_KNOWN && tracking->useless == gva);
	if (!*handled)
		return MOTE_OK;
	tracking->useless = trap == MOTE_WRITE_KNOWN ? gva : 0;
	tracking->traps++;
	if (gva >= tracking->begin && gva < tracking->end)
		look_at(tracking, gva);
	if (trap == MOTE_WRITE_SPLIT)
		return invalidate(tracking, vm, gva, MOTE_BLOCK_BYTES, error);
	return MOTE_PAGING_REMEMBERS ? invalidate(tracking, vm, gva, MOTE_PAGE_BYTES, error)
				     : MOTE_OK;
}

static void visit_region(const struct mote_tracking *tracking, uint64_t gva,
			 mote_visit_written *visit, void *user)
{
	const uint64_t begin = gva > tracking->begin ? gva : tracking->begin;
	const uint64_t end =
		tracking->end - gva > MOTE_BLOCK_BYTES ? gva + MOTE_BLOCK_BYTES : tracking->end;

	mote_paging_written(tracking->tables, begin, end, visit, user);
}

void mote_tracking_visit(const struct mote_tracking *tracking, mote_visit_written *visit,
			 void *user)
{
	for (size_t i = 0; i < word_count(tracking); i++)
		for (uint64_t word = tracking->regions[i], bit = 0; word != 0; word >>= 1, bit++)
			if (word & 1)
				visit_region(tracking, (i * WORD_BITS + bit) * MOTE_BLOCK_BYTES,
					     visit, user);
}
