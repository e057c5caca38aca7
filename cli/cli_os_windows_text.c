/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts on Windows: UTF-8 at the edges of a system that has UTF-16, command lines, what codes mean.
 */
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "cli_os_windows.h"

/* ---- UTF-8 ------------------------------------------------------------------------------- */

wchar_t *cli_os_wide(const char *text)
{
	const int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
	wchar_t *wide = length > 0 ? calloc((size_t)length, sizeof(*wide)) : NULL;

	if (wide != NULL)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
	else if (length > 0)
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return wide;
}

char *cli_os_narrow(const wchar_t *text)
{
	const int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
	char *narrow = length > 0 ? calloc((size_t)length, 1) : NULL;

	if (narrow != NULL)
		WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, length, NULL, NULL);
	return narrow;
}

/* The whole path with a prefix that lifts the limit of 260 characters: \\?\, and \\?\UNC in place
 * of the first backslash of a share. */
static wchar_t *lift_limit(const wchar_t *path)
{
	static const wchar_t prefix[] = L"\\\\?\\UNC";
	enum { ROOM = 8 };
	const DWORD length = GetFullPathNameW(path, 0, NULL, NULL);
	wchar_t *whole = length > 0 ? calloc((size_t)length + ROOM, sizeof(*whole)) : NULL;
	wchar_t *begin;
	size_t count = 4;

	if (whole == NULL)
		return NULL;
	begin = whole + ROOM;
	GetFullPathNameW(path, length, begin, NULL);
	if (wcsncmp(begin, L"\\\\", 2) == 0) {
		begin++;
		count = 7;
	}
	begin -= count;
	memcpy(begin, prefix, count * sizeof(*begin));
	memmove(whole, begin, (wcslen(begin) + 1) * sizeof(*begin));
	return whole;
}

wchar_t *cli_os_wide_path(const char *path)
{
	enum { SHORT = 240 }; /* a folder has to leave room for a name in it */
	wchar_t *wide = cli_os_wide(path), *whole;

	if (wide == NULL || wcslen(wide) < SHORT || wcsncmp(wide, L"\\\\?\\", 4) == 0 ||
	    wcsncmp(wide, L"\\\\.\\", 4) == 0)
		return wide;
	whole = lift_limit(wide);
	free(wide);
	return whole;
}

/* ---- Command lines ----------------------------------------------------------------------- */

/* A line that is taken apart, in its own place: no argument is longer than what says it. */
struct line {
	const char *from;
	char *to;
};

static void take_backslashes(struct line *line, bool *literal)
{
	const size_t count = strspn(line->from, "\\");
	const bool quoted = line->from[count] == '"';
	const size_t kept = quoted ? count / 2 : count;

	memset(line->to, '\\', kept);
	line->to += kept;
	line->from += count;
	*literal = quoted && count % 2 != 0;
}

/* The first one is a path, in which a backslash is what it is. */
static void take_program(struct line *line)
{
	bool quoted = false;

	for (; *line->from != '\0' && (quoted || strchr(" \t", *line->from) == NULL);
	     line->from++) {
		if (*line->from == '"')
			quoted = !quoted;
		else
			*line->to++ = *line->from;
	}
}

static void take_argument(struct line *line)
{
	bool quoted = false;

	while (*line->from != '\0' && (quoted || strchr(" \t", *line->from) == NULL)) {
		bool literal = false;

		if (*line->from == '\\')
			take_backslashes(line, &literal);
		else if (*line->from != '"')
			literal = true;
		else if (line->from++, quoted && *line->from == '"') /* two are one */
			literal = true;
		else
			quoted = !quoted;
		if (literal)
			*line->to++ = *line->from++;
	}
}

char **cli_os_take_apart(char *text, int *count)
{
	/* Each argument but the last has a space behind it. */
	char **arguments = calloc(strlen(text) / 2 + 3, sizeof(*arguments));
	struct line line = {text, text};

	if (arguments == NULL)
		return NULL;
	*count = 0;
	do {
		char *begin = line.to;

		if (*count == 0)
			take_program(&line);
		else
			take_argument(&line);
		line.from += strspn(line.from, " \t");
		arguments[(*count)++] = begin;
		/* What is behind the end was read: it is a space, a quote or the end. */
		if (*line.from != '\0')
			*line.to++ = '\0';
	} while (*line.from != '\0');
	*line.to = '\0';
	return arguments;
}

