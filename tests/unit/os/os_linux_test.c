/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on Linux: what it hands out, what a fork sees of it,
 * and how failures are told.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit_test.h"

enum { BYTES = 1 << 20 };

static void guest_memory_is_zero_shared_and_closed_on_exec(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;
	uint8_t *other;

	check_ok(mote_os_memory_create(BYTES, 0, "guest memory", &memory, &error), &error);
	REQUIRE_EQ(memory.bytes, BYTES);
	for (size_t i = 0; i < BYTES; i += 64)
		REQUIRE_EQ(((uint8_t *)memory.hva)[i], 0);
	REQUIRE(fcntl((int)memory.handle, F_GETFD) & FD_CLOEXEC);
	other = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, (int)memory.handle, 0);
	REQUIRE(other != MAP_FAILED);
	((uint8_t *)memory.hva)[BYTES - 1] = 7;
	REQUIRE_EQ(other[BYTES - 1], 7);
	munmap(other, BYTES);
	mote_os_memory_destroy(&memory);
	REQUIRE(memory.hva == NULL);
	mote_os_memory_destroy(&memory); /* zeroed now */
	mote_os_memory_forget(&memory);
}

/* Exit code of a child that runs `act`. */
static int in_child(int (*act)(void *user), void *user)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(act(user));
	REQUIRE(child > 0);
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is_unmapped(void *user)
{
	unsigned char resident[BYTES / 4096];

	return mincore(user, BYTES, resident) != 0 && errno == ENOMEM;
}

static void a_forked_child_has_no_guest_memory(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;

	check_ok(mote_os_memory_create(BYTES, 0, "guest memory", &memory, &error), &error);
	REQUIRE_EQ(is_unmapped(memory.hva), 0);
	REQUIRE_EQ(in_child(is_unmapped, memory.hva), 1);
	mote_os_memory_destroy(&memory);
}

static int mark_is_set(void *user)
{
	return *(const volatile uint8_t *)user;
}

static void the_fork_mark_reads_zero_in_a_child(void)
{
	mote_error error = MOTE_ERROR_INIT;
	const volatile uint8_t *mark;

	check_ok(mote_os_fork_mark_create(&mark, &error), &error);
	REQUIRE_EQ(mark_is_set((void *)(uintptr_t)mark), 1);
	REQUIRE_EQ(in_child(mark_is_set, (void *)(uintptr_t)mark), 0);
	REQUIRE_EQ(mark_is_set((void *)(uintptr_t)mark), 1);
	mote_os_fork_mark_destroy(mark);
	mote_os_fork_mark_destroy(NULL);
}

static void limits_are_named(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct rlimit before, low = {0, 0};
	struct mote_os_memory memory;
	char number[32];

	REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	low.rlim_max = before.rlim_max;
	low.rlim_cur = 3;
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
	check_error(mote_os_memory_create(BYTES, 0, "guest memory", &memory, &error), &error,
		    MOTE_LIMIT,
		    "memfd_create for guest memory: the process is limited to 3 open files "
		    "(RLIMIT_NOFILE)");
	REQUIRE(strstr(error.text, "ulimit -n") != NULL);
	REQUIRE_EQ(error.os_code, EMFILE);
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	snprintf(number, sizeof(number), "limited to %llu open files",
		 (unsigned long long)before.rlim_cur);
	check_error(mote_os_fail(&error, MOTE_DOMAIN_HYPERVISOR, EMFILE, "KVM_CREATE_VM"), &error,
		    MOTE_LIMIT, number);
	check_error(mote_os_fail(&error, MOTE_DOMAIN_OS, ENFILE, "x"), &error, MOTE_LIMIT,
		    "fs.file-max");
	check_error(mote_os_fail(&error, MOTE_DOMAIN_OS, ENOMEM, "x"), &error, MOTE_NO_MEMORY, "x");
	check_error(mote_os_fail(&error, MOTE_DOMAIN_OS, EIO, "x"), &error, MOTE_OS,
		    "x: Input/output error");
	check_error(mote_os_fail(&error, MOTE_DOMAIN_HYPERVISOR, EIO, "x"), &error, MOTE_HYPERVISOR,
		    "x: Input/output error");
	REQUIRE_EQ(error.domain, MOTE_DOMAIN_HYPERVISOR);
	REQUIRE_EQ(mote_os_fail(NULL, MOTE_DOMAIN_OS, EMFILE, "x"), MOTE_LIMIT);
}

