/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest images: the notes and tables of the ABI in an ELF file, from memory and
 * from files that are none.
 */
#define _GNU_SOURCE
#include "sandbox/image.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit_test.h"
#include "elf_builder.h"

static mote_status take(const struct elf_file *file, mote_image **image, mote_error *error)
{
	return mote_image_from_bytes(NULL, file->bytes, sizeof(file->bytes), "guest.elf", image,
				     error);
}

static void a_valid_image_is_read(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information;
	mote_image_function function;
	mote_image_segment segment;
	char text[MOTE_SIGNATURE_TEXT_BYTES];
	struct elf_file file;
	mote_image *image;

	(void)state;
	elf_make(&file);
	check_ok(take(&file, &image, &error), &error);
	memset(&file, 0xee, sizeof(file)); /* it was copied */
	mote_image_get_information(image, &information);
	assert_string_equal(information.name, "guest.elf");
	assert_int_equal(information.machine, MOTE_MACHINE_X86_64);
	assert_int_equal(information.abi_version, MOTE_ABI_VERSION);
	assert_true(information.position_independent);
	assert_int_equal(information.entry, CODE_AT + 8);
	assert_int_equal(information.heap_bytes, 0x10000);
	assert_int_equal(information.stack_bytes, 0x8000);
	assert_int_equal(information.export_count, 2);
	assert_int_equal(information.import_count, 1);
	assert_int_equal(information.segment_count, 3);
	assert_int_equal(information.symbol_count, 2);
	assert_true(mote_image_get_export(image, 0, &function));
	assert_string_equal(function.name, "first");
	mote_signature_format(&function.signature, text);
	assert_string_equal(text, "i32(bytes)");
	assert_true(mote_image_get_export(image, 1, &function));
	mote_signature_format(&function.signature, text);
	assert_string_equal(text, "void()");
	assert_true(mote_image_get_import(image, 0, &function));
	assert_string_equal(function.name, "wanted");
	mote_signature_format(&function.signature, text);
	assert_string_equal(text, "string(u64,bool)");
	assert_true(mote_image_get_segment(image, 2, &segment));
	assert_true(segment.writable && segment.memory_bytes == 0x3000);
	function.name = "untouched";
	assert_false(mote_image_get_export(image, 2, &function));
	assert_false(mote_image_get_import(image, SIZE_MAX, &function));
	assert_false(mote_image_get_segment(image, 3, &segment));
	assert_string_equal(function.name, "untouched");
	assert_int_equal(mote_image_extent(image).begin, 0);
	assert_int_equal(mote_image_extent(image).end, BSS_END);
	mote_image_release(mote_image_retain(image));
	mote_image_release(image);
	mote_image_release(NULL);
}

static void optional_parts_may_be_missing(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information;
	struct elf_file file;
	mote_image *image;

	(void)state;
	elf_make(&file);
	put64(&file, ph(NOTES, PH_FILE_BYTES), NEEDS_NOTE_AT - NOTES_AT);
	for (unsigned i = 0; i < 4; i++) /* empty tables, wherever they are */
		put32(&file, IMAGE_CONTENTS_AT + 4 + 4 * i, 0x7fffff00 - 4 * i);
	check_ok(take(&file, &image, &error), &error);
	mote_image_get_information(image, &information);
	assert_int_equal(information.heap_bytes, 0);
	assert_int_equal(information.stack_bytes, 0);
	assert_int_equal(information.export_count, 0);
	assert_int_equal(information.import_count, 0);
	mote_image_release(image);
}

struct damage {
	size_t at;
	unsigned bytes;
	uint64_t value;
	mote_status status;
	const char *why;
};

static void check_damages(const struct damage *damages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mote_error error = MOTE_ERROR_INIT;
		mote_image *image = NULL;
		struct elf_file file;

		elf_make(&file);
		for (unsigned n = 0; n < damages[i].bytes; n++)
			file.bytes[damages[i].at + n] = (uint8_t)(damages[i].value >> 8 * n);
		check_error(take(&file, &image, &error), &error, damages[i].status, damages[i].why);
		assert_non_null(strstr(error.text, "guest image guest.elf: "));
		assert_null(image);
	}
}

