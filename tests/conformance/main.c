/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the suite once for every backend that is built, as conformance.<backend>.
 */
#include <stdlib.h>

#include "conformance.h"
#include "poor.h"

#define X(name) extern const struct test_backend test_backend_##name;
CONFORMANCE_BACKENDS
#undef X

static const struct test_backend *const backends[] = {
#define X(name) &test_backend_##name,
	CONFORMANCE_BACKENDS
#undef X
		NULL,
};

/* With MOTE_TEST_POOR only the pretended one, over the hypervisor of the machine. */
static const struct test_backend *const pretended[] = {&test_backend_poor, NULL};

static const struct test_backend *under_test;

const struct test_backend *backend_under_test(void)
{
	return under_test;
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

static int run_backend(const struct test_backend *backend, int argc, char **argv)
{
	static struct test_case all[512];
	char suite[64] = "conformance.";
	size_t count = 0, at = sizeof("conformance.") - 1;

	for (size_t i = 0; i < TEST_COUNT(lists); i++)
		count = add(all, count, lists[i]->cases, lists[i]->count);
	for (size_t i = 0; i < TEST_COUNT(backend->cases); i++)
		count = add(all, count, backend->cases[i]->cases, backend->cases[i]->count);
	for (size_t i = 0; backend->name[i] != '\0' && at < sizeof(suite) - 1; i++)
		suite[at++] = backend->name[i];
	under_test = backend;
	return test_main(suite, all, count, argc, argv);
}

int main(int argc, char **argv)
{
	const struct test_backend *const *chosen = poor_kinds() != 0 ? pretended : backends;
	int result = 0;

	for (size_t i = 0; chosen[i] != NULL; i++)
		result |= run_backend(chosen[i], argc, argv);
	return result;
}
