/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left in the memory of a sandbox that waits: how much, and, in a strict pool, nothing from
 * which a later call could tell what an earlier one did.  Told by what exists, not by the clock.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/os_memory.h"
#include "pooled.h"

enum { PAGES = 8192 };

/* What the host has of each page of guest memory; Documentation/admin-guide/mm/pagemap.rst. */
struct traces {
	size_t count;
	uint8_t pages[PAGES]; /* PRIVATE, SEEN */
};

enum { SEEN = 1, PRIVATE = 2 };

static void look(const mote_sandbox *sandbox, struct traces *traces)
{
	static uint64_t entries[PAGES];
	const uint64_t page = mote_os_page_bytes();
	const int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	const size_t count = (size_t)(sandbox->ram.bytes / page);
	const size_t bytes = count * sizeof(entries[0]);

	memset(traces, 0, sizeof(*traces));
	traces->count = count;
	REQUIRE(fd >= 0 && count <= PAGES);
	REQUIRE_EQ(pread(fd, entries, bytes, (off_t)((uintptr_t)sandbox->ram.hva / page * 8)),
		   bytes);
	close(fd);
	for (size_t i = 0; i < count; i++) {
		const bool is_there = (entries[i] >> 62) != 0;
		const bool of_file = (entries[i] >> 61 & 1) != 0, alone = (entries[i] >> 56 & 1);

		traces->pages[i] = (uint8_t)((is_there ? SEEN : 0) |
					     (is_there && alone && !of_file ? PRIVATE : 0));
	}
}

static uint64_t private_bytes(const mote_sandbox *sandbox)
{
	static struct traces traces;
	uint64_t bytes = 0;

	look(sandbox, &traces);
	for (size_t i = 0; i < traces.count; i++)
		bytes += traces.pages[i] & PRIVATE ? mote_os_page_bytes() : 0;
	return bytes;
}

/* Whether two sandboxes that wait cannot be told from each other by the time of an access. */
static void check_like(const mote_sandbox *used, const mote_sandbox *new)
{
	static struct traces a, b;

	look(used, &a);
	look(new, &b);
	REQUIRE_EQ(a.count, b.count);
	for (size_t i = 0; i < a.count; i++)
		if (!CHECK_EQ(a.pages[i], b.pages[i]))
			test_note("page %zu, %s", i,
				  mote_layout_name(&used->layout,
						   MOTE_RAM_GVA + i * mote_os_page_bytes()));
	CHECK_EQ(used->tables.used_bytes, new->tables.used_bytes);
	CHECK_MEM(used->tables.pool, new->tables.pool, used->tables.used_bytes);
}

static void use(mote_sandbox *sandbox, unsigned how)
{
	const struct mote_layout_region *heap = clean_region(sandbox, MOTE_LAYOUT_HEAP);

	switch (how) {
	case 0:
		(void)CALL(sandbox, "touch", mote_value_u64(heap->gva), mote_value_u32(160),
			   mote_value_u32(1));
		break;
	case 1: /* reads */
		(void)CALL(sandbox, "find", mote_value_u64(heap->gva), mote_value_u64(heap->bytes),
			   mote_value_u64(1));
		break;
	case 2: /* in a part of memory that was not touched before */
		(void)CALL(sandbox, "touch",
			   mote_value_u64(heap->gva + (heap->bytes / 2 & MOTE_PAGE_MASK)),
			   mote_value_u32(1), mote_value_u32(1));
		break;
	default:
		pooled_die(sandbox, how % POOLED_DEATHS);
	}
}

static void a_strict_pool_leaves_no_trace(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;
	mote_sandbox *new, *used;

	options.strict = true;
	pooled_open(&pooled, NULL, &options);
	if (!pooled.engine->hypervisor->capabilities.host_cow) {
		pooled_close(&pooled);
		SKIP("where memory cannot be dropped, no sandbox is used again");
	}
	used = pooled_acquire(&pooled);
	new = pooled_acquire(&pooled);
	for (unsigned how = 0; how < 3 + POOLED_DEATHS; how++) {
		const uint64_t traps = used->vm.tracking->traps;

		use(used, how);
		if (how == 2)
			CHECK(used->vm.tracking->traps > traps);
		mote_pool_release(pooled.pool, used);
		CHECK(pooled_acquire(&pooled) == used);
		check_like(used, new);
		pooled_check_clean(&pooled, used);
		mote_pool_release(pooled.pool, used);
		CHECK(pooled_acquire(&pooled) == used);
		CHECK_EQ(pooled_statistics(&pooled).trimmed, 2 * how + 2);
	}
	mote_pool_release(pooled.pool, used);
	mote_pool_release(pooled.pool, new);
	pooled_close(&pooled);
}

