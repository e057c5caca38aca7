/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores and guests for tests, byte by byte, as if nothing of mote could write them.
 */
#ifndef CORE_BUILD_H
#define CORE_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include <mote/registers.h>

/* Where things are in the memory of the core. */
enum {
	CORE_BIAS = 0x80000,
	CORE_CODE = 0x80000,  /* one page, which the core has none of */
	CORE_STACK = 0x90000, /* two pages, of which the second is only zeros */
	CORE_FRAME = CORE_STACK + 0x800,
	CORE_PAGE = 4096,
};

/* Functions of the guest, by the addresses of its file. */
enum { GUEST_START = 0x100, GUEST_MIDDLE = 0x200, GUEST_LEAF = 0x300, FUNCTION_BYTES = 0x40 };

/* Where things are in the file of the core, and of the guest. */
enum {
	CORE_SEGMENTS_AT = 64,
	CORE_NOTES_AT = 0x400,
	CORE_STACK_AT = 0x1000,
	CORE_BYTES = 0x2000,
	GUEST_NOTES_AT = 0x80,
	GUEST_SYMBOLS_AT = 0x200,
	GUEST_STRINGS_AT = 0x300,
	GUEST_SECTIONS_AT = 0x400,
	GUEST_BYTES = 0x1000,
};

struct core_build {
	mote_machine machine;
	const char *path;  /* of the guest; NULL: no NT_FILE */
	const char *lines; /* mote's note; NULL: none */
	size_t status_cut; /* what the note of registers lacks */
	uint8_t bytes[CORE_BYTES];
	size_t notes_bytes;
};

/* A core of three frames: leaf, middle, start. */
void core_build(struct core_build *core);

void put_number(uint8_t *at, uint64_t value, unsigned bytes);

/* Adds to the end of the notes. */
void core_build_note(struct core_build *core, const char *owner, uint32_t type, const void *data,
		     size_t bytes);

/* Its guest, with build id 0102030405060708. */
void guest_build(mote_machine machine, uint8_t bytes[GUEST_BYTES]);

#endif
