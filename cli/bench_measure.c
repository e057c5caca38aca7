/* SPDX-License-Identifier: Apache-2.0
 *
 * The measurements of `mote bench`: samples of what mote does and of what every
 * program pays for, by turns, so that both meet the same disturbances.
 */
#include "bench.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bench_parts.h"
#include "cli_os.h"
#include "tool.h"

enum {
	BLOCK_BYTES = 64 << 10,
	MEMORY_BYTES = 1 << 20,
	MINIMUM_SAMPLES = 10,
	MAXIMUM_SAMPLES = 20000,
	SAMPLE_NS = 20000, /* beside which reading the clock costs nothing */
	MAXIMUM_REPETITIONS = 1 << 20,
	POLL_NS = 20000,
};

/* Made from guests/bench.c. */
extern const unsigned char bench_guest[];
extern const size_t bench_guest_bytes;

/* Does once what is measured; false with a problem. */
typedef bool (*operation)(struct bench *bench);

bool bench_succeeded(struct bench *bench, mote_status status, const mote_error *error)
{
	if (status != MOTE_OK)
		problem_from_error(bench->problem, error);
	return status == MOTE_OK;
}

/* code: of cli_os.h. */
static bool system_failed(struct bench *bench, const char *what, int code)
{
	problem_set(bench->problem, EXIT_PROBLEM, "os", "%s: %s", what, cli_os_error_text(code));
	return false;
}

/* ---- What mote does ---------------------------------------------------------------------- */

static mote_status host_nothing(void *user, const mote_value *arguments, size_t count,
				mote_value *result, mote_error *error)
{
	(void)user;
	(void)arguments;
	(void)count;
	(void)result;
	(void)error;
	return MOTE_OK;
}

mote_sandbox_options bench_sandbox_options(void)
{
	static const mote_host_function functions[] = {
		{"host_nothing", "void()", host_nothing, NULL, NULL},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	options.memory_bytes = MEMORY_BYTES;
	options.mailbox_bytes = BLOCK_BYTES;
	options.host_functions = functions;
	options.host_function_count = 1;
	return options;
}

static bool create_sandbox(struct bench *bench, mote_sandbox **sandbox)
{
	const mote_sandbox_options options = bench_sandbox_options();
	mote_error error = MOTE_ERROR_INIT;

	return bench_succeeded(
		bench, mote_sandbox_create(bench->engine, bench->image, &options, sandbox, &error),
		&error);
}

bool bench_call(struct bench *bench, mote_sandbox *sandbox, mote_function function,
		const mote_value *argument, const mote_call_options *options)
{
	mote_error error = MOTE_ERROR_INIT;

	return bench_succeeded(bench,
			       mote_sandbox_call(sandbox, function, argument, argument != NULL,
						 options, NULL, &error),
			       &error);
}

static bool call_nothing(struct bench *bench)
{
	return bench_call(bench, bench->sandbox, bench->nothing, NULL, NULL);
}

static bool call_host(struct bench *bench)
{
	return bench_call(bench, bench->sandbox, bench->call_host, NULL, NULL);
}

static bool bytes_in(struct bench *bench)
{
	const mote_value block = mote_value_bytes(bench->block, BLOCK_BYTES);

	return bench_call(bench, bench->sandbox, bench->take, &block, NULL);
}

static bool bytes_out(struct bench *bench)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;

	options.result_buffer = bench->copy;
	options.result_capacity = BLOCK_BYTES;
	return bench_call(bench, bench->sandbox, bench->give, NULL, &options);
}

static bool live_once(struct bench *bench)
{
	mote_sandbox *sandbox;
	bool good;

	if (!create_sandbox(bench, &sandbox))
		return false;
	good = bench_call(bench, sandbox, bench->nothing, NULL, NULL);
	mote_sandbox_destroy(sandbox);
	return good;
}

/* ---- What every program pays for --------------------------------------------------------- */

static bool call_system(struct bench *bench)
{
	(void)bench;
	cli_os_call_system();
	return true;
}

static bool copy_block(struct bench *bench)
{
	char *volatile to = bench->copy; /* nobody reads the copy: the compiler must not notice */

	memcpy(to, bench->block, BLOCK_BYTES);
	return true;
}

static bool run_process(struct bench *bench)
{
	int code = cli_os_run_process();

	return code == 0 || system_failed(bench, "process", code);
}

/* ---- Samples ----------------------------------------------------------------------------- */

/* ns: of one of the repetitions. */
static bool sample(struct bench *bench, operation once, unsigned repetitions, double *ns)
{
	uint64_t begin = cli_os_monotonic_ns();

	for (unsigned i = 0; i < repetitions; i++)
		if (!once(bench))
			return false;
	*ns = (double)(cli_os_monotonic_ns() - begin) / repetitions;
	return true;
}

