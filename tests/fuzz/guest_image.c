/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest without the SDK around code that the fuzz target makes up.
 */
#include "guest_image.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "image_head.h"

_Static_assert(offsetof(struct guest_image, code) == IMAGE_CODE_AT, "");
_Static_assert(offsetof(struct guest_image, data) == IMAGE_DATA_AT, "");

void guest_image_make(struct guest_image *image)
{
	const struct image_head head = {
		.machine = EM_X86_64,
		.tables = GUEST_TABLES,
		.code = GUEST_CODE,
		.data = GUEST_DATA,
		.data_bytes = GUEST_DATA_BYTES,
		.data_memory_bytes = 4 * GUEST_DATA_BYTES,
		.export_signature = GUEST_EXPORT,
		.import_signature = GUEST_IMPORT,
	};

	memset(image, 0, sizeof(*image));
	memset(image->code, 0xcc, sizeof(image->code));
	image_head_write(image->head, &head);
}
