/* SPDX-License-Identifier: Apache-2.0
 *
 * What both kinds of memory on Linux are made with.
 */
#ifndef MOTE_OS_LINUX_MEMORY_H
#define MOTE_OS_LINUX_MEMORY_H

#include "os/os_memory.h"

/* "mmap of", "a buffer". */
mote_status mote_os_linux_fail(mote_error *error, int code, const char *call, const char *what);

/* Keeps memory out of forked children, and out of core dumps unless requested.  0 or an error
 * number. */
int mote_os_linux_advise(void *hva, uint64_t bytes, unsigned flags);

/* Makes all pages exist, if the flags ask for it.  0 or an error number. */
int mote_os_linux_populate(void *hva, uint64_t bytes, unsigned flags);
mote_status mote_os_linux_fail_populate(mote_error *error, int code, uint64_t bytes,
					const char *what);

/* An anonymous file of zeros.  flags: of memfd_create, besides MFD_CLOEXEC. */
mote_status mote_os_linux_file(uint64_t bytes, unsigned flags, const char *what, int *file,
			       mote_error *error);

/* mote_os_memory_next_data of private memory. */
void mote_os_private_next_data(const struct mote_os_memory *memory, uint64_t offset,
			       uint64_t *begin, uint64_t *end);

#endif
