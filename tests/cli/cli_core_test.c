/* SPDX-License-Identifier: Apache-2.0
 *
 * mote core: what it says about cores of both machines, and about everything else.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mote/version.h>

#include "core_build.h"
#include "json_check.h"
#include "test.h"
#include "tool.h"

static const mote_machine machines[] = {MOTE_MACHINE_X86_64, MOTE_MACHINE_AARCH64};

#define LINES                                                                                      \
	"version 0.1.0\nbackend kvm\nstatus guest_fault\nreason write to 0x10\nkind memory\n"      \
	"vector 14\nerror-code 0x6\naddress 0x10\nregion nothing\nfunction poke\ncall-id 3\n"      \
	"host-time 2026-11-28T15:00:00Z\nbuild-id 0102030405060708\n"

/* What is in the folder of the case. */
struct files {
	char core[256], guest[256];
};

static struct files write_files(struct core_build *core)
{
	struct files files;
	uint8_t guest[GUEST_BYTES];

	snprintf(files.core, sizeof(files.core), "%s", test_file("core"));
	snprintf(files.guest, sizeof(files.guest), "%s", test_file("guest"));
	unlink(files.guest);
	guest_build(core->machine, guest);
	test_write_file(files.guest, guest, sizeof(guest));
	core_build(core);
	test_write_file(files.core, core->bytes, sizeof(core->bytes));
	return files;
}

/* ---- What it says ------------------------------------------------------------------------ */

static void the_reason_is_shown(void)
{
	static const char *const parts[] = {
		"\nstatus     guest_fault\nreason     write to 0x10\nkind       memory\n",
		"\nvector     14\nerror-code 0x6\naddress    0x10\nregion     nothing\n",
		"\nfunction   poke\ncall-id    3\nhost-time  2026-11-28T15:00:00Z\n",
		"\nversion    0.1.0\nbackend    kvm\nbuild-id   0102030405060708\n",
		"\nbacktrace (3)\n  #0  0x00080304  leaf+0x4\n",
		"\n  #1  0x00080208  middle+0x8\n",
		"\n  #2  0x00080140  start+0x40\n",
		"\nsegments (2)\n  0x00080000  r-x  4096 bytes, 0 of them in the file  ",
		"\n  0x00090000  rw-  8192 bytes, 4096 of them in the file\n",
	};

	for (size_t i = 0; i < TEST_COUNT(machines); i++) {
		struct core_build core = {
			.machine = machines[i], .path = test_file("guest"), .lines = LINES};
		struct files files = write_files(&core);
		struct tool tool;

		TOOL_RUN(&tool, "core", files.core);
		CHECK_EQ(tool.code, 0);
		CHECK_STR(tool.errors, "");
		for (size_t part = 0; part < TEST_COUNT(parts); part++)
			CHECK_CONTAINS(tool.output, parts[part]);
		CHECK_CONTAINS(tool.output, mote_machine_name(machines[i]));
		CHECK_CONTAINS(tool.output, files.guest);
		tool_clear(&tool);
	}
}

static void registers_are_those_of_the_note(void)
{
	static const struct {
		const char *path, *value;
	} rows[2][6] = {
		{{"r15", "\"0x1000\""},
		 {"rax", "\"0x100a\""},
		 {"rdi", "\"0x100e\""},
		 {"rip", "\"0x80304\""},
		 {"rflags", "\"0x1012\""},
		 {"rsp", "\"0x907f0\""}},
		{{"x0", "\"0x1000\""},
		 {"x28", "\"0x101c\""},
		 {"x29", "\"0x90800\""},
		 {"sp", "\"0x907f0\""},
		 {"pc", "\"0x80304\""},
		 {"pstate", "\"0x1021\""}},
	};

	for (size_t i = 0; i < TEST_COUNT(machines); i++) {
		struct core_build core = {.machine = machines[i], .lines = LINES};
		struct files files = write_files(&core);
		struct tool tool;

		TOOL_RUN(&tool, "core", files.core, "--json");
		CHECK_EQ(tool.code, 0);
		for (size_t row = 0; row < 6; row++) {
			char path[64];

			snprintf(path, sizeof(path), "registers.%s", rows[i][row].path);
			CHECK_STR(json_at(tool.output, path), rows[i][row].value);
		}
		tool_clear(&tool);
	}
}

