/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest-physical memory of a partition, and whose it is.
 *
 * The platform knows of each process which partition has its memory.  The first of this process
 * takes it directly; each other one has a surrogate.  Which is the first is decided by the platform
 * where several engines, or other users of it, are in one process.
 */
#include "error_internal.h"
#include "hypervisor/backends/whp/whp_internal.h"

/* ---- Surrogates ------------------------------------------------------------------------------ */

static struct mote_whp_surrogate *take_idle(struct mote_whp *whp)
{
	struct mote_whp_surrogate *surrogate = NULL;

	mote_os_lock_acquire(whp->lock);
	if (whp->idle_count > 0)
		surrogate = whp->idle[--whp->idle_count];
	mote_os_lock_release(whp->lock);
	return surrogate;
}

static void put_idle(struct mote_whp *whp, struct mote_whp_surrogate *surrogate)
{
	bool kept;

	mote_os_lock_acquire(whp->lock);
	kept = whp->idle_count < MOTE_WHP_IDLE_SURROGATES;
	if (kept)
		whp->idle[whp->idle_count++] = surrogate;
	mote_os_lock_release(whp->lock);
	if (!kept)
		whp->system->surrogates->end(surrogate);
}

void mote_whp_end_surrogates(struct mote_whp *whp)
{
	while (whp->idle_count > 0)
		whp->system->surrogates->end(whp->idle[--whp->idle_count]);
}

static mote_status take_surrogate(struct mote_whp_vm *vm, mote_error *error)
{
	struct mote_whp *whp = vm->whp;

	if (whp->forbids_surrogates)
		return mote_fail(error, MOTE_LIMIT,
				 "without surrogates (forbid_surrogates) a process has one sandbox "
				 "at a time");
	if (whp->system->MapGpaRange2 == NULL)
		return mote_fail(error, MOTE_LIMIT,
				 "this version of Windows lets a process have one sandbox at a "
				 "time; several need Windows 11 or Windows Server 2022");
	vm->surrogate = take_idle(whp);
	if (vm->surrogate != NULL)
		return MOTE_OK;
	return whp->system->surrogates->start(whp->surrogate_path, whp->base.allocator,
					      &vm->surrogate, error);
}

/* ---- Views ----------------------------------------------------------------------------------- */

static struct mote_whp_view *view_at(struct mote_whp_vm *vm, uint64_t gpa)
{
	for (unsigned i = 0; i < MOTE_WHP_SLOTS; i++)
		if (gpa - vm->views[i].gpa < vm->views[i].bytes)
			return &vm->views[i];
	return NULL;
}

static mote_status make_view(struct mote_whp_vm *vm, uint32_t slot,
			     const struct mote_memory_region *region, mote_error *error)
{
	struct mote_whp_view *view = &vm->views[slot];
	mote_status status =
		vm->whp->system->surrogates->map(vm->surrogate, region, &view->address, error);

	if (status == MOTE_OK) {
		view->gpa = region->gpa;
		view->bytes = region->bytes;
	}
	return status;
}

