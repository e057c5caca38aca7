/* SPDX-License-Identifier: Apache-2.0
 *
 * Notes and symbols of an ELF file, and damage of any kind: truncation at every
 * byte, random bytes.
 */
#include "../unit_test.h"
#include "elf_damage.h"
#include "sandbox/elf.h"

static mote_status parse(const struct elf_file *file, struct mote_elf *elf, mote_error *error)
{
	return mote_elf_parse("guest.elf", file->bytes, sizeof(file->bytes), elf, error);
}

/* ---- Notes -------------------------------------------------------------------------------- */

struct seen {
	unsigned count;
	uint32_t types[64], bytes[64];
	uint64_t addresses[64];
	unsigned stop_after;
};

static bool see(void *user, const struct mote_elf_note *note)
{
	struct seen *seen = user;
	volatile uint8_t sum = 0;

	/* The whole of it can be read. */
	for (uint32_t i = 0; i < note->owner_bytes; i++)
		sum = (uint8_t)(sum + (uint8_t)note->owner[i]);
	for (uint32_t i = 0; i < note->contents_bytes; i++)
		sum = (uint8_t)(sum + note->contents[i]);
	if (seen->count < COUNT(seen->types)) {
		seen->types[seen->count] = note->type;
		seen->bytes[seen->count] = note->contents_bytes;
		seen->addresses[seen->count] = note->contents_address;
	}
	return ++seen->count != seen->stop_after;
}

static void notes_are_visited_in_order(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct seen seen = {0}, first = {.stop_after = 1};
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE(mote_elf_each_note(&elf, see, &seen));
	REQUIRE_EQ(seen.count, 2);
	REQUIRE_EQ(seen.types[0], MOTE_ABI_NOTE_IMAGE);
	REQUIRE_EQ(seen.bytes[0], 20);
	REQUIRE_EQ(seen.addresses[0], IMAGE_CONTENTS_AT);
	REQUIRE_EQ(seen.types[1], MOTE_ABI_NOTE_NEEDS);
	REQUIRE_EQ(seen.addresses[1], NEEDS_CONTENTS_AT);
	REQUIRE(mote_elf_each_note(&elf, see, &first));
	REQUIRE_EQ(first.count, 1);
}

static void hostile_notes_are_malformed(void)
{
	static const uint32_t sizes[] = {21,	     0x1000,	 0x7fffffff, 0x80000000,
					 0xfffffff0, 0xfffffffd, 0xffffffff};
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		struct seen seen = {0};

		elf_make(&file);
		/* The second note: a damaged first one would only shift what follows. */
		put32(&file, NEEDS_NOTE_AT + (i % 2 ? 4 : 0), sizes[i / 2] + 8 * (i < 2));
		check_ok(parse(&file, &elf, &error), &error);
		REQUIRE(!mote_elf_each_note(&elf, see, &seen));
		REQUIRE_EQ(seen.count, 1);
	}
	elf_make(&file);
	put64(&file, ph(NOTES, PH_FILE_BYTES), UINT64_MAX);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE(!(mote_elf_each_note(&elf, see, &(struct seen){0})));
	put64(&file, ph(NOTES, PH_FILE_BYTES), ELF_FILE_BYTES - NOTES_AT + 1);
	REQUIRE(!(mote_elf_each_note(&elf, see, &(struct seen){0})));
}

/* What a tool that removes notes leaves: the others, without an address. */
static void notes_without_an_address_are_where_their_segment_is(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct seen seen = {0};
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	put64(&file, ph(NOTES, PH_ADDRESS), 0);
	check_ok(parse(&file, &elf, &error), &error);
	REQUIRE(mote_elf_each_note(&elf, see, &seen));
	REQUIRE_EQ(seen.addresses[0], IMAGE_CONTENTS_AT);
	/* In no segment: as it says. */
	put64(&file, ph(LOAD_READ, PH_FILE_BYTES), NOTES_AT);
	put64(&file, ph(DYNAMIC, PH_FILE_BYTES), 0);
	check_ok(parse(&file, &elf, &error), &error);
	memset(&seen, 0, sizeof(seen));
	REQUIRE(mote_elf_each_note(&elf, see, &seen));
	REQUIRE_EQ(seen.addresses[0], IMAGE_CONTENTS_AT - NOTES_AT);
}

