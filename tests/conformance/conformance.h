/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the conformance suite share: the backend under test, what a
 * backend supplies for its tests, and the lists of cases.
 */
#ifndef MOTE_TESTS_CONFORMANCE_H
#define MOTE_TESTS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/vcpu.h"
#include "hypervisor/vm.h"
#include "interrupt_state.h"
#include "test.h"

/* What goes through a backend's table of functions: counted, and broken on demand. */
struct hypervisor_calls {
	uint64_t calls;	  /* that can fail, so far */
	uint64_t runs;	  /* of the vCPU, among them */
	uint64_t fail_at; /* the number of the call that fails; 0: none */
	int code;	  /* how it fails: of the backend's failures, or its interruption */
	bool failed;	  /* that call was made */
	bool ignored;	  /* it gave something back, which is gone whatever it says */
	char what[64];	  /* its name, for messages */
	/* Called right before the vCPU is run, when all is set up for it; may be NULL. */
	void (*before_run)(void *user);
	void *user;
};

/* A way in which a backend's functions fail, and what comes out. */
struct call_failure {
	int code;
	mote_status status;
};

/* A list of cases for main.c. */
struct case_list {
	const struct test_case *cases;
	size_t count;
};

/* A backend, as the suite needs it. */
struct test_backend {
	const char *name;
	const struct mote_backend *backend;
	/* Whether this machine has it; NULL: need tells, for each case. */
	bool (*present)(void);
	/* Leaves the case when this machine has no such hypervisor. */
	void (*need)(void);
	/* The bed's tables of functions, for mote_hypervisor_options.systems. */
	const struct mote_system *const *(*systems)(void);
	/* The same behind a counter and fault injector.  One at a time. */
	const struct mote_system *const *(*interpose)(struct hypervisor_calls *calls);
	/* The first: of the hypervisor itself, MOTE_HYPERVISOR.  Ended by a zero code. */
	const struct call_failure *failures;
	/* The code that makes a run end without an exit. */
	int interruption;
	/* Installs the handler of its kick signal and returns the number.  NULL: it needs none. */
	int (*kick_signal)(void);
	uint32_t files_per_vm;	       /* descriptors of the process */
	uint32_t fewest_calls;	       /* that a whole life makes, at least */
	uint32_t fewest_load_calls;    /* that a load of a saved state makes, at least */
	uint32_t most_exception_calls; /* that exception_state makes */
	/* Kinds of native handles that it has, zero-terminated. */
	const mote_native_handle_kind *native_handles;
	/* Cases that drive its own table of functions: of both architectures, of this one. */
	const struct case_list *cases[2];
};

/* The backend that the running case tests. */
const struct test_backend *backend_under_test(void);
/* Whether the hypervisor is simulated: without its table there is none. */
bool hypervisor_is_simulated(void);
/* For hypervisor_calls.code: the first of its failures. */
int ordinary_failure(void);

/* What a machine may decide for itself; see main.c. */
struct expectations {
	bool runs_after_triple_fault; /* when it was reset */
	/* Of a vCPU that was just made, where that is not its state after a reset. */
	uint8_t new_cs_type, new_ss_type, new_tr_type;
};

const struct expectations *expected_here(void);

extern const struct case_list lifecycle_cases, fault_cases, exit_cases, register_cases,
	extended_cases, state_cases, gate_cases, retired_cases, retired_arch_cases, memory_cases,
	address_cases, live_table_cases, interrupt_cases, kill_cases, many_cases;

#endif
