/* SPDX-License-Identifier: Apache-2.0
 *
 * A clean sandbox for each call, from a pool, beside Wasmtime's pooling allocator: an instance from
 * its pool for each call (wasmtime/src/main.rs, in a process of its own, which has its own clock).
 * Both write to the same number of pages.
 */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

struct beside {
	struct bench *bench;
	struct bench_guest guest;
	mote_pool *pool;
	uint32_t pages;
	pid_t child;
	FILE *to, *from;
};

/* ---- Wasmtime ---------------------------------------------------------------------------- */

static _Noreturn void become(const char *program, const char *option, const int *in, const int *out)
{
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	execl(program, program, option, (char *)NULL);
	_exit(127);
}

static void stop(struct beside *beside)
{
	if (beside->to)
		fclose(beside->to); /* it ends */
	if (beside->from)
		fclose(beside->from);
	if (beside->child > 0)
		waitpid(beside->child, NULL, 0);
	beside->to = beside->from = NULL;
	beside->child = -1;
}

/* option: NULL or "--tuned". */
static bool start(struct beside *beside, const char *option)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return bench_fail(beside->bench, "there are no pipes");
	beside->child = fork();
	if (beside->child == 0)
		become(beside->bench->options.wasmtime, option, in, out);
	close(in[0]);
	close(out[1]);
	beside->to = fdopen(in[1], "w");
	beside->from = fdopen(out[0], "r");
	return (beside->child > 0 && beside->to && beside->from) ||
	       bench_fail(beside->bench, "there is no process");
}

static bool calls_of_wasmtime(void *user, unsigned times, double *ns)
{
	struct beside *beside = user;

	fprintf(beside->to, "%u %u\n", (unsigned)beside->pages, times);
	fflush(beside->to);
	return fscanf(beside->from, "%lf", ns) == 1 ||
	       bench_fail(beside->bench, "%s does not answer", beside->bench->options.wasmtime);
}

/* ---- mote -------------------------------------------------------------------------------- */

static bool clean_call(void *user)
{
	struct beside *beside = user;
	const mote_value argument = mote_value_u32(beside->pages);
	mote_error error = MOTE_ERROR_INIT;
	bool good;

	if (mote_pool_acquire(beside->pool, &beside->guest.sandbox, &error) != MOTE_OK)
		return bench_fail(beside->bench, "acquire: %s", error.text);
	good = bench_guest_call(&beside->guest, &argument, 1, NULL, NULL);
	mote_pool_release(beside->pool, beside->guest.sandbox);
	beside->guest.sandbox = NULL;
	return good;
}

static bool open_pool(struct beside *beside)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;

	options.sandbox = &beside->guest.options;
	if (!bench_guest_create(&beside->guest))
		return false;
	if (mote_snapshot_take(beside->guest.sandbox, NULL, &snapshot, &error) != MOTE_OK)
		return bench_fail(beside->bench, "take: %s", error.text);
	bench_guest_destroy(&beside->guest);
	if (mote_pool_create(snapshot, &options, &beside->pool, &error) != MOTE_OK)
		bench_fail(beside->bench, "create a pool: %s", error.text);
	mote_snapshot_destroy(snapshot);
	return beside->pool != NULL;
}

/* ---- Both -------------------------------------------------------------------------------- */

struct row {
	const char *name;
	uint32_t pages;
	double target;
};

/* What was written once is put back from then on, so each number of pages has its own pool. */
static bool measure(struct beside *beside, const struct row *row, const char *reference)
{
	const struct bench_pair pair = {
		.name = row->name,
		.reference = reference,
		.floor = {.times = calls_of_wasmtime},
		.mote = {.once = clean_call},
		.user = beside,
		.target = row->target,
	};
	bool good;

	beside->pages = row->pages;
	good = open_pool(beside) && bench_compare(beside->bench, &pair);
	mote_pool_destroy(beside->pool);
	beside->pool = NULL;
	return good;
}

static bool measure_rows(struct beside *beside, const char *option, const struct row *rows,
			 size_t count, const char *reference)
{
	bool good = start(beside, option);

	for (size_t i = 0; good && i < count; i++)
		good = measure(beside, &rows[i], reference);
	stop(beside);
	return good;
}

bool bench_case_wasmtime(struct bench *bench)
{
	/* The targets are of pools as they are by default.  A call of mote has an exit in it. */
	static const struct row rows[] = {
		{"clean-call-1-page", 1, 0},
		{"clean-call-10-pages", 10, 1.0},
		{"clean-call-100-pages", 100, 0.2},
	};
	static const struct row tuned[] = {
		{"clean-call-1-tuned", 1, 0},
		{"clean-call-10-tuned", 10, 0},
		{"clean-call-100-tuned", 100, 0},
	};
	struct beside beside = {.bench = bench, .child = -1};
	bool good;

	if (bench->options.counted)
		return true;
	if (!bench->options.wasmtime) {
		snprintf(bench_add(bench, "clean-call", "us", "", BENCH_NO_GOAL, 0)->skipped,
			 BENCH_TEXT_BYTES,
			 "Wasmtime is beside it in ./dev bench, where cargo can build that");
		return true;
	}
	signal(SIGPIPE, SIG_IGN); /* if it cannot run, that is a failure of the case */
	good = bench_guest_open(bench, &beside.guest, "bench_pages", "touch", "void(u32)");
	beside.guest.options.memory_bytes = 2 << 20;
	good = good &&
	       measure_rows(&beside, NULL, rows, sizeof(rows) / sizeof(rows[0]),
			    "Wasmtime 48's pool") &&
	       measure_rows(&beside, "--tuned", tuned, sizeof(tuned) / sizeof(tuned[0]),
			    "the same, keep_resident, pagemap_scan");
	bench_guest_close(&beside.guest);
	return good;
}
