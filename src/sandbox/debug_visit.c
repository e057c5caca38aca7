/* SPDX-License-Identifier: Apache-2.0
 *
 * What other threads want of a guest that a debugger has stopped: it is done on the thread that may
 * use the guest.
 */
#include "sandbox/debug_server.h"

void mote_debug_receive_visit(struct mote_debug_server *link)
{
	void (*visit)(void *);
	void *argument;
	bool is_possible;

	mote_os_lock_acquire(link->lock);
	visit = link->visit;
	argument = link->visit_argument;
	link->visit = NULL;
	is_possible = link->use != MOTE_DEBUG_RUNS;
	if (visit != NULL)
		link->is_visited = is_possible;
	mote_os_lock_release(link->lock);
	if (visit == NULL)
		return;
	if (is_possible)
		visit(argument);
	mote_os_event_set(link->left);
}

/* Whether it was accepted. */
static bool ask_for_visit(struct mote_debug_server *link, void (*work)(void *argument),
			  void *argument, enum mote_debug_use *use)
{
	bool accepted;

	mote_os_lock_acquire(link->lock);
	*use = mote_debug_use_of(link);
	accepted = *use != MOTE_DEBUG_RUNS && !link->has_visitor && link->server != NULL;
	if (accepted) {
		link->has_visitor = true;
		link->visit = work;
		link->visit_argument = argument;
		mote_gdb_server_ring(link->server);
	}
	mote_os_lock_release(link->lock);
	return accepted;
}

bool mote_sandbox_debug_visit(mote_sandbox *sandbox, void (*work)(void *argument), void *argument)
{
	struct mote_debug_server *link = sandbox->debug_server;
	enum mote_debug_use use;
	bool is_visited;

	if (link == NULL || !ask_for_visit(link, work, argument, &use))
		return false;
	if (use == MOTE_DEBUG_STOPPED)
		mote_debugger_wake(sandbox, false);
	mote_os_event_wait(link->left);
	mote_os_lock_acquire(link->lock);
	is_visited = link->is_visited;
	link->has_visitor = false;
	mote_os_lock_release(link->lock);
	return is_visited;
}
