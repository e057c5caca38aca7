/* SPDX-License-Identifier: Apache-2.0
 *
 * Kill latency: from just before another thread kills until the call returns in the killed thread.
 * The floor is a signal that ends a bare KVM_RUN with EINTR.
 */
#define _GNU_SOURCE /* pthread_kill */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"
#include "floor.h"

enum {
	QUICK_SAMPLES = 300,
	FULL_SAMPLES = 2000,
	COUNTED_SAMPLES = 50,
	POLL_NS = 20000,
	ENTRY_NS = 300000, /* the guest is running by then */
	RETRY_NS = 20000000,
};

/* One kill after another; the killing thread waits for `armed`. */
struct kill_bench {
	struct bench *bench;
	struct floor_host *host;
	struct floor_vm vm;
	struct bench_guest guest;
	int signal_number;
	pthread_t runner;
	atomic_uint armed; /* number of the requested kill */
	atomic_uint returned;
	atomic_uint handled; /* number of the last kill that was handled */
	atomic_bool of_mote, stop;
	_Atomic uint64_t killed_ns;
	atomic_bool late; /* the first kill came too early: no sample */
};

static void on_signal(int number)
{
	(void)number;
}

static void send_kill(struct kill_bench *kill)
{
	if (atomic_load(&kill->of_mote))
		mote_interrupt_kill(mote_sandbox_get_interrupt(kill->guest.sandbox));
	else
		pthread_kill(kill->runner, kill->signal_number);
}

static void kill_one(struct kill_bench *kill, unsigned number)
{
	/* Hits any phase of the kernel's timers. */
	bench_sleep_ns(ENTRY_NS + (number * 7919u % 100) * 1000);
	atomic_store(&kill->killed_ns, bench_now_ns());
	send_kill(kill);
	for (uint64_t waited = 0; atomic_load(&kill->returned) != number; waited += POLL_NS) {
		bench_sleep_ns(POLL_NS);
		if (waited > RETRY_NS) {
			atomic_store(&kill->late, true);
			send_kill(kill);
			waited = 0;
		}
	}
}

static void *killer(void *user)
{
	struct kill_bench *kill = user;
	unsigned done = 0;

	while (!atomic_load(&kill->stop)) {
		unsigned number = atomic_load(&kill->armed);

		if (number == done) {
			bench_sleep_ns(POLL_NS);
			continue;
		}
		kill_one(kill, number);
		done = number;
		atomic_store(&kill->handled, number);
	}
	return NULL;
}

/* Runs one guest that never returns until it is killed; returns the latency. */
static bool sample(struct kill_bench *kill, bool of_mote, double *ns)
{
	unsigned number = atomic_load(&kill->armed) + 1;
	uint64_t now;
	bool good;

	if (of_mote && !bench_guest_create(&kill->guest))
		return false;
	atomic_store(&kill->late, false);
	atomic_store(&kill->of_mote, of_mote);
	atomic_store(&kill->armed, number);
	if (of_mote)
		good = mote_sandbox_call(kill->guest.sandbox, kill->guest.function, NULL, 0, NULL,
					 NULL, NULL) == MOTE_KILLED;
	else
		good = floor_spin(kill->host, &kill->vm);
	now = bench_now_ns();
	atomic_store(&kill->returned, number);
	*ns = atomic_load(&kill->late) ? NAN : (double)(now - atomic_load(&kill->killed_ns));
	/* The killing thread uses the sandbox until then. */
	while (atomic_load(&kill->handled) != number)
		bench_sleep_ns(POLL_NS);
	if (!of_mote)
		return good;
	bench_guest_destroy(&kill->guest);
	return good || bench_fail(kill->bench, "a killed call did not return MOTE_KILLED");
}

static void add_figure(struct bench *bench, const char *name, double quantile, double *floor,
		       double *mote, size_t count, double target)
{
	double scale = bench_time_scale(bench);
	struct bench_figure *figure =
		bench_add(bench, name, bench_time_unit(bench), "signal to EINTR, bare",
			  BENCH_RATIO_AT_MOST, target);

	figure->floor = bench_quantile(floor, count, quantile) / scale;
	figure->mote = bench_quantile(mote, count, quantile) / scale;
	figure->floor_min = floor[0] / scale;
	figure->mote_min = mote[0] / scale;
	figure->ratio = figure->mote / figure->floor;
	figure->ratio_min = figure->mote_min / figure->floor_min;
}

static bool measure(struct kill_bench *kill, double *floor, double *mote)
{
	struct bench *bench = kill->bench;
	size_t samples = bench->options.quick ? QUICK_SAMPLES : FULL_SAMPLES;
	size_t count = 0;

	if (bench->options.counted)
		samples = COUNTED_SAMPLES;
	for (size_t i = 0; i < samples; i++) {
		double a, b;

		if (!sample(kill, false, &a) || !sample(kill, true, &b))
			return false;
		if (isnan(a) || isnan(b))
			continue;
		floor[count] = a;
		mote[count++] = b;
	}
	if (count < samples / 2)
		return bench_fail(bench, "kills came before the guest ran");
	add_figure(bench, "kill-p50", 0.5, floor, mote, count, 0);
	/* In the counting machine the rare ones depend on the single processor and its timer
	 * tick. */
	if (!bench->options.counted)
		add_figure(bench, "kill-p99", 0.99, floor, mote, count, 2.0);
	return true;
}

bool bench_case_kill(struct bench *bench)
{
	struct kill_bench kill = {.bench = bench, .signal_number = SIGRTMIN + 2};
	const struct sigaction action = {.sa_handler = on_signal};
	double *values = calloc(2 * FULL_SAMPLES, sizeof(*values));
	pthread_t thread;
	bool good = values != NULL &&
		    bench_guest_open(bench, &kill.guest, "bench_nothing", "spin", "void()") &&
		    floor_open(bench, &kill.host) && floor_create(kill.host, FLOOR_SPIN, &kill.vm);

	kill.runner = pthread_self();
	sigaction(kill.signal_number, &action, NULL);
	if (good && pthread_create(&thread, NULL, killer, &kill) == 0) {
		good = measure(&kill, values, values + FULL_SAMPLES);
		atomic_store(&kill.stop, true);
		pthread_join(thread, NULL);
	}
	if (kill.host)
		floor_destroy(kill.host, &kill.vm);
	floor_close(kill.host);
	bench_guest_close(&kill.guest);
	free(values);
	return good;
}
