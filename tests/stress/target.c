/* SPDX-License-Identifier: Apache-2.0
 *
 * One sandbox under fire, and the check that what became of its calls agrees with
 * what the killers were told.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>

#include "stress.h"

static const uint64_t MS = 1000000;

/* ---- Answers ------------------------------------------------------------------------------ */

/* The same answer again, for a call that is cancelled already, is recorded once. */
static void record(struct target *target, unsigned who, uint64_t first, uint64_t last)
{
	struct answer *answers = target->answers[who];
	unsigned count = target->answer_count[who];

	if (atomic_load(&target->endless) && !atomic_load(&target->hit_ns))
		atomic_store(&target->hit_ns, test_now_ns());
	if (count > 0 && answers[count - 1].first == first && answers[count - 1].last == last)
		return;
	if (!CHECK(count < ANSWERS))
		return;
	answers[count] = (struct answer){first, last};
	target->answer_count[who]++;
}

/* ---- Kills -------------------------------------------------------------------------------- */

static bool in_call(const struct target *target, uint64_t id)
{
	mote_interrupt_state state = test_interrupt_state(target->interrupt);

	return state.in_call && state.call_id == id;
}

/* Whichever call is in progress. */
static void kill_any(struct target *target, unsigned who, struct tally *tally)
{
	mote_interrupt_state before = test_interrupt_state(target->interrupt);
	bool hit = mote_interrupt_kill(target->interrupt);
	mote_interrupt_state after = test_interrupt_state(target->interrupt);

	if (hit) {
		record(target, who, before.call_id + !before.in_call, after.call_id);
		tally->hits++;
		return;
	}
	tally->misses++;
	/* Refused although one and the same call was in progress all the time. */
	CHECK(!(before.in_call && after.in_call && before.call_id == after.call_id));
}

/* The call in progress, by its number. */
static void kill_named(struct target *target, unsigned who, struct tally *tally)
{
	mote_interrupt_state state = test_interrupt_state(target->interrupt);

	if (mote_interrupt_kill_call(target->interrupt, state.call_id)) {
		record(target, who, state.call_id, state.call_id);
		tally->hits++;
		return;
	}
	tally->misses++;
	CHECK(!(state.in_call && in_call(target, state.call_id)));
}

/* Watchdogs that are late, and numbers that do not exist yet. */
static void kill_wrong(struct target *target, struct tally *tally)
{
	uint64_t id = test_interrupt_state(target->interrupt).call_id;

	for (uint64_t back = 1; back <= 3 && back <= id; back++)
		CHECK(!mote_interrupt_kill_call(target->interrupt, id - back));
	CHECK(!mote_interrupt_kill_call(target->interrupt, id + CALLS + 1));
	CHECK(!mote_interrupt_kill_call(target->interrupt, UINT64_MAX - id));
	tally->stale += 5;
}

/* The sandbox is gone; the handle is not. */
static void kill_dropped(struct target *target, struct tally *tally)
{
	mote_interrupt_state state = test_interrupt_state(target->interrupt);

	CHECK(!mote_interrupt_kill(target->interrupt));
	CHECK(!mote_interrupt_kill_call(target->interrupt, state.call_id));
	CHECK(!state.in_call && !state.running);
	tally->late += 2;
}

bool target_kill(struct target *target, unsigned who, uint64_t *random, struct tally *tally)
{
	if (mote_interrupt_is_dropped(target->interrupt)) {
		kill_dropped(target, tally);
		return false;
	}
	if (!random_one_in(random, 4))
		kill_wrong(target, tally);
	else if (random_one_in(random, 2))
		kill_any(target, who, tally);
	else
		kill_named(target, who, tally);
	return true;
}

/* ---- Calls -------------------------------------------------------------------------------- */

/* Now and then a host function kills its own call. */
static mote_status tick(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	struct target *target = user;
	uint64_t id = target->calls;

	(void)count, (void)error;
	target->tally->host_calls++;
	*result = arguments[0];
	if (random_one_in(&target->random, 2000)) {
		CHECK(mote_interrupt_kill_call(target->interrupt, id));
		record(target, KILLERS, id, id);
		target->tally->hits++;
	}
	return MOTE_OK;
}

struct target *target_create(mote_engine *engine, mote_image *image, struct tally *tally,
			     uint64_t seed)
{
	struct target *target = calloc(1, sizeof(*target));
	const mote_host_function function = {"host_tick", "u32(u32)", tick, target, NULL};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	if (!target)
		abort();
	options.memory_bytes = 1 << 20;
	options.mailbox_bytes = 4096;
	options.stack_bytes = 16384;
	options.host_functions = &function;
	options.host_function_count = 1;
	status = mote_sandbox_create(engine, image, &options, &target->sandbox, &error);
	CHECK_OK(status, &error);
	if (status != MOTE_OK)
		abort();
	target->interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(target->sandbox));
	target->tally = tally;
	target->random = seed | 1;
	tally->sandboxes++;
	return target;
}

