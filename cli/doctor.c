/* SPDX-License-Identifier: Apache-2.0
 *
 * mote doctor: which hypervisors can be used here, and what the host does about
 * speculation (Linux, Documentation/admin-guide/hw-vuln: one file per weakness) and
 * split locks.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli_os.h"
#include "input.h"
#include "json.h"
#include "options.h"
#include "self_test.h"
#include "split_lock.h"
#include "tool.h"

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

enum { MAXIMUM_BACKENDS = 8 };

struct doctor_options {
	bool json, help, self_test;
	mote_backend_kind backend;
	uint64_t limit_ns; /* 0: not given */
};

struct findings {
	mote_probe_result backends[MAXIMUM_BACKENDS];
	size_t count;
	bool chosen;			     /* `mote run` finds a backend */
	mote_backend_kind backend;	     /* that one */
	char problem[MOTE_ERROR_TEXT_BYTES]; /* or why not */
	struct cli_os_names weaknesses;	     /* files in VULNERABILITIES */
	enum split_lock split_lock;
	int hypervisor_support; /* as of cli_os.h */
};

static void look(struct findings *findings)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	*findings = (struct findings){.chosen = false};
	for (size_t i = 0; i < MAXIMUM_BACKENDS; i++) {
		mote_probe_result *result = &findings->backends[i];

		*result = (mote_probe_result)MOTE_PROBE_RESULT_INIT;
		if (mote_probe(i, result, NULL) != MOTE_OK)
			break;
		findings->count++;
	}
	if (mote_engine_create(NULL, &engine, &error) == MOTE_OK) {
		findings->chosen = true;
		findings->backend = mote_engine_get_backend(engine);
		mote_engine_release(engine);
	}
	snprintf(findings->problem, sizeof(findings->problem), "%s", error.text);
	if (cli_os_kernel_root() != NULL) {
		/* None where there is no such folder. */
		cli_os_names_read(VULNERABILITIES, &findings->weaknesses);
		findings->split_lock = split_lock_read(cli_os_kernel_root());
	}
	findings->hypervisor_support = cli_os_hypervisor_support();
}

