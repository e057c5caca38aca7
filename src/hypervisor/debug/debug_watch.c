/* SPDX-License-Identifier: Apache-2.0
 *
 * Watchpoints.  A page with watched bytes lacks what its watchpoints wait for, so that the access
 * faults; it is opened for one instruction.  A page that may not even be read is not mapped at all:
 * what is not mapped, no processor remembers.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/debug/debug_internal.h"

static bool overlaps(const struct mote_debug_watch *watch, uint64_t page)
{
	return watch->gva < page + MOTE_PAGE_BYTES && watch->gva + watch->bytes > page;
}

/* What the watchpoints on a page wait for; NONE: it has none. */
static enum mote_watch_kind demand(const struct mote_debug_vm *debug, uint64_t page)
{
	enum mote_watch_kind most = MOTE_WATCH_NONE;

	for (size_t i = 0; i < debug->watch_count; i++)
		if (overlaps(&debug->watches[i], page) && most < debug->watches[i].kind)
			most = debug->watches[i].kind;
	return most;
}

static mote_status map(struct mote_debug_vm *debug, const struct mote_debug_page *page,
		       enum mote_watch_kind kind, mote_error *error)
{
	uint32_t flags = page->loaded.flags;
	bool done;

	if (kind == MOTE_WATCH_WRITE)
		flags &= ~(uint32_t)MOTE_PAGE_WRITE;
	if (kind > MOTE_WATCH_WRITE)
		done = mote_paging_unmap(debug->tables, page->gva, MOTE_PAGE_BYTES);
	else
		done = mote_paging_map(debug->tables, page->gva, page->loaded.gpa, MOTE_PAGE_BYTES,
				       flags);
	return done ? MOTE_OK : mote_fail(error, MOTE_NO_MEMORY, "watchpoint: no page table left");
}

static mote_status invalidate(struct mote_debug_vm *debug, uint64_t gpa, uint64_t bytes,
			      mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;

	return vm->ops->invalidate_translations(vm, gpa, bytes, error);
}

static struct mote_debug_page *page_at(struct mote_debug_vm *debug, uint64_t gva)
{
	for (size_t i = 0; i < debug->page_count; i++)
		if (debug->pages[i].gva == (gva & MOTE_PAGE_MASK))
			return &debug->pages[i];
	return NULL;
}

/* Protects the pages of [first, end), which are contiguous in guest-physical memory too, as their
 * watchpoints demand, and forgets those that have none. */
static mote_status protect(struct mote_debug_vm *debug, uint64_t first, uint64_t end,
			   mote_error *error)
{
	const uint64_t gpa = page_at(debug, first)->loaded.gpa;
	mote_status status = MOTE_OK, invalidated;

	for (size_t i = debug->page_count; i-- > 0;) {
		struct mote_debug_page *page = &debug->pages[i];
		enum mote_watch_kind kind = demand(debug, page->gva);
		mote_status mapped;

		if (page->gva < first || page->gva >= end)
			continue;
		mapped = map(debug, page, kind, error);
		status = status == MOTE_OK ? mapped : status;
		debug->open_count -= page->open;
		page->open = false;
		if (kind == MOTE_WATCH_NONE)
			*page = debug->pages[--debug->page_count];
	}
	invalidated = invalidate(debug, gpa, end - first, error);
	return status == MOTE_OK ? invalidated : status;
}

/* ---- What is watched --------------------------------------------------------------------- */

static mote_status check(const struct mote_debug_vm *debug, uint64_t gva, uint64_t bytes,
			 mote_error *error)
{
	const struct mote_memory_region *ram = &debug->sandbox_vm->vm->slots[0];
	struct mote_translation translation;

	if (bytes == 0 || bytes > MOTE_DEBUG_MOST_WATCHED_BYTES || gva + bytes < gva)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "watchpoint: it has 1 to %d bytes, not %llu",
				 MOTE_DEBUG_MOST_WATCHED_BYTES, (unsigned long long)bytes);
	for (uint64_t page = gva & MOTE_PAGE_MASK; page < gva + bytes; page += MOTE_PAGE_BYTES)
		if (!mote_debug_vm_translate(debug, page, &translation) ||
		    mote_debug_slot(debug, translation.gpa) != ram)
			return mote_fail(error, MOTE_INVALID_ARGUMENT,
					 "watchpoint: the guest has no memory of its own at 0x%llx",
					 (unsigned long long)page);
	return MOTE_OK;
}

