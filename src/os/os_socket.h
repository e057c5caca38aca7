/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections of the debugger: listening, and streams of bytes, which one thread waits for.
 */
#ifndef MOTE_OS_SOCKET_H
#define MOTE_OS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

#include "os/os_handle.h"

struct mote_os_listener {
	intptr_t handle;
	char address[128]; /* with the port that was chosen */
};

/* address: "127.0.0.1:PORT", "[::1]:PORT" (0: any free one) or "unix:/PATH", which only this user
 * can connect to (MOTE_UNSUPPORTED on Windows); an address that other machines reach only if
 * remote. */
mote_status mote_os_listener_open(const char *address, bool remote,
				  struct mote_os_listener *listener, mote_error *error);
void mote_os_listener_close(struct mote_os_listener *listener);
/* The same in a forked child: the parent's clients still find it. */
void mote_os_listener_forget(struct mote_os_listener *listener);

struct mote_os_stream {
	intptr_t in, out;
};

/* *accepted is false when the client has gone again. */
mote_status mote_os_listener_accept(const struct mote_os_listener *listener, bool *accepted,
				    struct mote_os_stream *stream, mote_error *error);
/* Two open files of the caller's, which are duplicated. */
mote_status mote_os_stream_adopt(intptr_t in, intptr_t out, struct mote_os_stream *stream,
				 mote_error *error);
void mote_os_stream_close(struct mote_os_stream *stream);

/* What is there, waiting for it; 0 at the end, and when the peer has vanished. */
size_t mote_os_stream_read(const struct mote_os_stream *stream, void *to, size_t bytes);
/* Waits until all is sent.  Returns how much that is: less when the peer has vanished, or when it
 * would have to wait after wake has rung, which the next mote_os_wait reports. */
size_t mote_os_stream_write(const struct mote_os_stream *stream, const struct mote_os_wake *wake,
			    const void *data, size_t bytes);

enum mote_os_ready {
	MOTE_OS_READY_WAKE = 1 << 0,
	MOTE_OS_READY_LISTENER = 1 << 1,
	MOTE_OS_READY_STREAM = 1 << 2,
};

/* Waits for any of them; listener and stream may be NULL.  *ready is 0 when the time, of the
 * monotonic clock, has come. */
mote_status mote_os_wait(const struct mote_os_wake *wake, const struct mote_os_listener *listener,
			 const struct mote_os_stream *stream, uint64_t until_ns, unsigned *ready,
			 mote_error *error);

#endif
