/* SPDX-License-Identifier: Apache-2.0
 *
 * Types that programs on both sides of the border use: hosts (mote/value.h) and guests
 * (mote_guest.h).
 */
#ifndef MOTE_TYPES_H
#define MOTE_TYPES_H

#include <stddef.h>

/* A borrowed run of bytes.  data may be NULL when length is 0. */
typedef struct mote_bytes {
	const void *data;
	size_t length; /* bytes */
} mote_bytes;

/* A borrowed NUL-terminated string, never NULL. */
typedef const char *mote_string;

#endif