/* Room for one more watchpoint, and for its pages. */
static mote_status make_room(struct mote_debug_vm *debug, uint64_t pages, mote_error *error)
{
	const mote_allocator *allocator = debug->allocator;
	void *watches = mote_reallocate(allocator, debug->watches,
					(debug->watch_count + 1) * sizeof(*debug->watches));
	void *more = mote_reallocate(allocator, debug->pages,
				     (debug->page_count + (size_t)pages) * sizeof(*debug->pages));

	debug->watches = watches != NULL ? watches : debug->watches;
	debug->pages = more != NULL ? more : debug->pages;
	return watches != NULL && more != NULL ? MOTE_OK : mote_fail_memory(error, "watchpoint");
}

static void add_pages(struct mote_debug_vm *debug, uint64_t first, uint64_t end)
{
	for (uint64_t gva = first; gva < end; gva += MOTE_PAGE_BYTES) {
		struct mote_debug_page page = {.gva = gva};

		if (page_at(debug, gva) != NULL)
			continue;
		(void)mote_debug_vm_translate(debug, gva, &page.loaded);
		debug->pages[debug->page_count++] = page;
	}
}

static uint64_t end_of(uint64_t gva, uint64_t bytes)
{
	return (gva + bytes + MOTE_PAGE_BYTES - 1) & MOTE_PAGE_MASK;
}

mote_status mote_debug_vm_set_watch(struct mote_debug_vm *debug, uint64_t gva, uint64_t bytes,
				    enum mote_watch_kind kind, mote_error *error)
{
	const uint64_t first = gva & MOTE_PAGE_MASK, end = end_of(gva, bytes);
	struct mote_debug_watch watch = {.gva = gva, .bytes = bytes, .kind = kind};
	mote_error ignored;
	mote_status status = check(debug, gva, bytes, error);

	if (status == MOTE_OK)
		status = make_room(debug, (end - first) / MOTE_PAGE_BYTES, error);
	if (status != MOTE_OK)
		return status;
	watch.copy = mote_allocate(debug->allocator, (size_t)bytes);
	if (watch.copy == NULL)
		return mote_fail_memory(error, "watchpoint");
	(void)mote_debug_vm_read(debug, gva, watch.copy, (size_t)bytes);
	add_pages(debug, first, end);
	debug->watches[debug->watch_count++] = watch;
	status = protect(debug, first, end, error);
	mote_error_begin(&ignored);
	if (status != MOTE_OK)
		(void)mote_debug_vm_clear_watch(debug, gva, bytes, kind, &ignored);
	return status;
}

static mote_status clear(struct mote_debug_vm *debug, struct mote_debug_watch *watch,
			 mote_error *error)
{
	const uint64_t first = watch->gva & MOTE_PAGE_MASK, end = end_of(watch->gva, watch->bytes);

	mote_release(debug->allocator, watch->copy);
	*watch = debug->watches[--debug->watch_count];
	return protect(debug, first, end, error);
}

mote_status mote_debug_vm_clear_watch(struct mote_debug_vm *debug, uint64_t gva, uint64_t bytes,
				      enum mote_watch_kind kind, mote_error *error)
{
	for (size_t i = 0; i < debug->watch_count; i++) {
		struct mote_debug_watch *watch = &debug->watches[i];

		if (watch->gva == gva && watch->bytes == bytes && watch->kind == kind)
			return clear(debug, watch, error);
	}
	return mote_fail(error, MOTE_NOT_FOUND, "watchpoint: there is none at 0x%llx",
			 (unsigned long long)gva);
}

mote_status mote_debug_clear_watches(struct mote_debug_vm *debug, mote_error *error)
{
	mote_status status = MOTE_OK;

	while (debug->watch_count > 0) {
		mote_status cleared = clear(debug, &debug->watches[debug->watch_count - 1], error);

		status = status == MOTE_OK ? cleared : status;
	}
	return status;
}

