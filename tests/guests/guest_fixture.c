/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox whose log is kept.
 */
#include "guest_fixture.h"

#include <stdio.h>
#include <string.h>

static void keep_log(void *user, mote_log_level level, const char *text, size_t length)
{
	struct fixture *fixture = user;
	size_t room = sizeof(fixture->log) - fixture->log_length;
	int added = snprintf(fixture->log + fixture->log_length, room, "%d:%.*s\n", (int)level,
			     (int)length, text);

	if (added > 0 && (size_t)added < room)
		fixture->log_length += (size_t)added;
}

void guest_set_up(struct fixture *fixture, const char *guest, const mote_sandbox_options *options)
{
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;

	test_need_hypervisor();
	memset(fixture, 0, sizeof(*fixture));
	fixture->error = (mote_error)MOTE_ERROR_INIT;
	engine_options.log = keep_log;
	engine_options.log_user = fixture;
	REQUIRE_OK(mote_engine_create(&engine_options, &fixture->engine, &fixture->error),
		   &fixture->error);
	fixture->sandbox = fixture_sandbox(fixture->engine, guest, options);
}

void guest_tear_down(struct fixture *fixture)
{
	fixture_destroy(fixture->sandbox, fixture->engine);
}

void guest_need_language(bool built, const char *language)
{
	if (!built)
		test_missing("there was no %s for this machine when this was built", language);
}
