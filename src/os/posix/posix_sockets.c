/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening and streams on POSIX systems: TCP by numeric addresses, unix sockets, and any two open
 * files.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "error_internal.h"
#include "os/os_address.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_socket.h"
#include "os/os_thread.h"
#include "os/posix/posix_handles.h"
#include "os/posix/posix_sockets.h"
#include "text/text.h"

/* ---- Addresses --------------------------------------------------------------------------- */

struct address {
	socklen_t bytes;
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
		struct sockaddr_un path;
	} as;
};

static const char path_prefix[] = "unix:";

static mote_status fail_address(const char *text, const char *why, mote_error *error)
{
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "address %s: %s", mote_text_short(text).text,
			 why);
}

static mote_status parse_path(const char *text, struct address *address, mote_error *error)
{
	const char *path = text + sizeof(path_prefix) - 1;

	if (path[0] != '/')
		return fail_address(text, "the path of a socket begins with /", error);
	if (strlen(path) >= sizeof(address->as.path.sun_path))
		return fail_address(text, "the path is too long for a socket", error);
	*address = (struct address){.bytes = sizeof(address->as.path)};
	address->as.path.sun_family = AF_UNIX;
	memcpy(address->as.path.sun_path, path, strlen(path) + 1);
	return MOTE_OK;
}

/* is_local: no other machine reaches it. */
static bool parse_ip(const char *text, struct address *address, bool *is_local)
{
	struct mote_os_address_text parts;
	struct address parsed = {0};

	if (!mote_os_split_address(text, &parts))
		return false;
	if (parts.is_ip6) {
		if (inet_pton(AF_INET6, parts.host, &parsed.as.ip6.sin6_addr) != 1)
			return false;
		parsed.bytes = sizeof(parsed.as.ip6);
		parsed.as.ip6.sin6_family = AF_INET6;
		parsed.as.ip6.sin6_port = htons(parts.port);
		*is_local = IN6_IS_ADDR_LOOPBACK(&parsed.as.ip6.sin6_addr);
	} else {
		if (inet_pton(AF_INET, parts.host, &parsed.as.ip4.sin_addr) != 1)
			return false;
		parsed.bytes = sizeof(parsed.as.ip4);
		parsed.as.ip4.sin_family = AF_INET;
		parsed.as.ip4.sin_port = htons(parts.port);
		*is_local = ntohl(parsed.as.ip4.sin_addr.s_addr) >> 24 == 127;
	}
	*address = parsed;
	return true;
}

static mote_status parse(const char *text, bool remote, struct address *address, mote_error *error)
{
	bool is_local;

	if (strncmp(text, path_prefix, sizeof(path_prefix) - 1) == 0)
		return parse_path(text, address, error);
	if (!parse_ip(text, address, &is_local))
		return fail_address(
			text, "not of the form 127.0.0.1:PORT, [::1]:PORT or unix:/PATH", error);
	if (!is_local && !remote)
		return fail_address(text,
				    "other machines reach it, and the protocol has no "
				    "authentication; use 127.0.0.1",
				    error);
	return MOTE_OK;
}

/* ---- Listening --------------------------------------------------------------------------- */

static mote_status fail_listen(const char *call, const char *text, mote_error *error)
{
	char what[MOTE_SHORT_TEXT_BYTES + 32];
	const int code = errno;

	snprintf(what, sizeof(what), "%s for %s", call, mote_text_short(text).text);
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, what);
}