static void bad_notes_are_refused(void **state)
{
	const struct damage damages[] = {
		{ph(NOTES, PH_TYPE), 4, 0, MOTE_BAD_IMAGE, "no mote note, so not a mote guest"},
		{IMAGE_NOTE_AT + 12, 1, 'M', MOTE_BAD_IMAGE, "no mote note"},
		{IMAGE_NOTE_AT + 16, 1, 'x', MOTE_BAD_IMAGE, "no mote note"},
		{IMAGE_NOTE_AT, 4, 4, MOTE_BAD_IMAGE, ""},
		{IMAGE_NOTE_AT, 4, UINT32_MAX, MOTE_BAD_IMAGE, "malformed ELF note"},
		{IMAGE_NOTE_AT + 4, 4, UINT32_MAX, MOTE_BAD_IMAGE, "malformed ELF note"},
		{IMAGE_NOTE_AT + 4, 4, 16, MOTE_BAD_IMAGE, "malformed ELF note"},
		{IMAGE_NOTE_AT + 8, 4, 3, MOTE_BAD_IMAGE, "malformed ELF note"},
		{IMAGE_NOTE_AT + 8, 4, 0, MOTE_BAD_IMAGE, "malformed ELF note"},
		{NEEDS_NOTE_AT + 8, 4, MOTE_ABI_NOTE_IMAGE, MOTE_BAD_IMAGE, "malformed ELF note"},
		{NEEDS_NOTE_AT + 4, 4, 20, MOTE_BAD_IMAGE, "malformed ELF note"},
		{NEEDS_NOTE_AT + 8, 4, 7, MOTE_BAD_IMAGE, "malformed ELF note"},
		{ph(NOTES, PH_OFFSET), 8, UINT64_MAX, MOTE_BAD_IMAGE, "malformed ELF note"},
		{IMAGE_CONTENTS_AT, 4, 2, MOTE_WRONG_ABI,
		 "made for guest ABI 2, this library has 1; rebuild it"},
		{IMAGE_CONTENTS_AT, 4, 0, MOTE_WRONG_ABI, "made for guest ABI 0"},
		{IMAGE_CONTENTS_AT, 4, UINT32_MAX, MOTE_WRONG_ABI, "made for guest ABI 4294967295"},
	};

	(void)state;
	check_damages(damages, COUNT(damages));
}

/* Where a boundary of a table is written in the image note. */
static size_t boundary(unsigned number)
{
	return IMAGE_CONTENTS_AT + 4 + 4 * (size_t)number;
}

static uint32_t distance(unsigned number, int64_t target)
{
	return (uint32_t)(target - (int64_t)boundary(number));
}

static void tables_out_of_range_are_refused(void **state)
{
	const size_t record = sizeof(struct mote_abi_export);
	const struct damage damages[] = {
		{boundary(0), 4, distance(0, EXPORTS_AT + 1), MOTE_BAD_IMAGE,
		 "table of exports is out of range"},
		{boundary(1), 4, distance(1, EXPORTS_AT + 95), MOTE_BAD_IMAGE,
		 "table of exports is out of range"},
		{boundary(1), 4, distance(1, EXPORTS_AT - 96), MOTE_BAD_IMAGE,
		 "table of exports is out of range"},
		{boundary(1), 4, distance(1, EXPORTS_AT + 200 * (int64_t)record), MOTE_BAD_IMAGE,
		 "table of exports is out of range"}, /* beyond the file */
		{boundary(0), 4, distance(0, -96), MOTE_BAD_IMAGE, "out of range"},
		{boundary(0), 4, 0x80000000, MOTE_BAD_IMAGE, "out of range"},
		{boundary(1), 4, 0x7fffffff, MOTE_BAD_IMAGE, "out of range"},
		{boundary(2), 4, distance(2, IMPORTS_AT + 4), MOTE_BAD_IMAGE,
		 "table of imports is out of range"},
		{boundary(3), 4, distance(3, IMPORTS_AT + 88 * 100), MOTE_BAD_IMAGE,
		 "table of imports is out of range"},
		{boundary(3), 4, distance(3, IMPORTS_AT - 88), MOTE_BAD_IMAGE, "out of range"},
		{ph(NOTES, PH_ADDRESS), 8, UINT64_MAX - 0x1fffff, MOTE_BAD_IMAGE, "out of range"},
		{ph(NOTES, PH_ADDRESS), 8, 1ull << 63, MOTE_BAD_IMAGE, "out of range"},
	};

	(void)state;
	check_damages(damages, COUNT(damages));
}

