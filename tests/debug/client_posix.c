/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to the debugger's server over a unix socket.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
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

bool client_receive_byte(struct client *client, char *byte)
{
	ssize_t got;

	do
		got = read(client->fd, byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}
