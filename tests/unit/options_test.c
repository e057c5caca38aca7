/* SPDX-License-Identifier: Apache-2.0
 *
 * Structures that begin with their size, between a library and callers of other versions.
 */
#include "options.h"

#include <mote/mote.h>

#include "unit_test.h"

struct thing {
	size_t size;
	uint64_t old, new;
};

struct newer_thing {
	struct thing known;
	uint64_t unknown[2];
};

static const struct mote_structure structure = {"things", "THING_INIT", sizeof(struct thing)};
static const struct thing defaults = {sizeof(struct thing), 10, 20};

static mote_status take(const void *theirs, struct thing *ours, mote_error *error)
{
	*ours = defaults;
	return mote_structure_take(&structure, ours, theirs, error);
}

static void an_older_caller_has_the_defaults_of_the_rest(void)
{
	const struct thing theirs = {offsetof(struct thing, new), 1, 99};
	mote_error error = MOTE_ERROR_INIT;
	struct thing ours;

	check_ok(take(&theirs, &ours, &error), &error);
	REQUIRE_EQ(ours.size, sizeof(ours));
	REQUIRE_EQ(ours.old, 1);
	REQUIRE_EQ(ours.new, 20);
}

static void a_newer_caller_may_set_nothing_unknown(void)
{
	struct newer_thing theirs = {{sizeof(theirs), 1, 2}, {0, 0}};
	mote_error error = MOTE_ERROR_INIT;
	struct thing ours;

	check_ok(take(&theirs, &ours, &error), &error);
	REQUIRE_EQ(ours.size, sizeof(ours));
	REQUIRE_EQ(ours.new, 2);
	theirs.unknown[1] = 1ull << 56;
	check_error(take(&theirs, &ours, &error), &error, MOTE_INVALID_ARGUMENT,
		    "things: size is 40, and something is set beyond the 24 bytes that "
		    "mote " MOTE_VERSION_STRING
		    " knows; use a newer library, or initialize them with THING_INIT");
}

static void sizes_that_were_never_set_are_refused(void)
{
	static const size_t sizes[] = {0, 1, sizeof(size_t), 20, 4104, SIZE_MAX / 2, SIZE_MAX};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct thing theirs = {sizes[i], 1, 2};
		mote_error error = MOTE_ERROR_INIT;
		struct thing ours;

		check_error(take(&theirs, &ours, &error), &error, MOTE_INVALID_ARGUMENT,
			    "initialize them with THING_INIT");
		check_error(mote_structure_give(&structure, &defaults, &theirs, &error), &error,
			    MOTE_INVALID_ARGUMENT, "initialize them with THING_INIT");
		REQUIRE_EQ(theirs.old, 1);
	}
}

static void what_is_given_ends_where_the_caller_does(void)
{
	struct newer_thing theirs;
	mote_error error = MOTE_ERROR_INIT;

	memset(&theirs, 0xee, sizeof(theirs));
	theirs.known.size = offsetof(struct thing, new);
	check_ok(mote_structure_give(&structure, &defaults, &theirs, &error), &error);
	REQUIRE_EQ(theirs.known.size, offsetof(struct thing, new));
	REQUIRE_EQ(theirs.known.old, 10);
	REQUIRE_EQ(theirs.known.new, 0xeeeeeeeeeeeeeeee);
	theirs.known.size = sizeof(theirs);
	check_ok(mote_structure_give(&structure, &defaults, &theirs, &error), &error);
	REQUIRE_EQ(theirs.known.new, 20);
	REQUIRE_EQ(theirs.unknown[0] | theirs.unknown[1], 0);
	check_error(mote_structure_give(&structure, &defaults, NULL, &error), &error,
		    MOTE_INVALID_ARGUMENT, "things: NULL");
}

/* The functions for languages without macros do what the macros do, for any size. */
static void initializers_are_functions_too(void)
{
	const mote_sandbox_options expected = MOTE_SANDBOX_OPTIONS_INIT;
	struct {
		mote_sandbox_options known;
		uint64_t unknown;
	} options;

	memset(&options, 0xee, sizeof(options));
	mote_sandbox_options_init(&options.known, sizeof(options.known));
	REQUIRE_EQ(options.known.size, expected.size);
	REQUIRE_EQ(options.known.host_function_size, 0);
	REQUIRE_EQ(options.known.log_level, MOTE_LOG_INFO);
	REQUIRE_EQ(options.unknown, 0xeeeeeeeeeeeeeeee);
	mote_sandbox_options_init(&options.known, sizeof(options));
	REQUIRE_EQ(options.known.size, sizeof(options));
	REQUIRE_EQ(options.unknown, 0);
}

static const struct test_case cases[] = {
	CASE(an_older_caller_has_the_defaults_of_the_rest),
	CASE(a_newer_caller_may_set_nothing_unknown),
	CASE(sizes_that_were_never_set_are_refused),
	CASE(what_is_given_ends_where_the_caller_does),
	CASE(initializers_are_functions_too),
};

int main(int argc, char **argv)
{
	return test_main("options", cases, TEST_COUNT(cases), argc, argv);
}
