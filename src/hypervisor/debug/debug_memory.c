/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest's memory as its code sees it, and breakpoints in it.  Nothing else is reachable: not
 * the monitor, not the page tables, no guard.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/debug/debug_internal.h"
#include "os/os_memory.h"

#define CAPACITY (MOTE_DEBUG_MOST_BREAKPOINTS + MOTE_DEBUG_MOST_ENDS)

/* ---- Access ------------------------------------------------------------------------------ */

static const struct mote_debug_page *find_page(const struct mote_debug_vm *debug, uint64_t gva)
{
	for (size_t i = 0; i < debug->page_count; i++)
		if (debug->pages[i].gva == (gva & MOTE_PAGE_MASK))
			return &debug->pages[i];
	return NULL;
}

bool mote_debug_vm_translate(const struct mote_debug_vm *debug, uint64_t gva,
			     struct mote_translation *translation)
{
	const struct mote_debug_page *page = find_page(debug, gva);

	if (page != NULL)
		*translation = page->loaded;
	else if (!mote_paging_walk(debug->tables, gva & MOTE_PAGE_MASK, translation))
		return false;
	return (translation->flags & (MOTE_PAGE_USER | MOTE_PAGE_DEVICE)) == MOTE_PAGE_USER;
}

const struct mote_memory_region *mote_debug_slot(const struct mote_debug_vm *debug, uint64_t gpa)
{
	const struct mote_vm *vm = debug->sandbox_vm->vm;

	for (uint32_t i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].hva != NULL && gpa - vm->slots[i].gpa < vm->slots[i].bytes)
			return &vm->slots[i];
	return NULL;
}

/* The host's view of a page from gva on, and how many bytes of it there are; NULL: nothing. */
static uint8_t *host(const struct mote_debug_vm *debug, uint64_t gva, bool write, size_t *bytes)
{
	const uint64_t offset = gva % MOTE_PAGE_BYTES;
	const struct mote_memory_region *slot;
	struct mote_translation translation;

	if (!mote_debug_vm_translate(debug, gva, &translation))
		return NULL;
	slot = mote_debug_slot(debug, translation.gpa);
	if (slot == NULL || (write && (slot->flags & MOTE_REGION_HOST_READ_ONLY)))
		return NULL;
	*bytes = MOTE_PAGE_BYTES - offset;
	return (uint8_t *)slot->hva + (translation.gpa - slot->gpa) + offset;
}

/* Where a byte of a breakpoint is in [gva, gva+bytes); false: it is not there. */
static bool overlap(const struct mote_debug_breakpoint *breakpoint, unsigned byte, uint64_t gva,
		    size_t bytes, size_t *at)
{
	const uint64_t offset = breakpoint->gva + byte - gva;

	if (offset >= bytes)
		return false;
	*at = (size_t)offset;
	return true;
}

size_t mote_debug_vm_read(const struct mote_debug_vm *debug, uint64_t gva, void *to, size_t bytes)
{
	uint8_t *out = to;
	size_t done = 0, at;

	while (done < bytes) {
		size_t part;
		const uint8_t *from = host(debug, gva + done, false, &part);

		if (from == NULL)
			break;
		part = part < bytes - done ? part : bytes - done;
		memcpy(out + done, from, part);
		done += part;
	}
	for (size_t i = 0; i < debug->breakpoint_count; i++)
		for (unsigned byte = 0; byte < MOTE_BREAKPOINT_BYTES; byte++)
			if (overlap(&debug->breakpoints[i], byte, gva, done, &at))
				out[at] = debug->breakpoints[i].original[byte];
	return done;
}

/* The code is what the guest's processor fetches from now on. Of a page that was unmapped
 * meanwhile there is nothing to write. */
static void put(struct mote_debug_vm *debug, uint64_t gva, const void *from, size_t bytes)
{
	const uint8_t *in = from;

	for (size_t done = 0, part = 0; done < bytes; done += part) {
		uint8_t *to = host(debug, gva + done, true, &part);

		if (to == NULL)
			return;
		part = part < bytes - done ? part : bytes - done;
		memcpy(to, in + done, part);
		mote_os_memory_publish_code(to, part);
	}
}

static bool is_writable(const struct mote_debug_vm *debug, uint64_t gva, size_t bytes)
{
	size_t part;

	for (size_t done = 0; done < bytes; done += part)
		if (host(debug, gva + done, true, &part) == NULL)
			return false;
	return true;
}

bool mote_debug_vm_write(struct mote_debug_vm *debug, uint64_t gva, const void *from, size_t bytes)
{
	const uint8_t *in = from;
	uint64_t ignored;
	size_t at;

	if (!is_writable(debug, gva, bytes))
		return false;
	put(debug, gva, from, bytes);
	for (size_t i = 0; i < debug->breakpoint_count; i++) {
		struct mote_debug_breakpoint *breakpoint = &debug->breakpoints[i];
		bool hit = false;

		for (unsigned byte = 0; byte < MOTE_BREAKPOINT_BYTES; byte++)
			if (overlap(breakpoint, byte, gva, bytes, &at)) {
				breakpoint->original[byte] = in[at];
				hit = true;
			}
		if (hit)
			put(debug, breakpoint->gva, mote_breakpoint, MOTE_BREAKPOINT_BYTES);
	}
	(void)mote_debug_changed(debug, &ignored); /* not by the guest */
	return true;
}

