/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's session: whether the guest runs or is stopped, and the packets that change that.
 * GDB manual, E.2 (packets) and E.3 (stop reply packets).
 */
#include "session.h"

#include <string.h>

#include "session_internal.h"

void mote_gdb_session_begin(struct mote_gdb_session *session, const struct mote_gdb_target *target,
			    void *user, const struct mote_gdb_guest *guest)
{
	memset(session, 0, offsetof(struct mote_gdb_session, decoder));
	session->target = target;
	session->user = user;
	session->guest = guest;
	session->decoder.expects = MOTE_GDB_EXPECTS_BEGIN;
	session->reply.length = 0;
	session->xml_bytes =
		mote_gdb_print_description(guest->registers, session->xml, sizeof(session->xml));
	target->attach(user);
}

/* ---- Bytes ------------------------------------------------------------------------------- */

/* Any byte that is no acknowledgment asks for a break-in: a client that sends a packet while the
 * guest runs waits for its answer. */
static void ask_to_break(struct mote_gdb_session *session)
{
	if (session->state != MOTE_GDB_RUNNING || session->asked_to_break)
		return;
	session->asked_to_break = true;
	session->target->break_in(session->user);
}

static void take_packet(struct mote_gdb_session *session, bool is_intact)
{
	session->has_packet = is_intact || session->no_ack;
	if (!session->no_ack)
		session->ack = is_intact ? '+' : '-';
}

/* Whether that is enough for now. */
static bool take_byte(struct mote_gdb_session *session, uint8_t byte)
{
	const enum mote_gdb_received received = mote_gdb_decode(&session->decoder, byte);

	switch (received) {
	case MOTE_GDB_PACKET:
	case MOTE_GDB_DAMAGED:
		take_packet(session, received == MOTE_GDB_PACKET);
		return true;
	case MOTE_GDB_RESEND:
		/* What was sent last is still there, unless nothing was. */
		session->has_reply = !session->no_ack && session->reply.length > 0;
		return session->has_reply;
	case MOTE_GDB_INTERRUPT:
		ask_to_break(session);
		return false;
	default:
		if (session->decoder.expects != MOTE_GDB_EXPECTS_BEGIN)
			ask_to_break(session);
		return false;
	}
}

size_t mote_gdb_session_receive(struct mote_gdb_session *session, const uint8_t *bytes,
				size_t length)
{
	size_t taken = 0;

	if (session->has_packet || session->state == MOTE_GDB_OVER)
		return 0;
	while (taken < length)
		if (take_byte(session, bytes[taken++]))
			break;
	return taken;
}

size_t mote_gdb_session_send(struct mote_gdb_session *session, const char **bytes)
{
	const bool has_reply = session->has_reply;

	session->has_reply = false;
	/* The acknowledgment is sent before there is an answer to wait for. */
	if (session->ack != '\0') {
		session->reply.ack = session->ack;
		session->ack = '\0';
		*bytes = &session->reply.ack;
		return 1 + (has_reply ? session->reply.length : 0);
	}
	*bytes = session->reply.frame;
	return has_reply ? session->reply.length : 0;
}

/* ---- Threads ----------------------------------------------------------------------------- */

/* There is one thread, 1, of one process, 1; 0 is any, and -1 all. */
static bool take_id(struct mote_gdb_text *packet, bool *is_ours)
{
	uint64_t id;

	if (mote_gdb_take(packet, "-1")) {
		*is_ours = true;
		return true;
	}
	if (!mote_gdb_take_number(packet, &id))
		return false;
	*is_ours = id <= 1;
	return true;
}

bool mote_gdb_take_thread(struct mote_gdb_text *packet)
{
	bool process = true, thread = true;

	if (mote_gdb_take(packet, "p")) {
		if (!take_id(packet, &process))
			return false;
		if (!mote_gdb_take(packet, "."))
			return process;
	}
	return take_id(packet, &thread) && process && thread;
}

void mote_gdb_put_thread(struct mote_gdb_session *session)
{
	mote_gdb_put(&session->reply, session->multiprocess ? "p1.1" : "1");
}

/* ---- Stops ------------------------------------------------------------------------------- */

static void put_byte(struct mote_gdb_session *session, unsigned byte)
{
	const uint8_t value = (uint8_t)byte;

	mote_gdb_put_hex(&session->reply, &value, 1);
}

static void put_register(struct mote_gdb_session *session, unsigned number, uint64_t value)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	put_byte(session, number);
	mote_gdb_put(&session->reply, ":");
	mote_gdb_put_hex(&session->reply, bytes, sizeof(bytes));
	mote_gdb_put(&session->reply, ";");
}

