/* SPDX-License-Identifier: Apache-2.0
 *
 * Shows the result of a guest function.
 */
#ifndef RESULT_H
#define RESULT_H

#include <mote/mote.h>

#include "json.h"

/* How a result is printed. */
enum result_style {
	RESULT_PLAIN,	 /* a line; bytes as they are */
	RESULT_TERMINAL, /* made safe to look at; bytes as a hex dump */
	RESULT_RAW,	 /* strings as they are too */
};

void result_print(struct output *output, const mote_value *result, enum result_style style);

/* The members "type", "result" and, for strings and bytes, "encoding": "utf-8" or "base64". */
void result_json(struct json *json, const mote_value *result);

enum { FLOAT_TEXT_BYTES = 40 };

/* The shortest decimal that reads back as the same number; "nan", "inf".  Returns text. */
const char *float_text(double value, bool is_f32, char text[FLOAT_TEXT_BYTES]);

#endif