/* ---- What happens there ------------------------------------------------------------------ */

static bool is_allowed(uint32_t flags, mote_access access)
{
	switch (access) {
	case MOTE_ACCESS_READ:
		return true;
	case MOTE_ACCESS_WRITE:
		return flags & MOTE_PAGE_WRITE;
	case MOTE_ACCESS_EXECUTE:
		return flags & MOTE_PAGE_EXECUTE;
	default:
		return false;
	}
}

struct mote_debug_page *mote_debug_watched_page(struct mote_debug_vm *debug,
						const struct mote_exception *exception)
{
	struct mote_debug_page *page = page_at(debug, exception->address);

	if (exception->kind != MOTE_FAULT_MEMORY || page == NULL || page->open)
		return NULL;
	return is_allowed(page->loaded.flags, exception->access) ? page : NULL;
}

enum mote_watch_kind mote_debug_watch_at(const struct mote_debug_vm *debug, uint64_t address,
					 mote_access access)
{
	const enum mote_watch_kind kind =
		access == MOTE_ACCESS_WRITE ? MOTE_WATCH_WRITE : MOTE_WATCH_READ;

	if (access != MOTE_ACCESS_READ && access != MOTE_ACCESS_WRITE)
		return MOTE_WATCH_NONE;
	for (size_t i = 0; i < debug->watch_count; i++) {
		const struct mote_debug_watch *watch = &debug->watches[i];

		if (address - watch->gva < watch->bytes &&
		    (watch->kind == kind || watch->kind == MOTE_WATCH_ACCESS))
			return watch->kind;
	}
	return MOTE_WATCH_NONE;
}

mote_status mote_debug_open_page(struct mote_debug_vm *debug, struct mote_debug_page *page,
				 mote_error *error)
{
	mote_status status = map(debug, page, MOTE_WATCH_NONE, error);

	page->open = true;
	debug->open_count++;
	return status == MOTE_OK ? invalidate(debug, page->loaded.gpa, MOTE_PAGE_BYTES, error)
				 : status;
}

mote_status mote_debug_close_pages(struct mote_debug_vm *debug, mote_error *error)
{
	mote_status status = MOTE_OK;

	for (size_t i = debug->page_count; i-- > 0 && debug->open_count > 0;) {
		const uint64_t gva = debug->pages[i].gva;
		mote_status closed = MOTE_OK;

		if (debug->pages[i].open)
			closed = protect(debug, gva, gva + MOTE_PAGE_BYTES, error);
		status = status == MOTE_OK ? closed : status;
	}
	return status;
}

/* Compares a watchpoint's bytes, a page at a time, and takes the new ones. */
static bool has_changed(struct mote_debug_vm *debug, struct mote_debug_watch *watch,
			uint64_t *address)
{
	uint8_t now[256];
	bool changed = false;

	for (uint64_t done = 0, part; done < watch->bytes; done += part) {
		uint8_t *before = watch->copy + done;

		part = watch->bytes - done < sizeof(now) ? watch->bytes - done : sizeof(now);
		(void)mote_debug_vm_read(debug, watch->gva + done, now, (size_t)part);
		for (uint64_t i = 0; i < part && !changed; i++)
			if (now[i] != before[i]) {
				*address = watch->gva + done + i;
				changed = true;
			}
		memcpy(before, now, (size_t)part);
	}
	return changed;
}

enum mote_watch_kind mote_debug_changed(struct mote_debug_vm *debug, uint64_t *address)
{
	enum mote_watch_kind kind = MOTE_WATCH_NONE;
	uint64_t at;

	for (size_t i = 0; i < debug->watch_count; i++) {
		struct mote_debug_watch *watch = &debug->watches[i];

		if (watch->kind == MOTE_WATCH_READ || !has_changed(debug, watch, &at) ||
		    kind != MOTE_WATCH_NONE)
			continue;
		kind = watch->kind;
		*address = at;
	}
	return kind;
}
