/* SPDX-License-Identifier: Apache-2.0
 *
 * Watchpoints: which accesses stop the call, where, and at which price; exclusive sequences.
 */
#include "machine.h"
#include "session.h"

static uint64_t word(const struct session *session, unsigned index)
{
	return session_symbol(session, "words") + 8ull * index;
}

/* ---- One word of a page ------------------------------------------------------------------ */

static enum mote_watch_kind kind_to_watch;
static unsigned word_to_watch;

static struct mote_debugger_answer watch_word(struct session *session,
					      const struct mote_debug_stop *stop)
{
	const uint64_t gva = word(session, word_to_watch);

	if (session->stops == 1) {
		session_watch(session, gva, 8, kind_to_watch);
		session->exits = session->sandbox->vm.exits;
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	CHECK_EQ(stop->watch, kind_to_watch);
	CHECK_EQ(stop->address, gva);
	session->values[session->hits++ % 4] = session_u64(session, gva);
	return go_on();
}

static void run_watched(struct session *session, enum mote_watch_kind kind)
{
	*session = (struct session){.on_stop = watch_word};
	kind_to_watch = kind;
	word_to_watch = 2;
	session_begin(session);
}

static void write_watch(void)
{
	const uint64_t n = test_scale(1024), hits = n > 514 ? 2 : 1;
	struct session session;

	run_watched(&session, MOTE_WATCH_WRITE);
	CHECK_EQ(session_call(&session, "stores", n).as.u64, n > 513 ? 1025 : 1);
	CHECK_EQ(session.hits, hits);
	/* A fault and a step each; where it stops before the access, that faults again. */
	CHECK_EQ(session_exits(&session), 2 * n + 1 + (MOTE_WATCH_STOPS_BEFORE ? hits : 0));
	CHECK_EQ(session.values[0], MOTE_WATCH_STOPS_BEFORE ? 0 : 2);
	CHECK_EQ(session.values[1], n <= 514 ? 0 : MOTE_WATCH_STOPS_BEFORE ? 2 : 0x202);
	session_end(&session);
}

static void read_watch(void)
{
	const uint64_t n = test_scale(1024);
	struct session session;

	run_watched(&session, MOTE_WATCH_READ);
	CHECK_EQ(session_call(&session, "stores", n).as.u64, n > 513 ? 1025 : 1);
	CHECK_EQ(session.hits, 0);
	session_end(&session);
	run_watched(&session, MOTE_WATCH_READ);
	CHECK_EQ(session_call(&session, "loads", n).as.u64, 0);
	CHECK_EQ(session.hits, n > 514 ? 2 : 1);
	session_end(&session);
}

static void access_watch(void)
{
	struct session session;

	run_watched(&session, MOTE_WATCH_ACCESS);
	word_to_watch = 1; /* which is read at the end */
	CHECK_EQ(session_call(&session, "stores", 5).as.u64, 1);
	CHECK_EQ(session.hits, 2);
	session_end(&session);
}

static struct mote_debugger_answer watch_second_byte(struct session *session,
						     const struct mote_debug_stop *stop)
{
	const uint64_t gva = word(session, 3) + 1;

	if (session->stops == 1) {
		session_watch(session, gva, 1, MOTE_WATCH_WRITE);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	CHECK_EQ(stop->address, gva);
	CHECK_EQ(session_u64(session, word(session, 3)), 515);
	session->hits++;
	return go_on();
}

/* A store that begins below the range counts when it changes it. */
static void a_change_is_seen_after_the_access(void)
{
	struct session session = {.on_stop = watch_second_byte};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "stores", 520).as.u64, 1025);
	CHECK_EQ(session.hits, 1);
	session_end(&session);
}

/* ---- Several pages ----------------------------------------------------------------------- */

static struct mote_debugger_answer watch_border(struct session *session,
						const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session_watch(session, word(session, 511), 16, MOTE_WATCH_WRITE);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	session->hits++;
	session->values[0] = stop->address;
	return go_on();
}

