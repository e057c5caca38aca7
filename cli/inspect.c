/* SPDX-License-Identifier: Apache-2.0
 *
 * mote inspect: what a guest image is made of, or a snapshot file.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "inspect_snapshot.h"
#include "options.h"
#include "problem.h"
#include "text/text.h"
#include "tool.h"

struct inspect_options {
	bool json, names, help;
};

/* One of the two tables of functions. */
typedef mote_status (*function_getter)(const mote_image *image, size_t index,
				       mote_image_function *function, mote_error *error);

static const char *type_name(const mote_image_information *information)
{
	return information->position_independent ? "static-pie" : "static";
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_need(struct output *output, const char *name, uint64_t bytes)
{
	char size[MOTE_SIZE_TEXT_BYTES];

	output_format(output, "%-9s%s%s\n", name, bytes != 0 ? "at least " : "",
		      bytes != 0 ? mote_size_text(bytes, size) : "no demand");
}

static void print_functions(struct output *output, const char *title, const mote_image *image,
			    function_getter get, size_t count)
{
	char signature[MOTE_SIGNATURE_TEXT_BYTES];
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;

	output_format(output, "\n%s (%zu)\n", title, count);
	for (size_t i = 0; get(image, i, &function, NULL) == MOTE_OK; i++) {
		mote_signature_format(&function.signature, signature);
		output_format(output, "  %s: %s\n", function.name, signature);
	}
}

static void print_segments(struct output *output, const mote_image *image, size_t count)
{
	mote_image_segment segment = MOTE_IMAGE_SEGMENT_INIT;

	output_format(output, "\nsegments (%zu)\n", count);
	for (size_t i = 0; mote_image_get_segment(image, i, &segment, NULL) == MOTE_OK; i++)
		output_format(output,
			      "  0x%08" PRIx64 "  %c%c%c  %" PRIu64 " bytes, %" PRIu64
			      " of them in the file\n",
			      segment.address, segment.readable ? 'r' : '-',
			      segment.writable ? 'w' : '-', segment.executable ? 'x' : '-',
			      segment.memory_bytes, segment.file_bytes);
}

static void print_text(struct output *output, const mote_image *image,
		       const mote_image_information *information)
{
	output_text(output, "guest    ");
	output_escaped(output, information->name, strlen(information->name), false);
	output_format(output, "\nmachine  %s\nABI      %" PRIu32 "\ntype     %s executable\n",
		      mote_machine_name(information->machine), information->abi_version,
		      type_name(information));
	output_format(output, "entry    0x%" PRIx64 "\n", information->entry);
	print_need(output, "heap", information->heap_bytes);
	print_need(output, "stack", information->stack_bytes);
	output_format(output, "symbols  %zu functions\n", information->symbol_count);
	print_functions(output, "exports", image, mote_image_get_export, information->export_count);
	if (information->export_count == 0)
		output_text(output, "  none: nothing can be called.  Exports in a static library "
				    "are linked with -Wl,--whole-archive\n");
	print_functions(output, "imports", image, mote_image_get_import, information->import_count);
	print_segments(output, image, information->segment_count);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_functions(struct json *json, const char *name, const mote_image *image,
			   function_getter get)
{
	char signature[MOTE_SIGNATURE_TEXT_BYTES];
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;

	json_open_array(json, name);
	for (size_t i = 0; get(image, i, &function, NULL) == MOTE_OK; i++) {
		const mote_signature *types = &function.signature;

		mote_signature_format(types, signature);
		json_open_object(json, NULL);
		json_string(json, "name", function.name);
		json_string(json, "signature", signature);
		json_string(json, "result", mote_type_name((mote_type)types->result));
		json_open_array(json, "arguments");
		for (unsigned at = 0; at < types->argument_count; at++)
			json_string(json, NULL, mote_type_name((mote_type)types->arguments[at]));
		json_close_array(json);
		json_close_object(json);
	}
	json_close_array(json);
}

static void json_segments(struct json *json, const mote_image *image)
{
	mote_image_segment segment = MOTE_IMAGE_SEGMENT_INIT;

	json_open_array(json, "segments");
	for (size_t i = 0; mote_image_get_segment(image, i, &segment, NULL) == MOTE_OK; i++) {
		json_open_object(json, NULL);
		json_address(json, "address", segment.address);
		json_unsigned(json, "memory_bytes", segment.memory_bytes);
		json_unsigned(json, "file_bytes", segment.file_bytes);
		json_bool(json, "readable", segment.readable);
		json_bool(json, "writable", segment.writable);
		json_bool(json, "executable", segment.executable);
		json_close_object(json);
	}
	json_close_array(json);
}

static void print_json(struct output *output, const mote_image *image,
		       const mote_image_information *information)
{
	struct json json;

	json_begin(&json, output);
	json_string(&json, "status", "ok");
	json_string(&json, "guest", information->name);
	json_string(&json, "machine", mote_machine_name(information->machine));
	json_unsigned(&json, "abi_version", information->abi_version);
	json_string(&json, "type", type_name(information));
	json_address(&json, "entry", information->entry);
	json_unsigned(&json, "heap_bytes", information->heap_bytes);
	json_unsigned(&json, "stack_bytes", information->stack_bytes);
	json_unsigned(&json, "symbols", information->symbol_count);
	json_functions(&json, "exports", image, mote_image_get_export);
	json_functions(&json, "imports", image, mote_image_get_import);
	json_segments(&json, image);
	json_end(&json);
}

/* ---- Names ------------------------------------------------------------------------------- */

/* A word that means nothing else to any shell: letters, digits, '_', and inside it '.' and '-'. */
static bool is_plain(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char others[] = "0123456789.-";
	size_t length = 1;

	if (name[0] == '\0' || strchr(letters, name[0]) == NULL)
		return false;
	while (name[length] != '\0' &&
	       (strchr(letters, name[length]) != NULL || strchr(others, name[length]) != NULL))
		length++;
	return name[length] == '\0';
}

/* For completion: names are what a hostile file says. */
static void print_names(struct output *output, const mote_image *image)
{
	char signature[MOTE_SIGNATURE_TEXT_BYTES];
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;

	for (size_t i = 0; mote_image_get_export(image, i, &function, NULL) == MOTE_OK; i++) {
		if (!is_plain(function.name) || strcmp(function.name, MOTE_ABI_PROGRAM_MAIN) == 0)
			continue;
		mote_signature_format(&function.signature, signature);
		output_format(output, "%s\t%s\n", function.name, signature);
	}
}

/* ---- The command ------------------------------------------------------------------------- */

static int inspect(const char *path, const struct inspect_options *options)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct problem problem;
	struct output output;
	mote_image *image;

	if (!options->names && is_snapshot_file(path))
		return inspect_snapshot(path, options->json);
	if (mote_image_open(NULL, path, &image, &error) != MOTE_OK) {
		problem_from_error(&problem, &error);
		return problem_report(&problem, "inspect", options->json);
	}
	mote_image_get_information(image, &information, NULL);
	output_standard(&output);
	if (options->names)
		print_names(&output, image);
	else if (options->json)
		print_json(&output, image, &information);
	else
		print_text(&output, image, &information);
	mote_image_release(image);
	return output_finish(&output);
}

int command_inspect(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", 0, NULL, offsetof(struct inspect_options, json)},
		{"names", 0, NULL, offsetof(struct inspect_options, names)},
		{"help", 'h', NULL, offsetof(struct inspect_options, help)},
	};
	struct inspect_options options = {.json = false};
	struct operands operands = {.limit = 2};
	int code = parse_options(argc, argv, table, sizeof(table) / sizeof(table[0]), &options,
				 &operands);

	if (code != EXIT_FINE)
		return code;
	if (options.help)
		return print_help("inspect");
	if (operands.count != 1)
		return complain_usage("inspect", operands.count == 0 ? "no file given"
								     : "more than one file given");
	if (options.json && options.names)
		return complain_usage("inspect", "--json and --names exclude each other");
	return inspect(operands.operand[0], &options);
}
