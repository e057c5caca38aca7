/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: files in the guest's memory, through the C library.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "libc_check.h"

/* A call that fails with a certain error. */
#define FAILS(call, number) CHECK((errno = 0, (call) == -1) && errno == (number))

static bool holds(const char *path, const char *expected)
{
	char text[64];
	int file = open(path, O_RDONLY);
	ssize_t length = read(file, text, sizeof(text));

	return file >= 0 && !close(file) && length == (ssize_t)strlen(expected) &&
	       !memcmp(text, expected, strlen(expected));
}

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(close(file) == 0);
}

static void test_reading_and_writing(void)
{
	char text[16] = {0};
	int file = open("/tmp/f", O_RDWR | O_CREAT | O_EXCL, 0600);
	struct iovec parts[] = {{(char *)"abc", 3}, {(char *)"", 0}, {(char *)"defgh", 5}};
	struct stat known;

	CHECK(file == 3);
	FAILS(open("/tmp/f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK(writev(file, parts, 3) == 8 && lseek(file, 0, SEEK_CUR) == 8);
	CHECK(pwrite(file, "XY", 2, 1) == 2 && lseek(file, 0, SEEK_CUR) == 8);
	CHECK(pread(file, text, 16, 0) == 8 && !strcmp(text, "aXYdefgh"));
	CHECK(lseek(file, -3, SEEK_END) == 5 && read(file, text, 16) == 3 &&
	      !memcmp(text, "fgh", 3));
	CHECK(read(file, text, 16) == 0);
	FAILS(lseek(file, -1, SEEK_SET), EINVAL);
	FAILS(lseek(file, LLONG_MAX, SEEK_END), EOVERFLOW);
	/* A hole reads as zeros, also where the file was longer before. */
	CHECK(ftruncate(file, 2) == 0 && pwrite(file, "z", 1, 5) == 1);
	CHECK(pread(file, text, 16, 0) == 6 && !memcmp(text, "aX\0\0\0z", 6));
	CHECK(fstat(file, &known) == 0 && known.st_size == 6 && S_ISREG(known.st_mode));
	CHECK((known.st_mode & 0777) == 0600 && known.st_nlink == 1);
	FAILS(pwrite(file, "", 1, (off_t)1 << 50), EFBIG);
	FAILS(ftruncate(file, (off_t)1 << 40), ENOSPC);
	FAILS(ftruncate(file, -1), EINVAL);
	CHECK(fstat(file, &known) == 0 && known.st_size == 6);
	CHECK(close(file) == 0);
	FAILS(close(file), EBADF);
	FAILS(read(file, text, 1), EBADF);
	put("/tmp/f", "one");
	file = open("/tmp/f", O_WRONLY | O_APPEND);
	FAILS(read(file, text, 1), EBADF);
	CHECK(lseek(file, 0, SEEK_SET) == 0 && write(file, "two", 3) == 3 && close(file) == 0);
	CHECK(holds("/tmp/f", "onetwo"));
	CHECK(truncate("/tmp/f", 4) == 0 && holds("/tmp/f", "onet"));
	/* Archivers give what they unpack to its owner. */
	CHECK(chown("/tmp/f", 1, 2) == 0 && lchown("/tmp/f", 1, 2) == 0);
	FAILS(chown("/tmp/g", 1, 2), ENOENT);
	file = open("/tmp/f", O_RDONLY);
	FAILS(write(file, "", 1), EBADF);
	FAILS(ftruncate(file, 0), EINVAL);
	CHECK(close(file) == 0 && unlink("/tmp/f") == 0);
	FAILS(open("/tmp/f", O_RDONLY), ENOENT);
}

static void test_descriptors(void)
{
	int first = open("/tmp/d", O_RDWR | O_CREAT, 0644), second = dup(first);
	struct pollfd ready[] = {{first, POLLIN, 0}, {99, POLLIN, 0}, {-1, POLLIN, 0}};
	char text[8];

	CHECK(second == first + 1 && write(second, "abc", 3) == 3);
	CHECK(lseek(first, 0, SEEK_CUR) == 3); /* they share it */
	CHECK(dup2(second, 40) == 40 && dup2(40, 40) == 40);
	CHECK(fcntl(first, F_DUPFD, 50) == 50 && close(50) == 0);
	FAILS(dup2(first, 100000), EBADF);
	CHECK(poll(ready, 3, 0) == 2 && ready[0].revents == POLLIN && ready[1].revents == POLLNVAL);
	CHECK(close(first) == 0 && close(second) == 0);
	/* A file without a name lives as long as it is open. */
	CHECK(unlink("/tmp/d") == 0 && access("/tmp/d", F_OK) == -1);
	CHECK(pread(40, text, 8, 0) == 3 && close(40) == 0);
	CHECK(fcntl(1, F_GETFL) == O_WRONLY && !isatty(1));
	FAILS(lseek(1, 0, SEEK_SET), ESPIPE);
	CHECK(read(0, text, 8) == 0);
	FAILS(read(1, text, 8), EBADF);
	FAILS(write(0, text, 8), EBADF);
}

static void test_limits(void)
{
	static char name[PATH_MAX + 2];
	int opened = 0, made = 0;

	memset(name, 'n', sizeof(name) - 1);
	memcpy(name, "/tmp/", 5);
	FAILS(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG);
	name[5 + 256] = 0;
	FAILS(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG);
	name[5 + 255] = 0;
	put(name, "");
	CHECK(unlink(name) == 0);
	for (long i = 0; i < 1000000; i++)
		opened += open("/tmp/many", O_CREAT | O_RDWR, 0644) >= 0;
	CHECK(opened == 253 && errno == EMFILE);
	for (int i = 3; i < 256; i++)
		CHECK(close(i) == 0);
	CHECK(unlink("/tmp/many") == 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "/tmp/%d", i);
		opened = open(name, O_CREAT | O_RDWR, 0644);
		made += opened >= 0 && close(opened) == 0;
	}
	CHECK(made > 3000 && made < 4096 && errno == ENOSPC);
	for (int i = 0; i < made; i++) {
		snprintf(name, sizeof(name), "/tmp/%d", i);
		CHECK(unlink(name) == 0);
	}
	/* A bomb takes the heap, and gives it back. */
	opened = open("/tmp/bomb", O_CREAT | O_RDWR, 0644);
	while (write(opened, name, sizeof(name)) > 0)
		;
	CHECK(errno == ENOSPC && lseek(opened, 0, SEEK_END) > 1 << 20);
	CHECK(close(opened) == 0 && unlink("/tmp/bomb") == 0);
	free(malloc(1 << 20));
}

/* The names in a directory, sorted, each with a space behind it. */
static const char *names_in(const char *path)
{
	static char text[512];
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	text[0] = 0;
	for (int i = 0; i < count; i++) {
		strcat(strcat(text, entries[i]->d_name), " ");
		free(entries[i]);
	}
	free(entries);
	return text;
}

static void test_directories(void)
{
	char path[64];
	struct stat known;
	DIR *directory;
	int count = 0, at;

	CHECK(!strcmp(names_in("/"), ". .. dev tmp ") &&
	      !strcmp(names_in("/dev"), ". .. null urandom "));
	CHECK(mkdir("/a", 0755) == 0 && mkdir("/a/b", 0700) == 0);
	FAILS(mkdir("/a", 0755), EEXIST);
	FAILS(mkdir("/", 0755), EEXIST);
	FAILS(mkdir("/x/y", 0755), ENOENT);
	put("/a/f", "text");
	FAILS(mkdir("/a/f/g", 0755), ENOTDIR);
	FAILS(rmdir("/a"), ENOTEMPTY);
	FAILS(rmdir("/a/f"), ENOTDIR);
	FAILS(unlink("/a/b"), EISDIR);
	FAILS(rmdir("/"), EBUSY);
	CHECK(stat("/a/./b/..//b", &known) == 0 && S_ISDIR(known.st_mode));
	CHECK(stat("/../a/f", &known) == 0 && known.st_size == 4);
	CHECK(chdir("/a/b") == 0 && getcwd(path, sizeof(path)) && !strcmp(path, "/a/b"));
	CHECK(holds("../f", "text") && access("../f", R_OK | W_OK) == 0);
	FAILS(access("../f", X_OK), EACCES);
	CHECK(!strcmp(names_in(".."), ". .. b f "));
	at = open("/a", O_RDONLY | O_DIRECTORY);
	FAILS(open("/a", O_RDWR), EISDIR);
	FAILS(read(at, path, 1), EISDIR);
	CHECK(faccessat(at, "b", F_OK, 0) == 0 && mkdirat(at, "c", 0755) == 0);
	CHECK(unlinkat(at, "c", AT_REMOVEDIR) == 0 && fchdir(at) == 0 && close(at) == 0);
	CHECK(realpath("b/../f", path) && !strcmp(path, "/a/f"));
	/* The directory that one is in may go. */
	CHECK(chdir("b") == 0 && rmdir("/a/b") == 0);
	FAILS(open("new", O_CREAT | O_RDWR, 0644), ENOENT);
	CHECK(!getcwd(path, sizeof(path)) && errno == ENOENT);
	CHECK(unlink("/a/f") == 0 && rmdir("/a") == 0 && access("..", F_OK) == 0 &&
	      chdir("/") == 0);
	/* A directory that changes while it is read. */
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/tmp/%d", i);
		put(path, "");
	}
	directory = opendir("/tmp");
	for (struct dirent *entry; (entry = readdir(directory));) {
		snprintf(path, sizeof(path), "/tmp/%.9s", entry->d_name);
		count += entry->d_name[0] != '.' && unlink(path) == 0;
	}
	CHECK(closedir(directory) == 0 && count == 300 && !strcmp(names_in("/tmp"), ". .. "));
}

