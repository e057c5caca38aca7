/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the program of the conformance suite, and reads what it prints (tests/harness/test.h,
 * tests/conformance/measure.h).
 */
#include "self_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* Where the program is, seen from the folder of the tool: the build says so. */
#ifndef MOTE_CONFORMANCE
#define MOTE_CONFORMANCE "../libexec/mote/mote-conformance"
#endif

static const uint64_t S = 1000000000;
enum { LIST_LIMIT_S = 60, LINE_BYTES = 1024, MAXIMUM_CASES = 4096 };

/* Receives a line without its end; what is too long is cut. */
typedef void (*line_reader)(void *user, const char *line);

/* ---- The program --------------------------------------------------------------------------- */

static bool cut_last_part(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

static bool find_program(char *path, size_t capacity)
{
	const char *way = MOTE_CONFORMANCE;
	bool found = cli_os_program_path(path, capacity) && cut_last_part(path);
	size_t length;

	for (; found && strncmp(way, "../", 3) == 0; way += 3)
		found = cut_last_part(path);
	length = found ? strlen(path) : 0;
	if (!found || length + strlen(way) + 2 > capacity)
		return false;
	snprintf(path + length, capacity - length, "/%s", way);
	return true;
}

/* A line that is read in pieces. */
struct line {
	char text[LINE_BYTES];
	size_t used;
};

static void take_bytes(struct line *line, const char *bytes, size_t count, line_reader reader,
		       void *user)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n') {
			if (line->used < sizeof(line->text) - 1)
				line->text[line->used++] = bytes[i];
			continue;
		}
		line->text[line->used] = '\0';
		line->used = 0;
		reader(user, line->text);
	}
}

struct outcome {
	bool time_up; /* it was ended */
	struct cli_os_ending ending;
};

/* Returns 0 or a code of cli_os.h. */
static int read_all(struct self_test *test, uint64_t end_ns, line_reader reader, void *user)
{
	struct line line = {.used = 0};
	char bytes[4096];
	size_t got;
	int code;

	do {
		code = cli_os_child_read(test->child, end_ns, bytes, sizeof(bytes), &got);
		if (code == 0)
			take_bytes(&line, bytes, got, reader, user);
	} while (code == 0 && got > 0);
	if (line.used > 0)
		take_bytes(&line, "\n", 1, reader, user);
	return code;
}

/* Runs the program to its end, or to that of its time.  NULL ends the arguments. */
static int run_program(struct self_test *test, const char *const *arguments, uint64_t limit_ns,
		       line_reader reader, void *user, struct outcome *outcome)
{
	int code = cli_os_child_start(test->child, arguments);

	if (code != 0)
		return code;
	if (atomic_load(&test->caught) != 0)
		cli_os_child_kill(test->child); /* the signal came before there was one */
	code = read_all(test, cli_os_monotonic_ns() + limit_ns, reader, user);
	outcome->time_up = code == CLI_OS_TIME_UP;
	if (code != 0)
		cli_os_child_kill(test->child);
	cli_os_child_wait(test->child, &outcome->ending);
	return outcome->time_up ? 0 : code;
}

/* ---- The list of cases --------------------------------------------------------------------- */

struct list {
	struct self_test *test;
	char beginning[64]; /* of the names that count */
	bool failed;	    /* for lack of memory */
};

static void add_case(void *user, const char *line)
{
	struct list *list = user;
	struct self_test *test = list->test;
	struct self_test_case *cases;

	if (strncmp(line, list->beginning, strlen(list->beginning)) != 0 || list->failed ||
	    test->count == MAXIMUM_CASES)
		return;
	cases = realloc(test->cases, (test->count + 1) * sizeof(*cases));
	list->failed = cases == NULL;
	if (list->failed)
		return;
	test->cases = cases;
	cases[test->count] = (struct self_test_case){.name = malloc(strlen(line) + 1)};
	list->failed = cases[test->count].name == NULL;
	if (!list->failed)
		strcpy(cases[test->count++].name, line);
}

static int program_failed(const struct self_test *test, int code, struct problem *problem)
{
	return problem_set(problem, EXIT_PROBLEM, "os",
			   "%s: %s; the self-test is this program: install all of mote",
			   test->program, cli_os_error_text(code));
}

