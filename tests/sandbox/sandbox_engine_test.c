/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines: options, the choice of a backend, several in one process, who keeps
 * whom alive; and errors as a caller of another version sees them.
 */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static void refuse_engine(const mote_engine_options *options, mote_status status, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine = NULL;

	CHECK_STATUS(mote_engine_create(options, &engine, &error), status, &error);
	CHECK_EQ(error.status, status);
	CHECK_CONTAINS(error.text, part);
	CHECK(!engine);
}

static void refuse_signal(int number, const char *part)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;

	options.kick_signal = number;
	refuse_engine(&options, MOTE_INVALID_ARGUMENT,
		      fixture_has_kick_signal() ? part : "needs no signal");
}

static void engine_rejects_bad_options(void)
{
	struct {
		mote_engine_options known;
		uint64_t unknown;
	} newer = {.known = MOTE_ENGINE_OPTIONS_INIT, .unknown = 1};
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;

	options.size = 0;
	refuse_engine(&options, MOTE_INVALID_ARGUMENT, "MOTE_ENGINE_OPTIONS_INIT");
	newer.known.size = sizeof(newer);
	refuse_engine(&newer.known, MOTE_INVALID_ARGUMENT,
		      "something is set beyond the 80 bytes that mote " MOTE_VERSION_STRING
		      " knows");
	options = (mote_engine_options)MOTE_ENGINE_OPTIONS_INIT;
	options.allocator.release = (void (*)(void *, void *))1;
	refuse_engine(&options, MOTE_INVALID_ARGUMENT, "allocator");
	options = (mote_engine_options)MOTE_ENGINE_OPTIONS_INIT;
	refuse_signal(9, "signal 9"); /* SIGKILL */
	refuse_signal(100000, "signal 100000");
	refuse_signal(-1, "signal -1");
	CHECK_STATUS(mote_engine_create(NULL, NULL, NULL), MOTE_INVALID_ARGUMENT, NULL);
}

static void engine_rejects_missing_backends(void)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;

	options.backend = fixture_missing_backend();
	refuse_engine(&options, MOTE_NO_HYPERVISOR, mote_backend_name(options.backend));
	options.backend = (mote_backend_kind)77;
	refuse_engine(&options, MOTE_NO_HYPERVISOR, "not part of this build");
}

static void success_leaves_the_error_alone(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	test_need_hypervisor();
	strcpy(error.text, "as it was");
	REQUIRE(mote_engine_create(NULL, &engine, &error) == MOTE_OK);
	CHECK_STR(error.text, "as it was");
	CHECK_EQ(error.status, MOTE_OK);
	mote_engine_release(engine);
}

static void backend_from_the_environment(void)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	const mote_backend_kind kind = fixture_backend();
	mote_engine *engine;

	setenv("MOTE_BACKEND", "nonsense", 1);
	refuse_engine(NULL, MOTE_NO_HYPERVISOR, "MOTE_BACKEND=nonsense is not a backend");
	/* What the program says goes before what the environment says. */
	options.backend = kind;
	CHECK_OK(mote_engine_create(&options, &engine, &error), &error);
	CHECK_EQ(mote_engine_get_backend(engine), kind);
	mote_engine_release(engine);
	setenv("MOTE_BACKEND", mote_backend_name(kind), 1);
	REQUIRE_OK(mote_engine_create(NULL, &engine, &error), &error);
	CHECK_EQ(mote_engine_get_backend(engine), kind);
	mote_engine_release(engine);
	setenv("MOTE_BACKEND", "", 1);
	REQUIRE_OK(mote_engine_create(NULL, &engine, &error), &error);
	mote_engine_release(engine);
	unsetenv("MOTE_BACKEND");
}

static void two_engines(void)
{
	mote_engine *one = fixture_engine(), *two = fixture_engine();
	mote_sandbox *a = fixture_sandbox(one, "echo", NULL);
	mote_sandbox *b = fixture_sandbox(two, "echo", NULL);

	CHECK_EQ(CALL0(a, "count").as.u32, 1);
	CHECK_EQ(CALL0(a, "count").as.u32, 2);
	CHECK_EQ(CALL0(b, "count").as.u32, 1);
	fixture_destroy(a, one);
	CHECK_EQ(CALL0(b, "count").as.u32, 2);
	fixture_destroy(b, two);
}

/* Images and sandboxes keep their engine alive. */
static void engine_destroyed_first(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_image *image;

	REQUIRE_OK(mote_image_open(engine, test_guest("echo"), &image, &error), &error);
	mote_engine_release(engine);
	CHECK_EQ(CALL(sandbox, "echo_i32", mote_value_i32(5)).as.i32, 5);
	mote_image_release(image);
	fixture_destroy(sandbox, NULL);
	mote_engine_release(NULL);
	mote_image_release(NULL);
	mote_sandbox_destroy(NULL);
}

/* ---- Errors ------------------------------------------------------------------------------ */

/* An error of an older, shorter structure is written as far as it goes. */
static void short_error_structure(void)
{
	mote_engine *engine = fixture_engine();
	struct {
		mote_error error;
	} area;
	mote_sandbox *sandbox;

	memset(&area, 0x55, sizeof(area));
	area.error.size = offsetof(mote_error, text) + 10;
	CHECK_STATUS(mote_sandbox_create_from_file(engine, "/nowhere", NULL, &sandbox, &area.error),
		     MOTE_FILE, NULL);
	CHECK_EQ(area.error.status, MOTE_FILE);
	CHECK_STR(area.error.text, "/nowhere:");
	CHECK_EQ(area.error.text[10], 0x55);
	area.error.size = 0;
	area.error.status = MOTE_BUSY;
	CHECK_STATUS(mote_sandbox_create_from_file(engine, "/nowhere", NULL, &sandbox, &area.error),
		     MOTE_FILE, NULL);
	CHECK_EQ(area.error.status, MOTE_BUSY);
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(engine_rejects_bad_options),
	CASE(engine_rejects_missing_backends),
	CASE(success_leaves_the_error_alone),
	CASE(backend_from_the_environment),
	CASE(two_engines),
	CASE(engine_destroyed_first),
	CASE(short_error_structure),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_engine", cases, TEST_COUNT(cases), argc, argv);
}