/* Stands in for the C library's: a kernel that wants to be told that files are not executable. */
static bool executable_files_are_refused;

int memfd_create(const char *name, unsigned int flags)
{
	const unsigned int noexec_seal = 8;

	if (executable_files_are_refused && !(flags & noexec_seal)) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_memfd_create, name, flags & ~noexec_seal);
}

static void kernels_that_refuse_executable_files_give_memory(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;

	executable_files_are_refused = true;
	check_ok(mote_os_memory_create(BYTES, 0, "guest memory", &memory, &error), &error);
	executable_files_are_refused = false;
	mote_os_memory_destroy(&memory);
}

static int try_large_file(void *user)
{
	const struct rlimit small = {BYTES - 1, BYTES - 1};
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;

	(void)user;
	if (setrlimit(RLIMIT_FSIZE, &small) != 0)
		return 1;
	if (mote_os_memory_create(BYTES, 0, "guest memory", &memory, &error) != MOTE_LIMIT)
		return 2;
	return strstr(error.text, "(RLIMIT_FSIZE); raise it with ulimit -f") == NULL;
}

static void a_limit_of_file_sizes_is_named(void)
{
	REQUIRE_EQ(in_child(try_large_file, NULL), 0);
}

static void failed_mappings_name_their_limits(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_error(mote_os_fail_mapping(&error, MOTE_DOMAIN_OS, EAGAIN, "x", 1), &error,
		    MOTE_LIMIT, "RLIMIT_MEMLOCK");
	check_error(mote_os_fail_mapping(&error, MOTE_DOMAIN_OS, ENOMEM, "x", 1), &error,
		    MOTE_NO_MEMORY, "RLIMIT_AS");
	check_error(mote_os_fail_mapping(&error, MOTE_DOMAIN_HYPERVISOR, EIO, "x", 1), &error,
		    MOTE_HYPERVISOR, "mmap of x: Input/output error");
}

static int may_use(void *user)
{
	return mote_os_file_permits(user);
}

/* As a user who is in one group alone. */
static int may_use_as_member(void *user)
{
	if (setgroups(0, NULL) != 0 || setgid(4242) != 0 || setuid(65534) != 0)
		return -1;
	return mote_os_file_permits(user);
}

static int may_use_as_stranger(void *user)
{
	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
		return -1;
	return mote_os_file_permits(user);
}

static void the_mode_of_a_file_tells_who_may_use_it(void)
{
	char path[] = "/tmp/mote-os-XXXXXX";
	int fd = mkstemp(path);

	if (geteuid() != 0)
		SKIP("only root can become somebody else");
	REQUIRE(fchmod(fd, 0660) == 0 && fchown(fd, 0, 4242) == 0);
	CHECK_EQ(in_child(may_use, path), 1);
	CHECK_EQ(in_child(may_use_as_member, path), 1);
	CHECK_EQ(in_child(may_use_as_stranger, path), 0);
	REQUIRE(fchmod(fd, 0666) == 0);
	CHECK_EQ(in_child(may_use_as_stranger, path), 1);
	REQUIRE(fchmod(fd, 0440) == 0);
	CHECK_EQ(in_child(may_use_as_member, path), 0);
	unlink(path);
	close(fd);
}

