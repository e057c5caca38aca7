/* SPDX-License-Identifier: Apache-2.0
 *
 * Two thousand sandboxes of one snapshot alive at the same time, and many requests one after the
 * other, of which some die.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <sys/resource.h>

#include "pooled.h"

enum { CLONES = 2000, REQUESTS = 20000, WARM = 500, DESCRIPTORS = 3, SPARE = 64 };

/* As many as the process may have descriptors for. */
static size_t clones(void)
{
	struct rlimit limit;
	size_t count = test_scale(CLONES);

	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_cur < count * DESCRIPTORS + SPARE) {
		count = ((size_t)limit.rlim_cur - SPARE) / DESCRIPTORS;
		test_note("%zu instead of %d: RLIMIT_NOFILE is %llu", count, CLONES,
			  (unsigned long long)limit.rlim_cur);
	}
	return count;
}

/* Each has its own state, and is clean again later. */
static void use_all(struct pooled *pooled, mote_sandbox **sandboxes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sandboxes[i] = pooled_acquire(pooled);
	for (size_t i = 0; i < count; i++) {
		const uint64_t heap = clean_region(sandboxes[i], MOTE_LAYOUT_HEAP)->gva;

		REQUIRE_EQ(CALL0(sandboxes[i], "count").as.u32, pooled->counted);
		(void)CALL(sandboxes[i], "fill", mote_value_u64(heap), mote_value_u64(64),
			   mote_value_u64(i + 1));
	}
	for (size_t i = 0; i < count; i++) {
		const uint64_t heap = clean_region(sandboxes[i], MOTE_LAYOUT_HEAP)->gva;

		REQUIRE_EQ(CALL(sandboxes[i], "find", mote_value_u64(heap), mote_value_u64(64),
				mote_value_u64(i + 1))
				   .as.u64,
			   8);
		REQUIRE_EQ(CALL0(sandboxes[i], "count").as.u32, pooled->counted + 3);
	}
	for (size_t i = 0; i < count; i++)
		mote_pool_release(pooled->pool, sandboxes[i]);
}

static void two_thousand_at_once(void)
{
	const size_t count = clones();
	mote_sandbox **sandboxes = calloc(count, sizeof(*sandboxes));
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct pooled pooled;
	size_t resident, fds;
	uint64_t began;

	REQUIRE(sandboxes != NULL);
	options.most = options.least_idle = count;
	pooled_open(&pooled, NULL, &options);
	resident = test_resident_kib();
	fds = test_fd_count();
	began = test_now_ns();
	REQUIRE_OK(mote_pool_refill(pooled.pool, &error), &error);
	test_note("%zu made in %llu ms, %zu KiB each", count,
		  (unsigned long long)(test_now_ns() - began) / 1000000,
		  (test_resident_kib() - resident) / count);
	CHECK_EQ(pooled_statistics(&pooled).idle, count);
	if (pooled.engine->hypervisor->capabilities.host_cow)
		CHECK_EQ(test_fd_count() - fds, 2 * count);
	for (unsigned round = 0; round < 2; round++)
		use_all(&pooled, sandboxes, count);
	CHECK_EQ(pooled_statistics(&pooled).created, count);
	CHECK_EQ(pooled_statistics(&pooled).restored, 2 * count);
	pooled_close(&pooled);
	free(sandboxes);
}

static void serve(struct pooled *pooled, uint64_t requests)
{
	for (uint64_t i = 0; i < requests; i++) {
		mote_sandbox *sandbox = pooled_acquire(pooled);

		REQUIRE_EQ(CALL0(sandbox, "count").as.u32, pooled->counted);
		if (i % 10 == 0)
			pooled_die(sandbox, (unsigned)(i / 10 % 2));
		mote_pool_release(pooled->pool, sandbox);
	}
}

static void nothing_grows(void)
{
	struct pooled pooled;
	size_t fds, mappings, resident;

	pooled_open_most(&pooled, 4);
	serve(&pooled, test_scale(WARM));
	fds = test_fd_count();
	mappings = test_mapping_count();
	resident = test_resident_kib();
	serve(&pooled, test_scale(REQUESTS));
	CHECK_EQ(test_fd_count(), fds);
	CHECK_EQ(test_mapping_count(), mappings);
	/* A sanitizer keeps its own account of what was allocated. */
	CHECK(test_resident_kib() <= resident + (test_scale(REQUESTS) == REQUESTS ? 1024 : 2048));
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(two_thousand_at_once),
	CASE(nothing_grows),
};

int main(int argc, char **argv)
{
	return test_main("pool_stress", cases, TEST_COUNT(cases), argc, argv);
}