/* ---- Symbols ------------------------------------------------------------------------------ */

static void the_function_around_an_address_is_found(void)
{
	static const struct {
		uint64_t address;
		const char *name;
		uint64_t offset;
	} at[] = {
		{CODE_AT, "first", 0},
		{CODE_AT + 0x1f, "first", 0x1f},
		{CODE_AT + 0x20, NULL, 0},
		{CODE_AT + 0x3f, NULL, 0},
		{CODE_AT + 0x40, "second", 0},
		{CODE_AT + 0x50, "second", 0x10},
		{CODE_AT + 0x1000, "second", 0xfc0},
		{CODE_AT - 1, NULL, 0},
		{0, NULL, 0},
	};
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	check_ok(parse(&file, &elf, &error), &error);
	for (size_t i = 0; i < COUNT(at); i++) {
		const char *name = NULL;
		uint64_t offset = 0;

		REQUIRE_EQ(mote_elf_nearest_symbol(&elf, at[i].address, &name, &offset),
			   at[i].name != NULL);
		if (at[i].name == NULL)
			continue;
		REQUIRE_STR(name, at[i].name);
		REQUIRE_EQ(offset, at[i].offset);
	}
}

/* A bad symbol table is the same as none. */
static void hostile_symbols_do_no_harm(void)
{
	const size_t table = SECTIONS_AT + SH_BYTES, strings = SECTIONS_AT + 2 * SH_BYTES;
	const struct damage damages[] = {
		{ELF_SECTION_HEADERS, 8, UINT64_MAX, ""},
		{ELF_SECTION_HEADERS, 8, ELF_FILE_BYTES, ""},
		{ELF_SECTION_HEADER_BYTES, 2, 63, ""},
		{ELF_SECTION_HEADER_COUNT, 2, 0xffff, ""},
		{ELF_SECTION_HEADER_COUNT, 2, 0, ""},
		{table + SH_OFFSET, 8, UINT64_MAX, ""},
		{table + SH_SECTION_BYTES, 8, UINT64_MAX, ""},
		{table + SH_LINK, 4, 3, ""},
		{table + SH_LINK, 4, 0xffffffff, ""},
		{strings + SH_OFFSET, 8, UINT64_MAX, ""},
		{strings + SH_SECTION_BYTES, 8, UINT64_MAX, ""},
		{strings + SH_SECTION_BYTES, 8, 0, ""},
		{strings + SH_SECTION_BYTES, 8, 3, ""}, /* no NUL behind the name */
		{SYMBOLS_AT + SYM_BYTES, 4, 0xffffffff, ""},
		{SYMBOLS_AT + SYM_BYTES, 4, sizeof(elf_strings), ""},
	};
	mote_error error = MOTE_ERROR_INIT;
	const char *name;
	uint64_t offset;

	for (size_t i = 0; i < COUNT(damages); i++) {
		struct elf_file file;
		struct mote_elf elf;

		elf_make(&file);
		inflict(&file, &damages[i]);
		check_ok(parse(&file, &elf, &error), &error);
		REQUIRE(!mote_elf_nearest_symbol(&elf, CODE_AT, &name, &offset));
		(void)mote_elf_function_count(&elf);
	}
}

/* ---- Damage of any kind ------------------------------------------------------------------- */

static bool count_relocation(void *user, const struct mote_elf_relocation *relocation)
{
	(void)relocation;
	++*(size_t *)user;
	return true;
}

