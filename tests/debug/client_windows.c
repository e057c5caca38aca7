/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to the debugger's server over loopback TCP.
 */
#include <winsock2.h>

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "test.h"

mote_status client_listen(mote_sandbox *sandbox, const mote_debug_options *options,
			  mote_error *error)
{
	mote_debug_options own = MOTE_DEBUG_OPTIONS_INIT;

	if (options != NULL)
		own = *options;
	own.address = "127.0.0.1:0";
	return mote_sandbox_debug_listen(sandbox, &own, error);
}

/* Handles of the system fit into an int. */
void client_open(struct client *client, const mote_sandbox *sandbox)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const char *name = mote_sandbox_get_debug_address(sandbox);
	WSADATA unused;
	const int yes = 1;
	SOCKET made;

	REQUIRE(name != NULL);
	REQUIRE_EQ(WSAStartup(MAKEWORD(2, 2), &unused), 0);
	address.sin_port = htons((uint16_t)atoi(strrchr(name, ':') + 1));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	made = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	REQUIRE(made != INVALID_SOCKET);
	client->fd = (int)made;
	/* A packet goes in parts, which nobody shall collect. */
	setsockopt(made, IPPROTO_TCP, TCP_NODELAY, (const char *)&yes, sizeof(yes));
	REQUIRE_EQ(connect(made, (const struct sockaddr *)&address, sizeof(address)), 0);
}

void client_close(struct client *client)
{
	closesocket((SOCKET)client->fd);
	client->fd = -1;
	WSACleanup();
}

void client_send_bytes(struct client *client, const char *bytes, size_t length)
{
	while (length > 0) {
		const int sent = send((SOCKET)client->fd, bytes, (int)length, 0);

		if (sent <= 0)
			return; /* the other side has closed: the answer will tell */
		bytes += sent;
		length -= (size_t)sent;
	}
}

bool client_receive_byte(struct client *client, char *byte)
{
	return recv((SOCKET)client->fd, byte, 1, 0) == 1;
}
