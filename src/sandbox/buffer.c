/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared buffers, and their mapping into sandboxes: guest-physical addresses and a memory slot of
 * their own, and page-table entries after the sandbox's RAM.
 */
#include <stdatomic.h>

#include "error_internal.h"
#include "sandbox/sandbox_internal.h"

static const uint64_t MAXIMUM_BUFFER = 64ull << 30;

struct mote_buffer {
	_Atomic uint32_t references;
	mote_engine *engine;
	struct mote_os_memory memory;
	bool writable;
};

/* ---- The buffer -------------------------------------------------------------------------- */

static mote_status check_create(const mote_engine *engine, uint64_t offset, uint64_t bytes,
				mote_buffer **buffer, mote_error *error)
{
	if (engine == NULL || buffer == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "buffer: NULL argument");
	if (mote_engine_forked(engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this engine belongs to the parent process; create one after fork");
	if (bytes == 0 || bytes > MAXIMUM_BUFFER || offset > MAXIMUM_BUFFER)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "buffer: %llu bytes at offset %llu; it must be 1 byte to 64 GiB, "
				 "and begin within 64 GiB",
				 (unsigned long long)bytes, (unsigned long long)offset);
	return MOTE_OK;
}

static mote_status new_buffer(mote_engine *engine, mote_buffer **created, mote_error *error)
{
	mote_buffer *buffer = mote_allocate(&engine->allocator, sizeof(*buffer));

	if (buffer == NULL)
		return mote_fail_memory(error, "buffer");
	atomic_init(&buffer->references, 1);
	buffer->engine = mote_engine_retain(engine);
	*created = buffer;
	return MOTE_OK;
}

static mote_status finish(mote_buffer *created, mote_status status, mote_buffer **buffer)
{
	if (status == MOTE_OK)
		*buffer = created;
	else
		mote_buffer_release(created);
	return status;
}

mote_status mote_buffer_create(mote_engine *engine, uint64_t bytes, mote_buffer **buffer,
			       mote_error *error)
{
	mote_buffer *created = NULL;
	uint64_t page_bytes;
	mote_status status = check_create(engine, 0, bytes, buffer, error);

	if (status == MOTE_OK)
		status = new_buffer(engine, &created, error);
	if (status != MOTE_OK)
		return status;
	page_bytes = mote_engine_page_bytes(engine);
	created->writable = true;
	bytes = (bytes + page_bytes - 1) & ~(page_bytes - 1);
	status = mote_os_memory_create(bytes, mote_engine_memory_flags(engine), "a buffer",
				       &created->memory, error);
	return finish(created, status, buffer);
}

mote_status mote_buffer_import(mote_engine *engine, intptr_t handle, uint64_t offset,
			       uint64_t bytes, mote_buffer **buffer, mote_error *error)
{
	mote_buffer *created = NULL;
	mote_status status = check_create(engine, offset, bytes, buffer, error);

	if (status == MOTE_OK && ((offset | bytes) & (mote_engine_page_bytes(engine) - 1)))
		status = mote_fail(error, MOTE_INVALID_ARGUMENT,
				   "buffer: offset and size must be whole pages of %llu bytes",
				   (unsigned long long)mote_engine_page_bytes(engine));
	if (status == MOTE_OK)
		status = new_buffer(engine, &created, error);
	if (status != MOTE_OK)
		return status;
	status = mote_os_memory_import(handle, offset, bytes, mote_engine_memory_flags(engine),
				       &created->memory, &created->writable, error);
	return finish(created, status, buffer);
}

mote_buffer *mote_buffer_retain(mote_buffer *buffer)
{
	atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
	return buffer;
}

void mote_buffer_release(mote_buffer *buffer)
{
	mote_engine *engine;

	if (buffer == NULL ||
	    atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) != 1)
		return;
	engine = buffer->engine;
	if (mote_engine_forked(engine))
		mote_os_memory_forget(&buffer->memory);
	else
		mote_os_memory_destroy(&buffer->memory);
	mote_release(&engine->allocator, buffer);
	mote_engine_release(engine);
}

void *mote_buffer_get_data(const mote_buffer *buffer)
{
	return buffer->memory.hva;
}

uint64_t mote_buffer_get_bytes(const mote_buffer *buffer)
{
	return buffer->memory.bytes;
}

