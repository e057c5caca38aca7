/* SPDX-License-Identifier: Apache-2.0
 *
 * See register_text.h.
 */
#include "register_text.h"

#include <string.h>

static void add_character(struct mote_register_text *text, char character)
{
	/* The NUL overwrites a character in the last byte. */
	if (text->length < text->capacity)
		text->text[text->length] = character;
	text->length++;
}

void mote_register_text_add(struct mote_register_text *text, const char *string)
{
	while (*string)
		add_character(text, *string++);
}

void mote_register_text_hex(struct mote_register_text *text, const char *name, uint64_t value,
			    unsigned digits, const char *end)
{
	mote_register_text_add(text, name);
	add_character(text, '=');
	while (digits-- > 0)
		add_character(text, "0123456789abcdef"[value >> (4 * digits) & 15]);
	mote_register_text_add(text, end);
}

size_t mote_register_text_end(struct mote_register_text *text)
{
	if (text->capacity > 0)
		text->text[text->length < text->capacity ? text->length : text->capacity - 1] = 0;
	return text->length;
}

void mote_register_text_table(struct mote_register_text *text, const void *registers,
			      const struct mote_register_name *names, size_t count, size_t columns)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value;

		memcpy(&value, (const uint8_t *)registers + names[i].offset, sizeof(value));
		mote_register_text_hex(text, names[i].name, value, 16,
				       i + 1 == count || (i + 1) % columns == 0 ? "\n" : " ");
	}
}
