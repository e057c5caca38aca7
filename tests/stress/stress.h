/* SPDX-License-Identifier: Apache-2.0
 *
 * Kill stress: a sandbox that is called and killed at the same time, with a record
 * of every call's end and of every answer that a killer got, which must agree.
 */
#ifndef MOTE_TEST_STRESS_H
#define MOTE_TEST_STRESS_H

#include <stdatomic.h>

#include <mote/mote.h>

#include "interrupt_state.h"
#include "test.h"

enum {
	KILLERS = 2,
	ANSWERERS = KILLERS + 1, /* killers, and the host functions of the call itself */
	CALLS = 64,		 /* of one target, at most */
	ANSWERS = 4 * CALLS,	 /* that one of them records for one target */
};

/* The next number of a sequence (xorshift64*). */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull >> 16;
}

/* True once in so many times. */
static inline bool random_one_in(uint64_t *state, unsigned times)
{
	return random_next(state) % times == 0;
}

/* What was counted by one thread. */
struct tally {
	uint64_t sandboxes, calls, host_calls, killed, wall, cpu, brief_threads;
	uint64_t profiled; /* SIGPROFs handled */
	/* Kills: answered true; false; by a wrong number; after the end. */
	uint64_t hits, misses, stale, late;
};

/* One call, as its caller saw it. */
struct call {
	mote_status status;
	bool endless;
	uint64_t wall_ns, cpu_ns;
};

/* A kill that gave true: the call that it hit has a number from first to last. */
struct answer {
	uint64_t first, last;
};

struct target {
	mote_sandbox *sandbox;
	mote_interrupt *interrupt; /* a reference of its own */
	uint64_t calls;		   /* so many were made */
	struct call call[CALLS + 1];
	struct answer answers[ANSWERERS][ANSWERS];
	unsigned answer_count[ANSWERERS];
	atomic_uint killers;  /* that look at it */
	atomic_ullong hit_ns; /* when the endless call in progress was killed; 0: it was not */
	atomic_bool endless;  /* the call in progress never ends by itself */
	struct tally *tally;  /* of the caller */
	uint64_t random;      /* for the host function */
};

/* A new sandbox. */
struct target *target_create(mote_engine *engine, mote_image *image, struct tally *tally,
			     uint64_t seed);

/* Makes a call of a random kind.  False when it was the last. */
bool target_call(struct target *target, uint64_t *random);

/* Kills once, in a random manner, as answerer `who`. False when the target is of no more use to
 * it. */
bool target_kill(struct target *target, unsigned who, uint64_t *random, struct tally *tally);

/* Destroys the sandbox, waits for the killers, checks the record. */
void target_destroy(struct target *target);

#endif