static void choose_deadlines(struct call *call, uint64_t *random)
{
	uint64_t moment = random_next(random) % (3 * MS) + 1;

	switch (random_next(random) % 8) {
	case 0:
		call->wall_ns = moment;
		break;
	case 1:
		call->cpu_ns = moment;
		break;
	case 2:
		call->wall_ns = moment;
		call->cpu_ns = random_next(random) % (3 * MS) + 1;
		break;
	case 3:
		call->wall_ns = 3600000 * MS;
		call->cpu_ns = 3600000 * MS;
		break;
	default:
		break;
	}
}

static mote_status make_call(struct target *target, const char *name, uint32_t count,
			     struct call *call)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	const mote_value argument = mote_value_u32(count);
	mote_error error = MOTE_ERROR_INIT;
	mote_value result;
	mote_function function;
	mote_status status;

	options.wall_ns = call->wall_ns;
	options.cpu_ns = call->cpu_ns;
	CHECK_OK(mote_sandbox_find(target->sandbox, name, NULL, &function, &error), &error);
	status = mote_sandbox_call(target->sandbox, function, &argument,
				   function.signature.argument_count, &options, &result, &error);
	if (status == MOTE_OK && function.signature.argument_count)
		CHECK_EQ(result.as.u32, count);
	if (status != MOTE_OK && status != MOTE_KILLED && status != MOTE_WALL_DEADLINE &&
	    status != MOTE_CPU_DEADLINE)
		CHECK_OK(status, &error);
	return status;
}

bool target_call(struct target *target, uint64_t *random)
{
	static const struct {
		const char *name;
		uint32_t most; /* of its argument */
		bool endless;
	} kinds[] = {
		{"nothing", 1, false},	   {"nothing", 1, false}, {"nothing", 1, false},
		{"work", 30000, false},	   {"tick", 3, false},	  {"tick", 20, false},
		{"spin_ticking", 1, true}, {"spin", 1, true},	  {"spin_relaxed", 1, true},
	};
	/* Most calls end by themselves: a call that has to be killed costs a sandbox. */
	size_t few = TEST_COUNT(kinds) - (random_one_in(random, 6) ? 0 : 3);
	size_t kind = random_next(random) % few;
	struct call *call = &target->call[++target->calls];

	call->endless = kinds[kind].endless;
	choose_deadlines(call, random);
	atomic_store(&target->endless, call->endless);
	call->status = make_call(target, kinds[kind].name,
				 (uint32_t)(random_next(random) % kinds[kind].most), call);
	atomic_store(&target->endless, false);
	atomic_store(&target->hit_ns, 0);
	target->tally->calls++;
	target->tally->killed += call->status == MOTE_KILLED;
	target->tally->wall += call->status == MOTE_WALL_DEADLINE;
	target->tally->cpu += call->status == MOTE_CPU_DEADLINE;
	return call->status == MOTE_OK && target->calls < CALLS;
}

/* ---- The record --------------------------------------------------------------------------- */

/* Whether some kill that was answered with true may have meant this call. */
static bool was_hit(const struct target *target, uint64_t id)
{
	for (unsigned who = 0; who < ANSWERERS; who++)
		for (unsigned i = 0; i < target->answer_count[who]; i++)
			if (target->answers[who][i].first <= id &&
			    id <= target->answers[who][i].last)
				return true;
	return false;
}

/* Each call ended as its options and the kills allow. */
static void check_call(const struct target *target, uint64_t id)
{
	const struct call *call = &target->call[id];

	switch (call->status) {
	case MOTE_OK:
		CHECK(!call->endless);
		break;
	case MOTE_KILLED:
		CHECK(was_hit(target, id));
		break;
	case MOTE_WALL_DEADLINE:
		CHECK(call->wall_ns);
		break;
	case MOTE_CPU_DEADLINE:
		CHECK(call->cpu_ns);
		break;
	default: /* reported when it happened */
		break;
	}
}

/* No true without a call that was in progress. */
static void check_answers(const struct target *target)
{
	for (unsigned who = 0; who < ANSWERERS; who++)
		for (unsigned i = 0; i < target->answer_count[who]; i++) {
			const struct answer *answer = &target->answers[who][i];

			CHECK(answer->last >= 1 && answer->first <= target->calls);
			CHECK(answer->first <= answer->last && answer->last <= target->calls);
		}
}

/* What the handle says of the last call. */
static void check_handle(const struct target *target)
{
	mote_interrupt_state state = test_interrupt_state(target->interrupt);
	mote_status status = target->call[target->calls].status;
	bool killed = mote_interrupt_is_killed(target->interrupt);

	CHECK_EQ(state.call_id, target->calls);
	CHECK(!state.in_call && !state.running && !state.dropped);
	if (status != MOTE_OK) {
		CHECK(state.cancelled);
		CHECK_EQ(killed, status == MOTE_KILLED);
	}
	CHECK(!killed || state.cancelled);
}

void target_destroy(struct target *target)
{
	check_handle(target);
	mote_sandbox_destroy(target->sandbox);
	CHECK(mote_interrupt_is_dropped(target->interrupt));
	while (atomic_load(&target->killers) > 0)
		sched_yield();
	for (uint64_t id = 1; id <= target->calls; id++)
		check_call(target, id);
	check_answers(target);
	mote_interrupt_release(target->interrupt);
	free(target);
}