static void watch_over_a_border(void)
{
	struct session session = {.on_stop = watch_border};

	session_begin(&session);
	session_call(&session, "crossing", 0);
	CHECK_EQ(session.hits, 1);
	CHECK_EQ(session.values[0], word(&session, 512) - 3);
	session_end(&session);
}

static struct mote_debugger_answer watch_both(struct session *session,
					      const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session_watch(session, word(session, 0), 8192, MOTE_WATCH_ACCESS);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	session->hits++;
	return go_on();
}

static void watch_both_operands(void)
{
	struct session session = {.on_stop = watch_both};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "moves", 0).as.u64, 5);
	CHECK_EQ(session.hits, 2 + MOVE_INSTRUCTIONS); /* and a store before, and a load after */
	session_end(&session);
}

static struct mote_debugger_answer watch_much(struct session *session,
					      const struct mote_debug_stop *stop)
{
	const struct mote_layout_region *heap = &session->sandbox->layout.regions[MOTE_LAYOUT_HEAP];
	const uint64_t gva = heap->gva + 123;
	struct mote_translation page;

	CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT);
	session_watch(session, gva, 1 << 20, MOTE_WATCH_WRITE);
	session_watch(session, gva, 1 << 20, MOTE_WATCH_READ);
	CHECK(!mote_paging_walk(&session->sandbox->tables, gva, &page));
	session_unwatch(session, gva, 1 << 20, MOTE_WATCH_READ);
	CHECK(mote_paging_walk(&session->sandbox->tables, gva + (1 << 20), &page));
	CHECK_EQ(page.flags, MOTE_PAGE_USER);
	session_unwatch(session, gva, 1 << 20, MOTE_WATCH_WRITE);
	CHECK(mote_paging_walk(&session->sandbox->tables, gva, &page));
	CHECK_EQ(page.flags, MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	CHECK_STATUS(mote_debug_vm_clear_watch(session->vm, gva, 1 << 20, MOTE_WATCH_WRITE,
					       &session->error),
		     MOTE_NOT_FOUND, &session->error);
	CHECK_STATUS(mote_debug_vm_set_watch(session->vm, gva, MOTE_DEBUG_MOST_WATCHED_BYTES + 1ull,
					     MOTE_WATCH_WRITE, &session->error),
		     MOTE_INVALID_ARGUMENT, &session->error);
	CHECK_STATUS(mote_debug_vm_set_watch(session->vm, gva, 0, MOTE_WATCH_WRITE,
					     &session->error),
		     MOTE_INVALID_ARGUMENT, &session->error);
	return go_on();
}

static void watch_1_mib(void)
{
	struct session session = {.on_stop = watch_much};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

/* ---- Not only data ----------------------------------------------------------------------- */

static struct mote_debugger_answer watch_region(struct session *session,
						const struct mote_debug_stop *stop,
						enum mote_layout_region_id id,
						enum mote_watch_kind kind)
{
	const struct mote_layout_region *region = &session->sandbox->layout.regions[id];

	if (session->stops == 1) {
		session_watch(session, region->gva, region->bytes, kind);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	CHECK(stop->address - region->gva < region->bytes);
	session->hits++;
	return go_on();
}

static struct mote_debugger_answer watch_stack(struct session *session,
					       const struct mote_debug_stop *stop)
{
	return watch_region(session, stop, MOTE_LAYOUT_STACK, MOTE_WATCH_WRITE);
}

static void watch_the_stack(void)
{
	struct session session = {.on_stop = watch_stack};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 3).as.u64, 4);
	CHECK(session.hits > 3);
	session_end(&session);
}

/* Fetching code from a watched page is no access to its data. */
static struct mote_debugger_answer watch_code(struct session *session,
					      const struct mote_debug_stop *stop)
{
	if (session->stops == 1)
		session_watch(session, session_symbol(session, "leaf"), 8, MOTE_WATCH_ACCESS);
	CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT);
	return go_on();
}

