/* SPDX-License-Identifier: Apache-2.0
 *
 * The notes of an ELF core, as Linux writes them, so that every debugger reads them.  Pure data.
 * Linux: fs/binfmt_elf.c, include/linux/elfcore.h; System V ABI, chapter 5 (notes).
 */
#ifndef MOTE_HYPERVISOR_CRASHDUMP_CORE_NOTES_H
#define MOTE_HYPERVISOR_CRASHDUMP_CORE_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/arch/arch.h"

/* mote's own note; no number of Linux, whose meaning tools would assume whoever owns the note. */
#define MOTE_CORE_NOTE_OWNER "mote"
#define MOTE_CORE_NOTE_TYPE 0x4d4f5445u

/* Notes under construction; what does not fit is left out, and truncated says so. */
struct mote_core_notes {
	uint8_t *bytes;
	size_t capacity, used;
	bool truncated;
};

/* The guest's registers when it stopped. */
struct mote_core_registers {
	mote_regs regs; /* of the user program */
	mote_sregs sregs;
	mote_fpu fpu;
};

/* Why it stopped, as a process of Linux would have ended. */
struct mote_core_signal {
	uint32_t number, code; /* 0: by nothing */
	uint64_t address;
};

/* A part of the image, whole pages. */
struct mote_core_mapping {
	uint64_t begin, end, file_offset;
};

struct mote_core_program {
	const char *path;
	uint64_t headers_gva, entry_gva; /* headers_gva 0: not in memory */
	uint32_t header_count;
	const struct mote_core_mapping *mappings;
	size_t mapping_count;
};

/* Room that mote_core_notes_standard needs at most. */
size_t mote_core_notes_bytes(const struct mote_core_program *program);

void mote_core_notes_add(struct mote_core_notes *notes, const char *owner, uint32_t type,
			 const void *contents, size_t bytes);

/* All notes that debuggers know, in the order in which they expect them. */
void mote_core_notes_standard(struct mote_core_notes *notes,
			      const struct mote_core_registers *registers,
			      const struct mote_core_signal *signal,
			      const struct mote_core_program *program);

#endif
