/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads figures back, and compares them with a baseline.
 *
 * What must not grow is mote's own share: where a figure has a floor, the ratio is
 * compared, so that another version of the kernel underneath is no regression.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Copies the string behind a key.  Values written by report.c have no escapes. */
static void get_text(const char *line, const char *key, char *text, size_t capacity)
{
	char pattern[64];
	const char *at;

	snprintf(pattern, sizeof(pattern), "\"%s\": \"", key);
	at = strstr(line, pattern);
	text[0] = 0;
	if (at) {
		at += strlen(pattern);
		snprintf(text, capacity, "%.*s", (int)strcspn(at, "\""), at);
	}
}

static double get_number(const char *line, const char *key)
{
	char pattern[64];
	const char *at;
	char *end;
	double value;

	snprintf(pattern, sizeof(pattern), "\"%s\": ", key);
	at = strstr(line, pattern);
	if (!at)
		return NAN;
	value = strtod(at + strlen(pattern), &end);
	return end == at + strlen(pattern) ? NAN : value;
}

static enum bench_goal get_goal(const char *line)
{
	char text[32];

	get_text(line, "goal", text, sizeof(text));
	if (!strcmp(text, "ratio-at-most"))
		return BENCH_RATIO_AT_MOST;
	if (!strcmp(text, "at-most"))
		return BENCH_AT_MOST;
	return !strcmp(text, "at-least") ? BENCH_AT_LEAST : BENCH_NO_GOAL;
}

static void read_figure(struct bench *bench, const char *line)
{
	char name[BENCH_NAME_BYTES], unit[16], reference[BENCH_NAME_BYTES];
	struct bench_figure *figure;

	get_text(line, "name", name, sizeof(name));
	get_text(line, "unit", unit, sizeof(unit));
	get_text(line, "reference", reference, sizeof(reference));
	if (!name[0])
		return;
	figure =
		bench_add(bench, name, unit, reference, get_goal(line), get_number(line, "target"));
	figure->floor = get_number(line, "floor");
	figure->mote = get_number(line, "mote");
	figure->ratio = get_number(line, "ratio");
	figure->floor_min = get_number(line, "floor_min");
	figure->mote_min = get_number(line, "mote_min");
	figure->ratio_min = get_number(line, "ratio_min");
	get_text(line, "skipped", figure->skipped, sizeof(figure->skipped));
}

bool bench_read_json(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	if (!file) {
		fprintf(stderr, "mote_bench: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (fgets(line, sizeof(line), file) && bench->count < BENCH_FIGURES)
		read_figure(bench, line);
	fclose(file);
	if (bench->count > 0)
		return true;
	fprintf(stderr, "mote_bench: %s: no figures in it\n", path);
	return false;
}

static const struct bench_figure *find(const struct bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->count; i++)
		if (!strcmp(bench->figures[i].name, name))
			return &bench->figures[i];
	return NULL;
}

/* What is compared; NAN for a figure that was skipped, or whose other side depends on how the
 * scheduler happens to switch between processes. */
static double share(const struct bench_figure *figure)
{
	if (!strncmp(figure->reference, "process", 7))
		return NAN;
	return isnan(figure->ratio) ? figure->mote : figure->ratio;
}

static bool check_figure(const struct bench *bench, const struct bench *baseline,
			 const struct bench_figure *now)
{
	const struct bench_figure *then = find(baseline, now->name);
	double growth;

	if (isnan(share(now)))
		return true;
	if (!then || isnan(share(then))) {
		fprintf(stderr,
			"mote_bench: %s is not in %s; ./dev bench --counted --update-baseline "
			"puts it there\n",
			now->name, bench->options.baseline);
		return false;
	}
	growth = (share(now) / share(then) - 1) * 100;
	if (growth <= bench->options.check_percent)
		return true;
	fprintf(stderr,
		"mote_bench: %s has grown by %.1f %%: %.6g %s (%.3f of the floor), it was %.6g "
		"(%.3f); when that is meant, ./dev bench --counted --update-baseline\n",
		now->name, growth, now->mote, now->unit, now->ratio, then->mote, then->ratio);
	return false;
}

bool bench_check(const struct bench *bench)
{
	struct bench *baseline = calloc(1, sizeof(*baseline));
	bool good = baseline && bench_read_json(baseline, bench->options.baseline);
	size_t bad = 0;

	for (size_t i = 0; good && i < bench->count; i++)
		bad += !check_figure(bench, baseline, &bench->figures[i]);
	if (good && bad == 0)
		printf("no figure has grown by more than %g %% against %s\n",
		       bench->options.check_percent, bench->options.baseline);
	free(baseline);
	return good && bad == 0;
}
