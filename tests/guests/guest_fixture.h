/* SPDX-License-Identifier: Apache-2.0
 *
 * What the suites of guests by language share: a sandbox whose log is kept, and what a machine has
 * to have built.
 */
#ifndef MOTE_TEST_GUEST_FIXTURE_H
#define MOTE_TEST_GUEST_FIXTURE_H

#include "fixture.h"

/* One sandbox of a test guest; what the guest logs is kept. */
struct fixture {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_error error;
	char log[8192]; /* lines "level:text" */
	size_t log_length;
};

/* options: as for fixture_sandbox.  Leaves the case on failure. */
void guest_set_up(struct fixture *fixture, const char *guest, const mote_sandbox_options *options);
void guest_tear_down(struct fixture *fixture);

/* Leaves the case if the guests in a language were not built. */
void guest_need_language(bool built, const char *language);

#endif
