/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of gdb's remote protocol that sends what a test wants.
 */
#ifndef MOTE_TEST_CLIENT_H
#define MOTE_TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <mote/mote.h>

enum { CLIENT_BYTES = 1 << 17 };

struct client {
	int fd; /* a descriptor, or a handle of Windows; -1: there is none */
	char reply[CLIENT_BYTES];
};

/* Makes a sandbox listen at a socket of this process's own.  options: NULL for the defaults; its
 * address is not looked at. */
mote_status client_listen(mote_sandbox *sandbox, const mote_debug_options *options,
			  mote_error *error);

/* Connects, without acknowledgments from then on. */
void client_connect(struct client *client, const mote_sandbox *sandbox);
/* Connects, and nothing else. */
void client_open(struct client *client, const mote_sandbox *sandbox);
void client_close(struct client *client);

/* False when the other side has closed. */
bool client_receive_byte(struct client *client, char *byte);
void client_send_bytes(struct client *client, const char *bytes, size_t length);
/* Adds what is around a packet. */
void client_send(struct client *client, const char *packet);
/* The next packet, without what is around it; "" when the other side has closed. */
const char *client_receive(struct client *client);
/* Both. */
const char *client_ask(struct client *client, const char *packet);

/* Whether the other side has closed, and nothing is left to read.  Waits for either. */
bool client_is_closed(struct client *client);

#endif