static void put_end(struct mote_gdb_session *session, const char *letter, unsigned code)
{
	mote_gdb_put(&session->reply, letter);
	put_byte(session, code);
	if (session->multiprocess)
		mote_gdb_put(&session->reply, ";process:1");
	session->state = MOTE_GDB_OVER;
}

static void put_reason(struct mote_gdb_session *session, const struct mote_gdb_stop *stop)
{
	static const char *const watches[] = {
		[MOTE_GDB_WATCH_WRITE] = "watch:",
		[MOTE_GDB_WATCH_READ] = "rwatch:",
		[MOTE_GDB_WATCH_ACCESS] = "awatch:",
	};

	if (stop->kind == MOTE_GDB_STOP_BREAKPOINT && session->swbreak) {
		mote_gdb_put(&session->reply, "swbreak:;");
	} else if (stop->kind == MOTE_GDB_STOP_WATCH) {
		mote_gdb_put(&session->reply, watches[stop->watch]);
		mote_gdb_put_number(&session->reply, stop->watch_address);
		mote_gdb_put(&session->reply, ";");
	}
}

static void put_stop(struct mote_gdb_session *session)
{
	const struct mote_gdb_stop *stop = &session->last_stop;
	const struct mote_gdb_description *registers = session->guest->registers;

	if (stop->kind == MOTE_GDB_STOP_EXITED) {
		put_end(session, "W", 0);
		return;
	}
	if (stop->kind == MOTE_GDB_STOP_TERMINATED) {
		put_end(session, "X", stop->signal);
		return;
	}
	mote_gdb_put(&session->reply, "T");
	put_byte(session, stop->signal);
	put_register(session, registers->pc, stop->pc);
	put_register(session, registers->sp, stop->sp);
	mote_gdb_put(&session->reply, "thread:");
	mote_gdb_put_thread(session);
	mote_gdb_put(&session->reply, ";");
	put_reason(session, stop);
}

static void send_stop(struct mote_gdb_session *session)
{
	mote_gdb_begin(&session->reply);
	put_stop(session);
	mote_gdb_end(&session->reply);
	session->has_reply = true;
	session->owes_stop = false;
}

/* A guest that ends while the client is not waiting for that: the client learns it when it asks for
 * more, because there is nothing else that it would listen to. */
void mote_gdb_session_look(struct mote_gdb_session *session)
{
	struct mote_gdb_stop stop;

	if (session->state == MOTE_GDB_OVER || session->has_ended ||
	    !session->target->take_stop(session->user, &stop))
		return;
	session->last_stop = stop;
	session->has_ended =
		stop.kind == MOTE_GDB_STOP_EXITED || stop.kind == MOTE_GDB_STOP_TERMINATED;
	session->state = MOTE_GDB_STOPPED;
	if (session->owes_stop)
		send_stop(session);
}

/* ---- Resuming ---------------------------------------------------------------------------- */

/* The answer is the next stop. */
static void resume(struct mote_gdb_session *session, const struct mote_gdb_resume *resume)
{
	if (session->has_ended) {
		put_stop(session);
		return;
	}
	session->owes_stop = true;
	session->state = MOTE_GDB_RUNNING;
	session->asked_to_break = false;
	session->has_reply = false;
	session->target->resume(session->user, resume);
}

/* "c", "s", "C05" and "S05" with an address behind them, which is gdb's old way to set the program
 * counter, and refused. */
static void resume_simply(struct mote_gdb_session *session, struct mote_gdb_text *packet,
			  enum mote_gdb_resume_kind kind, bool has_signal)
{
	struct mote_gdb_resume how = {.kind = kind};
	uint8_t signal = 0;

	if ((has_signal && !mote_gdb_take_hex(packet, &signal, 1)) || mote_gdb_left(packet) > 0) {
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
		return;
	}
	how.signal = (enum mote_gdb_signal)signal;
	resume(session, &how);
}

static void answer_continue(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	resume_simply(session, packet, MOTE_GDB_CONTINUE, false);
}

static void answer_continue_signal(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	resume_simply(session, packet, MOTE_GDB_CONTINUE, true);
}

static void answer_step(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	resume_simply(session, packet, MOTE_GDB_STEP, false);
}

static void answer_step_signal(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	resume_simply(session, packet, MOTE_GDB_STEP, true);
}

