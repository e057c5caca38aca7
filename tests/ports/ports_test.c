/* SPDX-License-Identifier: Apache-2.0
 *
 * Real programs as guests: what they print, leave in files and return is what they did natively,
 * byte for byte.  ports/build makes them and writes down what they did, into the folder that
 * MOTE_TEST_PORTS names.  Each run of each of them is a case, PORT_RUN.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tool.h"

enum { MAXIMUM_CASES = 512, MAXIMUM_WORDS = 36 };

struct port_case {
	char *name, *folder; /* of the run */
	char *programs;	     /* folder */
};

static struct port_case port_cases[MAXIMUM_CASES];
static struct test_case cases[MAXIMUM_CASES];
static size_t count;

/* ---- What was written down ----------------------------------------------------------------- */

/* The words of a command, and what they point into. */
struct words {
	char *texts[2];
	char program[1024];
	char outs[8][1024];
	const char *words[MAXIMUM_WORDS + 1];
	size_t count;
};

static void add_word(struct words *words, const char *word)
{
	if (words->count == MAXIMUM_WORDS)
		FAIL("a run has more than %d arguments", MAXIMUM_WORDS);
	words->words[words->count++] = word;
}

static char *read_part(const struct port_case *port, const char *part, size_t *length)
{
	char path[1024];
	char *text, *longer;

	snprintf(path, sizeof(path), "%s/%s", port->folder, part);
	text = test_read_file(path, length);
	longer = realloc(text, *length + 1);
	REQUIRE(longer != NULL);
	longer[*length] = '\0';
	return longer;
}

/* Each line of a file is a word. */
static void add_lines(struct words *words, char *text)
{
	for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		*end = '\0';
		add_word(words, text);
	}
}

static bool shown(const char *name)
{
	return name[0] != '.';
}

static void add_outs(struct words *words, const struct port_case *port)
{
	char path[1024];
	struct dirent *entry;
	size_t next = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/out", port->folder);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) && next < TEST_COUNT(words->outs)) {
		if (!shown(entry->d_name))
			continue;
		snprintf(words->outs[next], sizeof(words->outs[0]), "--out=%s=%s", entry->d_name,
			 test_file(entry->d_name));
		add_word(words, words->outs[next++]);
	}
	if (folder)
		closedir(folder);
}

