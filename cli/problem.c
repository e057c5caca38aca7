/* SPDX-License-Identifier: Apache-2.0
 *
 * Problems and how they are reported.
 */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "tool.h"

static int set(struct problem *problem, int exit_code, const char *status, const char *format,
	       va_list arguments)
{
	problem->exit_code = exit_code;
	snprintf(problem->status, sizeof(problem->status), "%s", status);
	fit_format(problem->text, sizeof(problem->text), format, arguments);
	return exit_code;
}

int problem_set(struct problem *problem, int exit_code, const char *status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(problem, exit_code, status, format, arguments);
	va_end(arguments);
	return exit_code;
}

int problem_usage(struct problem *problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(problem, EXIT_USAGE, "usage", format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

/* Puts `to` in the place of the first `from`.  Returns whether there was one. */
static bool replace(char *text, size_t capacity, const char *from, const char *to)
{
	char *at = strstr(text, from);
	char rest[MOTE_ERROR_TEXT_BYTES];

	if (at == NULL)
		return false;
	snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	snprintf(at, capacity - (size_t)(at - text), "%s%s", to, rest);
	return true;
}

/* The library names the members of its options; here they are set on the command line.  Returns
 * whether the command line is what is wrong. */
static bool use_tool_words(mote_status status, char *text, size_t capacity)
{
	static const struct {
		const char *library, *tool;
		bool usage; /* the option itself is wrong */
	} words[] = {
		{"raise memory_bytes", "raise --memory", false},
		{"memory_bytes is", "--memory is", true},
		{"heap_bytes is", "--heap is", true},
		{"stack_bytes is", "--stack is", true},
		{"mailbox_bytes is", "--mailbox is", true},
		{"raise it, or leave it 0", "raise it, or leave it out", false},
		{"lower stack_bytes or mailbox_bytes", "lower --stack or --mailbox", false},
		{"raise mailbox_bytes", "raise --mailbox", false},
		{"register it in host_functions",
		 "mote run offers none: it needs a program of its own", false},
	};
	bool usage = false;

	if (status != MOTE_INVALID_ARGUMENT && status != MOTE_NO_GUEST_MEMORY &&
	    status != MOTE_TOO_LARGE && status != MOTE_MISSING_IMPORT)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (replace(text, capacity, words[i].library, words[i].tool))
			usage = usage || words[i].usage;
	return usage && status == MOTE_INVALID_ARGUMENT;
}

int problem_from_error(struct problem *problem, const mote_error *error)
{
	int exit_code = EXIT_PROBLEM;

	if (error->status == MOTE_GUEST_FAULT)
		exit_code = EXIT_GUEST_FAULT;
	else if (error->status == MOTE_GUEST_ABORT)
		exit_code = EXIT_GUEST_ABORT;
	else if (error->status == MOTE_WALL_DEADLINE || error->status == MOTE_CPU_DEADLINE)
		exit_code = EXIT_DEADLINE;
	snprintf(problem->status, sizeof(problem->status), "%s", mote_status_name(error->status));
	snprintf(problem->text, sizeof(problem->text), "%s",
		 error->text[0] != '\0' ? error->text : mote_status_text(error->status));
	if (use_tool_words(error->status, problem->text, sizeof(problem->text)))
		exit_code = EXIT_USAGE;
	problem->exit_code = exit_code;
	return exit_code;
}

void problem_complain(const struct problem *problem, const char *command)
{
	if (problem->exit_code == EXIT_USAGE)
		complain_usage(command, "%s", problem->text);
	else
		complain("%s", problem->text);
}

void problem_json(const struct problem *problem, struct json *json)
{
	json_string(json, "status", problem->status);
	json_string(json, "error", problem->text);
}

int problem_report(const struct problem *problem, const char *command, bool as_json)
{
	struct output output;
	struct json json;

	problem_complain(problem, command);
	if (!as_json)
		return problem->exit_code;
	output_standard(&output);
	json_begin(&json, &output);
	problem_json(problem, &json);
	json_end(&json);
	output_finish(&output);
	return problem->exit_code;
}
