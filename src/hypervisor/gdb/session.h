/* SPDX-License-Identifier: Apache-2.0
 *
 * One client of gdb's remote protocol: bytes in, bytes out, and calls of a target in between.  No
 * thread and no input or output.  GDB manual, appendix E.
 */
#ifndef MOTE_HYPERVISOR_GDB_SESSION_H
#define MOTE_HYPERVISOR_GDB_SESSION_H

#include "packet.h"
#include "target.h"

enum mote_gdb_state {
	MOTE_GDB_RUNNING, /* the guest runs: packets wait until it stops */
	MOTE_GDB_STOPPED,
	MOTE_GDB_OVER, /* the client has left, or has been told that the guest is no more */
};

/* Files that a client may have open at a time. */
enum { MOTE_GDB_FILES = 16 };

struct mote_gdb_session {
	const struct mote_gdb_target *target;
	void *user;
	const struct mote_gdb_guest *guest;

	enum mote_gdb_state state;
	bool owes_stop;	     /* the client waits for the answer to its resume */
	bool has_ended;	     /* last_stop says how; told when the client asks for more */
	bool asked_to_break; /* since the guest runs */
	struct mote_gdb_stop last_stop;

	bool no_ack;
	bool multiprocess, swbreak; /* what the client knows */
	bool is_open[MOTE_GDB_FILES];

	bool has_packet; /* decoder has one that is not answered yet */
	bool has_reply;	 /* reply is to be sent */
	char ack;	 /* '+' or '-', to be sent before the reply; 0: none */

	struct mote_gdb_decoder decoder;
	struct mote_gdb_reply reply;
	uint8_t values[MOTE_GDB_VALUE_BYTES];
	uint8_t data[MOTE_GDB_PACKET_BYTES];
	char xml[MOTE_GDB_XML_BYTES];
	size_t xml_bytes;
};

/* A client has come: asks the target to stop.  guest and target outlive the session. */
void mote_gdb_session_begin(struct mote_gdb_session *session, const struct mote_gdb_target *target,
			    void *user, const struct mote_gdb_guest *guest);

/* Takes received bytes, up to the end of a packet or of what is to be answered at once.  Returns
 * how many; 0 while a packet waits. */
size_t mote_gdb_session_receive(struct mote_gdb_session *session, const uint8_t *bytes,
				size_t length);

/* What is to be sent, *bytes; forgotten with this call.  Valid until the next one. */
size_t mote_gdb_session_send(struct mote_gdb_session *session, const char **bytes);

/* Asks the target whether the guest has stopped. */
void mote_gdb_session_look(struct mote_gdb_session *session);

/* Whether a packet can be answered now: the answer to the last one has been sent. */
static inline bool mote_gdb_session_can_answer(const struct mote_gdb_session *session)
{
	return session->has_packet && !session->has_reply && session->state == MOTE_GDB_STOPPED;
}

/* Answers it.  On the thread that may touch the guest (the target's perform). */
void mote_gdb_session_answer(struct mote_gdb_session *session);

#endif
