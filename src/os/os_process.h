/* SPDX-License-Identifier: Apache-2.0
 *
 * The process: its number, whether it is a forked child, and its environment.
 */
#ifndef MOTE_OS_PROCESS_H
#define MOTE_OS_PROCESS_H

#include <stdint.h>

#include <mote/error.h>

/* A byte that reads 1 in this process and 0 in a forked child. */
mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error);
/* mark may be NULL. */
void mote_os_fork_mark_destroy(const volatile uint8_t *mark);

/* The value of an environment variable, or NULL.  Never set by the library. */
const char *mote_os_environment(const char *name);

uint64_t mote_os_process_id(void);

#endif
