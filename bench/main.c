/* SPDX-License-Identifier: Apache-2.0
 *
 * mote_bench: measures mote against the minimum cost on this machine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "trace.h"

static const struct {
	const char *name;
	bool (*run)(struct bench *bench);
} cases[] = {
	{"call", bench_case_call},
	{"deadline", bench_case_deadline},
	{"overrun", bench_case_overrun},
	{"bytes", bench_case_bytes},
	{"create", bench_case_create},
	{"kill", bench_case_kill},
	{"fault", bench_case_fault},
	{"step", bench_case_step},
	{"memory", bench_case_memory},
	{"many", bench_case_many},
	{"inflate", bench_case_inflate},
	{"batch", bench_case_batch},
	{"buffer", bench_case_buffer},
	{"process", bench_case_process},
	{"snapshot", bench_case_snapshot},
	{"load", bench_case_load},
	{"touch", bench_case_touch},
	{"wasmtime", bench_case_wasmtime},
	{"guest-vs-native", bench_case_real},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void usage(FILE *to)
{
	fputs("mote_bench [OPTION...]\n"
	      "\n"
	      "Measures mote and the floor, a bare VM without libmote, in alternating rounds.\n"
	      "\n"
	      "  --quick                 fewer rounds; ends within a minute\n"
	      "  --filter TEXT           only the cases whose name contains TEXT:\n"
	      "                          ",
	      to);
	for (size_t i = 0; i < CASES; i++)
		fprintf(to, " %s", cases[i].name);
	fputs("\n"
	      "  --json FILE             the figures as JSON (-: standard output)\n"
	      "  --svg FILE              the ratios as a bar chart\n"
	      "  --counted               the clock counts instructions (bench/counted): fewer "
	      "rounds,\n"
	      "                          and only what is meaningful there\n"
	      "  --figures FILE          the same with minima and what the floor is, for --from\n"
	      "  --from FILE             take the figures from such a file instead of measuring\n"
	      "  --baseline FILE         figures to compare with\n"
	      "  --check PERCENT         exit code 1 when a figure has grown by more\n"
	      "  --update-baseline FILE  replace this machine's figures in FILE\n"
	      "  --guests DIR            the bench's guest images\n"
	      "  --wasmtime PROGRAM      what bench/wasmtime/build made, to run beside mote\n"
	      "  --real DIR              what bench/real/build made\n",
	      to);
}

static bool set_text(struct bench_options *options, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **value;
	} texts[] = {
		{"--filter", &options->filter},
		{"--json", &options->json},
		{"--figures", &options->figures},
		{"--svg", &options->svg},
		{"--from", &options->from},
		{"--baseline", &options->baseline},
		{"--update-baseline", &options->update_baseline},
		{"--guests", &options->guests},
		{"--wasmtime", &options->wasmtime},
		{"--real", &options->real},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) != 0)
			continue;
		*texts[i].value = value;
		return true;
	}
	if (strcmp(name, "--check") != 0)
		return false;
	options->check_percent = strtod(value, NULL);
	return true;
}

/* Returns an exit code, or -1 to continue. */
static int parse(int argc, char **argv, struct bench_options *options)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick")) {
			options->quick = true;
		} else if (!strcmp(argv[i], "--counted")) {
			options->counted = true;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			usage(stdout);
			return 0;
		} else if (i + 1 < argc && set_text(options, argv[i], argv[i + 1])) {
			i++;
		} else {
			fprintf(stderr,
				"mote_bench: %s: unknown option, or its value is missing; "
				"see --help\n",
				argv[i]);
			return 2;
		}
	}
	if (options->check_percent >= 0 && !options->baseline) {
		fputs("mote_bench: --check needs --baseline FILE\n", stderr);
		return 2;
	}
	return -1;
}

/* Runs the cases, printing each one's figures when it is done. */
static bool measure(struct bench *bench)
{
	mote_error error = MOTE_ERROR_INIT;
	bool good = true;

	if (bench->options.counted && !trace_open(bench)) {
		fprintf(stderr, "mote_bench: %s\n", bench->failure);
		return false;
	}
	if (mote_engine_create(NULL, &bench->engine, &error) != MOTE_OK) {
		fprintf(stderr, "mote_bench: %s\n", error.text);
		return false;
	}
	for (size_t i = 0; i < CASES; i++) {
		size_t first = bench->count;

		if (bench->options.filter && !strstr(cases[i].name, bench->options.filter))
			continue;
		if (!cases[i].run(bench)) {
			fprintf(stderr, "mote_bench: %s: %s\n", cases[i].name, bench->failure);
			good = false;
		}
		for (size_t j = first; j < bench->count; j++)
			bench_print_figure(bench, &bench->figures[j]);
	}
	mote_engine_release(bench->engine);
	trace_close(bench);
	return good;
}

static bool output(const struct bench *bench)
{
	const struct bench_options *options = &bench->options;
	bool good = true;

	if (options->json)
		good = bench_write_json(bench, options->json, false) && good;
	if (options->figures)
		good = bench_write_json(bench, options->figures, true) && good;
	if (options->svg)
		good = bench_write_svg(bench, options->svg) && good;
	if (options->check_percent >= 0)
		good = bench_check(bench) && good;
	if (options->update_baseline)
		good = bench_update_baseline(bench) && good;
	return good;
}

static void print_verdict(const struct bench *bench)
{
	int met = 0, missed = 0;

	for (size_t i = 0; i < bench->count; i++) {
		met += bench_met(&bench->figures[i]) == 1;
		missed += bench_met(&bench->figures[i]) == 0;
	}
	printf("%d targets met, %d missed\n", met, missed);
}

int main(int argc, char **argv)
{
	static struct bench bench = {.options = {.check_percent = -1}};
	const char *guests = getenv("MOTE_TEST_GUESTS"); /* set in the emulated machines */
	int code;
	bool good;

	bench.options.guests = guests ? guests : MOTE_BENCH_GUESTS;
	code = parse(argc, argv, &bench.options);
	if (code >= 0)
		return code;
	bench_print_header(&bench);
	if (bench.options.from) {
		good = bench_read_json(&bench, bench.options.from);
		for (size_t i = 0; i < bench.count; i++)
			bench_print_figure(&bench, &bench.figures[i]);
	} else {
		good = measure(&bench);
	}
	print_verdict(&bench);
	return output(&bench) && good ? 0 : 1;
}
