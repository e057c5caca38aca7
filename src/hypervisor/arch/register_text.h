/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds human-readable text of registers in a caller's buffer, with the rules of snprintf: always
 * NUL-terminated, cut at the capacity, returns the whole length.  Without stdio, so the text is the
 * same on every host.
 */
#ifndef MOTE_HYPERVISOR_ARCH_REGISTER_TEXT_H
#define MOTE_HYPERVISOR_ARCH_REGISTER_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct mote_register_text {
	char *text; /* may be NULL when capacity is 0 */
	size_t capacity;
	size_t length; /* of the whole text; starts at 0 */
};

/* Appends a string. */
void mote_register_text_add(struct mote_register_text *text, const char *string);

/* Appends `name=value`, the value with `digits` hexadecimal digits (1 to 16), then `end`. */
void mote_register_text_hex(struct mote_register_text *text, const char *name, uint64_t value,
			    unsigned digits, const char *end);

/* Terminates the text.  Returns its whole length, without the NUL. */
size_t mote_register_text_end(struct mote_register_text *text);

/* One register of a table that a print function walks. */
struct mote_register_name {
	const char *name;
	size_t offset; /* of a uint64_t in the structure */
};

/* Appends count registers of a structure, 16 digits each, columns to a line. */
void mote_register_text_table(struct mote_register_text *text, const void *registers,
			      const struct mote_register_name *names, size_t count, size_t columns);

#endif
