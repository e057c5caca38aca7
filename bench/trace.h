/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts the main thread's system calls and exits: a child, forked before there is anything to
 * inherit, traces it on request.  Both sides of a measurement are observed from outside in the same
 * way.
 */
#ifndef MOTE_BENCH_TRACE_H
#define MOTE_BENCH_TRACE_H

#include "bench.h"

struct trace_counts {
	uint64_t calls; /* system calls */
	uint64_t exits; /* calls of KVM_RUN that returned with an exit */
};

bool trace_open(struct bench *bench);
void trace_close(struct bench *bench);

/* Runs `once` the given number of times and counts. */
bool trace_run(struct bench *bench, bool (*once)(void *user), void *user, unsigned times,
	       struct trace_counts *counts);

#endif
