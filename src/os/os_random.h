/* SPDX-License-Identifier: Apache-2.0
 *
 * Random bytes.
 */
#ifndef MOTE_OS_RANDOM_H
#define MOTE_OS_RANDOM_H

#include <stddef.h>

#include <mote/error.h>

/* Fills bytes with random data from the operating system.  Never blocks. */
mote_status mote_os_random(void *bytes, size_t length, mote_error *error);

#endif
