/* SPDX-License-Identifier: Apache-2.0
 *
 * The ELF reader: what it takes, and every reason for which it refuses.
 */
#include "sandbox/elf.h"

#include "../unit_test.h"
#include "elf_damage.h"

static mote_status parse(const struct elf_file *file, struct mote_elf *elf, mote_error *error)
{
	return mote_elf_parse("guest.elf", file->bytes, sizeof(file->bytes), elf, error);
}

static void a_valid_image_is_read(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE_EQ(elf.machine, MOTE_MACHINE_X86_64);
	REQUIRE(elf.position_independent);
	REQUIRE_EQ(elf.entry, CODE_AT + 8);
	REQUIRE_EQ(elf.segment_count, 3);
	REQUIRE_EQ(elf.segments[1].address, CODE_AT);
	REQUIRE(elf.segments[0].readable && !elf.segments[0].writable &&
		!elf.segments[0].executable);
	REQUIRE(elf.segments[1].executable && !elf.segments[1].writable);
	REQUIRE(elf.segments[2].writable && !elf.segments[2].executable);
	REQUIRE_EQ(elf.segments[2].memory_bytes, 0x3000);
	REQUIRE_EQ(elf.segments[2].file_bytes, 0x2000);
	REQUIRE_EQ(elf.relro.begin, 0x2000);
	REQUIRE_EQ(elf.relro.end, 0x3000);
	REQUIRE_EQ(elf.tls.memory_bytes, TLS_BYTES);
	REQUIRE_EQ(mote_elf_function_count(&elf), 2);

	put16(&file, ELF_TYPE, ELF_TYPE_EXECUTABLE);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE(!elf.position_independent);
	put16(&file, ELF_MACHINE, ELF_MACHINE_AARCH64);
	for (unsigned i = 0; i < RELA_COUNT; i++)
		put64(&file, RELA_AT + i * RELA_BYTES + RELA_INFO, R_AARCH64_RELATIVE);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE_EQ(elf.machine, MOTE_MACHINE_AARCH64);
}

static void check_damages(const struct damage *damages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mote_error error = MOTE_ERROR_INIT;
		struct elf_file file;
		struct mote_elf elf;

		elf_make(&file);
		inflict(&file, &damages[i]);
		check_error(parse(&file, &elf, &error), &error, MOTE_BAD_IMAGE, damages[i].why);
		REQUIRE(strstr(error.text, "guest image guest.elf: ") != NULL);
		check_error(parse(&file, &elf, &error), &error, MOTE_BAD_IMAGE, "");
	}
}

static void bad_headers_are_refused(void)
{
	static const struct damage damages[] = {
		{0, 1, 0x7e, "not an ELF executable"},
		{1, 3, 0, "not an ELF executable"},
		{4, 1, 1, "not a 64-bit little-endian ELF file"},
		{4, 1, 0, "not a 64-bit little-endian ELF file"},
		{5, 1, 2, "not a 64-bit little-endian ELF file"},
		{ELF_MACHINE, 2, 3, "built for ELF machine 3; mote runs"},
		{ELF_MACHINE, 2, 243, "built for ELF machine 243; mote runs"},
		{ELF_TYPE, 2, ELF_TYPE_RELOCATABLE, "an object file; link it"},
		{ELF_TYPE, 2, 0, "not an executable"},
		{ELF_TYPE, 2, 4, "not an executable"},
		{ELF_TYPE, 2, 0xffff, "not an executable"},
		{ELF_PROGRAM_HEADER_BYTES, 2, 55, "program headers missing or truncated"},
		{ELF_PROGRAM_HEADER_BYTES, 2, 0, "program headers missing or truncated"},
		{ELF_PROGRAM_HEADER_COUNT, 2, 0, "program headers missing or truncated"},
		{ELF_PROGRAM_HEADER_COUNT, 2, 0xffff, "program headers missing or truncated"},
		{ELF_PROGRAM_HEADERS, 8, ELF_FILE_BYTES, "program headers missing or truncated"},
		{ELF_PROGRAM_HEADERS, 8, UINT64_MAX, "program headers missing or truncated"},
		{ELF_PROGRAM_HEADERS, 8, UINT64_MAX - 100, "program headers missing or truncated"},
		{ELF_ENTRY, 8, 0, "a shared library; link an executable with the guest SDK"},
		{ELF_ENTRY, 8, CODE_AT - 1, "entry point is not in an executable segment"},
		{ELF_ENTRY, 8, CODE_AT + 0x1000, "entry point is not in an executable segment"},
		{ELF_ENTRY, 8, 0x2000, "entry point is not in an executable segment"},
		{ELF_ENTRY, 8, UINT64_MAX, "entry point is not in an executable segment"},
	};

	check_damages(damages, COUNT(damages));
}

static size_t load(unsigned number, unsigned field)
{
	return ph(number, field);
}

