/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions about the guest: what the server offers, threads, addresses, and objects that are read
 * in parts.  GDB manual, E.4 (general query packets).
 */
#include <string.h>

#include "bytes.h"
#include "session_internal.h"

/* ---- What is offered --------------------------------------------------------------------- */

static bool names(const struct mote_gdb_text *packet, const char *feature)
{
	const size_t length = strlen(feature);

	for (const char *at = packet->at; (size_t)(packet->end - at) >= length; at++)
		if (memcmp(at, feature, length) == 0 && (at[-1] == ':' || at[-1] == ';'))
			return true;
	return false;
}

/* Thread ids have a process only when the client knows that, and so on. */
static void answer_supported(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	session->multiprocess = names(packet, "multiprocess+");
	session->swbreak = names(packet, "swbreak+");
	mote_gdb_put(&session->reply, "PacketSize=");
	mote_gdb_put_number(&session->reply, MOTE_GDB_PACKET_BYTES);
	mote_gdb_put(&session->reply, ";QStartNoAckMode+");
	if (session->multiprocess)
		mote_gdb_put(&session->reply, ";multiprocess+");
	mote_gdb_put(&session->reply, ";vContSupported+");
	if (session->swbreak)
		mote_gdb_put(&session->reply, ";swbreak+");
	mote_gdb_put(&session->reply, ";hwbreak+;binary-upload+;qXfer:features:read+"
				      ";qXfer:auxv:read+");
	if (session->guest->file_name != NULL)
		mote_gdb_put(&session->reply, ";qXfer:exec-file:read+");
	mote_gdb_put(&session->reply, ";qXfer:siginfo:read+");
}

/* ---- Threads and addresses --------------------------------------------------------------- */

static void answer_current(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put(&session->reply, "QC");
	mote_gdb_put_thread(session);
}

static void answer_threads(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put(&session->reply, "m");
	mote_gdb_put_thread(session);
}

static void answer_no_more_threads(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put(&session->reply, "l");
}

static void answer_thread_text(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put_hex(&session->reply, "vcpu", 4);
}

/* The guest was there before the client: gdb detaches from it when it quits. */
static void answer_attached(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put(&session->reply, "1");
}

static void answer_symbol(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put_result(session, MOTE_GDB_OK);
}

static void answer_offsets(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put(&session->reply, "TextSeg=");
	mote_gdb_put_number(&session->reply, session->guest->text_address);
}

/* "THREAD,OFFSET,MODULE": there is one module. */
static void answer_thread_address(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint64_t offset, module;

	if (session->guest->thread_address == 0 || !mote_gdb_take_thread(packet) ||
	    !mote_gdb_take(packet, ",") || !mote_gdb_take_pair(packet, ",", &offset, &module))
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
	else
		mote_gdb_put_number(&session->reply, session->guest->thread_address + offset);
}

/* ---- Objects ----------------------------------------------------------------------------- */

/* The part "OFFSET,LENGTH" of an object. */
static void put_part(struct mote_gdb_session *session, struct mote_gdb_text *packet,
		     const void *object, size_t bytes)
{
	uint64_t offset, length;
	size_t part;

	if (!mote_gdb_take_pair(packet, ",", &offset, &length) || mote_gdb_left(packet) > 0) {
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
		return;
	}
	if (offset >= bytes) {
		mote_gdb_put(&session->reply, "l");
		return;
	}
	object = (const uint8_t *)object + offset;
	bytes -= (size_t)offset;
	part = mote_gdb_binary_fits(object, length < bytes ? (size_t)length : bytes, 1);
	mote_gdb_put(&session->reply, part == bytes ? "l" : "m");
	mote_gdb_put_binary(&session->reply, object, part);
}

static void answer_features(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	put_part(session, packet, session->xml, session->xml_bytes);
}

static void answer_auxv(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	put_part(session, packet, session->guest->auxv, session->guest->auxv_bytes);
}

/* The process behind the colon is the one that there is. */
static void answer_exec_file(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	const char *name = session->guest->file_name;
	uint64_t process;

	if (name == NULL)
		return;
	mote_gdb_take_number(packet, &process);
	if (mote_gdb_take(packet, ":"))
		put_part(session, packet, name, strlen(name));
	else
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
}

/* Linux numbers two of gdb's signals in another way. */
static uint32_t linux_signal(enum mote_gdb_signal signal)
{
	return signal == MOTE_GDB_SIGBUS ? 7 : (uint32_t)signal;
}

/* As Linux lays it out: si_signo, si_errno, si_code, si_addr. */
static void answer_siginfo(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint8_t information[128] = {0};

	mote_put32(information, linux_signal(session->last_stop.signal));
	mote_put32(information + 8, (uint32_t)session->last_stop.code);
	mote_put64(information + 16, session->last_stop.fault_address);
	put_part(session, packet, information, sizeof(information));
}

/* ---- Commands ---------------------------------------------------------------------------- */

enum { COMMAND_BYTES = 256 };

static void answer_monitor(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	char command[COMMAND_BYTES];
	const size_t length = mote_gdb_left(packet) / 2, capacity = MOTE_GDB_PACKET_BYTES / 2;
	size_t written;

	if (mote_gdb_left(packet) % 2 != 0 || length >= sizeof(command) ||
	    !mote_gdb_take_hex(packet, command, length)) {
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
		return;
	}
	command[length] = '\0';
	written = session->target->monitor(session->user, command, (char *)session->data, capacity);
	if (written == 0) /* an empty answer would mean that no command is known */
		mote_gdb_put_result(session, MOTE_GDB_OK);
	else
		mote_gdb_put_hex(&session->reply, session->data,
				 written < capacity ? written : capacity - 1);
}

/* ---- Packets ----------------------------------------------------------------------------- */

void mote_gdb_query(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	static const struct mote_gdb_command commands[] = {
		{"Supported", answer_supported},
		{"Attached", answer_attached},
		{"fThreadInfo", answer_threads},
		{"sThreadInfo", answer_no_more_threads},
		{"ThreadExtraInfo,", answer_thread_text},
		{"Offsets", answer_offsets},
		{"Symbol:", answer_symbol},
		{"GetTLSAddr:", answer_thread_address},
		{"Xfer:features:read:target.xml:", answer_features},
		{"Xfer:auxv:read::", answer_auxv},
		{"Xfer:exec-file:read:", answer_exec_file},
		{"Xfer:siginfo:read::", answer_siginfo},
		{"Rcmd,", answer_monitor},
	};

	if (mote_gdb_left(packet) == 1 && mote_gdb_take(packet, "C"))
		answer_current(session, packet);
	else
		mote_gdb_dispatch(session, packet, commands,
				  sizeof(commands) / sizeof(commands[0]));
}

/* The acknowledgment of this packet itself has been sent. */
void mote_gdb_set(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	if (!mote_gdb_take(packet, "StartNoAckMode"))
		return;
	session->no_ack = true;
	mote_gdb_put_result(session, MOTE_GDB_OK);
}
