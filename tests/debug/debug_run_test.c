/* SPDX-License-Identifier: Apache-2.0
 *
 * Breakpoints, steps, faults and registers of a call under a debugger.
 */
#include <string.h>

#include "machine.h"
#include "session.h"

/* ---- Breakpoints ------------------------------------------------------------------------- */

static struct mote_debugger_answer at_leaf(struct session *session,
					   const struct mote_debug_stop *stop)
{
	mote_regs regs;

	if (session->stops == 1) {
		CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT);
		session_break(session, "leaf");
		return go_on();
	}
	regs = session_regs(session);
	if (!CHECK_EQ(stop->kind, MOTE_STOP_BREAKPOINT) ||
	    !CHECK_EQ(mote_regs_pc(&regs), session_symbol(session, "leaf")))
		return act(MOTE_DEBUGGER_KILL);
	CHECK_EQ(ARGUMENT(&regs, 0), session->hits);
	if (session->hits++ == 3) {
		SET_ARGUMENT(&regs, 1000);
		session_set_regs(session, &regs);
	}
	return go_on();
}

static void break_hits_each_call(void)
{
	struct session session = {.on_stop = at_leaf};

	session_begin(&session);
	/* 0 + (1 + 0) + (2 + 1) + (1000 + 4) + (4 + 0) + (5 + 4), and not 25. */
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 1021);
	CHECK_EQ(session.hits, 6);
	session_end(&session);
}

static struct mote_debugger_answer compare_code(struct session *session,
						const struct mote_debug_stop *stop)
{
	const uint64_t leaf = session_symbol(session, "leaf");
	uint8_t before[64], now[64], twice[64];

	(void)stop;
	CHECK_EQ(mote_debug_vm_read(session->vm, leaf, before, sizeof(before)), sizeof(before));
	session_break(session, "leaf");
	session_break(session, "leaf");
	CHECK_EQ(mote_debug_vm_read(session->vm, leaf, now, sizeof(now)), sizeof(now));
	CHECK_MEM(now, before, sizeof(now));
	/* A write is of what is below the breakpoint. */
	memcpy(twice, before, sizeof(twice));
	twice[0] ^= 1;
	CHECK(mote_debug_vm_write(session->vm, leaf, twice, sizeof(twice)));
	CHECK_EQ(mote_debug_vm_read(session->vm, leaf, now, sizeof(now)), sizeof(now));
	CHECK_MEM(now, twice, sizeof(now));
	CHECK(mote_debug_vm_write(session->vm, leaf, before, sizeof(before)));
	session_clear(session, "leaf");
	session_clear(session, "leaf");
	CHECK_EQ(mote_debug_vm_read(session->vm, leaf, now, sizeof(now)), sizeof(now));
	CHECK_MEM(now, before, sizeof(now));
	return go_on();
}

