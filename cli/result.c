/* SPDX-License-Identifier: Apache-2.0
 *
 * Results as text and as JSON.
 */
#include "result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *float_text(double value, bool is_f32, char text[FLOAT_TEXT_BYTES])
{
	int digits = is_f32 ? 9 : 17; /* enough for every number */

	if (isnan(value))
		return strcpy(text, "nan");
	for (int precision = 1; precision <= digits; precision++) {
		snprintf(text, FLOAT_TEXT_BYTES, "%.*g", precision, value);
		if (is_f32 ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
			break;
	}
	return text;
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_scalar(struct output *output, const mote_value *result)
{
	char text[FLOAT_TEXT_BYTES];

	switch (result->type) {
	case MOTE_TYPE_I32:
		output_format(output, "%" PRId32 "\n", result->as.i32);
		break;
	case MOTE_TYPE_U32:
		output_format(output, "%" PRIu32 "\n", result->as.u32);
		break;
	case MOTE_TYPE_I64:
		output_format(output, "%" PRId64 "\n", result->as.i64);
		break;
	case MOTE_TYPE_U64:
		output_format(output, "%" PRIu64 "\n", result->as.u64);
		break;
	case MOTE_TYPE_F32:
		output_format(output, "%s\n", float_text((double)result->as.f32, true, text));
		break;
	case MOTE_TYPE_F64:
		output_format(output, "%s\n", float_text(result->as.f64, false, text));
		break;
	case MOTE_TYPE_BOOL:
		output_text(output, result->as.boolean ? "true\n" : "false\n");
		break;
	default: /* void */
		break;
	}
}

static void print_dump(struct output *output, const unsigned char *bytes, size_t length)
{
	enum { SHOWN = 256, ROW = 16 };

	for (size_t at = 0; at < length && at < SHOWN; at += ROW) {
		output_format(output, "%08zx ", at);
		for (size_t i = at; i < at + ROW; i++)
			if (i < length)
				output_format(output, " %02x", bytes[i]);
			else
				output_text(output, "   ");
		output_text(output, "  |");
		for (size_t i = at; i < at + ROW && i < length; i++)
			output_format(output, "%c",
				      bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
		output_text(output, "|\n");
	}
	output_format(output, "%zu bytes%s\n", length,
		      length > SHOWN ? ", the first 256 shown; -o FILE saves them all" : "");
}

void result_print(struct output *output, const mote_value *result, enum result_style style)
{
	if (result->type == MOTE_TYPE_STRING) {
		if (style == RESULT_TERMINAL)
			output_escaped(output, result->as.string.data, result->as.string.length,
				       true);
		else
			output_bytes(output, result->as.string.data, result->as.string.length);
		if (style != RESULT_RAW)
			output_text(output, "\n");
	} else if (result->type == MOTE_TYPE_BYTES) {
		if (style == RESULT_TERMINAL)
			print_dump(output, result->as.bytes.data, result->as.bytes.length);
		else
			output_bytes(output, result->as.bytes.data, result->as.bytes.length);
	} else {
		print_scalar(output, result);
	}
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* JSON has no infinities and no NaN: they are strings. */
static void json_float(struct json *json, double value, bool is_f32)
{
	char text[FLOAT_TEXT_BYTES];

	float_text(value, is_f32, text);
	if (isfinite(value))
		json_number_text(json, "result", text);
	else
		json_string(json, "result", text);
}

static void json_data(struct json *json, bool is_text, const void *data, size_t length)
{
	json_string(json, "encoding", is_text ? "utf-8" : "base64");
	if (is_text)
		json_string_bytes(json, "result", data, length);
	else
		json_base64(json, "result", data, length);
}

void result_json(struct json *json, const mote_value *result)
{
	json_string(json, "type", mote_type_name(result->type));
	switch (result->type) {
	case MOTE_TYPE_I32:
		json_signed(json, "result", result->as.i32);
		break;
	case MOTE_TYPE_U32:
		json_unsigned(json, "result", result->as.u32);
		break;
	case MOTE_TYPE_I64:
		json_signed(json, "result", result->as.i64);
		break;
	case MOTE_TYPE_U64:
		json_unsigned(json, "result", result->as.u64);
		break;
	case MOTE_TYPE_F32:
		json_float(json, (double)result->as.f32, true);
		break;
	case MOTE_TYPE_F64:
		json_float(json, result->as.f64, false);
		break;
	case MOTE_TYPE_BOOL:
		json_bool(json, "result", result->as.boolean);
		break;
	case MOTE_TYPE_STRING:
		json_data(json, utf8_valid(result->as.string.data, result->as.string.length),
			  result->as.string.data, result->as.string.length);
		break;
	case MOTE_TYPE_BYTES:
		json_data(json, false, result->as.bytes.data, result->as.bytes.length);
		break;
	default:
		json_null(json, "result");
		break;
	}
}