static void json_has_the_same(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	struct files files = write_files(&core);
	struct tool tool;

	TOOL_RUN(&tool, "core", files.core, files.guest, "--json");
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	CHECK(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "signal"), "11");
	CHECK_STR(json_at(tool.output, "why.status"), "\"guest_fault\"");
	CHECK_STR(json_at(tool.output, "why.vector"), "14");
	CHECK_STR(json_at(tool.output, "why.error_code"), "\"0x6\"");
	CHECK_STR(json_at(tool.output, "why.address"), "\"0x10\"");
	CHECK_STR(json_at(tool.output, "why.call_id"), "3");
	CHECK_STR(json_at(tool.output, "no_names"), "null");
	CHECK_EQ(json_count(tool.output, "backtrace"), 3);
	CHECK_STR(json_at(tool.output, "backtrace.1.symbol"), "\"middle\"");
	CHECK_STR(json_at(tool.output, "backtrace.1.symbol_offset"), "8");
	CHECK_EQ(json_count(tool.output, "segments"), 2);
	CHECK_STR(json_at(tool.output, "segments.1.file_bytes"), "4096");
	CHECK_STR(json_at(tool.output, "segments.0.executable"), "true");
	tool_clear(&tool);
}

static void gdb_of_the_machine_is_offered(void)
{
	struct core_build core = {.path = test_file("guest"), .lines = LINES};
	unsigned foreign = 0;

	for (size_t i = 0; i < TEST_COUNT(machines); i++) {
		struct files files;
		struct tool tool;
		char line[600];

		core.machine = machines[i];
		files = write_files(&core);
		TOOL_RUN(&tool, "core", files.core);
		snprintf(line, sizeof(line), " -ex bt -c '%s' '%s'\n", files.core, files.guest);
		CHECK_CONTAINS(tool.output, line);
		foreign += strstr(tool.output, "\ngdb-multiarch -ex") != NULL;
		tool_clear(&tool);
	}
	CHECK_EQ(foreign, 1);
}

/* ---- Guests ------------------------------------------------------------------------------ */

static void without_its_guest_there_are_no_names(void)
{
	struct core_build core = {
		.machine = MOTE_MACHINE_X86_64, .path = "/nowhere/guest", .lines = LINES};
	struct files files = write_files(&core);
	struct tool tool;

	TOOL_RUN(&tool, "core", files.core);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "\nno names   /nowhere/guest: No such file");
	CHECK_CONTAINS(tool.output, "  #1  0x00080208\n");
	tool_clear(&tool);
	TOOL_RUN(&tool, "core", files.core, "/nowhere/guest");
	tool_expect_error(&tool, "missing", 1, "/nowhere/guest: No such file");
	tool_clear(&tool);
}

static void another_build_is_no_guest_of_the_core(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_AARCH64,
				  .path = test_file("guest"),
				  .lines = "status killed\nbuild-id 01020304050607ff\n"};
	struct files files = write_files(&core);
	struct tool tool;

	TOOL_RUN(&tool, "core", files.core);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output,
		       "has build id 0102030405060708, the core is of 01020304050607ff");
	CHECK(strstr(tool.output, "leaf") == NULL);
	tool_clear(&tool);
	TOOL_RUN(&tool, "core", "--json", files.core, files.guest);
	CHECK_EQ(tool.code, 1);
	CHECK_STR(json_at(tool.output, "status"), "\"wrong_guest\"");
	tool_clear(&tool);
}

static void a_stripped_guest_is_told(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	struct files files = write_files(&core);
	uint8_t guest[GUEST_BYTES];
	struct tool tool;

	guest_build(MOTE_MACHINE_X86_64, guest);
	put_number(guest + 60, 0, 2); /* no sections */
	test_write_file(files.guest, guest, sizeof(guest));
	TOOL_RUN(&tool, "core", files.core, files.guest);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output,
		       "\nno names   the guest is stripped; give its copy with symbols\n");
	CHECK_CONTAINS(tool.output, "/guest'\n");
	tool_clear(&tool);
}

