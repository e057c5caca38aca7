/* SPDX-License-Identifier: Apache-2.0
 *
 * The interrupt handle: what a cancel applies to, and when the vCPU's thread must be kicked.  How
 * to kick it is the backend's affair (kick.h).
 */
#include "hypervisor/interrupt/interrupt_internal.h"

#include <stdatomic.h>

#include "allocator.h"
#include "error_internal.h"
#include "options.h"

static const uint64_t CAUSES = MOTE_INTERRUPT_WALL_DEADLINE | MOTE_INTERRUPT_CPU_DEADLINE;

static uint64_t call_id(uint64_t word)
{
	return word >> MOTE_INTERRUPT_ID_SHIFT;
}

mote_status mote_interrupt_create(const mote_allocator *allocator, struct mote_kick *kick,
				  mote_interrupt **interrupt, mote_error *error)
{
	mote_interrupt *created = mote_allocate(allocator, sizeof(*created));

	if (created == NULL)
		return mote_fail_memory(error, "interrupt handle");
	atomic_init(&created->word, 0);
	atomic_init(&created->references, 1);
	created->kick = kick;
	created->allocator = *allocator;
	*interrupt = created;
	return MOTE_OK;
}

mote_interrupt *mote_interrupt_retain(mote_interrupt *interrupt)
{
	atomic_fetch_add_explicit(&interrupt->references, 1, memory_order_relaxed);
	return interrupt;
}

void mote_interrupt_release(mote_interrupt *interrupt)
{
	mote_allocator allocator;

	if (interrupt == NULL ||
	    atomic_fetch_sub_explicit(&interrupt->references, 1, memory_order_acq_rel) != 1)
		return;
	allocator = interrupt->allocator;
	mote_release(&allocator, interrupt);
}

void mote_interrupt_drop(mote_interrupt *interrupt)
{
	atomic_fetch_or(&interrupt->word, MOTE_INTERRUPT_DROPPED);
}

bool mote_interrupt_cancelled(const mote_interrupt *interrupt)
{
	return (atomic_load(&interrupt->word) & MOTE_INTERRUPT_CANCEL) != 0;
}

void mote_interrupt_wait_for_kick(mote_interrupt *interrupt)
{
	for (unsigned tries = 0; atomic_load(&interrupt->word) & MOTE_INTERRUPT_SENDING; tries++)
		mote_os_yield(tries);
	interrupt->kick->ops->take(interrupt->kick);
}

void mote_interrupt_refuse(mote_interrupt *interrupt, uint64_t before)
{
	uint64_t word = atomic_fetch_sub(&interrupt->word, MOTE_INTERRUPT_RUNNING);

	/* Nothing sends a kick for what was asked before, but for what came since. */
	if ((word ^ before) & MOTE_INTERRUPT_STOPS)
		mote_interrupt_wait_for_kick(interrupt);
}

/* Sets flags, unless the word is not what it was, and kicks the vCPU if it runs. */
static bool stop(mote_interrupt *interrupt, uint64_t *word, uint64_t flags)
{
	/* While one kick is on its way, no other is needed: the run has not ended yet. */
	bool sends = (*word & (MOTE_INTERRUPT_RUNNING | MOTE_INTERRUPT_SENDING)) ==
		     MOTE_INTERRUPT_RUNNING;

	if (sends)
		flags |= MOTE_INTERRUPT_SENDING;
	if (!atomic_compare_exchange_weak(&interrupt->word, word, *word | flags))
		return false;
	/* No run ends before SENDING is cleared: the thread and the kick are still there. */
	if (sends) {
		interrupt->kick->ops->send(interrupt->kick, interrupt->thread);
		atomic_fetch_and(&interrupt->word, ~(uint64_t)MOTE_INTERRUPT_SENDING);
	}
	return true;
}

/* id 0: whichever call is in progress.  cause: why, as flags. */
static bool cancel_and_send(mote_interrupt *interrupt, uint64_t id, uint64_t cause)
{
	uint64_t word = atomic_load(&interrupt->word);

	do {
		if (!(word & MOTE_INTERRUPT_IN_CALL) || (id != 0 && id != call_id(word)))
			return false;
		if (word & MOTE_INTERRUPT_CANCEL)
			return true;
	} while (!stop(interrupt, &word, MOTE_INTERRUPT_CANCEL | cause));
	return true;
}

static bool cancel(mote_interrupt *interrupt, uint64_t id, uint64_t cause)
{
	/* A thread that pthread_cancel ends in here would leave SENDING set for ever. */
	int before = mote_os_hold_cancellation();
	bool cancelled = cancel_and_send(interrupt, id, cause);

	mote_os_allow_cancellation(before);
	return cancelled;
}

bool mote_interrupt_kill(mote_interrupt *interrupt)
{
	return cancel(interrupt, 0, 0);
}

bool mote_interrupt_kill_call(mote_interrupt *interrupt, uint64_t id)
{
	return id != 0 && cancel(interrupt, id, 0);
}

void mote_interrupt_expire(mote_interrupt *interrupt, uint64_t id, uint64_t cause)
{
	(void)cancel(interrupt, id, cause);
}

void mote_interrupt_break(mote_interrupt *interrupt)
{
	int before = mote_os_hold_cancellation();
	uint64_t word = atomic_load(&interrupt->word);

	while (!(word & MOTE_INTERRUPT_BREAK) && !stop(interrupt, &word, MOTE_INTERRUPT_BREAK))
		;
	mote_os_allow_cancellation(before);
}

bool mote_interrupt_breaks(const mote_interrupt *interrupt)
{
	return (atomic_load(&interrupt->word) & MOTE_INTERRUPT_BREAK) != 0;
}

void mote_interrupt_take_break(mote_interrupt *interrupt)
{
	atomic_fetch_and(&interrupt->word, ~(uint64_t)MOTE_INTERRUPT_BREAK);
}

bool mote_interrupt_is_in_this_thread(const mote_interrupt *interrupt)
{
	return (atomic_load(&interrupt->word) & MOTE_INTERRUPT_IN_CALL) &&
	       interrupt->thread == mote_os_thread_self();
}

uint64_t mote_interrupt_cause(const mote_interrupt *interrupt)
{
	return atomic_load(&interrupt->word) & CAUSES;
}

bool mote_interrupt_is_killed(const mote_interrupt *interrupt)
{
	uint64_t word = atomic_load(&interrupt->word);

	return (word & (MOTE_INTERRUPT_CANCEL | CAUSES)) == MOTE_INTERRUPT_CANCEL;
}

bool mote_interrupt_is_dropped(const mote_interrupt *interrupt)
{
	return (atomic_load(&interrupt->word) & MOTE_INTERRUPT_DROPPED) != 0;
}

mote_status mote_interrupt_get_state(const mote_interrupt *interrupt, mote_interrupt_state *state,
				     mote_error *error)
{
	static const struct mote_structure structure = {
		"interrupt state", "MOTE_INTERRUPT_STATE_INIT", sizeof(*state)};
	uint64_t word = atomic_load(&interrupt->word);
	const mote_interrupt_state now = {
		.size = sizeof(now),
		.call_id = call_id(word),
		.in_call = (word & MOTE_INTERRUPT_IN_CALL) != 0,
		.running = (word & MOTE_INTERRUPT_RUNNING) != 0,
		.cancelled = (word & MOTE_INTERRUPT_CANCEL) != 0,
		.dropped = (word & MOTE_INTERRUPT_DROPPED) != 0,
	};

	return mote_structure_give(&structure, &now, state, error);
}
