/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of mote_bench share: options, figures, paired measurement.
 *
 * Every figure of mote has a reference measured in the same run, in alternating rounds; only their
 * ratio can be compared between machines.
 */
#ifndef MOTE_BENCH_H
#define MOTE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/mote.h>

/* ---- Options and figures ------------------------------------------------------------------- */

struct bench_options {
	bool quick;
	/* Runs in a machine whose clock counts instructions: 1 ns is one instruction. */
	bool counted;
	const char *filter;	     /* part of a case's name, or NULL */
	const char *json;	     /* file, "-" for standard output, or NULL */
	const char *figures;	     /* the same with everything known about the figures */
	const char *svg;	     /* file or NULL */
	const char *from;	     /* take the figures from this file instead of measuring */
	const char *baseline;	     /* file or NULL */
	const char *update_baseline; /* file or NULL */
	double check_percent;	     /* negative: no check */
	const char *guests;	     /* folder of the bench's guest images */
	const char *wasmtime;	     /* program of wasmtime/, or NULL */
	const char *real;	     /* folder of real/build, or NULL */
};

enum bench_goal {
	BENCH_NO_GOAL = 0,
	BENCH_RATIO_AT_MOST, /* mote / floor <= target */
	BENCH_AT_MOST,	     /* mote <= target, in the figure's unit */
	BENCH_AT_LEAST,
};

enum { BENCH_NAME_BYTES = 48, BENCH_TEXT_BYTES = 160, BENCH_FIGURES = 128 };

/* NAN if there is no such number. */
struct bench_figure {
	char name[BENCH_NAME_BYTES];
	char machine[16]; /* the architecture that it was measured on */
	char unit[16];
	char reference[BENCH_NAME_BYTES]; /* what `floor` is */
	double floor, mote;		  /* medians over the rounds */
	double floor_min, mote_min;
	double ratio;	  /* median of the rounds' ratios */
	double ratio_min; /* of the minima */
	/* VM exits and system calls; only in the counting machine. */
	double floor_exits, mote_exits;
	double floor_calls, mote_calls;
	enum bench_goal goal;
	double target;
	char skipped[BENCH_TEXT_BYTES]; /* why there are no numbers; empty when there are */
};

struct bench {
	struct bench_options options;
	struct bench_figure figures[BENCH_FIGURES];
	size_t count;
	mote_engine *engine;
	struct trace *trace;		    /* see trace.h */
	char failure[BENCH_TEXT_BYTES * 2]; /* of the case that is running */
};

/* A new figure with no numbers.  native and counted: the targets; 0 for none. */
struct bench_figure *bench_add(struct bench *bench, const char *name, const char *unit,
			       const char *reference, enum bench_goal goal, double target);

/* Whether a figure meets its goal: 1 yes, 0 no, -1 if it has none. */
int bench_met(const struct bench_figure *figure);

/* Records why the running case failed.  Returns false. */
bool bench_fail(struct bench *bench, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- Measuring (measure.c) ----------------------------------------------------------------- */

/* One operation whose cost is measured. */
struct bench_side {
	bool (*once)(void *user); /* false: it failed, see bench_fail */
	/* Instead: does so many and says how long one took, by the clock of another process. */
	bool (*times)(void *user, unsigned count, double *ns);
	/* May be NULL.  Its cost is subtracted, e.g. that of the same call without the measured
	 * part. */
	bool (*without)(void *user);
	unsigned per_once; /* how many operations one `once` does; 0: one */
};

struct bench_pair {
	const char *name;
	const char *reference;
	struct bench_side floor, mote;
	void *user;
	double target;	       /* ratio; 0 for none */
	double counted_target; /* the same in the counting machine */
	unsigned counted;      /* repetitions in one round there; 0: not meaningful there */
	bool cpu_time;	       /* measure CPU time there: the elapsed time includes waits */
};

/* Measures both sides in alternating rounds and adds the figure. */
bool bench_compare(struct bench *bench, const struct bench_pair *pair);

uint64_t bench_now_ns(void);
void bench_sleep_ns(uint64_t ns);

/* Sorts values and returns the one at quantile (0 to 1).  count: at least 1. */
double bench_quantile(double *values, size_t count, double quantile);

/* "us" or "instructions", and the length of one in ns. */
const char *bench_time_unit(const struct bench *bench);
double bench_time_scale(const struct bench *bench);

/* ---- Output (report.c, chart.c, baseline.c) ------------------------------------------------ */

void bench_print_header(const struct bench *bench);
void bench_print_figure(const struct bench *bench, const struct bench_figure *figure);
/* An array of {"name","unit","floor","mote","ratio","target","met"}, null where there is no number.
 * all: also what only bench_read_json needs.  On failure prints a message on standard error and
 * returns false. */
bool bench_write_json(const struct bench *bench, const char *path, bool all);
bool bench_write_svg(const struct bench *bench, const char *path);

/* Reads what bench_write_json wrote with `all`, instead of measuring. */
bool bench_read_json(struct bench *bench, const char *path);
/* Compares with the baseline; prints what has grown or is missing, and then returns false. */
bool bench_check(const struct bench *bench);
/* Replaces the baseline's figures of the same machine. */
bool bench_update_baseline(const struct bench *bench);

/* ---- mote's side (guest.c) ----------------------------------------------------------------- */

enum { BENCH_SMALL_MEMORY = 1 << 20, BENCH_BLOCK = 64 << 10 };

/* A sandbox and one function of it. */
struct bench_guest {
	struct bench *bench;
	mote_image *image;
	mote_sandbox *sandbox;
	mote_function function;
	mote_error error; /* of the last call that failed */
	const char *export_name, *signature;
	mote_sandbox_options options;
};

/* Opens an image; options are the defaults with 1 MiB of memory. */
bool bench_guest_open(struct bench *bench, struct bench_guest *guest, const char *image,
		      const char *export_name, const char *signature);
/* The same with the path of an image. */
bool bench_guest_open_at(struct bench *bench, struct bench_guest *guest, const char *path,
			 const char *export_name, const char *signature);
/* Creates the sandbox and finds the function. */
bool bench_guest_create(struct bench_guest *guest);
/* Calls the function. */
bool bench_guest_call(struct bench_guest *guest, const mote_value *arguments, size_t count,
		      const mote_call_options *options, mote_value *result);
void bench_guest_destroy(struct bench_guest *guest);
void bench_guest_close(struct bench_guest *guest);

/* bench_calls's import. */
mote_status bench_host_nothing(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error);

/* ---- The cases ----------------------------------------------------------------------------- */

bool bench_case_call(struct bench *bench);
bool bench_case_deadline(struct bench *bench);
bool bench_case_overrun(struct bench *bench);
bool bench_case_bytes(struct bench *bench);
bool bench_case_create(struct bench *bench);
bool bench_case_kill(struct bench *bench);
bool bench_case_fault(struct bench *bench);
bool bench_case_step(struct bench *bench);
bool bench_case_memory(struct bench *bench);
bool bench_case_many(struct bench *bench);
bool bench_case_touch(struct bench *bench);
bool bench_case_inflate(struct bench *bench);
bool bench_case_batch(struct bench *bench);
bool bench_case_buffer(struct bench *bench);
bool bench_case_process(struct bench *bench);
bool bench_case_snapshot(struct bench *bench);
bool bench_case_load(struct bench *bench);
bool bench_case_wasmtime(struct bench *bench);
bool bench_case_real(struct bench *bench);

/* A part of the case "process": inflate in a guest and in a child, all on this processor, which the
 * caller runs on. */
bool bench_inflate_against_process(struct bench *bench, int processor);

#endif