static void a_strict_pool_reuses_nothing_that_cannot_be_dropped(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;

	options.strict = true;
	pooled_open(&pooled, NULL, &options);
	if (pooled.engine->hypervisor->capabilities.host_cow) {
		pooled_close(&pooled);
		SKIP("this hypervisor allows memory to be dropped");
	}
	mote_pool_release(pooled.pool, pooled_acquire(&pooled));
	CHECK_EQ(pooled_statistics(&pooled).idle, 0);
	CHECK_EQ(pooled_statistics(&pooled).discarded, 1);
	pooled_close(&pooled);
}

/* One that holds much memory gives it up; others keep theirs. */
static void large_ones_are_trimmed(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;
	mote_sandbox *sandbox;
	bool cow;

	options.most = 1;
	options.trim_bytes = 512 << 10;
	pooled_open(&pooled, NULL, &options);
	cow = pooled.engine->hypervisor->capabilities.host_cow;
	for (unsigned i = 0; i < 4; i++) {
		const uint32_t pages = i % 2 ? 160 : 4;
		const struct mote_layout_region *heap;

		sandbox = pooled_acquire(&pooled);
		heap = clean_region(sandbox, MOTE_LAYOUT_HEAP);
		(void)CALL(sandbox, "touch", mote_value_u64(heap->gva), mote_value_u32(pages),
			   mote_value_u32(1));
		if (cow && i % 2 == 1)
			CHECK(private_bytes(sandbox) > 160 * 4096);
		mote_pool_release(pooled.pool, sandbox);
		CHECK_EQ(pooled_statistics(&pooled).idle, i % 2 == 0 || cow);
		if (pooled_statistics(&pooled).idle == 0)
			continue;
		sandbox = pooled_acquire(&pooled);
		if (cow)
			CHECK(private_bytes(sandbox) < (i % 2 ? 12 : 24) * mote_os_page_bytes());
		pooled_check_clean(&pooled, sandbox);
		mote_pool_release(pooled.pool, sandbox);
	}
	CHECK_EQ(pooled_statistics(&pooled).trimmed, cow ? 2 : 0);
	CHECK_EQ(pooled_statistics(&pooled).created, cow ? 1 : 2);
	CHECK_EQ(pooled_statistics(&pooled).discarded, cow ? 0 : 2);
	CHECK_EQ(pooled_statistics(&pooled).failed_restores, 0);
	pooled_close(&pooled);
}

/* A sandbox takes memory for what it writes, not for what the snapshot has. */
static void sandboxes_share_what_they_do_not_write(void)
{
	const uint64_t page = mote_os_page_bytes();
	struct pooled pooled;
	mote_sandbox *sandbox;
	uint64_t heap;

	pooled_open_most(&pooled, 2);
	sandbox = pooled_acquire(&pooled);
	if (!sandbox->ram.is_private) {
		mote_pool_release(pooled.pool, sandbox);
		pooled_close(&pooled);
		SKIP("this hypervisor does not follow the host's copy-on-write");
	}
	heap = clean_region(sandbox, MOTE_LAYOUT_HEAP)->gva;
	CHECK(private_bytes(sandbox) <= 8 * page);
	for (unsigned i = 0; i < 3; i++)
		(void)CALL(sandbox, "touch", mote_value_u64(heap), mote_value_u32(10),
			   mote_value_u32(1));
	CHECK(private_bytes(sandbox) <= (8 + 10 + 3) * page);
	mote_pool_release(pooled.pool, sandbox);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(a_strict_pool_leaves_no_trace),
	CASE(a_strict_pool_reuses_nothing_that_cannot_be_dropped),
	CASE(large_ones_are_trimmed),
	CASE(sandboxes_share_what_they_do_not_write),
};

int main(int argc, char **argv)
{
	return test_main("pool_traces", cases, TEST_COUNT(cases), argc, argv);
}