/* One action of vCont, without its thread. */
static bool take_action(struct mote_gdb_text *packet, struct mote_gdb_resume *how)
{
	uint8_t signal = 0;

	*how = (struct mote_gdb_resume){.kind = MOTE_GDB_CONTINUE};
	if (mote_gdb_take(packet, "c"))
		return true;
	if (mote_gdb_take(packet, "r")) {
		how->kind = MOTE_GDB_STEP_RANGE;
		return mote_gdb_take_pair(packet, ",", &how->begin, &how->end);
	}
	if (mote_gdb_take(packet, "s")) {
		how->kind = MOTE_GDB_STEP;
		return true;
	}
	if (mote_gdb_take(packet, "S"))
		how->kind = MOTE_GDB_STEP;
	else if (!mote_gdb_take(packet, "C"))
		return false;
	if (!mote_gdb_take_hex(packet, &signal, 1))
		return false;
	how->signal = (enum mote_gdb_signal)signal;
	return true;
}

/* The leftmost action that covers the thread is the one that counts. */
static void answer_vcont(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	struct mote_gdb_resume how, chosen;
	bool is_chosen = false, is_right;

	do {
		bool covers = true;

		is_right = take_action(packet, &how);
		if (is_right && mote_gdb_take(packet, ":"))
			covers = mote_gdb_take_thread(packet);
		if (is_right && covers && !is_chosen) {
			is_chosen = true;
			chosen = how;
		}
	} while (is_right && mote_gdb_take(packet, ";"));
	if (is_right && is_chosen && mote_gdb_left(packet) == 0)
		resume(session, &chosen);
	else
		mote_gdb_put_result(session, MOTE_GDB_REFUSED);
}

static void answer_vcont_query(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put(&session->reply, "vCont;c;C;s;S;r");
}

/* ---- Leaving ----------------------------------------------------------------------------- */

static void answer_detach(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	mote_gdb_put_result(session, MOTE_GDB_OK);
	session->state = MOTE_GDB_OVER;
}

/* gdb waits for no answer to "k"; lldb does. */
static void answer_k(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	session->target->kill(session->user);
	put_end(session, "X", MOTE_GDB_SIGKILL);
}

static void answer_vkill(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	session->target->kill(session->user);
	answer_detach(session, packet);
}

/* ---- Packets ----------------------------------------------------------------------------- */

static void answer_reason(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	put_stop(session);
}

/* "Hg" and "Hc" select a thread, "T" asks whether it lives. */
static void answer_thread(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	mote_gdb_put_result(session, mote_gdb_take_thread(packet) && mote_gdb_left(packet) == 0
					     ? MOTE_GDB_OK
					     : MOTE_GDB_REFUSED);
}

bool mote_gdb_dispatch(struct mote_gdb_session *session, struct mote_gdb_text *packet,
		       const struct mote_gdb_command *commands, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mote_gdb_take(packet, commands[i].prefix)) {
			commands[i].answer(session, packet);
			return true;
		}
	return false;
}

void mote_gdb_put_result(struct mote_gdb_session *session, enum mote_gdb_result result)
{
	const char text[] = {'E', (char)('0' + result / 10), (char)('0' + result % 10), '\0'};

	mote_gdb_put(&session->reply, result == MOTE_GDB_OK ? "OK" : text);
}

bool mote_gdb_take_pair(struct mote_gdb_text *packet, const char *between, uint64_t *first,
			uint64_t *second)
{
	return mote_gdb_take_number(packet, first) && mote_gdb_take(packet, between) &&
	       mote_gdb_take_number(packet, second);
}

/* What is not here gets an empty answer, which says that it is not known. */
void mote_gdb_session_answer(struct mote_gdb_session *session)
{
	static const struct mote_gdb_command commands[] = {
		{"?", answer_reason},
		{"g", mote_gdb_read_registers},
		{"G", mote_gdb_write_registers},
		{"p", mote_gdb_read_register},
		{"P", mote_gdb_write_register},
		{"m", mote_gdb_read_memory},
		{"M", mote_gdb_write_memory},
		{"x", mote_gdb_read_binary},
		{"X", mote_gdb_write_binary},
		{"Z", mote_gdb_insert},
		{"z", mote_gdb_remove},
		{"vCont?", answer_vcont_query},
		{"vCont;", answer_vcont},
		{"vFile:", mote_gdb_file},
		{"vKill;", answer_vkill},
		{"c", answer_continue},
		{"C", answer_continue_signal},
		{"s", answer_step},
		{"S", answer_step_signal},
		{"D", answer_detach},
		{"k", answer_k},
		{"Hg", answer_thread},
		{"Hc", answer_thread},
		{"T", answer_thread},
		{"q", mote_gdb_query},
		{"Q", mote_gdb_set},
	};
	const char *content = session->decoder.content;
	struct mote_gdb_text packet = {content, content + session->decoder.length};

	session->has_packet = false;
	session->has_reply = true;
	mote_gdb_begin(&session->reply);
	mote_gdb_dispatch(session, &packet, commands, sizeof(commands) / sizeof(commands[0]));
	mote_gdb_end(&session->reply);
	if (!session->has_reply)
		session->reply.length = 0;
}
