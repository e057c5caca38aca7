/* SPDX-License-Identifier: Apache-2.0
 *
 * Paired measurement: both sides take turns in short rounds, so that other load on the machine
 * affects both equally.  The ratio is the median of the rounds' ratios; the minima are reported
 * with it.
 */
#define _GNU_SOURCE /* clock_gettime */
#include "bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace.h"

enum {
	MINIMUM_ROUNDS = 9,
	MAXIMUM_ROUNDS = 2000,
	COUNTED_ROUNDS = 5,
	TRACES = 4, /* they are all alike */
	/* Shorter than a scheduler's time slice: a disturbance affects one side of a round, and the
	 * median drops it. */
	ROUND_NS = 500000,
	MAXIMUM_REPETITIONS = 1 << 20,
};

static const uint64_t QUICK_NS = 450000000, FULL_NS = 5000000000; /* for one figure */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void bench_sleep_ns(uint64_t ns)
{
	const struct timespec time = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	nanosleep(&time, NULL);
}

bool bench_fail(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bench->failure, sizeof(bench->failure), format, arguments);
	va_end(arguments);
	return false;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double bench_quantile(double *values, size_t count, double quantile)
{
	qsort(values, count, sizeof(*values), compare);
	return values[(size_t)(quantile * (double)(count - 1) + 0.5)];
}

const char *bench_time_unit(const struct bench *bench)
{
	return bench->options.counted ? "instructions" : "us";
}

double bench_time_scale(const struct bench *bench)
{
	return bench->options.counted ? 1 : 1000;
}

struct bench_figure *bench_add(struct bench *bench, const char *name, const char *unit,
			       const char *reference, enum bench_goal goal, double target)
{
	struct bench_figure *figure = &bench->figures[bench->count];

	if (bench->count == BENCH_FIGURES)
		abort(); /* a larger table is needed */
	bench->count++;
	memset(figure, 0, sizeof(*figure));
	snprintf(figure->name, sizeof(figure->name), "%s", name);
	snprintf(figure->machine, sizeof(figure->machine), "%s", MOTE_BENCH_MACHINE);
	snprintf(figure->unit, sizeof(figure->unit), "%s", unit);
	snprintf(figure->reference, sizeof(figure->reference), "%s", reference);
	figure->floor = figure->mote = figure->ratio = NAN;
	figure->floor_min = figure->mote_min = figure->ratio_min = NAN;
	figure->floor_exits = figure->mote_exits = NAN;
	figure->floor_calls = figure->mote_calls = NAN;
	figure->goal = target > 0 ? goal : BENCH_NO_GOAL;
	figure->target = figure->goal ? target : NAN;
	return figure;
}

int bench_met(const struct bench_figure *figure)
{
	switch (figure->goal) {
	case BENCH_RATIO_AT_MOST:
		return isnan(figure->ratio) ? -1 : figure->ratio <= figure->target;
	case BENCH_AT_MOST:
		return isnan(figure->mote) ? -1 : figure->mote <= figure->target;
	case BENCH_AT_LEAST:
		return isnan(figure->mote) ? -1 : figure->mote >= figure->target;
	default:
		return -1;
	}
}

/* ---- Rounds ------------------------------------------------------------------------------ */

struct measurement {
	void *user;
	unsigned repetitions;
	bool cold; /* too expensive to repeat before each round */
	clockid_t clock;
};

static bool repeat(const struct measurement *m, bool (*once)(void *user), double *ns)
{
	uint64_t begin;

	/* Neither side pays for what the other side left in the caches or in the vCPU. */
	if (!m->cold && !once(m->user))
		return false;
	begin = clock_ns(m->clock);
	for (unsigned i = 0; i < m->repetitions; i++)
		if (!once(m->user))
			return false;
	*ns = (double)(clock_ns(m->clock) - begin) / m->repetitions;
	return true;
}

static bool repeat_side(const struct measurement *m, const struct bench_side *side, double *ns)
{
	if (!side->times)
		return repeat(m, side->once, ns);
	return (m->cold || side->times(m->user, 1, ns)) && side->times(m->user, m->repetitions, ns);
}

static bool exists(const struct bench_side *side)
{
	return side->once || side->times;
}

static bool measure_side(const struct measurement *m, const struct bench_side *side, double *ns)
{
	double without = 0;

	if (!repeat_side(m, side, ns) || (side->without && !repeat(m, side->without, &without)))
		return false;
	*ns = (*ns - without) / (side->per_once ? side->per_once : 1);
	return true;
}

