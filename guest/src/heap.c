/* SPDX-License-Identifier: Apache-2.0
 *
 * The heap: a two-level segregated fit.  Every size class has a list of free
 * blocks and a bit that says whether it is empty, so that both ways take
 * the same few steps whatever the heap looks like; neighbours that are free are
 * always merged.
 *
 * Each header carries a check word over its fields, its address and a secret.
 * It is verified whenever a header is used, so a write behind the end of a
 * block, a second free and a wild pointer end the guest with a message.
 */
#include "runtime.h"
#include "text.h"

#define GRAIN 16u
#define LISTS_PER_CLASS 16u
#define LINEAR_LIMIT 256u /* below it, one list for each size */
#define CLASSES 30u	  /* the last one begins at 64 GiB */
#define HEAP_MAXIMUM (UINT64_C(1) << 36)
#define USED 1u

/* In front of every block.  The size includes the header. */
struct block {
	uint32_t previous_grains; /* size of the block before this one; 0 for the first */
	uint32_t check;
	uint64_t size_and_used;
	/* The rest is payload; in a free block it begins with the list. */
	struct block *next, *previous;
};

#define HEADER_BYTES offsetof(struct block, next)
#define BLOCK_MINIMUM sizeof(struct block)
_Static_assert(HEADER_BYTES == GRAIN && BLOCK_MINIMUM == 2 * GRAIN, "payloads are aligned to 16");

static struct heap {
	bool ready;
	unsigned char *begin, *end;
	uint64_t secret;
	uint32_t classes;	 /* bit set: that class has a list that is not empty */
	uint16_t lists[CLASSES]; /* bit set: that list is not empty */
	struct block *first[CLASSES][LISTS_PER_CLASS];
} heap;

/* ---- Headers ------------------------------------------------------------------------------ */

static uint64_t block_size(const struct block *block)
{
	return block->size_and_used & ~(uint64_t)USED;
}

static bool block_used(const struct block *block)
{
	return block->size_and_used & USED;
}

static void *payload(struct block *block)
{
	return (unsigned char *)block + HEADER_BYTES;
}

static uint32_t check_word(const struct block *block)
{
	uint64_t mix = heap.secret ^ (uintptr_t)block;

	mix = (mix ^ block->size_and_used) * UINT64_C(0x9e3779b97f4a7c15);
	mix ^= mix >> 32;
	mix = (mix ^ block->previous_grains) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(mix >> 32);
}

static void seal(struct block *block, uint64_t size, bool used)
{
	block->size_and_used = size | (used ? USED : 0);
	block->check = check_word(block);
}

static void verify(const struct block *block)
{
	if (block->check != check_word(block))
		mote_abort("heap corrupted at %p: something wrote outside of its block",
			   (const void *)((const unsigned char *)block + HEADER_BYTES));
}

/* The neighbours, verified; NULL at either end of the heap. */
static struct block *block_after(struct block *block)
{
	unsigned char *at = (unsigned char *)block + block_size(block);

	if (at == heap.end)
		return NULL;
	verify((struct block *)(void *)at);
	return (struct block *)(void *)at;
}

static struct block *block_before(struct block *block)
{
	unsigned char *at = (unsigned char *)block - (uint64_t)block->previous_grains * GRAIN;

	if (!block->previous_grains)
		return NULL;
	verify((struct block *)(void *)at);
	return (struct block *)(void *)at;
}

static void tell_next(struct block *block)
{
	struct block *next = block_after(block);

	if (next) {
		next->previous_grains = (uint32_t)(block_size(block) / GRAIN);
		next->check = check_word(next);
	}
}

/* ---- Lists of free blocks ----------------------------------------------------------------- */

struct position {
	unsigned int class, list;
};

static unsigned int highest_bit(uint64_t value)
{
	return 63u - (unsigned int)__builtin_clzll(value);
}

static struct position position_of(uint64_t size)
{
	unsigned int bit;

	if (size < LINEAR_LIMIT)
		return (struct position){0, (unsigned int)(size / GRAIN)};
	bit = highest_bit(size);
	return (struct position){bit - 7, (unsigned int)(size >> (bit - 4)) % LISTS_PER_CLASS};
}