static void prepare(struct words *words, const struct port_case *port)
{
	size_t length, first;

	memset(words, 0, sizeof(*words));
	add_word(words, "run");
	words->texts[0] = read_part(port, "options", &length);
	words->texts[1] = read_part(port, "command", &length);
	add_lines(words, words->texts[0]);
	add_outs(words, port);
	first = words->count;
	add_lines(words, words->texts[1]);
	REQUIRE(words->count > first);
	snprintf(words->program, sizeof(words->program), "%s/%s", port->programs,
		 words->words[first]);
	words->words[first] = words->program;
	words->words[words->count] = NULL;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

static void print_around(const char *what, const char *data, size_t length, size_t at)
{
	char text[240];
	size_t begin = at > 60 ? at - 60 : 0, used = 0;

	for (size_t i = begin; i < length && i < at + 60; i++)
		text[used++] = data[i] >= ' ' && data[i] <= '~' ? data[i] : '?';
	test_note("%s: ...%.*s...", what, (int)used, text);
}

static void compare(const char *what, const char *actual, size_t actual_length,
		    const char *expected, size_t expected_length)
{
	size_t at = 0;
	char text[200];

	while (at < actual_length && at < expected_length && actual[at] == expected[at])
		at++;
	if (at == actual_length && at == expected_length)
		return;
	print_around("native", expected, expected_length, at);
	print_around("guest", actual, actual_length, at);
	snprintf(text, sizeof(text), "%s differs at byte %zu (%zu bytes, natively %zu)", what, at,
		 actual_length, expected_length);
	test_check(false, TEST_HERE_(text, false));
}

/* Takes out of a text what an expression matches; returns the new length. */
static size_t leave_out(const regex_t *expression, char *text, size_t length)
{
	regmatch_t match = {0, (regoff_t)length};
	size_t kept = 0, at = 0;

	while (regexec(expression, text, 1, &match, REG_STARTEND) == 0 &&
	       match.rm_eo > match.rm_so) {
		memmove(text + kept, text + at, (size_t)match.rm_so - at);
		kept += (size_t)match.rm_so - at;
		at = (size_t)match.rm_eo;
		match = (regmatch_t){(regoff_t)at, (regoff_t)length};
	}
	memmove(text + kept, text + at, length - at);
	return kept + length - at;
}

static void compare_output(const struct port_case *port, struct tool *tool)
{
	size_t expected_length, length;
	char *expected = read_part(port, "output", &expected_length), *except;
	char path[1024];
	regex_t expression;

	snprintf(path, sizeof(path), "%s/except", port->folder);
	if (access(path, F_OK) == 0) {
		except = read_part(port, "except", &length);
		except[length - 1] = '\0'; /* the newline */
		REQUIRE(regcomp(&expression, except, REG_EXTENDED | REG_NEWLINE) == 0);
		expected_length = leave_out(&expression, expected, expected_length);
		tool->output_length = leave_out(&expression, tool->output, tool->output_length);
		regfree(&expression);
		free(except);
	}
	compare("output", tool->output, tool->output_length, expected, expected_length);
	free(expected);
}

static void compare_part(const struct port_case *port, const char *part, const char *actual,
			 size_t length)
{
	size_t expected_length;
	char *expected = read_part(port, part, &expected_length);

	compare(part, actual, length, expected, expected_length);
	free(expected);
}

static void compare_outs(const struct words *words, const struct port_case *port)
{
	for (size_t i = 0; i < TEST_COUNT(words->outs) && words->outs[i][0]; i++) {
		const char *name = words->outs[i] + strlen("--out=");
		const char *path = strchr(name, '=') + 1;
		char part[600];
		size_t length;
		char *left;

		snprintf(part, sizeof(part), "out/%.*s", (int)(path - 1 - name), name);
		if (access(path, F_OK) != 0) {
			test_check(false, TEST_HERE_("a file was not left", false));
			continue;
		}
		left = test_read_file(path, &length);
		compare_part(port, part, left, length);
		free(left);
		unlink(path);
	}
}

/* The case that runs. */
static const struct port_case *find(void)
{
	const char *name = strchr(test_name(), '.') + 1;
	size_t i = 0;

	while (strcmp(port_cases[i].name, name) != 0)
		i++;
	return &port_cases[i];
}

static void run_port(void)
{
	const struct port_case *port = find();
	struct tool tool = TOOL_INIT;
	struct words words;
	char *input, *status;
	size_t length;

	tool_need_vm();
	prepare(&words, port);
	input = read_part(port, "input", &tool.input_length);
	status = read_part(port, "status", &length);
	tool.input = input;
	tool.folder = port->folder;
	tool_run_prepared(&tool, words.words);
	CHECK_EQ(tool.code, atoi(status));
	compare_output(port, &tool);
	compare_outs(&words, port);
	if (tool.code != atoi(status) || strstr(tool.errors, "no system call"))
		test_note("errors: %.600s", tool.errors);
	tool_clear(&tool);
	free(words.texts[0]);
	free(words.texts[1]);
	free(input);
	free(status);
}

/* ---- Finding ------------------------------------------------------------------------------- */

static void add_case(const char *ports, const char *port, const char *run)
{
	struct port_case *to = &port_cases[count];

	if (count == MAXIMUM_CASES || asprintf(&to->name, "%s_%s", port, run) < 0 ||
	    asprintf(&to->folder, "%s/%s/cases/%s", ports, port, run) < 0 ||
	    asprintf(&to->programs, "%s/%s/bin", ports, port) < 0)
		exit(1);
	cases[count++] = (struct test_case){to->name, run_port, NULL, NULL};
}

static void add_port(const char *ports, const char *port)
{
	struct dirent **runs;
	char path[512];
	int found;

	snprintf(path, sizeof(path), "%s/%s/cases", ports, port);
	found = scandir(path, &runs, NULL, alphasort);
	for (int i = 0; i < found; i++) {
		if (shown(runs[i]->d_name))
			add_case(ports, port, runs[i]->d_name);
		free(runs[i]);
	}
	if (found >= 0)
		free(runs);
}

int main(int argc, char **argv)
{
	const char *ports = getenv("MOTE_TEST_PORTS");
	struct dirent **entries;
	int found = ports ? scandir(ports, &entries, NULL, alphasort) : -1;
	int code;

	if (found < 0) {
		printf("not ok - ports: MOTE_TEST_PORTS names no folder; use ./dev test --ports\n");
		return 1;
	}
	for (int i = 0; i < found; i++) {
		if (shown(entries[i]->d_name))
			add_port(ports, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	code = test_main("ports", cases, count, argc, argv);
	test_remove_folder();
	return code;
}
