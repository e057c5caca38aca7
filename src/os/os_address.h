/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of an address of a debugger, without what a system makes of it.
 */
#ifndef MOTE_OS_ADDRESS_H
#define MOTE_OS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOTE_OS_HOST_BYTES = 64 };

struct mote_os_address_text {
	char host[MOTE_OS_HOST_BYTES]; /* what stands before the port, without brackets */
	bool is_ip6;		       /* it had brackets */
	uint16_t port;		       /* of this machine's byte order */
};

/* "HOST:PORT" or "[HOST]:PORT", split at the last colon.  False: it has no such form. */
bool mote_os_split_address(const char *text, struct mote_os_address_text *address);

#endif
