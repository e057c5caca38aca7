/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts uses, decides which one fails, and keeps the accounts of what was taken
 * and not given back.
 */
#include "sweep.h"

#include <stdlib.h>
#include <string.h>

static struct sweep_point *_Atomic armed;
static _Thread_local bool exempted;
static _Thread_local int forced;
static _Atomic int64_t accounts[SWEEP_RESOURCES];

void sweep_arm(struct sweep_point *point)
{
	atomic_store(&armed, point);
}

bool sweep_exempt(bool exempt)
{
	bool before = exempted;

	exempted = exempt;
	return before;
}

/* The first failure of a life is told; those after it, of a life where all fails, are not. */
static int fail(struct sweep_point *point, struct sweep_entry *entry,
		const struct sweep_failure *failure)
{
	atomic_fetch_add(&entry->failed, 1);
	if (point->hit == NULL) {
		point->failure = failure;
		point->hit = entry;
	}
	return failure->code;
}

int sweep_use(enum sweep_kind kind, struct sweep_entry *entry)
{
	struct sweep_point *point = atomic_load(&armed);
	uint64_t number;

	if (exempted || point == NULL || point->kind != kind)
		return 0;
	number = atomic_fetch_add(&point->uses, 1) + 1;
	if (point->only != NULL)
		return point->only == entry && point->hit == NULL
			       ? fail(point, entry, &entry->failures[point->which])
			       : 0;
	if (point->fail_at == 0 || number < point->fail_at)
		return 0;
	if (number > point->fail_at)
		return point->from_there_on && !entry->once ? entry->failures[0].code : 0;
	if (entry->failures[point->which].code == 0) {
		point->exhausted = true;
		return 0;
	}
	return fail(point, entry, &entry->failures[point->which]);
}

void sweep_force(int code)
{
	forced = code;
}

int sweep_forced(void)
{
	int code = forced;

	forced = 0;
	return code;
}

/* ---- Accounts ----------------------------------------------------------------------------- */

const char *sweep_resource_name(enum sweep_resource resource)
{
	static const char *const names[] = {
		[SWEEP_MAPPINGS] = "mappings",
		[SWEEP_MUTEXES] = "mutexes",
		[SWEEP_THREADS] = "threads",
		[SWEEP_ALLOCATIONS] = "allocations",
	};

	return names[resource];
}

void sweep_count(enum sweep_resource resource, int change)
{
	atomic_fetch_add(&accounts[resource], change);
}

int64_t sweep_left(enum sweep_resource resource)
{
	return atomic_load(&accounts[resource]);
}

/* ---- The allocator ------------------------------------------------------------------------ */

static struct sweep_entry allocator_entries[] = {
	{.name = "allocate",
	 .text = "out of host memory: ",
	 .failures = {{1, SWEEP(NO_MEMORY), NULL, true}}},
	{.name = "reallocate",
	 .text = "out of host memory: ",
	 .failures = {{1, SWEEP(NO_MEMORY), NULL, true}}},
};

static void *allocate(void *user, size_t bytes)
{
	void *pointer = NULL;

	(void)user;
	if (sweep_use(SWEEP_ALLOCATOR, &allocator_entries[0]) == 0)
		pointer = malloc(bytes);
	if (pointer != NULL) {
		memset(pointer, 0xa5, bytes);
		sweep_count(SWEEP_ALLOCATIONS, 1);
	}
	return pointer;
}

static void *reallocate(void *user, void *old, size_t bytes)
{
	void *pointer = NULL;

	(void)user;
	if (sweep_use(SWEEP_ALLOCATOR, &allocator_entries[1]) == 0)
		pointer = realloc(old, bytes);
	if (pointer != NULL && old == NULL)
		sweep_count(SWEEP_ALLOCATIONS, 1);
	return pointer;
}

static void release(void *user, void *pointer)
{
	(void)user;
	if (pointer != NULL)
		sweep_count(SWEEP_ALLOCATIONS, -1);
	free(pointer);
}

const mote_allocator sweep_allocator = {allocate, reallocate, release, NULL};
