/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest without the SDK, as an ELF file in memory whose code and data the caller
 * writes: an exported function "run", an imported one "host".
 */
#ifndef MOTE_FUZZ_GUEST_IMAGE_H
#define MOTE_FUZZ_GUEST_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* Guest addresses of its parts.  Strings too, for use in assembly. */
#define GUEST_TABLES 0x80000u /* note, exports, imports; read-only */
#define GUEST_CODE 0x90000u
#define GUEST_DATA 0xa0000u
#define GUEST_CODE_BYTES 0x1000u
#define GUEST_DATA_BYTES 0x1000u    /* in the file */
#define GUEST_MEMORY_BYTES 0xa8000u /* room for the whole guest */
#define GUEST_DATA_TEXT "0xa0000"

#define GUEST_EXPORT "bytes()"
#define GUEST_IMPORT "bytes(string,bytes,u32)"

struct guest_image {
	uint8_t head[0x1000];
	uint8_t code[GUEST_CODE_BYTES]; /* the entry is its first byte */
	uint8_t data[GUEST_DATA_BYTES]; /* writable; three pages of zeros follow in memory */
};

/* Writes headers and tables; fills the code with int3, the data with zeros. */
void guest_image_make(struct guest_image *image);

#endif
