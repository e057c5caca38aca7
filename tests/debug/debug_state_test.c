/* SPDX-License-Identifier: Apache-2.0
 *
 * What a debugger reads and writes of a guest, and what it leaves alone: registers that no program
 * can have, code that the processor fetches, other sandboxes, other processes.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "os/os_memory.h"
#include "session.h"

static struct mote_debugger_answer only_go_on(struct session *session,
					      const struct mote_debug_stop *stop)
{
	(void)session;
	(void)stop;
	return go_on();
}

/* ---- Registers --------------------------------------------------------------------------- */

static double wide_double(mote_fpu *fpu, unsigned i)
{
	double value;

	memcpy(&value, wide_place(fpu, i), sizeof(value));
	return value;
}

static void set_wide_double(mote_fpu *fpu, unsigned i, double value)
{
	memcpy(wide_place(fpu, i), &value, sizeof(value));
}

static struct mote_debugger_answer change_wide(struct session *session,
					       const struct mote_debug_stop *stop)
{
	mote_fpu fpu;

	if (session->stops == 1) {
		session_break(session, "wide_here");
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_BREAKPOINT);
	CHECK_OK(mote_debug_vm_fpu(session->vm, &fpu, &session->error), &session->error);
	for (unsigned i = 0; i < WIDE_DOUBLES; i++)
		CHECK(wide_double(&fpu, i) == 1.5 + i);
	set_wide_double(&fpu, WIDE_DOUBLES - 1, 77);
	CHECK_OK(mote_debug_vm_set_fpu(session->vm, &fpu, &session->error), &session->error);
	return go_on();
}

static void wide_vectors_are_read_and_set(void)
{
	struct session session = {.on_stop = change_wide};
	double result;

	session_begin(&session);
	result = session_call(&session, "wide", 0).as.f64;
	if (session.stops == 1)
		SKIP("the processor has no vectors of this width");
	CHECK(result == 77);
	CHECK_EQ(session.stops, 2);
	session_end(&session);
}

static struct mote_debugger_answer set_all_flags(struct session *session,
						 const struct mote_debug_stop *stop)
{
	const mote_regs before = session_regs(session);
	mote_regs regs = before;

	(void)stop;
	mote_regs_flags(&regs) = UINT64_MAX;
	session_set_regs(session, &regs);
	regs = session_regs(session);
	CHECK_EQ(mote_regs_flags(&regs), mote_regs_flags(&before) | PROGRAM_FLAGS);
	mote_regs_flags(&regs) = 0;
	session_set_regs(session, &regs);
	regs = session_regs(session);
	CHECK_EQ(mote_regs_flags(&regs), mote_regs_flags(&before) & ~PROGRAM_FLAGS);
	session_set_regs(session, &before);
	return go_on();
}

static void only_a_programs_own_flags_are_set(void)
{
	struct session session = {.on_stop = set_all_flags};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

static struct mote_debugger_answer set_impossible(struct session *session,
						  const struct mote_debug_stop *stop)
{
	const mote_status expected = REFUSES ? MOTE_INVALID_ARGUMENT : MOTE_OK;
	const mote_regs before = session_regs(session);
	mote_regs regs = before;
	mote_sregs sregs;
	mote_fpu fpu;

	(void)stop;
	CHECK_OK(mote_debug_vm_sregs(session->vm, &sregs, &session->error), &session->error);
	CHECK_OK(mote_debug_vm_fpu(session->vm, &fpu, &session->error), &session->error);
	make_impossible(&regs, &sregs, &fpu);
	CHECK_STATUS(mote_debug_vm_set_registers(session->vm, &regs, &session->error), expected,
		     &session->error);
	CHECK_STATUS(mote_debug_vm_set_thread(session->vm, &sregs, &session->error), expected,
		     &session->error);
	CHECK_STATUS(mote_debug_vm_set_fpu(session->vm, &fpu, &session->error), expected,
		     &session->error);
	regs = session_regs(session);
	CHECK_MEM(&regs, &before, sizeof(regs));
	return go_on();
}

static void what_no_program_can_have_is_refused(void)
{
	struct session session = {.on_stop = set_impossible};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

static mote_regs before_step;

/* A step reads few of the registers; what the debugger then sets are the program's all the same. */
static struct mote_debugger_answer step_and_go_back(struct session *session,
						    const struct mote_debug_stop *stop)
{
	mote_regs regs;

	if (session->stops == 1) {
		session_break(session, "leaf");
		return go_on();
	}
	regs = session_regs(session);
	if (stop->kind == MOTE_STOP_BREAKPOINT) {
		before_step = regs;
		return step();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_STEP);
	CHECK(mote_regs_pc(&regs) > mote_regs_pc(&before_step));
	session_clear(session, "leaf");
	regs = before_step;
	SET_ARGUMENT(&regs, 100);
	session_set_regs(session, &regs);
	return go_on();
}

static void registers_are_set_after_a_step(void)
{
	struct session session = {.on_stop = step_and_go_back};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 1).as.u64, 100);
	CHECK_EQ(session.stops, 3);
	session_end(&session);
}

/* ---- Code -------------------------------------------------------------------------------- */

enum { MOST_PUBLISHED = 8 };

static struct {
	uint8_t code[MOST_PUBLISHED][MOTE_BREAKPOINT_BYTES];
	unsigned count;
} published;

