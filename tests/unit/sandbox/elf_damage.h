/* SPDX-License-Identifier: Apache-2.0
 *
 * One field of the valid image is changed.
 */
#ifndef MOTE_TESTS_ELF_DAMAGE_H
#define MOTE_TESTS_ELF_DAMAGE_H

#include "elf_builder.h"

struct damage {
	size_t at;
	unsigned bytes;
	uint64_t value;
	const char *why;
};

static inline void inflict(struct elf_file *file, const struct damage *damage)
{
	for (unsigned i = 0; i < damage->bytes; i++)
		file->bytes[damage->at + i] = (uint8_t)(damage->value >> 8 * i);
}

#endif