static void end_view(struct mote_whp_vm *vm, struct mote_whp_view *view)
{
	if (view->bytes != 0)
		vm->whp->system->surrogates->unmap(vm->surrogate, view->address, view->bytes);
	*view = (struct mote_whp_view){0};
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static uint32_t flags_of(const struct mote_memory_region *slot)
{
	uint32_t flags = MOTE_WHP_MAP_READ;

	if (slot->flags & MOTE_REGION_WRITE)
		flags |= MOTE_WHP_MAP_WRITE;
	if (slot->flags & MOTE_REGION_EXECUTE)
		flags |= MOTE_WHP_MAP_EXECUTE;
	return flags;
}

static mote_whp_result map_own(struct mote_whp_vm *vm, const struct mote_memory_region *slot,
			       uint64_t gpa, uint64_t bytes)
{
	return vm->whp->system->MapGpaRange(vm->partition, (uint8_t *)slot->hva + (gpa - slot->gpa),
					    gpa, bytes, flags_of(slot));
}

static mote_status map_view(struct mote_whp_vm *vm, const struct mote_memory_region *slot,
			    uint64_t gpa, uint64_t bytes, mote_error *error)
{
	const struct mote_whp_system *system = vm->whp->system;
	const struct mote_whp_view *view = view_at(vm, gpa);
	mote_whp_result result;

	if (view == NULL)
		return mote_fail(error, MOTE_HYPERVISOR, "guest memory has no view");
	result = system->MapGpaRange2(vm->partition, system->surrogates->process(vm->surrogate),
				      (uint8_t *)view->address + (gpa - view->gpa), gpa, bytes,
				      flags_of(slot));
	return result < 0 ? mote_whp_fail(error, result, "WHvMapGpaRange2") : MOTE_OK;
}

mote_status mote_whp_map(struct mote_hyperv_vm *base, const struct mote_memory_region *slot,
			 uint64_t gpa, uint64_t bytes, mote_error *error)
{
	struct mote_whp_vm *vm = mote_whp_vm(base);
	mote_whp_result result;

	if (vm->surrogate != NULL)
		return map_view(vm, slot, gpa, bytes, error);
	result = map_own(vm, slot, gpa, bytes);
	return result < 0 ? mote_whp_fail(error, result, "WHvMapGpaRange") : MOTE_OK;
}

mote_status mote_whp_unmap(struct mote_hyperv_vm *base, const struct mote_memory_region *slot,
			   uint64_t gpa, uint64_t bytes, mote_error *error)
{
	const struct mote_whp_vm *vm = mote_whp_vm(base);
	const mote_whp_result result = vm->whp->system->UnmapGpaRange(vm->partition, gpa, bytes);

	(void)slot;
	return result < 0 ? mote_whp_fail(error, result, "WHvUnmapGpaRange") : MOTE_OK;
}

/* The first region of a partition: it decides whose memory it has. */
static mote_status map_first(struct mote_whp_vm *vm, uint32_t slot,
			     const struct mote_memory_region *region, mote_error *error)
{
	const mote_whp_result result = map_own(vm, region, region->gpa, region->bytes);
	mote_status status;

	if (result >= 0) {
		vm->has_own_memory = true;
		return MOTE_OK;
	}
	if (result != MOTE_WHP_E_PARTITION_ALREADY_EXISTS)
		return mote_whp_fail(error, result, "WHvMapGpaRange");
	status = take_surrogate(vm, error);
	return status == MOTE_OK ? mote_whp_map_memory(&vm->hyperv.base, slot, region, error)
				 : status;
}

mote_status mote_whp_map_memory(struct mote_vm *base, uint32_t slot,
				const struct mote_memory_region *region, mote_error *error)
{
	struct mote_whp_vm *vm = mote_whp_vm(mote_hyperv_vm(base));
	mote_status status = MOTE_OK;

	if (!vm->has_own_memory && vm->surrogate == NULL)
		return map_first(vm, slot, region, error);
	if (vm->surrogate != NULL)
		status = make_view(vm, slot, region, error);
	if (status != MOTE_OK)
		return status;
	status = mote_hyperv_map_memory(base, slot, region, error);
	if (status != MOTE_OK)
		end_view(vm, &vm->views[slot]);
	return status;
}

mote_status mote_whp_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	struct mote_whp_vm *vm = mote_whp_vm(mote_hyperv_vm(base));
	const mote_status status = mote_hyperv_unmap_memory(base, slot, error);

	if (status == MOTE_OK)
		end_view(vm, &vm->views[slot]);
	return status;
}

void mote_whp_give_back_surrogate(struct mote_whp_vm *vm)
{
	if (vm->surrogate == NULL)
		return;
	for (unsigned i = 0; i < MOTE_WHP_SLOTS; i++)
		end_view(vm, &vm->views[i]);
	put_idle(vm->whp, vm->surrogate);
	vm->surrogate = NULL;
}