void __real_mote_os_memory_publish_code(void *hva, uint64_t bytes);
void __wrap_mote_os_memory_publish_code(void *hva, uint64_t bytes);
void __wrap_mote_os_memory_publish_code(void *hva, uint64_t bytes)
{
	if (published.count < MOST_PUBLISHED && bytes >= MOTE_BREAKPOINT_BYTES)
		memcpy(published.code[published.count], hva, MOTE_BREAKPOINT_BYTES);
	published.count++;
	__real_mote_os_memory_publish_code(hva, bytes);
}

static struct mote_debugger_answer break_twice(struct session *session,
					       const struct mote_debug_stop *stop)
{
	uint8_t original[MOTE_BREAKPOINT_BYTES];

	if (session->stops == 1) {
		published.count = 0;
		session_break(session, "leaf");
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_BREAKPOINT);
	if (session->stops == 2)
		return go_on(); /* over it: it is taken out, and put back */
	session_clear(session, "leaf");
	CHECK_EQ(mote_debug_vm_read(session->vm, session_symbol(session, "leaf"), original,
				    sizeof(original)),
		 sizeof(original));
	REQUIRE_EQ(published.count, 4);
	for (unsigned i = 0; i < published.count; i++)
		CHECK_MEM(published.code[i], i % 2 == 0 ? mote_breakpoint : original,
			  sizeof(original));
	return go_on();
}

/* Where data and instructions have caches of their own, the old code would run. */
static void code_that_changes_is_published(void)
{
	struct session session = {.on_stop = break_twice};

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 3);
	session_end(&session);
}

static void the_code_is_the_guests_again(void)
{
	struct session session = {.on_stop = only_go_on};
	uint8_t before[64], after[64];
	uint64_t leaf;

	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	leaf = session_symbol(&session, "leaf");
	REQUIRE_OK(mote_sandbox_hold(session.sandbox, &session.vm, &session.error), &session.error);
	CHECK_EQ(mote_debug_vm_read(session.vm, leaf, before, sizeof(before)), sizeof(before));
	session_break(&session, "leaf");
	session_break(&session, "middle");
	CHECK_OK(mote_sandbox_detach(session.sandbox, &session.error), &session.error);
	/* Nothing is hidden any more. */
	CHECK_EQ(mote_debug_vm_read(session.vm, leaf, after, sizeof(after)), sizeof(after));
	CHECK_MEM(after, before, sizeof(after));
	mote_sandbox_release(session.sandbox, NULL);
	session_end(&session);
}

/* ---- Others ------------------------------------------------------------------------------ */

static struct session other;

static struct mote_debugger_answer kill_at_middle(struct session *session,
						  const struct mote_debug_stop *stop)
{
	if (session->stops == 1) {
		session_break(session, "middle");
		return go_on();
	}
	CHECK_EQ(stop->kind, MOTE_STOP_BREAKPOINT);
	CHECK_EQ(session_pc(session), session_symbol(session, "middle"));
	return act(MOTE_DEBUGGER_KILL);
}

/* While one call is stopped, the other sandbox's begins and ends. */
static struct mote_debugger_answer use_the_other(struct session *session,
						 const struct mote_debug_stop *stop)
{
	mote_value result;

	if (session->stops == 1) {
		session_break(session, "leaf");
		return go_on();
	}
	CHECK_EQ(stop->kind, session->hits > 0 ? MOTE_STOP_STEP : MOTE_STOP_BREAKPOINT);
	if (session->hits++ > 0)
		return act(MOTE_DEBUGGER_DETACH);
	CHECK_STATUS(session_try(&other, "work", 6, &result), MOTE_KILLED, &other.error);
	CHECK_EQ(session_pc(session), session_symbol(session, "leaf"));
	return step();
}

static void two_sandboxes_have_a_debugger_each(void)
{
	struct session session = {.on_stop = use_the_other};

	other = (struct session){.on_stop = kill_at_middle};
	session_begin(&other);
	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 3);
	CHECK_EQ(other.stops, 2);
	CHECK(!mote_sandbox_is_poisoned(session.sandbox));
	session_end(&session);
	session_end(&other);
}

static int forked_child(struct session *session)
{
	const struct mote_debugger debugger = {.user = session};
	mote_value result;

	if (session_try(session, "work", 6, &result) != MOTE_FORKED || session->stops != 0)
		return 1;
	if (mote_sandbox_attach(session->sandbox, &debugger, &session->error) != MOTE_FORKED)
		return 2;
	session_end(session);
	return 0;
}

static void a_forked_child_has_no_debugger(void)
{
	struct session session = {.on_stop = only_go_on};
	pid_t child;

	test_need_fork();
	session_begin(&session);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	mote_sandbox_break_in(session.sandbox);
	child = fork();
	if (child == 0)
		_exit(forked_child(&session));
	fixture_check_child(child);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

static const struct test_case cases[] = {
	CASE(wide_vectors_are_read_and_set),	   CASE(only_a_programs_own_flags_are_set),
	CASE(what_no_program_can_have_is_refused), CASE(registers_are_set_after_a_step),
	CASE(code_that_changes_is_published),	   CASE(the_code_is_the_guests_again),
	CASE(two_sandboxes_have_a_debugger_each),  CASE(a_forked_child_has_no_debugger),
};

int main(int argc, char **argv)
{
	return test_main("debug_state", cases, TEST_COUNT(cases), argc, argv);
}
