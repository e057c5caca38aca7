/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of the debugger on Windows: connections, and any two pipes or files; and waiting for
 * them.  A stream whose two handles are the same is a socket.  One that is waited for sets the
 * wake's second event when something may have changed, and WSAPoll then says what is true.
 * Sources: WSAEventSelect, WSAPoll.
 */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>

#include <stdio.h>

#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_socket.h"
#include "os/os_thread.h"
#include "os/os_windows.h"
#include "os/os_windows_handles.h"

/* ---- Streams ----------------------------------------------------------------------------- */

static bool is_socket(const struct mote_os_stream *stream)
{
	return stream->in == stream->out;
}

/* 0, 1 and 2, which no handle is, are the standard ones. */
static HANDLE find_handle(intptr_t number)
{
	static const DWORD standard[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

	return number >= 0 && number <= 2 ? GetStdHandle(standard[number]) : (HANDLE)number;
}

/* Negative numbers stand for the process and its threads. */
static bool duplicate(intptr_t number, HANDLE *own)
{
	const HANDLE self = GetCurrentProcess(), handle = find_handle(number);

	if ((intptr_t)handle <= 0) {
		SetLastError(ERROR_INVALID_HANDLE);
		return false;
	}
	return DuplicateHandle(self, handle, self, own, 0, FALSE, DUPLICATE_SAME_ACCESS);
}

mote_status mote_os_stream_adopt(intptr_t in, intptr_t out, struct mote_os_stream *stream,
				 mote_error *error)
{
	HANDLE own_in = NULL, own_out = NULL;
	mote_status status;
	char what[64];

	if (duplicate(in, &own_in) && duplicate(out, &own_out)) {
		*stream = (struct mote_os_stream){(intptr_t)own_in, (intptr_t)own_out};
		return MOTE_OK;
	}
	snprintf(what, sizeof(what), "handle %lld", (long long)(own_in == NULL ? in : out));
	status = mote_windows_fail(error, "duplicate of", what);
	if (own_in != NULL)
		CloseHandle(own_in);
	return status;
}

void mote_os_stream_close(struct mote_os_stream *stream)
{
	if (is_socket(stream)) {
		closesocket((SOCKET)stream->in);
		(void)WSACleanup();
		return;
	}
	CloseHandle((HANDLE)stream->in);
	CloseHandle((HANDLE)stream->out);
}

/* ---- Waiting ----------------------------------------------------------------------------- */

/* What one wait looks at; NULL: not at that. */
struct waiting {
	const struct mote_os_wake *wake;
	const struct mote_os_listener *listener;
	const struct mote_os_stream *stream;
};

/* Whether a poll says anything of the socket, errors too. */
static bool is_ready(SOCKET socket, short event)
{
	WSAPOLLFD one = {.fd = socket, .events = event};

	return WSAPoll(&one, 1, 0) != 0;
}

static bool is_stream_ready(const struct mote_os_stream *stream)
{
	return is_socket(stream) ? is_ready((SOCKET)stream->in, POLLRDNORM)
				 : mote_os_handle_is_ready(stream->in, MOTE_OS_INPUT);
}

static unsigned look(const struct waiting *waiting)
{
	unsigned ready = 0;

	if (WaitForSingleObject((HANDLE)waiting->wake->in, 0) == WAIT_OBJECT_0)
		ready |= MOTE_OS_READY_WAKE;
	if (waiting->listener != NULL && is_ready((SOCKET)waiting->listener->handle, POLLRDNORM))
		ready |= MOTE_OS_READY_LISTENER;
	if (waiting->stream != NULL && is_stream_ready(waiting->stream))
		ready |= MOTE_OS_READY_STREAM;
	return ready;
}

/* Before the first look, so that nothing between a look and a wait is lost.  events 0: no more. */
static void attach(const struct waiting *waiting, bool is_attached)
{
	const HANDLE event = is_attached ? (HANDLE)waiting->wake->out : NULL;

	if (waiting->listener != NULL)
		(void)WSAEventSelect((SOCKET)waiting->listener->handle, event,
				     is_attached ? FD_ACCEPT : 0);
	if (waiting->stream != NULL && is_socket(waiting->stream))
		(void)WSAEventSelect((SOCKET)waiting->stream->in, event,
				     is_attached ? FD_READ | FD_CLOSE : 0);
}

/* In ms, rounded up: a wait that is too short would be repeated. */
static DWORD timeout_of(uint64_t until_ns)
{
	const uint64_t now = mote_os_monotonic_ns();
	uint64_t ms;

	if (until_ns == MOTE_OS_FOREVER)
		return INFINITE;
	if (until_ns <= now)
		return 0;
	ms = (until_ns - now - 1) / 1000000 + 1;
	return ms < INFINITE ? (DWORD)ms : INFINITE - 1;
}

/* *look_ms: the time to the next look at a pipe, which sets no event. */
static bool sleep_once(const struct waiting *waiting, DWORD timeout, uint32_t *look_ms)
{
	const HANDLE events[] = {(HANDLE)waiting->wake->in, (HANDLE)waiting->wake->out};

	if (waiting->stream != NULL && !is_socket(waiting->stream)) {
		*look_ms = mote_windows_next_look(*look_ms);
		timeout = *look_ms < timeout ? *look_ms : timeout;
	}
	return WaitForMultipleObjects(2, events, FALSE, timeout) != WAIT_FAILED;
}

mote_status mote_os_wait(const struct mote_os_wake *wake, const struct mote_os_listener *listener,
			 const struct mote_os_stream *stream, uint64_t until_ns, unsigned *ready,
			 mote_error *error)
{
	const struct waiting waiting = {wake, listener, stream};
	mote_status status = MOTE_OK;
	uint32_t look_ms = 0;
	unsigned found;
	DWORD timeout;

	attach(&waiting, true);
	do {
		timeout = timeout_of(until_ns);
		found = look(&waiting);
		if (found == 0 && timeout > 0 && !sleep_once(&waiting, timeout, &look_ms))
			status = mote_windows_fail(error, "waiting for", "a debugger");
	} while (status == MOTE_OK && found == 0 && timeout > 0);
	attach(&waiting, false);
	if (status != MOTE_OK)
		return status;
	if (found & MOTE_OS_READY_WAKE)
		mote_os_wake_take(wake);
	*ready = found;
	return MOTE_OK;
}

/* ---- Reading and writing ----------------------------------------------------------------- */

static size_t read_socket(SOCKET socket, void *to, size_t bytes)
{
	WSAPOLLFD one = {.fd = socket, .events = POLLRDNORM};
	const int most = bytes < INT32_MAX ? (int)bytes : INT32_MAX;
	int got;

	do
		got = recv(socket, to, most, 0);
	while (got < 0 && WSAGetLastError() == WSAEWOULDBLOCK && WSAPoll(&one, 1, -1) > 0);
	return got > 0 ? (size_t)got : 0;
}

/* Whatever fails: there is no more to come. */
size_t mote_os_stream_read(const struct mote_os_stream *stream, void *to, size_t bytes)
{
	bool again = true;
	size_t got = 0;

	if (is_socket(stream))
		return read_socket((SOCKET)stream->in, to, bytes);
	while (again && mote_os_handle_read(stream->in, to, bytes, &got, &again, NULL) == MOTE_OK &&
	       again)
		mote_os_pause(1000000);
	return got;
}

/* False: there is none, and wake has rung; or nobody can wait. */
static bool wait_for_room(const struct mote_os_stream *stream, const struct mote_os_wake *wake)
{
	const HANDLE events[] = {(HANDLE)wake->in, (HANDLE)wake->out};
	DWORD came;

	if (!is_socket(stream))
		return WaitForSingleObject(events[0], mote_windows_next_look(0)) == WAIT_TIMEOUT;
	(void)WSAEventSelect((SOCKET)stream->out, events[1], FD_WRITE | FD_CLOSE);
	came = is_ready((SOCKET)stream->out, POLLWRNORM)
		       ? WAIT_OBJECT_0 + 1
		       : WaitForMultipleObjects(2, events, FALSE, INFINITE);
	(void)WSAEventSelect((SOCKET)stream->out, NULL, 0);
	return came == WAIT_OBJECT_0 + 1;
}

/* False: the peer has vanished. */
static bool write_some(const struct mote_os_stream *stream, const char *from, size_t bytes,
		       size_t *put)
{
	bool again;
	int sent;

	if (!is_socket(stream))
		return mote_os_handle_write(stream->out, from, bytes, put, &again, NULL) == MOTE_OK;
	sent = send((SOCKET)stream->out, from, bytes < INT32_MAX ? (int)bytes : INT32_MAX, 0);
	*put = sent > 0 ? (size_t)sent : 0;
	return sent >= 0 || WSAGetLastError() == WSAEWOULDBLOCK;
}

size_t mote_os_stream_write(const struct mote_os_stream *stream, const struct mote_os_wake *wake,
			    const void *data, size_t bytes)
{
	const char *from = data;
	size_t sent = 0, put = 0;

	while (sent < bytes && write_some(stream, from + sent, bytes - sent, &put)) {
		sent += put;
		if (put == 0 && !wait_for_room(stream, wake))
			break;
	}
	return sent;
}
