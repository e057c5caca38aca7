/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of snapshots share.
 */
#include "clean.h"

#include <stdlib.h>
#include <string.h>

#include "vcpu_block.h"

mote_sandbox *clean_sandbox(mote_engine *engine, const mote_sandbox_options *options)
{
	mote_sandbox *sandbox = fixture_sandbox(engine, "snapshot", options);

	(void)CALL0(sandbox, "count");
	return sandbox;
}

mote_sandbox *clean_another(mote_sandbox *sandbox)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *another = NULL;

	options.host_functions = fixture_functions(&options.host_function_count);
	REQUIRE_OK(mote_sandbox_create(sandbox->engine, mote_sandbox_get_image(sandbox), &options,
				       &another, &error),
		   &error);
	return another;
}

mote_snapshot *clean_take(mote_sandbox *sandbox)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;

	REQUIRE_OK(mote_snapshot_take(sandbox, NULL, &snapshot, &error), &error);
	return snapshot;
}

const struct mote_layout_region *clean_region(const mote_sandbox *sandbox,
					      enum mote_layout_region_id id)
{
	return &sandbox->layout.regions[id];
}

mote_sandbox_statistics clean_statistics(const mote_sandbox *sandbox)
{
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;

	CHECK_OK(mote_sandbox_get_statistics(sandbox, &statistics, NULL), NULL);
	return statistics;
}

/* ---- Memory ------------------------------------------------------------------------------ */

/* Takes over what is new in each generation; all else must be as it was. */
static void take_over_news(const mote_sandbox *sandbox, uint64_t gva, const uint8_t *now,
			   uint8_t *page)
{
	const uint64_t thread = clean_region(sandbox, MOTE_LAYOUT_THREAD)->gva;
	struct mote_abi_mailbox *before = (void *)page;
	const struct mote_abi_mailbox *mailbox = (const void *)now;
	const size_t canary =
		sandbox->layout.thread.pointer % MOTE_PAGE_BYTES +
		(MOTE_ARCH_MACHINE == MOTE_MACHINE_X86_64 ? MOTE_X86_64_CANARY_OFFSET
							  : MOTE_AARCH64_CANARY_OFFSET);

	if (gva == clean_region(sandbox, MOTE_LAYOUT_MAILBOX)->gva) {
		CHECK(mailbox->generation != before->generation);
		CHECK(mailbox->random[0] != before->random[0]);
		CHECK(mailbox->random[1] != before->random[1]);
		CHECK_EQ(mailbox->log_level, (uint32_t)sandbox->log_level);
		before->generation = mailbox->generation;
		before->random[0] = mailbox->random[0];
		before->random[1] = mailbox->random[1];
		before->log_level = mailbox->log_level;
	}
	if (gva == ((thread + sandbox->layout.thread.pointer) & MOTE_PAGE_MASK)) {
		CHECK(memcmp(page + canary, now + canary, 8) != 0);
		memcpy(page + canary, now + canary, 8);
	}
}

static void check_pages(mote_sandbox *sandbox, const mote_snapshot *snapshot, uint64_t begin,
			uint64_t end)
{
	const uint8_t *ram = sandbox->ram.hva, *from = snapshot->memory.hva;
	uint8_t page[MOTE_PAGE_BYTES];

	for (uint64_t at = begin; at < end; at += MOTE_PAGE_BYTES) {
		memcpy(page, from + at, sizeof(page));
		take_over_news(sandbox, MOTE_RAM_GVA + at, ram + at, page);
		if (memcmp(ram + at, page, sizeof(page)) == 0)
			continue;
		test_note("page 0x%llx, %s", (unsigned long long)(MOTE_RAM_GVA + at),
			  mote_layout_name(&snapshot->layout, MOTE_RAM_GVA + at));
		REQUIRE_MEM(ram + at, page, sizeof(page));
	}
}

/* Pages that do not exist are zeros, and to look at one makes it. */
static void check_holes(const mote_snapshot *snapshot, uint64_t begin, uint64_t end)
{
	for (size_t i = 0; begin < end && i < snapshot->run_count; i++)
		REQUIRE(snapshot->runs[i].end <= begin || snapshot->runs[i].begin >= end);
}

void clean_check_memory(mote_sandbox *sandbox, const mote_snapshot *snapshot)
{
	const uint64_t bytes = mote_snapshot_bytes(&snapshot->layout);
	uint64_t begin, end = 0, before = 0;

	while (end < bytes) {
		REQUIRE_OK(mote_os_memory_next_data(&sandbox->ram, end, &begin, &end, NULL), NULL);
		if (begin > bytes)
			begin = bytes;
		if (end > bytes)
			end = bytes;
		check_holes(snapshot, before, begin);
		check_pages(sandbox, snapshot, begin, end);
		before = end;
	}
}

/* ---- vCPU -------------------------------------------------------------------------------- */

void clean_check_vcpu(mote_sandbox *sandbox, const mote_snapshot *snapshot)
{
	struct mote_vcpu_state now = {.bytes = snapshot->vcpu.bytes};
	struct mote_vm *vm = sandbox->vm.vm;
	mote_error error = MOTE_ERROR_INIT;
	mote_sregs sregs;
	uint8_t *expected;

	now.block = calloc(2, now.bytes);
	REQUIRE(now.block);
	expected = (uint8_t *)now.block + now.bytes;
	memcpy(expected, snapshot->vcpu.block, now.bytes);
	REQUIRE_OK(mote_sandbox_vm_save(&sandbox->vm, &now, &error), &error);
	REQUIRE_OK(vm->ops->sregs(vm, &sregs, &error), &error);
	REQUIRE_OK(mote_vcpu_park(vm, &error), &error);
	CHECK(mote_sregs_root(&sregs) % (1ull << 48) == sandbox->tables.gpa);
	vcpu_block_clear_rest(vm, now.block, now.bytes);
	vcpu_block_clear_rest(vm, expected, now.bytes);
	/* On x86_64 the block has the root of the page tables. */
	if (MOTE_ARCH_MACHINE != MOTE_MACHINE_X86_64 || now.root == snapshot->vcpu.root)
		CHECK_MEM(now.block, expected, now.bytes);
	free(now.block);
}

static uint64_t root(mote_sandbox *sandbox)
{
	struct mote_vm *vm = sandbox->vm.vm;
	mote_error error = MOTE_ERROR_INIT;
	mote_sregs sregs;

	REQUIRE_OK(vm->ops->sregs(vm, &sregs, &error), &error);
	REQUIRE_OK(mote_vcpu_park(vm, &error), &error);
	return mote_sregs_root(&sregs);
}

void clean_restore(mote_sandbox *sandbox, mote_snapshot *snapshot)
{
	const bool tracked = sandbox->origin != NULL;
	const uint64_t before = root(sandbox);
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_sandbox_restore(sandbox, snapshot, &error), &error);
	/* aarch64: with the ASID.  With an older one a processor may remember that it may write. */
	if (tracked)
		CHECK_EQ(root(sandbox), before);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK(!mote_sandbox_get_fault(sandbox));
	clean_check_memory(sandbox, snapshot);
	clean_check_vcpu(sandbox, snapshot);
}

void clean_restore_unseen(mote_sandbox *sandbox, mote_snapshot *snapshot)
{
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_sandbox_restore(sandbox, snapshot, &error), &error);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
}
