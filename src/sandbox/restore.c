/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts sandboxes back to snapshots: copies the pages that were written since, by the guest as its
 * page tables tell, or by the host as the mailbox tells.  No mapping is changed.
 */
#include <string.h>

#include "error_internal.h"
#include "sandbox/snapshot_internal.h"

/* ---- Tracking ---------------------------------------------------------------------------- */

void mote_origin_free(mote_sandbox *sandbox)
{
	const mote_allocator *allocator = &sandbox->engine->allocator;

	if (sandbox->origin == NULL)
		return;
	mote_snapshot_destroy(sandbox->origin->snapshot);
	mote_release(allocator, sandbox->origin->tracking);
	mote_release(allocator, sandbox->origin);
	sandbox->origin = NULL;
}

/* Tracking begins, but for the invalidation.  Each call writes the mailbox's records and the stack
 * of the guest's main loop. */
static mote_status begin(mote_sandbox *sandbox, struct mote_origin *origin, mote_error *error)
{
	const struct mote_layout_region *regions = sandbox->layout.regions;
	const struct mote_layout_region *stack = &regions[MOTE_LAYOUT_STACK];

	if (!mote_sandbox_vm_map_gate(&sandbox->vm, &sandbox->tables))
		return mote_fail_memory(error, "snapshot");
	mote_tracking_begin(origin->tracking);
	mote_tracking_expect(origin->tracking, regions[MOTE_LAYOUT_MAILBOX].gva);
	mote_tracking_expect(origin->tracking, stack->gva + stack->bytes - MOTE_PAGE_BYTES);
	origin->stale = true;
	return MOTE_OK;
}

mote_status mote_origin_begin_again(mote_sandbox *sandbox, mote_error *error)
{
	return begin(sandbox, sandbox->origin, error);
}

static mote_status make_origin(mote_sandbox *sandbox, mote_error *error)
{
	const mote_allocator *allocator = &sandbox->engine->allocator;
	const uint64_t end = sandbox->layout.regions[MOTE_LAYOUT_TABLES].gva;
	struct mote_origin *origin = mote_allocate(allocator, sizeof(*origin));
	mote_status status;

	if (origin == NULL)
		return mote_fail_memory(error, "snapshot");
	origin->tracking = mote_tracking_make(allocator, &sandbox->tables, MOTE_RAM_GVA, end);
	status = origin->tracking != NULL ? begin(sandbox, origin, error)
					  : mote_fail_memory(error, "snapshot");
	if (status != MOTE_OK) {
		mote_release(allocator, origin->tracking);
		mote_release(allocator, origin);
		return status;
	}
	sandbox->origin = origin;
	sandbox->vm.tracking = origin->tracking;
	return MOTE_OK;
}

static mote_status invalidate(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_vm *vm = sandbox->vm.vm;
	mote_status status = MOTE_OK;

	/* From a VM without memory nothing is derived. */
	if (vm->slot_count > 0)
		status = vm->ops->invalidate_translations(vm, sandbox->layout.ram_gpa,
							  sandbox->layout.ram_bytes, error);
	sandbox->origin->stale = status != MOTE_OK;
	return status;
}

/* Memory is as in the snapshot. */
static void set_snapshot(mote_sandbox *sandbox, mote_snapshot *snapshot)
{
	struct mote_origin *origin = sandbox->origin;
	mote_snapshot *before = origin->snapshot;

	if (before != snapshot) {
		origin->snapshot = mote_snapshot_retain(snapshot);
		mote_snapshot_destroy(before);
	}
	origin->mixed = false;
	sandbox->mailbox.call.written = 0;
	sandbox->mailbox.host_call.written = 0;
}

mote_status mote_origin_set(mote_sandbox *sandbox, mote_snapshot *snapshot, mote_error *error)
{
	mote_status status = MOTE_OK;

	if (sandbox->origin == NULL)
		status = make_origin(sandbox, error);
	if (status != MOTE_OK)
		return status;
	if (sandbox->origin->stale)
		status = invalidate(sandbox, error);
	if (status != MOTE_OK)
		return mote_sandbox_poison(sandbox, status, error);
	set_snapshot(sandbox, snapshot);
	return MOTE_OK;
}

/* ---- Memory ------------------------------------------------------------------------------ */

struct copy {
	uint8_t *ram;
	const uint8_t *from;
	struct mote_os_run host[2]; /* what the host may have written */
	uint64_t pages;
};

static void copy_page(struct copy *copy, uint64_t offset)
{
	memcpy(copy->ram + offset, copy->from + offset, MOTE_PAGE_BYTES);
	copy->pages++;
}

static bool is_in(const struct mote_os_run *run, uint64_t offset)
{
	return offset - run->begin < run->end - run->begin;
}

