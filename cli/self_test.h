/* SPDX-License-Identifier: Apache-2.0
 *
 * The conformance suite on this machine: a program of mote's own, which is installed with the tool,
 * runs once for each case.  Whatever a case does to its process, the others have their own.
 */
#ifndef SELF_TEST_H
#define SELF_TEST_H

#include <mote/engine.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli_os.h"
#include "problem.h"

enum self_test_result { SELF_TEST_PASSED, SELF_TEST_FAILED, SELF_TEST_SKIPPED };
enum { SELF_TEST_RESULTS = SELF_TEST_SKIPPED + 1 };

struct self_test_case {
	char *name; /* as the program tells it: "conformance.kvm.a_vm_has_one_handle" */
	enum self_test_result result;
	char reason[400]; /* empty if it passed */
	uint64_t ns;
};

/* What a case has measured: a whole number, "true" or "false". */
struct self_test_value {
	bool is_capability; /* of the backend, else of the machine */
	char name[64];
	char text[24];
};

enum { SELF_TEST_VALUES = 64 };

struct self_test {
	/* Set by the caller. */
	mote_backend_kind backend;
	uint64_t limit_ns; /* of each case */
	/* Called before the first case, and after each one; may be NULL. */
	void (*on_begin)(void *user);
	void (*on_case)(void *user, const struct self_test_case *done);
	void *user;

	struct self_test_case *cases;
	size_t count, done;
	size_t totals[SELF_TEST_RESULTS];
	struct self_test_value values[SELF_TEST_VALUES];
	size_t value_count;

	char program[4096];
	struct cli_os_child *child;
	atomic_int caught; /* a signal that tells the tool to end */
};

/* backend is written, too, where it was MOTE_BACKEND_AUTO.  Returns EXIT_FINE when every case was
 * run, whatever came out; or the exit code, with a problem. */
int self_test_run(struct self_test *test, struct problem *problem);

/* Accepts one that failed, or did not run. */
void self_test_release(struct self_test *test);

/* mote doctor --self-test; limit_ns 0: the usual one.  Returns the exit code. */
int self_test_command(mote_backend_kind backend, uint64_t limit_ns, bool as_json);

#endif