static void what_is_no_guest_is_refused(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	struct files files = write_files(&core);
	uint8_t guest[GUEST_BYTES];
	struct tool tool;

	TOOL_RUN(&tool, "core", files.core, files.core);
	tool_expect_error(&tool, "core", 1, "is not an executable; give the guest that ran");
	tool_clear(&tool);
	guest_build(MOTE_MACHINE_AARCH64, guest);
	test_write_file(files.guest, guest, sizeof(guest));
	TOOL_RUN(&tool, "core", files.core, files.guest);
	tool_expect_error(&tool, "machine", 1, "is for aarch64, the core is of one for x86_64");
	tool_clear(&tool);
}

/* NULL: it is taken, without names. */
static void hostile_guests_give_no_names(void)
{
	static const struct {
		size_t at;
		unsigned bytes;
		uint64_t value;
		const char *part;
	} rows[] = {
		{40, 8, UINT64_MAX, "is cut off: its section headers are missing"},
		{56, 2, 65, "has too many segments"},
		{CORE_SEGMENTS_AT + 8, 8, GUEST_BYTES, "is cut off: its notes are missing"},
		{GUEST_NOTES_AT + 4, 4, UINT32_MAX, "has build id (none)"},
		/* The section of symbols: place, size, strings, size of an entry. */
		{GUEST_SECTIONS_AT + 64 + 24, 8, UINT64_MAX, NULL},
		{GUEST_SECTIONS_AT + 64 + 32, 8, UINT64_MAX, NULL},
		{GUEST_SECTIONS_AT + 64 + 40, 4, 3, NULL},
		{GUEST_SECTIONS_AT + 64 + 40, 4, 0, NULL},
		{GUEST_SECTIONS_AT + 64 + 56, 8, 16, NULL},
		/* The strings: place, size. */
		{GUEST_SECTIONS_AT + 128 + 24, 8, UINT64_MAX, NULL},
		{GUEST_SECTIONS_AT + 128 + 32, 8, GUEST_BYTES, NULL},
		{GUEST_SECTIONS_AT + 128 + 32, 8, 0, NULL},
	};
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	struct files files = write_files(&core);

	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		uint8_t guest[GUEST_BYTES];
		struct tool tool;

		guest_build(MOTE_MACHINE_X86_64, guest);
		put_number(guest + rows[i].at, rows[i].value, rows[i].bytes);
		test_write_file(files.guest, guest, sizeof(guest));
		TOOL_RUN(&tool, "core", files.core, files.guest);
		if (rows[i].part != NULL) {
			tool_expect_error(&tool, rows[i].part, 1, rows[i].part);
		} else {
			CHECK_EQ(tool.code, 0);
			CHECK_CONTAINS(tool.output, "\n  #0  0x00080304\n");
		}
		tool_clear(&tool);
	}
}

/* The name of the guest is foreign: nothing else than a file is opened, and nothing waits. */
static void a_named_device_is_not_opened(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	const char *pipe = test_file("pipe");
	struct tool tool;

	if (mkfifo(pipe, 0600) != 0 && TOOL_ON_WINDOWS)
		SKIP("no pipes in folders here: see cli_windows");
	core.path = pipe;
	TOOL_RUN(&tool, "core", write_files(&core).core);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "pipe: not a regular file");
	tool_clear(&tool);
	unlink(pipe);
}

static void foreign_text_is_escaped(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64,
				  .path = "/tmp/\x1b[31m'; evil '",
				  .lines = "status \x1b[2J\xff\nvector many\nreason\nreason x\ry"};
	struct files files = write_files(&core);
	struct tool tool;

	TOOL_RUN(&tool, "core", files.core);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "\nstatus     \\x1b[2J\\xff\n");
	CHECK_CONTAINS(tool.output, "\nreason     x\\ry\n");
	CHECK(strpbrk(tool.output, "\x1b\r") == NULL);
	tool_clear(&tool);
	TOOL_RUN(&tool, "core", files.core, "--json");
	CHECK(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "why.vector"), "null");
	CHECK(strpbrk(tool.output, "\x1b\r\xff") == NULL);
	tool_clear(&tool);
}

