/* SPDX-License-Identifier: Apache-2.0
 *
 * The figures as a human-readable table and as JSON.  JSON has one figure
 * per line, which is all that bench_read_json (baseline.c) relies on.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { NUMBER_BYTES = 32 };

/* Four significant digits; large numbers have no decimals. */
static const char *number(double value, char text[NUMBER_BYTES])
{
	int decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;

	if (isnan(value))
		snprintf(text, NUMBER_BYTES, "-");
	else
		snprintf(text, NUMBER_BYTES, "%.*f", decimals, value);
	return text;
}

static const char *ratio(double value, char text[NUMBER_BYTES])
{
	if (isnan(value))
		snprintf(text, NUMBER_BYTES, "-");
	else
		snprintf(text, NUMBER_BYTES, "%.*f", value < 0.1 ? 3 : 2, value);
	return text;
}

static const char *target(const struct bench_figure *figure, char text[NUMBER_BYTES])
{
	switch (figure->goal) {
	case BENCH_RATIO_AT_MOST:
		snprintf(text, NUMBER_BYTES, "<= %.2f x", figure->target);
		break;
	case BENCH_AT_MOST:
		snprintf(text, NUMBER_BYTES, "<= %.0f", figure->target);
		break;
	case BENCH_AT_LEAST:
		snprintf(text, NUMBER_BYTES, ">= %.0f", figure->target);
		break;
	default:
		snprintf(text, NUMBER_BYTES, "-");
	}
	return text;
}

static const char *verdict(const struct bench_figure *figure)
{
	int met = bench_met(figure);

	return met < 0 ? "-" : met ? "met" : "MISSED";
}

/* The number per operation, which may be less than one. */
static const char *amount(double value, char text[NUMBER_BYTES])
{
	if (isnan(value))
		snprintf(text, NUMBER_BYTES, "-");
	else
		snprintf(text, NUMBER_BYTES, "%.4g", value);
	return text;
}

/* Rounds hardly differ in the counting machine, so it has no minima. */
static void print_counted_header(void)
{
	printf("%-23s %21s %6s %13s %13s\n", "", "instructions", "", "exits", "system calls");
	printf("%-23s %10s %10s %6s %6s %6s %6s %6s %-10s %-7s %s\n", "figure", "floor", "mote",
	       "ratio", "floor", "mote", "floor", "mote", "target", "", "floor is");
}

static void print_counted(const struct bench_figure *figure)
{
	char text[8][NUMBER_BYTES];

	printf("%-23s %10s %10s %6s %6s %6s %6s %6s %-10s %-7s %s\n", figure->name,
	       number(figure->floor, text[0]), number(figure->mote, text[1]),
	       ratio(figure->ratio, text[2]), amount(figure->floor_exits, text[3]),
	       amount(figure->mote_exits, text[4]), amount(figure->floor_calls, text[5]),
	       amount(figure->mote_calls, text[6]), target(figure, text[7]), verdict(figure),
	       figure->reference);
	fflush(stdout);
}

void bench_print_header(const struct bench *bench)
{
	if (bench->options.counted) {
		print_counted_header();
		return;
	}
	printf("%-23s %-12s %21s %21s %13s %-10s %-7s %s\n", "", "", "floor", "mote", "ratio", "",
	       "", "");
	printf("%-23s %-12s %10s %10s %10s %10s %6s %6s %-10s %-7s %s\n", "figure", "unit",
	       "median", "min", "median", "min", "median", "min", "target", "", "floor is");
}

void bench_print_figure(const struct bench *bench, const struct bench_figure *figure)
{
	char text[7][NUMBER_BYTES];

	if (figure->skipped[0]) {
		printf("%-23s skipped: %s\n", figure->name, figure->skipped);
		return;
	}
	if (bench->options.counted) {
		print_counted(figure);
		return;
	}
	printf("%-23s %-12s %10s %10s %10s %10s %6s %6s %-10s %-7s %s\n", figure->name,
	       figure->unit, number(figure->floor, text[0]), number(figure->floor_min, text[1]),
	       number(figure->mote, text[2]), number(figure->mote_min, text[3]),
	       ratio(figure->ratio, text[4]), ratio(figure->ratio_min, text[5]),
	       target(figure, text[6]), verdict(figure), figure->reference);
	fflush(stdout);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_number(FILE *file, const char *key, double value)
{
	if (isnan(value))
		fprintf(file, ", \"%s\": null", key);
	else
		fprintf(file, ", \"%s\": %.6g", key, value);
}

/* What only bench_read_json needs. */
static void json_rest(FILE *file, const struct bench_figure *figure)
{
	static const char *const goals[] = {
		[BENCH_NO_GOAL] = "none",
		[BENCH_RATIO_AT_MOST] = "ratio-at-most",
		[BENCH_AT_MOST] = "at-most",
		[BENCH_AT_LEAST] = "at-least",
	};

	json_number(file, "floor_min", figure->floor_min);
	json_number(file, "mote_min", figure->mote_min);
	json_number(file, "ratio_min", figure->ratio_min);
	json_number(file, "floor_exits", figure->floor_exits);
	json_number(file, "mote_exits", figure->mote_exits);
	json_number(file, "floor_calls", figure->floor_calls);
	json_number(file, "mote_calls", figure->mote_calls);
	fprintf(file,
		", \"goal\": \"%s\", \"reference\": \"%s\", \"skipped\": \"%s\", "
		"\"machine\": \"%s\"",
		goals[figure->goal], figure->reference, figure->skipped, figure->machine);
}

static void json_figure(FILE *file, const struct bench_figure *figure, bool all)
{
	static const char *const answers[] = {"null", "false", "true"};

	fprintf(file, "  {\"name\": \"%s\", \"unit\": \"%s\"", figure->name, figure->unit);
	json_number(file, "floor", figure->floor);
	json_number(file, "mote", figure->mote);
	json_number(file, "ratio", figure->ratio);
	json_number(file, "target", figure->target);
	fprintf(file, ", \"met\": %s", answers[bench_met(figure) + 1]);
	if (all)
		json_rest(file, figure);
	fputs("}", file);
}

bool bench_write_json(const struct bench *bench, const char *path, bool all)
{
	bool standard = !strcmp(path, "-");
	FILE *file = standard ? stdout : fopen(path, "we");
	bool good;

	if (!file) {
		perror(path);
		return false;
	}
	fputs("[\n", file);
	for (size_t i = 0; i < bench->count; i++) {
		json_figure(file, &bench->figures[i], all);
		fputs(i + 1 < bench->count ? ",\n" : "\n", file);
	}
	fputs("]\n", file);
	good = !ferror(file) && fflush(file) == 0;
	if (!standard)
		fclose(file);
	if (!good)
		fprintf(stderr, "mote_bench: %s: cannot be written\n", path);
	return good;
}