/* Everything that the reader offers, on bytes that a sanitizer guards on both ends. */
static mote_status use(const uint8_t *bytes, size_t length)
{
	uint8_t *exact = malloc(length > 0 ? length : 1);
	mote_error error = MOTE_ERROR_INIT;
	struct seen seen = {0};
	struct mote_elf elf;
	mote_status status;

	REQUIRE(exact != NULL);
	memcpy(exact, bytes, length);
	status = mote_elf_parse("guest.elf", exact, length, &elf, &error);
	if (status == MOTE_OK) {
		const char *name;
		uint64_t offset;
		size_t relocations = 0;

		(void)mote_elf_each_note(&elf, see, &seen);
		REQUIRE(mote_elf_each_relocation(&elf, count_relocation, &relocations));
		REQUIRE(relocations <= 8 * length);
		for (uint64_t address = 0; address < 0x6000; address += 0x10)
			if (mote_elf_nearest_symbol(&elf, address, &name, &offset))
				REQUIRE(strlen(name) < length);
		(void)mote_elf_function_count(&elf);
		REQUIRE(elf.work <= length);
	} else {
		REQUIRE_EQ(status, MOTE_BAD_IMAGE);
		REQUIRE(error.text[0] != '\0');
	}
	free(exact);
	return status;
}

static void truncation_at_every_byte_is_harmless(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct elf_file file;
	struct mote_elf elf;

	elf_make(&file);
	check_error(mote_elf_parse("x", file.bytes, 0, &elf, &error), &error, MOTE_BAD_IMAGE,
		    "the file is empty");
	check_error(mote_elf_parse("x", file.bytes, 3, &elf, &error), &error, MOTE_BAD_IMAGE,
		    "not an ELF executable");
	check_error(mote_elf_parse("x", file.bytes, 63, &elf, &error), &error, MOTE_BAD_IMAGE,
		    "truncated ELF header");
	for (size_t length = 0; length <= sizeof(file.bytes); length++)
		/* Behind the segments there are only symbols. */
		REQUIRE_EQ(use(file.bytes, length), length < DATA_END ? MOTE_BAD_IMAGE : MOTE_OK);
}

static void random_damage_is_harmless(void)
{
	static const uint64_t values[] = {
		0,	    1,		0x7f,	    0xff,	0xfff,		 0x1000,
		0x7fffffff, 0xffffffff, 1ull << 46, 1ull << 63, UINT64_MAX - 15, UINT64_MAX};
	uint64_t seed = 42, good = 0;
	struct elf_file file;

	for (unsigned i = 0; i < 30000; i++) {
		elf_make(&file);
		for (uint64_t n = 1 + random_below(&seed, 4); n > 0; n--) {
			/* Mostly where the structures are. */
			size_t at = random_below(&seed, 4) > 0
					    ? random_below(&seed, PHS_AT + PH_COUNT * PH_BYTES)
					    : random_below(&seed, sizeof(file.bytes));
			struct damage damage = {
				.at = at,
				.bytes = 1 + (unsigned)random_below(&seed, 8),
				.value = random_below(&seed, 2)
						 ? random_next(&seed)
						 : values[random_below(&seed, COUNT(values))],
			};

			if (damage.at + damage.bytes <= sizeof(file.bytes))
				inflict(&file, &damage);
		}
		good += use(file.bytes, sizeof(file.bytes)) == MOTE_OK;
	}
	REQUIRE(good > 100); /* it is not all refused at the door */
}

static const struct test_case cases[] = {
	CASE(notes_are_visited_in_order),
	CASE(hostile_notes_are_malformed),
	CASE(notes_without_an_address_are_where_their_segment_is),
	CASE(the_function_around_an_address_is_found),
	CASE(hostile_symbols_do_no_harm),
	CASE(truncation_at_every_byte_is_harmless),
	CASE(random_damage_is_harmless),
};

int main(int argc, char **argv)
{
	return test_main("elf_tables", cases, TEST_COUNT(cases), argc, argv);
}