static void list_insert(struct block *block)
{
	struct position at = position_of(block_size(block));
	struct block **first = &heap.first[at.class][at.list];

	block->previous = NULL;
	block->next = *first;
	if (*first)
		(*first)->previous = block;
	*first = block;
	heap.classes |= 1u << at.class;
	heap.lists[at.class] |= (uint16_t)(1u << at.list);
}

static void list_remove(struct block *block)
{
	struct position at = position_of(block_size(block));
	struct block **first = &heap.first[at.class][at.list];
	struct block *next = block->next, *previous = block->previous;

	/* The links lie in memory that the program has had in its hands. */
	if ((next && next->previous != block) ||
	    (previous ? previous->next != block : *first != block))
		mote_abort("heap corrupted at %p: written to after it was freed", payload(block));
	if (next)
		next->previous = previous;
	if (previous)
		previous->next = next;
	else
		*first = next;
	if (*first)
		return;
	heap.lists[at.class] &= (uint16_t) ~(1u << at.list);
	if (!heap.lists[at.class])
		heap.classes &= ~(1u << at.class);
}

/* The first block of the first list, from the one for `size` rounded up, that is not empty. */
static struct block *find_at_once(uint64_t size)
{
	struct position at;
	uint32_t bits;

	if (size >= LINEAR_LIMIT)
		size += (UINT64_C(1) << (highest_bit(size) - 4)) - 1;
	at = position_of(size);
	if (at.class >= CLASSES)
		return NULL;
	bits = heap.lists[at.class] & (~0u << at.list);
	if (!bits) {
		uint32_t classes =
			at.class + 1 < CLASSES ? heap.classes & (~0u << (at.class + 1)) : 0;

		if (!classes)
			return NULL;
		at.class = (unsigned int)__builtin_ctz(classes);
		bits = heap.lists[at.class];
	}
	return heap.first[at.class][__builtin_ctz(bits)];
}

/* When nothing larger is left: a few blocks of the list of that very size may do. */
static struct block *find_in_list(uint64_t size)
{
	struct position at = position_of(size);
	struct block *block = at.class < CLASSES ? heap.first[at.class][at.list] : NULL;

	for (int i = 0; block && i < 64; block = block->next, i++) {
		verify(block);
		if (block_size(block) >= size)
			return block;
	}
	return NULL;
}

/* ---- Blocks ------------------------------------------------------------------------------- */

static void start_heap(void)
{
	uint64_t bytes = mote_guest_runtime.heap_bytes;
	struct block *all;

	heap.ready = true;
	heap.secret = mote_guest_runtime.random[0] ^ (mote_guest_runtime.random[1] >> 1);
	heap.begin =
		(unsigned char *)((mote_guest_runtime.heap + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1));
	if (bytes > HEAP_MAXIMUM)
		bytes = HEAP_MAXIMUM;
	bytes = bytes < 2 * GRAIN ? 0 : (bytes - GRAIN) / GRAIN * GRAIN;
	heap.end = heap.begin + bytes;
	if (bytes < BLOCK_MINIMUM)
		return;
	all = (struct block *)(void *)heap.begin;
	all->previous_grains = 0;
	seal(all, bytes, false);
	list_insert(all);
}

/* The size of a block with room for so many bytes; 0 if there cannot be one. */
static uint64_t size_for(size_t bytes)
{
	uint64_t size;

	if (bytes > HEAP_MAXIMUM)
		return 0;
	size = ((uint64_t)bytes + HEADER_BYTES + GRAIN - 1) & ~(uint64_t)(GRAIN - 1);
	return size < BLOCK_MINIMUM ? BLOCK_MINIMUM : size;
}

/* Makes a free block used, and gives back what it has too much. */
static void use_block(struct block *block, uint64_t size)
{
	uint64_t rest = block_size(block) - size;

	if (rest < BLOCK_MINIMUM) {
		seal(block, block_size(block), true);
		return;
	}
	seal(block, size, true);
	block = (struct block *)(void *)((unsigned char *)block + size);
	block->previous_grains = (uint32_t)(size / GRAIN);
	seal(block, rest, false);
	tell_next(block);
	list_insert(block);
}

/* Merges a block, which is in no list, with free neighbours and puts it into its list. */
static void release(struct block *block)
{
	uint64_t size = block_size(block);
	struct block *next, *before;

	/* Marked first: a stale header in the middle of a free block must never look used. */
	seal(block, size, false);
	next = block_after(block);
	if (next && !block_used(next)) {
		list_remove(next);
		size += block_size(next);
	}
	before = block_before(block);
	if (before && !block_used(before)) {
		list_remove(before);
		size += block_size(before);
		block = before;
	}
	seal(block, size, false);
	tell_next(block);
	list_insert(block);
}

