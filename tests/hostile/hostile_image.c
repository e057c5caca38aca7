/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts an ELF file around a few instructions.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "image_head.h"

enum { FILE_BYTES = IMAGE_DATA_AT + HOSTILE_DATA_BYTES };

Elf64_Phdr *hostile_segment(void *file, enum hostile_segment index)
{
	return (Elf64_Phdr *)(void *)((uint8_t *)file + sizeof(Elf64_Ehdr)) + index;
}

void *hostile_image(const struct hostile_guest *guest, size_t *bytes)
{
	static const uint8_t filler[] = HOSTILE_FILLER;
	const struct image_head head = {
		.machine = HOSTILE_ELF_MACHINE,
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
	/* Code that ends with its page has no trap behind it. */
	if (code_bytes > IMAGE_PAGE)
		code_bytes = IMAGE_PAGE;
	image_head_write(file, &head);
	if (guest->alias_code)
		hostile_segment(file, HOSTILE_DATA_SEGMENT)->p_offset = IMAGE_CODE_AT;
	for (size_t i = 0; i < IMAGE_PAGE; i++)
		file[IMAGE_CODE_AT + i] = filler[i % sizeof(filler)];
	memcpy(file + IMAGE_CODE_AT, guest->code, code_bytes);
	if (guest->data)
		memcpy(file + IMAGE_DATA_AT, guest->data, guest->data_bytes);
	*bytes = FILE_BYTES;
	return file;
}
