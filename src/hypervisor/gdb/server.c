/* SPDX-License-Identifier: Apache-2.0
 *
 * The debugger's server: listens, and moves bytes between one client and its session.  It waits for
 * bytes and rings, and never asks in a loop.
 */
#include "server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "error_internal.h"
#include "os/os.h"
#include "session.h"
#include "text/text.h"

enum { INPUT_BYTES = 4096 };

static const uint64_t MOMENT_NS = 100000000; /* between two tries of what failed */

struct mote_gdb_server {
	const mote_allocator *allocator;
	const struct mote_gdb_target *target;
	void *user;
	const struct mote_gdb_guest *guest;

	_Atomic bool is_closing;
	struct mote_os_wake wake;
	struct mote_os_thread *thread;

	bool has_listener, has_client;
	struct mote_os_listener listener;
	struct mote_os_stream client;
	char address[sizeof(((struct mote_os_listener *)NULL)->address)];

	uint8_t input[INPUT_BYTES]; /* what was received and not taken yet: used to length */
	size_t used, length;
	struct mote_gdb_session session;
};

/* ---- The client -------------------------------------------------------------------------- */

static void welcome(struct mote_gdb_server *server)
{
	server->has_client = true;
	server->used = server->length = 0;
	mote_gdb_session_begin(&server->session, server->target, server->user, server->guest);
}

static void send_away(struct mote_gdb_server *server)
{
	server->has_client = false;
	server->target->detach(server->user);
	mote_os_stream_close(&server->client);
}

/* A ring while a slow client takes its bytes is no reason to stop sending, unless the server
 * closes. */
static bool may_go_on(struct mote_gdb_server *server)
{
	unsigned ready = 0;

	return mote_os_wait(&server->wake, NULL, NULL, 0, &ready, NULL) == MOTE_OK &&
	       (ready & MOTE_OS_READY_WAKE) && !atomic_load(&server->is_closing);
}

/* False: the client has vanished. */
static bool send_output(struct mote_gdb_server *server)
{
	const char *bytes;
	size_t left = mote_gdb_session_send(&server->session, &bytes);
	bool has_rung = false;

	/* The ring may have been taken already: nobody waits for a client any more. */
	if (atomic_load(&server->is_closing))
		mote_os_wake_ring(&server->wake);
	while (left > 0) {
		const size_t sent =
			mote_os_stream_write(&server->client, &server->wake, bytes, left);

		bytes += sent;
		left -= sent;
		if (left > 0 && !may_go_on(server))
			return false;
		has_rung = has_rung || left > 0;
	}
	if (has_rung)
		mote_os_wake_ring(&server->wake); /* what it was for is looked at later */
	return true;
}

static void answer(void *argument)
{
	mote_gdb_session_answer(argument);
}

/* Takes input and answers it; false: the client is to go. */
static bool advance(struct mote_gdb_server *server)
{
	struct mote_gdb_session *session = &server->session;
	size_t taken;

	do {
		mote_gdb_session_look(session);
		taken = mote_gdb_session_receive(session, server->input + server->used,
						 server->length - server->used);
		server->used += taken;
		if (!send_output(server))
			return false;
		if (mote_gdb_session_can_answer(session)) {
			server->target->perform(server->user, answer, session);
			taken = 1; /* there may be more to do */
		}
	} while (taken > 0);
	return session->state != MOTE_GDB_OVER;
}

/* False: the client is to go, or has gone, maybe in the middle of a packet. */
static bool serve_client(struct mote_gdb_server *server, bool has_input)
{
	if (has_input) {
		server->used = 0;
		server->length = mote_os_stream_read(&server->client, server->input, INPUT_BYTES);
		if (server->length == 0)
			return false;
	}
	return advance(server);
}

/* ---- Listening --------------------------------------------------------------------------- */

/* A client that cannot be accepted stays in the queue: no reason to ask all the time. */
static void accept_client(struct mote_gdb_server *server)
{
	struct mote_os_stream stream;
	bool accepted = false;

	if (mote_os_listener_accept(&server->listener, &accepted, &stream, NULL) != MOTE_OK) {
		mote_os_pause(MOMENT_NS);
	} else if (accepted && server->has_client) {
		mote_os_stream_close(&stream); /* one at a time */
	} else if (accepted) {
		server->client = stream;
		welcome(server);
	}
}

/* What was received is taken before more is read: a packet waits while the guest runs.  Until then
 * nobody knows whether the client has gone, and a new one waits too. */
static bool wait_for_something(struct mote_gdb_server *server, unsigned *ready)
{
	const bool reads = server->has_client && server->used == server->length;
	const bool accepts = server->has_listener && (reads || !server->has_client);

	return mote_os_wait(&server->wake, accepts ? &server->listener : NULL,
			    reads ? &server->client : NULL, MOTE_OS_FOREVER, ready,
			    NULL) == MOTE_OK;
}

