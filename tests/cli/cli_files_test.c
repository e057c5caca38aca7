/* SPDX-License-Identifier: Apache-2.0
 *
 * Any file as a guest: one clear line, exit code 1, at once.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef _WIN32
#include <sys/socket.h>
#include <sys/un.h>
#endif

#include "expected.h"
#include "json_check.h"
#include "test.h"
#include "tool.h"

enum { SECONDS = 5 }; /* what a refusal may take on an ordinary machine */

/* Neither run nor inspect takes it, with and without --json. */
static void expect_refusal(const char *path, const char *part)
{
	uint64_t begin = test_now_ns();
	struct tool tool;

	TOOL_RUN(&tool, "run", path);
	tool_expect_error(&tool, path, 1, part);
	tool_clear(&tool);
	TOOL_RUN(&tool, "inspect", path);
	tool_expect_error(&tool, path, 1, part);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", path, "function", "1");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	CHECK(json_is_valid(tool.output));
	CHECK(strcmp(json_at(tool.output, "status"), "\"ok\"") != 0);
	CHECK_CONTAINS(json_at(tool.output, "error"), part);
	tool_clear(&tool);
	CHECK(test_now_ns() - begin < 3 * test_slow(SECONDS) * 1000000000u);
}

static void expect_contents_refused(const void *data, size_t length, const char *part)
{
	const char *path = test_file("guest");

	test_write_file(path, data, length);
	expect_refusal(path, part);
}

static char *read_guest(size_t *length)
{
	return test_read_file(test_guest("echo"), length);
}

static void not_there(void)
{
	expect_refusal("/nowhere/at/all", "/nowhere/at/all: " NO_SUCH_FILE);
	expect_refusal("", ": " NO_SUCH_FILE);
}

static void empty_file(void)
{
	expect_contents_refused("", 0, "guest");
}

static void text_file(void)
{
	static const char text[] = "#!/bin/sh\necho This is no guest, but it is longer than a "
				   "header of an ELF file would be.\n";

	expect_contents_refused(text, sizeof(text) - 1, "ELF");
}

static void random_bytes(void)
{
	unsigned char bytes[4096];
	unsigned state = 1;

	for (unsigned round = 0; round < 4; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)((state = state * 1103515245 + 12345) >> 16);
		if (round % 2)
			memcpy(bytes, ELFMAG, SELFMAG);
		expect_contents_refused(bytes, sizeof(bytes), "guest");
	}
}

static void folder(void)
{
	expect_refusal("/", "/: " IS_A_FOLDER);
	expect_refusal(test_folder(), IS_A_FOLDER);
}

static void pipe_without_writer(void)
{
	const char *path = test_file("fifo");

	if (mkfifo(path, 0600) != 0 && TOOL_ON_WINDOWS)
		SKIP("no pipes in folders here: see cli_windows");
	expect_refusal(path, "fifo: not a regular file");
}

static void devices(void)
{
	if (TOOL_ON_WINDOWS)
		SKIP("devices have other names here: see cli_windows");
	expect_refusal("/dev/zero", "/dev/zero: not a regular file");
	expect_refusal("/dev/null", "/dev/null: not a regular file");
}

static void unix_socket(void)
{
#ifdef _WIN32
	SKIP("a socket is opened like a file here");
#else
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", test_file("socket"));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		SKIP("no sockets here: %s", strerror(errno));
	expect_refusal(address.sun_path, "socket: ");
	close(fd);
#endif
}

static void four_gib_of_zeros(void)
{
	const char *path = test_file("zeros");

	test_write_file(path, "", 0);
	if (truncate(path, 4ll << 30) != 0)
		SKIP("%s: %s", path, strerror(errno));
	expect_refusal(path, "ELF");
}

/* A real header, and then nothing for a terabyte. */
static void huge_guest(void)
{
	const char *path = test_file("huge");
	size_t length;
	char *image = read_guest(&length);

	test_write_file(path, image, length);
	free(image);
	if (truncate(path, 1ll << 40) != 0)
		SKIP("%s: %s", path, strerror(errno));
	expect_refusal(path, "larger than 1 GiB");
}

static void unreadable(void)
{
	const char *path = test_file("secret");

	if (geteuid() == 0)
		SKIP("%s", TOOL_ON_WINDOWS ? "modes deny nothing here" : "root reads everything");
	test_write_file(path, "x", 1);
	REQUIRE(chmod(path, 0) == 0);
	expect_refusal(path, "Permission denied");
}

/* ---- ELF files of other kinds ------------------------------------------------------------ */

static void dynamic_executable(void)
{
	if (access("/bin/true", R_OK) != 0)
		SKIP("no /bin/true here");
	expect_refusal("/bin/true", "/bin/true");
}

static void own_program(void)
{
	if (TOOL_ON_WINDOWS)
		SKIP("no /proc here");
	expect_refusal("/proc/self/exe", "/proc/self/exe"); /* the tool itself */
}

/* For inspect it is as good as any other: see cli.inspect_reads_both_architectures. */
static void other_architecture(void)
{
	const char *path = test_file("aarch64");
	struct tool tool;
	size_t length;
	char *image = read_guest(&length);

	/* Only the number differs: whatever is said about it, it does not run. */
	((Elf64_Ehdr *)(void *)image)->e_machine = OTHER_MACHINE;
	test_write_file(path, image, length);
	TOOL_RUN(&tool, "run", path);
	tool_expect_error(&tool, "only the number", 1, "guest");
	tool_clear(&tool);
	test_make_other_machine(image);
	test_write_file(path, image, length);
	TOOL_RUN(&tool, "run", path);
	tool_expect_error(&tool, "without a function", 1,
			  "is for " OTHER_MACHINE_NAME ", this host is " MACHINE_NAME);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", path, "add", "1", "2");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	CHECK_STR(json_at(tool.output, "status"), "\"wrong_machine\"");
	tool_clear(&tool);
	((Elf64_Ehdr *)(void *)image)->e_machine = EM_RISCV;
	expect_contents_refused(image, length, "guest");
	free(image);
}

