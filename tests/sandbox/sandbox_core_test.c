/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores through the public API: when one is written, what is in it, and what happens when it cannot
 * be.  Here and on bare numbers; core_debuggers asks gdb and readelf.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

enum { ET_CORE = 4, EM_X86_64 = 62, PT_LOAD = 1, PT_NOTE = 4, PF_EXECUTE = 1, PF_WRITE = 2 };
enum { NT_PRSTATUS = 1, NT_AUXV = 6, AT_ENTRY = 9, NT_FILE = 0x46494c45 };
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

/* The program header of the segment that an address lies in; NULL: the core does not have it. */
static const uint8_t *segment_of(uint64_t address)
{
	for (unsigned i = 0; i < number(core + 56, 2); i++) {
		const uint8_t *header = program_header(i);

		if (number(header, 4) == PT_LOAD &&
		    address - number(header + 16, 8) < number(header + 40, 8))
			return header;
	}
	return NULL;
}

/* That the guest was in its own code, and not in the monitor. */
static void expect_place(void)
{
	const size_t pc = number(core + 18, 2) == EM_X86_64 ? 16 : 32;
	size_t bytes;
	const uint8_t *status = note("CORE", NT_PRSTATUS, &bytes), *segment;

	REQUIRE(status != NULL);
	segment = segment_of(number(status + 112 + 8 * pc, 8));
	REQUIRE(segment != NULL);
	CHECK(number(segment + 4, 4) & PF_EXECUTE);
}

static mote_status call(const char *name, mote_error *error)
{
	const mote_value five = mote_value_i32(5);

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
	CHECK_CONTAINS(report(), "\ncall-id 1\nfunction faulty\nstatus ");
	expect_place();
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
	CHECK_CONTAINS(report(), "\nfunction gives_up\n");
	expect_place();
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
		CHECK_EQ(CALL(sandbox, "add", mote_value_i32(i), mote_value_i32(40)).as.i32,
			 i + 40);
	}
	read_core();
	CHECK_EQ(core_signal(), 0);
	CHECK_CONTAINS(report(), "\ncall-id 2\nfunction add\nstatus ok\n");
	free(core);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
}

/* ---- What is in it ------------------------------------------------------------------------- */

/* What the image's file has and the guest cannot write: code, constants, headers. */
static void expect_image(const uint8_t *image, uint64_t bias)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < number(image + 56, 2); i++) {
		const uint8_t *from = image + number(image + 32, 8) + 56 * i, *to;
		uint64_t address = number(from + 16, 8) + bias, bytes = number(from + 32, 8);

		if (number(from, 4) != PT_LOAD || number(from + 4, 4) & PF_WRITE)
			continue;
		seen |= (unsigned)number(from + 4, 4);
		to = segment_of(address);
		REQUIRE(to != NULL);
		CHECK_EQ(number(to + 4, 4), number(from + 4, 4));
		address -= number(to + 16, 8);
		REQUIRE(address + bytes <= number(to + 32, 8));
		CHECK_MEM(core + number(to + 8, 8) + address, image + number(from + 8, 8), bytes);
	}
	CHECK(seen & PF_EXECUTE);
}

static void code_and_constants_are_in_it(void)
{
	mote_error error = MOTE_ERROR_INIT;
	size_t bytes, image_bytes;
	const uint8_t *auxiliary;
	uint8_t *image;

	create();
	(void)call("faulty", &error);
	read_core();
	image = test_read_file(test_guest("crash"), &image_bytes);
	auxiliary = note("CORE", NT_AUXV, &bytes);
	REQUIRE(auxiliary != NULL);
	while (number(auxiliary, 8) != AT_ENTRY)
		auxiliary += 16;
	expect_image(image, number(auxiliary + 8, 8) - number(image + 24, 8));
	free(image);
	free(core);
}

/* Also when it was given otherwise and the process moved on. */
static void path_of_the_guest_is_absolute(void)
{
	const char *path = test_guest("crash");
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	char before[2048], expected[2048 + 8];
	const uint8_t *files;
	mote_image *image;
	size_t bytes;

	REQUIRE(getcwd(before, sizeof(before)) != NULL);
	engine = fixture_engine();
	options.host_functions = fixture_functions(&options.host_function_count);
	snprintf(expected, sizeof(expected), "%.*s", (int)(strrchr(path, '/') - path), path);
	REQUIRE_EQ(chdir(expected), 0);
	REQUIRE(getcwd(expected, 2048) != NULL);
	strcat(expected, test_on_posix() ? "/crash" : "\\crash");
	REQUIRE_OK(mote_image_open(engine, "./crash", &image, &error), &error);
	REQUIRE_EQ(chdir(before), 0);
	REQUIRE_OK(mote_sandbox_create(engine, image, &options, &sandbox, &error), &error);
	mote_image_release(image);
	REQUIRE_OK(mote_sandbox_dump_core(sandbox, core_path(), &error), &error);
	read_core();
	files = note("CORE", NT_FILE, &bytes);
	REQUIRE(files != NULL);
	CHECK_STR((const char *)files + 16 + 24 * number(files, 8), expected);
	CHECK_CONTAINS(report(), "\ncall-id 0\nstatus ok\n");
	free(core);
}

