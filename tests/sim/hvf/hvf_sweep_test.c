/* SPDX-License-Identifier: Apache-2.0
 *
 * Each function of Hypervisor.framework fails once, at each of its uses in a life of an engine and
 * its sandboxes, and then from its first use on: the error is typed and names what failed, nothing
 * is left behind, and the next life is whole.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <string.h>

#include "sim/hvf/hvf_fail.h"
#include "sim/life.h"

#define ANY (1u << MOTE_HYPERVISOR)
#define ALSO(status) (1u << MOTE_##status)

/* What may come of a failure, and what the text says. */
static const struct row {
	uint32_t statuses; /* OK: done without, or another way */
	const char *text;  /* NULL: the function's name */
} rows[HVF_ENTRIES] = {
	[HVF_ENTRY_vm_create] = {ANY, NULL},
	[HVF_ENTRY_vm_destroy] = {ALSO(OK), NULL}, /* the VM stays for the next engine */
	[HVF_ENTRY_vm_map] = {ANY, NULL},
	/* Destroying tells nobody. */
	[HVF_ENTRY_vm_unmap] = {ANY | ALSO(OK), NULL},
	[HVF_ENTRY_vm_get_max_vcpu_count] = {ALSO(OK), NULL},
	[HVF_ENTRY_vcpu_create] = {ANY, NULL},
	[HVF_ENTRY_vcpu_destroy] = {ALSO(OK), NULL}, /* it stays as long as the VM */
	[HVF_ENTRY_vcpu_run] = {ANY, NULL},
	[HVF_ENTRY_vcpus_exit] = {ALSO(OK), NULL}, /* it is tried again */
	/* A call that has its result keeps it, and the next one is told; of what a thread that ends
	 * has, nobody is. */
	[HVF_ENTRY_vcpu_get_reg] = {ANY | ALSO(OK) | ALSO(POISONED), ""},
	[HVF_ENTRY_vcpu_set_reg] = {ANY, ""},
	[HVF_ENTRY_vcpu_get_sys_reg] = {ANY | ALSO(OK) | ALSO(POISONED), ""},
	[HVF_ENTRY_vcpu_set_sys_reg] = {ANY, ""},
	[HVF_ENTRY_vcpu_get_simd_fp_reg] = {ANY | ALSO(OK) | ALSO(POISONED), "registers of a vCPU"},
	[HVF_ENTRY_vcpu_set_simd_fp_reg] = {ANY, "registers of a vCPU"},
	[HVF_ENTRY_vcpu_set_vtimer_mask] = {ANY, NULL},
	[HVF_ENTRY_vm_config_get_default_ipa_size] = {ALSO(OK), NULL},
};

/* ---- What came of it --------------------------------------------------------------------- */

static size_t files, mappings;

/* A thread that ended with a vCPU that could not be destroyed leaves it, and so the VM. */
static bool leaves_a_vcpu(enum hvf_entry entry)
{
	return entry == HVF_ENTRY_vcpu_destroy;
}

static bool check_error(const struct life *life, enum hvf_entry entry, mote_hv_return code)
{
	const char *text = rows[entry].text != NULL ? rows[entry].text : hvf_entry_name(entry);
	const uint32_t no_resources = 1u << MOTE_LIMIT | 1u << MOTE_NO_MEMORY;
	uint32_t expected = rows[entry].statuses;

	if (code == MOTE_HV_NO_RESOURCES && (expected & ANY))
		expected |= no_resources;
	if (!CHECK(expected & 1u << life->status) || life->status == MOTE_OK)
		return life->status == MOTE_OK;
	if (life->status == MOTE_POISONED) /* it says why */
		return CHECK_CONTAINS(life->error.text, "registers of a vCPU");
	return CHECK_CONTAINS(life->error.text, text) &&
	       CHECK_EQ(life->error.domain, MOTE_DOMAIN_HYPERVISOR) &&
	       CHECK_EQ(life->error.os_code, code);
}

static void check_whole(const char *when)
{
	struct life life;

	hvf_fail(0, 0, false, 0);
	life_live(&life);
	if (life.status != MOTE_OK)
		test_note("%s: %s: %s", when, life.step, life.error.text);
	REQUIRE_EQ(life.status, MOTE_OK);
}

static void fail_at(enum hvf_entry entry, uint64_t at, bool lasting, mote_hv_return code)
{
	struct life life;

	hvf_fail(entry, at, lasting, code);
	life_live(&life);
	failure_point_clear();
	CHECK(failure_point_has_failed());
	if (!check_error(&life, entry, code))
		test_note("%s, call %llu%s: %s: %s: %s", hvf_entry_name(entry),
			  (unsigned long long)at, lasting ? " and later ones" : "", life.step,
			  mote_status_name(life.status), life.error.text);
	check_whole("after it");
	if (!leaves_a_vcpu(entry)) {
		CHECK_EQ(failure_point_calls(HVF_ENTRY_vm_destroy), 1);
		CHECK_EQ(test_fd_count(), files);
		CHECK(test_mapping_count() <= mappings + 8);
	}
}