static void bad_records_are_refused(void **state)
{
	const size_t one = EXPORTS_AT + sizeof(struct mote_abi_export);
	const struct damage damages[] = {
		{EXPORTS_AT, 1, 0, MOTE_BAD_IMAGE,
		 "export 0: its name is empty, too long or unprintable"},
		{EXPORTS_AT, 1, ' ', MOTE_BAD_IMAGE, "export 0: its name"},
		{EXPORTS_AT, 1, '\n', MOTE_BAD_IMAGE, "export 0: its name"},
		{EXPORTS_AT + 1, 1, 0x7f, MOTE_BAD_IMAGE, "export 0: its name"},
		{EXPORTS_AT + 1, 1, 0xff, MOTE_BAD_IMAGE, "export 0: its name"},
		{one, 1, 0, MOTE_BAD_IMAGE, "export 1: its name"},
		{EXPORTS_AT + 64, 1, MOTE_TYPE_COUNT, MOTE_BAD_IMAGE,
		 "export 0: unknown result type"},
		{EXPORTS_AT + 64, 1, 255, MOTE_BAD_IMAGE, "export 0: unknown result type"},
		{EXPORTS_AT + 65, 1, 17, MOTE_BAD_IMAGE, "export 0: too many arguments"},
		{EXPORTS_AT + 65, 1, 255, MOTE_BAD_IMAGE, "export 0: too many arguments"},
		{EXPORTS_AT + 66, 1, 0, MOTE_BAD_IMAGE, "export 0: unknown argument type"},
		{EXPORTS_AT + 66, 1, 10, MOTE_BAD_IMAGE, "export 0: unknown argument type"},
		{EXPORTS_AT + 65, 1, 2, MOTE_BAD_IMAGE, "export 0: unknown argument type"},
		{one, 7, 0x7473726966ull, MOTE_BAD_IMAGE, "two exports are called first"},
		{IMPORTS_AT, 1, 0, MOTE_BAD_IMAGE, "import 0: its name"},
		{IMPORTS_AT + 65, 1, 17, MOTE_BAD_IMAGE, "import 0: too many arguments"},
	};
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	mote_image *image;

	(void)state;
	check_damages(damages, COUNT(damages));
	/* A name of 64 bytes has no end; of 63 it has. */
	elf_make(&file);
	memset(file.bytes + EXPORTS_AT, 'n', 64);
	check_error(take(&file, &image, &error), &error, MOTE_BAD_IMAGE, "export 0: its name");
	file.bytes[EXPORTS_AT + 63] = 0;
	check_ok(take(&file, &image, &error), &error);
	mote_image_release(image);
}

static void arguments_of_the_api_are_checked(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;

	(void)state;
	check_error(mote_image_from_bytes(NULL, NULL, 5, "x", &image, &error), &error,
		    MOTE_INVALID_ARGUMENT, "NULL argument");
	check_error(mote_image_from_bytes(NULL, "x", 1, "x", NULL, &error), &error,
		    MOTE_INVALID_ARGUMENT, "NULL argument");
	check_error(mote_image_open(NULL, NULL, &image, &error), &error, MOTE_INVALID_ARGUMENT,
		    "NULL argument");
	check_error(mote_image_from_bytes(NULL, NULL, 0, NULL, &image, &error), &error,
		    MOTE_BAD_IMAGE, "guest image (bytes): the file is empty");
	check_error(mote_image_from_bytes(NULL, "x", (size_t)(1 << 30) + 1, "big", &image, &error),
		    &error, MOTE_BAD_IMAGE, "guest image big: larger than 1 GiB");
	assert_null(image);
	assert_int_equal(mote_image_from_bytes(NULL, "x", 1, "x", &image, NULL), MOTE_BAD_IMAGE);
}

/* ---- Damage of any kind ------------------------------------------------------------------- */

static bool use(const uint8_t *bytes, size_t length)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information;
	mote_image_function function;
	mote_image *image;
	mote_status status = mote_image_from_bytes(NULL, bytes, length, "x", &image, &error);

	if (status != MOTE_OK) {
		assert_true(status == MOTE_BAD_IMAGE || status == MOTE_WRONG_ABI);
		assert_true(error.text[0] != '\0');
		return false;
	}
	mote_image_get_information(image, &information);
	for (size_t i = 0; mote_image_get_export(image, i, &function); i++)
		assert_true(strlen(function.name) < MOTE_ABI_NAME_BYTES);
	for (size_t i = 0; mote_image_get_import(image, i, &function); i++)
		assert_true(strlen(function.name) < MOTE_ABI_NAME_BYTES);
	mote_image_release(image);
	return true;
}

static void truncation_at_every_byte_is_refused(void **state)
{
	struct elf_file file;

	(void)state;
	elf_make(&file);
	for (size_t length = 0; length <= sizeof(file.bytes); length++)
		assert_int_equal(use(file.bytes, length), length >= DATA_END);
}

