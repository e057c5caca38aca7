/* SPDX-License-Identifier: Apache-2.0
 *
 * The measurements of `mote bench`.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "problem.h"

/* The figures of mote's own work, in the order in which they are measured. */
enum { BENCH_FIGURES = 10 };

struct bench_figure {
	const char *name, *unit;
	double median, p99, best; /* p99: 99 of 100 samples are at least as good */
	size_t samples;
	/* Something that every program pays for, in the same unit; NULL when there is nothing. */
	const char *reference;
	double reference_median;
};

/*
 * Measures for about time_ns in all, on an engine of the backend.
 * name: of the backend that was used.  Returns EXIT_FINE, or an exit code with a problem.
 */
int bench_measure(mote_backend_kind backend, uint64_t time_ns,
		  struct bench_figure figures[BENCH_FIGURES], const char **name,
		  struct problem *problem);

#endif