/* So many calls there are of each in a life, from which these fail. */
enum { POINTS = 12 };

static void fail_all(enum hvf_entry entry, uint64_t count)
{
	const uint64_t step = count > POINTS ? count / POINTS : 1;

	for (uint64_t at = 1; at <= count; at += step) {
		fail_at(entry, at, false, MOTE_HV_ERROR);
		if (at == 1)
			fail_at(entry, at, false, MOTE_HV_NO_RESOURCES);
	}
	fail_at(entry, count, false, MOTE_HV_ERROR);
	if (entry != HVF_ENTRY_vcpus_exit) /* nothing else would end the guest */
		fail_at(entry, 1, true, MOTE_HV_ERROR);
}

static void count_calls(uint64_t counts[HVF_ENTRIES])
{
	test_need_hypervisor();
	check_whole("at first");
	check_whole("then");
	files = test_fd_count();
	mappings = test_mapping_count();
	for (size_t i = 0; i < HVF_ENTRIES; i++)
		counts[i] = failure_point_calls(i);
}

static void sweep(enum hvf_entry first, enum hvf_entry end)
{
	uint64_t counts[HVF_ENTRIES];

	count_calls(counts);
	for (enum hvf_entry entry = first; entry < end; entry++) {
		/* Only a failure has a use for the limit. */
		if (entry == HVF_ENTRY_vm_get_max_vcpu_count)
			continue;
		CHECK(counts[entry] > 0);
		fail_all(entry, counts[entry]);
	}
}

static void functions_of_the_vm(void)
{
	sweep(HVF_ENTRY_vm_create, HVF_ENTRY_vcpu_create);
	sweep(HVF_ENTRY_vm_config_get_default_ipa_size, HVF_ENTRIES);
}

static void functions_of_vcpus(void)
{
	sweep(HVF_ENTRY_vcpu_create, HVF_ENTRY_vcpu_get_reg);
	sweep(HVF_ENTRY_vcpu_set_vtimer_mask, HVF_ENTRY_vm_config_get_default_ipa_size);
}

static void registers_of_vcpus(void)
{
	sweep(HVF_ENTRY_vcpu_get_reg, HVF_ENTRY_vcpu_set_vtimer_mask);
}

static void refuse_engine(mote_hv_return code, mote_status status, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine = NULL;

	hvf_fail(HVF_ENTRY_vm_create, 1, false, code);
	CHECK_STATUS(mote_engine_create(NULL, &engine, &error), status, &error);
	CHECK(engine == NULL);
	CHECK_CONTAINS(error.text, part);
	check_whole("after it");
}

static void a_process_without_a_vm_is_told_why(void)
{
	test_need_hypervisor();
	refuse_engine(MOTE_HV_DENIED, MOTE_NO_HYPERVISOR,
		      "sign the program with the entitlement com.apple.security.hypervisor");
	refuse_engine(MOTE_HV_UNSUPPORTED, MOTE_NO_HYPERVISOR, "unsupported");
	refuse_engine(MOTE_HV_BUSY, MOTE_NO_HYPERVISOR, "a virtual machine of its own");
}

/* ---- As many threads as there are vCPUs -------------------------------------------------- */

static void *try_call(void *argument)
{
	struct life *life = argument;

	(void)life_went(life, "call", life_call(life, life->sandbox, "still_alive", 0), MOTE_OK);
	return NULL;
}

static void a_thread_too_many_is_told(void)
{
	struct life life = {.error = MOTE_ERROR_INIT};
	pthread_t thread;

	test_need_hypervisor();
	sim_hvf()->vcpus = 1;
	life.engine = fixture_engine();
	life.sandbox = fixture_sandbox(life.engine, "faults", NULL);
	CALL0(life.sandbox, "still_alive");
	REQUIRE(pthread_create(&thread, NULL, try_call, &life) == 0);
	pthread_join(thread, NULL);
	sim_hvf()->vcpus = 0;
	CHECK_STATUS(life.status, MOTE_LIMIT, &life.error);
	CHECK_CONTAINS(life.error.text, "hv_vcpu_create: 1 threads of a process");
	CHECK(!mote_sandbox_is_poisoned(life.sandbox));
	CALL0(life.sandbox, "still_alive");
	fixture_destroy(life.sandbox, life.engine);
}

static const struct test_case cases[] = {
	CASE(a_process_without_a_vm_is_told_why),
	CASE(a_thread_too_many_is_told),
	CASE(functions_of_the_vm),
	CASE(registers_of_vcpus),
	CASE(functions_of_vcpus), /* after which the VM has a vCPU without a thread */
};

int main(int argc, char **argv)
{
	return test_main("hvf_sweep", cases, TEST_COUNT(cases), argc, argv);
}