static void breakpoints_do_not_show(void)
{
	struct session session = {.on_stop = compare_code};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

static struct mote_debugger_answer try_places(struct session *session,
					      const struct mote_debug_stop *stop)
{
	const struct mote_layout *layout = &session->sandbox->layout;
	const uint64_t closed[] = {0, layout->regions[MOTE_LAYOUT_MONITOR].gva,
				   layout->regions[MOTE_LAYOUT_TABLES].gva,
				   layout->regions[MOTE_LAYOUT_STACK_GUARD_LOW].gva, 1ull << 63};
	uint8_t bytes[16] = {0};

	(void)stop;
	for (size_t i = 0; i < TEST_COUNT(closed); i++) {
		CHECK_EQ(mote_debug_vm_read(session->vm, closed[i], bytes, sizeof(bytes)), 0);
		CHECK(!mote_debug_vm_write(session->vm, closed[i], bytes, sizeof(bytes)));
		CHECK_STATUS(mote_debug_vm_set_breakpoint(session->vm, closed[i], &session->error),
			     MOTE_INVALID_ARGUMENT, &session->error);
		CHECK_STATUS(mote_debug_vm_set_watch(session->vm, closed[i], 8, MOTE_WATCH_WRITE,
						     &session->error),
			     MOTE_INVALID_ARGUMENT, &session->error);
	}
	/* What there is before a hole. */
	CHECK_EQ(mote_debug_vm_read(session->vm,
				    layout->regions[MOTE_LAYOUT_STACK_GUARD_HIGH].gva - 5, bytes,
				    sizeof(bytes)),
		 5);
	CHECK_EQ(mote_debug_vm_read(session->vm, UINT64_MAX - 3, bytes, sizeof(bytes)), 0);
	return go_on();
}

static void nothing_but_the_guests_memory_is_reached(void)
{
	struct session session = {.on_stop = try_places};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

static struct mote_debugger_answer fill_table(struct session *session,
					      const struct mote_debug_stop *stop)
{
	const uint64_t heap = session->sandbox->layout.regions[MOTE_LAYOUT_HEAP].gva;

	(void)stop;
	for (unsigned i = 0; i < MOTE_DEBUG_MOST_BREAKPOINTS; i++)
		CHECK_OK(mote_debug_vm_set_breakpoint(session->vm, heap + 0x8000 + 8 * i,
						      &session->error),
			 &session->error);
	CHECK_STATUS(mote_debug_vm_set_breakpoint(session->vm, heap + 0x40000, &session->error),
		     MOTE_LIMIT, &session->error);
	for (unsigned i = 0; i < MOTE_DEBUG_MOST_BREAKPOINTS; i++)
		mote_debug_vm_clear_breakpoint(session->vm, heap + 0x8000 + 8 * i);
	session_break(session, "leaf");
	session_clear(session, "leaf");
	return go_on();
}

static void breakpoints_have_a_limit(void)
{
	struct session session = {.on_stop = fill_table};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	session_end(&session);
}

/* ---- Steps ------------------------------------------------------------------------------- */

static struct mote_debugger_answer step_from_middle(struct session *session,
						    const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session_break(session, "middle");
		return go_on();
	}
	if (session->stops == 2) {
		CHECK_EQ(stop->kind, MOTE_STOP_BREAKPOINT);
		session_clear(session, "middle");
		session->exits = session->sandbox->vm.exits;
		return step();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_STEP);
	session->hits++;
	return step();
}

static void step_is_one_exit(void)
{
	struct session session = {.on_stop = step_from_middle};
	const uint64_t n = test_scale(60) > 4 ? 60 : 4;

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", n).as.u64, n == 60 ? 1971 : 11);
	CHECK(session.hits > 5 * n);
	CHECK_EQ(session_exits(&session), session.hits + 1);
	session_end(&session);
}

/* The whole of middle, as one step. */
static struct mote_debugger_answer step_range(struct session *session,
					      const struct mote_debug_stop *stop)
{
	const uint64_t image = session->sandbox->layout.regions[MOTE_LAYOUT_IMAGE].gva;
	struct mote_debugger_answer answer = step();

	if (session->stops == 1) {
		session_break(session, "middle");
		return go_on();
	}
	if (session->stops == 2) {
		session_clear(session, "middle");
		session->exits = session->sandbox->vm.exits;
	} else {
		session->hits++;
	}
	CHECK_EQ(stop->kind, session->stops == 2 ? MOTE_STOP_BREAKPOINT : MOTE_STOP_STEP);
	answer.how.begin = image;
	answer.how.end = image + session->sandbox->layout.regions[MOTE_LAYOUT_IMAGE].bytes;
	return answer;
}

static void a_range_step_stops_outside_only(void)
{
	struct session session = {.on_stop = step_from_middle};
	uint64_t exits;

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 4).as.u64, 11);
	exits = session_exits(&session);
	session_end(&session);
	session = (struct session){.on_stop = step_range};
	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 4).as.u64, 11);
	CHECK_EQ(session.hits, 0);
	CHECK_EQ(session_exits(&session), exits);
	session_end(&session);
}

static struct mote_debugger_answer step_callout(struct session *session,
						const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session->exits = session->sandbox->vm.exits;
		return step();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_STEP);
	session->hits++;
	session->values[0] = session_pc(session);
	return step();
}

static struct mote_debugger_answer only_go_on(struct session *session,
					      const struct mote_debug_stop *stop)
{
	(void)stop;
	session->hits++;
	return go_on();
}

static struct mote_debugger_answer owed(struct session *session, const struct mote_debug_stop *stop)
{
	if (session->stops > 1) {
		CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_STEP);
	/* PVM loses the trap, and its next one comes an instruction later. */
	if (test_in_bed(NULL))
		CHECK_EQ(session_pc(session), session->values[0] + DOORBELL_BYTES);
	return go_on();
}

