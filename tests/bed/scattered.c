/* SPDX-License-Identifier: Apache-2.0
 *
 * A backend around the real one, whose VMs reserve guest-physical addresses here and there: each
 * below all others of the VM, with gaps.  So what are neighbors for the guest are none there.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "bed_systems.h"
#include "test.h"

struct scattered_backend {
	struct mote_backend base;
	const struct mote_backend *real;
};

struct scattered_ops {
	struct mote_vm_ops base;
	const struct mote_vm_ops *real;
};

static const struct mote_vm_ops *real_ops(const struct mote_vm *vm)
{
	return ((const struct scattered_ops *)vm->ops)->real;
}

static const struct mote_backend *real_backend(const struct mote_hypervisor *hypervisor)
{
	return ((const struct scattered_backend *)hypervisor->backend)->real;
}

/* The same sequence in every run (splitmix64). */
static uint64_t next_random(void)
{
	static _Atomic uint64_t count;
	uint64_t z = atomic_fetch_add(&count, 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Where to look for room: below everything, or everywhere when there is none left below. */
static uint64_t scattered_begin(const struct mote_address_space *space, uint64_t bytes)
{
	uint64_t all = space->end - space->begin;
	uint64_t gap = next_random() % (space->count == 0 ? all / 2 : all / 4096);
	uint64_t top = space->count == 0 ? space->end : space->reserved[0].gpa;
	uint64_t needed = bytes + gap + MOTE_BLOCK_BYTES;

	return top - space->begin < needed ? space->begin : top - needed;
}

static mote_status scattered_reserve_gpa(struct mote_vm *vm, uint64_t gva, uint64_t bytes,
					 uint64_t *gpa, mote_error *error)
{
	struct mote_address_space *space = &vm->addresses;
	const uint64_t begin = space->begin;
	mote_status status;

	space->begin = scattered_begin(space, bytes);
	status = real_ops(vm)->reserve_gpa(vm, gva, bytes, gpa, error);
	space->begin = begin;
	return status;
}

static void scattered_destroy(struct mote_vm *vm)
{
	struct scattered_ops *ops = (struct scattered_ops *)(uintptr_t)vm->ops;

	ops->real->destroy(vm);
	free(ops);
}

static mote_status scattered_create(struct mote_hypervisor *hypervisor, struct mote_vm **vm,
				    mote_error *error)
{
	mote_status status = real_backend(hypervisor)->create(hypervisor, vm, error);
	struct scattered_ops *ops;

	if (status != MOTE_OK)
		return status;
	ops = malloc(sizeof(*ops));
	REQUIRE(ops != NULL);
	*ops = (struct scattered_ops){.base = *(*vm)->ops, .real = (*vm)->ops};
	ops->base.destroy = scattered_destroy;
	ops->base.reserve_gpa = scattered_reserve_gpa;
	(*vm)->ops = &ops->base;
	return MOTE_OK;
}

static void scattered_close(struct mote_hypervisor *hypervisor)
{
	struct scattered_backend *backend;

	if (hypervisor == NULL)
		return;
	backend = (struct scattered_backend *)(uintptr_t)hypervisor->backend;
	backend->real->close(hypervisor);
	free(backend);
}

void test_place_addresses(struct mote_hypervisor *hypervisor)
{
	struct scattered_backend *backend;

	hypervisor->capabilities.address_base = test_address_base();
	if (getenv("MOTE_TEST_SCATTERED") == NULL)
		return;
	backend = malloc(sizeof(*backend));
	REQUIRE(backend != NULL);
	*backend = (struct scattered_backend){
		.base = *hypervisor->backend,
		.real = hypervisor->backend,
	};
	backend->base.close = scattered_close;
	backend->base.create = scattered_create;
	hypervisor->backend = &backend->base;
}