static void a_pasted_name_stays_one_word(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	const char *path = test_file("it's $(here)");
	struct tool tool;

	core_build(&core);
	test_write_file(path, core.bytes, sizeof(core.bytes));
	TOOL_RUN(&tool, "core", path);
	CHECK_CONTAINS(tool.output, "/it'\\''s $(here)'\n");
	tool_clear(&tool);
}

/* ---- Hostile cores ----------------------------------------------------------------------- */

static void expect_refusal(const void *bytes, size_t length, const char *part)
{
	const char *path = test_file("refused");
	struct tool tool;

	test_write_file(path, bytes, length);
	TOOL_RUN(&tool, "core", path);
	tool_expect_error(&tool, part, 1, part);
	CHECK_CONTAINS(tool.errors, "; give a core that mote wrote");
	tool_clear(&tool);
	TOOL_RUN(&tool, "core", "--json", path);
	CHECK_EQ(tool.code, 1);
	CHECK_STR(json_at(tool.output, "status"), "\"bad_core\"");
	tool_clear(&tool);
}

static void what_is_no_core_is_refused(void)
{
	static const struct {
		size_t at;
		unsigned bytes;
		uint64_t value;
		const char *part;
	} rows[] = {
		{0, 1, 0, "is not an ELF file"},
		{4, 1, 1, "is not a 64-bit little-endian ELF file"},
		{5, 1, 2, "is not a 64-bit little-endian ELF file"},
		{16, 2, 2, "is not a core"},
		{18, 2, 3, "is for another machine"},
		{32, 8, UINT64_MAX, "its segment headers are missing"},
		{32, 8, CORE_BYTES - 167, "its segment headers are missing"},
		{54, 2, 32, "segment headers of another size"},
		{56, 2, 0, "has no notes"},
		{56, 2, 0xffff, "has too many segments"},
		{56, 2, 0xfffe, "its segment headers are missing"},
		{60, 2, 0x8000, "its section headers are missing"},
		/* The notes. */
		{CORE_SEGMENTS_AT + 8, 8, UINT64_MAX, "its notes are missing"},
		{CORE_SEGMENTS_AT + 32, 8, UINT64_MAX, "its notes are missing"},
		{CORE_SEGMENTS_AT + 32, 8, 20, "has malformed notes"},
		{CORE_SEGMENTS_AT + 32, 8, 0, "has no note of mote"},
		{CORE_NOTES_AT, 4, UINT32_MAX, "has malformed notes"},
		{CORE_NOTES_AT + 4, 4, UINT32_MAX, "has malformed notes"},
		{CORE_NOTES_AT + 8, 4, 2, "has no registers"},
		/* Memory. */
		{CORE_SEGMENTS_AT + 56, 4, 4, "has several segments of notes"},
		{CORE_SEGMENTS_AT + 112 + 8, 8, CORE_BYTES, "memory of the guest is missing"},
		{CORE_SEGMENTS_AT + 112 + 8, 8, UINT64_MAX, "memory of the guest is missing"},
		{CORE_SEGMENTS_AT + 112 + 16, 8, UINT64_MAX - CORE_PAGE, "segment that is malf"},
		{CORE_SEGMENTS_AT + 112 + 40, 8, CORE_PAGE - 1, "segment that is malformed"},
	};
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};

	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		core_build(&core);
		put_number(core.bytes + rows[i].at, rows[i].value, rows[i].bytes);
		expect_refusal(core.bytes, sizeof(core.bytes), rows[i].part);
	}
}