static void reserved_memory_is_there(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;
	unsigned char resident[BYTES / 4096];
	struct stat information;

	check_ok(mote_os_memory_create(BYTES, 0, "guest memory", &memory, &error), &error);
	REQUIRE_EQ(fstat((int)memory.handle, &information), 0);
	CHECK_EQ(information.st_blocks, 0);
	mote_os_memory_destroy(&memory);
	check_ok(mote_os_memory_create(BYTES, MOTE_OS_MEMORY_RESERVE, "guest memory", &memory,
				       &error),
		 &error);
	REQUIRE_EQ(fstat((int)memory.handle, &information), 0);
	CHECK_EQ(information.st_blocks, BYTES / 512);
	REQUIRE_EQ(mincore(memory.hva, BYTES, resident), 0);
	mote_os_memory_destroy(&memory);
}

/* ---- Private memory ----------------------------------------------------------------------- */

static struct mote_os_memory make_private(const struct mote_os_memory *base, intptr_t page_map)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;

	check_ok(mote_os_memory_create_private(BYTES, 0, base, page_map, "x", &memory, &error),
		 &error);
	return memory;
}

static bool has_data(const struct mote_os_memory *memory, uint64_t offset, uint64_t begin,
		     uint64_t end)
{
	mote_error error = MOTE_ERROR_INIT;
	uint64_t found, found_end;

	check_ok(mote_os_memory_next_data(memory, offset, &found, &found_end, &error), &error);
	return CHECK_EQ(found, begin) && CHECK_EQ(found_end, end);
}

static void private_memory_tells_which_pages_exist(void)
{
	const intptr_t page_map = mote_os_page_map_open();
	const uint64_t page = mote_os_page_bytes();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;
	uint8_t *bytes;

	REQUIRE(page_map >= 0);
	memory = make_private(NULL, page_map);
	bytes = memory.hva;
	has_data(&memory, 0, BYTES, BYTES);
	bytes[3 * page] = bytes[4 * page] = 1;
	bytes[BYTES - 1] = 1;
	has_data(&memory, 0, 3 * page, 5 * page);
	has_data(&memory, 3 * page + 1024, 3 * page + 1024, 5 * page);
	has_data(&memory, 5 * page, BYTES - page, BYTES);
	CHECK(mote_os_memory_holds_more(&memory, 3 * page - 1));
	CHECK(!mote_os_memory_holds_more(&memory, 3 * page));
	/* To read takes nothing, but the page is there. */
	CHECK_EQ(bytes[7 * page], 0);
	has_data(&memory, 5 * page, 7 * page, 8 * page);
	CHECK(!mote_os_memory_holds_more(&memory, 3 * page));
	check_ok(mote_os_memory_drop(&memory, "x", &error), &error);
	has_data(&memory, 0, BYTES, BYTES);
	CHECK_EQ(bytes[3 * page], 0);
	mote_os_memory_destroy(&memory);
	/* Where nothing tells, all of it may be data. */
	memory = make_private(NULL, -1);
	has_data(&memory, page, page, BYTES);
	CHECK(mote_os_memory_holds_more(&memory, BYTES));
	mote_os_memory_destroy(&memory);
	mote_os_page_map_close(page_map);
	mote_os_page_map_close(-1);
}

static void memory_can_exist_from_the_start(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;
	unsigned char resident[BYTES / 4096];

	for (int is_private = 0; is_private < 2; is_private++) {
		const unsigned flags = MOTE_OS_MEMORY_POPULATE;

		check_ok(is_private ? mote_os_memory_create_private(BYTES, flags, NULL, -1, "x",
								    &memory, &error)
				    : mote_os_memory_create(BYTES, flags, "x", &memory, &error),
			 &error);
		REQUIRE_EQ(mincore(memory.hva, BYTES, resident), 0);
		for (size_t i = 0; i < BYTES / mote_os_page_bytes(); i++)
			CHECK(resident[i] & 1);
		mote_os_memory_destroy(&memory);
	}
	check_ok(mote_os_memory_create_private(BYTES, MOTE_OS_MEMORY_HUGE, NULL, -1, "x", &memory,
					       &error),
		 &error);
	CHECK_EQ((uintptr_t)memory.hva % (2 << 20), 0);
	mote_os_memory_destroy(&memory);
}

