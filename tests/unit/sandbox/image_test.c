/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest images: the notes and tables of the ABI in an ELF file.
 */
#include "sandbox/image_internal.h"

#include "../unit_test.h"
#include "elf_builder.h"

static mote_status take(const struct elf_file *file, mote_image **image, mote_error *error)
{
	return mote_image_from_bytes(NULL, file->bytes, sizeof(file->bytes), "guest.elf", image,
				     error);
}

static void a_valid_image_is_read(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;
	mote_image_segment segment = MOTE_IMAGE_SEGMENT_INIT;
	char text[MOTE_SIGNATURE_TEXT_BYTES];
	struct elf_file file;
	mote_image *image;

	elf_make(&file);
	check_ok(take(&file, &image, &error), &error);
	memset(&file, 0xee, sizeof(file)); /* it was copied */
	mote_image_get_information(image, &information, NULL);
	REQUIRE_STR(information.name, "guest.elf");
	REQUIRE_EQ(information.machine, MOTE_MACHINE_X86_64);
	REQUIRE_EQ(information.abi_version, MOTE_ABI_VERSION);
	REQUIRE(information.position_independent);
	REQUIRE_EQ(information.entry, CODE_AT + 8);
	REQUIRE_EQ(information.heap_bytes, 0x10000);
	REQUIRE_EQ(information.stack_bytes, 0x8000);
	REQUIRE_EQ(information.export_count, 2);
	REQUIRE_EQ(information.import_count, 1);
	REQUIRE_EQ(information.segment_count, 3);
	REQUIRE_EQ(information.symbol_count, 2);
	REQUIRE(mote_image_get_export(image, 0, &function, NULL) == MOTE_OK);
	REQUIRE_STR(function.name, "first");
	mote_signature_format(&function.signature, text);
	REQUIRE_STR(text, "i32(bytes)");
	REQUIRE(mote_image_get_export(image, 1, &function, NULL) == MOTE_OK);
	mote_signature_format(&function.signature, text);
	REQUIRE_STR(text, "void()");
	REQUIRE(mote_image_get_import(image, 0, &function, NULL) == MOTE_OK);
	REQUIRE_STR(function.name, "wanted");
	mote_signature_format(&function.signature, text);
	REQUIRE_STR(text, "string(u64,bool)");
	REQUIRE(mote_image_get_segment(image, 2, &segment, NULL) == MOTE_OK);
	REQUIRE(segment.writable && segment.memory_bytes == 0x3000);
	function.name = "untouched";
	REQUIRE(mote_image_get_export(image, 2, &function, NULL) == MOTE_NOT_FOUND);
	REQUIRE(mote_image_get_import(image, SIZE_MAX, &function, NULL) == MOTE_NOT_FOUND);
	REQUIRE(mote_image_get_segment(image, 3, &segment, NULL) == MOTE_NOT_FOUND);
	REQUIRE_STR(function.name, "untouched");
	REQUIRE_EQ(mote_image_extent(image).begin, 0);
	REQUIRE_EQ(mote_image_extent(image).end, BSS_END);
	mote_image_release(mote_image_retain(image));
	mote_image_release(image);
	mote_image_release(NULL);
}

static void optional_parts_may_be_missing(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	struct elf_file file;
	mote_image *image;

	elf_make(&file);
	put64(&file, ph(NOTES, PH_FILE_BYTES), NEEDS_NOTE_AT - NOTES_AT);
	for (unsigned i = 0; i < 4; i++) /* empty tables, wherever they are */
		put32(&file, IMAGE_CONTENTS_AT + 4 + 4 * i, 0x7fffff00 - 4 * i);
	check_ok(take(&file, &image, &error), &error);
	mote_image_get_information(image, &information, NULL);
	REQUIRE_EQ(information.heap_bytes, 0);
	REQUIRE_EQ(information.stack_bytes, 0);
	REQUIRE_EQ(information.export_count, 0);
	REQUIRE_EQ(information.import_count, 0);
	mote_image_release(image);
}

/* As many exports as there may be, with names that differ at the very end; the last two are
 * alike. */