/* The thread.  A client that has gone makes room for the next one at once: its last bytes come
 * before its end, and both before the next one. */
static void serve(void *user)
{
	struct mote_gdb_server *server = user;
	unsigned ready = 0;

	if (server->has_client)
		welcome(server);
	while (!atomic_load(&server->is_closing) && (server->has_client || server->has_listener)) {
		if (!wait_for_something(server, &ready)) {
			mote_os_pause(MOMENT_NS);
			continue;
		}
		if (server->has_client && !serve_client(server, ready & MOTE_OS_READY_STREAM))
			send_away(server);
		if ((ready & MOTE_OS_READY_LISTENER) && !(ready & MOTE_OS_READY_STREAM))
			accept_client(server);
	}
	if (server->has_client) {
		mote_gdb_session_look(&server->session);
		(void)send_output(server);
		send_away(server);
	}
}

/* ---- Opening and closing ----------------------------------------------------------------- */

/* "fd:IN,OUT" */
static bool parse_descriptors(const char *address, long *in, long *out)
{
	static const char prefix[] = "fd:";
	char *end;

	if (strncmp(address, prefix, sizeof(prefix) - 1) != 0)
		return false;
	*in = strtol(address + sizeof(prefix) - 1, &end, 10);
	if (*end != ',' || end == address + sizeof(prefix) - 1)
		return false;
	address = end + 1;
	*out = strtol(address, &end, 10);
	return *end == '\0' && end != address;
}

static mote_status open_transport(struct mote_gdb_server *server,
				  const struct mote_gdb_server_options *options, mote_error *error)
{
	long in, out;
	mote_status status;

	if (parse_descriptors(options->address, &in, &out)) {
		status = mote_os_stream_adopt(in, out, &server->client, error);
		server->has_client = status == MOTE_OK;
		mote_text_copy(server->address, sizeof(server->address), options->address,
			       strlen(options->address));
		return status;
	}
	status = mote_os_listener_open(options->address, options->allow_remote, &server->listener,
				       error);
	server->has_listener = status == MOTE_OK;
	if (status == MOTE_OK)
		memcpy(server->address, server->listener.address, sizeof(server->address));
	return status;
}

static void close_transport(struct mote_gdb_server *server)
{
	if (server->has_client)
		mote_os_stream_close(&server->client);
	if (server->has_listener)
		mote_os_listener_close(&server->listener);
	mote_os_wake_destroy(&server->wake);
}

static mote_status start(struct mote_gdb_server *server,
			 const struct mote_gdb_server_options *options, mote_error *error)
{
	mote_status status = mote_os_wake_create(&server->wake, error);

	if (status != MOTE_OK)
		return status;
	status = open_transport(server, options, error);
	if (status == MOTE_OK)
		status = mote_os_thread_start(server->allocator, "mote-debugger", serve, server,
					      &server->thread, error);
	if (status != MOTE_OK)
		close_transport(server);
	return status;
}

mote_status mote_gdb_server_open(const mote_allocator *allocator,
				 const struct mote_gdb_server_options *options,
				 const struct mote_gdb_target *target, void *user,
				 const struct mote_gdb_guest *guest,
				 struct mote_gdb_server **server, mote_error *error)
{
	struct mote_gdb_server *opened = mote_allocate(allocator, sizeof(*opened));
	mote_status status;

	if (opened == NULL)
		return mote_fail_memory(error, "debugger's server");
	opened->allocator = allocator;
	opened->target = target;
	opened->user = user;
	opened->guest = guest;
	status = start(opened, options, error);
	if (status == MOTE_OK)
		*server = opened;
	else
		mote_release(allocator, opened);
	return status;
}

const char *mote_gdb_server_address(const struct mote_gdb_server *server)
{
	return server->address;
}

void mote_gdb_server_ring(struct mote_gdb_server *server)
{
	mote_os_wake_ring(&server->wake);
}

void mote_gdb_server_close(struct mote_gdb_server *server)
{
	if (server == NULL)
		return;
	atomic_store(&server->is_closing, true);
	mote_gdb_server_ring(server);
	mote_os_thread_join(server->thread);
	close_transport(server);
	mote_release(server->allocator, server);
}

void mote_gdb_server_forget(struct mote_gdb_server *server)
{
	if (server == NULL)
		return;
	mote_os_thread_forget(server->thread);
	if (server->has_listener) {
		mote_os_listener_forget(&server->listener);
		server->has_listener = false;
	}
	close_transport(server);
	mote_release(server->allocator, server);
}
