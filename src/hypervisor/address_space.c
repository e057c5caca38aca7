/* SPDX-License-Identifier: Apache-2.0
 *
 * First fit in a list of ranges: a sandbox has few.
 */
#include "hypervisor/address_space.h"

#include <assert.h>
#include <string.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/arch/page_tables.h"
#include "text/text.h"

/* The first address, from one on, that a block maps gva to. */
static uint64_t congruent(uint64_t from, uint64_t gva)
{
	return from + ((gva - from) & (MOTE_BLOCK_BYTES - 1));
}

/* index: where the new range belongs in the list. */
static bool find_gap(const struct mote_address_space *space, uint64_t gva, uint64_t bytes,
		     uint64_t *gpa, uint32_t *index)
{
	uint64_t at = congruent(space->begin, gva);

	for (*index = 0; *index < space->count; ++*index) {
		const struct mote_address_range *next = &space->reserved[*index];
		uint64_t end = next->gpa + next->bytes;

		if (at <= next->gpa && bytes <= next->gpa - at)
			break;
		if (at < end)
			at = congruent(end, gva);
	}
	*gpa = at;
	return *index < space->count || (at <= space->end && bytes <= space->end - at);
}

static mote_status fail_full(const struct mote_address_space *space, uint64_t bytes,
			     mote_error *error)
{
	char wanted[MOTE_SIZE_TEXT_BYTES], all[MOTE_SIZE_TEXT_BYTES];

	return mote_fail(error, MOTE_LIMIT,
			 "no %s of guest-physical addresses are free; this hypervisor has %s; "
			 "lower memory_bytes, or unmap buffers",
			 mote_size_text(bytes, wanted),
			 mote_size_text(space->end - space->begin, all));
}

mote_status mote_address_space_reserve(struct mote_address_space *space, uint64_t gva,
				       uint64_t bytes, uint64_t *gpa, mote_error *error)
{
	struct mote_address_range *grown;
	uint32_t index;
	uint64_t at;

	assert(bytes > 0);
	if (!find_gap(space, gva, bytes, &at, &index))
		return fail_full(space, bytes, error);
	grown = mote_reallocate(space->allocator, space->reserved,
				(space->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return mote_fail_memory(error, "guest-physical addresses");
	space->reserved = grown;
	memmove(grown + index + 1, grown + index, (space->count - index) * sizeof(*grown));
	grown[index] = (struct mote_address_range){.gpa = at, .bytes = bytes};
	space->count++;
	*gpa = at;
	return MOTE_OK;
}

void mote_address_space_release(struct mote_address_space *space, uint64_t gpa)
{
	uint32_t index = 0;

	while (index < space->count && space->reserved[index].gpa != gpa)
		index++;
	assert(index < space->count);
	space->count--;
	memmove(space->reserved + index, space->reserved + index + 1,
		(space->count - index) * sizeof(*space->reserved));
}

void mote_address_space_end(struct mote_address_space *space)
{
	mote_release(space->allocator, space->reserved);
}