/* Twice the backslashes before a quote, and one more; none is special elsewhere. */
static char *add_argument(char *to, const char *argument)
{
	*to++ = '"';
	while (*argument != '\0') {
		const size_t count = strspn(argument, "\\");
		const char end = argument[count];
		const size_t doubled = end == '"' || end == '\0' ? 2 * count : count;

		memset(to, '\\', doubled);
		to += doubled;
		argument += count;
		if (end == '"')
			*to++ = '\\';
		if (end != '\0')
			*to++ = *argument++;
	}
	*to++ = '"';
	return to;
}

wchar_t *cli_os_command_line(const char *const *arguments)
{
	size_t bytes = 1;
	char *line, *at;
	wchar_t *wide;

	for (size_t i = 0; arguments[i] != NULL; i++)
		bytes += 2 * strlen(arguments[i]) + 3;
	line = malloc(bytes);
	at = line;
	for (size_t i = 0; line != NULL && arguments[i] != NULL; i++) {
		if (i > 0)
			*at++ = ' ';
		at = add_argument(at, arguments[i]);
	}
	if (line == NULL) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	*at = '\0';
	wide = cli_os_wide(line);
	free(line);
	return wide;
}

/* ---- Codes ------------------------------------------------------------------------------- */

/* In the words of the other systems; Windows has its own in the language of its user. */
static const struct {
	int code;
	const char *text;
} texts[] = {
	{CLI_OS_NO_MEMORY, "Cannot allocate memory"},
	{CLI_OS_NOT_REGULAR, "not a regular file"},
	{CLI_OS_TIME_UP, "it took too long"},
	{CLI_OS_IS_FOLDER, "Is a directory"},
	{ERROR_FILE_NOT_FOUND, "No such file or directory"},
	{ERROR_PATH_NOT_FOUND, "No such file or directory"},
	{ERROR_INVALID_NAME, "No such file or directory"},
	{ERROR_BAD_NETPATH, "No such file or directory"},
	{ERROR_BAD_NET_NAME, "No such file or directory"},
	{ERROR_NO_UNICODE_TRANSLATION, "the name is not valid UTF-8"},
	{ERROR_TOO_MANY_OPEN_FILES, "Too many open files"},
	{ERROR_ACCESS_DENIED, "Permission denied"},
	{ERROR_WRITE_PROTECT, "Read-only file system"},
	{ERROR_INVALID_HANDLE, "Bad file descriptor"},
	{ERROR_NOT_ENOUGH_MEMORY, "Cannot allocate memory"},
	{ERROR_OUTOFMEMORY, "Cannot allocate memory"},
	{ERROR_COMMITMENT_LIMIT, "Cannot allocate memory: the page file is too small"},
	{ERROR_SHARING_VIOLATION, "another program is using it"},
	{ERROR_LOCK_VIOLATION, "another program is using it"},
	{ERROR_HANDLE_DISK_FULL, "No space left on device"},
	{ERROR_DISK_FULL, "No space left on device"},
	{ERROR_FILE_EXISTS, "File exists"},
	{ERROR_ALREADY_EXISTS, "File exists"},
	{ERROR_BROKEN_PIPE, "Broken pipe"},
	{ERROR_NO_DATA, "Broken pipe"},
	{ERROR_DIR_NOT_EMPTY, "Directory not empty"},
	{ERROR_DIRECTORY, "Not a directory"},
	{ERROR_BAD_EXE_FORMAT, "Exec format error"},
};

const char *cli_os_error_text(int code)
{
	static _Thread_local char said[256];
	const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
			    FORMAT_MESSAGE_MAX_WIDTH_MASK; /* in one line */
	wchar_t wide[sizeof(said) / 4];
	DWORD length;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].code == code)
			return texts[i].text;
	length = FormatMessageW(flags, NULL, (DWORD)code, 0, wide, sizeof(wide) / sizeof(wide[0]),
				NULL);
	while (length > 0 && wcschr(L" .", wide[length - 1]) != NULL)
		length--;
	length = (DWORD)WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, said, sizeof(said) - 1,
					    NULL, NULL);
	said[length] = '\0';
	return length > 0 ? said : "the system gives no reason";
}