/* A socket's file that nobody listens at any more, left behind by a process that has ended. */
static bool is_stale(const struct address *address)
{
	struct stat information;
	bool is_refused;
	int fd;

	if (lstat(address->as.path.sun_path, &information) != 0 || !S_ISSOCK(information.st_mode))
		return false;
	fd = mote_posix_socket(AF_UNIX);
	if (fd < 0)
		return false;
	is_refused = connect(fd, &address->as.any, address->bytes) != 0 && errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

/* Until listen nobody can connect, so that the mode is never too wide.  The umask, which is the
 * process's, is left alone.  Returns the call that failed, or NULL. */
static const char *bind_path(int fd, const struct address *address)
{
	const char *path = address->as.path.sun_path;
	int code;

	if (bind(fd, &address->as.any, address->bytes) != 0) {
		code = errno;
		if (code != EADDRINUSE || !is_stale(address)) {
			errno = code;
			return "bind";
		}
		unlink(path);
		if (bind(fd, &address->as.any, address->bytes) != 0)
			return "bind";
	}
	if (chmod(path, S_IRUSR | S_IWUSR) == 0)
		return NULL;
	code = errno;
	unlink(path);
	errno = code;
	return "chmod";
}

static const char *bind_ip(int fd, const struct address *address)
{
	const int one = 1;

	/* Without it the port is in use for a minute after the last client. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
		return "setsockopt";
	return bind(fd, &address->as.any, address->bytes) != 0 ? "bind" : NULL;
}

static int describe(int fd, const char *text, struct mote_os_listener *listener)
{
	char host[INET6_ADDRSTRLEN] = "";
	struct address bound = {.bytes = sizeof(bound.as)};

	if (getsockname(fd, &bound.as.any, &bound.bytes) != 0)
		return -1;
	if (bound.as.any.sa_family == AF_INET)
		snprintf(listener->address, sizeof(listener->address), "%s:%u",
			 inet_ntop(AF_INET, &bound.as.ip4.sin_addr, host, sizeof(host)),
			 ntohs(bound.as.ip4.sin_port));
	else if (bound.as.any.sa_family == AF_INET6)
		snprintf(listener->address, sizeof(listener->address), "[%s]:%u",
			 inet_ntop(AF_INET6, &bound.as.ip6.sin6_addr, host, sizeof(host)),
			 ntohs(bound.as.ip6.sin6_port));
	else
		snprintf(listener->address, sizeof(listener->address), "%s", text);
	return 0;
}

enum { WAITING_CLIENTS = 4 };

static mote_status start_listening(int fd, const char *text, const struct address *address,
				   struct mote_os_listener *listener, mote_error *error)
{
	const bool is_path = address->as.any.sa_family == AF_UNIX;
	const char *failed = is_path ? bind_path(fd, address) : bind_ip(fd, address);
	mote_status status;

	if (failed != NULL)
		return fail_listen(failed, text, error);
	if (listen(fd, WAITING_CLIENTS) != 0)
		status = fail_listen("listen", text, error);
	else if (describe(fd, text, listener) != 0)
		status = fail_listen("getsockname", text, error);
	else
		return MOTE_OK;
	if (is_path)
		unlink(address->as.path.sun_path);
	return status;
}

mote_status mote_os_listener_open(const char *address, bool remote,
				  struct mote_os_listener *listener, mote_error *error)
{
	struct mote_os_listener opened;
	struct address parsed;
	mote_status status = parse(address, remote, &parsed, error);

	if (status != MOTE_OK)
		return status;
	opened.handle = mote_posix_socket(parsed.as.any.sa_family);
	if (opened.handle < 0)
		return fail_listen("socket", address, error);
	status = start_listening((int)opened.handle, address, &parsed, &opened, error);
	if (status != MOTE_OK)
		close((int)opened.handle);
	else
		*listener = opened;
	return status;
}

void mote_os_listener_close(struct mote_os_listener *listener)
{
	mote_os_listener_forget(listener);
	if (strncmp(listener->address, path_prefix, sizeof(path_prefix) - 1) == 0)
		unlink(listener->address + sizeof(path_prefix) - 1);
}

void mote_os_listener_forget(struct mote_os_listener *listener)
{
	close((int)listener->handle);
}

/* ---- Streams ----------------------------------------------------------------------------- */

static bool is_gone(int code)
{
	return code == EINTR || code == ECONNABORTED || code == EAGAIN || code == EPROTO;
}

mote_status mote_os_listener_accept(const struct mote_os_listener *listener, bool *accepted,
				    struct mote_os_stream *stream, mote_error *error)
{
	const int fd = mote_posix_accept((int)listener->handle);
	const int one = 1;

	if (fd < 0 && !is_gone(errno))
		return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "accept");
	*accepted = fd >= 0;
	if (fd < 0)
		return MOTE_OK;
	/* Each answer is sent at once.  A unix socket does not know this, and does it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*stream = (struct mote_os_stream){fd, fd};
	return MOTE_OK;
}

static int duplicate(intptr_t handle)
{
	return fcntl((int)handle, F_DUPFD_CLOEXEC, 0);
}

mote_status mote_os_stream_adopt(intptr_t in, intptr_t out, struct mote_os_stream *stream,
				 mote_error *error)
{
	const int own_in = duplicate(in);
	const int own_out = own_in < 0 ? -1 : duplicate(out);

	if (own_out < 0) {
		char what[64];
		const int code = errno;

		snprintf(what, sizeof(what), "duplicate of descriptor %ld",
			 (long)(own_in < 0 ? in : out));
		if (own_in >= 0)
			close(own_in);
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, what);
	}
	*stream = (struct mote_os_stream){own_in, own_out};
	return MOTE_OK;
}

void mote_os_stream_close(struct mote_os_stream *stream)
{
	close((int)stream->in);
	if (stream->out != stream->in)
		close((int)stream->out);
}

/* Whatever fails: there is no more to come. */
size_t mote_os_stream_read(const struct mote_os_stream *stream, void *to, size_t bytes)
{
	ssize_t got;

	do
		got = read((int)stream->in, to, bytes);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

/* The modes of an adopted file are its owner's too, so it stays blocking: a pipe that is ready
 * takes this much without waiting. */
static ssize_t write_some(int fd, const void *data, size_t bytes)
{
	const ssize_t sent = mote_posix_send(fd, data, bytes);

	if (sent >= 0 || errno != ENOTSOCK)
		return sent;
	return mote_posix_write(fd, data, bytes < _POSIX_PIPE_BUF ? bytes : _POSIX_PIPE_BUF);
}

/* False: there is none, and wake has rung; or nobody can wait. */
static bool wait_for_room(int fd, const struct mote_os_wake *wake)
{
	struct pollfd waiting[2] = {{.fd = fd, .events = POLLOUT},
				    {.fd = (int)wake->in, .events = POLLIN}};
	int count;

	do
		count = poll(waiting, 2, -1);
	while (count < 0 && errno == EINTR);
	return count > 0 && waiting[0].revents != 0;
}

size_t mote_os_stream_write(const struct mote_os_stream *stream, const struct mote_os_wake *wake,
			    const void *data, size_t bytes)
{
	const char *from = data;
	size_t sent = 0;

	while (sent < bytes && wait_for_room((int)stream->out, wake)) {
		const ssize_t count = write_some((int)stream->out, from + sent, bytes - sent);

		if (count >= 0)
			sent += (size_t)count;
		else if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return sent;
}

/* ---- Waiting ----------------------------------------------------------------------------- */

/* In ms, rounded up: a wait that is too short would be repeated. */
static int timeout_of(uint64_t until_ns)
{
	const uint64_t now = mote_os_monotonic_ns();
	uint64_t ms;

	if (until_ns == MOTE_OS_FOREVER)
		return -1;
	if (until_ns <= now)
		return 0;
	ms = (until_ns - now - 1) / 1000000 + 1;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

mote_status mote_os_wait(const struct mote_os_wake *wake, const struct mote_os_listener *listener,
			 const struct mote_os_stream *stream, uint64_t until_ns, unsigned *ready,
			 mote_error *error)
{
	/* poll passes over a negative descriptor. */
	struct pollfd waiting[3] = {
		{.fd = (int)wake->in, .events = POLLIN},
		{.fd = listener != NULL ? (int)listener->handle : -1, .events = POLLIN},
		{.fd = stream != NULL ? (int)stream->in : -1, .events = POLLIN},
	};
	int count;

	do
		count = poll(waiting, 3, timeout_of(until_ns));
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "poll");
	if (waiting[0].revents != 0)
		mote_os_wake_take(wake);
	*ready = (waiting[0].revents != 0 ? MOTE_OS_READY_WAKE : 0u) |
		 (waiting[1].revents != 0 ? MOTE_OS_READY_LISTENER : 0u) |
		 (waiting[2].revents != 0 ? MOTE_OS_READY_STREAM : 0u);
	return MOTE_OK;
}
