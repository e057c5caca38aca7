/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends and receives packets.
 */
#include "client.h"

#include <string.h>

#include "test.h"

void client_connect(struct client *client, const mote_sandbox *sandbox)
{
	client_open(client, sandbox);
	CHECK_STR(client_ask(client, "QStartNoAckMode"), "OK");
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

const char *client_receive(struct client *client)
{
	size_t length = 0;
	char byte;

	do
		if (!client_receive_byte(client, &byte))
			return "";
	while (byte != '$');
	while (client_receive_byte(client, &byte) && byte != '#')
		if (length < sizeof(client->reply) - 1)
			client->reply[length++] = byte;
	client->reply[length] = '\0';
	if (!client_receive_byte(client, &byte) || !client_receive_byte(client, &byte))
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

	return !client_receive_byte(client, &byte);
}
