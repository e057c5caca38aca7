/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest-physical memory of a partition.
 *
 * No hypercall that forgets translations is within reach.  A page that is taken out of the
 * partition makes the hypervisor forget what it derived from it, and every translation is derived
 * from the page tables' root (Intel SDM volume 3, 30.4.3.1; AMD APM volume 2, 15.16; Arm ARM, DDI
 * 0487, D8.14).  So the root's page is mapped apart from the rest of its slot, as soon as it has to
 * be taken away: Linux before 6.19 looks up and pins all pages of a region that is mapped.
 */
#include <errno.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_internal.h"

/* A part of a slot. */
struct part {
	uint64_t begin, end; /* guest-physical */
};

static int request(struct mote_mshv_vm *vm, const struct mote_memory_region *slot,
		   const struct part *part, bool map)
{
	struct mote_mshv_memory memory = {
		.bytes = part->end - part->begin,
		.frame = part->begin >> MOTE_MSHV_FRAME_SHIFT,
		.address = (uintptr_t)slot->hva + (part->begin - slot->gpa),
		.flags = map ? 0 : MOTE_MSHV_MEMORY_UNMAP,
	};

	if (part->begin == part->end)
		return 0;
	if (map && (slot->flags & MOTE_REGION_WRITE))
		memory.flags |= MOTE_MSHV_MEMORY_WRITABLE;
	if (map && (slot->flags & MOTE_REGION_EXECUTE))
		memory.flags |= MOTE_MSHV_MEMORY_EXECUTABLE;
	return mote_mshv_request(vm->mshv, vm->partition, MOTE_MSHV_SET_GUEST_MEMORY, &memory);
}

static mote_status fail(mote_error *error, int code, bool map)
{
	return mote_mshv_fail(error, code,
			      map ? "MSHV_SET_GUEST_MEMORY" : "MSHV_SET_GUEST_MEMORY, unmap");
}

static struct part whole(const struct mote_memory_region *slot)
{
	return (struct part){slot->gpa, slot->gpa + slot->bytes};
}

static struct part root_page(const struct mote_mshv_vm *vm)
{
	return (struct part){vm->root, vm->root + vm->base.hypervisor->capabilities.page_bytes};
}

static bool has_root(const struct mote_mshv_vm *vm, const struct mote_memory_region *slot)
{
	return vm->root_apart && vm->root - slot->gpa < slot->bytes;
}

mote_status mote_mshv_map_memory(struct mote_vm *base, uint32_t slot,
				 const struct mote_memory_region *region, mote_error *error)
{
	const struct part part = whole(region);
	const int result = request(mote_mshv_vm(base), region, &part, true);

	(void)slot;
	return result < 0 ? fail(error, -result, true) : MOTE_OK;
}

mote_status mote_mshv_unmap_region(struct mote_mshv_vm *vm, const struct mote_memory_region *region,
				   mote_error *error)
{
	const struct part part = whole(region);
	const int result = request(vm, region, &part, false);

	return result < 0 ? fail(error, -result, false) : MOTE_OK;
}

/* The parts that a slot is mapped in. */
static unsigned parts_of(const struct mote_mshv_vm *vm, const struct mote_memory_region *slot,
			 struct part parts[3])
{
	const struct part all = whole(slot), root = root_page(vm);

	parts[0] = all;
	if (!has_root(vm, slot))
		return 1;
	parts[0].end = root.begin;
	parts[1] = root;
	parts[2] = (struct part){root.end, all.end};
	return 3;
}

/* Unmaps or maps parts of a slot.  If one fails, those before it are as they were, as far as that
 * can be had. */
static int move_parts(struct mote_mshv_vm *vm, const struct mote_memory_region *slot,
		      const struct part *parts, unsigned count, bool map)
{
	for (unsigned i = 0; i < count; i++) {
		const int result = request(vm, slot, &parts[i], map);

		if (result >= 0)
			continue;
		while (i > 0)
			(void)request(vm, slot, &parts[--i], !map);
		return result;
	}
	return 0;
}

mote_status mote_mshv_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	const struct mote_memory_region *region = &base->slots[slot];
	struct part parts[3];
	const unsigned count = parts_of(vm, region, parts);
	const int result = move_parts(vm, region, parts, count, false);

	if (result < 0)
		return fail(error, -result, false);
	if (has_root(vm, region))
		vm->root_apart = false;
	return MOTE_OK;
}

static struct mote_memory_region *find_slot(const struct mote_mshv_vm *vm, uint64_t gpa)
{
	for (uint32_t i = 0; i < vm->base.slot_count; i++) {
		struct mote_memory_region *slot = &vm->base.slots[i];

		if (slot->hva != NULL && gpa - slot->gpa < slot->bytes)
			return slot;
	}
	return NULL;
}

/* Parts of a slot could not be mapped.  A second try, and if it fails, the slot is lost: it is
 * mapped as a whole, or not at all. */
static mote_status fail_to_map(struct mote_mshv_vm *vm, struct mote_memory_region *slot,
			       const struct part *parts, unsigned count, int code,
			       mote_error *error)
{
	const struct part all = whole(slot), last = parts[count - 1];

	if (move_parts(vm, slot, parts, count, true) < 0) {
		(void)request(vm, slot, &(struct part){all.begin, parts[0].begin}, false);
		(void)request(vm, slot, &(struct part){last.end, all.end}, false);
		slot->hva = NULL;
		vm->root_apart = false;
	}
	return fail(error, code, true);
}

/* Maps a slot in other parts than before. */
static mote_status divide(struct mote_mshv_vm *vm, struct mote_memory_region *slot, bool apart,
			  mote_error *error)
{
	struct part parts[3];
	unsigned count = parts_of(vm, slot, parts);
	int result = move_parts(vm, slot, parts, count, false);

	if (result < 0)
		return fail(error, -result, false);
	vm->root_apart = apart;
	count = parts_of(vm, slot, parts);
	result = move_parts(vm, slot, parts, count, true);
	return result < 0 ? fail_to_map(vm, slot, parts, count, -result, error) : MOTE_OK;
}

/* The page of another root is apart: it becomes a part of its slot again. */
static mote_status join_old_root(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_memory_region *slot = find_slot(vm, vm->root);

	if (slot != NULL)
		return divide(vm, slot, false, error);
	vm->root_apart = false;
	return MOTE_OK;
}

mote_status mote_mshv_drop_root(struct mote_mshv_vm *vm, uint64_t root, mote_error *error)
{
	struct mote_memory_region *slot;
	struct part part;
	mote_status status = MOTE_OK;
	int result;

	root &= ~(vm->base.hypervisor->capabilities.page_bytes - 1);
	if (vm->root_apart && vm->root != root)
		status = join_old_root(vm, error);
	slot = find_slot(vm, root);
	if (status != MOTE_OK || slot == NULL)
		return status; /* without memory there are no translations */
	if (!vm->root_apart) {
		vm->root = root;
		return divide(vm, slot, true, error);
	}
	part = root_page(vm);
	result = request(vm, slot, &part, false);
	if (result < 0)
		return fail(error, -result, false);
	result = request(vm, slot, &part, true);
	return result < 0 ? fail_to_map(vm, slot, &part, 1, -result, error) : MOTE_OK;
}

uint8_t *mote_mshv_memory(const struct mote_mshv_vm *vm, uint64_t gpa, bool writable)
{
	const struct mote_memory_region *slot = find_slot(vm, gpa);

	if (slot == NULL || (writable && !(slot->flags & MOTE_REGION_WRITE)))
		return NULL;
	return (uint8_t *)slot->hva + (gpa - slot->gpa);
}