/* The first line of a weakness's file.  False when it cannot be read. */
static bool read_weakness(const char *name, char *text, size_t capacity)
{
	char path[sizeof(VULNERABILITIES) + 257];

	snprintf(path, sizeof(path), "%s/%s", VULNERABILITIES, name);
	if (!input_start(path, text, capacity))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool is_weak(const char *text)
{
	return strncmp(text, "Vulnerable", 10) == 0;
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_backends(struct output *output, const struct findings *findings)
{
	output_text(output, "hypervisors\n");
	for (size_t i = 0; i < findings->count; i++) {
		const mote_probe_result *result = &findings->backends[i];

		output_format(output, "  %-5s %s%s%s%s%s\n", mote_backend_name(result->kind),
			      result->usable ? "usable" : "not usable",
			      result->reason[0] != '\0' ? ": " : "", result->reason,
			      result->version[0] != '\0' ? ", " : "", result->version);
	}
	if (findings->hypervisor_support == 0)
		output_text(output, "  kern.hv_support is 0: this Mac, or the virtual machine that "
				    "it is, has no hypervisor for programs\n");
	if (findings->chosen)
		output_format(output, "mote run uses %s\n", mote_backend_name(findings->backend));
	else
		output_format(output, "mote run finds none: %s\n", findings->problem);
}

static void print_weaknesses(struct output *output, const struct findings *findings)
{
	char text[256];
	int weak = 0;

	if (findings->weaknesses.count == 0)
		return;
	output_text(output, "\nCPU speculation mitigations (guests share this CPU with the "
			    "host; " VULNERABILITIES ")\n");
	for (size_t i = 0; i < findings->weaknesses.count; i++) {
		const char *name = findings->weaknesses.name[i];

		if (!read_weakness(name, text, sizeof(text)))
			continue;
		weak += is_weak(text);
		output_format(output, "  %-26s ", name);
		output_escaped(output, text, strlen(text), false);
		output_text(output, "\n");
	}
	if (weak > 0)
		output_format(output,
			      "%d of them not mitigated: a hostile guest may read memory of the "
			      "program that calls it; update microcode and kernel, do not boot "
			      "with mitigations=off\n",
			      weak);
}

static void print_split_lock(struct output *output, const struct findings *findings)
{
	if (findings->split_lock != SPLIT_LOCK_NONE)
		output_format(output, "\nsplit locks\n  %s\n",
			      split_lock_text(findings->split_lock));
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_backends(struct json *json, const struct findings *findings)
{
	json_open_array(json, "backends");
	for (size_t i = 0; i < findings->count; i++) {
		const mote_probe_result *result = &findings->backends[i];

		json_open_object(json, NULL);
		json_string(json, "name", mote_backend_name(result->kind));
		json_bool(json, "built", result->built);
		json_bool(json, "usable", result->usable);
		json_string(json, "reason", result->reason);
		json_string(json, "version", result->version);
		json_close_object(json);
	}
	json_close_array(json);
}

static void print_json(struct output *output, const struct findings *findings)
{
	char text[256];
	struct json json;

	json_begin(&json, output);
	json_bool(&json, "usable", findings->chosen);
	if (findings->chosen)
		json_string(&json, "chosen", mote_backend_name(findings->backend));
	else
		json_null(&json, "chosen");
	if (!findings->chosen)
		json_string(&json, "error", findings->problem);
	json_backends(&json, findings);
	if (findings->hypervisor_support >= 0)
		json_bool(&json, "hv_support", findings->hypervisor_support != 0);
	else
		json_null(&json, "hv_support");
	json_open_object(&json, "vulnerabilities");
	for (size_t i = 0; i < findings->weaknesses.count; i++)
		if (read_weakness(findings->weaknesses.name[i], text, sizeof(text)))
			json_string(&json, findings->weaknesses.name[i], text);
	json_close_object(&json);
	if (cli_os_kernel_root() != NULL)
		json_string(&json, "split_locks", split_lock_name(findings->split_lock));
	else
		json_null(&json, "split_locks");
	json_end(&json);
}

/* ---- The command ------------------------------------------------------------------------- */

static int examine(bool as_json)
{
	struct findings findings;
	struct output output;
	int code;

	look(&findings);
	output_standard(&output);
	if (as_json) {
		print_json(&output, &findings);
	} else {
		print_backends(&output, &findings);
		print_weaknesses(&output, &findings);
		print_split_lock(&output, &findings);
	}
	code = output_finish(&output);
	if (code == EXIT_FINE && !findings.chosen)
		code = EXIT_PROBLEM;
	cli_os_names_release(&findings.weaknesses);
	return code;
}

int command_doctor(int argc, char **argv)
{
	static const struct option table[] = {
		{"self-test", 0, NULL, offsetof(struct doctor_options, self_test)},
		{"backend", 0, read_backend, offsetof(struct doctor_options, backend)},
		{"timeout", 0, read_duration, offsetof(struct doctor_options, limit_ns)},
		{"json", 0, NULL, offsetof(struct doctor_options, json)},
		{"help", 'h', NULL, offsetof(struct doctor_options, help)},
	};
	struct doctor_options options = {.json = false};
	struct operands operands = {.limit = 2};
	int code = parse_options(argc, argv, table, sizeof(table) / sizeof(table[0]), &options,
				 &operands);

	if (code != EXIT_FINE)
		return code;
	if (options.help)
		return print_help("doctor");
	if (operands.count > 0)
		return complain_usage("doctor", "doctor takes no arguments");
	if (options.self_test)
		return self_test_command(options.backend, options.limit_ns, options.json);
	if (options.backend != MOTE_BACKEND_AUTO || options.limit_ns != 0)
		return complain_usage("doctor", "--backend and --timeout belong to --self-test");
	return examine(options.json);
}
