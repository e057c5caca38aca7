/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends and receives packets over a unix socket.
 */
#define _POSIX_C_SOURCE 200809L
#include "client.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

mote_status client_listen(mote_sandbox *sandbox, const mote_debug_options *options,
			  mote_error *error)
{
	static atomic_uint count;
	mote_debug_options own = MOTE_DEBUG_OPTIONS_INIT;
	char address[64];

	if (options != NULL)
		own = *options;
	snprintf(address, sizeof(address), "unix:/tmp/mote-debug-%d-%u", (int)getpid(),
		 atomic_fetch_add(&count, 1));
	own.address = address;
	return mote_sandbox_debug_listen(sandbox, &own, error);
}

void client_open(struct client *client, const mote_sandbox *sandbox)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = mote_sandbox_get_debug_address(sandbox);
	int result;

	REQUIRE(name != NULL);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name + strlen("unix:"));
	client->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	REQUIRE(client->fd >= 0);
	do
		result = connect(client->fd, (struct sockaddr *)&address, sizeof(address));
	while (result < 0 && errno == EINTR);
	REQUIRE(result == 0);
}

void client_connect(struct client *client, const mote_sandbox *sandbox)
{
	client_open(client, sandbox);
	CHECK_STR(client_ask(client, "QStartNoAckMode"), "OK");
}

void client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

void client_send_bytes(struct client *client, const char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return; /* the other side has closed: the answer will tell */
		bytes += sent;
		length -= (size_t)sent;
	}
}

void client_send(struct client *client, const char *packet)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum = 0;
	char end[4] = "#";

	for (const char *at = packet; *at != '\0'; at++)
		sum = (unsigned char)(sum + *at);
	end[1] = digits[sum >> 4];
	end[2] = digits[sum & 15];
	client_send_bytes(client, "$", 1);
	client_send_bytes(client, packet, strlen(packet));
	client_send_bytes(client, end, 3);
}

static bool receive_byte(struct client *client, char *byte)
{
	ssize_t got;

	do
		got = read(client->fd, byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

const char *client_receive(struct client *client)
{
	size_t length = 0;
	char byte;

	do
		if (!receive_byte(client, &byte))
			return "";
	while (byte != '$');
	while (receive_byte(client, &byte) && byte != '#')
		if (length < sizeof(client->reply) - 1)
			client->reply[length++] = byte;
	client->reply[length] = '\0';
	if (!receive_byte(client, &byte) || !receive_byte(client, &byte))
		return "";
	return client->reply;
}

const char *client_ask(struct client *client, const char *packet)
{
	client_send(client, packet);
	return client_receive(client);
}

bool client_is_closed(struct client *client)
{
	char byte;

	return !receive_byte(client, &byte);
}