static void nobody_changes_a_base(void)
{
	const intptr_t page_map = mote_os_page_map_open();
	const uint64_t page = mote_os_page_bytes();
	const struct mote_os_run runs[] = {{page, 2 * page}, {3 * page, 4 * page}};
	struct mote_os_memory from = make_private(NULL, page_map),
			      base = make_private(NULL, page_map), a, b;
	mote_error error = MOTE_ERROR_INIT;

	memset(from.hva, 7, BYTES);
	check_ok(mote_os_memory_make_base(&base, 0, from.hva, runs, 2, "x", &error), &error);
	a = make_private(&base, page_map);
	b = make_private(&base, page_map);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(((uint8_t *)a.hva)[i * page], i == 1 || i == 3 ? 7 : 0);
	CHECK(!mote_os_memory_holds_more(&a, 0));
	memset(a.hva, 9, 5 * page);
	CHECK(mote_os_memory_holds_more(&a, 5 * page - 1));
	CHECK_EQ(((uint8_t *)b.hva)[page], 7);
	CHECK_EQ(((uint8_t *)base.hva)[page], 7);
	has_data(&a, 0, 0, 4 * page);
	has_data(&a, 4 * page, 4 * page, 5 * page);
	has_data(&b, 0, 0, 4 * page);
	check_ok(mote_os_memory_drop(&a, "x", &error), &error);
	CHECK_EQ(((uint8_t *)a.hva)[page], 7);
	CHECK_EQ(((uint8_t *)a.hva)[4 * page], 0);
	CHECK(!mote_os_memory_holds_more(&a, 0));
	CHECK_EQ(pwrite((int)base.handle, "x", 1, (off_t)page), -1);
	CHECK_EQ(ftruncate((int)base.handle, (off_t)page), -1);
	CHECK(mmap(NULL, page, PROT_WRITE, MAP_SHARED, (int)base.handle, 0) == MAP_FAILED);
	REQUIRE_EQ(in_child(is_unmapped, base.hva), 1);
	REQUIRE_EQ(in_child(is_unmapped, a.hva), 1);
	/* The base may be gone. */
	mote_os_memory_destroy(&base);
	CHECK_EQ(((uint8_t *)b.hva)[3 * page], 7);
	mote_os_memory_destroy(&a);
	mote_os_memory_destroy(&b);
	mote_os_memory_destroy(&from);
	mote_os_page_map_close(page_map);
}

static void paths_begin_at_the_root(void)
{
	char before[4096], path[4096];

	REQUIRE(getcwd(before, sizeof(before)) != NULL);
	REQUIRE_EQ(chdir("/tmp"), 0);
	REQUIRE(mote_os_file_absolute("/tmp/guest", path, sizeof(path)));
	REQUIRE_STR(path, "/tmp/guest");
	REQUIRE(mote_os_file_absolute("././guest", path, sizeof(path)));
	REQUIRE_STR(path, "/tmp/guest");
	REQUIRE(mote_os_file_absolute("../guest", path, sizeof("/tmp/../guest")));
	REQUIRE_STR(path, "/tmp/../guest");
	REQUIRE(!mote_os_file_absolute("../guest", path, sizeof("/tmp/../guest") - 1));
	REQUIRE(!mote_os_file_absolute("guest", path, 4));
	REQUIRE_EQ(chdir("/"), 0);
	REQUIRE(mote_os_file_absolute("guest", path, sizeof(path)));
	REQUIRE_STR(path, "/guest");
	REQUIRE_EQ(chdir(before), 0);
}

static void absurd_sizes_are_errors(void)
{
	static const uint64_t sizes[] = {1ull << 62, 1ull << 63, UINT64_MAX & ~4095ull};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		mote_error error = MOTE_ERROR_INIT;
		struct mote_os_memory memory;
		int before = dup(0), after;

		close(before);
		REQUIRE(mote_os_memory_create(sizes[i], 0, "x", &memory, &error) != MOTE_OK);
		REQUIRE(error.text[0] != '\0');
		after = dup(0);
		close(after);
		REQUIRE_EQ(after, before); /* no descriptor was left open */
	}
}

