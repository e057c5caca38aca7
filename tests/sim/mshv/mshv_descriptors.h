/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated /dev/mshv by descriptors: for the table of functions, and for the functions of the
 * C library (mshv_preload.c).  A function returns 0 or more, or a negative error number.
 */
#ifndef MOTE_SIM_MSHV_DESCRIPTORS_H
#define MOTE_SIM_MSHV_DESCRIPTORS_H

#include "sim/mshv/mshv_internal.h"

bool mshv_is_ours(int fd);

int mshv_fd_open(void);
long mshv_fd_ioctl(int fd, unsigned long request, void *argument);
/* page: the offset, in pages. */
int mshv_fd_map(int fd, void *at, size_t bytes, int protection, int flags, uint64_t page,
		void **address);
/* Before memory is unmapped, whosever it is. */
void mshv_fd_unmap(void *address, size_t bytes);
int mshv_fd_close(int fd);
/* The system has made a descriptor a copy of another.  Safe in handlers of signals, unless the copy
 * stood for the last of a file. */
void mshv_fd_copied(int from, int to);

#endif
