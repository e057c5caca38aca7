/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict reader of JSON (RFC 8259), to judge what the tool prints.
 */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text is one JSON object, UTF-8, on one line. */
bool json_is_valid(const char *text);

/*
 * The value at a path such as "fault.registers.rip" or "exports.0.name", as it is written there
 * (strings with their quotes), in a buffer that is overwritten by the fourth call after this one.
 * "(none)" when there is no such member.
 */
const char *json_at(const char *text, const char *path);

/* How many elements the array at a path has; -1 when there is none. */
int json_count(const char *text, const char *path);

#endif
