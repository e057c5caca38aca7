/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest-physical addresses as they are where a hypervisor gives all VMs parts of one space: they
 * begin anywhere, and each region of a VM is below all others, with gaps.  So what are neighbors
 * for the guest are none there.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "poor.h"

/* Another one in each process, below 36 bits. */
uint64_t poor_address_base(void)
{
	static uint64_t base;

	if (!(poor_kinds() & POOR_ADDRESSES))
		return 0;
	if (base == 0) {
		base = (((uint64_t)getpid() * 0x9e3779b1u >> 4 & 0x3fff) + 1) * MOTE_BLOCK_BYTES;
		printf("# guest-physical addresses begin at 0x%llx\n", (unsigned long long)base);
	}
	return base;
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

mote_status poor_reserve_gpa(struct mote_vm *vm, uint64_t gva, uint64_t bytes, uint64_t *gpa,
			     mote_error *error)
{
	struct mote_address_space *space = &vm->addresses;
	const uint64_t begin = space->begin;
	mote_status status;

	if (poor_kinds() & POOR_ADDRESSES)
		space->begin = scattered_begin(space, bytes);
	status = mote_vm_reserve_gpa(vm, gva, bytes, gpa, error);
	space->begin = begin;
	return status;
}