static void malformed_notes_are_refused(void)
{
	static const uint8_t rows[64] = {2};
	struct core_build core = {.machine = MOTE_MACHINE_AARCH64, .lines = NULL};

	core_build(&core);
	expect_refusal(core.bytes, sizeof(core.bytes), "has no note of mote");
	core_build_note(&core, "Mote", 0x4d4f5445, "x", 1);
	expect_refusal(core.bytes, sizeof(core.bytes), "has no note of mote");
	core.lines = LINES;
	core.status_cut = 8;
	core_build(&core);
	expect_refusal(core.bytes, sizeof(core.bytes), "registers that is too short or too long");
	core.status_cut = 0;
	for (size_t bytes = 0; bytes <= sizeof(rows); bytes += 8) {
		core_build(&core); /* two rows without paths, or without themselves */
		core_build_note(&core, "CORE", 0x46494c45, rows, bytes);
		expect_refusal(core.bytes, sizeof(core.bytes), "malformed note of mapped files");
	}
}

/* Work and output have bounds. */
static void too_many_of_anything_are_refused(void)
{
	enum { ROWS = 1025, PATH_BYTES = 4096, SEGMENTS = 4097 };
	static uint8_t bytes[64 + 56 * SEGMENTS], files[16 + 25 * ROWS];
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};

	core_build(&core);
	memcpy(bytes, core.bytes, sizeof(core.bytes));
	put_number(bytes + 56, SEGMENTS, 2);
	expect_refusal(bytes, sizeof(bytes), "has too many segments");
	put_number(files, ROWS, 8);
	memcpy(bytes, core.bytes, sizeof(core.bytes));
	for (unsigned paths = 0; paths < 2; paths++) {
		uint8_t *note = bytes + CORE_BYTES; /* another segment of notes, of this one only */

		put_number(note, 5, 4);
		put_number(note + 4, sizeof(files), 4);
		put_number(note + 8, 0x46494c45, 4);
		memcpy(note + 12, "CORE", 5);
		memcpy(note + 20, files, sizeof(files));
		put_number(bytes + CORE_SEGMENTS_AT + 8, CORE_BYTES, 8);
		put_number(bytes + CORE_SEGMENTS_AT + 32, 20 + sizeof(files), 8);
		expect_refusal(bytes, sizeof(bytes), "malformed note of mapped files");
		memset(files, 'x', 16 + 24 + PATH_BYTES); /* then one row with a long path */
		put_number(files, 1, 8);
	}
}

static void files_that_are_cut_off_are_refused(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};

	core_build(&core);
	for (size_t length = 0; length < sizeof(core.bytes); length += 509)
		expect_refusal(core.bytes, length,
			       length < 64 ? "is not an ELF file" : "is cut off");
}

static void other_files_are_refused(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "core", "/nowhere");
	tool_expect_error(&tool, "nothing", 1, "/nowhere: No such file");
	tool_clear(&tool);
	TOOL_RUN(&tool, "core", "/");
	tool_expect_error(&tool, "folder", 1, "/: Is a directory");
	tool_clear(&tool);
	if (TOOL_ON_WINDOWS)
		return; /* devices have other names: see cli_windows */
	TOOL_RUN(&tool, "core", "/dev/zero");
	tool_expect_error(&tool, "device", 1, "/dev/zero: not a regular file");
	tool_clear(&tool);
}

/* ---- Bounds ------------------------------------------------------------------------------ */

static void frames_in_a_circle_end(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	struct files files = write_files(&core);
	struct tool tool;

	put_number(core.bytes + CORE_STACK_AT + 0x800, CORE_FRAME, 8);
	test_write_file(files.core, core.bytes, sizeof(core.bytes));
	TOOL_RUN(&tool, "core", files.core);
	CHECK_CONTAINS(tool.output, "\nbacktrace (2)\n");
	tool_clear(&tool);
}

static void long_backtraces_are_cut(void)
{
	struct core_build core = {.machine = MOTE_MACHINE_AARCH64, .lines = LINES};
	struct files files = write_files(&core);
	struct tool tool;

	for (unsigned at = 0x800; at < CORE_PAGE; at += 16) {
		put_number(core.bytes + CORE_STACK_AT + at, CORE_STACK + at + 16, 8);
		put_number(core.bytes + CORE_STACK_AT + at + 8, CORE_CODE, 8);
	}
	test_write_file(files.core, core.bytes, sizeof(core.bytes));
	TOOL_RUN(&tool, "core", files.core);
	CHECK_CONTAINS(tool.output, "\nbacktrace (64)\n");
	tool_clear(&tool);
}

