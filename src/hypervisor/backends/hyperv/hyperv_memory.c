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
#include "error_internal.h"
#include "hypervisor/backends/hyperv/hyperv.h"

/* A part of a slot. */
struct part {
	uint64_t begin, end; /* guest-physical */
};

static mote_status move(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			const struct part *part, bool map, mote_error *error)
{
	const uint64_t bytes = part->end - part->begin;

	if (bytes == 0)
		return MOTE_OK;
	return map ? vm->ops->map(vm, slot, part->begin, bytes, error)
		   : vm->ops->unmap(vm, slot, part->begin, bytes, error);
}

/* What was undone before is done again, as far as that can be had. */
static bool move_back(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
		      const struct part *part, bool map)
{
	mote_error ignored = MOTE_ERROR_INIT;

	return move(vm, slot, part, map, &ignored) == MOTE_OK;
}

static struct part whole(const struct mote_memory_region *slot)
{
	return (struct part){slot->gpa, slot->gpa + slot->bytes};
}

static struct part root_page(const struct mote_hyperv_vm *vm)
{
	return (struct part){vm->root, vm->root + vm->base.hypervisor->capabilities.page_bytes};
}

static bool has_root(const struct mote_hyperv_vm *vm, const struct mote_memory_region *slot)
{
	return vm->root_apart && vm->root - slot->gpa < slot->bytes;
}

mote_status mote_hyperv_map_memory(struct mote_vm *base, uint32_t slot,
				   const struct mote_memory_region *region, mote_error *error)
{
	const struct part part = whole(region);

	(void)slot;
	return move(mote_hyperv_vm(base), region, &part, true, error);
}

/* The parts that a slot is mapped in. */
static unsigned parts_of(const struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
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

/* Unmaps or maps parts of a slot.  If one fails, those before it are as they were. */
static mote_status move_parts(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			      const struct part *parts, unsigned count, bool map, mote_error *error)
{
	for (unsigned i = 0; i < count; i++) {
		const mote_status status = move(vm, slot, &parts[i], map, error);

		if (status == MOTE_OK)
			continue;
		while (i > 0)
			(void)move_back(vm, slot, &parts[--i], !map);
		return status;
	}
	return MOTE_OK;
}

mote_status mote_hyperv_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_memory_region *region = &base->slots[slot];
	struct part parts[3];
	const unsigned count = parts_of(vm, region, parts);
	const mote_status status = move_parts(vm, region, parts, count, false, error);

	if (status == MOTE_OK && has_root(vm, region))
		vm->root_apart = false;
	return status;
}

static struct mote_memory_region *find_slot(const struct mote_hyperv_vm *vm, uint64_t gpa)
{
	for (uint32_t i = 0; i < vm->base.slot_count; i++) {
		struct mote_memory_region *slot = &vm->base.slots[i];

		if (slot->hva != NULL && gpa - slot->gpa < slot->bytes)
			return slot;
	}
	return NULL;
}

/* Parts of a slot could not be mapped, for which error is.  A second try, and if it fails, the slot
 * is lost: it is mapped as a whole, or not at all. */
static void try_again(struct mote_hyperv_vm *vm, struct mote_memory_region *slot,
		      const struct part *parts, unsigned count)
{
	const struct part all = whole(slot), last = parts[count - 1];
	mote_error ignored = MOTE_ERROR_INIT;

	if (move_parts(vm, slot, parts, count, true, &ignored) == MOTE_OK)
		return;
	(void)move_back(vm, slot, &(struct part){all.begin, parts[0].begin}, false);
	(void)move_back(vm, slot, &(struct part){last.end, all.end}, false);
	slot->hva = NULL;
	vm->root_apart = false;
}

/* Maps a slot in other parts than before. */
static mote_status divide(struct mote_hyperv_vm *vm, struct mote_memory_region *slot, bool apart,
			  mote_error *error)
{
	struct part parts[3];
	unsigned count = parts_of(vm, slot, parts);
	mote_status status = move_parts(vm, slot, parts, count, false, error);

	if (status != MOTE_OK)
		return status;
	vm->root_apart = apart;
	count = parts_of(vm, slot, parts);
	status = move_parts(vm, slot, parts, count, true, error);
	if (status != MOTE_OK)
		try_again(vm, slot, parts, count);
	return status;
}

/* The page of another root is apart: it becomes a part of its slot again. */
static mote_status join_old_root(struct mote_hyperv_vm *vm, mote_error *error)
{
	struct mote_memory_region *slot = find_slot(vm, vm->root);

	if (slot != NULL)
		return divide(vm, slot, false, error);
	vm->root_apart = false;
	return MOTE_OK;
}

mote_status mote_hyperv_drop_root(struct mote_hyperv_vm *vm, uint64_t root, mote_error *error)
{
	struct mote_memory_region *slot;
	struct part part;
	mote_status status = MOTE_OK;

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
	status = move(vm, slot, &part, false, error);
	if (status != MOTE_OK)
		return status;
	status = move(vm, slot, &part, true, error);
	if (status != MOTE_OK)
		try_again(vm, slot, &part, 1);
	return status;
}

uint8_t *mote_hyperv_memory(const struct mote_hyperv_vm *vm, uint64_t gpa, bool writable)
{
	const struct mote_memory_region *slot = find_slot(vm, gpa);

	if (slot == NULL || (writable && !(slot->flags & MOTE_REGION_WRITE)))
		return NULL;
	return (uint8_t *)slot->hva + (gpa - slot->gpa);
}
