/* SPDX-License-Identifier: Apache-2.0
 *
 * Recursive descent; every function returns the end of what it read, or NULL.
 */
#include "json_check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAXIMUM_DEPTH = 16 };

static const char *skip_value(const char *at, int depth);

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r");
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One UTF-8 character that may stand in a string as it is. */
static const char *skip_character(const char *at)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)at;
	unsigned count = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	unsigned code = count == 1 ? bytes[0] : bytes[0] & (0x7fu >> count);

	if (bytes[0] < 0x20 || (bytes[0] >= 0x80 && bytes[0] < 0xc2) || bytes[0] > 0xf4)
		return NULL;
	for (unsigned i = 1; i < count; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return NULL;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[count] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return NULL;
	return at + count;
}

static const char *skip_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (at && *at != '"') {
		if (*at != '\\') {
			at = skip_character(at);
		} else if (at[1] == 'u') {
			if (strspn(at + 2, "0123456789abcdefABCDEF") < 4)
				return NULL;
			at += 6;
		} else {
			if (at[1] == '\0' || !strchr("\"\\/bfnrt", at[1]))
				return NULL;
			at += 2;
		}
	}
	return at ? at + 1 : NULL;
}

static const char *skip_digits(const char *at)
{
	if (!is_digit(*at))
		return NULL;
	while (is_digit(*at))
		at++;
	return at;
}

static const char *skip_number(const char *at)
{
	if (*at == '-')
		at++;
	at = *at == '0' ? at + 1 : skip_digits(at);
	if (at && *at == '.')
		at = skip_digits(at + 1);
	if (at && (*at == 'e' || *at == 'E')) {
		at++;
		at = skip_digits(at + (*at == '+' || *at == '-'));
	}
	return at;
}

/* An object (named) or an array. */
static const char *skip_group(const char *at, bool named, char end, int depth)
{
	at = skip_blanks(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		if (named) {
			at = skip_string(at);
			if (!at || *skip_blanks(at) != ':')
				return NULL;
			at = skip_blanks(skip_blanks(at) + 1);
		}
		at = skip_value(at, depth + 1);
		if (!at)
			return NULL;
		at = skip_blanks(at);
		if (*at == end)
			return at + 1;
		if (*at != ',')
			return NULL;
		at = skip_blanks(at + 1);
	}
}

static const char *skip_value(const char *at, int depth)
{
	static const char *const words[] = {"true", "false", "null"};

	if (depth > MAXIMUM_DEPTH)
		return NULL;
	if (*at == '{')
		return skip_group(at, true, '}', depth);
	if (*at == '[')
		return skip_group(at, false, ']', depth);
	if (*at == '"')
		return skip_string(at);
	for (int i = 0; i < 3; i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	return skip_number(at);
}

bool json_is_valid(const char *text)
{
	const char *end = *text == '{' ? skip_value(text, 0) : NULL;

	return end && !strcmp(end, "\n");
}

/* The element of a valid object or array that has this name or number; NULL if there is none. */
static const char *element(const char *at, const char *name, size_t length)
{
	bool named = *at == '{';
	char number[24];

	if (*at != '{' && *at != '[')
		return NULL;
	at = skip_blanks(at + 1);
	for (unsigned index = 0; *at != '}' && *at != ']'; index++) {
		bool same;

		snprintf(number, sizeof(number), "%u", index);
		if (named) {
			const char *end = skip_string(at);

			same = (size_t)(end - at) == length + 2 && !strncmp(at + 1, name, length);
			at = skip_blanks(skip_blanks(end) + 1);
		} else {
			same = strlen(number) == length && !strncmp(number, name, length);
		}
		if (same)
			return at;
		at = skip_blanks(skip_value(at, 0));
		if (*at == ',')
			at = skip_blanks(at + 1);
	}
	return NULL;
}

static const char *find(const char *text, const char *path)
{
	if (!json_is_valid(text))
		return NULL;
	while (text && *path) {
		size_t length = strcspn(path, ".");

		text = element(text, path, length);
		path += length + (path[length] == '.');
	}
	return text;
}

const char *json_at(const char *text, const char *path)
{
	static char buffers[4][4096];
	static unsigned next;
	char *buffer = buffers[next++ % 4];
	const char *at = find(text, path);

	if (!at)
		return "(none)";
	snprintf(buffer, sizeof(buffers[0]), "%.*s", (int)(skip_value(at, 0) - at), at);
	return buffer;
}

int json_count(const char *text, const char *path)
{
	const char *at = find(text, path);
	char number[24] = "0";
	int count = 0;

	if (!at || *at != '[')
		return -1;
	while (element(at, number, strlen(number)))
		snprintf(number, sizeof(number), "%d", ++count);
	return count;
}
