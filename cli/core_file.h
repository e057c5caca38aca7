/* SPDX-License-Identifier: Apache-2.0
 *
 * A core that mote wrote: why, the registers, and what was where in memory, of which nothing is
 * read before it is asked for.  The file is hostile.  Linux: fs/binfmt_elf.c (the notes).
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include "elf_file.h"

/* A part of a file that was mapped.  path: in the notes, NUL-terminated. */
struct core_mapping {
	uint64_t begin, end;
	const char *path;
};

struct core_file {
	struct elf_file elf;
	struct elf_notes notes;
	struct elf_segment *segments; /* PT_LOAD */
	size_t segment_count;
	struct core_mapping *mappings;
	size_t mapping_count;
	mote_registers registers;
	uint32_t signal; /* Linux's number; 0: none */
	bool has_entry;
	uint64_t entry;	   /* where the guest's entry point was */
	const char *lines; /* mote's note: "key value\n" ... */
	size_t lines_bytes;
};

/* Returns NULL, or how the file is wrong; then there is nothing to close. */
const char *core_file_open(const struct file_source *source, struct core_file *core);
void core_file_close(struct core_file *core);

/* The value of a key in mote's note, in the notes and not NUL-terminated. */
bool core_file_value(const struct core_file *core, const char *key, const char **value,
		     size_t *length);

/* Memory of one segment.  What is not in the file is zero. */
bool core_file_memory(const struct core_file *core, uint64_t address, void *to, size_t bytes);

/* The file that was mapped somewhere in the segment; NULL: none. */
const char *core_file_mapped(const struct core_file *core, const struct elf_segment *segment);

#endif
