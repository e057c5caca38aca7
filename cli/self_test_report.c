/* SPDX-License-Identifier: Apache-2.0
 *
 * mote doctor --self-test: what came out, as text or as one JSON object (docs/self-test.md).
 */
#include <string.h>

#include "json.h"
#include "output.h"
#include "self_test.h"
#include "tool.h"

static const uint64_t USUAL_LIMIT_NS = 60000000000;

struct report {
	struct self_test test;
	struct output output;
	struct cli_os_description system;
	mote_probe_result probe;
};

static const char *const result_names[SELF_TEST_RESULTS] = {
	[SELF_TEST_PASSED] = "passed",
	[SELF_TEST_FAILED] = "failed",
	[SELF_TEST_SKIPPED] = "skipped",
};

/* What there is to say about the hypervisor itself. */
static void probe(struct report *report)
{
	for (size_t i = 0;; i++) {
		report->probe = (mote_probe_result)MOTE_PROBE_RESULT_INIT;
		if (mote_probe(i, &report->probe, NULL) != MOTE_OK)
			break;
		if (report->probe.kind == report->test.backend)
			return;
	}
	report->probe = (mote_probe_result)MOTE_PROBE_RESULT_INIT;
}

static const char *machine(char text[CLI_OS_MACHINE_BYTES])
{
	const char *name = cli_os_machine(text);

	return name != NULL ? name : "unknown";
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_part(struct output *output, const char *text)
{
	if (text[0] == '\0')
		return;
	output_text(output, ", ");
	output_escaped(output, text, strlen(text), false);
}

static void begin_text(void *user)
{
	struct report *report = user;
	struct output *output = &report->output;
	char text[CLI_OS_MACHINE_BYTES];

	probe(report);
	output_format(output, "mote %s", mote_version());
	print_part(output, report->system.name);
	output_text(output, report->system.release[0] != '\0' ? " " : "");
	output_escaped(output, report->system.release, strlen(report->system.release), false);
	print_part(output, machine(text));
	print_part(output, report->system.processor);
	print_part(output, report->system.model);
	output_format(output, "\nconformance of %s", mote_backend_name(report->test.backend));
	print_part(output, report->probe.version);
	output_format(output, ": %zu cases\n", report->test.count);
	output_flush(output);
}

static void print_case(void *user, const struct self_test_case *done)
{
	struct report *report = user;
	struct output *output = &report->output;

	if (done->result == SELF_TEST_PASSED)
		return;
	output_format(output, "  %-7s  ", result_names[done->result]);
	output_escaped(output, done->name, strlen(done->name), false);
	output_text(output, ": ");
	output_escaped(output, done->reason, strlen(done->reason), false);
	output_text(output, "\n");
	output_flush(output);
}

static void print_values(struct output *output, const struct self_test *test)
{
	if (test->value_count > 0)
		output_text(output, "measurements\n");
	for (size_t i = 0; i < test->value_count; i++)
		output_format(output, "  %-34s %s\n", test->values[i].name, test->values[i].text);
}

static void print_text(struct output *output, const struct self_test *test)
{
	print_values(output, test);
	output_format(output, "%zu passed, %zu failed, %zu skipped\n",
		      test->totals[SELF_TEST_PASSED], test->totals[SELF_TEST_FAILED],
		      test->totals[SELF_TEST_SKIPPED]);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_system(struct json *json, const struct cli_os_description *system)
{
	char text[CLI_OS_MACHINE_BYTES];

	json_open_object(json, "os");
	json_string(json, "name", system->name);
	json_string(json, "release", system->release);
	json_string(json, "build", system->build);
	json_close_object(json);
	json_string(json, "machine", machine(text));
	json_string(json, "model", system->model);
	json_string(json, "processor", system->processor);
}

static void json_values(struct json *json, const char *name, const struct self_test *test,
			bool capabilities)
{
	json_open_object(json, name);
	for (size_t i = 0; i < test->value_count; i++)
		if (test->values[i].is_capability == capabilities)
			json_number_text(json, test->values[i].name, test->values[i].text);
	json_close_object(json);
}

static void json_cases(struct json *json, const struct self_test *test)
{
	json_open_array(json, "cases");
	for (size_t i = 0; i < test->done; i++) {
		const struct self_test_case *done = &test->cases[i];

		json_open_object(json, NULL);
		json_string(json, "name", done->name);
		json_string(json, "result", result_names[done->result]);
		json_string(json, "reason", done->reason);
		json_unsigned(json, "ms", done->ns / 1000000);
		json_close_object(json);
	}
	json_close_array(json);
}

static void print_json(struct report *report)
{
	const struct self_test *test = &report->test;
	struct json json;

	probe(report);
	json_begin(&json, &report->output);
	json_string(&json, "status", test->totals[SELF_TEST_FAILED] == 0 ? "ok" : "failed");
	json_string(&json, "version", mote_version());
	json_system(&json, &report->system);
	json_string(&json, "backend", mote_backend_name(test->backend));
	json_string(&json, "backend_version", report->probe.version);
	json_values(&json, "capabilities", test, true);
	json_values(&json, "measurements", test, false);
	for (size_t i = 0; i < SELF_TEST_RESULTS; i++)
		json_unsigned(&json, result_names[i], test->totals[i]);
	json_cases(&json, test);
	json_end(&json);
}

/* ---- The command ------------------------------------------------------------------------- */

static int run(struct report *report, bool as_json)
{
	struct problem problem = {.exit_code = EXIT_FINE};
	int code = self_test_run(&report->test, &problem);

	if (code != EXIT_FINE) {
		output_flush(&report->output);
		return problem_report(&problem, "doctor", as_json);
	}
	if (as_json)
		print_json(report);
	else
		print_text(&report->output, &report->test);
	code = output_finish(&report->output);
	return code == EXIT_FINE && report->test.totals[SELF_TEST_FAILED] > 0 ? EXIT_PROBLEM : code;
}

int self_test_command(mote_backend_kind backend, uint64_t limit_ns, bool as_json)
{
	static struct report report;
	int code;

	report.test.backend = backend;
	report.test.limit_ns = limit_ns != 0 ? limit_ns : USUAL_LIMIT_NS;
	report.test.user = &report;
	report.test.on_begin = as_json ? NULL : begin_text;
	report.test.on_case = as_json ? NULL : print_case;
	cli_os_describe(&report.system);
	output_standard(&report.output);
	code = run(&report, as_json);
	self_test_release(&report.test);
	return code;
}