/* The cases of one suite. */
static int list_suite(struct self_test *test, const char *suite, const char *option,
		      struct problem *problem)
{
	const char *arguments[] = {test->program, option != NULL ? option : "--list",
				   option != NULL ? "--list" : NULL, NULL};
	struct list list = {.test = test};
	struct outcome outcome;
	const size_t before = test->count;
	int code;

	snprintf(list.beginning, sizeof(list.beginning), "%s.%s.", suite,
		 mote_backend_name(test->backend));
	code = run_program(test, arguments, LIST_LIMIT_S * S, add_case, &list, &outcome);
	if (code != 0 || list.failed)
		return program_failed(test, code != 0 ? code : CLI_OS_NO_MEMORY, problem);
	if (test->count > before || atomic_load(&test->caught) != 0)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "unsupported",
			   "%s has no case %s*: it was built without this backend, or is of "
			   "another version of mote",
			   test->program, list.beginning);
}

/* ---- One case ------------------------------------------------------------------------------ */

struct verdict {
	struct self_test *test;
	struct self_test_case *of;
	bool known;
	char last[200]; /* what it said last, apart from the verdict */
};

/* The rest of a line that begins so; else NULL. */
static const char *rest_of(const char *line, const char *beginning)
{
	const size_t length = strlen(beginning);

	return strncmp(line, beginning, length) == 0 ? line + length : NULL;
}

static bool is_value(const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return true;
	return digits > 0 && digits <= 20 && text[digits] == '\0' &&
	       (text[0] != '0' || digits == 1);
}

static void take_value(struct self_test *test, const char *text, bool is_capability)
{
	struct self_test_value *value = &test->values[test->value_count];
	const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (test->value_count == SELF_TEST_VALUES || length == 0 || length >= sizeof(value->name) ||
	    text[length] != ' ' || !is_value(text + length + 1))
		return;
	value->is_capability = is_capability;
	snprintf(value->name, sizeof(value->name), "%.*s", (int)length, text);
	snprintf(value->text, sizeof(value->text), "%s", text + length + 1);
	test->value_count++;
}

static bool take_result(struct verdict *verdict, const char *line)
{
	static const struct {
		const char *beginning;
		enum self_test_result result;
	} results[] = {
		{"ok - ", SELF_TEST_PASSED},
		{"not ok - ", SELF_TEST_FAILED},
		{"skip - ", SELF_TEST_SKIPPED},
	};
	struct self_test_case *of = verdict->of;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		const char *text = rest_of(line, results[i].beginning);

		text = text != NULL ? rest_of(text, of->name) : NULL;
		if (text == NULL || (text[0] != '\0' && rest_of(text, ": ") == NULL))
			continue;
		verdict->known = true;
		of->result = results[i].result;
		snprintf(of->reason, sizeof(of->reason), "%s", text[0] != '\0' ? text + 2 : "");
		return true;
	}
	return false;
}

static void take_line(void *user, const char *line)
{
	struct verdict *verdict = user;
	const char *text;

	if (take_result(verdict, line))
		return;
	if ((text = rest_of(line, "capability - ")) != NULL)
		take_value(verdict->test, text, true);
	else if ((text = rest_of(line, "measure - ")) != NULL)
		take_value(verdict->test, text, false);
	else if (line[0] != '\0' && line[0] != '#')
		snprintf(verdict->last, sizeof(verdict->last), "%s", line);
}

static void fail_case(struct verdict *verdict, const char *what, unsigned long long number,
		      const char *unit)
{
	struct self_test_case *of = verdict->of;
	const char *before = "";

	if (verdict->known)
		before =
			of->result == SELF_TEST_PASSED ? "it passed, but " : "it was skipped, but ";
	of->result = SELF_TEST_FAILED;
	snprintf(of->reason, sizeof(of->reason), "%s%s %llu%s%s%s", before, what, number, unit,
		 verdict->last[0] != '\0' ? ": " : "", verdict->last);
}

