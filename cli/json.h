/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer of JSON: one object on one line.  Names are given with each value;
 * inside an array they are NULL.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output.h"

struct json {
	struct output *output;
	bool first; /* nothing stands in the innermost object or array yet */
};

void json_begin(struct json *json, struct output *output);
void json_end(struct json *json); /* closes the outermost object and the line */

void json_open_object(struct json *json, const char *name);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *name);
void json_close_array(struct json *json);

/* Bytes that are no UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *name, const char *text);
void json_string_bytes(struct json *json, const char *name, const char *text, size_t length);
void json_base64(struct json *json, const char *name, const void *data, size_t length);
void json_signed(struct json *json, const char *name, int64_t value);
void json_unsigned(struct json *json, const char *name, uint64_t value);
void json_address(struct json *json, const char *name, uint64_t value); /* "0x..." */
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

/* A number that is JSON already. */
void json_number_text(struct json *json, const char *name, const char *text);

#endif
