/* SPDX-License-Identifier: Apache-2.0
 *
 * How late a deadline ends its call.  The reference is how late the system wakes a
 * thread that sleeps until a given time.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <time.h>

#include "bench.h"

enum { QUICK_SAMPLES = 200, FULL_SAMPLES = 1000, DEADLINE_NS = 2000000 };

static uint64_t cpu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double sleep_late(void)
{
	uint64_t until = bench_now_ns() + DEADLINE_NS;
	const struct timespec time = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
		;
	return (double)(bench_now_ns() - until);
}

/* Runs a guest that never returns until its deadline ends it. */
static bool end_late(struct bench_guest *guest, bool cpu, double *late_ns)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_status expected = cpu ? MOTE_CPU_DEADLINE : MOTE_WALL_DEADLINE;
	mote_status status;
	uint64_t begin;

	if (!bench_guest_create(guest))
		return false;
	*(cpu ? &options.cpu_ns : &options.wall_ns) = DEADLINE_NS;
	begin = cpu ? cpu_now_ns() : bench_now_ns();
	status = mote_sandbox_call(guest->sandbox, guest->function, NULL, 0, &options, NULL, NULL);
	*late_ns = (double)((cpu ? cpu_now_ns() : bench_now_ns()) - begin) - DEADLINE_NS;
	bench_guest_destroy(guest);
	return status == expected ||
	       bench_fail(guest->bench, "a call was not ended by its deadline");
}

static void add_figure(struct bench *bench, const char *name, double quantile, double *floor,
		       double *mote, size_t count)
{
	double scale = bench_time_scale(bench);
	struct bench_figure *figure = bench_add(bench, name, bench_time_unit(bench),
						"sleep, woken late by", BENCH_NO_GOAL, 0);

	figure->floor = bench_quantile(floor, count, quantile) / scale;
	figure->mote = bench_quantile(mote, count, quantile) / scale;
	figure->floor_min = floor[0] / scale;
	figure->mote_min = mote[0] / scale;
	figure->ratio = figure->mote / figure->floor;
	figure->ratio_min = figure->mote_min / figure->floor_min;
}

static bool measure(struct bench_guest *guest, bool cpu, double *floor, double *mote)
{
	struct bench *bench = guest->bench;
	size_t count = bench->options.quick ? QUICK_SAMPLES : FULL_SAMPLES;

	for (size_t i = 0; i < count; i++) {
		floor[i] = sleep_late();
		if (!end_late(guest, cpu, &mote[i]))
			return false;
	}
	add_figure(bench, cpu ? "cpu-overrun-p50" : "wall-overrun-p50", 0.5, floor, mote, count);
	add_figure(bench, cpu ? "cpu-overrun-p99" : "wall-overrun-p99", 0.99, floor, mote, count);
	return true;
}

bool bench_case_overrun(struct bench *bench)
{
	struct bench_guest guest = {0};
	double *values;
	bool good;

	/* The clock counts instructions there, and none execute while all threads sleep. */
	if (bench->options.counted)
		return true;
	values = calloc(2 * FULL_SAMPLES, sizeof(*values));
	good = values != NULL &&
	       bench_guest_open(bench, &guest, "bench_nothing", "spin", "void()") &&
	       measure(&guest, false, values, values + FULL_SAMPLES) &&
	       measure(&guest, true, values, values + FULL_SAMPLES);
	bench_guest_close(&guest);
	free(values);
	return good;
}
