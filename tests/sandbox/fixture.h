/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sandbox tests share: engines, sandboxes of the test guests with host
 * functions that echo, and calls by name.
 */
#ifndef MOTE_TEST_FIXTURE_H
#define MOTE_TEST_FIXTURE_H

#include <sys/types.h>

#include <mote/mote.h>

#include "interrupt_state.h"
#include "test.h"

/* An engine with default options; skips the case where there is no KVM.  Leaves it on failure. */
mote_engine *fixture_engine(void);

/* The hypervisor that engines are on.  Leaves the case as above. */
mote_backend_kind fixture_backend(void);
/* Another one than that, which is not there. */
mote_backend_kind fixture_missing_backend(void);
/* Whether it interrupts a guest by a signal of the process; HVF and WHP do not. */
bool fixture_has_kick_signal(void);

/*
 * A sandbox of a test guest.  options: may be NULL; when it names no host functions, it gets all of
 * those that the test guests import, which give back what they are given.
 */
mote_sandbox *fixture_sandbox(mote_engine *engine, const char *guest,
			      const mote_sandbox_options *options);

/* The same, but gives back the status instead of leaving the case. */
mote_status fixture_create(mote_engine *engine, const char *guest,
			   const mote_sandbox_options *options, mote_sandbox **sandbox,
			   mote_error *error);

/* The echoing host functions. */
const mote_host_function *fixture_functions(size_t *count);

/* Calls an export.  Leaves the case when there is none of that name. */
mote_status fixture_try(mote_sandbox *sandbox, const char *name, const mote_value *arguments,
			size_t count, mote_value *result, mote_error *error);

/* The same, and it must succeed. */
mote_value fixture_call(mote_sandbox *sandbox, const char *name, const mote_value *arguments,
			size_t count);

/* CALL(sandbox, "name", mote_value_i32(1), ...); CALL0 without arguments. */
#define CALL0(sandbox, name) fixture_call(sandbox, name, NULL, 0)
#define CALL(sandbox, name, ...)                                                                   \
	fixture_call(sandbox, name, (const mote_value[]){__VA_ARGS__},                             \
		     TEST_COUNT(((const mote_value[]){__VA_ARGS__})))

/* Gives up a sandbox and an engine; either may be NULL. */
void fixture_destroy(mote_sandbox *sandbox, mote_engine *engine);

/* Waits for a child process, which says 0 when it found everything as it should be. */
void fixture_check_child(pid_t child);

/* Runs act in a child process.  Returns its result, 0 to 127, or 128 + the signal that ended it.
 * A case that needs a hypervisor or guest that is missing is skipped here, not in the child. */
int fixture_in_a_child(int (*act)(void));

/* Kills the next call of a sandbox from another thread, as soon as guest code runs in it. */
struct fixture_killer;
struct fixture_killer *fixture_kill_later(mote_sandbox *sandbox, unsigned int microseconds);
void fixture_killer_join(struct fixture_killer *killer);

#endif