static void random_damage_is_harmless(void **state)
{
	static const size_t places[][2] = {
		{0, PHS_AT + PH_COUNT * PH_BYTES},
		{NOTES_AT, NOTES_END - NOTES_AT},
		{EXPORTS_AT, 0x180},
		{DYNAMIC_AT, DYNAMIC_ENTRIES * DYN_BYTES},
	};
	uint64_t seed = 7, good = 0;
	struct elf_file file;

	(void)state;
	for (unsigned i = 0; i < 30000; i++) {
		elf_make(&file);
		for (uint64_t n = 1 + random_below(&seed, 3); n > 0; n--) {
			const size_t *place = places[random_below(&seed, COUNT(places))];
			size_t at = place[0] + random_below(&seed, place[1]);

			file.bytes[at] = (uint8_t)random_next(&seed);
			if (random_below(&seed, 4) == 0)
				put32(&file, at & ~3ull, (uint32_t)random_next(&seed));
		}
		good += use(file.bytes, sizeof(file.bytes));
	}
	assert_true(good > 100);
}

/* ---- Files -------------------------------------------------------------------------------- */

static char folder[] = "/tmp/mote-image-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int delete_one(const char *path, const struct stat *information, int type, struct FTW *where)
{
	(void)information, (void)type, (void)where;
	return remove(path);
}

static int delete_folder(void **state)
{
	(void)state;
	return nftw(folder, delete_one, 8, FTW_DEPTH | FTW_PHYS);
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

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void refuse_file(const char *name, mote_status status, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;

	check_error(mote_image_open(NULL, path_of(name), &image, &error), &error, status, why);
	assert_non_null(strstr(error.text, path_of(name)));
	assert_null(image);
}

static void files_are_read(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information;
	struct elf_file file;
	mote_image *image;

	(void)state;
	elf_make(&file);
	write_file("good", file.bytes, sizeof(file.bytes));
	check_ok(mote_image_open(NULL, path_of("good"), &image, &error), &error);
	mote_image_get_information(image, &information);
	assert_string_equal(information.name, path_of("good"));
	assert_int_equal(information.export_count, 2);
	mote_image_release(image);
}

static void files_that_are_no_images_are_refused(void **state)
{
	struct elf_file file;
	int fd;

	(void)state;
	elf_make(&file);
	refuse_file("missing", MOTE_FILE, "No such file or directory");
	write_file("empty", "", 0);
	refuse_file("empty", MOTE_BAD_IMAGE, "the file is empty");
	write_file("text", "#!/bin/sh\n", 10);
	refuse_file("text", MOTE_BAD_IMAGE, "not an ELF executable");
	write_file("short", file.bytes, 63);
	refuse_file("short", MOTE_BAD_IMAGE, "truncated ELF header");
	write_file("cut", file.bytes, 0x2800);
	refuse_file("cut", MOTE_BAD_IMAGE, "lies behind the end of the file (truncated?)");
	assert_int_equal(mkdir(path_of("folder"), 0755), 0);
	refuse_file("folder", MOTE_FILE, "Is a directory");
	assert_int_equal(mkfifo(path_of("fifo"), 0644), 0);
	refuse_file("fifo", MOTE_FILE, "not a regular file");
	assert_int_equal(symlink("/dev/zero", path_of("device")), 0);
	refuse_file("device", MOTE_FILE, "not a regular file");
	/* Sparse: no bytes are read but the first. */
	fd = open(path_of("zeros"), O_CREAT | O_WRONLY, 0644);
	assert_int_equal(ftruncate(fd, 4ll << 30), 0);
	close(fd);
	refuse_file("zeros", MOTE_BAD_IMAGE, "not an ELF executable");
	write_file("huge", file.bytes, sizeof(file.bytes));
	assert_int_equal(truncate(path_of("huge"), (1ll << 30) + 1), 0);
	refuse_file("huge", MOTE_BAD_IMAGE, "larger than 1 GiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_image_is_read),
		cmocka_unit_test(optional_parts_may_be_missing),
		cmocka_unit_test(bad_notes_are_refused),
		cmocka_unit_test(tables_out_of_range_are_refused),
		cmocka_unit_test(bad_records_are_refused),
		cmocka_unit_test(arguments_of_the_api_are_checked),
		cmocka_unit_test(truncation_at_every_byte_is_refused),
		cmocka_unit_test(random_damage_is_harmless),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(files_that_are_no_images_are_refused),
	};

	return cmocka_run_group_tests_name("image", tests, make_folder, delete_folder);
}