/* ---- In a sandbox ------------------------------------------------------------------------ */

static struct mote_mapped_buffer *find(mote_sandbox *sandbox, const mote_buffer *buffer)
{
	for (size_t i = 0; i < sandbox->mailbox.call.buffer_count; i++)
		if (sandbox->mailbox.call.buffers[i].buffer == buffer)
			return &sandbox->mailbox.call.buffers[i];
	return NULL;
}

/* Finds the lowest gap in the buffer space that is large enough; mapped buffers are in ascending
 * order.  index: where to insert the new one. */
static bool find_gap(const mote_sandbox *sandbox, uint64_t bytes, uint64_t *gva, size_t *index)
{
	const struct mote_layout_region *space = &sandbox->layout.regions[MOTE_LAYOUT_BUFFERS];
	uint64_t at = space->gva;

	for (*index = 0; *index < sandbox->mailbox.call.buffer_count; ++*index) {
		const struct mote_mapped_buffer *mapped = &sandbox->mailbox.call.buffers[*index];

		if (mapped->gva - at >= bytes)
			break;
		at = mapped->gva + mapped->bytes;
	}
	*gva = at;
	return *index < sandbox->mailbox.call.buffer_count ||
	       space->gva + space->bytes - at >= bytes;
}

static uint32_t free_slot(const mote_sandbox *sandbox)
{
	uint32_t slot = 1; /* 0 is RAM */

	for (size_t i = 0; i < sandbox->mailbox.call.buffer_count; i++)
		if (sandbox->mailbox.call.buffers[i].slot == slot) {
			slot++;
			i = (size_t)-1;
		}
	return slot;
}

