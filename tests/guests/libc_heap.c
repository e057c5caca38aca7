/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: malloc and its relatives.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libc_check.h"

/* The largest block that there is, by bisection. */
static size_t largest_block(void)
{
	size_t low = 0, high = (size_t)1 << 40;

	while (high - low > 16) {
		size_t middle = low + (high - low) / 2;
		void *memory = malloc(middle);

		if (memory)
			low = middle;
		else
			high = middle;
		free(memory);
	}
	return low;
}

static void test_limits(void)
{
	void *empty = malloc(0), *other = malloc(0);
	volatile size_t huge = SIZE_MAX; /* the compiler would object to a constant */

	CHECK(empty && other && empty != other);
	free(empty);
	free(other);
	free(NULL);
	errno = 0;
	CHECK(!malloc(huge) && errno == ENOMEM);
	CHECK(!malloc(huge - 15));
	CHECK(!calloc(huge / 2, 3));
	CHECK(!realloc(NULL, huge - 31));
	errno = 0;
	CHECK(!aligned_alloc(24, 48) && errno == EINVAL);
	CHECK(!aligned_alloc(huge / 2 + 1, 1) && !aligned_alloc((size_t)1 << 36, huge >> 28));
}

static void test_contents(void)
{
	unsigned char *a = malloc(100), *b = malloc(50);
	bool zero = true;

	CHECK(a && b);
	CHECK((uintptr_t)a % 16 == 0 && (uintptr_t)b % 16 == 0);
	memset(a, 1, 100);
	memset(b, 2, 50);
	a = realloc(a, 10000);
	CHECK(a && a[0] == 1 && a[99] == 1 && b[0] == 2 && b[49] == 2);
	a = realloc(a, 10);
	CHECK(a && a[0] == 1 && a[9] == 1);
	free(b);
	free(a);
	a = calloc(1000, 3);
	for (int i = 0; i < 3000; i++)
		zero = zero && !a[i];
	CHECK(zero);
	free(a);
}

static void test_alignment(void)
{
	for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
		void *low = malloc(alignment % 100 + 1);
		void *memory = aligned_alloc(alignment, 3 * alignment), *same = NULL;

		CHECK(memory && (uintptr_t)memory % alignment == 0);
		memset(memory, 0xff, 3 * alignment);
		if (alignment >= sizeof(void *))
			CHECK(!posix_memalign(&same, alignment, 1) && same &&
			      (uintptr_t)same % alignment == 0);
		free(memory);
		free(low);
		free(same);
	}
}

/* Whatever order things are freed in, the heap is one block again in the end. */
static void test_merging(void)
{
	size_t before = largest_block();
	void *blocks[64];

	CHECK(before > 65536);
	for (int step = 1; step < 64; step += 2) {
		for (size_t i = 0; i < 64; i++)
			blocks[i] = malloc(i * 37 + 1);
		for (int i = 0; i < 64; i++)
			free(blocks[i * step % 64]);
	}
	CHECK(largest_block() == before);
}

static void test_exhaustion(void)
{
	struct node {
		struct node *next;
		char rest[4000];
	} *first = NULL, *node;
	size_t before = largest_block(), count = 0;

	while ((node = malloc(sizeof(*node)))) {
		node->next = first;
		first = node;
		count++;
	}
	CHECK(count * sizeof(*node) > before / 2);
	while (first) {
		node = first->next;
		free(first);
		first = node;
	}
	CHECK(largest_block() == before);
}

void test_heap(void)
{
	test_limits();
	test_contents();
	test_alignment();
	test_merging();
	test_exhaustion();
	test_heap_stress(20000);
}

struct slot {
	unsigned char *memory;
	size_t bytes;
	unsigned char mark;
};

static bool marked(const struct slot *slot)
{
	for (size_t i = 0; i < slot->bytes; i++)
		if (slot->memory[i] != slot->mark)
			return false;
	return true;
}

static void drop(struct slot *slot)
{
	CHECK(marked(slot));
	free(slot->memory);
	slot->memory = NULL;
	slot->bytes = 0;
}

static size_t random_size(void)
{
	return (size_t)rand() % ((size_t)1 << (rand() % 13)) + 1;
}

static void fill(struct slot *slot, unsigned char *memory, size_t bytes)
{
	if (!memory)
		return;
	slot->memory = memory;
	slot->bytes = bytes;
	slot->mark = (unsigned char)rand();
	memset(memory, slot->mark, bytes);
}

static void resize(struct slot *slot)
{
	size_t bytes = random_size();
	unsigned char *moved = realloc(slot->memory, bytes);

	if (!moved)
		return;
	slot->memory = moved;
	if (bytes < slot->bytes)
		slot->bytes = bytes;
	CHECK(marked(slot));
	fill(slot, moved, bytes);
}

void test_heap_stress(uint32_t rounds)
{
	static struct slot slots[200];
	size_t before = largest_block();

	srand(12345);
	for (uint32_t i = 0; i < rounds; i++) {
		struct slot *slot = &slots[rand() % 200];
		size_t bytes = random_size();

		if (slot->memory && rand() % 3)
			drop(slot);
		else if (slot->memory)
			resize(slot);
		else if (rand() % 8)
			fill(slot, malloc(bytes), bytes);
		else
			fill(slot, aligned_alloc((size_t)16 << (rand() % 6), bytes), bytes);
	}
	for (int i = 0; i < 200; i++)
		drop(&slots[i]);
	CHECK(largest_block() == before);
}