/* ---- Breakpoints ------------------------------------------------------------------------- */

struct mote_debug_breakpoint *mote_debug_breakpoint_at(struct mote_debug_vm *debug, uint64_t gva)
{
	for (size_t i = 0; i < debug->breakpoint_count; i++)
		if (debug->breakpoints[i].gva == gva)
			return &debug->breakpoints[i];
	return NULL;
}

void mote_debug_vm_hide(struct mote_debug_vm *debug, bool hidden)
{
	for (size_t i = 0; i < debug->breakpoint_count; i++) {
		const struct mote_debug_breakpoint *breakpoint = &debug->breakpoints[i];
		const bool is_out = debug->is_lifted && debug->lifted == breakpoint->gva;

		put(debug, breakpoint->gva,
		    hidden || is_out ? breakpoint->original : mote_breakpoint,
		    MOTE_BREAKPOINT_BYTES);
	}
}

/* The breakpoint there, made if there is none; NULL: it cannot be one. */
static struct mote_debug_breakpoint *make(struct mote_debug_vm *debug, uint64_t gva)
{
	struct mote_debug_breakpoint *made = mote_debug_breakpoint_at(debug, gva);

	if (made != NULL)
		return made;
	if (debug->breakpoint_count == CAPACITY)
		return NULL;
	if (gva % MOTE_BREAKPOINT_BYTES != 0 || !is_writable(debug, gva, MOTE_BREAKPOINT_BYTES))
		return NULL;
	made = &debug->breakpoints[debug->breakpoint_count];
	*made = (struct mote_debug_breakpoint){.gva = gva};
	(void)mote_debug_vm_read(debug, gva, made->original, MOTE_BREAKPOINT_BYTES);
	debug->breakpoint_count++;
	put(debug, gva, mote_breakpoint, MOTE_BREAKPOINT_BYTES);
	return made;
}

/* Removes a breakpoint that neither the debugger nor a sequence needs. */
static void drop(struct mote_debug_vm *debug, struct mote_debug_breakpoint *breakpoint)
{
	if (breakpoint->set || breakpoint->end)
		return;
	put(debug, breakpoint->gva, breakpoint->original, MOTE_BREAKPOINT_BYTES);
	*breakpoint = debug->breakpoints[--debug->breakpoint_count];
}

static size_t count_set(const struct mote_debug_vm *debug)
{
	size_t count = 0;

	for (size_t i = 0; i < debug->breakpoint_count; i++)
		count += debug->breakpoints[i].set;
	return count;
}

mote_status mote_debug_vm_set_breakpoint(struct mote_debug_vm *debug, uint64_t gva,
					 mote_error *error)
{
	struct mote_debug_breakpoint *breakpoint = mote_debug_breakpoint_at(debug, gva);

	if (breakpoint == NULL && count_set(debug) == MOTE_DEBUG_MOST_BREAKPOINTS)
		return mote_fail(error, MOTE_LIMIT, "breakpoint: there are %d already; remove some",
				 MOTE_DEBUG_MOST_BREAKPOINTS);
	breakpoint = make(debug, gva);
	if (breakpoint == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "breakpoint: there is no code of the guest at 0x%llx",
				 (unsigned long long)gva);
	breakpoint->set = true;
	return MOTE_OK;
}

void mote_debug_vm_clear_breakpoint(struct mote_debug_vm *debug, uint64_t gva)
{
	struct mote_debug_breakpoint *breakpoint = mote_debug_breakpoint_at(debug, gva);

	if (breakpoint == NULL)
		return;
	breakpoint->set = false;
	drop(debug, breakpoint);
}

bool mote_debug_lift(struct mote_debug_vm *debug, uint64_t gva)
{
	const struct mote_debug_breakpoint *breakpoint = mote_debug_breakpoint_at(debug, gva);

	if (breakpoint == NULL)
		return false;
	put(debug, gva, breakpoint->original, MOTE_BREAKPOINT_BYTES);
	debug->is_lifted = true;
	debug->lifted = gva;
	return true;
}

void mote_debug_put_back(struct mote_debug_vm *debug)
{
	if (debug->is_lifted && mote_debug_breakpoint_at(debug, debug->lifted) != NULL)
		put(debug, debug->lifted, mote_breakpoint, MOTE_BREAKPOINT_BYTES);
	debug->is_lifted = false;
}

void mote_debug_set_ends(struct mote_debug_vm *debug, const struct mote_debug_ends *ends)
{
	for (unsigned i = 0; i < ends->count; i++) {
		struct mote_debug_breakpoint *breakpoint = make(debug, ends->gva[i]);

		if (breakpoint != NULL)
			breakpoint->end = true;
	}
	debug->in_sequence = true;
}

void mote_debug_clear_ends(struct mote_debug_vm *debug)
{
	for (size_t i = debug->breakpoint_count; i-- > 0;) {
		debug->breakpoints[i].end = false;
		drop(debug, &debug->breakpoints[i]);
	}
	debug->in_sequence = false;
}

void mote_debug_clear_breakpoints(struct mote_debug_vm *debug)
{
	for (size_t i = 0; i < debug->breakpoint_count; i++)
		debug->breakpoints[i].set = false;
	mote_debug_clear_ends(debug);
}
