/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON writer (RFC 8259).
 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "text/text.h"

/* JSON writes what lies above U+FFFF as two surrogates. */
static void escape_code(struct output *output, uint32_t code)
{
	if (code > 0xffff) {
		output_format(output, "\\u%04" PRIx32, 0xd7c0 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	output_format(output, "\\u%04" PRIx32, code);
}

static void put_string(struct json *json, const char *text, size_t length)
{
	struct output *output = json->output;

	output_text(output, "\"");
	for (size_t at = 0; at < length;) {
		uint32_t code;
		size_t bytes = mote_utf8_next(text + at, length - at, &code);

		if (bytes == 0) {
			output_text(output, "\\ufffd");
			bytes = 1;
		} else if (code == '"' || code == '\\') {
			output_format(output, "\\%c", (char)code);
		} else if (code == '\n') {
			output_text(output, "\\n");
		} else if (!mote_is_printable(code) || (output->ascii_only && code > 0x7f)) {
			escape_code(output, code);
		} else {
			output_bytes(output, text + at, bytes);
		}
		at += bytes;
	}
	output_text(output, "\"");
}

/* The comma and the name before a value. */
static void lead(struct json *json, const char *name)
{
	if (!json->first)
		output_text(json->output, ",");
	json->first = false;
	if (name != NULL) {
		put_string(json, name, strlen(name));
		output_text(json->output, ":");
	}
}

static void open_with(struct json *json, const char *name, const char *bracket)
{
	lead(json, name);
	output_text(json->output, bracket);
	json->first = true;
}

static void close_with(struct json *json, const char *bracket)
{
	output_text(json->output, bracket);
	json->first = false;
}

void json_begin(struct json *json, struct output *output)
{
	json->output = output;
	json->first = true;
	open_with(json, NULL, "{");
}

void json_end(struct json *json)
{
	close_with(json, "}\n");
}

void json_open_object(struct json *json, const char *name)
{
	open_with(json, name, "{");
}

void json_close_object(struct json *json)
{
	close_with(json, "}");
}

void json_open_array(struct json *json, const char *name)
{
	open_with(json, name, "[");
}

void json_close_array(struct json *json)
{
	close_with(json, "]");
}

void json_string(struct json *json, const char *name, const char *text)
{
	json_string_bytes(json, name, text, strlen(text));
}

void json_string_bytes(struct json *json, const char *name, const char *text, size_t length)
{
	lead(json, name);
	put_string(json, text, length);
}

void json_base64(struct json *json, const char *name, const void *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = data;

	lead(json, name);
	output_text(json->output, "\"");
	for (size_t at = 0; at < length; at += 3) {
		size_t left = length - at;
		uint32_t group = (uint32_t)bytes[at] << 16;
		char text[] = {'=', '=', '=', '='};

		if (left > 1)
			group |= (uint32_t)bytes[at + 1] << 8;
		if (left > 2)
			group |= bytes[at + 2];
		for (size_t i = 0; i < 4 && i <= left; i++)
			text[i] = digits[group >> (18 - 6 * i) & 63];
		output_bytes(json->output, text, sizeof(text));
	}
	output_text(json->output, "\"");
}

void json_signed(struct json *json, const char *name, int64_t value)
{
	lead(json, name);
	output_format(json->output, "%" PRId64, value);
}

void json_unsigned(struct json *json, const char *name, uint64_t value)
{
	lead(json, name);
	output_format(json->output, "%" PRIu64, value);
}

void json_address(struct json *json, const char *name, uint64_t value)
{
	lead(json, name);
	output_format(json->output, "\"0x%" PRIx64 "\"", value);
}

void json_bool(struct json *json, const char *name, bool value)
{
	lead(json, name);
	output_text(json->output, value ? "true" : "false");
}

void json_null(struct json *json, const char *name)
{
	lead(json, name);
	output_text(json->output, "null");
}

void json_number_text(struct json *json, const char *name, const char *text)
{
	lead(json, name);
	output_text(json->output, text);
}