static void watched_code_runs(void)
{
	struct session session = {.on_stop = watch_code};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 3).as.u64, 4);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

static struct mote_debugger_answer watch_host_result(struct session *session,
						     const struct mote_debug_stop *stop)
{
	const mote_sandbox *sandbox = session->sandbox;
	const uint8_t *result = (const uint8_t *)&sandbox->mailbox.host_call.record->result;
	const uint64_t gva = sandbox->layout.regions[MOTE_LAYOUT_MAILBOX].gva +
			     (uint64_t)(result - (const uint8_t *)sandbox->mailbox.shared);

	if (session->stops == 1) {
		session_watch(session, gva, sizeof(struct mote_abi_value), MOTE_WATCH_WRITE);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	CHECK(stop->address - gva < sizeof(struct mote_abi_value));
	session->hits++;
	return go_on();
}

/* The results 6 and 8, and with the first of them its type. */
static void what_the_host_writes_is_reported(void)
{
	struct session session = {.on_stop = watch_host_result};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "callout", 5).as.u32, 8);
	CHECK_EQ(session.hits, 2);
	session_end(&session);
}

/* ---- Exclusive sequences ----------------------------------------------------------------- */

static struct mote_debugger_answer step_all(struct session *session,
					    const struct mote_debug_stop *stop)
{
	if (session->stops > 1)
		CHECK_EQ(stop->kind, MOTE_STOP_STEP);
	session->hits++;
	return step();
}

static void atomics_step_ends(void)
{
	struct session session = {.on_stop = step_all};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "atomics", 4).as.u64, 12);
	CHECK(session.hits > 10);
	CHECK_EQ(session_call(&session, "swaps", 0).as.u64, 7);
	session_end(&session);
}

static struct mote_debugger_answer watch_atomic(struct session *session,
						const struct mote_debug_stop *stop)
{
	const uint64_t gva = session_symbol(session, "atomic_word");

	if (session->stops == 1) {
		session_watch(session, gva, 8, MOTE_WATCH_WRITE);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	CHECK_EQ(stop->address, gva);
	session->values[session->hits++ % 4] = session_u64(session, gva);
	return go_on();
}

/* Reported when the store has succeeded, on both machines. */
static void atomics_watch(void)
{
	struct session session = {.on_stop = watch_atomic};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "atomics", 4).as.u64, 12);
	CHECK_EQ(session.hits, 4);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(session.values[i], 3 * (i + 1));
	session_end(&session);
}

static struct mote_debugger_answer watch_swap(struct session *session,
					      const struct mote_debug_stop *stop)
{
	const uint64_t gva = session_symbol(session, "after_atomic_word");

	if (session->stops == 1) {
		session_watch(session, gva, 8, MOTE_WATCH_ACCESS);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_WATCH);
	CHECK_EQ(stop->address, gva);
	session->hits++;
	return go_on();
}

static void a_watched_swap_ends(void)
{
	struct session session = {.on_stop = watch_swap};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "swaps", 0).as.u64, 7);
	CHECK(session.hits >= 3);
	session_end(&session);
}

static const struct test_case cases[] = {
	CASE(write_watch),	   CASE(read_watch),
	CASE(access_watch),	   CASE(a_change_is_seen_after_the_access),
	CASE(watch_over_a_border), CASE(watch_both_operands),
	CASE(watch_1_mib),	   CASE(watch_the_stack),
	CASE(watched_code_runs),   CASE(what_the_host_writes_is_reported),
	CASE(atomics_step_ends),   CASE(atomics_watch),
	CASE(a_watched_swap_ends),
};

int main(int argc, char **argv)
{
	return test_main("debug_watch", cases, TEST_COUNT(cases), argc, argv);
}