static void copy_written(void *user, uint64_t gva, uint64_t bytes)
{
	struct copy *copy = user;
	uint64_t offset = gva - MOTE_RAM_GVA;

	for (const uint64_t end = offset + bytes; offset < end; offset += MOTE_PAGE_BYTES)
		if (!is_in(&copy->host[0], offset) && !is_in(&copy->host[1], offset))
			copy_page(copy, offset);
}

static uint64_t page_end(uint64_t offset)
{
	return (offset + MOTE_PAGE_BYTES - 1) & MOTE_PAGE_MASK;
}

/* The record page, and as much of the two data areas. */
static void find_host_pages(const mote_sandbox *sandbox, struct copy *copy)
{
	const struct mote_mailbox *mailbox = &sandbox->mailbox;
	const uint64_t record = sandbox->layout.regions[MOTE_LAYOUT_MAILBOX].gva - MOTE_RAM_GVA;
	const uint64_t call = record + MOTE_PAGE_BYTES;
	const uint64_t host_call = call + sandbox->layout.data_bytes;

	copy->host[0] = (struct mote_os_run){record, page_end(call + mailbox->call.written)};
	copy->host[1] =
		(struct mote_os_run){host_call, page_end(host_call + mailbox->host_call.written)};
}

static void copy_back(mote_sandbox *sandbox, struct copy *copy)
{
	find_host_pages(sandbox, copy);
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t at = copy->host[i].begin; at < copy->host[i].end;
		     at += MOTE_PAGE_BYTES)
			copy_page(copy, at);
	mote_tracking_visit(sandbox->origin->tracking, copy_written, copy);
}

static void copy_differing(struct copy *copy, uint64_t begin, uint64_t end)
{
	for (uint64_t at = begin; at < end; at += MOTE_PAGE_BYTES)
		if (memcmp(copy->ram + at, copy->from + at, MOTE_PAGE_BYTES) != 0)
			copy_page(copy, at);
}

/* Whatever differs: to another snapshot, or after somebody wrote who notes nothing.  Pages that
 * neither has are equal. */
static mote_status copy_whole(mote_sandbox *sandbox, const mote_snapshot *snapshot,
			      struct copy *copy, mote_error *error)
{
	const uint64_t bytes = mote_snapshot_bytes(&snapshot->layout);
	mote_status status = MOTE_OK;
	uint64_t begin, end = 0;

	for (size_t i = 0; i < snapshot->run_count; i++)
		copy_differing(copy, snapshot->runs[i].begin, snapshot->runs[i].end);
	while (status == MOTE_OK && end < bytes) {
		status = mote_os_memory_next_data(&sandbox->ram, end, &begin, &end, error);
		if (status != MOTE_OK || begin >= bytes)
			break;
		copy_differing(copy, begin, end < bytes ? end : bytes);
	}
	mote_snapshot_publish_code(snapshot, sandbox->ram.hva);
	return status;
}

static mote_status restore_memory(mote_sandbox *sandbox, mote_snapshot *snapshot, mote_error *error)
{
	struct mote_origin *origin = sandbox->origin;
	struct copy copy = {.ram = sandbox->ram.hva, .from = snapshot->memory.hva};
	mote_status status = MOTE_OK;

	if (snapshot == origin->snapshot && !origin->mixed && sandbox->debug == NULL) {
		copy_back(sandbox, &copy);
	} else {
		origin->mixed = true;
		status = copy_whole(sandbox, snapshot, &copy, error);
	}
	sandbox->statistics.pages_restored += copy.pages;
	return status;
}

/* ---- What is new ------------------------------------------------------------------------- */

enum { RANDOM_WORDS = 4 };

/* The number of a generation is random, so that it tells nothing of other sandboxes. */
static void renew(mote_sandbox *sandbox, const uint64_t random[RANDOM_WORDS])
{
	const struct mote_layout *layout = &sandbox->layout;
	const struct mote_layout_region *thread = &layout->regions[MOTE_LAYOUT_THREAD];
	struct mote_abi_mailbox *mailbox = sandbox->mailbox.shared;

	mailbox->log_level = (uint32_t)sandbox->log_level;
	mailbox->random[0] = random[0];
	mailbox->random[1] = random[1];
	mailbox->generation = random[2] != 0 ? random[2] : 1;
	mote_thread_block_set_canary(mote_layout_host(layout, sandbox->ram.hva, thread->gva,
						      thread->bytes),
				     &layout->thread, random[3]);
}

mote_status mote_origin_renew(mote_sandbox *sandbox, mote_error *error)
{
	uint64_t random[RANDOM_WORDS];
	mote_status status = mote_engine_random(sandbox->engine, random, RANDOM_WORDS, error);

	if (status == MOTE_OK)
		renew(sandbox, random);
	return status;
}

