/* SPDX-License-Identifier: Apache-2.0
 *
 * <errno.h> of the guest SDK.  The numbers are those of Linux.
 */
#ifndef MOTE_LIBC_ERRNO_H
#define MOTE_LIBC_ERRNO_H

#ifdef __cplusplus
extern "C" {
#endif

#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define EIO 5
#define EBADF 9
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define EDOM 33
#define ERANGE 34
#define ENOSYS 38
#define EILSEQ 84
#define EOVERFLOW 75

int *__errno_location(void) __attribute__((const));
#define errno (*__errno_location())

#ifdef __cplusplus
}
#endif
#endif
