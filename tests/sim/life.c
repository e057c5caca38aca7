/* SPDX-License-Identifier: Apache-2.0
 *
 * A life of an engine and its sandboxes.
 */
#define _POSIX_C_SOURCE 200809L
#include "sim/life.h"

#include <pthread.h>

#include "error_internal.h"

bool life_went(struct life *life, const char *step, mote_status status, mote_status expected)
{
	life->step = step;
	if (status == expected)
		return true;
	life->status = status;
	return false;
}

mote_status life_call(struct life *life, mote_sandbox *sandbox, const char *name, uint64_t wall_ns)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_function function;
	mote_status status = mote_sandbox_find(sandbox, name, NULL, &function, &life->error);

	options.wall_ns = wall_ns;
	if (status == MOTE_OK)
		status =
			mote_sandbox_call(sandbox, function, NULL, 0, &options, NULL, &life->error);
	return status;
}

static void *call_there(void *argument)
{
	struct life *life = argument;

	(void)life_went(life, "call on another thread",
			life_call(life, life->sandbox, "tick_once", 0), MOTE_OK);
	return NULL;
}

/* On a thread that has no vCPU yet, and ends with one. */
static bool call_on_another_thread(struct life *life)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, call_there, life) != 0)
		return life_went(life, "thread", mote_fail(&life->error, MOTE_OS, "no thread"),
				 MOTE_OK);
	pthread_join(thread, NULL);
	return life->status == MOTE_OK;
}

static bool begin(struct life *life)
{
	return life_went(life, "engine", mote_engine_create(NULL, &life->engine, &life->error),
			 MOTE_OK) &&
	       life_went(life, "sandbox",
			 fixture_create(life->engine, "faults", NULL, &life->sandbox, &life->error),
			 MOTE_OK) &&
	       life_went(life, "another sandbox",
			 fixture_create(life->engine, "faults", NULL, &life->other, &life->error),
			 MOTE_OK) &&
	       life_went(life, "buffer",
			 mote_buffer_create(life->engine, 1, &life->buffer, &life->error), MOTE_OK);
}

static bool call_all(struct life *life)
{
	return life_went(life, "call", life_call(life, life->sandbox, "tick_once", 0), MOTE_OK) &&
	       life_went(life, "call of another", life_call(life, life->other, "still_alive", 0),
			 MOTE_OK) &&
	       life_went(life, "map",
			 mote_sandbox_map_buffer(life->sandbox, life->buffer, true, &life->error),
			 MOTE_OK) &&
	       life_went(life, "call with a buffer",
			 life_call(life, life->sandbox, "still_alive", 0), MOTE_OK) &&
	       life_went(life, "unmap",
			 mote_sandbox_unmap_buffer(life->sandbox, life->buffer, &life->error),
			 MOTE_OK) &&
	       call_on_another_thread(life);
}

static bool die_and_return(struct life *life)
{
	return life_went(life, "snapshot",
			 mote_snapshot_take(life->sandbox, NULL, &life->snapshot, &life->error),
			 MOTE_OK) &&
	       life_went(life, "fault", life_call(life, life->sandbox, "null_write", 0),
			 MOTE_GUEST_FAULT) &&
	       life_went(life, "restore",
			 mote_sandbox_restore(life->sandbox, life->snapshot, &life->error),
			 MOTE_OK) &&
	       life_went(life, "call after the return",
			 life_call(life, life->sandbox, "tick_once", 0), MOTE_OK) &&
	       life_went(life, "deadline", life_call(life, life->sandbox, "spin", 10000000),
			 MOTE_WALL_DEADLINE);
}

void life_live(struct life *life)
{
	*life = (struct life){.error = MOTE_ERROR_INIT};
	if (begin(life) && call_all(life))
		(void)die_and_return(life);
	mote_snapshot_destroy(life->snapshot);
	mote_sandbox_destroy(life->sandbox);
	mote_sandbox_destroy(life->other);
	mote_buffer_release(life->buffer);
	mote_engine_release(life->engine);
}
