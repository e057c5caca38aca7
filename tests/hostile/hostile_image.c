/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts an ELF file around a few instructions.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "image_head.h"

/* At the end of the page of code, with registers as at the entry. */
GUEST_CODE(ready, GUEST_CODE_READY);

enum { FILE_BYTES = IMAGE_DATA_AT + HOSTILE_DATA_BYTES };

Elf64_Phdr *hostile_segment(void *file, enum hostile_segment index)
{
	return (Elf64_Phdr *)(void *)((uint8_t *)file + sizeof(Elf64_Ehdr)) + index;
}

static void begin_with_ready(uint8_t *file, size_t code_bytes)
{
	Elf64_Ehdr *head = (void *)file;

	REQUIRE(code_bytes <= HOSTILE_READY_OFFSET);
	memcpy(file + IMAGE_CODE_AT + HOSTILE_READY_OFFSET, guest_ready,
	       (size_t)(guest_ready_end - guest_ready));
	head->e_entry = HOSTILE_CODE + HOSTILE_READY_OFFSET;
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
	if (guest->ready_first)
		begin_with_ready(file, code_bytes);
	if (guest->data)
		memcpy(file + IMAGE_DATA_AT, guest->data, guest->data_bytes);
	*bytes = FILE_BYTES;
	return file;
}
