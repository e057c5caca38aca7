/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening on Windows: TCP by numeric addresses.  Each listener and each connection is one use of
 * Winsock, which counts them.  Sockets do not block.
 * Sources: WSAStartup, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE".
 */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>

#include <ws2tcpip.h>

#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "os/os_address.h"
#include "os/os_error.h"
#include "os/os_socket.h"
#include "text/text.h"

/* ---- Addresses --------------------------------------------------------------------------- */

struct address {
	int bytes;
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} as;
};

static const char path_prefix[] = "unix:";

static mote_status fail_address(const char *text, mote_status status, const char *why,
				mote_error *error)
{
	return mote_fail(error, status, "address %s: %s", mote_text_short(text).text, why);
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

/* Unix sockets exist since Windows 10, version 1803, but the mode of a file does not say there who
 * may connect. */
static mote_status parse(const char *text, bool remote, struct address *address, mote_error *error)
{
	bool is_local;

	if (strncmp(text, path_prefix, sizeof(path_prefix) - 1) == 0)
		return fail_address(text, MOTE_UNSUPPORTED,
				    "there are no such sockets for one user alone on Windows; use "
				    "127.0.0.1:PORT",
				    error);
	if (!parse_ip(text, address, &is_local))
		return fail_address(text, MOTE_INVALID_ARGUMENT,
				    "not of the form 127.0.0.1:PORT or [::1]:PORT", error);
	if (!is_local && !remote)
		return fail_address(text, MOTE_INVALID_ARGUMENT,
				    "other machines reach it, and the protocol has no "
				    "authentication; use 127.0.0.1",
				    error);
	return MOTE_OK;
}

/* ---- Listening --------------------------------------------------------------------------- */

static mote_status fail_listen(const char *call, const char *text, int code, mote_error *error)
{
	char what[MOTE_SHORT_TEXT_BYTES + 32];

	snprintf(what, sizeof(what), "%s for %s", call, mote_text_short(text).text);
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, what);
}

static mote_status begin_use(mote_error *error)
{
	WSADATA data;
	const int code = WSAStartup(MAKEWORD(2, 2), &data);

	return code == 0 ? MOTE_OK : mote_os_fail(error, MOTE_DOMAIN_OS, code, "WSAStartup");
}

static bool never_block(SOCKET socket)
{
	u_long yes = 1;

	return ioctlsocket(socket, (long)FIONBIO, &yes) == 0;
}

static bool describe(SOCKET socket, struct mote_os_listener *listener)
{
	char host[INET6_ADDRSTRLEN] = "";
	struct address bound = {.bytes = sizeof(bound.as)};

	if (getsockname(socket, &bound.as.any, &bound.bytes) != 0)
		return false;
	if (bound.as.any.sa_family == AF_INET)
		snprintf(listener->address, sizeof(listener->address), "%s:%u",
			 inet_ntop(AF_INET, &bound.as.ip4.sin_addr, host, sizeof(host)),
			 ntohs(bound.as.ip4.sin_port));
	else
		snprintf(listener->address, sizeof(listener->address), "[%s]:%u",
			 inet_ntop(AF_INET6, &bound.as.ip6.sin6_addr, host, sizeof(host)),
			 ntohs(bound.as.ip6.sin6_port));
	return true;
}

enum { WAITING_CLIENTS = 4 };

/* Returns the call that failed, or NULL. */
static const char *start_listening(SOCKET socket, const struct address *address,
				   struct mote_os_listener *listener)
{
	const BOOL yes = TRUE;

	/* Nobody else may take the address over, which Windows allows otherwise. */
	if (setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&yes, sizeof(yes)) !=
	    0)
		return "setsockopt";
	if (bind(socket, &address->as.any, address->bytes) != 0)
		return "bind";
	if (listen(socket, WAITING_CLIENTS) != 0)
		return "listen";
	if (!never_block(socket))
		return "ioctlsocket";
	return describe(socket, listener) ? NULL : "getsockname";
}

static mote_status open_listener(const char *text, bool remote, struct mote_os_listener *listener,
				 mote_error *error)
{
	struct address address;
	const char *failed;
	SOCKET socket;
	mote_status status = parse(text, remote, &address, error);

	if (status != MOTE_OK)
		return status;
	socket = WSASocketW(address.as.any.sa_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
			    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	if (socket == INVALID_SOCKET)
		return fail_listen("socket", text, WSAGetLastError(), error);
	failed = start_listening(socket, &address, listener);
	if (failed != NULL) {
		const int code = WSAGetLastError();

		closesocket(socket);
		return fail_listen(failed, text, code, error);
	}
	listener->handle = (intptr_t)socket;
	return MOTE_OK;
}

mote_status mote_os_listener_open(const char *address, bool remote,
				  struct mote_os_listener *listener, mote_error *error)
{
	struct mote_os_listener opened;
	mote_status status = begin_use(error);

	if (status != MOTE_OK)
		return status;
	status = open_listener(address, remote, &opened, error);
	if (status != MOTE_OK)
		(void)WSACleanup();
	else
		*listener = opened;
	return status;
}

void mote_os_listener_close(struct mote_os_listener *listener)
{
	closesocket((SOCKET)listener->handle);
	(void)WSACleanup();
}

void mote_os_listener_forget(struct mote_os_listener *listener)
{
	mote_os_listener_close(listener);
}

/* ---- Accepting --------------------------------------------------------------------------- */

static bool is_gone(int code)
{
	return code == WSAEWOULDBLOCK || code == WSAECONNRESET || code == WSAECONNABORTED;
}

/* A new socket does what the listener does when something happens. */
static void prepare(SOCKET socket)
{
	const BOOL yes = TRUE;

	(void)WSAEventSelect(socket, NULL, 0);
	(void)never_block(socket);
	(void)SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0);
	/* Each answer is sent at once. */
	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&yes, sizeof(yes));
}

mote_status mote_os_listener_accept(const struct mote_os_listener *listener, bool *accepted,
				    struct mote_os_stream *stream, mote_error *error)
{
	mote_status status = begin_use(error);
	SOCKET socket;

	if (status != MOTE_OK)
		return status;
	socket = accept((SOCKET)listener->handle, NULL, NULL);
	if (socket == INVALID_SOCKET) {
		const int code = WSAGetLastError();

		(void)WSACleanup();
		if (!is_gone(code))
			return mote_os_fail(error, MOTE_DOMAIN_OS, code, "accept");
		*accepted = false;
		return MOTE_OK;
	}
	prepare(socket);
	*accepted = true;
	*stream = (struct mote_os_stream){(intptr_t)socket, (intptr_t)socket};
	return MOTE_OK;
}