static void test_renaming(void)
{
	put("/tmp/old", "old");
	put("/tmp/other", "other");
	CHECK(mkdir("/d", 0755) == 0 && mkdir("/d/e", 0755) == 0 && mkdir("/empty", 0755) == 0);
	CHECK(rename("/tmp/old", "/tmp/other") == 0 && holds("/tmp/other", "old"));
	CHECK(rename("/tmp/other", "/d/e/moved") == 0 && holds("/d/e/moved", "old"));
	CHECK(rename("/d/e/moved", "/d/e/moved") == 0 && holds("/d/e/moved", "old"));
	FAILS(rename("/tmp/old", "/tmp/x"), ENOENT);
	FAILS(rename("/d", "/d/e/f"), EINVAL);
	FAILS(rename("/empty", "/d/e"), ENOTEMPTY);
	FAILS(rename("/d/e/moved", "/empty"), EISDIR);
	FAILS(rename("/empty", "/d/e/moved"), ENOTDIR);
	CHECK(rename("/d/e", "/empty") == 0 && holds("/empty/moved", "old"));
	CHECK(!strcmp(names_in("/d"), ". .. ") && access("/empty/../d", F_OK) == 0);
	CHECK(unlink("/empty/moved") == 0 && rmdir("/empty") == 0 && rmdir("/d") == 0);
	CHECK(!strcmp(names_in("/"), ". .. dev tmp ") && !strcmp(names_in("/tmp"), ". .. "));
}

static void test_streams_of_stdio(void)
{
	FILE *file = fopen("/tmp/s", "w+");
	char text[32];

	CHECK(file && fprintf(file, "%d %s\n", 42, "words") == 9 && fseek(file, 3, SEEK_SET) == 0);
	CHECK(fgets(text, sizeof(text), file) && !strcmp(text, "words\n") && fclose(file) == 0);
	file = tmpfile();
	CHECK(file && fputs("x", file) >= 0 && ftell(file) == 1 && fclose(file) == 0);
	CHECK(!fopen("/nowhere/x", "w") && errno == ENOENT && remove("/tmp/s") == 0);
	file = fopen("/dev/null", "r+");
	CHECK(file && fputs("gone", file) >= 0 && fgetc(file) == EOF && fclose(file) == 0);
	file = fopen("/dev/urandom", "r");
	CHECK(file && fread(text, 1, 16, file) == 16 && fclose(file) == 0);
	CHECK(fgetc(stdin) == EOF && !strcmp(names_in("/tmp"), ". .. "));
}

void test_files(void)
{
	test_reading_and_writing();
	test_descriptors();
	test_limits();
	test_directories();
	test_renaming();
	test_streams_of_stdio();
}
