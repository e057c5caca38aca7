/* SPDX-License-Identifier: Apache-2.0
 *
 * mote bench: what calls, sandboxes and kills cost on this machine.
 */
#include "bench.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "tool.h"

static const uint64_t USUAL_NS = 10000000000, QUICK_NS = 1000000000;

struct bench_options {
	uint64_t time_ns; /* 0: not given */
	bool quick, help;
	mote_backend_kind backend;
	const char *json;
};

enum { NUMBER_BYTES = 32 };

/* Four digits that count; none after the point of a large number. */
static const char *number(double value, char text[NUMBER_BYTES])
{
	int decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;

	snprintf(text, NUMBER_BYTES, "%.*f", decimals, value);
	return text;
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_figure(struct output *output, const struct bench_figure *figure)
{
	char text[4][NUMBER_BYTES];

	output_format(output, "%-22s %-6s %9s %9s %9s", figure->name, figure->unit,
		      number(figure->median, text[0]), number(figure->p99, text[1]),
		      number(figure->best, text[2]));
	if (figure->reference != NULL)
		output_format(output, "  %6.2f x %s (%s)",
			      figure->median / figure->reference_median, figure->reference,
			      number(figure->reference_median, text[3]));
	output_text(output, "\n");
}

static int print_table(const struct bench_figure figures[BENCH_FIGURES], const char *backend)
{
	struct output output;

	output_standard(&output);
	output_format(&output, "mote %s, %s\n\n", mote_version(), backend);
	output_format(&output, "%-22s %-6s %9s %9s %9s  %s\n", "", "unit", "median", "99 %", "best",
		      "beside it");
	for (size_t i = 0; i < BENCH_FIGURES; i++)
		print_figure(&output, &figures[i]);
	return output_finish(&output);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_number(struct json *json, const char *name, double value)
{
	char text[NUMBER_BYTES];

	snprintf(text, sizeof(text), "%.6g", value);
	json_number_text(json, name, text);
}

static void json_figure(struct json *json, const struct bench_figure *figure)
{
	json_open_object(json, NULL);
	json_string(json, "name", figure->name);
	json_string(json, "unit", figure->unit);
	json_number(json, "median", figure->median);
	json_number(json, "p99", figure->p99);
	json_number(json, "best", figure->best);
	json_unsigned(json, "samples", figure->samples);
	if (figure->reference != NULL) {
		json_string(json, "reference", figure->reference);
		json_number(json, "reference_median", figure->reference_median);
		json_number(json, "ratio", figure->median / figure->reference_median);
	} else {
		json_null(json, "reference");
		json_null(json, "reference_median");
		json_null(json, "ratio");
	}
	json_close_object(json);
}

/* The file is open.  The problem instead of the figures when there is one. */
static int write_json(struct output *output, const struct bench_figure figures[BENCH_FIGURES],
		      const char *backend, const struct problem *problem)
{
	struct json json;

	json_begin(&json, output);
	if (problem->exit_code != EXIT_FINE) {
		problem_json(problem, &json);
	} else {
		json_string(&json, "status", "ok");
		json_string(&json, "version", mote_version());
		json_string(&json, "backend", backend);
		json_open_array(&json, "figures");
		for (size_t i = 0; i < BENCH_FIGURES; i++)
			json_figure(&json, &figures[i]);
		json_close_array(&json);
	}
	json_end(&json);
	return output_finish(output);
}

/* ---- The command ------------------------------------------------------------------------- */

/* Whether the run goes on is in go_on; what is returned is the exit code if not. */
static int read_options(int argc, char **argv, struct bench_options *options, bool *go_on)
{
	static const struct option table[] = {
		{"quick", 0, NULL, offsetof(struct bench_options, quick)},
		{"seconds", 0, read_duration, offsetof(struct bench_options, time_ns)},
		{"backend", 0, read_backend, offsetof(struct bench_options, backend)},
		{"json", 0, read_path, offsetof(struct bench_options, json)},
		{"help", 'h', NULL, offsetof(struct bench_options, help)},
	};
	struct operands operands = {.limit = 2};
	int code = parse_options(argc, argv, table, sizeof(table) / sizeof(table[0]), options,
				 &operands);

	*go_on = false;
	if (code != EXIT_FINE)
		return code;
	if (options->help)
		return print_help("bench");
	if (operands.count > 0)
		return complain_usage("bench", "bench takes no arguments");
	if (options->quick && options->time_ns != 0)
		return complain_usage("bench", "--quick and --seconds exclude each other");
	if (options->time_ns == 0)
		options->time_ns = options->quick ? QUICK_NS : USUAL_NS;
	*go_on = true;
	return EXIT_FINE;
}

int command_bench(int argc, char **argv)
{
	struct bench_options options = {.time_ns = 0};
	struct bench_figure figures[BENCH_FIGURES];
	struct problem problem = {.exit_code = EXIT_FINE};
	const char *backend = NULL;
	struct output json;
	bool go_on, only_json;
	int code = read_options(argc, argv, &options, &go_on), json_code = EXIT_FINE;

	if (!go_on)
		return code;
	/* Before somebody waits for figures that cannot be written. */
	only_json = options.json != NULL && strcmp(options.json, "-") == 0;
	if (only_json)
		output_standard(&json);
	else if (options.json != NULL && output_create(&json, options.json) != 0)
		return EXIT_PROBLEM;
	code = bench_measure(options.backend, options.time_ns, figures, &backend, &problem);
	if (code != EXIT_FINE)
		problem_complain(&problem, "bench");
	else if (!only_json)
		code = print_table(figures, backend);
	if (options.json != NULL)
		json_code = write_json(&json, figures, backend, &problem);
	return code != EXIT_FINE ? code : json_code;
}
