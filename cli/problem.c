/* SPDX-License-Identifier: Apache-2.0
 *
 * Problems and how they are reported.
 */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

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

/* What a user of the tool has instead of the library's options. */
static const char *own_words(mote_error_subject subject)
{
	static const char *const words[] = {
		[MOTE_SUBJECT_MEMORY_BYTES] = "--memory",
		[MOTE_SUBJECT_HEAP_BYTES] = "--heap",
		[MOTE_SUBJECT_STACK_BYTES] = "--stack",
		[MOTE_SUBJECT_MAILBOX_BYTES] = "--mailbox",
		[MOTE_SUBJECT_HOST_FUNCTIONS] =
			"a program of your own: mote run offers no host functions",
	};

	return (size_t)subject < sizeof(words) / sizeof(words[0]) ? words[subject] : NULL;
}

static void take_text(struct problem *problem, const mote_error *error)
{
	const char *words = own_words(error->subject);

	if (words != NULL)
		snprintf(problem->text, sizeof(problem->text), "%.*s%s", (int)error->subject_offset,
			 error->text, words);
	else
		snprintf(problem->text, sizeof(problem->text), "%s",
			 error->text[0] != '\0' ? error->text : mote_status_text(error->status));
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
	else if (error->status == MOTE_INVALID_ARGUMENT && error->subject != MOTE_SUBJECT_NONE)
		exit_code = EXIT_USAGE;
	snprintf(problem->status, sizeof(problem->status), "%s", mote_status_name(error->status));
	take_text(problem, error);
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