/* Enough repetitions for the more expensive side to fill a round. */
static bool calibrate(const struct bench_pair *pair, struct measurement *m)
{
	double ns = 0, other = 0;

	for (m->repetitions = 1; m->repetitions < MAXIMUM_REPETITIONS; m->repetitions *= 2) {
		if ((exists(&pair->floor) && !repeat_side(m, &pair->floor, &other)) ||
		    !repeat_side(m, &pair->mote, &ns))
			return false;
		ns = ns > other ? ns : other;
		if (ns * m->repetitions > ROUND_NS)
			break;
	}
	m->repetitions = ns * 2 > ROUND_NS ? 1 : (unsigned)(ROUND_NS / ns);
	m->cold = m->repetitions < 4;
	return true;
}

static bool round_of(const struct measurement *m, const struct bench_pair *pair, unsigned round,
		     double *floor, double *mote)
{
	*floor = NAN;
	if (!exists(&pair->floor))
		return measure_side(m, &pair->mote, mote);
	/* Neither side always comes first. */
	if (round % 2)
		return measure_side(m, &pair->mote, mote) && measure_side(m, &pair->floor, floor);
	return measure_side(m, &pair->floor, floor) && measure_side(m, &pair->mote, mote);
}

/* The minimum of differences is just the luckiest pair of measurements. */
static void summarise(const struct bench *bench, struct bench_figure *figure, double *floor,
		      double *mote, size_t rounds, bool least_makes_sense)
{
	double ratios[MAXIMUM_ROUNDS];
	double scale = bench_time_scale(bench);

	for (size_t i = 0; i < rounds; i++)
		ratios[i] = mote[i] / floor[i];
	figure->mote = bench_quantile(mote, rounds, 0.5) / scale;
	figure->mote_min = least_makes_sense ? mote[0] / scale : NAN;
	if (isnan(floor[0]))
		return;
	figure->floor = bench_quantile(floor, rounds, 0.5) / scale;
	figure->floor_min = floor[0] / scale;
	figure->ratio = bench_quantile(ratios, rounds, 0.5);
	figure->ratio_min = least_makes_sense ? mote[0] / floor[0] : NAN;
}

/* ---- Exits and system calls -------------------------------------------------------------- */

static bool trace_side(struct bench *bench, const struct bench_side *side, void *user,
		       double *exits, double *calls)
{
	struct trace_counts with, without = {0};
	double each = TRACES * (side->per_once ? side->per_once : 1);

	if (!side->once)
		return true;
	/* As in each round: the first one is affected by what the other side left. */
	if (!side->once(user) || !trace_run(bench, side->once, user, TRACES, &with) ||
	    (side->without && !trace_run(bench, side->without, user, TRACES, &without)))
		return false;
	*exits = ((double)with.exits - (double)without.exits) / each;
	*calls = ((double)with.calls - (double)without.calls) / each;
	return true;
}

static bool trace_both(struct bench *bench, const struct bench_pair *pair,
		       struct bench_figure *figure)
{
	return trace_side(bench, &pair->floor, pair->user, &figure->floor_exits,
			  &figure->floor_calls) &&
	       trace_side(bench, &pair->mote, pair->user, &figure->mote_exits, &figure->mote_calls);
}

/* ---- A figure ---------------------------------------------------------------------------- */

/* Whether to do another round. */
static bool more_rounds(const struct bench *bench, size_t done, uint64_t begin)
{
	if (bench->options.counted)
		return done < COUNTED_ROUNDS;
	if (done < MINIMUM_ROUNDS || done == MAXIMUM_ROUNDS)
		return done < MINIMUM_ROUNDS;
	return bench_now_ns() - begin < (bench->options.quick ? QUICK_NS : FULL_NS);
}

bool bench_compare(struct bench *bench, const struct bench_pair *pair)
{
	bool counted = bench->options.counted;
	double floor[MAXIMUM_ROUNDS], mote[MAXIMUM_ROUNDS];
	uint64_t begin = bench_now_ns();
	size_t rounds = 0;
	struct bench_figure *figure;
	struct measurement m = {
		.user = pair->user,
		.repetitions = pair->counted,
		.clock = counted && pair->cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC,
	};

	if (counted && !pair->counted)
		return true;
	if (!counted && !calibrate(pair, &m))
		return false;
	/* The first one warms the caches. */
	if (!round_of(&m, pair, 0, &floor[0], &mote[0]))
		return false;
	for (; more_rounds(bench, rounds, begin); rounds++)
		if (!round_of(&m, pair, (unsigned)rounds, &floor[rounds], &mote[rounds]))
			return false;
	figure = bench_add(bench, pair->name, bench_time_unit(bench), pair->reference,
			   BENCH_RATIO_AT_MOST, counted ? pair->counted_target : pair->target);
	summarise(bench, figure, floor, mote, rounds, !pair->mote.without);
	return !counted || trace_both(bench, pair, figure);
}