static mote_status grow(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_mapped_buffer *grown;

	grown = mote_reallocate(&sandbox->engine->allocator, sandbox->mailbox.call.buffers,
				(sandbox->mailbox.call.buffer_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return mote_fail_memory(error, "mapped buffers");
	sandbox->mailbox.call.buffers = grown;
	return MOTE_OK;
}

/* A buffer is unmapped as it was mapped, as a whole: no block is split, so this cannot fail. */
static void unmap_pages(mote_sandbox *sandbox, const struct mote_mapped_buffer *mapped)
{
	(void)mote_paging_unmap(&sandbox->tables, mapped->gva, mapped->bytes);
}

static void release_addresses(mote_sandbox *sandbox, const struct mote_mapped_buffer *mapped)
{
	struct mote_vm *vm = sandbox->vm.vm;

	vm->ops->release_gpa(vm, mapped->gpa);
}

static mote_status map_slot(mote_sandbox *sandbox, const struct mote_mapped_buffer *mapped,
			    bool writable, mote_error *error)
{
	struct mote_vm *vm = sandbox->vm.vm;
	const struct mote_memory_region region = {
		.gpa = mapped->gpa,
		.hva = mapped->buffer->memory.hva,
		.bytes = mapped->bytes,
		.handle = mapped->buffer->memory.handle,
		.handle_offset = mapped->buffer->memory.offset,
		.flags = MOTE_REGION_READ | (writable ? MOTE_REGION_WRITE : 0) |
			 (mapped->buffer->writable ? 0 : MOTE_REGION_HOST_READ_ONLY),
		.kind = MOTE_REGION_SHARED,
	};
	uint32_t flags = MOTE_PAGE_USER | (writable ? MOTE_PAGE_WRITE : 0);
	mote_status status;

	/* The slot comes last: unmapping it could fail, and it must not outlive the buffer. */
	if (mote_paging_map(&sandbox->tables, mapped->gva, region.gpa, region.bytes, flags))
		status = mote_vm_map_memory(vm, mapped->slot, &region, error);
	else
		status = mote_fail(error, MOTE_NO_GUEST_MEMORY,
				   "no page tables left for a buffer of %llu bytes",
				   (unsigned long long)mapped->bytes);
	if (status != MOTE_OK)
		unmap_pages(sandbox, mapped);
	return status;
}

/* Gives the buffer guest-physical addresses, and maps it there. */
static mote_status place(mote_sandbox *sandbox, struct mote_mapped_buffer *mapped, bool writable,
			 mote_error *error)
{
	struct mote_vm *vm = sandbox->vm.vm;
	mote_status status =
		vm->ops->reserve_gpa(vm, mapped->gva, mapped->bytes, &mapped->gpa, error);

	if (status != MOTE_OK)
		return status;
	status = map_slot(sandbox, mapped, writable, error);
	if (status != MOTE_OK)
		release_addresses(sandbox, mapped);
	return status;
}

static mote_status map(mote_sandbox *sandbox, mote_buffer *buffer, bool writable, mote_error *error)
{
	struct mote_mapped_buffer mapped = {
		.hva = buffer->memory.hva,
		.bytes = buffer->memory.bytes,
		.buffer = buffer,
		.slot = free_slot(sandbox),
	};
	size_t index;
	mote_status status;

	if (find(sandbox, buffer) != NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "buffer is already mapped");
	if (writable && !buffer->writable)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "buffer is read-only");
	if (!find_gap(sandbox, mapped.bytes, &mapped.gva, &index))
		return mote_fail_option(error, MOTE_NO_GUEST_MEMORY,
					MOTE_SUBJECT_BUFFER_SPACE_BYTES,
					"no room for a buffer of %llu bytes; raise",
					(unsigned long long)mapped.bytes);
	status = grow(sandbox, error);
	if (status == MOTE_OK)
		status = place(sandbox, &mapped, writable, error);
	if (status != MOTE_OK)
		return status;
	for (size_t i = sandbox->mailbox.call.buffer_count++; i > index; i--)
		sandbox->mailbox.call.buffers[i] = sandbox->mailbox.call.buffers[i - 1];
	sandbox->mailbox.call.buffers[index] = mapped;
	mote_buffer_retain(buffer);
	return MOTE_OK;
}

static mote_status unmap(mote_sandbox *sandbox, mote_buffer *buffer, mote_error *error)
{
	struct mote_mapped_buffer *mapped = find(sandbox, buffer);
	struct mote_vm *vm = sandbox->vm.vm;
	mote_status status;

	if (mapped == NULL)
		return mote_fail(error, MOTE_NOT_FOUND, "buffer is not mapped into this sandbox");
	/* If this fails, the buffer is still mapped. */
	status = mote_vm_unmap_memory(vm, mapped->slot, error);
	if (status != MOTE_OK)
		return status;
	unmap_pages(sandbox, mapped);
	sandbox->mailbox.call.buffer_count--;
	status = vm->ops->invalidate_translations(vm, mapped->gpa, mapped->bytes, error);
	release_addresses(sandbox, mapped);
	for (struct mote_mapped_buffer *at = mapped;
	     at < sandbox->mailbox.call.buffers + sandbox->mailbox.call.buffer_count; at++)
		at[0] = at[1];
	mote_buffer_release(buffer);
	/* The guest would go on with translations to what is mapped there next. */
	return status == MOTE_OK ? MOTE_OK : mote_sandbox_poison(sandbox, status, error);
}

static mote_status claim(mote_sandbox *sandbox, const mote_buffer *buffer, mote_error *error)
{
	if (sandbox == NULL || buffer == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "buffer: NULL argument");
	if (mote_engine_forked(sandbox->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this sandbox belongs to the parent process; create one after fork");
	/* Its memory is not mapped in the child, which may use the address for something else. */
	if (mote_engine_forked(buffer->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this buffer belongs to the parent process; create one after fork");
	return mote_sandbox_claim(sandbox, error);
}

mote_status mote_sandbox_map_buffer(mote_sandbox *sandbox, mote_buffer *buffer, bool writable,
				    mote_error *error)
{
	mote_status status = claim(sandbox, buffer, error);

	if (status != MOTE_OK)
		return status;
	status = map(sandbox, buffer, writable, error);
	(void)mote_sandbox_unclaim(sandbox);
	return status;
}

mote_status mote_sandbox_unmap_buffer(mote_sandbox *sandbox, mote_buffer *buffer, mote_error *error)
{
	mote_status status = claim(sandbox, buffer, error);

	if (status != MOTE_OK)
		return status;
	status = unmap(sandbox, buffer, error);
	(void)mote_sandbox_unclaim(sandbox);
	return status;
}

void mote_sandbox_release_buffers(mote_sandbox *sandbox)
{
	for (size_t i = 0; i < sandbox->mailbox.call.buffer_count; i++)
		mote_buffer_release(sandbox->mailbox.call.buffers[i].buffer);
	mote_release(&sandbox->engine->allocator, sandbox->mailbox.call.buffers);
}
