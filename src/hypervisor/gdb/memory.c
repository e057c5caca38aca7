/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets about memory: reading, writing, breakpoints and watchpoints.
 * GDB manual, E.2.
 */
#include "session_internal.h"

/* Reads up to room bytes of "ADDRESS,LENGTH" into session->data; false: answered already. */
static bool read(struct mote_gdb_session *session, struct mote_gdb_text *packet, size_t room,
		 size_t *got)
{
	uint64_t address, length;

	if (!mote_gdb_take_pair(packet, ",", &address, &length) || mote_gdb_left(packet) > 0) {
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
		return false;
	}
	if (length < room)
		room = (size_t)length;
	*got = session->target->read_memory(session->user, address, session->data, room);
	if (*got == 0 && length > 0) {
		mote_gdb_put_result(session, MOTE_GDB_NO_MEMORY);
		return false;
	}
	return true;
}

/* Less than was asked for means that there is no more, or no room. */
void mote_gdb_read_memory(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	size_t got;

	if (read(session, packet, MOTE_GDB_PACKET_BYTES / 2, &got))
		mote_gdb_put_hex(&session->reply, session->data, got);
}

/* The "b" tells data from an error. */
void mote_gdb_read_binary(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	size_t got;

	if (!read(session, packet, MOTE_GDB_PACKET_BYTES, &got))
		return;
	mote_gdb_put(&session->reply, "b");
	mote_gdb_put_binary(&session->reply, session->data, got);
}

void mote_gdb_write_memory(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint64_t address, length;
	enum mote_gdb_result result = MOTE_GDB_REFUSED;

	if (mote_gdb_take_pair(packet, ",", &address, &length) && mote_gdb_take(packet, ":") &&
	    mote_gdb_left(packet) % 2 == 0 && mote_gdb_left(packet) / 2 == length &&
	    mote_gdb_take_hex(packet, session->data, (size_t)length))
		result = session->target->write_memory(session->user, address, session->data,
						       (size_t)length);
	mote_gdb_put_result(session, result);
}

void mote_gdb_write_binary(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint64_t address, length;
	enum mote_gdb_result result = MOTE_GDB_REFUSED;

	if (mote_gdb_take_pair(packet, ",", &address, &length) && mote_gdb_take(packet, ":") &&
	    mote_gdb_left(packet) == length)
		result = session->target->write_memory(session->user, address, packet->at,
						       (size_t)length);
	mote_gdb_put_result(session, result);
}

/* ---- Breakpoints and watchpoints --------------------------------------------------------- */

struct place {
	uint64_t point, address, bytes;
};

/* "TYPE,ADDRESS,KIND"; conditions behind it are not offered. */
static bool take_place(struct mote_gdb_text *packet, struct place *place)
{
	return mote_gdb_take_number(packet, &place->point) && mote_gdb_take(packet, ",") &&
	       mote_gdb_take_pair(packet, ",", &place->address, &place->bytes) &&
	       mote_gdb_left(packet) == 0;
}

static void change(struct mote_gdb_session *session, struct mote_gdb_text *packet,
		   enum mote_gdb_result (*apply)(void *user, enum mote_gdb_point point,
						 uint64_t address, uint64_t bytes))
{
	struct place place;

	if (!take_place(packet, &place))
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
	else if (place.point <= MOTE_GDB_WATCH_ACCESS)
		mote_gdb_put_result(session, apply(session->user, (enum mote_gdb_point)place.point,
						   place.address, place.bytes));
}

void mote_gdb_insert(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	change(session, packet, session->target->insert);
}

void mote_gdb_remove(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	change(session, packet, session->target->remove);
}
