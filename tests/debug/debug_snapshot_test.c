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

/* Nobody waits for a debugger that has time. */
static void while_a_debugger_holds_it(void)
{
	struct session session = {.on_stop = NULL};
	mote_snapshot *snapshot, *another = NULL;

	session_open(&session);
	snapshot = clean_take(session.sandbox);
	session_attach(&session);
	REQUIRE_OK(mote_sandbox_hold(session.sandbox, &session.vm, &session.error), &session.error);
	CHECK_STATUS(mote_sandbox_restore(session.sandbox, snapshot, NULL), MOTE_BUSY, NULL);
	CHECK_STATUS(mote_snapshot_take(session.sandbox, NULL, &another, NULL), MOTE_BUSY, NULL);
	CHECK_OK(mote_sandbox_detach(session.sandbox, &session.error), &session.error);
	mote_sandbox_release(session.sandbox, NULL);
	clean_restore(session.sandbox, snapshot);
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

/* ---- Pools -------------------------------------------------------------------------------- */

static struct mote_debugger_answer go_away(void *user, struct mote_debug_vm *vm,
					   const struct mote_debug_stop *stop)
{
	(void)user, (void)vm, (void)stop;
	return act(MOTE_DEBUGGER_DETACH);
}

static void check_pool(const mote_pool *pool, uint64_t in_use, uint64_t discarded)
{
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;

	CHECK_OK(mote_pool_get_statistics(pool, &statistics, NULL), NULL);
	CHECK_EQ(statistics.idle, 0);
	CHECK_EQ(statistics.in_use, in_use);
	CHECK_EQ(statistics.discarded, discarded);
}

/* Released while it has a debugger, after it had one, and while the debugger holds it: nobody
 * waits, and no other user gets it. */
static void debugged_sandboxes_leave_their_pool(void)
{
	const struct mote_debugger debugger = {.stopped = go_away};
	mote_sandbox_options sandbox_options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct session session = {0};
	mote_error error = MOTE_ERROR_INIT;
	struct mote_debug_vm *vm;
	mote_snapshot *snapshot;
	mote_pool *pool = NULL;

	session_open(&session);
	sandbox_options.host_functions = fixture_functions(&sandbox_options.host_function_count);
	options.sandbox = &sandbox_options;
	options.most = 1;
	snapshot = clean_take(session.sandbox);
	REQUIRE_OK(mote_pool_create(snapshot, &options, &pool, &error), &error);
	for (unsigned i = 0; i < 3; i++) {
		mote_sandbox *sandbox = NULL;

		REQUIRE_OK(mote_pool_acquire(pool, &sandbox, &error), &error);
		REQUIRE_OK(mote_sandbox_attach(sandbox, &debugger, &error), &error);
		if (i == 1) /* which goes away */
			CHECK_EQ(CALL(sandbox, "work", mote_value_u64(6)).as.u64, 25);
		if (i == 2)
			REQUIRE_OK(mote_sandbox_hold(sandbox, &vm, &error), &error);
		mote_pool_release(pool, sandbox);
		check_pool(pool, i == 2, i + 1);
		if (i == 2)
			mote_sandbox_release(sandbox, NULL); /* that is its end */
		check_pool(pool, 0, i + 1);
	}
	mote_pool_destroy(pool);
	mote_snapshot_destroy(snapshot);
	session_end(&session);
}

static const struct test_case cases[] = {
	CASE(steps_over_first_writes),
	CASE(while_a_debugger_holds_it),
	CASE(what_a_debugger_wrote_is_as_it_was),
	CASE(debugged_sandboxes_leave_their_pool),
};

int main(int argc, char **argv)
{
	return test_main("debug_snapshot", cases, TEST_COUNT(cases), argc, argv);
}