/* So many repetitions that a sample is long enough; they warm up what is measured as well. */
static bool choose_repetitions(struct bench *bench, operation once, unsigned *repetitions)
{
	double ns = 0;

	for (*repetitions = 1; *repetitions < MAXIMUM_REPETITIONS; *repetitions *= 2) {
		if (!sample(bench, once, *repetitions, &ns))
			return false;
		if (ns * *repetitions >= SAMPLE_NS)
			break;
	}
	return true;
}

static bool wants_more(const struct bench *bench, size_t samples, uint64_t begin)
{
	if (samples < MINIMUM_SAMPLES || samples == MAXIMUM_SAMPLES)
		return samples < MINIMUM_SAMPLES;
	return cli_os_monotonic_ns() - begin < bench->figure_ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *sorted, size_t count, double part)
{
	return sorted[(size_t)(part * (double)(count - 1) + 0.5)];
}

/* From nanoseconds to the figure's unit: us, or MiB/s for blocks. */
static double in_unit(double ns, bool rate)
{
	return rate ? BLOCK_BYTES / 1048576.0 / (ns / 1e9) : ns / 1000;
}

static void summarise(struct bench *bench, struct bench_figure *figure, bool rate)
{
	size_t count = figure->samples;

	qsort(bench->samples, count, sizeof(double), compare);
	figure->unit = rate ? "MiB/s" : "us";
	figure->median = in_unit(quantile(bench->samples, count, 0.5), rate);
	figure->p99 = in_unit(quantile(bench->samples, count, 0.99), rate);
	figure->best = in_unit(bench->samples[0], rate);
	if (figure->reference == NULL)
		return;
	qsort(bench->reference_samples, count, sizeof(double), compare);
	figure->reference_median = in_unit(quantile(bench->reference_samples, count, 0.5), rate);
}

struct measurement {
	const char *name;
	operation mote;
	const char *reference_name;
	operation reference;
	bool rate;
};

static bool measure(struct bench *bench, const struct measurement *measurement,
		    struct bench_figure *figure)
{
	uint64_t begin = cli_os_monotonic_ns();
	unsigned repetitions, reference_repetitions;
	size_t count = 0;

	if (!choose_repetitions(bench, measurement->mote, &repetitions) ||
	    !choose_repetitions(bench, measurement->reference, &reference_repetitions))
		return false;
	for (; wants_more(bench, count, begin); count++)
		if (!sample(bench, measurement->mote, repetitions, &bench->samples[count]) ||
		    !sample(bench, measurement->reference, reference_repetitions,
			    &bench->reference_samples[count]))
			return false;
	figure->name = measurement->name;
	figure->reference = measurement->reference_name;
	figure->samples = count;
	summarise(bench, figure, measurement->rate);
	return true;
}

static bool is_running(const mote_interrupt *interrupt)
{
	mote_interrupt_state state = MOTE_INTERRUPT_STATE_INIT;

	return mote_interrupt_get_state(interrupt, &state, NULL) == MOTE_OK && state.running;
}

/* ---- Kills ------------------------------------------------------------------------------- */

struct killer {
	mote_interrupt *interrupt;
	uint64_t phase_ns; /* so that kills meet every phase of the kernel's timers */
	atomic_bool over;  /* the call ended, whyever */
	uint64_t killed_ns;
};

static void kill_when_running(void *user)
{
	struct killer *killer = user;

	while (!is_running(killer->interrupt) && !atomic_load(&killer->over))
		cli_os_pause_ns(POLL_NS);
	cli_os_pause_ns(killer->phase_ns);
	killer->killed_ns = cli_os_monotonic_ns();
	mote_interrupt_kill(killer->interrupt);
}

/* From the kill by another thread until the call of a guest that never ends has returned. */
static bool kill_call(struct bench *bench, mote_sandbox *sandbox, double *ns)
{
	struct killer killer = {
		.interrupt = mote_sandbox_get_interrupt(sandbox),
		.phase_ns = 100000 + bench->kills++ * 7919 % 100 * 1000,
	};
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;
	uint64_t returned_ns;
	struct cli_os_thread *thread;
	int code;

	code = cli_os_thread_start(kill_when_running, &killer, &thread);
	if (code != 0)
		return system_failed(bench, "thread", code);
	status = mote_sandbox_call(sandbox, bench->spin, NULL, 0, NULL, NULL, &error);
	returned_ns = cli_os_monotonic_ns();
	atomic_store(&killer.over, true);
	cli_os_thread_join(thread);
	*ns = (double)(returned_ns - killer.killed_ns);
	if (status == MOTE_KILLED)
		return true;
	problem_from_error(bench->problem, &error);
	return false;
}