static void bad_segments_are_refused(void)
{
	const struct damage damages[] = {
		{load(LOAD_CODE, PH_FILE_BYTES), 8, 0x1001, "larger in the file than in memory"},
		{load(LOAD_DATA, PH_FILE_BYTES), 8, UINT64_MAX,
		 "larger in the file than in memory"},
		{load(LOAD_DATA, PH_FILE_BYTES), 8, 0x2401, "extends past the end of the file"},
		{load(LOAD_DATA, PH_OFFSET), 8, ELF_FILE_BYTES, "extends past the end of the file"},
		{load(LOAD_DATA, PH_OFFSET), 8, UINT64_MAX, "extends past the end of the file"},
		{load(LOAD_DATA, PH_OFFSET), 8, UINT64_MAX - 0x1fff, "extends past the end"},
		{load(LOAD_DATA, PH_ADDRESS), 8, 1ull << 47, "absurd address or size"},
		{load(LOAD_DATA, PH_ADDRESS), 8, UINT64_MAX, "absurd address or size"},
		{load(LOAD_DATA, PH_MEMORY_BYTES), 8, 1ull << 46, "absurd address or size"},
		{load(LOAD_DATA, PH_MEMORY_BYTES), 8, UINT64_MAX, "absurd address or size"},
		{load(LOAD_DATA, PH_FLAGS), 4, 7, "is writable and executable"},
		{load(LOAD_CODE, PH_FLAGS), 4, 3, "is writable and executable"},
		{load(LOAD_CODE, PH_ALIGNMENT), 8, 32ull << 20, "absurd alignment"},
		{load(LOAD_CODE, PH_ALIGNMENT), 8, 0x1800, "absurd alignment"},
		{load(LOAD_CODE, PH_ALIGNMENT), 8, UINT64_MAX, "absurd alignment"},
		{load(LOAD_CODE, PH_ADDRESS), 8, 0, "overlaps the one before it"},
		{load(LOAD_CODE, PH_ADDRESS), 8, 0xfff, "overlaps the one before it"},
		{load(LOAD_DATA, PH_ADDRESS), 8, 0x1fff, "overlaps the one before it"},
		{load(LOAD_READ, PH_MEMORY_BYTES), 8, 0x1001, "shares a page with it"},
		{load(LOAD_READ, PH_ADDRESS), 8, 0x5000, "overlaps the one before it"},
	};
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	check_damages(damages, COUNT(damages));
	elf_make(&file);
	for (unsigned number = LOAD_READ; number <= LOAD_DATA; number++)
		put32(&file, ph(number, PH_TYPE), 0);
	check_error(parse(&file, &elf, &error), &error, MOTE_BAD_IMAGE, "no loadable segment");
	elf_make(&file);
	put32(&file, ph(NOTES, PH_TYPE), PT_INTERP);
	check_error(parse(&file, &elf, &error), &error, MOTE_BAD_IMAGE, "a dynamic executable");
}

static void the_message_names_the_segment(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	put32(&file, ph(LOAD_DATA, PH_FLAGS), 7);
	check_error(parse(&file, &elf, &error), &error, MOTE_BAD_IMAGE,
		    "segment 2 (0x2000..0x5000) is writable and executable");
}

static void segments_without_memory_do_not_count(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	put_program_header(&file, NOTES, PT_LOAD, 7, 0, UINT64_MAX, 0, 3);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE_EQ(elf.segment_count, 3);
}

static void more_than_32_segments_are_refused(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	for (unsigned count = 32; count <= 33; count++) {
		elf_make(&file);
		/* From 0x400 on there is room for as many. */
		put64(&file, ELF_PROGRAM_HEADERS, 0x400);
		put16(&file, ELF_PROGRAM_HEADER_COUNT, (uint16_t)count);
		for (unsigned i = 0; i < count; i++) {
			size_t at = 0x400 + i * PH_BYTES;

			put32(&file, at + PH_TYPE, PT_LOAD);
			put32(&file, at + PH_FLAGS, PF_READ | PF_EXECUTE);
			put64(&file, at + PH_OFFSET, 0);
			put64(&file, at + PH_ADDRESS, i * 0x1000ull);
			put64(&file, at + PH_FILE_BYTES, 16);
			put64(&file, at + PH_MEMORY_BYTES, 16);
			put64(&file, at + PH_ALIGNMENT, 0x1000);
		}
		put64(&file, ELF_ENTRY, 0);
		if (count == 32)
			check_ok(parse(&file, &elf, &error), &error);
		else
			check_error(parse(&file, &elf, &error), &error, MOTE_BAD_IMAGE,
				    "more than 32 loadable segments");
	}
}

