/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores through the public API: when one is written, what is in it, and what happens when it cannot
 * be.  Here and on bare numbers; core_debuggers asks gdb and readelf.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

enum { ET_CORE = 4, PT_LOAD = 1, PT_NOTE = 4, NT_PRSTATUS = 1 };
enum { SIGNAL_ABORT = 6, SIGNAL_KILL = 9, SIGNAL_MEMORY = 11, SIGNAL_CPU = 24 };

static char folder[64];
static mote_engine *engine;
static mote_sandbox *sandbox;

/* ---- Set-up ------------------------------------------------------------------------------- */

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/mote-core-XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
}

static const char *core_path(void)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/c", folder);
	return path;
}

static void end(void)
{
	fixture_destroy(sandbox, engine);
	sandbox = NULL;
	engine = NULL;
	if (folder[0] == '\0')
		return;
	if (getenv("MOTE_TEST_KEEP_CORE") != NULL)
		(void)rename(core_path(), getenv("MOTE_TEST_KEEP_CORE"));
	(void)unlink(core_path());
	(void)chmod(folder, 0700);
	CHECK_EQ(rmdir(folder), 0); /* nothing else was left in it */
	folder[0] = '\0';
}

static void create_with(const mote_sandbox_options *options, const mote_core_options *cores)
{
	mote_error error = MOTE_ERROR_INIT;

	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", options);
	REQUIRE_OK(mote_sandbox_set_core_options(sandbox, cores, &error), &error);
}

static void create(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	cores.directory = folder;
	cores.pattern = "c";
	create_with(NULL, &cores);
}

/* ---- Reading a core ------------------------------------------------------------------------ */

