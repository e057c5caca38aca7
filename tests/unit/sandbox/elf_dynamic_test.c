/* SPDX-License-Identifier: Apache-2.0
 *
 * The relocations of an ELF file: which are applied, and which are refused.
 */
#include "../unit_test.h"
#include "elf_builder.h"
#include "sandbox/elf.h"

static mote_status parse(const struct elf_file *file, struct mote_elf *elf, mote_error *error)
{
	return mote_elf_parse("guest.elf", file->bytes, sizeof(file->bytes), elf, error);
}

struct seen {
	struct mote_elf_relocation relocations[200];
	size_t count, stop_after;
};

static bool see(void *user, const struct mote_elf_relocation *relocation)
{
	struct seen *seen = user;

	REQUIRE(seen->count < COUNT(seen->relocations));
	seen->relocations[seen->count++] = *relocation;
	return seen->count != seen->stop_after;
}

static void read_all(const struct elf_file *file, struct seen *seen)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_elf elf;

	memset(seen, 0, sizeof(*seen));
	check_ok(parse(file, &elf, &error), &error);
	REQUIRE(mote_elf_each_relocation(&elf, see, seen));
}

static void refuse(const struct elf_file *file, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_elf elf;

	check_error(parse(file, &elf, &error), &error, MOTE_BAD_IMAGE, why);
}

static void put_type(struct elf_file *file, unsigned index, uint64_t type)
{
	put64(file, RELA_AT + index * RELA_BYTES + RELA_INFO, type);
}

/* An entry of the dynamic section. */
static void put_entry(struct elf_file *file, unsigned index, uint64_t tag, uint64_t value)
{
	put64(file, DYNAMIC_AT + index * DYN_BYTES, tag);
	put64(file, DYNAMIC_AT + index * DYN_BYTES + 8, value);
}

static void entries_are_visited_in_order(void)
{
	struct elf_file file;
	struct seen seen;

	elf_make(&file);
	read_all(&file, &seen);
	REQUIRE_EQ(seen.count, RELA_COUNT);
	REQUIRE_EQ(seen.relocations[2].address, POINTERS_AT + 16);
	REQUIRE_EQ(seen.relocations[2].addend, CODE_AT + 0x20);
	REQUIRE(!seen.relocations[2].in_place);
}

static void a_visitor_may_stop(void)
{
	struct seen seen = {.stop_after = 2};
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE(!mote_elf_each_relocation(&elf, see, &seen));
	REQUIRE_EQ(seen.count, 2);
}

/* GNU ld leaves some where it has done a relocation of a thread-local variable itself. */
static void entries_that_say_nothing_are_left_out(void)
{
	struct elf_file file;
	struct seen seen;

	elf_make(&file);
	put_type(&file, 1, R_NONE);
	put_type(&file, 2, (uint64_t)5 << 32 | R_NONE);
	read_all(&file, &seen);
	REQUIRE_EQ(seen.count, 1);
	REQUIRE_EQ(seen.relocations[0].address, POINTERS_AT);
}

static void the_table_of_the_procedure_linkage_counts_too(void)
{
	struct elf_file file;
	struct seen seen;

	elf_make(&file);
	put_entry(&file, 1, DT_RELASZ, RELA_BYTES);
	put_entry(&file, 2, DT_JMPREL, RELA_AT + RELA_BYTES);
	put_entry(&file, 3, DT_PLTRELSZ, 2 * RELA_BYTES);
	put_entry(&file, 4, DT_PLTREL, DT_RELA);
	put_type(&file, 2, R_NONE);
	read_all(&file, &seen);
	REQUIRE_EQ(seen.count, 2);
	REQUIRE_EQ(seen.relocations[1].address, POINTERS_AT + 8);
	put_type(&file, 2, 7 /* R_X86_64_JUMP_SLOT */);
	refuse(&file, "relocation 1 has type 7, which only a dynamic linker can apply");
	put_type(&file, 2, R_NONE);
	put_entry(&file, 4, DT_PLTREL, 17 /* DT_REL */);
	refuse(&file, "relocation table out of range");
	put_entry(&file, 4, DT_PLTREL, DT_RELA);
	put_entry(&file, 3, DT_PLTRELSZ, UINT64_MAX - 15);
	refuse(&file, "relocation table out of range");
}

static void ifuncs_are_refused_by_name(void)
{
	struct elf_file file;

	elf_make(&file);
	put_type(&file, 1, R_X86_64_IRELATIVE);
	refuse(&file, "has an IFUNC (R_X86_64_IRELATIVE), which nothing resolves in a guest; build "
		      "it without the attributes ifunc and target_clones");
	/* Without a dynamic section its symbol tells. */
	elf_make(&file);
	put64(&file, ph(DYNAMIC, PH_FILE_BYTES), 0);
	put_symbol(&file, 2, 7, STT_GNU_IFUNC | 0x10, CODE_AT, 8);
	refuse(&file, "has an IFUNC (second)");
	elf_make(&file);
	put16(&file, ELF_MACHINE, ELF_MACHINE_AARCH64);
	put_type(&file, 0, R_AARCH64_IRELATIVE);
	refuse(&file, "R_AARCH64_IRELATIVE");
}