/* A sandbox of 1 TiB: a file that is nearly only a hole. */
static void a_huge_sparse_core_is_read(void)
{
	static const uint64_t huge = 1ull << 40;
	struct core_build core = {.machine = MOTE_MACHINE_X86_64, .lines = LINES};
	const char *path = test_file("sparse");
	struct tool tool;
	int fd;

	core_build(&core);
	put_number(core.bytes + CORE_SEGMENTS_AT + 112 + 32, huge, 8);
	put_number(core.bytes + CORE_SEGMENTS_AT + 112 + 40, huge, 8);
	test_write_file(path, core.bytes, sizeof(core.bytes));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0);
	if (ftruncate(fd, (off_t)(huge + CORE_BYTES)) != 0) {
		close(fd);
		unlink(path);
		SKIP("this file system has no files of 1 TiB");
	}
	close(fd);
	TOOL_RUN(&tool, "core", path);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "\nbacktrace (3)\n");
	CHECK_CONTAINS(tool.output, "1099511627776 of them in the file\n");
	tool_clear(&tool);
	unlink(path);
}

/* ---- Cores that mote run wrote ----------------------------------------------------------- */

/* A core of the guest "frames", whose call ended so. */
static const char *run_core(const char *how, int code)
{
	static char path[512];
	const char *line;
	struct tool tool;

	tool_need_vm();
	/* Only "2" needs it, long after its call began also in a slow emulated machine. */
	TOOL_RUN(&tool, "run", "--timeout", strcmp(how, "2") == 0 ? "2s" : "1m", "--core-dir",
		 test_folder(), test_guest("frames"), "ends", how);
	if (strstr(tool.errors, "built without cores") != NULL) {
		tool_clear(&tool);
		SKIP("this library writes no cores");
	}
	CHECK_EQ(tool.code, code);
	line = strstr(tool.errors, "mote: core: ");
	REQUIRE(line != NULL);
	snprintf(path, sizeof(path), "%s", line + strlen("mote: core: "));
	path[strcspn(path, "\n")] = '\0';
	tool_clear(&tool);
	return path;
}

static void fault_is_told(void)
{
	static const char *const parts[] = {
		"\nstatus     guest_fault\nreason     guest fault: memory access: write to 0x10 ",
		"\nkind       memory\nvector     ",
		("\naccess     write\naddress    0x10\nregion     null page\nfunction   ends\n"
		 "call-id    1\nhost-time  2"),
		"  fail+0x",
		"  leaf+0x",
		"  middle+0x",
		"  ends+0x",
		"\nsegments (",
	};
	const char *path = run_core("0", 3);
	struct tool tool = TOOL_INIT;

	/* The core names the guest wherever it is read. */
	tool.folder = "/";
	TOOL_RUN_PREPARED(&tool, "core", path);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	for (size_t i = 0; i < TEST_COUNT(parts); i++)
		CHECK_CONTAINS(tool.output, parts[i]);
	CHECK(strstr(tool.output, "no names") == NULL);
	CHECK_CONTAINS(tool.output, "\ngdb -ex bt -c '");
	tool_clear(&tool);
}