static uint64_t number(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

static uint8_t *core;
static size_t core_bytes;

static void read_core(void)
{
	core = test_read_file(core_path(), &core_bytes);
	REQUIRE(core_bytes > 64);
	REQUIRE_MEM(core, "\177ELF\2\1\1", 7);
	REQUIRE_EQ(number(core + 16, 2), ET_CORE);
}

static const uint8_t *program_header(unsigned index)
{
	return core + 64 + 56 * index;
}

/* The contents of a note; NULL: there is none. */
static const uint8_t *note(const char *owner, uint32_t type, size_t *bytes)
{
	const uint8_t *header = program_header(0);
	const uint8_t *at = core + number(header + 8, 8), *last = at + number(header + 32, 8);

	REQUIRE_EQ(number(header, 4), PT_NOTE);
	while (at < last) {
		const uint8_t *contents = at + 12 + ((number(at, 4) + 3) & ~3ull);

		*bytes = number(at + 4, 4);
		if (number(at + 8, 4) == type && strcmp((const char *)at + 12, owner) == 0)
			return contents;
		at = contents + ((*bytes + 3) & ~3ull);
	}
	return NULL;
}

static uint64_t core_signal(void)
{
	size_t bytes;
	const uint8_t *status = note("CORE", NT_PRSTATUS, &bytes);

	REQUIRE(status != NULL);
	CHECK_EQ(number(status, 4), number(status + 12, 2));
	return number(status, 4);
}

/* mote's own note, as text. */
static const char *report(void)
{
	static char text[20000];
	size_t bytes;
	const uint8_t *contents = note("mote", 0x4d4f5445, &bytes);

	REQUIRE(contents != NULL && bytes < sizeof(text));
	memcpy(text, contents, bytes);
	text[bytes] = '\0';
	return text;
}

/* That the guest was in one of its functions, whichever, and not in the monitor. */
static void expect_place(void)
{
	unsigned long long pc;
	char function[64];
	const char *frame = strstr(report(), "\nframe ");

	REQUIRE(frame != NULL);
	CHECK_EQ(sscanf(frame, "\nframe 0x%llx %63[a-z_0-9]+0x", &pc, function), 2);
}

static mote_status call(const char *name, mote_error *error)
{
	const mote_value five = mote_i32(5);

	return fixture_try(sandbox, name, &five, strcmp(name, "faulty") == 0 ? 1 : 0, NULL, error);
}

/* ---- When one is written ------------------------------------------------------------------- */

static void fault_writes_one(void)
{
	mote_error error = MOTE_ERROR_INIT;

	create();
	CHECK_STATUS(call("faulty", &error), MOTE_GUEST_FAULT, &error);
	CHECK_STR(mote_sandbox_get_core_path(sandbox), core_path());
	CHECK(mote_sandbox_get_core_error(sandbox) == NULL);
	read_core();
	CHECK_EQ(core_signal(), SIGNAL_MEMORY);
	CHECK_CONTAINS(report(), "\nstatus guest_fault\n");
	CHECK_CONTAINS(report(), "\nkind memory\n");
	CHECK_CONTAINS(report(), "\naccess write\naddress 0x10\nregion null page\n");
	CHECK_CONTAINS(report(), " poke+0x");
	CHECK_CONTAINS(report(), " leaf+0x");
	CHECK_CONTAINS(report(), " middle+0x");
	free(core);
}

static void abort_writes_one(void)
{
	mote_error error = MOTE_ERROR_INIT;

	create();
	CHECK_STATUS(call("gives_up", &error), MOTE_GUEST_ABORT, &error);
	read_core();
	CHECK_EQ(core_signal(), SIGNAL_ABORT);
	CHECK_CONTAINS(report(), "\nreason guest aborted: no patience left\n");
	CHECK_CONTAINS(report(), " mote_abort+0x");
	free(core);
}

static void kill_writes_one(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct fixture_killer *killer;

	create();
	killer = fixture_kill_later(sandbox, 1000);
	CHECK_STATUS(call("spin", &error), MOTE_KILLED, &error);
	fixture_killer_join(killer);
	read_core();
	CHECK_EQ(core_signal(), SIGNAL_KILL);
	expect_place();
	free(core);
}

static void deadline_writes_one(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.wall_ns = 20000000;
	cores.directory = folder;
	cores.pattern = "c";
	create_with(&options, &cores);
	CHECK_STATUS(call("spin", &error), MOTE_WALL_DEADLINE, &error);
	read_core();
	CHECK_EQ(core_signal(), SIGNAL_CPU);
	CHECK_CONTAINS(report(), "\nstatus wall_deadline\n");
	expect_place();
	free(core);
}

static void causes_select(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	cores.directory = folder;
	cores.pattern = "c";
	cores.causes = MOTE_CORE_ALL & ~(uint32_t)MOTE_CORE_FAULT;
	create_with(NULL, &cores);
	CHECK_STATUS(call("faulty", &error), MOTE_GUEST_FAULT, &error);
	CHECK(mote_sandbox_get_core_path(sandbox) == NULL);
	CHECK(mote_sandbox_get_core_error(sandbox) == NULL);
	CHECK(access(core_path(), F_OK) != 0);
}

static void on_demand_changes_nothing(void)
{
	mote_error error = MOTE_ERROR_INIT;

	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", NULL);
	for (int i = 0; i < 3; i++) {
		REQUIRE_OK(mote_sandbox_dump_core(sandbox, core_path(), &error), &error);
		CHECK_EQ(CALL(sandbox, "add", mote_i32(i), mote_i32(40)).as.i32, i + 40);
	}
	read_core();
	CHECK_EQ(core_signal(), 0);
	CHECK_CONTAINS(report(), "\nstatus ok\n");
	free(core);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
}

/* ---- What is in it ------------------------------------------------------------------------- */

static void nobody_else_may_read_it(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct stat information;

	create();
	(void)call("faulty", &error);
	REQUIRE_EQ(stat(core_path(), &information), 0);
	CHECK_EQ(information.st_mode & 0777, 0600);
}

/* 1 GiB, of which little was touched: neither memory nor disk is spent on the rest. */
static void untouched_memory_costs_nothing(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct stat information;
	size_t before;

	options.memory_bytes = 1ull << 30;
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", &options);
	CALL(sandbox, "touch", mote_u32(1 << 20));
	before = test_resident_kib();
	REQUIRE_OK(mote_sandbox_dump_core(sandbox, core_path(), &error), &error);
	if (!TEST_SANITIZED)
		CHECK(test_resident_kib() < before + 1024);
	REQUIRE_EQ(stat(core_path(), &information), 0);
	CHECK(information.st_blocks * 512 > 1 << 20);
	CHECK(information.st_blocks * 512 < 2 << 20);
}

/* ---- Failures: the call's status stays, and no file is left --------------------------------- */

static void expect_failure(const mote_core_options *cores, mote_status status, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;

	create_with(NULL, cores);
	CHECK_STATUS(call("faulty", &error), MOTE_GUEST_FAULT, &error);
	CHECK(mote_sandbox_get_core_path(sandbox) == NULL);
	REQUIRE(mote_sandbox_get_core_error(sandbox) != NULL);
	CHECK_EQ(mote_sandbox_get_core_error(sandbox)->status, status);
	CHECK_CONTAINS(mote_sandbox_get_core_error(sandbox)->text, part);
}

static void missing_folder(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	cores.directory = "/tmp/mote-no-such-folder";
	expect_failure(&cores, MOTE_FILE, "No such file or directory");
}

static void larger_than_allowed(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	cores.directory = folder;
	cores.maximum_bytes = 4096;
	expect_failure(&cores, MOTE_LIMIT, "may take 4 KiB");
}

static void limited_file_size(void)
{
	struct rlimit before, limit;
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	cores.directory = folder;
	create_with(NULL, &cores);
	REQUIRE_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 8192;
	REQUIRE_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_STATUS(call("faulty", &error), MOTE_GUEST_FAULT, &error);
	REQUIRE_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
	REQUIRE(mote_sandbox_get_core_error(sandbox) != NULL);
	CHECK_EQ(mote_sandbox_get_core_error(sandbox)->status, MOTE_LIMIT);
	CHECK_CONTAINS(mote_sandbox_get_core_error(sandbox)->text, "RLIMIT_FSIZE");
}

static void unusable_paths(void)
{
	mote_error error = MOTE_ERROR_INIT;

	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", NULL);
	CHECK_STATUS(mote_sandbox_dump_core(sandbox, "/sys/core", &error), MOTE_FILE, &error);
	CHECK_STATUS(mote_sandbox_dump_core(sandbox, "/tmp/", &error), MOTE_FILE, &error);
	CHECK_STATUS(mote_sandbox_dump_core(sandbox, "", &error), MOTE_FILE, &error);
}

/* What has the name is replaced, also a link, and not what it leads to. */
static void link_is_not_followed(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct stat information;

	REQUIRE_EQ(symlink("/dev/null", core_path()), 0);
	create();
	(void)call("faulty", &error);
	CHECK_STR(mote_sandbox_get_core_path(sandbox), core_path());
	REQUIRE_EQ(lstat(core_path(), &information), 0);
	CHECK(S_ISREG(information.st_mode));
}

static void wrong_options(void)
{
	static const struct {
		const char *directory, *pattern;
		uint32_t causes;
	} wrong[] = {
		{NULL, NULL, MOTE_CORE_ALL}, {"", NULL, MOTE_CORE_ALL},
		{"/tmp", "a/b", 1},	     {"/tmp", "", 1},
		{"/tmp", "%x", 1},	     {"/tmp", "a%", 1},
		{"/tmp", "c", 0x20},
	};
	mote_error error = MOTE_ERROR_INIT;

	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", NULL);
	for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
		mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

		cores.directory = wrong[i].directory;
		cores.pattern = wrong[i].pattern;
		cores.causes = wrong[i].causes;
		CHECK_STATUS(mote_sandbox_set_core_options(sandbox, &cores, &error),
			     MOTE_INVALID_ARGUMENT, &error);
	}
	CHECK_OK(mote_sandbox_set_core_options(sandbox, NULL, &error), &error);
}

