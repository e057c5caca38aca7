/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes snapshots: copies what a parked guest has in memory and in its vCPU.
 */
#include "sandbox/snapshot_internal.h"

#include <stdatomic.h>
#include <string.h>

#include "error_internal.h"
#include "options.h"
#include "sandbox/content.h"
#include "sandbox/loader.h"

/* ---- Life -------------------------------------------------------------------------------- */

mote_snapshot *mote_snapshot_retain(mote_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

void mote_snapshot_destroy(mote_snapshot *snapshot)
{
	mote_engine *engine;

	if (snapshot == NULL ||
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return;
	engine = snapshot->engine;
	if (mote_engine_forked(engine))
		mote_os_memory_forget(&snapshot->memory);
	else
		mote_os_memory_destroy(&snapshot->memory);
	mote_release(&engine->allocator, snapshot->vcpu.block);
	mote_release(&engine->allocator, snapshot->runs);
	mote_image_release(snapshot->image);
	mote_release(&engine->allocator, snapshot);
	mote_engine_release(engine);
}

/* ---- Memory ------------------------------------------------------------------------------ */

/* Adds a run after those that are in it. */
static bool add_run(mote_snapshot *snapshot, uint64_t begin, uint64_t end)
{
	size_t capacity = snapshot->run_capacity > 0 ? 2 * snapshot->run_capacity : 16;
	struct mote_os_run *runs = snapshot->runs;

	if (snapshot->run_count > 0 && runs[snapshot->run_count - 1].end == begin) {
		runs[snapshot->run_count - 1].end = end;
		return true;
	}
	if (snapshot->run_count == snapshot->run_capacity) {
		runs = mote_reallocate(&snapshot->engine->allocator, snapshot->runs,
				       capacity * sizeof(*runs));
		if (runs == NULL)
			return false;
		snapshot->runs = runs;
		snapshot->run_capacity = capacity;
	}
	snapshot->runs[snapshot->run_count++] = (struct mote_os_run){begin, end};
	return true;
}

static mote_status find_memory(mote_snapshot *snapshot, const struct mote_os_memory *ram,
			       mote_error *error)
{
	struct mote_content content = {.memory = ram,
				       .limit = mote_snapshot_bytes(&snapshot->layout)};
	uint64_t begin = 0, end = 0;
	mote_status status;

	while ((status = mote_content_next(&content, &begin, &end, error)) == MOTE_OK &&
	       begin < end)
		if (!add_run(snapshot, begin, end))
			return mote_fail_memory(error, "snapshot");
	return status;
}

/* How many runs, from the first, sandboxes see instead of copies.  One that looks at a page between
 * them makes it, for all; so what lies between them is no more than they are, and 1 MiB. */
static size_t count_based(const mote_snapshot *snapshot)
{
	uint64_t between = 0, in = 1 << 20, before = 0;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->run_count; i++) {
		const struct mote_os_run *run = &snapshot->runs[i];

		between += run->begin - before;
		in += run->end - run->begin;
		before = run->end;
		if (between <= in)
			count = i + 1;
	}
	return count;
}

static void copy_runs(const mote_snapshot *snapshot, void *to, const void *from)
{
	for (size_t i = snapshot->based_count; i < snapshot->run_count; i++) {
		const struct mote_os_run *run = &snapshot->runs[i];

		memcpy((uint8_t *)to + run->begin, (const uint8_t *)from + run->begin,
		       run->end - run->begin);
	}
}

static mote_status copy_memory(mote_snapshot *snapshot, const struct mote_os_memory *ram,
			       unsigned flags, mote_error *error)
{
	struct mote_os_memory *memory = &snapshot->memory;
	mote_status status = mote_os_memory_create_private(mote_snapshot_bytes(&snapshot->layout),
							   flags, NULL, snapshot->engine->page_map,
							   "a snapshot", memory, error);

	if (snapshot->engine->hypervisor->capabilities.host_cow)
		snapshot->based_count = count_based(snapshot);
	if (status == MOTE_OK && snapshot->based_count > 0)
		status = mote_os_memory_make_base(memory, flags, ram->hva, snapshot->runs,
						  snapshot->based_count, "a snapshot", error);
	if (status != MOTE_OK)
		return status;
	copy_runs(snapshot, memory->hva, ram->hva);
	return mote_os_memory_make_read_only(memory, "a snapshot", error);
}

void mote_snapshot_publish_code(const mote_snapshot *snapshot, void *ram)
{
	const struct mote_layout_region *gate = &snapshot->layout.regions[MOTE_LAYOUT_GATE];

	mote_loader_publish_code(snapshot->image, &snapshot->layout, ram);
	mote_os_memory_publish_code((uint8_t *)ram + (gate->gva - MOTE_RAM_GVA), gate->bytes);
}

void mote_snapshot_fill(const mote_snapshot *snapshot, void *ram)
{
	copy_runs(snapshot, ram, snapshot->memory.hva);
	/* What is only seen, the hypervisor publishes when it maps it. */
	if (snapshot->based_count < snapshot->run_count)
		mote_snapshot_publish_code(snapshot, ram);
}

/* ---- Taking ------------------------------------------------------------------------------ */

static mote_status save_vcpu(mote_snapshot *snapshot, mote_sandbox *sandbox, mote_error *error)
{
	struct mote_vcpu_state *vcpu = &snapshot->vcpu;
	struct mote_vm *vm = sandbox->vm.vm;
	mote_status status = vm->ops->state_bytes(vm, &vcpu->bytes, error);

	if (status != MOTE_OK)
		return status;
	vcpu->block = mote_allocate(&snapshot->engine->allocator, vcpu->bytes);
	if (vcpu->block == NULL)
		return mote_fail_memory(error, "vCPU state");
	return mote_sandbox_vm_save(&sandbox->vm, vcpu, error);
}

/* The gate is in memory, so the vCPU comes first. */
static mote_status fill(mote_snapshot *snapshot, mote_sandbox *sandbox, mote_error *error)
{
	const unsigned dump = sandbox->dump_guest_memory ? MOTE_OS_MEMORY_DUMP : 0;
	mote_status status = save_vcpu(snapshot, sandbox, error);

	if (status == MOTE_OK)
		status = find_memory(snapshot, &sandbox->ram, error);
	if (status == MOTE_OK)
		status = copy_memory(snapshot, &sandbox->ram, dump, error);
	/* The gate may be that of a snapshot that there will not be. */
	if (status != MOTE_OK && sandbox->origin != NULL)
		sandbox->origin->mixed = true;
	return status;
}

mote_status mote_snapshot_make(mote_sandbox *sandbox, mote_snapshot **made, mote_error *error)
{
	mote_snapshot *snapshot = mote_allocate(&sandbox->engine->allocator, sizeof(*snapshot));
	mote_status status;

	if (snapshot == NULL)
		return mote_fail_memory(error, "snapshot");
	atomic_init(&snapshot->references, 1);
	snapshot->engine = mote_engine_retain(sandbox->engine);
	snapshot->image = mote_image_retain(sandbox->image);
	snapshot->layout = sandbox->layout;
	snapshot->forbid_timestamp = sandbox->forbid_timestamp;
	status = fill(snapshot, sandbox, error);
	if (status == MOTE_OK)
		*made = snapshot;
	else
		mote_snapshot_destroy(snapshot);
	return status;
}

static mote_status take(mote_sandbox *sandbox, mote_snapshot **taken, mote_error *error)
{
	mote_status status = mote_snapshot_check_sandbox(sandbox, error);

	if (status != MOTE_OK)
		return status;
	if (sandbox->poisoned)
		return mote_sandbox_fail_poisoned(sandbox, error);
	status = mote_snapshot_make(sandbox, taken, error);
	if (status == MOTE_OK)
		status = mote_origin_set(sandbox, *taken, error);
	return status;
}

mote_status mote_snapshot_take(mote_sandbox *sandbox, const mote_snapshot_options *options,
			       mote_snapshot **snapshot, mote_error *error)
{
	static const struct mote_structure structure = {
		"snapshot options", "MOTE_SNAPSHOT_OPTIONS_INIT", sizeof(*options)};
	mote_snapshot_options taken = MOTE_SNAPSHOT_OPTIONS_INIT;
	mote_call_options start = MOTE_CALL_OPTIONS_INIT;
	mote_snapshot *made = NULL;
	mote_status status = MOTE_OK;

	if (sandbox == NULL || snapshot == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "snapshot: NULL argument");
	if (options != NULL)
		status = mote_structure_take(&structure, &taken, options, error);
	start.wall_ns = taken.wall_ns;
	start.cpu_ns = taken.cpu_ns;
	/* Before it is claimed, which would wait for a debugger that holds it. */
	if (status == MOTE_OK)
		status = mote_snapshot_check_sandbox(sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_start(sandbox, &start, error);
	if (status == MOTE_OK)
		status = mote_sandbox_claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = take(sandbox, &made, error);
	status = mote_sandbox_end_use(sandbox, status, error);
	if (status == MOTE_OK)
		*snapshot = made;
	else
		mote_snapshot_destroy(made);
	return status;
}

/* ---- Questions --------------------------------------------------------------------------- */

static mote_status check_size(const char *what, uint64_t asked, uint64_t has, mote_error *error)
{
	const uint64_t pages = (asked + MOTE_PAGE_BYTES - 1) & MOTE_PAGE_MASK;

	if (asked == 0 || pages == has)
		return MOTE_OK;
	return mote_fail(error, MOTE_WRONG_SNAPSHOT,
			 "snapshot: its %s has %llu bytes, not %llu; leave out the size", what,
			 (unsigned long long)has, (unsigned long long)asked);
}

mote_status mote_snapshot_check_options(const mote_snapshot *snapshot,
					const mote_sandbox_options *options, mote_error *error)
{
	const struct mote_layout *layout = &snapshot->layout;
	const struct mote_layout_region *regions = layout->regions;
	const struct {
		const char *what;
		uint64_t asked, has;
	} sizes[] = {
		{"memory", options->memory_bytes, mote_snapshot_bytes(layout)},
		{"heap", options->heap_bytes, regions[MOTE_LAYOUT_HEAP].bytes},
		{"stack", options->stack_bytes, regions[MOTE_LAYOUT_STACK].bytes},
		{"mailbox", options->mailbox_bytes, layout->data_bytes},
		{"buffer space", options->buffer_space_bytes, regions[MOTE_LAYOUT_BUFFERS].bytes},
	};
	mote_status status = MOTE_OK;

	for (size_t i = 0; status == MOTE_OK && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		status = check_size(sizes[i].what, sizes[i].asked, sizes[i].has, error);
	if (status == MOTE_OK && options->forbid_timestamp && !snapshot->forbid_timestamp)
		status = mote_fail(error, MOTE_WRONG_SNAPSHOT,
				   "snapshot: of a guest that may read time stamps; take it of one "
				   "with forbid_timestamp");
	return status;
}

mote_status mote_snapshot_inspect(const mote_snapshot *snapshot,
				  mote_snapshot_information *information, mote_error *error)
{
	static const struct mote_structure structure = {
		"snapshot information", "MOTE_SNAPSHOT_INFORMATION_INIT", sizeof(*information)};
	mote_snapshot_information ours = MOTE_SNAPSHOT_INFORMATION_INIT;

	if (snapshot == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "snapshot is NULL");
	ours.image = snapshot->image;
	ours.memory_bytes = mote_snapshot_bytes(&snapshot->layout);
	ours.vcpu_bytes = snapshot->vcpu.bytes;
	for (size_t i = 0; i < snapshot->run_count; i++)
		ours.pages += (snapshot->runs[i].end - snapshot->runs[i].begin) / MOTE_PAGE_BYTES;
	return mote_structure_give(&structure, &ours, information, error);
}