static void start_is_a_call_of_no_function(void)
{
	mote_error error = MOTE_ERROR_INIT;

	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", NULL);
	REQUIRE_OK(mote_sandbox_start(sandbox, NULL, &error), &error);
	REQUIRE_OK(mote_sandbox_dump_core(sandbox, core_path(), &error), &error);
	read_core();
	CHECK_CONTAINS(report(), "\ncall-id 1\nstatus ok\n");
	free(core);
}

static void nobody_else_may_read_it(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct stat information;

	create();
	(void)call("faulty", &error);
	REQUIRE_EQ(stat(core_path(), &information), 0);
	CHECK(!test_on_posix() || (information.st_mode & 0777) == 0600);
}

/* 1 GiB, of which little was touched: neither memory nor disk is spent on the rest. */
static void untouched_memory_costs_nothing(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	size_t before;

	options.memory_bytes = 1ull << 30;
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "crash", &options);
	CALL(sandbox, "touch", mote_value_u32(1 << 20));
	before = test_resident_kib();
	REQUIRE_OK(mote_sandbox_dump_core(sandbox, core_path(), &error), &error);
	/* Windows does not tell which pages exist: the library looks at all. */
	if (!TEST_SANITIZED && test_on_posix())
		CHECK(test_resident_kib() < before + 1024);
	CHECK(test_file_space(core_path()) > 1 << 20);
	CHECK(test_file_space(core_path()) < 2 << 20);
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
	expect_failure(&cores, MOTE_FILE, test_on_posix() ? "No such file or directory" : "");
}

static void larger_than_allowed(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	cores.directory = folder;
	cores.maximum_bytes = 4096;
	expect_failure(&cores, MOTE_LIMIT, "may take 4 KiB");
}

static unsigned files_in_folder(void)
{
	DIR *listing = opendir(folder);
	unsigned count = 0;

	REQUIRE(listing != NULL);
	while (readdir(listing) != NULL)
		count++;
	closedir(listing);
	return count - 2; /* . and .. */
}

/* A file system over the folder, until it is unmounted. */
static void mount_on_folder(unsigned long flags, const char *options)
{
	if (mount("tmpfs", folder, "tmpfs", flags, options) != 0)
		SKIP("this user cannot mount file systems");
}

static void full_file_system(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	mount_on_folder(0, "size=16k");
	cores.directory = folder;
	expect_failure(&cores, MOTE_FILE, "No space left on device");
	CHECK_EQ(files_in_folder(), 0);
	CHECK_EQ(umount(folder), 0);
}

static void read_only_folder(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	mount_on_folder(MS_RDONLY, NULL);
	cores.directory = folder;
	expect_failure(&cores, MOTE_FILE, "Read-only file system");
	CHECK_EQ(umount(folder), 0);
}

static void limited_file_size(void)
{
	struct rlimit before, limit;
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	if (!test_on_posix())
		SKIP("this system has no limit of the sizes of files");
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

	if (!test_on_posix())
		SKIP("links need a privilege on this system");
	REQUIRE_EQ(symlink("/dev/null", core_path()), 0);
	create();
	(void)call("faulty", &error);
	CHECK_STR(mote_sandbox_get_core_path(sandbox), core_path());
	REQUIRE_EQ(lstat(core_path(), &information), 0);
	CHECK(S_ISREG(information.st_mode));
}

static void file_of_that_name_is_replaced(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct stat information;
	FILE *older = fopen(core_path(), "w");

	REQUIRE(older != NULL);
	fclose(older);
	REQUIRE_EQ(chmod(core_path(), 0644), 0);
	create();
	(void)call("faulty", &error);
	CHECK_STR(mote_sandbox_get_core_path(sandbox), core_path());
	REQUIRE_EQ(stat(core_path(), &information), 0);
	CHECK(!test_on_posix() || (information.st_mode & 0777) == 0600);
	read_core();
	free(core);
}

static void folder_of_that_name_is_kept(void)
{
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;

	REQUIRE_EQ(mkdir(core_path(), 0700), 0);
	cores.directory = folder;
	cores.pattern = "c";
	expect_failure(&cores, MOTE_FILE, test_on_posix() ? "Is a directory" : "");
	CHECK_EQ(rmdir(core_path()), 0);
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
		CASE_WITHIN(code_and_constants_are_in_it, begin, end),
		CASE_WITHIN(path_of_the_guest_is_absolute, begin, end),
		CASE_WITHIN(start_is_a_call_of_no_function, begin, end),
		CASE_WITHIN(nobody_else_may_read_it, begin, end),
		CASE_WITHIN(untouched_memory_costs_nothing, begin, end),
		CASE_WITHIN(missing_folder, begin, end),
		CASE_WITHIN(larger_than_allowed, begin, end),
		CASE_WITHIN(full_file_system, begin, end),
		CASE_WITHIN(read_only_folder, begin, end),
		CASE_WITHIN(limited_file_size, begin, end),
		CASE_WITHIN(unusable_paths, begin, end),
		CASE_WITHIN(link_is_not_followed, begin, end),
		CASE_WITHIN(file_of_that_name_is_replaced, begin, end),
		CASE_WITHIN(folder_of_that_name_is_kept, begin, end),
		CASE_WITHIN(wrong_options, begin, end),
	};

	return test_main("sandbox_core", cases, TEST_COUNT(cases), argc, argv);
}