/* ---- The public function ----------------------------------------------------------------- */

mote_status mote_snapshot_check_sandbox(const mote_sandbox *sandbox, mote_error *error)
{
	if (mote_engine_forked(sandbox->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this sandbox belongs to the parent process; create one after fork");
	if (sandbox->debug != NULL && sandbox->debug_ops->is_attached(sandbox->debug))
		return mote_fail(error, MOTE_BUSY,
				 "snapshot: the sandbox has a debugger; detach it first");
	return MOTE_OK;
}

static bool is_same_layout(const struct mote_layout *a, const struct mote_layout *b)
{
	for (unsigned id = 0; id < MOTE_LAYOUT_REGIONS; id++)
		if (a->regions[id].gva != b->regions[id].gva ||
		    a->regions[id].bytes != b->regions[id].bytes)
			return false;
	return a->ram_bytes == b->ram_bytes && a->data_bytes == b->data_bytes;
}

static mote_status check_snapshot(const mote_sandbox *sandbox, const mote_snapshot *snapshot,
				  mote_error *error)
{
	if (snapshot == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "this sandbox has no snapshot to go back to; take one first");
	if (snapshot->engine != sandbox->engine)
		return mote_fail(error, MOTE_WRONG_SNAPSHOT, "the snapshot is of another engine");
	if (snapshot->image->serial != sandbox->image->serial)
		return mote_fail(error, MOTE_WRONG_SNAPSHOT,
				 "the snapshot is of guest image %s, the sandbox of %s",
				 snapshot->image->name, sandbox->image->name);
	if (!is_same_layout(&snapshot->layout, &sandbox->layout) ||
	    snapshot->forbid_timestamp != sandbox->forbid_timestamp)
		return mote_fail(error, MOTE_WRONG_SNAPSHOT,
				 "the snapshot is of a sandbox with other options");
	return MOTE_OK;
}

/* Whether the vCPU waits at a doorbell of user code, with the snapshot's system registers, which
 * say where the page tables are.  After a fault or a kill it may be anywhere. */
static bool is_clean(const mote_sandbox *sandbox, const mote_snapshot *snapshot)
{
	return !sandbox->poisoned && sandbox->debug == NULL && mote_origin_is_set(sandbox) &&
	       sandbox->layout.ram_gpa == snapshot->layout.ram_gpa;
}

/* From here on a failure leaves something between two states. */
static mote_status put_back(mote_sandbox *sandbox, mote_snapshot *snapshot, mote_error *error)
{
	const bool clean = is_clean(sandbox, snapshot);
	mote_status status = MOTE_OK;

	if (sandbox->origin->stale)
		status = invalidate(sandbox, error);
	if (status == MOTE_OK)
		status = restore_memory(sandbox, snapshot, error);
	if (status == MOTE_OK)
		status = mote_sandbox_vm_load(&sandbox->vm, &snapshot->vcpu, clean, error);
	/* The vCPU may have needed the snapshot of before until now. */
	if (status == MOTE_OK)
		set_snapshot(sandbox, snapshot);
	return status;
}

static mote_status restore(mote_sandbox *sandbox, mote_snapshot *snapshot, mote_error *error)
{
	uint64_t random[RANDOM_WORDS];
	mote_error own;
	mote_status status = mote_snapshot_check_sandbox(sandbox, error);

	if (status == MOTE_OK && snapshot == NULL && sandbox->origin != NULL)
		snapshot = sandbox->origin->snapshot;
	if (status == MOTE_OK)
		status = check_snapshot(sandbox, snapshot, error);
	if (status == MOTE_OK && sandbox->origin == NULL)
		status = make_origin(sandbox, error);
	if (status == MOTE_OK)
		status = mote_engine_random(sandbox->engine, random, RANDOM_WORDS, error);
	if (status != MOTE_OK)
		return status;
	if (error == NULL) {
		mote_error_begin(&own);
		error = &own;
	}
	status = put_back(sandbox, snapshot, error);
	if (status != MOTE_OK)
		return mote_sandbox_poison(sandbox, status, error);
	renew(sandbox, random);
	sandbox->poisoned = false;
	sandbox->has_fault = false;
	sandbox->fault_registers_read = false;
	sandbox->poison_text[0] = '\0';
	sandbox->statistics.restores++;
	return MOTE_OK;
}

mote_status mote_sandbox_restore(mote_sandbox *sandbox, mote_snapshot *snapshot, mote_error *error)
{
	mote_status status;

	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox is NULL");
	/* Before it is claimed, which would wait for a debugger that holds it. */
	status = mote_snapshot_check_sandbox(sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = restore(sandbox, snapshot, error);
	return mote_sandbox_end_use(sandbox, status, error);
}
