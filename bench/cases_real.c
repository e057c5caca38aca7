/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs of real libraries (real/): the same object files as a function of a guest, and in a program
 * of this machine with its own C library.  Cold is the first time in a fresh sandbox, or process;
 * warm is the best of the next few; huge is cold with memory in pages of 2 MiB.  The sides take
 * turns, and each figure is the least of all rounds, since what disturbs one only makes it longer.
 */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { ROUNDS = 15, QUICK_ROUNDS = 4, WARM_CALLS = 3, MEMORY = 128 << 20 };

/* The least times, in nanoseconds. */
struct times {
	double cold, warm;
};

struct real {
	struct bench *bench;
	const char *job;
	struct bench_guest guest;
	pid_t child;
	FILE *to, *from;
	uint64_t sum; /* the job's result, known after the first time */
	struct times native, mote, huge;
};

/* Both sides must come to the same result. */
static bool take_sum(struct real *real, uint64_t sum)
{
	if (real->sum == 0)
		real->sum = sum;
	return (sum != 0 && sum == real->sum) ||
	       bench_fail(real->bench, "%s: the results differ", real->job);
}

static void note_times(struct times *times, const double *ns)
{
	if (times->cold == 0 || ns[0] < times->cold)
		times->cold = ns[0];
	for (int i = 1; i <= WARM_CALLS; i++)
		if (times->warm == 0 || ns[i] < times->warm)
			times->warm = ns[i];
}

/* ---- A process --------------------------------------------------------------------------- */

static bool start(struct real *real)
{
	char path[4096];
	int in[2], out[2];

	snprintf(path, sizeof(path), "%s/%s-native", real->bench->options.real, real->job);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return bench_fail(real->bench, "there are no pipes");
	real->child = fork();
	if (real->child == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	real->to = fdopen(in[1], "w");
	real->from = fdopen(out[0], "r");
	return (real->child > 0 && real->to && real->from) ||
	       bench_fail(real->bench, "there is no process");
}

static void stop(struct real *real)
{
	if (real->to)
		fclose(real->to); /* it ends */
	if (real->from)
		fclose(real->from);
	if (real->child > 0)
		waitpid(real->child, NULL, 0);
	real->to = real->from = NULL;
	real->child = -1;
}

static bool ask(struct real *real, double *ns)
{
	uint64_t sum;

	fputc('\n', real->to);
	fflush(real->to);
	if (fscanf(real->from, "%lf %" SCNu64, ns, &sum) != 2)
		return bench_fail(real->bench, "%s-native does not answer", real->job);
	return take_sum(real, sum);
}

static bool in_process(struct real *real)
{
	double ns[1 + WARM_CALLS];
	bool good = start(real);

	for (int i = 0; good && i <= WARM_CALLS; i++)
		good = ask(real, &ns[i]);
	stop(real);
	if (good)
		note_times(&real->native, ns);
	return good;
}

/* ---- A sandbox --------------------------------------------------------------------------- */

static bool call(struct real *real, double *ns)
{
	const uint64_t begin = bench_now_ns();
	mote_value result;

	if (!bench_guest_call(&real->guest, NULL, 0, NULL, &result))
		return false;
	*ns = (double)(bench_now_ns() - begin);
	return take_sum(real, result.as.u64);
}

static bool in_sandbox(struct real *real, bool huge_pages)
{
	double ns[1 + WARM_CALLS];
	bool good;

	real->guest.options.huge_pages = huge_pages;
	good = bench_guest_create(&real->guest);
	for (int i = 0; good && i <= WARM_CALLS; i++)
		good = call(real, &ns[i]);
	bench_guest_destroy(&real->guest);
	if (good)
		note_times(huge_pages ? &real->huge : &real->mote, ns);
	return good;
}

/* ---- Both -------------------------------------------------------------------------------- */

static void add(struct bench *bench, const char *job, const char *kind, double native, double mote,
		double least_speed)
{
	const double scale = bench_time_scale(bench);
	struct bench_figure *figure;
	char name[BENCH_NAME_BYTES];

	snprintf(name, sizeof(name), "%s-%s", job, kind);
	figure = bench_add(bench, name, "us", "the same objects natively", BENCH_RATIO_AT_MOST,
			   least_speed > 0 ? 1 / least_speed : 0);
	figure->floor = figure->floor_min = native / scale;
	figure->mote = figure->mote_min = mote / scale;
	figure->ratio = figure->ratio_min = mote / native;
}

static bool measure(struct bench *bench, const char *job)
{
	struct real real = {.bench = bench, .job = job, .child = -1};
	const int rounds = bench->options.quick ? QUICK_ROUNDS : ROUNDS;
	char path[4096];
	bool good;

	snprintf(path, sizeof(path), "%s/%s", bench->options.real, job);
	good = bench_guest_open_at(bench, &real.guest, path, "job", "u64()");
	real.guest.options.memory_bytes = MEMORY;
	for (int i = 0; good && i < rounds; i++)
		good = in_process(&real) && in_sandbox(&real, false) && in_sandbox(&real, true);
	bench_guest_close(&real.guest);
	if (good) {
		add(bench, job, "warm", real.native.warm, real.mote.warm, 0.95);
		add(bench, job, "cold", real.native.cold, real.mote.cold, 0.80);
		add(bench, job, "huge", real.native.cold, real.huge.cold, 0);
	}
	return good;
}

bool bench_case_real(struct bench *bench)
{
	static const char *const jobs[] = {"zstd", "lua", "sqlite", "png"};
	bool good = true;

	if (bench->options.counted)
		return true;
	if (!bench->options.real) {
		snprintf(bench_add(bench, "guest-vs-native", "us", "", BENCH_NO_GOAL, 0)->skipped,
			 BENCH_TEXT_BYTES, "./dev bench builds real libraries for it");
		return true;
	}
	signal(SIGPIPE, SIG_IGN); /* if it cannot run, that is a failure of the case */
	for (size_t i = 0; good && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		good = measure(bench, jobs[i]);
	return good;
}
