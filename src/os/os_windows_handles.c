/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, pipes and consoles of the application on Windows, and waking a thread that waits for them.
 *
 * The system does not wait for a pipe: a thread that does looks at it again and again, ever more
 * rarely, and sleeps on its wake in between.  No other thread may be within a read of the same one.
 * Files must not be open for overlapped use.  A read of a console is as the system does it: what
 * has begun ends with the line.
 * Sources: PeekNamedPipe, SetNamedPipeHandleState, "Anonymous Pipe Operations".
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "os/os_error.h"
#include "os/os_handle.h"
#include "os/os_windows.h"
#include "os/os_windows_handles.h"

/* ---- Waking ------------------------------------------------------------------------------ */

/* in: what is rung, until somebody takes it.  out: set when a socket is ready; see
 * os_windows_sockets.c. */
mote_status mote_os_wake_create(struct mote_os_wake *wake, mote_error *error)
{
	const HANDLE in = CreateEventW(NULL, TRUE, FALSE, NULL);
	const HANDLE out = in != NULL ? CreateEventW(NULL, FALSE, FALSE, NULL) : NULL;

	if (out == NULL) {
		mote_status status = mote_windows_fail(error, "CreateEvent for", "a wake");

		if (in != NULL)
			CloseHandle(in);
		return status;
	}
	*wake = (struct mote_os_wake){(intptr_t)in, (intptr_t)out};
	return MOTE_OK;
}

void mote_os_wake_ring(const struct mote_os_wake *wake)
{
	(void)SetEvent((HANDLE)wake->in);
}

void mote_os_wake_take(const struct mote_os_wake *wake)
{
	(void)ResetEvent((HANDLE)wake->in);
}

void mote_os_wake_destroy(struct mote_os_wake *wake)
{
	CloseHandle((HANDLE)wake->in);
	CloseHandle((HANDLE)wake->out);
}

/* ---- Being ready ------------------------------------------------------------------------- */

static bool is_pipe(intptr_t handle)
{
	return GetFileType((HANDLE)handle) == FILE_TYPE_PIPE;
}

bool mote_os_handle_is_terminal(intptr_t handle)
{
	DWORD mode;

	return GetConsoleMode((HANDLE)handle, &mode);
}

/* What cannot be looked at has come to its end, or is an error that the read tells. */
static bool has_input(intptr_t handle)
{
	DWORD bytes = 0;

	return !PeekNamedPipe((HANDLE)handle, NULL, 0, NULL, &bytes, NULL) || bytes > 0;
}

/* Whether a pipe has room, only a write tells. */
bool mote_os_handle_is_ready(intptr_t handle, enum mote_os_direction direction)
{
	return direction == MOTE_OS_OUTPUT || !is_pipe(handle) || has_input(handle);
}

/* ---- Waiting ----------------------------------------------------------------------------- */

enum { SHORTEST_LOOK = 1, LONGEST_LOOK = 16 }; /* ms */

uint32_t mote_windows_next_look(uint32_t ms)
{
	return ms == 0 ? SHORTEST_LOOK : ms < LONGEST_LOOK ? 2 * ms : LONGEST_LOOK;
}

/* The time between looks grows: input that is late may well be later. */
static DWORD wait_for_input(intptr_t handle, HANDLE ring)
{
	DWORD ms = 0, came = WAIT_TIMEOUT;

	while (came == WAIT_TIMEOUT && !has_input(handle)) {
		ms = mote_windows_next_look(ms);
		came = WaitForSingleObject(ring, ms);
	}
	return came;
}

/* For another try, as the write before had no room. */
static DWORD wait_for_room(HANDLE ring)
{
	return WaitForSingleObject(ring, SHORTEST_LOOK);
}

/* After a read that Ctrl-C has ended. */
static DWORD wait_for_key(intptr_t handle, HANDLE ring)
{
	const HANDLE both[] = {ring, (HANDLE)handle};
	const DWORD came = WaitForMultipleObjects(2, both, FALSE, INFINITE);

	return came == WAIT_OBJECT_0 + 1 ? WAIT_TIMEOUT : came;
}

mote_status mote_os_handle_wait(intptr_t handle, enum mote_os_direction direction,
				const struct mote_os_wake *wake, bool *ready, mote_error *error)
{
	const HANDLE ring = (HANDLE)wake->in;
	DWORD came = WAIT_TIMEOUT; /* it is ready */

	if (is_pipe(handle))
		came = direction == MOTE_OS_INPUT ? wait_for_input(handle, ring)
						  : wait_for_room(ring);
	else if (direction == MOTE_OS_INPUT && mote_os_handle_is_terminal(handle))
		came = wait_for_key(handle, ring);
	if (came == WAIT_FAILED)
		return mote_windows_fail(error, "waiting for", "a stream");
	if (came == WAIT_OBJECT_0)
		mote_os_wake_take(wake);
	*ready = came == WAIT_TIMEOUT;
	return MOTE_OK;
}