static void bad_thread_local_and_relro_segments_are_refused(void)
{
	const struct damage damages[] = {
		{ph(TLS, PH_ALIGNMENT), 8, 8192, "thread-local segment out of range"},
		{ph(TLS, PH_ALIGNMENT), 8, 5, "thread-local segment out of range"},
		{ph(TLS, PH_ALIGNMENT), 8, 41, "thread-local segment out of range"},
		{ph(TLS, PH_ALIGNMENT), 8, UINT64_MAX, "thread-local segment out of range"},
		{ph(TLS, PH_MEMORY_BYTES), 8, 65537, "thread-local segment out of range"},
		{ph(TLS, PH_MEMORY_BYTES), 8, 15, "thread-local segment out of range"},
		{ph(TLS, PH_MEMORY_BYTES), 8, UINT64_MAX, "thread-local segment out of range"},
		{ph(TLS, PH_OFFSET), 8, ELF_FILE_BYTES - 15, "thread-local segment out of range"},
		{ph(TLS, PH_OFFSET), 8, UINT64_MAX, "thread-local segment out of range"},
		{ph(RELRO, PH_ADDRESS), 8, UINT64_MAX, "RELRO segment out of range"},
		{ph(RELRO, PH_MEMORY_BYTES), 8, UINT64_MAX, "RELRO segment out of range"},
	};

	check_damages(damages, COUNT(damages));
}

static size_t dynamic(unsigned number, unsigned field)
{
	return DYNAMIC_AT + number * (size_t)DYN_BYTES + 8 * field;
}

static void bad_dynamic_sections_are_refused(void)
{
	const struct damage damages[] = {
		{ph(DYNAMIC, PH_OFFSET), 8, ELF_FILE_BYTES, "dynamic section extends past the end"},
		{ph(DYNAMIC, PH_OFFSET), 8, UINT64_MAX, "dynamic section extends past the end"},
		{ph(DYNAMIC, PH_FILE_BYTES), 8, UINT64_MAX, "dynamic section extends past the end"},
		{dynamic(3, 0), 8, DT_NEEDED, "needs a shared library"},
		{dynamic(3, 0), 8, DT_TEXTREL, "relocations in its code"},
		{dynamic(3, 0), 8, DT_PLTRELSZ, "relocation table out of range"},
		{dynamic(3, 0), 8, DT_RELRSZ, "relocation table out of range"},
		{dynamic(4, 1), 8, 8, "relocations of a kind that this machine does not use"},
		{dynamic(0, 1), 8, ELF_FILE_BYTES, "relocation table out of range"},
		{dynamic(0, 1), 8, UINT64_MAX, "relocation table out of range"},
		{dynamic(0, 1), 8, 0x4000 - 71, "relocation table out of range"},
		{dynamic(0, 1), 8, 0x5000 - 72, "relocation table out of range"}, /* in the BSS */
		{dynamic(1, 1), 8, 71, "relocation table out of range"},
		{dynamic(1, 1), 8, UINT64_MAX, "relocation table out of range"},
		{dynamic(1, 1), 8, UINT64_MAX - 15, "relocation table out of range"},
		{dynamic(2, 1), 8, 16, "relocation table out of range"},
		{RELA_AT + RELA_BYTES + RELA_INFO, 8, 1, "relocation 1 has type 1, which only"},
		{RELA_AT + 2 * RELA_BYTES + RELA_INFO, 8, 0x100000008ull, "relocation 2 has type"},
		{RELA_AT + RELA_INFO, 8, R_AARCH64_RELATIVE, "relocation 0 has type 1027"},
	};

	check_damages(damages, COUNT(damages));
}

static void addresses_are_found_in_one_segments_file_contents_only(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;
	uint64_t offset = 7;

	elf_make(&file);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE(mote_elf_file_offset(&elf, 0, 0x1000, &offset));
	REQUIRE_EQ(offset, 0);
	REQUIRE(mote_elf_file_offset(&elf, 0x3fff, 1, &offset));
	REQUIRE_EQ(offset, 0x3fff);
	REQUIRE(!mote_elf_file_offset(&elf, 0, 0x1001, &offset));
	REQUIRE(!mote_elf_file_offset(&elf, 0x4000, 1, &offset));
	REQUIRE(!mote_elf_file_offset(&elf, 0x3fff, 2, &offset));
	REQUIRE(!mote_elf_file_offset(&elf, 0x2000, UINT64_MAX, &offset));
	REQUIRE(!mote_elf_file_offset(&elf, UINT64_MAX, 1, &offset));
	REQUIRE(!mote_elf_file_offset(&elf, UINT64_MAX, UINT64_MAX, &offset));
	REQUIRE_EQ(offset, 0x3fff);
}

static const struct test_case cases[] = {
	CASE(a_valid_image_is_read),
	CASE(bad_headers_are_refused),
	CASE(bad_segments_are_refused),
	CASE(the_message_names_the_segment),
	CASE(segments_without_memory_do_not_count),
	CASE(more_than_32_segments_are_refused),
	CASE(bad_thread_local_and_relro_segments_are_refused),
	CASE(bad_dynamic_sections_are_refused),
	CASE(addresses_are_found_in_one_segments_file_contents_only),
};

int main(int argc, char **argv)
{
	return test_main("elf", cases, TEST_COUNT(cases), argc, argv);
}
