/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets about registers: all, and one.
 * GDB manual, E.2.
 */
#include "session_internal.h"

#include <string.h>

static bool read_values(struct mote_gdb_session *session)
{
	const enum mote_gdb_result result =
		session->target->read_registers(session->user, session->values);

	if (result != MOTE_GDB_OK)
		mote_gdb_put_result(session, result);
	return result == MOTE_GDB_OK;
}

void mote_gdb_read_registers(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	if (read_values(session))
		mote_gdb_put_hex(&session->reply, session->values,
				 mote_gdb_general_bytes(session->guest->registers));
}

/* Those that are not in the packet keep their values. */
void mote_gdb_write_registers(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	const size_t bytes = mote_gdb_general_bytes(session->guest->registers);
	enum mote_gdb_result result = MOTE_GDB_REFUSED;

	if (!read_values(session))
		return;
	if (mote_gdb_left(packet) == 2 * bytes && mote_gdb_take_hex(packet, session->values, bytes))
		result = session->target->write_registers(session->user, session->values);
	mote_gdb_put_result(session, result);
}

/* Takes a register's number; false: there is none. */
static bool take_place(struct mote_gdb_session *session, struct mote_gdb_text *packet,
		       struct mote_gdb_place *place)
{
	uint64_t number;

	return mote_gdb_take_number(packet, &number) &&
	       mote_gdb_find_register(session->guest->registers, number, place);
}

void mote_gdb_read_register(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	struct mote_gdb_place place;

	if (!take_place(session, packet, &place) || mote_gdb_left(packet) > 0)
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
	else if (read_values(session))
		mote_gdb_put_hex(&session->reply, session->values + place.offset, place.bytes);
}

/* System registers take the value that they have: gdb puts back what it has saved. */
void mote_gdb_write_register(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	struct mote_gdb_place place;
	enum mote_gdb_result result;
	uint8_t *at;

	if (!take_place(session, packet, &place) || !mote_gdb_take(packet, "=") ||
	    mote_gdb_left(packet) != 2 * place.bytes ||
	    !mote_gdb_take_hex(packet, session->data, place.bytes)) {
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
		return;
	}
	if (!read_values(session))
		return;
	at = session->values + place.offset;
	if (place.is_system) {
		result = memcmp(at, session->data, place.bytes) == 0 ? MOTE_GDB_OK
								     : MOTE_GDB_REFUSED;
	} else {
		memcpy(at, session->data, place.bytes);
		result = session->target->write_registers(session->user, session->values);
	}
	mote_gdb_put_result(session, result);
}
