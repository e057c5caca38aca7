/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds registers in gdb's order, and prints the target description.
 * GDB manual, appendix G.
 */
#include "gdb_registers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/format.h"

/* ---- Places ------------------------------------------------------------------------------ */

bool mote_gdb_find_register(const struct mote_gdb_description *description, uint64_t number,
			    struct mote_gdb_place *place)
{
	size_t offset = 0;

	for (size_t i = 0; i < description->count; i++) {
		const struct mote_gdb_feature *feature = description->features[i];

		for (size_t j = 0; j < feature->count; j++) {
			const struct mote_gdb_registers *registers = &feature->registers[j];

			if (number < registers->count) {
				*place = (struct mote_gdb_place){
					.offset = offset + (size_t)number * registers->bytes,
					.bytes = registers->bytes,
					.is_system = feature->is_system};
				return true;
			}
			number -= registers->count;
			offset += (size_t)registers->count * registers->bytes;
		}
	}
	return false;
}

static size_t sum_bytes(const struct mote_gdb_description *description, bool with_system)
{
	size_t bytes = 0;

	for (size_t i = 0; i < description->count; i++) {
		const struct mote_gdb_feature *feature = description->features[i];

		for (size_t j = 0; j < feature->count; j++)
			if (with_system || !feature->is_system)
				bytes += (size_t)feature->registers[j].count *
					 feature->registers[j].bytes;
	}
	return bytes;
}

size_t mote_gdb_value_bytes(const struct mote_gdb_description *description)
{
	return sum_bytes(description, true);
}

size_t mote_gdb_general_bytes(const struct mote_gdb_description *description)
{
	return sum_bytes(description, false);
}

/* ---- target.xml -------------------------------------------------------------------------- */

struct output {
	char *text;
	size_t capacity, length;
};

static void print(struct output *output, const char *format, ...) MOTE_PRINTF(2, 3);

static void print(struct output *output, const char *format, ...)
{
	const size_t used = output->length < output->capacity ? output->length : output->capacity;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(output->capacity > 0 ? output->text + used : NULL,
			   output->capacity - used, format, arguments);
	va_end(arguments);
	output->length += length > 0 ? (size_t)length : 0;
}

static void print_name(struct output *output, const char *name, unsigned number)
{
	const char *place = strstr(name, "%u");

	if (place == NULL)
		print(output, "%s", name);
	else
		print(output, "%.*s%u%s", (int)(place - name), name, number, place + 2);
}

static void print_register(struct output *output, const struct mote_gdb_registers *registers,
			   unsigned number, bool is_system)
{
	print(output, "<reg name=\"");
	print_name(output, registers->name, number);
	print(output, "\" bitsize=\"%u\" type=\"%s\"", registers->bytes * 8u, registers->type);
	if (registers->group != NULL)
		print(output, " group=\"%s\"", registers->group);
	/* A call that gdb makes in the guest does not put back what cannot be set. */
	print(output, "%s/>\n", is_system ? " save-restore=\"no\"" : "");
}

static void print_feature(struct output *output, const struct mote_gdb_feature *feature)
{
	print(output, "<feature name=\"%s\">\n%s", feature->name, feature->types);
	for (size_t i = 0; i < feature->count; i++)
		for (unsigned j = 0; j < feature->registers[i].count; j++)
			print_register(output, &feature->registers[i], j, feature->is_system);
	print(output, "</feature>\n");
}

/* The ABI's name makes gdb relocate the guest by its auxiliary vector and find thread-local
 * variables: mote's guests have both as Linux programs do. */
size_t mote_gdb_print_description(const struct mote_gdb_description *description, char *text,
				  size_t capacity)
{
	struct output output = {.text = text, .capacity = capacity};

	print(&output,
	      "<?xml version=\"1.0\"?>\n"
	      "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	      "<target version=\"1.0\">\n"
	      "<architecture>%s</architecture>\n"
	      "<osabi>GNU/Linux</osabi>\n",
	      description->architecture);
	for (size_t i = 0; i < description->count; i++)
		print_feature(&output, description->features[i]);
	print(&output, "</target>\n");
	return output.length;
}
