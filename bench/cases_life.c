/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox's whole life: create, first call, destroy.  Destroying the last VM of a machine, and
 * creating the first, cost more; so both cases are measured.
 */
#include <string.h>

#include "bench.h"
#include "floor.h"

struct life {
	struct floor_host *host;
	struct floor_vm other; /* the VM that is alive all the time */
	struct bench_guest guest;
};

static bool bare_life(void *user)
{
	struct life *life = user;
	struct floor_vm vm;
	bool good;

	if (!floor_create(life->host, FLOOR_RING, &vm))
		return false;
	good = floor_ring(life->host, &vm);
	floor_destroy(life->host, &vm);
	return good;
}

static bool sandbox_life(void *user)
{
	struct life *life = user;
	bool good = bench_guest_create(&life->guest) &&
		    bench_guest_call(&life->guest, NULL, 0, NULL, NULL);

	bench_guest_destroy(&life->guest);
	return good;
}

bool bench_case_create(struct bench *bench)
{
	struct life life = {.host = NULL};
	struct bench_pair pair = {
		.name = "create-call-destroy",
		.reference = "the same, bare",
		.floor = {.once = bare_life},
		.mote = {.once = sandbox_life},
		.user = &life,
		.target = 1.30,
		.counted_target = 1.15,
		.counted = 100,
		.cpu_time = true,
	};
	bool good = bench_guest_open(bench, &life.guest, "bench_nothing", "nothing", "void()") &&
		    floor_open(bench, &life.host) && bench_compare(bench, &pair);

	pair.name = "create-call-destroy+vm";
	pair.reference = "the same, bare; another VM alive";
	pair.counted_target = 1.25;
	if (good && floor_create(life.host, FLOOR_RING, &life.other)) {
		good = floor_ring(life.host, &life.other) && bench_compare(bench, &pair);
		floor_destroy(life.host, &life.other);
	}
	bench_guest_close(&life.guest);
	floor_close(life.host);
	return good;
}
