/* SPDX-License-Identifier: Apache-2.0
 *
 * The same job done by a forked, locked-up process: an empty round trip, and one
 * that carries 64 KiB each way.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "process.h"

struct versus {
	struct bench *bench;
	struct process process;
	struct bench_guest guest;
	mote_call_options options;
	unsigned char *block, *back;
};

static bool process_empty(void *user)
{
	struct versus *versus = user;

	return process_round_trip(&versus->process, versus->block, versus->back, 1) ||
	       bench_fail(versus->bench, "the child process is gone");
}

static bool process_block(void *user)
{
	struct versus *versus = user;

	return process_round_trip(&versus->process, versus->block, versus->back, BENCH_BLOCK) ||
	       bench_fail(versus->bench, "the child process is gone");
}

static bool call_empty(void *user)
{
	struct versus *versus = user;
	const mote_value none = mote_value_bytes(NULL, 0);
	mote_value result;

	return bench_guest_call(&versus->guest, &none, 1, &versus->options, &result);
}

static bool call_block(void *user)
{
	struct versus *versus = user;
	const mote_value block = mote_value_bytes(versus->block, BENCH_BLOCK);
	mote_value result;

	return bench_guest_call(&versus->guest, &block, 1, &versus->options, &result);
}

static bool against(struct versus *versus, enum process_channel channel, int processor,
		    const char *const names[2], const char *reference)
{
	struct bench_pair pair = {
		.name = names[0],
		.reference = reference,
		.floor = {.once = process_empty},
		.mote = {.once = call_empty},
		.user = versus,
		.counted = 200,
	};
	bool good = process_start(versus->bench, &versus->process, channel, NULL, processor) &&
		    bench_compare(versus->bench, &pair);

	pair.name = names[1];
	pair.floor.once = process_block;
	pair.mote.once = call_block;
	pair.counted = 50;
	good = good && bench_compare(versus->bench, &pair);
	process_stop(&versus->process);
	return good;
}

static bool against_all(struct versus *versus, int first, int second)
{
	static const char *const pipes[] = {"call-vs-pipes", "64KiB-vs-pipes"};
	static const char *const futex[] = {"call-vs-futex", "64KiB-vs-futex"};
	static const char *const spin[] = {"call-vs-spinning", "64KiB-vs-spinning"};

	process_pin(first);
	return against(versus, PROCESS_PIPES, first, pipes, "process, pipes, same core") &&
	       against(versus, PROCESS_FUTEX, first, futex, "process, futex, same core") &&
	       (second < 0 || against(versus, PROCESS_SPIN_FUTEX, second, spin,
				      "process, spin + futex, 2 cores"));
}

static bool prepare(struct versus *versus)
{
	static const mote_host_function functions[] = {
		{"host_nothing", "void()", bench_host_nothing, NULL, NULL},
	};

	versus->block = calloc(1, BENCH_BLOCK);
	versus->back = calloc(1, BENCH_BLOCK);
	if (!versus->block || !versus->back)
		return bench_fail(versus->bench, "no memory");
	if (!bench_guest_open(versus->bench, &versus->guest, "bench_calls", "echo", "bytes(bytes)"))
		return false;
	versus->guest.options.host_functions = functions;
	versus->guest.options.host_function_count = 1;
	versus->options.result_buffer = versus->back;
	versus->options.result_capacity = BENCH_BLOCK;
	return bench_guest_create(&versus->guest);
}

bool bench_case_process(struct bench *bench)
{
	struct versus versus = {.bench = bench, .options = MOTE_CALL_OPTIONS_INIT};
	int processors[2] = {-1, -1}, count = 0;
	cpu_set_t all;
	bool good;

	CPU_ZERO(&all);
	sched_getaffinity(0, sizeof(all), &all);
	for (int i = 0; i < CPU_SETSIZE && count < 2; i++)
		if (CPU_ISSET((size_t)i, &all))
			processors[count++] = i;
	good = prepare(&versus) && against_all(&versus, processors[0], processors[1]) &&
	       bench_inflate_against_process(bench, processors[0]);
	sched_setaffinity(0, sizeof(all), &all);
	bench_guest_close(&versus.guest);
	free(versus.block);
	free(versus.back);
	return good;
}
