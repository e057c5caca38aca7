/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest fault costs: from the call until it has returned MOTE_GUEST_FAULT with its text, and
 * until the registers are known too.
 */
#include <stdlib.h>

#include "bench.h"
#include "floor.h"

enum { SAMPLES = 40 };

struct fault_bench {
	struct bench *bench;
	struct floor_host *host;
	struct floor_vm vm;
	struct bench_guest guest;
	double exit[SAMPLES], fault[SAMPLES], registers[SAMPLES];
};

/* One fault in a sandbox whose guest has started. */
static bool sample(struct fault_bench *fault, unsigned i)
{
	struct bench_guest *guest = &fault->guest;
	uint64_t begin, called;
	mote_status status;

	begin = bench_now_ns();
	if (!floor_ring(fault->host, &fault->vm))
		return false;
	fault->exit[i] = (double)(bench_now_ns() - begin);
	if (!bench_guest_create(guest) || mote_sandbox_start(guest->sandbox, NULL, NULL) != MOTE_OK)
		return bench_fail(fault->bench, "the guest does not start");
	begin = bench_now_ns();
	status = mote_sandbox_call(guest->sandbox, guest->function, NULL, 0, NULL, NULL,
				   &guest->error);
	called = bench_now_ns();
	(void)mote_sandbox_get_fault(guest->sandbox);
	fault->registers[i] = (double)(bench_now_ns() - begin);
	fault->fault[i] = (double)(called - begin);
	bench_guest_destroy(guest);
	return status == MOTE_GUEST_FAULT || bench_fail(fault->bench, "trap did not fault");
}

static void add_figure(struct fault_bench *fault, const char *name, double *values)
{
	struct bench_figure *figure = bench_add(fault->bench, name, bench_time_unit(fault->bench),
						"bare exit", BENCH_NO_GOAL, 0);
	double scale = bench_time_scale(fault->bench);

	figure->floor = bench_quantile(fault->exit, SAMPLES, 0.5) / scale;
	figure->mote = bench_quantile(values, SAMPLES, 0.5) / scale;
	figure->floor_min = fault->exit[0] / scale;
	figure->mote_min = values[0] / scale;
	figure->ratio = figure->mote / figure->floor;
	figure->ratio_min = figure->mote_min / figure->floor_min;
}

bool bench_case_fault(struct bench *bench)
{
	struct fault_bench fault = {.bench = bench};
	bool good = bench_guest_open(bench, &fault.guest, "bench_trap", "trap", "void()") &&
		    floor_open(bench, &fault.host) &&
		    floor_create(fault.host, FLOOR_RING, &fault.vm);

	for (unsigned i = 0; good && i < SAMPLES; i++)
		good = sample(&fault, i);
	if (good) {
		add_figure(&fault, "fault", fault.fault);
		add_figure(&fault, "fault+registers", fault.registers);
	}
	if (fault.host)
		floor_destroy(fault.host, &fault.vm);
	floor_close(fault.host);
	bench_guest_close(&fault.guest);
	return good;
}
