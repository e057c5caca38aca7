/* SPDX-License-Identifier: Apache-2.0
 *
 * The str functions that are not worth a file of their own.  With
 * -ffunction-sections a guest keeps only those that it uses.
 */
#include <string.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

int strncmp(const char *a, const char *b, size_t maximum)
{
	for (; maximum; a++, b++, maximum--) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *text, int byte)
{
	for (; *text != (char)byte; text++)
		if (!*text)
			return NULL;
	return (char *)(uintptr_t)text;
}

char *strrchr(const char *text, int byte)
{
	const char *found = NULL;

	do {
		if (*text == (char)byte)
			found = text;
	} while (*text++);
	return (char *)(uintptr_t)found;
}

char *strstr(const char *text, const char *part)
{
	size_t length = strlen(part);

	if (!length)
		return (char *)(uintptr_t)text;
	for (; (text = strchr(text, *part)); text++)
		if (!strncmp(text, part, length))
			return (char *)(uintptr_t)text;
	return NULL;
}

size_t strcspn(const char *text, const char *set)
{
	size_t length = 0;

	while (text[length] && !strchr(set, text[length]))
		length++;
	return length;
}

size_t strspn(const char *text, const char *set)
{
	size_t length = 0;

	while (text[length] && strchr(set, text[length]))
		length++;
	return length;
}

char *strpbrk(const char *text, const char *set)
{
	text += strcspn(text, set);
	return *text ? (char *)(uintptr_t)text : NULL;
}

char *stpcpy(char *restrict to, const char *restrict from)
{
	size_t length = strlen(from);

	memcpy(to, from, length + 1);
	return to + length;
}

char *strcpy(char *restrict to, const char *restrict from)
{
	stpcpy(to, from);
	return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t length)
{
	size_t copied = strnlen(from, length);

	memcpy(to, from, copied);
	memset(to + copied, 0, length - copied);
	return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
	stpcpy(to + strlen(to), from);
	return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t maximum)
{
	size_t length = strnlen(from, maximum);
	char *end = to + strlen(to);

	memcpy(end, from, length);
	end[length] = 0;
	return to;
}

char *strtok_r(char *restrict text, const char *restrict set, char **restrict rest)
{
	char *token = text ? text : *rest;

	token += strspn(token, set);
	if (!*token) {
		*rest = token;
		return NULL;
	}
	*rest = token + strcspn(token, set);
	if (**rest)
		*(*rest)++ = 0;
	return token;
}

char *strndup(const char *text, size_t maximum)
{
	size_t length = strnlen(text, maximum);
	char *copy = malloc(length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = 0;
	return copy;
}

char *strdup(const char *text)
{
	return strndup(text, SIZE_MAX - 1);
}

char *strerror(int number)
{
	static const struct {
		int number;
		const char *text;
	} known[] = {
		{0, "Success"},
		{ENOMEM, "Cannot allocate memory"},
		{EINVAL, "Invalid argument"},
		{EDOM, "Numerical argument out of domain"},
		{ERANGE, "Numerical result out of range"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == number)
			return (char *)(uintptr_t)known[i].text;
	return (char *)(uintptr_t) "Unknown error";
}