static void files_are_read_at_any_offset(void)
{
	static const char contents[] = "0123456789";
	char path[] = "/tmp/mote-os-XXXXXX", buffer[32];
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_file file;
	int fd = mkstemp(path);
	size_t got;

	REQUIRE_EQ(write(fd, contents, 10), 10);
	close(fd);
	check_ok(mote_os_file_open(path, &file, &error), &error);
	REQUIRE_EQ(file.bytes, 10);
	REQUIRE(fcntl((int)file.handle, F_GETFD) & FD_CLOEXEC);
	check_ok(mote_os_file_read(&file, 0, buffer, sizeof(buffer), &got, &error), &error);
	REQUIRE_EQ(got, 10);
	REQUIRE_MEM(buffer, contents, 10);
	check_ok(mote_os_file_read(&file, 7, buffer, 2, &got, &error), &error);
	REQUIRE_EQ(got, 2);
	REQUIRE_MEM(buffer, "78", 2);
	check_ok(mote_os_file_read(&file, 10, buffer, 5, &got, &error), &error);
	REQUIRE_EQ(got, 0);
	check_ok(mote_os_file_read(&file, 1000, buffer, 5, &got, &error), &error);
	REQUIRE_EQ(got, 0);
	check_error(mote_os_file_read(&file, UINT64_MAX, buffer, 5, &got, &error), &error,
		    MOTE_FILE, "read of /tmp/mote-os-");
	mote_os_file_close(&file);
	unlink(path);
	check_error(mote_os_file_open(path, &file, &error), &error, MOTE_FILE, "No such file");
	check_error(mote_os_file_open("/tmp", &file, &error), &error, MOTE_FILE,
		    "/tmp: Is a directory");
	check_error(mote_os_file_open("/dev/null", &file, &error), &error, MOTE_FILE,
		    "/dev/null: not a regular file");
	check_error(mote_os_file_open("", &file, &error), &error, MOTE_FILE, "No such file");
}

static void random_bytes_are_not_all_the_same(void)
{
	mote_error error = MOTE_ERROR_INIT;
	uint8_t first[4096], second[4096];

	memset(first, 0, sizeof(first));
	memset(second, 0, sizeof(second));
	check_ok(mote_os_random(first, sizeof(first), &error), &error);
	check_ok(mote_os_random(second, sizeof(second), &error), &error);
	REQUIRE(memcmp(first, second, sizeof(first)) != 0);
	REQUIRE(memcmp(first + 4064, second + 4064, 32) != 0); /* to the last byte */
	check_ok(mote_os_random(first, 0, &error), &error);
}

static void the_environment_is_read(void)
{
	setenv("MOTE_UNIT_TEST", "value", 1);
	REQUIRE_STR(mote_os_environment("MOTE_UNIT_TEST"), "value");
	unsetenv("MOTE_UNIT_TEST");
	REQUIRE(mote_os_environment("MOTE_UNIT_TEST") == NULL);
}

static const struct test_case cases[] = {
	CASE(guest_memory_is_zero_shared_and_closed_on_exec),
	CASE(a_forked_child_has_no_guest_memory),
	CASE(the_fork_mark_reads_zero_in_a_child),
	CASE(limits_are_named),
	CASE(kernels_that_refuse_executable_files_give_memory),
	CASE(a_limit_of_file_sizes_is_named),
	CASE(failed_mappings_name_their_limits),
	CASE(the_mode_of_a_file_tells_who_may_use_it),
	CASE(reserved_memory_is_there),
	CASE(private_memory_tells_which_pages_exist),
	CASE(memory_can_exist_from_the_start),
	CASE(nobody_changes_a_base),
	CASE(absurd_sizes_are_errors),
	CASE(paths_begin_at_the_root),
	CASE(files_are_read_at_any_offset),
	CASE(random_bytes_are_not_all_the_same),
	CASE(the_environment_is_read),
};

int main(int argc, char **argv)
{
	return test_main("os_linux", cases, TEST_COUNT(cases), argc, argv);
}