static void many_exports_are_compared(void)
{
	enum {
		MANY = 4096,
		AT = 1 << 16,
		BYTES = AT + (MANY + 1) * sizeof(struct mote_abi_export)
	};
	struct elf_file *file = calloc(1, BYTES);
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image;

	REQUIRE(file != NULL);
	elf_make(file);
	put64(file, ph(LOAD_DATA, PH_FILE_BYTES), BYTES - 0x2000);
	put64(file, ph(LOAD_DATA, PH_MEMORY_BYTES), BYTES - 0x2000);
	for (unsigned i = 0; i < MANY; i++) {
		struct mote_abi_export export = {.result = MOTE_TYPE_I32};

		snprintf(export.name, sizeof(export.name), "%058u%04x", 0u, (i * 40503u) & 0xffff);
		memcpy((uint8_t *)file + AT + i * sizeof(export), &export, sizeof(export));
	}
	put32(file, IMAGE_CONTENTS_AT + 4, AT - (IMAGE_CONTENTS_AT + 4));
	put32(file, IMAGE_CONTENTS_AT + 8,
	      (uint32_t)(AT + MANY * sizeof(struct mote_abi_export)) - (IMAGE_CONTENTS_AT + 8));
	check_ok(mote_image_from_bytes(NULL, file->bytes, BYTES, "guest.elf", &image, &error),
		 &error);
	mote_image_release(image);
	memcpy((uint8_t *)file + AT,
	       (uint8_t *)file + AT + (MANY - 1) * sizeof(struct mote_abi_export),
	       sizeof(struct mote_abi_export));
	check_error(mote_image_from_bytes(NULL, file->bytes, BYTES, "guest.elf", &image, &error),
		    &error, MOTE_BAD_IMAGE, "two exports are called 0000");
	free(file);
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
		REQUIRE(strstr(error.text, "guest image guest.elf: ") != NULL);
		REQUIRE(image == NULL);
	}
}

static void bad_notes_are_refused(void)
{
	const struct damage damages[] = {
		{ph(NOTES, PH_TYPE), 4, 0, MOTE_BAD_IMAGE,
		 "no mote note, so it is not a mote guest"},
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
		 "built for guest ABI 2, this library has 1; rebuild it"},
		{IMAGE_CONTENTS_AT, 4, 0, MOTE_WRONG_ABI, "built for guest ABI 0"},
		{IMAGE_CONTENTS_AT, 4, UINT32_MAX, MOTE_WRONG_ABI,
		 "built for guest ABI 4294967295"},
	};

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

static void tables_out_of_range_are_refused(void)
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

	check_damages(damages, COUNT(damages));
}

static void bad_records_are_refused(void)
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

	check_damages(damages, COUNT(damages));
	/* A name of 64 bytes has no end; of 63 it has. */
	elf_make(&file);
	memset(file.bytes + EXPORTS_AT, 'n', 64);
	check_error(take(&file, &image, &error), &error, MOTE_BAD_IMAGE, "export 0: its name");
	file.bytes[EXPORTS_AT + 63] = 0;
	check_ok(take(&file, &image, &error), &error);
	mote_image_release(image);
}

static void arguments_of_the_api_are_checked(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;

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
	REQUIRE(image == NULL);
	REQUIRE_EQ(mote_image_from_bytes(NULL, "x", 1, "x", &image, NULL), MOTE_BAD_IMAGE);
}

/* ---- Damage of any kind ------------------------------------------------------------------- */

static bool use(const uint8_t *bytes, size_t length)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;
	mote_image *image;
	mote_status status = mote_image_from_bytes(NULL, bytes, length, "x", &image, &error);

	if (status != MOTE_OK) {
		REQUIRE(status == MOTE_BAD_IMAGE || status == MOTE_WRONG_ABI);
		REQUIRE(error.text[0] != '\0');
		return false;
	}
	mote_image_get_information(image, &information, NULL);
	for (size_t i = 0; mote_image_get_export(image, i, &function, NULL) == MOTE_OK; i++)
		REQUIRE(strlen(function.name) < MOTE_ABI_NAME_BYTES);
	for (size_t i = 0; mote_image_get_import(image, i, &function, NULL) == MOTE_OK; i++)
		REQUIRE(strlen(function.name) < MOTE_ABI_NAME_BYTES);
	mote_image_release(image);
	return true;
}

static void truncation_at_every_byte_is_refused(void)
{
	struct elf_file file;

	elf_make(&file);
	for (size_t length = 0; length <= sizeof(file.bytes); length++)
		REQUIRE_EQ(use(file.bytes, length), length >= DATA_END);
}

static void random_damage_is_harmless(void)
{
	static const size_t places[][2] = {
		{0, PHS_AT + PH_COUNT * PH_BYTES},
		{NOTES_AT, NOTES_END - NOTES_AT},
		{EXPORTS_AT, 0x180},
		{DYNAMIC_AT, DYNAMIC_ENTRIES * DYN_BYTES},
	};
	uint64_t seed = 7, good = 0;
	struct elf_file file;

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
	REQUIRE(good > 100);
}

static const struct test_case cases[] = {
	CASE(a_valid_image_is_read),
	CASE(optional_parts_may_be_missing),
	CASE(many_exports_are_compared),
	CASE(bad_notes_are_refused),
	CASE(tables_out_of_range_are_refused),
	CASE(bad_records_are_refused),
	CASE(arguments_of_the_api_are_checked),
	CASE(truncation_at_every_byte_is_refused),
	CASE(random_damage_is_harmless),
};

int main(int argc, char **argv)
{
	return test_main("image", cases, TEST_COUNT(cases), argc, argv);
}
