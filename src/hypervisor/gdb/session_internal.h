/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of a session share: each answers the packets of its subject.
 */
#ifndef MOTE_HYPERVISOR_GDB_SESSION_INTERNAL_H
#define MOTE_HYPERVISOR_GDB_SESSION_INTERNAL_H

#include "session.h"

/* A kind of packets: its answer goes into session->reply.  packet: what follows the prefix. */
struct mote_gdb_command {
	const char *prefix;
	void (*answer)(struct mote_gdb_session *session, struct mote_gdb_text *packet);
};

/* Answers with the first command whose prefix the packet has; false: none has it. */
bool mote_gdb_dispatch(struct mote_gdb_session *session, struct mote_gdb_text *packet,
		       const struct mote_gdb_command *commands, size_t count);

/* "OK", or an error. */
void mote_gdb_put_result(struct mote_gdb_session *session, enum mote_gdb_result result);

/* ",": takes two numbers with it in between. */
bool mote_gdb_take_pair(struct mote_gdb_text *packet, const char *between, uint64_t *first,
			uint64_t *second);

/* Takes a thread id; false: it is malformed, or does not cover the one thread that there is. */
bool mote_gdb_take_thread(struct mote_gdb_text *packet);
void mote_gdb_put_thread(struct mote_gdb_session *session);

/* memory.c, registers.c */
void mote_gdb_read_memory(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_read_binary(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_write_memory(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_write_binary(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_insert(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_remove(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_read_registers(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_write_registers(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_read_register(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_write_register(struct mote_gdb_session *session, struct mote_gdb_text *packet);

/* query.c: packets that begin with q and Q; files.c: those with vFile: */
void mote_gdb_query(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_set(struct mote_gdb_session *session, struct mote_gdb_text *packet);
void mote_gdb_file(struct mote_gdb_session *session, struct mote_gdb_text *packet);

#endif
