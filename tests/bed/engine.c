/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for mote_engine_create in everything that is linked with
 * --wrap=mote_engine_create: the same engine, but on the backend that
 * MOTE_TEST_BACKEND names, and reaching it through the bed's table of functions.
 */
#include <mote/engine.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bed_systems.h"
#include "engine_internal.h"
#include "poor.h"
#include "test.h"

mote_status __wrap_mote_engine_create(const mote_engine_options *options, mote_engine **engine,
				      mote_error *error);

/* MOTE_BACKEND_AUTO when the environment names none. */
static mote_backend_kind wanted_backend(void)
{
	const char *name = getenv("MOTE_TEST_BACKEND");
	mote_backend_kind kind = MOTE_BACKEND_AUTO;

	if (name != NULL && name[0] != '\0' && !mote_backend_from_name(name, &kind)) {
		fprintf(stderr, "MOTE_TEST_BACKEND=%s is not a backend\n", name);
		exit(2);
	}
	return kind;
}

mote_status __wrap_mote_engine_create(const mote_engine_options *options, mote_engine **engine,
				      mote_error *error)
{
	mote_engine_options chosen = MOTE_ENGINE_OPTIONS_INIT;
	mote_status status;

	if (options == NULL || options->backend == MOTE_BACKEND_AUTO) {
		if (options != NULL)
			memcpy(&chosen, options, sizeof(chosen));
		chosen.backend = wanted_backend();
		if (chosen.backend != MOTE_BACKEND_AUTO)
			options = &chosen;
	}
	status = mote_engine_create_with_systems(options, test_systems(), engine, error);
	if (status != MOTE_OK)
		return status;
	poor_adopt((*engine)->hypervisor);
	return MOTE_OK;
}

/* Why the wanted hypervisor cannot be used; empty when it can. */
static const char *why_not(void)
{
	static mote_probe_result result = MOTE_PROBE_RESULT_INIT;
	mote_backend_kind wanted = wanted_backend();
	bool known = false;

	for (size_t i = 0; mote_probe(i, &result, NULL) == MOTE_OK; i++) {
		if (wanted != MOTE_BACKEND_AUTO && result.kind != wanted)
			continue;
		if (result.usable)
			return "";
		known = true;
	}
	return known ? result.reason : "this build has no such backend";
}

void test_need_hypervisor(void)
{
	static const char *reason;

	if (reason == NULL)
		reason = why_not();
	if (reason[0] != '\0')
		test_missing("no hypervisor: %s%s", reason,
			     test_on_posix() ? ""
					     : "; under Wine, there is a simulated one after "
					       "cmake --build build/default");
}

void test_need_plain_hypervisor(void)
{
	test_need_hypervisor();
	if (poor_kinds() != 0)
		SKIP("the pretended hypervisor has costs of its own");
}
