/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox that listens for gdb: its beginning and end (debug_server.c), who may use the guest
 * (debug_session.c, debug_visit.c), and what the debugger does with it (debug_target.c).
 */
#ifndef MOTE_SANDBOX_DEBUG_SERVER_H
#define MOTE_SANDBOX_DEBUG_SERVER_H

#include "hypervisor/gdb/server.h"
#include "os/os_thread.h"
#include "sandbox/debug.h"

/* Whose the guest is. */
enum mote_debug_use {
	MOTE_DEBUG_RUNS,    /* a call's, or nobody's */
	MOTE_DEBUG_HELD,    /* the server's thread's: no call is in progress */
	MOTE_DEBUG_STOPPED, /* the server's, by way of the thread whose call has stopped */
};

/* The auxiliary vector's words: seven pairs. */
enum { MOTE_DEBUG_AUXV_WORDS = 14 };

struct mote_debug_server {
	mote_sandbox *sandbox;
	bool waits_on_fault; /* a call that faults waits for a debugger */
	struct mote_gdb_guest guest;
	uint8_t auxv[8 * MOTE_DEBUG_AUXV_WORDS];
	char file_name[1024];
	char address[128];	    /* where it listens, or did */
	struct mote_os_event *done; /* a stopped call's thread has done the work it was given */

	struct mote_os_lock *lock;	/* of the rest */
	struct mote_gdb_server *server; /* NULL: not open yet, or closed */
	bool is_closed;
	bool is_doomed; /* the sandbox is about to be destroyed */
	bool has_client;
	bool is_awaited; /* the next call waits for a client */
	bool is_dirty;	 /* a client left while the guest ran, with its breakpoints in it */
	enum mote_debug_use use;
	struct mote_debug_vm *vm; /* NULL while the guest runs */

	struct mote_gdb_stop stop; /* the last one; is_due: the server has not heard of it */
	bool is_due;
	bool is_fault;
	bool is_changed;		   /* the debugger has changed registers or memory since */
	bool wants_hold;		   /* for the client; a stop does as well */
	enum mote_gdb_signal break_signal; /* what either tells */

	/* HELD or STOPPED: what another thread has asked for, which waits for it. */
	void (*visit)(void *argument); /* NULL: nothing */
	void *visit_argument;
	bool is_visited;	    /* it was done */
	bool has_visitor;	    /* who asked has not gone yet */
	struct mote_os_event *left; /* it was done, or cannot be done any more */

	/* STOPPED: what the call's thread is to do. */
	void (*work)(void *argument);
	void *argument;
	bool is_answered;
	struct mote_debugger_answer answer;
};

/* With the lock.  A stopped call that knows how it goes on is as good as running. */
static inline enum mote_debug_use mote_debug_use_of(const struct mote_debug_server *link)
{
	return link->use == MOTE_DEBUG_STOPPED && link->is_answered ? MOTE_DEBUG_RUNS : link->use;
}

/* debug_visit.c: does what another thread has asked for, on the one that may use the guest; or,
 * when that goes on, tells it that nobody can. */
void mote_debug_receive_visit(struct mote_debug_server *link);

/* debug_session.c */
extern const struct mote_gdb_target mote_debug_target;
struct mote_debugger mote_debug_debugger(struct mote_debug_server *link);

/* Around mote_gdb_server_close: from then on no call comes to the server; and a call that waits
 * for a client ends.  is_doomed: also one that a client has stopped. */
struct mote_gdb_server *mote_debug_begin_close(struct mote_debug_server *link, bool is_doomed);
void mote_debug_end_close(struct mote_debug_server *link);

/* debug_target.c: the functions of struct mote_gdb_target that use the guest: on the thread that
 * may. */
enum mote_gdb_result mote_debug_read_registers(void *user, uint8_t *values);
enum mote_gdb_result mote_debug_write_registers(void *user, const uint8_t *values);
size_t mote_debug_read_memory(void *user, uint64_t address, void *to, size_t bytes);
enum mote_gdb_result mote_debug_write_memory(void *user, uint64_t address, const void *from,
					     size_t bytes);
enum mote_gdb_result mote_debug_insert(void *user, enum mote_gdb_point point, uint64_t address,
				       uint64_t bytes);
enum mote_gdb_result mote_debug_remove(void *user, enum mote_gdb_point point, uint64_t address,
				       uint64_t bytes);
size_t mote_debug_monitor(void *user, const char *command, char *text, size_t capacity);

/* The stop of a guest in gdb's terms. */
struct mote_gdb_stop mote_debug_describe(struct mote_debug_vm *vm,
					 const struct mote_debug_stop *from);
/* One that no guest made: it is where it is. */
struct mote_gdb_stop mote_debug_describe_hold(struct mote_debug_vm *vm,
					      enum mote_gdb_signal signal);

/* Fills in guest and auxv. */
void mote_debug_describe_guest(struct mote_debug_server *link);

#endif