static void step_over_doorbells(void)
{
	struct session session = {.on_stop = only_go_on};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 1).as.u64, 0);
	session.on_stop = step_callout;
	mote_sandbox_break_in(session.sandbox);
	CHECK_EQ(session_call(&session, "callout", 5).as.u32, 8);
	CHECK_EQ(session.sandbox->statistics.host_calls, 2);
	CHECK(session.hits > 10);
	CHECK_EQ(session_exits(&session), session.hits + 3);
	/* The last step went over the doorbell that ended the call. */
	session.on_stop = owed;
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session.on_stop = only_go_on;
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 0);
	session_end(&session);
}

static struct mote_debugger_answer break_and_step(struct session *session,
						  const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session_break(session, "leaf");
		return go_on();
	}
	if (stop->kind == MOTE_STOP_BREAKPOINT)
		session->hits++;
	else if (!CHECK_EQ(stop->kind, MOTE_STOP_STEP))
		return act(MOTE_DEBUGGER_KILL);
	/* Steps off each breakpoint, then goes on. */
	return stop->kind == MOTE_STOP_BREAKPOINT ? step() : go_on();
}

static void a_step_leaves_a_breakpoint(void)
{
	struct session session = {.on_stop = break_and_step};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.hits, 6);
	CHECK_EQ(session.stops, 1 + 2 * 6);
	session_end(&session);
}

/* ---- Faults ------------------------------------------------------------------------------ */

static struct mote_debugger_answer repair(struct session *session,
					  const struct mote_debug_stop *stop)
{
	const struct mote_exception *exception = &stop->event.exception;
	mote_regs regs;

	if (session->stops == 1)
		return go_on();
	if (session->stops == 4) {
		CHECK_EQ(stop->kind, MOTE_STOP_STEP);
		CHECK_EQ((uint32_t)session_u64(session, session_symbol(session, "counter")), 42);
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_FAULT);
	CHECK_EQ(exception->kind, MOTE_FAULT_MEMORY);
	CHECK_EQ(exception->access, MOTE_ACCESS_WRITE);
	CHECK_EQ(exception->address, 0x10);
	CHECK_EQ(exception->pc, session_pc(session));
	CHECK(exception->pc - session_symbol(session, "poke") < 64);
	if (session->stops == 2)
		return go_on(); /* into it again */
	regs = session_regs(session);
	set_pointer(&regs, 0x10, session_symbol(session, "counter"));
	session_set_regs(session, &regs);
	return step();
}

static void a_fault_is_repaired(void)
{
	struct session session = {.on_stop = repair};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "faulty", 0x10).as.u32, 42);
	CHECK_EQ(session.stops, 4);
	CHECK(!mote_sandbox_is_poisoned(session.sandbox));
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	session_end(&session);
}

static struct mote_debugger_answer give_up(struct session *session,
					   const struct mote_debug_stop *stop)
{
	(void)stop;
	return session->stops == 1 ? go_on() : act(MOTE_DEBUGGER_GIVE_UP);
}

static void a_fault_that_is_given_up_ends_the_call(void)
{
	struct session session = {.on_stop = give_up};
	mote_value result;

	session_begin(&session);
	CHECK_STATUS(session_try(&session, "faulty", 0x10, &result), MOTE_GUEST_FAULT,
		     &session.error);
	CHECK_CONTAINS(session.error.text, "write");
	CHECK_EQ(mote_sandbox_get_fault(session.sandbox)->address, 0x10);
	CHECK(mote_sandbox_is_poisoned(session.sandbox));
	session_end(&session);
}

static struct mote_debugger_answer own_trap(struct session *session,
					    const struct mote_debug_stop *stop)
{
	mote_regs regs;

	if (session->stops == 1)
		return go_on();
	CHECK_EQ(stop->kind, MOTE_STOP_FAULT);
	regs = session_regs(session);
	CHECK_EQ(mote_regs_pc(&regs), stop->event.exception.pc);
	if (!TRAP_IS_BEHIND) {
		mote_regs_pc(&regs) += TRAP_BYTES;
		session_set_regs(session, &regs);
	}
	return go_on();
}

static void own_trap_stops(void)
{
	struct session session = {.on_stop = own_trap};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "trap", 8).as.u32, 9);
	CHECK_EQ(session.stops, 2);
	session_end(&session);
}