static void header_of(char *image, unsigned offset, unsigned value, const char *part)
{
	char old[2];
	size_t length;

	memcpy(old, image + offset, 2);
	image[offset] = (char)value;
	length = sizeof(Elf64_Ehdr) * 4;
	expect_contents_refused(image, length, part);
	memcpy(image + offset, old, 2);
}

static void other_kinds_of_elf(void)
{
	size_t length;
	char *image = read_guest(&length);

	header_of(image, EI_CLASS, ELFCLASS32, "guest");
	header_of(image, EI_DATA, ELFDATA2MSB, "guest");
	header_of(image, EI_VERSION, 7, "guest");
	header_of(image, offsetof(Elf64_Ehdr, e_type), ET_REL, "guest");
	header_of(image, offsetof(Elf64_Ehdr, e_type), ET_CORE, "guest");
	header_of(image, offsetof(Elf64_Ehdr, e_phnum), 0, "guest");
	free(image);
}

/* ---- Damaged guests ---------------------------------------------------------------------- */

/* Behind this offset nothing is loaded: a guest that is cut there still runs. */
static size_t loaded_end(const char *image)
{
	const Elf64_Ehdr *header = (const void *)image;
	const Elf64_Phdr *segments = (const void *)(image + header->e_phoff);
	size_t end = 0;

	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segments[i].p_offset + segments[i].p_filesz > end)
			end = segments[i].p_offset + segments[i].p_filesz;
	return end;
}

static void truncated_anywhere(void)
{
	size_t length, end, at = 0, step;
	char *image = read_guest(&length);
	const char *path = test_file("cut");
	struct tool tool;

	end = loaded_end(image);
	step = end / test_scale(150) + 1;
	while (at < end) {
		test_write_file(path, image, at);
		TOOL_RUN(&tool, "run", path, "empty");
		tool_expect_error(&tool, "cut", 1, "guest");
		tool_clear(&tool);
		/* Densely through the headers. */
		at += at < 700 && step > 13 * (step / 150 + 1) ? 13 * (step / 150 + 1) : step;
	}
	test_write_file(path, image, end - 1);
	TOOL_RUN(&tool, "run", path, "empty");
	tool_expect_error(&tool, "one byte short", 1, "guest");
	tool_clear(&tool);
	free(image);
}

/* Nothing of it may run, so inspect is asked: it may like it or not, but it answers. */
static void damaged_anywhere(void)
{
	size_t length;
	char *image = read_guest(&length), *damaged = malloc(length);
	uint64_t rounds = test_scale(400);
	const char *path = test_file("damaged");
	unsigned state = 42;
	struct tool tool;

	for (uint64_t round = 0; round < rounds; round++) {
		memcpy(damaged, image, length);
		for (unsigned i = 0; i < 1 + round % 8; i++) {
			size_t range = round % 2 ? length : 1024;

			state = state * 1103515245 + 12345;
			damaged[(state >> 8) % range] ^= (char)(1u << (state >> 5) % 8);
		}
		test_write_file(path, damaged, length);
		TOOL_RUN(&tool, "inspect", "--json", path);
		CHECK(tool.code == 0 || tool.code == 1);
		CHECK(json_is_valid(tool.output));
		CHECK(tool.code == 0 ? !tool.errors_length : is_error_line(tool.errors));
		if (tool.code != 0 && tool.code != 1)
			FAIL("round %llu: code %d", (unsigned long long)round, tool.code);
		tool_clear(&tool);
	}
	free(damaged);
	free(image);
}

/* The reason, at the end, is what the user needs. */
static void long_names_do_not_hide_the_reason(void)
{
	char path[4000];
	size_t length;

	snprintf(path, sizeof(path), "%s", test_folder());
	while (strlen(path) < 1500) {
		length = strlen(path);
		snprintf(path + length, sizeof(path) - length, "/%0200d", 7);
		REQUIRE(mkdir(path, 0700) == 0);
	}
	length = strlen(path);
	snprintf(path + length, sizeof(path) - length, "/guest.elf");
	expect_refusal(path, "/guest.elf: " NO_SUCH_FILE);
	test_write_file(path, "x", 1);
	expect_refusal(path, "/guest.elf: ");
	if (TOOL_ON_WINDOWS)
		return; /* it calls names that are too long something else */
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	expect_refusal(path, "x: File name too long");
}

static void names_are_escaped(void)
{
	const char *path = test_file("red\x1b[31m\nline");

	if (TOOL_ON_WINDOWS)
		SKIP("no such names here");
	test_write_file(path, "", 0);
	expect_refusal(path, "guest");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(not_there),
		CASE(empty_file),
		CASE(text_file),
		CASE(random_bytes),
		CASE(folder),
		CASE(pipe_without_writer),
		CASE(devices),
		CASE(unix_socket),
		CASE(four_gib_of_zeros),
		CASE(huge_guest),
		CASE(unreadable),
		CASE(dynamic_executable),
		CASE(own_program),
		CASE(other_architecture),
		CASE(other_kinds_of_elf),
		CASE(truncated_anywhere),
		CASE(damaged_anywhere),
		CASE(long_names_do_not_hide_the_reason),
		CASE(names_are_escaped),
	};
	int code = test_main("cli_files", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}
