/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the suite once for every backend that is built, as conformance.<backend>.  After --measure,
 * or with MOTE_TEST_MEASURE, the measurements instead, as measure.<backend>.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "measure.h"
#include "poor.h"

#define X(name) extern const struct test_backend test_backend_##name;
CONFORMANCE_BACKENDS
CONFORMANCE_PRETENDED
CONFORMANCE_SIMULATED
#undef X

static const struct test_backend *const backends[] = {
#define X(name) &test_backend_##name,
	CONFORMANCE_BACKENDS
#undef X
		NULL,
};

/* With MOTE_TEST_POOR only the pretended one, over the hypervisor of the machine; with
 * MOTE_TEST_SIM the one that is simulated over it. */
static const struct test_backend *const pretended[] = {
#define X(name) &test_backend_##name,
	CONFORMANCE_PRETENDED
#undef X
		NULL,
};
static const struct test_backend *const simulated[] = {
#define X(name) &test_backend_##name,
	CONFORMANCE_SIMULATED
#undef X
		NULL,
};

static const struct test_backend *under_test;

const struct test_backend *backend_under_test(void)
{
	return under_test;
}

bool hypervisor_is_simulated(void)
{
	return getenv("MOTE_TEST_SIM") != NULL;
}

int ordinary_failure(void)
{
	return under_test->failures[0].code;
}

/*
 * Where the architecture or an emulator leaves freedom.  Everything that is not in this table is
 * the same everywhere.
 *
 * A new vCPU of KVM has segments whose accessed and busy bits are the vendor's choice.  A reset
 * knows no such freedom.
 */
static const struct expectations ordinary = {
	.runs_after_triple_fault = true,
	.new_cs_type = 11,
	.new_ss_type = 3,
	.new_tr_type = 11,
};

static const struct expectations svm_bed = {
	/* The emulator keeps its shutdown state in the VMCB, out of KVM's reach. */
	.runs_after_triple_fault = false,
	/* arch/x86/kvm/svm/svm.c, init_vmcb: neither accessed nor busy. */
	.new_cs_type = 10,
	.new_ss_type = 2,
	.new_tr_type = 3,
};

const struct expectations *expected_here(void)
{
	return test_in_bed("svm") ? &svm_bed : &ordinary;
}

static const struct case_list *const lists[] = {
	&lifecycle_cases, &fault_cases,	     &exit_cases,      &register_cases,	    &extended_cases,
	&state_cases,	  &gate_cases,	     &retired_cases,   &retired_arch_cases, &memory_cases,
	&address_cases,	  &live_table_cases, &interrupt_cases, &kill_cases,	    &many_cases,
};

static size_t add(struct test_case *all, size_t count, const struct test_case *cases, size_t more)
{
	for (size_t i = 0; i < more; i++)
		all[count + i] = cases[i];
	return count + more;
}

static int run_suite(const char *kind, const struct test_backend *backend,
		     const struct test_case *cases, size_t count, int argc, char **argv)
{
	char suite[64] = "";

	strncat(suite, kind, sizeof(suite) / 2 - 1);
	strncat(suite, backend->name, sizeof(suite) / 2 - 1);
	under_test = backend;
	return test_main(suite, cases, count, argc, argv);
}

static int run_backend(const struct test_backend *backend, int argc, char **argv)
{
	static struct test_case all[512];
	size_t count = 0;

	for (size_t i = 0; i < TEST_COUNT(lists); i++)
		count = add(all, count, lists[i]->cases, lists[i]->count);
	for (size_t i = 0; i < TEST_COUNT(backend->cases); i++)
		count = add(all, count, backend->cases[i]->cases, backend->cases[i]->count);
	return run_suite("conformance.", backend, all, count, argc, argv);
}

static int measure_backend(const struct test_backend *backend, int argc, char **argv)
{
	return run_suite("measure.", backend, measure_cases.cases, measure_cases.count, argc, argv);
}

/* The one that MOTE_TEST_SIM names. */
static const struct test_backend *const *choose_simulated(void)
{
	static const struct test_backend *one[2];
	const char *name = getenv("MOTE_TEST_SIM");

	for (size_t i = 0; simulated[i] != NULL; i++)
		if (strcmp(simulated[i]->name, name) == 0)
			one[0] = simulated[i];
	if (one[0] == NULL) {
		fprintf(stderr, "MOTE_TEST_SIM: this program has no simulated %s\n", name);
		exit(2);
	}
	return one;
}

int main(int argc, char **argv)
{
	const struct test_backend *const *chosen = poor_kinds() != 0 ? pretended : backends;
	const bool option = argc > 1 && strcmp(argv[1], "--measure") == 0;
	const bool measures = option || getenv("MOTE_TEST_MEASURE") != NULL;
	int result = 0;

	if (hypervisor_is_simulated())
		chosen = choose_simulated();
	for (size_t i = 0; chosen[i] != NULL; i++) {
		if (chosen[i]->present != NULL && !chosen[i]->present())
			continue;
		result |= measures ? measure_backend(chosen[i], argc - option, argv + option)
				   : run_backend(chosen[i], argc, argv);
	}
	return result;
}
