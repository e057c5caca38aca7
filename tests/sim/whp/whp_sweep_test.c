/* SPDX-License-Identifier: Apache-2.0
 *
 * Each function of the Windows Hypervisor Platform fails once, at each of its uses in a life of an
 * engine and its sandboxes, and then from its first use on: the error is typed and names what
 * failed, nothing is left behind, and the next life is whole.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "sim/life.h"
#include "sim/whp/whp_fail.h"

#define ANY (1u << MOTE_HYPERVISOR)
#define OK (1u << MOTE_OK)
#define POISONED (1u << MOTE_POISONED)

/* What may come of a failure.  OK: done without, or another way. */
static const uint32_t statuses[WHP_ENTRIES] = {
	[WHP_ENTRY_GetCapability] = ANY | OK,
	[WHP_ENTRY_CreatePartition] = ANY,
	[WHP_ENTRY_SetPartitionProperty] = ANY,
	[WHP_ENTRY_SetupPartition] = ANY,
	[WHP_ENTRY_DeletePartition] = OK, /* nobody is told */
	[WHP_ENTRY_MapGpaRange] = ANY | POISONED,
	[WHP_ENTRY_UnmapGpaRange] = ANY | POISONED,
	[WHP_ENTRY_TranslateGva] = ANY | OK,
	[WHP_ENTRY_CreateVirtualProcessor] = ANY,
	[WHP_ENTRY_DeleteVirtualProcessor] = OK,
	[WHP_ENTRY_RunVirtualProcessor] = ANY,
	[WHP_ENTRY_CancelRunVirtualProcessor] = OK, /* it is tried again */
	[WHP_ENTRY_GetVirtualProcessorRegisters] = ANY | POISONED,
	[WHP_ENTRY_SetVirtualProcessorRegisters] = ANY | POISONED,
	[WHP_ENTRY_GetVirtualProcessorCounters] = ANY | OK,
	[WHP_ENTRY_MapGpaRange2] = ANY | POISONED,
	[WHP_ENTRY_GetVirtualProcessorXsaveState] = ANY | POISONED,
	[WHP_ENTRY_SetVirtualProcessorXsaveState] = ANY | POISONED,
	[WHP_ENTRY_GetVirtualProcessorCpuidOutput] = ANY,
};

static size_t files, mappings;

static bool check_error(const struct life *life, enum whp_entry entry, mote_whp_result code)
{
	uint32_t expected = statuses[entry];

	if (code == MOTE_WHP_E_OUTOFMEMORY && (expected & ANY))
		expected |= 1u << MOTE_NO_MEMORY;
	if (!CHECK(expected & 1u << life->status) || life->status == MOTE_OK)
		return life->status == MOTE_OK;
	return CHECK_CONTAINS(life->error.text, whp_entry_name(entry)) &&
	       (life->status == MOTE_POISONED ||
		(CHECK_EQ(life->error.domain, MOTE_DOMAIN_HYPERVISOR) &&
		 CHECK_EQ(life->error.os_code, code)));
}

static void check_whole(const char *when)
{
	struct life life;

	whp_fail(0, 0, false, 0);
	life_live(&life);
	if (life.status != MOTE_OK)
		test_note("%s: %s: %s", when, life.step, life.error.text);
	REQUIRE_EQ(life.status, MOTE_OK);
	CHECK_EQ(sim_whp_partitions(), 0);
	CHECK_EQ(sim_whp_surrogates(), 0);
}

static void fail_at(enum whp_entry entry, uint64_t at, bool lasting, mote_whp_result code)
{
	struct life life;

	whp_fail(entry, at, lasting, code);
	life_live(&life);
	failure_point_clear();
	CHECK(failure_point_has_failed());
	if (!check_error(&life, entry, code))
		test_note("%s, call %llu%s: %s: %s: %s", whp_entry_name(entry),
			  (unsigned long long)at, lasting ? " and later ones" : "", life.step,
			  mote_status_name(life.status), life.error.text);
	CHECK_EQ(sim_whp_partitions(), 0);
	CHECK_EQ(sim_whp_surrogates(), 0);
	check_whole("after it");
	CHECK_EQ(test_fd_count(), files);
	CHECK(TEST_SANITIZED || test_mapping_count() <= mappings + 8);
}

/* So many calls there are of each in a life, from which these fail. */
enum { POINTS = 12 };

static void fail_all(enum whp_entry entry, uint64_t count)
{
	const uint64_t step = count > POINTS ? count / POINTS : 1;

	for (uint64_t at = 1; at <= count; at += step) {
		fail_at(entry, at, false, MOTE_WHP_E_INVALID_VP_STATE);
		if (at == 1)
			fail_at(entry, at, false, MOTE_WHP_E_OUTOFMEMORY);
	}
	fail_at(entry, count, false, MOTE_WHP_E_INVALID_VP_STATE);
	if (entry != WHP_ENTRY_CancelRunVirtualProcessor) /* nothing else would end the guest */
		fail_at(entry, 1, true, MOTE_WHP_E_INVALID_VP_STATE);
}

static void every_function_fails_at_every_use(void)
{
	uint64_t counts[WHP_ENTRIES];

	test_need_hypervisor();
	check_whole("at first");
	check_whole("then");
	files = test_fd_count();
	mappings = test_mapping_count();
	for (size_t i = 0; i < WHP_ENTRIES; i++)
		counts[i] = failure_point_calls(i);
	for (size_t i = 0; i < WHP_ENTRIES; i++) {
		/* A life without accesses to other memory, and without a deadline of CPU time. */
		if (i == WHP_ENTRY_TranslateGva || i == WHP_ENTRY_GetVirtualProcessorCounters)
			continue;
		if (!whp_has((enum whp_entry)i))
			continue;
		if (CHECK(counts[i] > 0))
			fail_all((enum whp_entry)i, counts[i]);
		else
			test_note("%s is not called", whp_entry_name((enum whp_entry)i));
	}
}

static const struct test_case cases[] = {
	CASE(every_function_fails_at_every_use),
};

int main(int argc, char **argv)
{
	return test_main("whp_sweep", cases, TEST_COUNT(cases), argc, argv);
}
