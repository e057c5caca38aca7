/* SPDX-License-Identifier: Apache-2.0
 *
 * <unistd.h> of the guest SDK: only what headers of portable libraries look for.
 */
#ifndef MOTE_LIBC_UNISTD_H
#define MOTE_LIBC_UNISTD_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

__attribute__((noreturn)) void _exit(int status);

#ifdef __cplusplus
}
#endif
#endif
