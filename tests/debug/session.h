/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox of the guest "debug" under a debugger that is a function of the test's: it is called at
 * each stop and says how to go on.
 */
#ifndef MOTE_TEST_SESSION_H
#define MOTE_TEST_SESSION_H

#include "fixture.h"
#include "sandbox/debug.h"

struct session {
	mote_engine *engine;
	mote_sandbox *sandbox;
	struct mote_debug_vm *vm; /* while a call is stopped */
	struct mote_debugger_answer (*on_stop)(struct session *session,
					       const struct mote_debug_stop *stop);
	unsigned stops; /* since the call began, this one included */
	unsigned hits;	/* the test's */
	uint64_t values[4];
	uint64_t exits; /* before the call */
	mote_error error;
};

/* Attached; the first call stops before the guest's first instruction. */
void session_begin(struct session *session);
/* The same in two parts. */
void session_open(struct session *session);
void session_attach(struct session *session);
void session_end(struct session *session);

/* A call with one argument, or none. */
mote_status session_try(struct session *session, const char *name, uint64_t argument,
			mote_value *result);
mote_value session_call(struct session *session, const char *name, uint64_t argument);

/* Where a symbol is in the guest. */
uint64_t session_symbol(const struct session *session, const char *name);

/* Registers of a stopped call. */
mote_regs session_regs(struct session *session);
void session_set_regs(struct session *session, const mote_regs *regs);
static inline uint64_t session_pc(struct session *session)
{
	mote_regs regs = session_regs(session);

	return mote_regs_pc(&regs);
}

void session_break(struct session *session, const char *name);
void session_clear(struct session *session, const char *name);
void session_watch(struct session *session, uint64_t gva, uint64_t bytes,
		   enum mote_watch_kind kind);
void session_unwatch(struct session *session, uint64_t gva, uint64_t bytes,
		     enum mote_watch_kind kind);

/* Memory of a stopped call. */
uint64_t session_u64(struct session *session, uint64_t gva);

/* Exits since the call began. */
static inline uint64_t session_exits(const struct session *session)
{
	return session->sandbox->vm.exits - session->exits;
}

static inline struct mote_debugger_answer go_on(void)
{
	return (struct mote_debugger_answer){.action = MOTE_DEBUGGER_RESUME};
}

static inline struct mote_debugger_answer step(void)
{
	return (struct mote_debugger_answer){.action = MOTE_DEBUGGER_RESUME, .how.step = true};
}

static inline struct mote_debugger_answer act(enum mote_debugger_action action)
{
	return (struct mote_debugger_answer){.action = action};
}

#endif
