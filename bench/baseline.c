/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads figures back, and compares them with a baseline.
 *
 * What must not grow is mote's own share: where a figure has a floor, the ratio is compared, so
 * that another version of the kernel underneath does not count as a regression.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Copies the string after a key.  Values written by report.c have no escapes. */
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
	figure->floor_exits = get_number(line, "floor_exits");
	figure->mote_exits = get_number(line, "mote_exits");
	figure->floor_calls = get_number(line, "floor_calls");
	figure->mote_calls = get_number(line, "mote_calls");
	get_text(line, "machine", figure->machine, sizeof(figure->machine));
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
	fprintf(stderr, "mote_bench: %s: contains no figures\n", path);
	return false;
}

/* Finds the same figure of the same machine. */
static const struct bench_figure *find(const struct bench *bench, const struct bench_figure *as)
{
	for (size_t i = 0; i < bench->count; i++)
		if (!strcmp(bench->figures[i].name, as->name) &&
		    !strcmp(bench->figures[i].machine, as->machine))
			return &bench->figures[i];
	return NULL;
}

/* The value to compare; NAN for a figure that was skipped, or whose other side depends on how the
 * scheduler switches between processes. */
static double share(const struct bench_figure *figure)
{
	if (!strncmp(figure->reference, "process", 7))
		return NAN;
	return isnan(figure->ratio) ? figure->mote : figure->ratio;
}

/* What the value of a figure may grow by, in percent; its exits and calls have no such allowance.
 * Some differ from build to build of the same code, by where its memory happens to lie: taking a
 * snapshot took between 2.11 and 2.31. */
static double allowed(const struct bench *bench, const struct bench_figure *figure)
{
	const double uneven = strcmp(figure->name, "snapshot-take") == 0 ? 10 : 0;

	return fmax(bench->options.check_percent, uneven);
}

static bool check_one(const struct bench_figure *now, const char *what, double is, double was,
		      double percent)
{
	double growth = (is / was - 1) * 100;

	if (isnan(is) || isnan(was) || is <= was || growth <= percent)
		return true;
	fprintf(stderr,
		"mote_bench: %s has grown by %.1f %%: %s %.6g, it was %.6g; if that is intended, "
		"./dev bench --counted --arch %s --update-baseline\n",
		now->name, growth, what, is, was, now->machine);
	return false;
}

static bool check_figure(const struct bench *bench, const struct bench *baseline,
			 const struct bench_figure *now)
{
	const struct bench_figure *then = find(baseline, now);
	const double percent = bench->options.check_percent;
	bool good;

	if (isnan(share(now)))
		return true;
	if (!then || isnan(share(then))) {
		fprintf(stderr,
			"mote_bench: %s is not in %s; ./dev bench --counted --arch %s "
			"--update-baseline adds it\n",
			now->name, bench->options.baseline, now->machine);
		return false;
	}
	good = check_one(now, isnan(now->ratio) ? now->unit : "ratio", share(now), share(then),
			 allowed(bench, now));
	good = check_one(now, "exits", now->mote_exits, then->mote_exits, percent) && good;
	return check_one(now, "system calls", now->mote_calls, then->mote_calls, percent) && good;
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

bool bench_update_baseline(const struct bench *bench)
{
	const char *path = bench->options.update_baseline;
	const char *machine = bench->count > 0 ? bench->figures[0].machine : "";
	struct bench *all = calloc(2, sizeof(*all)), *old = all + 1;
	bool good = all && bench_read_json(old, path);

	for (size_t i = 0; good && i < old->count; i++)
		if (strcmp(old->figures[i].machine, machine) < 0)
			all->figures[all->count++] = old->figures[i];
	for (size_t i = 0; good && i < bench->count; i++)
		all->figures[all->count++] = bench->figures[i];
	for (size_t i = 0; good && i < old->count; i++)
		if (strcmp(old->figures[i].machine, machine) > 0)
			all->figures[all->count++] = old->figures[i];
	good = good && bench_write_json(all, path, true);
	free(all);
	return good;
}
