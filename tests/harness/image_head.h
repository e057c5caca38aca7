/* SPDX-License-Identifier: Apache-2.0
 *
 * The first page of a guest that is made in memory, without the SDK: ELF headers
 * and the tables that make it a guest.  A page of code stands behind it in the
 * file, then the data.
 */
#ifndef MOTE_TEST_IMAGE_HEAD_H
#define MOTE_TEST_IMAGE_HEAD_H

#include <stdint.h>

enum {
	IMAGE_PAGE = 4096,
	IMAGE_CODE_AT = IMAGE_PAGE, /* in the file */
	IMAGE_DATA_AT = 2 * IMAGE_PAGE,
};

struct image_head {
	uint16_t machine;	     /* EM_X86_64 or EM_AARCH64 */
	uint64_t tables, code, data; /* guest addresses; the entry is the first byte of code */
	uint64_t data_bytes;	     /* in the file */
	uint64_t data_memory_bytes;
	const char *export_signature; /* of the one exported function, "run"; NULL: none */
	const char *import_signature; /* of the one import, "host"; NULL: none */
};

void image_head_write(uint8_t page[IMAGE_PAGE], const struct image_head *head);

#endif
