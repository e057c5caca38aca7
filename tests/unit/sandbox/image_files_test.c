/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest images in files, and files that are none, on a POSIX system.
 */
#define _GNU_SOURCE
#include "sandbox/image_internal.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit_test.h"
#include "elf_builder.h"

static char folder[] = "/tmp/mote-image-XXXXXX";

static int delete_one(const char *path, const struct stat *information, int type, struct FTW *where)
{
	(void)information, (void)type, (void)where;
	return remove(path);
}

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const void *bytes, size_t length)
{
	FILE *file = fopen(path_of(name), "wb");

	REQUIRE(file != NULL);
	REQUIRE_EQ(fwrite(bytes, 1, length, file), length);
	REQUIRE_EQ(fclose(file), 0);
}

static void refuse_file(const char *name, mote_status status, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;

	check_error(mote_image_open(NULL, path_of(name), &image, &error), &error, status, why);
	REQUIRE((strstr(error.text, path_of(name))) != NULL);
	REQUIRE(image == NULL);
}

static void files_are_read(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	struct elf_file file;
	mote_image *image;

	elf_make(&file);
	write_file("good", file.bytes, sizeof(file.bytes));
	check_ok(mote_image_open(NULL, path_of("good"), &image, &error), &error);
	mote_image_get_information(image, &information, NULL);
	REQUIRE_STR(information.name, path_of("good"));
	REQUIRE_EQ(information.export_count, 2);
	mote_image_release(image);
}

static void files_that_are_no_images_are_refused(void)
{
	struct elf_file file;
	int fd;

	elf_make(&file);
	refuse_file("missing", MOTE_FILE, "No such file or directory");
	write_file("empty", "", 0);
	refuse_file("empty", MOTE_BAD_IMAGE, "the file is empty");
	write_file("text", "#!/bin/sh\n", 10);
	refuse_file("text", MOTE_BAD_IMAGE, "not an ELF executable");
	write_file("short", file.bytes, 63);
	refuse_file("short", MOTE_BAD_IMAGE, "truncated ELF header");
	write_file("cut", file.bytes, 0x2800);
	refuse_file("cut", MOTE_BAD_IMAGE, "extends past the end of the file (truncated?)");
	REQUIRE_EQ(mkdir(path_of("folder"), 0755), 0);
	refuse_file("folder", MOTE_FILE, "Is a directory");
	REQUIRE_EQ(mkfifo(path_of("fifo"), 0644), 0);
	refuse_file("fifo", MOTE_FILE, "not a regular file");
	REQUIRE_EQ(symlink("/dev/zero", path_of("device")), 0);
	refuse_file("device", MOTE_FILE, "not a regular file");
	/* Sparse: no bytes are read but the first. */
	fd = open(path_of("zeros"), O_CREAT | O_WRONLY, 0644);
	REQUIRE_EQ(ftruncate(fd, 4ll << 30), 0);
	close(fd);
	refuse_file("zeros", MOTE_BAD_IMAGE, "not an ELF executable");
	write_file("huge", file.bytes, sizeof(file.bytes));
	REQUIRE_EQ(truncate(path_of("huge"), (1ll << 30) + 1), 0);
	refuse_file("huge", MOTE_BAD_IMAGE, "larger than 1 GiB");
}

static const struct test_case cases[] = {
	CASE(files_are_read),
	CASE(files_that_are_no_images_are_refused),
};

int main(int argc, char **argv)
{
	int code;

	if (mkdtemp(folder) == NULL)
		return 2;
	code = test_main("image_files", cases, TEST_COUNT(cases), argc, argv);
	return nftw(folder, delete_one, 8, FTW_DEPTH | FTW_PHYS) != 0 ? 2 : code;
}