/* An address, then bits for the 63 words behind it; the same again. */
static void packed_entries_are_unpacked(void)
{
	static const uint64_t entries[] = {
		POINTERS_AT,
		(uint64_t)0x5 << 1 | 1,
		(uint64_t)1 << 63 | 1,
		POINTERS_AT + 0x600,
	};
	static const uint64_t expected[] = {
		POINTERS_AT,	     POINTERS_AT + 8,
		POINTERS_AT + 24,    POINTERS_AT + 8 * (1 + 63 + 62),
		POINTERS_AT + 0x600,
	};
	struct elf_file file;
	struct seen seen;

	elf_make(&file);
	for (size_t i = 0; i < COUNT(entries); i++)
		put64(&file, RELA_AT + i * RELR_BYTES, entries[i]);
	put_entry(&file, 0, DT_RELR, RELA_AT);
	put_entry(&file, 1, DT_RELRSZ, sizeof(entries));
	put_entry(&file, 2, DT_RELRENT, RELR_BYTES);
	read_all(&file, &seen);
	REQUIRE_EQ(seen.count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		REQUIRE_EQ(seen.relocations[i].address, expected[i]);
		REQUIRE(seen.relocations[i].in_place);
	}
	put_entry(&file, 2, DT_RELRENT, 4);
	refuse(&file, "relocation table out of range");
	put_entry(&file, 2, DT_RELRENT, RELR_BYTES);
	put_entry(&file, 1, DT_RELRSZ, 12);
	refuse(&file, "relocation table out of range");
}

/* ---- Work is linear in the file ------------------------------------------------------------ */

enum { HUGE_BYTES = 8 << 20 };

/* The valid image with room behind it; the caller frees it. */
static struct elf_file *make_huge(void)
{
	struct elf_file *file = calloc(1, HUGE_BYTES);

	REQUIRE(file != NULL);
	elf_make(file);
	return file;
}

static bool keep_on(void *user, const struct mote_elf_note *note)
{
	(void)user;
	(void)note;
	return true;
}

/* A header that covers the whole file is read once, not once for each header. */
static void overlapping_notes_are_refused(void)
{
	struct elf_file *file = make_huge();
	const size_t headers = 1 << 20;
	mote_error error = MOTE_ERROR_INIT;
	struct mote_elf elf;

	memcpy((uint8_t *)file + headers, (uint8_t *)file + PHS_AT, PH_COUNT * PH_BYTES);
	put64(file, ELF_PROGRAM_HEADERS, headers);
	for (unsigned i = PH_COUNT; i < ELF_MAXIMUM_PROGRAM_HEADERS; i++) {
		size_t at = headers + i * (size_t)PH_BYTES;

		put32(file, at + PH_TYPE, PT_NOTE);
		put64(file, at + PH_OFFSET, 2 << 20);
		put64(file, at + PH_FILE_BYTES, HUGE_BYTES - (2 << 20));
	}
	put16(file, ELF_PROGRAM_HEADER_COUNT, ELF_MAXIMUM_PROGRAM_HEADERS);
	check_ok(mote_elf_parse("guest.elf", file->bytes, HUGE_BYTES, &elf, &error), &error);
	REQUIRE(!mote_elf_each_note(&elf, keep_on, NULL));
	REQUIRE(elf.work <= HUGE_BYTES);
	put16(file, ELF_PROGRAM_HEADER_COUNT, 0xffff);
	check_error(mote_elf_parse("guest.elf", file->bytes, HUGE_BYTES, &elf, &error), &error,
		    MOTE_BAD_IMAGE, "more than 256 program headers");
	free(file);
}

/* As many symbols and section headers as there is room for. */
static void large_tables_are_read_once(void)
{
	struct elf_file *file = make_huge();
	const size_t table = SECTIONS_AT + SH_BYTES;
	mote_error error = MOTE_ERROR_INIT;
	const char *name;
	struct mote_elf elf;
	uint64_t offset;

	put64(file, table + SH_OFFSET, 1 << 20);
	put64(file, table + SH_SECTION_BYTES, HUGE_BYTES - (1 << 20));
	check_ok(mote_elf_parse("guest.elf", file->bytes, HUGE_BYTES, &elf, &error), &error);
	REQUIRE_EQ(elf.symbol_count, (HUGE_BYTES - (1 << 20)) / SYM_BYTES);
	REQUIRE(elf.work <= HUGE_BYTES);
	(void)mote_elf_nearest_symbol(&elf, CODE_AT, &name, &offset);
	free(file);
}

static const struct test_case cases[] = {
	CASE(entries_are_visited_in_order),
	CASE(a_visitor_may_stop),
	CASE(entries_that_say_nothing_are_left_out),
	CASE(the_table_of_the_procedure_linkage_counts_too),
	CASE(ifuncs_are_refused_by_name),
	CASE(packed_entries_are_unpacked),
	CASE(overlapping_notes_are_refused),
	CASE(large_tables_are_read_once),
};

int main(int argc, char **argv)
{
	return test_main("elf_dynamic", cases, TEST_COUNT(cases), argc, argv);
}
