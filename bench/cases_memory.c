/* SPDX-License-Identifier: Apache-2.0
 *
 * Many sandboxes at once: what an idle one costs in memory, and 2,000 alive in one
 * process.
 */
#define _GNU_SOURCE /* setrlimit */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "floor.h"

enum { IDLE = 200, IDLE_ROUNDS = 3, MANY = 2000, FILES_EACH = 3, FILES_SPARE = 64 };

struct crowd {
	struct bench *bench;
	struct floor_host *host;
	struct floor_vm *vms;
	struct bench_guest guest; /* image and options of all */
	mote_sandbox **sandboxes;
	size_t vm_count, sandbox_count;
};

static bool add_vm(struct crowd *crowd)
{
	struct floor_vm *vm = &crowd->vms[crowd->vm_count];

	if (!floor_create(crowd->host, FLOOR_RING, vm))
		return false;
	crowd->vm_count++;
	return floor_ring(crowd->host, vm);
}

static bool add_sandbox(struct crowd *crowd)
{
	bool good = bench_guest_create(&crowd->guest) &&
		    bench_guest_call(&crowd->guest, NULL, 0, NULL, NULL);

	if (crowd->guest.sandbox)
		crowd->sandboxes[crowd->sandbox_count++] = crowd->guest.sandbox;
	crowd->guest.sandbox = NULL;
	return good;
}

static bool add_many(struct crowd *crowd, bool (*add)(struct crowd *crowd), size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!add(crowd))
			return false;
	return true;
}

static void disperse(struct crowd *crowd)
{
	while (crowd->vm_count > 0)
		floor_destroy(crowd->host, &crowd->vms[--crowd->vm_count]);
	while (crowd->sandbox_count > 0)
		mote_sandbox_destroy(crowd->sandboxes[--crowd->sandbox_count]);
}

static bool open_crowd(struct bench *bench, struct crowd *crowd, size_t count)
{
	*crowd = (struct crowd){
		.bench = bench,
		.vms = calloc(count, sizeof(*crowd->vms)),
		.sandboxes = calloc(count, sizeof(*crowd->sandboxes)),
	};
	if (!crowd->vms || !crowd->sandboxes)
		return bench_fail(bench, "no memory");
	return bench_guest_open(bench, &crowd->guest, "bench_nothing", "nothing", "void()") &&
	       floor_open(bench, &crowd->host);
}

static void close_crowd(struct crowd *crowd)
{
	disperse(crowd);
	bench_guest_close(&crowd->guest);
	floor_close(crowd->host);
	free(crowd->vms);
	free(crowd->sandboxes);
}

/* ---- Memory of idle ones ----------------------------------------------------------------- */

/* In KiB. */
struct usage {
	double private; /* anonymous memory and page tables of this process */
	double shared;	/* guest memory that has been touched, from either side */
	double kernel;	/* kernel objects of the whole machine: includes other processes' */
};

/* The value in KiB after a key in a file of /proc; 0 if there is none. */
static double proc_value(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	char line[256];
	double value = 0;

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtod(line + strlen(key), NULL);
	fclose(file);
	return value;
}

static struct usage usage_now(void)
{
	return (struct usage){
		.private = proc_value("/proc/self/smaps_rollup", "Pss_Anon:") +
			   proc_value("/proc/self/status", "VmPTE:"),
		.shared = proc_value("/proc/self/smaps_rollup", "Pss_Shmem:"),
		.kernel = proc_value("/proc/meminfo", "SUnreclaim:") +
			  proc_value("/proc/meminfo", "SecPageTables:") +
			  proc_value("/proc/meminfo", "VmallocUsed:"),
	};
}

static bool measure_idle(struct crowd *crowd, bool (*add)(struct crowd *crowd), struct usage *each)
{
	struct usage before, after;
	bool good;

	/* After the first, everything that is allocated only once exists. */
	good = add(crowd);
	before = usage_now();
	good = good && add_many(crowd, add, IDLE);
	after = usage_now();
	each->private = (after.private - before.private) / IDLE;
	each->shared = (after.shared - before.shared) / IDLE;
	each->kernel = (after.kernel - before.kernel) / IDLE;
	disperse(crowd);
	return good;
}

