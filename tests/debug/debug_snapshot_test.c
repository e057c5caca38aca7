/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots of sandboxes that have, or had, a debugger: it keeps them from being put back while it
 * is there, sees nothing of writes that are noted, and leaves nothing in memory that was put back.
 */
#include "clean.h"
#include "session.h"

enum { STORES = 600, SUM = 512 + 513 };

/* Detaches at the last of so many steps. */
static struct mote_debugger_answer step_then_leave(struct session *session,
						   const struct mote_debug_stop *stop)
{
	mote_snapshot *taken = NULL;

	if (session->stops == 1) {
		CHECK_STATUS(mote_sandbox_restore(session->sandbox, NULL, NULL), MOTE_BUSY, NULL);
		CHECK_STATUS(mote_snapshot_take(session->sandbox, NULL, &taken, NULL), MOTE_BUSY,
			     NULL);
		session_break(session, "leaf");
		return step();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_STEP);
	return session->stops < session->values[0] ? step() : act(MOTE_DEBUGGER_DETACH);
}

/* First writes trap in the middle of a step, and the step ends behind the instruction. */
static void steps_over_first_writes(void)
{
	struct session session = {.on_stop = step_then_leave, .values = {400}};
	mote_snapshot *snapshot;

	session_open(&session);
	snapshot = clean_take(session.sandbox);
	session_attach(&session);
	CHECK_STATUS(mote_sandbox_restore(session.sandbox, snapshot, NULL), MOTE_BUSY, NULL);
	mote_sandbox_break_in(session.sandbox);
	CHECK_EQ(session_call(&session, "stores", STORES).as.u64, SUM);
	CHECK_EQ(session.stops, 400);
	for (unsigned i = 0; i < 3; i++) {
		clean_restore(session.sandbox, snapshot);
		CHECK_EQ(session_call(&session, "stores", STORES).as.u64, SUM);
		CHECK_EQ(session.stops, 0);
	}
	mote_snapshot_destroy(snapshot);
	session_end(&session);
}

static struct mote_debugger_answer write_all_over(struct session *session,
						  const struct mote_debug_stop *stop)
{
	const uint64_t words = session_symbol(session, "words");
	const uint64_t heap = clean_region(session->sandbox, MOTE_LAYOUT_HEAP)->gva;
	const uint64_t value = 0x1122334455667788;

	(void)stop;
	session_break(session, "leaf");
	session_watch(session, words, 8, MOTE_WATCH_WRITE);
	CHECK(mote_debug_vm_write(session->vm, words + 800, &value, sizeof(value)));
	CHECK(mote_debug_vm_write(session->vm, heap + (5 << 20), &value, sizeof(value)));
	/* Code, which it does not put back. */
	CHECK(mote_debug_vm_write(session->vm, session_symbol(session, "trap"), &value,
				  sizeof(value)));
	return act(MOTE_DEBUGGER_DETACH);
}

static void what_a_debugger_wrote_is_as_it_was(void)
{
	struct session session = {.on_stop = write_all_over};
	mote_snapshot *snapshot;

	session_open(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	snapshot = clean_take(session.sandbox);
	for (unsigned i = 0; i < 4; i++) {
		session_attach(&session);
		mote_sandbox_break_in(session.sandbox);
		CHECK_OK(session_try(&session, "work", 6, NULL), &session.error);
		CHECK_EQ(session.stops, 1);
		clean_restore(session.sandbox, snapshot);
		CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
		CHECK_EQ(session_call(&session, "stores", STORES).as.u64, SUM);
		clean_restore(session.sandbox, snapshot);
	}
	mote_snapshot_destroy(snapshot);
	session_end(&session);
}

static const struct test_case cases[] = {
	CASE(steps_over_first_writes),
	CASE(what_a_debugger_wrote_is_as_it_was),
};

int main(int argc, char **argv)
{
	return test_main("debug_snapshot", cases, TEST_COUNT(cases), argc, argv);
}