/* ---- Registers --------------------------------------------------------------------------- */

static struct mote_debugger_answer change_vector(struct session *session,
						 const struct mote_debug_stop *stop)
{
	mote_fpu fpu;

	(void)stop;
	if (session->stops == 1) {
		session_break(session, "vectors_here");
		return go_on();
	}
	CHECK_OK(mote_debug_vm_fpu(session->vm, &fpu, &session->error), &session->error);
	CHECK(low_double(&fpu) == 1.5);
	set_low_double(&fpu, 99.5);
	CHECK_OK(mote_debug_vm_set_fpu(session->vm, &fpu, &session->error), &session->error);
	return go_on();
}

static void vectors_are_read_and_set(void)
{
	struct session session = {.on_stop = change_vector};

	session_begin(&session);
	CHECK(session_call(&session, "vectors", 0).as.f64 == 99.5);
	CHECK_EQ(session.stops, 2);
	session_end(&session);
}

static struct mote_debugger_answer step_all(struct session *session,
					    const struct mote_debug_stop *stop)
{
	(void)stop;
	session->hits++;
	return step();
}

static void a_program_does_not_see_its_steps(void)
{
	struct session session = {.on_stop = only_go_on};
	uint64_t plain, stepped;

	session_begin(&session);
	plain = session_call(&session, "flags", 0).as.u64;
	session.on_stop = step_all;
	mote_sandbox_break_in(session.sandbox);
	stepped = session_call(&session, "flags", 0).as.u64;
	CHECK(session.hits > 10);
	CHECK_EQ(stepped & 0x100, 0);
	CHECK_EQ(plain & 0x100, 0);
	session_end(&session);
}

/* ---- Leaving ----------------------------------------------------------------------------- */

static struct mote_debugger_answer detach(struct session *session,
					  const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session_break(session, "leaf");
		session_watch(session, session_symbol(session, "words"), 4096, MOTE_WATCH_ACCESS);
		return go_on();
	}
	CHECK_EQ(stop->kind, session->stops == 2 ? MOTE_STOP_BREAKPOINT : MOTE_STOP_STEP);
	return session->stops < 5 ? step() : act(MOTE_DEBUGGER_DETACH);
}

static void detach_restores(void)
{
	struct session session = {.on_stop = detach};
	struct mote_translation page;

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 5);
	CHECK(mote_paging_walk(&session.sandbox->tables, session_symbol(&session, "words"), &page));
	CHECK_EQ(page.flags, MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	CHECK_EQ(session_call(&session, "stores", 600).as.u64, 512 + 513);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 0);
	session_end(&session);
}

static struct mote_debugger_answer kill(struct session *session, const struct mote_debug_stop *stop)
{
	(void)stop;
	(void)session;
	return act(MOTE_DEBUGGER_KILL);
}

static void the_debugger_kills(void)
{
	struct session session = {.on_stop = kill};
	mote_value result;

	session_begin(&session);
	CHECK_STATUS(session_try(&session, "work", 6, &result), MOTE_KILLED, &session.error);
	CHECK_STR(session.error.text, "the debugger ended the call");
	CHECK(mote_sandbox_is_poisoned(session.sandbox));
	CHECK_STATUS(session_try(&session, "work", 6, &result), MOTE_POISONED, &session.error);
	CHECK_CONTAINS(session.error.text, "the debugger ended the call");
	session_end(&session);
}

static const struct test_case cases[] = {
	CASE(break_hits_each_call),
	CASE(breakpoints_do_not_show),
	CASE(nothing_but_the_guests_memory_is_reached),
	CASE(breakpoints_have_a_limit),
	CASE(step_is_one_exit),
	CASE(a_range_step_stops_outside_only),
	CASE(step_over_doorbells),
	CASE(a_step_leaves_a_breakpoint),
	CASE(a_fault_is_repaired),
	CASE(a_fault_that_is_given_up_ends_the_call),
	CASE(own_trap_stops),
	CASE(vectors_are_read_and_set),
	CASE(a_program_does_not_see_its_steps),
	CASE(detach_restores),
	CASE(the_debugger_kills),
};

int main(int argc, char **argv)
{
	return test_main("debug_run", cases, TEST_COUNT(cases), argc, argv);
}
