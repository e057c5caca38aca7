/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest that a core is of: its build id and the names of its functions, read from a file that
 * is hostile.
 */
#ifndef CORE_GUEST_H
#define CORE_GUEST_H

#include "elf_file.h"

enum { CORE_BUILD_ID_BYTES = 129, CORE_NAME_BYTES = 96 };

struct core_guest {
	struct elf_file elf;
	char build_id[CORE_BUILD_ID_BYTES];    /* hexadecimal; empty: it has none */
	uint64_t symbols_offset, symbol_count; /* 0: stripped */
	uint64_t strings_offset, strings_bytes;
};

/* Returns NULL, or how the file is wrong. */
const char *core_guest_open(const struct file_source *source, struct core_guest *guest);

/* The function that an address of the guest's file lies in.  name: empty when there is none. */
struct core_symbol {
	uint64_t address;
	char name[CORE_NAME_BYTES];
	uint64_t begin, name_offset; /* of the function, of its name among the strings */
	bool found;
};

/* Looks all up in one pass over the file's symbols. */
void core_guest_find(const struct core_guest *guest, struct core_symbol *symbols, size_t count);

#endif
