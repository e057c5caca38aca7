/* SPDX-License-Identifier: Apache-2.0
 *
 * Output that is checked, and complaints.
 */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli_os.h"
#include "text.h"
#include "tool.h"

static bool shows_ascii_only(int file)
{
	return cli_os_is_terminal(file) && !cli_os_terminals_are_utf8() && !locale_is_utf8();
}

static void start(struct output *output, int fd, const char *name)
{
	output->fd = fd;
	output->name = name;
	output->error = 0;
	output->used = 0;
	output->ascii_only = shows_ascii_only(fd);
}

void output_standard(struct output *output)
{
	start(output, CLI_OS_OUTPUT, "standard output");
}

void output_messages(struct output *output)
{
	start(output, CLI_OS_MESSAGES, "standard error");
}

int output_create(struct output *output, const char *path)
{
	int fd, code = cli_os_create(path, &fd);

	if (code != 0) {
		complain("%s: %s", path, cli_os_error_text(code));
		return -1;
	}
	start(output, fd, path);
	return 0;
}

void output_flush(struct output *output)
{
	if (output->error == 0)
		output->error = cli_os_write(output->fd, output->buffer, output->used);
	output->used = 0;
}

void output_bytes(struct output *output, const void *data, size_t length)
{
	if (length > sizeof(output->buffer) - output->used)
		output_flush(output);
	if (length >= sizeof(output->buffer)) {
		if (output->error == 0)
			output->error = cli_os_write(output->fd, data, length);
	} else if (length > 0) {
		memcpy(output->buffer + output->used, data, length);
		output->used += length;
	}
}

void output_text(struct output *output, const char *text)
{
	output_bytes(output, text, strlen(text));
}

void output_format(struct output *output, const char *format, ...)
{
	char text[1000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	output_text(output, text);
}

void output_escaped(struct output *output, const char *text, size_t length, bool keep_lines)
{
	enum { PART = 512 };
	unsigned how =
		(keep_lines ? ESCAPE_KEEP_LINES : 0) | (output->ascii_only ? ESCAPE_ASCII_ONLY : 0);
	char escaped[PART * ESCAPED_BYTES + 1];

	while (length > 0) {
		size_t part = length < PART ? length : PART;

		/* Not in the middle of a character. */
		while (part < length && part > PART - 4 && (text[part] & 0xc0) == 0x80)
			part--;
		output_bytes(output, escaped,
			     escape_text(escaped, sizeof(escaped), text, part, how));
		text += part;
		length -= part;
	}
}

int output_finish(struct output *output)
{
	int code = 0;

	output_flush(output);
	if (output->fd > CLI_OS_MESSAGES)
		code = cli_os_close(output->fd);
	if (output->error == 0)
		output->error = code;
	if (output->error == 0)
		return EXIT_FINE;
	complain("%s: %s", output->name, cli_os_error_text(output->error));
	return EXIT_PROBLEM;
}

/* ---- Complaints -------------------------------------------------------------------------- */

enum { COMPLAINT_BYTES = 2048 };

/* One write, so that lines of several threads and processes do not mix. */
static void print_complaint(const char *format, va_list arguments, const char *hint)
{
	char text[COMPLAINT_BYTES], line[ESCAPED_BYTES * COMPLAINT_BYTES + 128] = "mote: ";
	size_t used = strlen(line);

	fit_format(text, sizeof(text), format, arguments);
	used += escape_text(line + used, ESCAPED_BYTES * COMPLAINT_BYTES, text, strlen(text),
			    shows_ascii_only(CLI_OS_MESSAGES) ? ESCAPE_ASCII_ONLY : 0);
	used += (size_t)snprintf(line + used, sizeof(line) - used, "%s\n", hint);
	cli_os_write(CLI_OS_MESSAGES, line, used); /* there is nowhere to complain about that */
}

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_complaint(format, arguments, "");
	va_end(arguments);
}

int complain_usage(const char *command, const char *format, ...)
{
	char hint[64];
	va_list arguments;

	snprintf(hint, sizeof(hint), "; see mote help%s%s", command != NULL ? " " : "",
		 command != NULL ? command : "");
	va_start(arguments, format);
	print_complaint(format, arguments, hint);
	va_end(arguments);
	return EXIT_USAGE;
}