/* What the program said of the case counts only if it then ended as it should. */
static void judge(struct verdict *verdict, const struct outcome *outcome)
{
	if (verdict->known && verdict->of->result == SELF_TEST_FAILED)
		return;
	if (outcome->time_up)
		fail_case(verdict, "it hung, and was ended after",
			  (verdict->test->limit_ns + S / 2) / S, " s");
	else if (outcome->ending.by_signal)
		fail_case(verdict, "it died by signal", (unsigned long long)outcome->ending.number,
			  "");
	else if (outcome->ending.number != 0 || !verdict->known)
		fail_case(verdict,
			  verdict->known ? "it ended with code"
					 : "it ended without a result, with code",
			  (unsigned long long)outcome->ending.number, "");
}

static int run_case(struct self_test *test, struct self_test_case *of, struct problem *problem)
{
	const bool measures = rest_of(of->name, "measure.") != NULL;
	struct verdict verdict = {.test = test, .of = of};
	const uint64_t begin = cli_os_monotonic_ns();
	struct outcome outcome;
	char only[256];
	const char *arguments[] = {test->program, measures ? "--measure" : only,
				   measures ? only : NULL, NULL};
	int code;

	snprintf(only, sizeof(only), "=%s", of->name);
	code = run_program(test, arguments, test->limit_ns, take_line, &verdict, &outcome);
	if (code != 0)
		return program_failed(test, code, problem);
	of->ns = cli_os_monotonic_ns() - begin;
	judge(&verdict, &outcome);
	return EXIT_FINE;
}

/* ---- All of it ----------------------------------------------------------------------------- */

/* Which backend, and that it can be used. */
static int choose_backend(struct self_test *test, struct problem *problem)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	options.backend = test->backend;
	if (mote_engine_create(&options, &engine, &error) != MOTE_OK)
		return problem_from_error(problem, &error);
	test->backend = mote_engine_get_backend(engine);
	mote_engine_release(engine);
	return EXIT_FINE;
}

static int run_cases(struct self_test *test, struct problem *problem)
{
	int code = EXIT_FINE;

	for (; code == EXIT_FINE && test->done < test->count; test->done++) {
		struct self_test_case *next = &test->cases[test->done];

		code = run_case(test, next, problem);
		if (code != EXIT_FINE || atomic_load(&test->caught) != 0)
			break;
		test->totals[next->result]++;
		if (test->on_case != NULL)
			test->on_case(test->user, next);
	}
	return code;
}

static int run_suites(struct self_test *test, struct problem *problem)
{
	int code = list_suite(test, "conformance", NULL, problem), number;

	if (code == EXIT_FINE)
		code = list_suite(test, "measure", "--measure", problem);
	if (code == EXIT_FINE && test->on_begin != NULL)
		test->on_begin(test->user);
	if (code == EXIT_FINE)
		code = run_cases(test, problem);
	number = atomic_load(&test->caught);
	if (code == EXIT_FINE && number != 0)
		code = problem_set(problem, EXIT_SIGNAL + number, "killed",
				   "the self-test was ended by %s", cli_os_stop_name(number));
	return code;
}

static void on_stop(void *user, int number)
{
	struct self_test *test = user;

	atomic_store(&test->caught, number);
	cli_os_child_kill(test->child);
}

int self_test_run(struct self_test *test, struct problem *problem)
{
	struct cli_os_stops *stops;
	int code = choose_backend(test, problem), os_code;

	if (code != EXIT_FINE)
		return code;
	if (!find_program(test->program, sizeof(test->program)))
		return problem_set(problem, EXIT_PROBLEM, "os",
				   "the self-test is a program beside the tool, and where the tool "
				   "is is not known");
	os_code = cli_os_child_create(&test->child);
	if (os_code == 0)
		os_code = cli_os_stops_begin(on_stop, test, &stops);
	if (os_code != 0)
		return program_failed(test, os_code, problem);
	code = run_suites(test, problem);
	cli_os_stops_end(stops);
	return code;
}

void self_test_release(struct self_test *test)
{
	for (size_t i = 0; i < test->count; i++)
		free(test->cases[i].name);
	free(test->cases);
	cli_os_child_destroy(test->child);
}