static void add_figure(struct bench *bench, const char *name, double *floor, double *mote,
		       enum bench_goal goal, double target)
{
	struct bench_figure *figure = bench_add(bench, name, "KiB", "the same, bare", goal, target);

	figure->floor = bench_quantile(floor, IDLE_ROUNDS, 0.5);
	figure->mote = bench_quantile(mote, IDLE_ROUNDS, 0.5);
	figure->floor_min = floor[0];
	figure->mote_min = mote[0];
	figure->ratio = figure->floor > 0 ? figure->mote / figure->floor : NAN;
	figure->ratio_min = figure->floor_min > 0 ? figure->mote_min / figure->floor_min : NAN;
}

static bool measure_memory(struct crowd *crowd)
{
	double floor[3][IDLE_ROUNDS], mote[3][IDLE_ROUNDS];
	struct usage usage;

	/* The first crowd fills the kernel's and the allocator's caches. */
	if (!measure_idle(crowd, add_sandbox, &usage))
		return false;
	for (size_t i = 0; i < IDLE_ROUNDS; i++) {
		if (!measure_idle(crowd, add_vm, &usage))
			return false;
		floor[0][i] = usage.private;
		floor[1][i] = usage.shared;
		floor[2][i] = usage.kernel;
		if (!measure_idle(crowd, add_sandbox, &usage))
			return false;
		mote[0][i] = usage.private;
		mote[1][i] = usage.shared;
		mote[2][i] = usage.kernel;
	}
	add_figure(crowd->bench, "memory-private", floor[0], mote[0], BENCH_AT_MOST, 64);
	add_figure(crowd->bench, "memory-guest", floor[1], mote[1], BENCH_NO_GOAL, 0);
	add_figure(crowd->bench, "memory-kernel", floor[2], mote[2], BENCH_NO_GOAL, 0);
	return true;
}

bool bench_case_memory(struct bench *bench)
{
	struct crowd crowd;
	bool good;

	if (bench->options.counted)
		return true;
	good = open_crowd(bench, &crowd, IDLE + 1) && measure_memory(&crowd);
	close_crowd(&crowd);
	return good;
}

/* ---- 2,000 at once ----------------------------------------------------------------------- */

/* Why 2,000 are not possible; empty if they are. */
static void raise_limit(char *reason)
{
	const rlim_t wanted = MANY * FILES_EACH + FILES_SPARE;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < wanted) {
		snprintf(reason, BENCH_TEXT_BYTES,
			 "%d sandboxes need %llu files, the limit is %llu (ulimit -n)", MANY,
			 (unsigned long long)wanted, (unsigned long long)limit.rlim_max);
		return;
	}
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool timed(struct crowd *crowd, bool (*add)(struct crowd *crowd), double *us_each)
{
	uint64_t begin = bench_now_ns();
	bool good = add_many(crowd, add, MANY);

	*us_each = (double)(bench_now_ns() - begin) / 1000 / MANY;
	return good;
}

bool bench_case_many(struct bench *bench)
{
	struct bench_figure *figure;
	struct crowd crowd;
	double floor = NAN, mote = NAN;
	bool good;

	if (bench->options.counted)
		return true;
	figure = bench_add(bench, "live-sandboxes", "sandboxes", "", BENCH_AT_LEAST, MANY);
	raise_limit(figure->skipped);
	if (figure->skipped[0])
		return true;
	good = open_crowd(bench, &crowd, MANY);
	if (!bench->options.quick) {
		good = good && timed(&crowd, add_vm, &floor);
		disperse(&crowd);
	}
	good = good && timed(&crowd, add_sandbox, &mote);
	figure->mote = figure->mote_min = (double)crowd.sandbox_count;
	if (good) {
		figure = bench_add(bench, "create-call-of-2000", "us", "the same, bare",
				   BENCH_NO_GOAL, 0);
		figure->floor = figure->floor_min = floor;
		figure->mote = figure->mote_min = mote;
		figure->ratio = figure->ratio_min = mote / floor; /* NAN when quick */
	}
	close_crowd(&crowd);
	return good;
}
