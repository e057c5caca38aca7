/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts an ELF file around a few instructions.
 */
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "image_head.h"

enum { FILE_BYTES = IMAGE_DATA_AT + HOSTILE_DATA_BYTES };

void *hostile_image(const struct hostile_guest *guest, size_t *bytes)
{
	const struct image_head head = {
		.tables = HOSTILE_TABLES,
		.code = HOSTILE_CODE,
		.data = HOSTILE_DATA,
		.data_bytes = HOSTILE_DATA_BYTES,
		.data_memory_bytes = HOSTILE_DATA_BYTES,
		.export_signature = guest->export_signature,
		.import_signature = guest->import_signature,
	};
	size_t code_bytes = (size_t)(guest->code_end - guest->code);
	uint8_t *file = calloc(1, FILE_BYTES);

	REQUIRE(file);
	REQUIRE(guest->data_bytes <= HOSTILE_DATA_BYTES);
	/* Code that ends with its page has no ud2 behind it. */
	if (code_bytes > IMAGE_PAGE)
		code_bytes = IMAGE_PAGE;
	image_head_write(file, &head);
	/* Beside the code, every byte is an int3. */
	memset(file + IMAGE_CODE_AT, 0xcc, IMAGE_PAGE);
	memcpy(file + IMAGE_CODE_AT, guest->code, code_bytes);
	if (guest->data)
		memcpy(file + IMAGE_DATA_AT, guest->data, guest->data_bytes);
	*bytes = FILE_BYTES;
	return file;
}
