/* SPDX-License-Identifier: Apache-2.0 */
#include "os/os_address.h"

#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *port)
{
	unsigned long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return *end == '\0' && number <= UINT16_MAX;
}

bool mote_os_split_address(const char *text, struct mote_os_address_text *address)
{
	const char *colon = strrchr(text, ':');
	size_t length;

	if (colon == NULL || !parse_port(colon + 1, &address->port))
		return false;
	length = (size_t)(colon - text);
	address->is_ip6 = length >= 2 && text[0] == '[' && text[length - 1] == ']';
	if (address->is_ip6) {
		text++;
		length -= 2;
	}
	if (length >= sizeof(address->host))
		return false;
	memcpy(address->host, text, length);
	address->host[length] = '\0';
	return true;
}