static struct block *allocate(uint64_t size)
{
	struct block *block;

	if (!heap.ready)
		start_heap();
	block = size ? find_at_once(size) : NULL;
	if (!block && size)
		block = find_in_list(size);
	if (!block)
		return NULL;
	verify(block);
	list_remove(block);
	return block;
}

/* The block of a pointer that the program hands back. */
static struct block *owned_block(void *memory, const char *function)
{
	unsigned char *at = (unsigned char *)memory - HEADER_BYTES;
	struct block *block = (struct block *)(void *)at;

	if ((uintptr_t)memory % GRAIN || at < heap.begin || at >= heap.end)
		mote_abort("%s(%p): not a pointer from malloc", function, memory);
	if (block->check != check_word(block))
		mote_abort("%s(%p): heap corrupted, or not a pointer from malloc", function,
			   memory);
	if (!block_used(block))
		mote_abort("%s(%p): already freed", function, memory);
	return block;
}

/* ---- The functions ------------------------------------------------------------------------ */

void *mote_heap_allocate(size_t bytes)
{
	uint64_t size = size_for(bytes);
	struct block *block = allocate(size);

	if (!block)
		return NULL;
	use_block(block, size);
	return payload(block);
}

void mote_heap_free(void *memory)
{
	if (memory)
		release(owned_block(memory, "free"));
}

/* Grows a block into the free one behind it, if that is enough. */
static bool grow_in_place(struct block *block, uint64_t size)
{
	struct block *next = block_after(block);
	uint64_t both;

	if (!next || block_used(next))
		return false;
	both = block_size(block) + block_size(next);
	if (both < size)
		return false;
	list_remove(next);
	seal(block, both, true);
	tell_next(block);
	return true;
}

static void shrink_in_place(struct block *block, uint64_t size)
{
	uint64_t rest = block_size(block) - size;
	struct block *tail = (struct block *)(void *)((unsigned char *)block + size);

	if (rest < BLOCK_MINIMUM)
		return;
	seal(block, size, true);
	tail->previous_grains = (uint32_t)(size / GRAIN);
	seal(tail, rest, true);
	tell_next(tail);
	release(tail);
}

void *mote_heap_resize(void *memory, size_t bytes)
{
	uint64_t size = size_for(bytes), old;
	struct block *block;
	void *moved;

	if (!memory)
		return mote_heap_allocate(bytes);
	block = owned_block(memory, "realloc");
	if (!size)
		return NULL;
	old = block_size(block);
	if (old >= size || grow_in_place(block, size)) {
		shrink_in_place(block, size);
		return memory;
	}
	moved = mote_heap_allocate(bytes);
	if (!moved)
		return NULL;
	memcpy(moved, memory, old - HEADER_BYTES);
	mote_heap_free(memory);
	return moved;
}

void *mote_heap_allocate_aligned(size_t alignment, size_t bytes)
{
	uint64_t size = size_for(bytes), gap;
	struct block *block, *front;

	if (!alignment || alignment & (alignment - 1) || alignment > HEAP_MAXIMUM)
		return NULL;
	if (alignment <= GRAIN || !size)
		return mote_heap_allocate(bytes);
	/* Room to move the block up to the boundary and leave a whole block in front of it. */
	front = allocate(size + alignment + BLOCK_MINIMUM);
	if (!front)
		return NULL;
	gap = -(uintptr_t)payload(front) & (alignment - 1);
	if (gap && gap < BLOCK_MINIMUM)
		gap += alignment;
	block = front;
	if (gap) {
		uint64_t all = block_size(front);

		block = (struct block *)(void *)((unsigned char *)front + gap);
		seal(front, gap, true);
		block->previous_grains = (uint32_t)(gap / GRAIN);
		seal(block, all - gap, true);
		tell_next(block);
	}
	seal(block, block_size(block), true);
	shrink_in_place(block, size);
	if (gap)
		release(front);
	return payload(block);
}

size_t mote_heap_room(void *memory)
{
	return memory ? block_size(owned_block(memory, "malloc_usable_size")) - HEADER_BYTES : 0;
}