/* ---- From a host function ------------------------------------------------------------------ */

static mote_status dump_status;

static mote_status dump_in_call(void *user, const mote_value *arguments, size_t count,
				mote_value *result, mote_error *error)
{
	(void)user;
	(void)count;
	dump_status = mote_sandbox_dump_core(sandbox, core_path(), error);
	*result = arguments[0];
	return arguments[0].as.u32 < 3 ? MOTE_OK : MOTE_HOST_FUNCTION;
}

static void host_function_writes_one(void)
{
	const mote_host_function function = {
		.name = "host_tick", .signature = "u32(u32)", .call = dump_in_call};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.host_functions = &function;
	options.host_function_count = 1;
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", &options);
	CHECK_STATUS(call("ticks", &error), MOTE_HOST_FUNCTION, &error);
	CHECK_OK(dump_status, NULL);
	read_core();
	CHECK_EQ(core_signal(), 0);
	expect_place();
	free(core);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE_WITHIN(fault_writes_one, begin, end),
		CASE_WITHIN(abort_writes_one, begin, end),
		CASE_WITHIN(kill_writes_one, begin, end),
		CASE_WITHIN(deadline_writes_one, begin, end),
		CASE_WITHIN(causes_select, begin, end),
		CASE_WITHIN(on_demand_changes_nothing, begin, end),
		CASE_WITHIN(host_function_writes_one, begin, end),
		CASE_WITHIN(nobody_else_may_read_it, begin, end),
		CASE_WITHIN(untouched_memory_costs_nothing, begin, end),
		CASE_WITHIN(missing_folder, begin, end),
		CASE_WITHIN(larger_than_allowed, begin, end),
		CASE_WITHIN(limited_file_size, begin, end),
		CASE_WITHIN(unusable_paths, begin, end),
		CASE_WITHIN(link_is_not_followed, begin, end),
		CASE_WITHIN(wrong_options, begin, end),
	};

	return test_main("sandbox_core", cases, TEST_COUNT(cases), argc, argv);
}
