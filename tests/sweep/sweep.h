/* SPDX-License-Identifier: Apache-2.0
 *
 * Fault sweeps: a whole life of engine, sandboxes and buffers is repeated, and
 * each time one more use of the system fails: the hypervisor's table of functions
 * (sweep_device.c), the C library below os/ (sweep_os.c), the allocator.  The tables
 * of entries say how each can fail and what must come of it.
 */
#ifndef MOTE_TESTS_SWEEP_H
#define MOTE_TESTS_SWEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/mote.h>

#include "interrupt_state.h"
#include "test.h"

/* ---- What fails, and when ----------------------------------------------------------------- */

/* One of several statuses may come out: the same function serves more than one purpose. */
#define SWEEP(status) (1u << MOTE_##status)

struct sweep_failure {
	int code;	   /* an errno; 0 ends a list */
	uint32_t statuses; /* SWEEP() of each that may come out; OK: done without, or tried again */
	const char *text;  /* part of the error's text; NULL: the entry's */
	bool own;	   /* the library's own verdict: os_code is 0 */
};

enum { SWEEP_MAXIMUM_FAILURES = 6 };

/* A function that can fail.  The first failure of its list is one that lasts. */
struct sweep_entry {
	const char *name;
	const char *text; /* part of the error's text; NULL: the name */
	bool once;	  /* lasting, this would only mean waiting for ever */
	bool debugger;	  /* only debuggers need it */
	struct sweep_failure failures[SWEEP_MAXIMUM_FAILURES + 1];
	_Atomic uint64_t failed; /* so often it was made to fail */
};

enum sweep_kind { SWEEP_NOTHING, SWEEP_HYPERVISOR, SWEEP_OS, SWEEP_ALLOCATOR };

/* Which use fails, and what happened. */
struct sweep_point {
	enum sweep_kind kind;
	uint64_t fail_at;   /* the number of the use, from 1; 0: never */
	bool from_there_on; /* and every later one */
	unsigned int which; /* which of the entry's failures */
	/* Not NULL: instead, the first use of this entry fails, whatever its number is. Numbers
	 * of uses by two threads come out in any order. */
	const struct sweep_entry *only;
	_Atomic uint64_t uses;
	struct sweep_entry *hit; /* NULL: there was no such use, or no such failure */
	const struct sweep_failure *failure;
	bool exhausted; /* there was such a use, but its entry has fewer failures */
};

/* From here on uses count, in all threads.  NULL: no more. */
void sweep_arm(struct sweep_point *point);

/* What the calling thread does does not count: the test's own doing.  Gives what was set before. */
bool sweep_exempt(bool exempt);

/* A use of an entry: 0, or the errno with which it fails. */
int sweep_use(enum sweep_kind kind, struct sweep_entry *entry);

/* The next call of the C library in this thread fails with code; 0: none. */
void sweep_force(int code);
/* Takes that code back. */
int sweep_forced(void);

/* ---- What may be left behind -------------------------------------------------------------- */

enum sweep_resource {
	SWEEP_MAPPINGS,
	SWEEP_MUTEXES,
	SWEEP_THREADS,
	SWEEP_ALLOCATIONS,
	SWEEP_RESOURCES,
};

const char *sweep_resource_name(enum sweep_resource resource);
void sweep_count(enum sweep_resource resource, int change);
/* How many there are now. */
int64_t sweep_left(enum sweep_resource resource);

/* ---- Where it fails ----------------------------------------------------------------------- */

/* The entries of the C library. */
extern struct sweep_entry sweep_os_entries[];
extern const size_t sweep_os_entry_count;

/* Counts, fails, and fills memory so that whoever forgets to clear it sees it. */
extern const mote_allocator sweep_allocator;

/* Engines are as on a hypervisor whose slots do not follow the host's copy-on-write. */
extern bool sweep_without_cow;

/* mote_engine_create with the bed's tables of functions behind those that can fail. */
mote_status sweep_create_engine(const mote_engine_options *options, mote_engine **engine,
				mote_error *error);

/* ---- What came of it (sweep_judge.c) ------------------------------------------------------ */

/* More than there are in a life. */
enum { SWEEP_MAXIMUM_USES = 4000 };

/* Natively every use fails once; creating a VM in an emulated machine takes too long for that. */
uint64_t sweep_stride(void);

struct sweep_result;

/* What is there now is not what a failure has left. */
void sweep_remember(void);
bool sweep_nothing_left(void);
/* expected: the status when nothing fails. */
bool sweep_right_result(const struct sweep_point *point, const struct sweep_result *result,
			mote_status expected);
void sweep_tell(const struct sweep_point *point, const struct sweep_result *result);

/* ---- Every use, one after the other (sweep_run.c) ------------------------------------------ */

/* What is done while a point is armed; NULL: nothing fails. */
typedef void sweep_doing(struct sweep_point *point, struct sweep_result *result);

/* The first time: from here on nothing more may be left behind. */
void sweep_begin(sweep_doing *doing);
/* Once without a failure: all works. */
void sweep_clean(sweep_doing *doing);
void sweep_fail(sweep_doing *doing, struct sweep_point *point);
/* Every use of a kind, in every way that it can fail.  least: so many uses there are. */
void sweep_every_use(sweep_doing *doing, enum sweep_kind kind, bool from_there_on, uint64_t least);

/* ---- What is done meanwhile --------------------------------------------------------------- */

struct sweep_result {
	mote_status status; /* of the first step that failed */
	mote_error error;
	const char *step;
};

/* All that the public API can do, from an engine to its end.  recover: what failed once must work
 * when it is done again. */
void sweep_live(bool recover, struct sweep_result *result);

/* A sandbox that was called, and poisoned or not, is released to its pool.  point is armed while it
 * goes back. */
void sweep_release(bool poison, struct sweep_point *point);

/* The ways in which a guest can end, one sandbox each. */
struct sweep_end {
	const char *name;
	mote_status status;
	const char *function;
	uint64_t wall_ns, cpu_ns;
	bool kill;
};

extern const struct sweep_end sweep_ends[];
extern const size_t sweep_end_count;

/* One sandbox whose guest comes to that end.  point is armed while its call runs. */
void sweep_die(const struct sweep_end *end, struct sweep_point *point, struct sweep_result *result);

#endif