static bool kill_once(struct bench *bench, double *ns)
{
	mote_sandbox *sandbox;
	bool good;

	if (!create_sandbox(bench, &sandbox))
		return false;
	good = bench_call(bench, sandbox, bench->nothing, NULL, NULL) &&
	       kill_call(bench, sandbox, ns);
	mote_sandbox_destroy(sandbox);
	return good;
}

static bool measure_kills(struct bench *bench, struct bench_figure *figure)
{
	uint64_t begin = cli_os_monotonic_ns();
	size_t count = 0;

	for (; wants_more(bench, count, begin); count++)
		if (!kill_once(bench, &bench->samples[count]))
			return false;
	figure->name = "kill to return";
	figure->reference = NULL;
	figure->samples = count;
	summarise(bench, figure, false);
	return true;
}

/* ---- All of it --------------------------------------------------------------------------- */

static bool find(struct bench *bench, const char *name, mote_function *function)
{
	mote_error error = MOTE_ERROR_INIT;

	return bench_succeeded(
		bench, mote_sandbox_find(bench->sandbox, name, NULL, function, &error), &error);
}

static bool open_guest(struct bench *bench, mote_backend_kind backend)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	if (bench_guest_bytes == 0) {
		problem_set(bench->problem, EXIT_PROBLEM, "unsupported",
			    "this build of mote has no guest to measure with");
		return false;
	}
	options.backend = backend;
	if (!bench_succeeded(bench, mote_engine_create(&options, &bench->engine, &error), &error) ||
	    !bench_succeeded(bench,
			     mote_image_from_bytes(bench->engine, bench_guest, bench_guest_bytes,
						   "the guest of mote bench", &bench->image,
						   &error),
			     &error))
		return false;
	return create_sandbox(bench, &bench->sandbox) && find(bench, "nothing", &bench->nothing) &&
	       find(bench, "call_host", &bench->call_host) && find(bench, "take", &bench->take) &&
	       find(bench, "give", &bench->give) && find(bench, "spin", &bench->spin);
}

static bool get_memory(struct bench *bench)
{
	bench->samples = calloc(MAXIMUM_SAMPLES, sizeof(double));
	bench->reference_samples = calloc(MAXIMUM_SAMPLES, sizeof(double));
	bench->block = malloc(BLOCK_BYTES);
	bench->copy = malloc(BLOCK_BYTES);
	if (bench->samples == NULL || bench->reference_samples == NULL || bench->block == NULL ||
	    bench->copy == NULL)
		return system_failed(bench, "memory", CLI_OS_NO_MEMORY);
	/* Untouched memory is one page of zeros for all. */
	memset(bench->block, 1, BLOCK_BYTES);
	memset(bench->copy, 2, BLOCK_BYTES);
	return true;
}

static void close_all(struct bench *bench)
{
	bench_close_snapshots(bench);
	mote_sandbox_destroy(bench->sandbox);
	mote_image_release(bench->image);
	mote_engine_release(bench->engine);
	free(bench->samples);
	free(bench->reference_samples);
	free(bench->block);
	free(bench->copy);
}

int bench_measure(mote_backend_kind backend, uint64_t time_ns,
		  struct bench_figure figures[BENCH_FIGURES], const char **name,
		  struct problem *problem)
{
	static const struct measurement measurements[BENCH_FIGURES - 1] = {
		{"call", call_nothing, "system call", call_system, false},
		{"call with host call", call_host, "system call", call_system, false},
		{"create, call, destroy", live_once, "process", run_process, false},
		{"call, restore", bench_call_and_restore, "system call", call_system, false},
		{"acquire, call, release", bench_serve, "process", run_process, false},
		{"clone, call, destroy", bench_live_as_clone, "process", run_process, false},
		{"take a snapshot", bench_take_again, "process", run_process, false},
		{"64 KiB in", bytes_in, "memcpy", copy_block, true},
		{"64 KiB out", bytes_out, "memcpy", copy_block, true},
	};
	struct bench bench = {.figure_ns = time_ns / BENCH_FIGURES, .problem = problem};
	bool good =
		open_guest(&bench, backend) && bench_open_snapshots(&bench) && get_memory(&bench);

	if (good)
		*name = mote_backend_name(mote_engine_get_backend(bench.engine));
	for (size_t i = 0; good && i < BENCH_FIGURES - 1; i++)
		good = measure(&bench, &measurements[i], &figures[i]);
	good = good && measure_kills(&bench, &figures[BENCH_FIGURES - 1]);
	close_all(&bench);
	return good ? EXIT_FINE : problem->exit_code;
}