static void fault_is_told_in_json(void)
{
	static const char *const frames[] = {"\"fail\"", "\"leaf\"", "\"middle\"", "\"ends\""};
	const char *path = run_core("0", 3);
	char pc[32], guest[300];
	struct tool tool;

	TOOL_RUN(&tool, "core", "--json", path);
	CHECK_EQ(tool.code, 0);
	CHECK(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "signal"), "11");
	CHECK_STR(json_at(tool.output, "why.status"), "\"guest_fault\"");
	CHECK_STR(json_at(tool.output, "why.kind"), "\"memory\"");
	CHECK_STR(json_at(tool.output, "why.access"), "\"write\"");
	CHECK_STR(json_at(tool.output, "why.address"), "\"0x10\"");
	CHECK_STR(json_at(tool.output, "why.function"), "\"ends\"");
	CHECK_STR(json_at(tool.output, "why.call_id"), "1");
	CHECK_EQ(strlen(json_at(tool.output, "why.host_time")), strlen("\"2026-01-31T23:59:59Z\""));
	CHECK_STR(json_at(tool.output, "why.version"), "\"" MOTE_VERSION_STRING "\"");
	CHECK_STR(json_at(tool.output, "no_names"), "null");
	snprintf(guest, sizeof(guest), "\"%s\"", test_guest("frames"));
	if (TOOL_ON_WINDOWS) /* with a drive, and in its own spelling */
		CHECK_CONTAINS(json_at(tool.output, "guest"), "\\\\guests\\\\frames\"");
	else
		CHECK_STR(json_at(tool.output, "guest"), guest);
	snprintf(pc, sizeof(pc), "%s", json_at(tool.output, "backtrace.0.pc"));
	CHECK(strcmp(json_at(tool.output, "registers.rip"), pc) == 0 ||
	      strcmp(json_at(tool.output, "registers.pc"), pc) == 0);
	for (size_t i = 0; i < TEST_COUNT(frames); i++) {
		char symbol[32];

		snprintf(symbol, sizeof(symbol), "backtrace.%zu.symbol", i);
		CHECK_STR(json_at(tool.output, symbol), frames[i]);
	}
	tool_clear(&tool);
}

static void other_ends_are_told(void)
{
	static const struct {
		const char *how, *status, *reason, *signal;
		int code;
	} rows[] = {
		{"1", "\"guest_abort\"", "guest aborted: no patience left", "6", 4},
		{"2", "\"wall_deadline\"", "wall-clock deadline", "24", 5},
	};

	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		const char *path = run_core(rows[i].how, rows[i].code);
		struct tool tool;

		TOOL_RUN(&tool, "core", "--json", path, test_guest("frames"));
		CHECK_EQ(tool.code, 0);
		CHECK(json_is_valid(tool.output));
		CHECK_STR(json_at(tool.output, "why.status"), rows[i].status);
		CHECK_CONTAINS(json_at(tool.output, "why.reason"), rows[i].reason);
		CHECK_STR(json_at(tool.output, "why.kind"), "null");
		CHECK_STR(json_at(tool.output, "signal"), rows[i].signal);
		CHECK_CONTAINS(tool.output, "\"symbol\":\"middle\"");
		tool_clear(&tool);
	}
}

static void missing_folder_leaves_the_status(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--json", "--core-dir", test_file("nowhere"), test_guest("cli"),
		 "read_at", "16");
	if (strstr(tool.errors, "built without cores") == NULL) {
		CHECK_EQ(tool.code, 3);
		CHECK_CONTAINS(tool.errors, "mote: no core: ");
		CHECK_CONTAINS(tool.errors, NO_SUCH_FILE);
		CHECK(json_is_valid(tool.output));
		CHECK_CONTAINS(json_at(tool.output, "core_error"), NO_SUCH_FILE);
		CHECK_STR(json_at(tool.output, "core"), "(none)");
	}
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(the_reason_is_shown),
		CASE(registers_are_those_of_the_note),
		CASE(json_has_the_same),
		CASE(gdb_of_the_machine_is_offered),
		CASE(without_its_guest_there_are_no_names),
		CASE(another_build_is_no_guest_of_the_core),
		CASE(a_stripped_guest_is_told),
		CASE(what_is_no_guest_is_refused),
		CASE(hostile_guests_give_no_names),
		CASE(a_named_device_is_not_opened),
		CASE(foreign_text_is_escaped),
		CASE(a_pasted_name_stays_one_word),
		CASE(what_is_no_core_is_refused),
		CASE(malformed_notes_are_refused),
		CASE(too_many_of_anything_are_refused),
		CASE(files_that_are_cut_off_are_refused),
		CASE(other_files_are_refused),
		CASE(frames_in_a_circle_end),
		CASE(long_backtraces_are_cut),
		CASE(a_huge_sparse_core_is_read),
		CASE(fault_is_told),
		CASE(fault_is_told_in_json),
		CASE(other_ends_are_told),
		CASE(missing_folder_leaves_the_status),
	};
	int code = test_main("cli_core", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}
