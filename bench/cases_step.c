/* SPDX-License-Identifier: Apache-2.0
 *
 * What a debugger's step of one instruction costs: from the debugger's answer to the next stop.
 */
#include "bench.h"
#include "floor.h"
#include "sandbox/debug.h"

enum { STEPS = 200 };

struct step_bench {
	struct bench *bench;
	struct floor_host *host;
	struct floor_vm vm;
	struct bench_guest guest;
	double exit[STEPS], step[STEPS];
	unsigned steps;
	uint64_t answered; /* when the step began; 0: there was none */
};

static struct mote_debugger_answer stopped(void *user, struct mote_debug_vm *vm,
					   const struct mote_debug_stop *stop)
{
	const uint64_t now = bench_now_ns();
	struct step_bench *step = user;

	(void)vm;
	if (step->answered != 0 && stop->kind == MOTE_STOP_STEP)
		step->step[step->steps++] = (double)(now - step->answered);
	if (step->steps == STEPS)
		return (struct mote_debugger_answer){.action = MOTE_DEBUGGER_KILL};
	step->answered = bench_now_ns();
	return (struct mote_debugger_answer){.action = MOTE_DEBUGGER_RESUME, .how.step = true};
}

/* Steps through a loop, which only the debugger ends. */
static bool measure(struct step_bench *step)
{
	const struct mote_debugger debugger = {.stopped = stopped, .user = step};
	struct bench_guest *guest = &step->guest;

	for (unsigned i = 0; i < STEPS; i++) {
		const uint64_t begin = bench_now_ns();

		if (!floor_ring(step->host, &step->vm))
			return false;
		step->exit[i] = (double)(bench_now_ns() - begin);
	}
	if (!bench_guest_create(guest) || mote_sandbox_start(guest->sandbox, NULL, NULL) != MOTE_OK)
		return bench_fail(step->bench, "the guest does not start");
	if (mote_sandbox_attach(guest->sandbox, &debugger, &guest->error) != MOTE_OK)
		return bench_fail(step->bench, "%s", guest->error.text);
	if (mote_sandbox_call(guest->sandbox, guest->function, NULL, 0, NULL, NULL,
			      &guest->error) != MOTE_KILLED ||
	    step->steps != STEPS)
		return bench_fail(step->bench, "spin was not stepped: %s", guest->error.text);
	return true;
}

static void add_figure(struct step_bench *step)
{
	struct bench_figure *figure = bench_add(step->bench, "step", bench_time_unit(step->bench),
						"bare exit", BENCH_NO_GOAL, 0);
	const double scale = bench_time_scale(step->bench);

	figure->floor = bench_quantile(step->exit, STEPS, 0.5) / scale;
	figure->mote = bench_quantile(step->step, STEPS, 0.5) / scale;
	figure->floor_min = step->exit[0] / scale;
	figure->mote_min = step->step[0] / scale;
	figure->ratio = figure->mote / figure->floor;
	figure->ratio_min = figure->mote_min / figure->floor_min;
}

bool bench_case_step(struct bench *bench)
{
	struct step_bench step = {.bench = bench};
	bool good = bench_guest_open(bench, &step.guest, "bench_nothing", "spin", "void()") &&
		    floor_open(bench, &step.host) && floor_create(step.host, FLOOR_RING, &step.vm);

	good = good && measure(&step);
	if (good)
		add_figure(&step);
	if (step.host)
		floor_destroy(step.host, &step.vm);
	floor_close(step.host);
	bench_guest_close(&step.guest);
	return good;
}