/* ---- Reading ----------------------------------------------------------------------------- */

static DWORD part_of(size_t length)
{
	const size_t most = 1u << 30;

	return (DWORD)(length < most ? length : most);
}

/* A pipe that is open for overlapped use does not wait by itself. */
static BOOL finish(HANDLE handle, BOOL is_done, OVERLAPPED *state, DWORD *count)
{
	if (is_done || GetLastError() != ERROR_IO_PENDING)
		return is_done;
	return GetOverlappedResult(handle, state, count, TRUE);
}

static BOOL read_pipe(HANDLE pipe, void *data, DWORD length, DWORD *count)
{
	OVERLAPPED state = {0};

	return finish(pipe, ReadFile(pipe, data, length, count, &state), &state, count);
}

/* A message that is longer than the rest of the buffer is read in parts. */
mote_status mote_os_handle_read(intptr_t handle, void *data, size_t length, size_t *got,
				bool *again, mote_error *error)
{
	DWORD count = 0, code = ERROR_SUCCESS;

	const BOOL is_read =
		is_pipe(handle) ? read_pipe((HANDLE)handle, data, part_of(length), &count)
				: ReadFile((HANDLE)handle, data, part_of(length), &count, NULL);

	if (!is_read)
		code = GetLastError();
	if (code == ERROR_BROKEN_PIPE || code == ERROR_HANDLE_EOF || code == ERROR_MORE_DATA)
		code = ERROR_SUCCESS;
	*got = count;
	*again = code == ERROR_NO_DATA || code == ERROR_OPERATION_ABORTED;
	if (code == ERROR_SUCCESS || *again)
		return MOTE_OK;
	return mote_os_fail(error, MOTE_DOMAIN_OS, (int)code, "read");
}

/* ---- Writing ----------------------------------------------------------------------------- */

/* What a pipe without a limit of its own takes at once, and a console at most. */
enum { PIPE_BYTES = 512, CONSOLE_BYTES = 8192 };

/* A pipe that does not wait takes all of a write or nothing, so it must be able to hold it. */
static DWORD pipe_part(HANDLE pipe, DWORD length)
{
	DWORD room = 0;

	if (!GetNamedPipeInfo(pipe, NULL, &room, NULL, NULL) || room == 0)
		room = PIPE_BYTES;
	return length < room ? length : room;
}

/* The mode is that of the pipe's end, whoever has it: it is set for this call only.  It cannot be
 * set for a pipe whose reader is gone, and a write to that tells so. */
static BOOL write_pipe(HANDLE pipe, const void *data, DWORD length, DWORD *count)
{
	OVERLAPPED state = {0};
	DWORD before = 0, quiet;
	BOOL is_set = FALSE, is_written;
	DWORD code;

	if (!GetNamedPipeHandleStateW(pipe, &before, NULL, NULL, NULL, NULL, 0))
		before = PIPE_READMODE_BYTE | PIPE_WAIT; /* the handle may write only */
	if (!(before & PIPE_NOWAIT)) {
		quiet = before | PIPE_NOWAIT;
		is_set = SetNamedPipeHandleState(pipe, &quiet, NULL, NULL);
	}
	is_written = finish(pipe, WriteFile(pipe, data, pipe_part(pipe, length), count, &state),
			    &state, count);
	code = GetLastError();
	if (is_set)
		(void)SetNamedPipeHandleState(pipe, &before, NULL, NULL);
	SetLastError(code);
	return is_written;
}

static BOOL write_other(HANDLE handle, const void *data, DWORD length, DWORD *count)
{
	if (GetFileType(handle) != FILE_TYPE_DISK && length > CONSOLE_BYTES)
		length = CONSOLE_BYTES;
	return WriteFile(handle, data, length, count, NULL);
}

mote_status mote_os_handle_write(intptr_t handle, const void *data, size_t length, size_t *put,
				 bool *again, mote_error *error)
{
	DWORD count = 0;
	const BOOL is_written =
		is_pipe(handle) ? write_pipe((HANDLE)handle, data, part_of(length), &count)
				: write_other((HANDLE)handle, data, part_of(length), &count);

	*put = is_written ? count : 0;
	*again = is_written && count == 0;
	if (is_written)
		return MOTE_OK;
	return mote_os_fail(error, MOTE_DOMAIN_OS, (int)GetLastError(), "write");
}
