/* SPDX-License-Identifier: Apache-2.0
 *
 * <sys/types.h> of the guest SDK: only what headers of portable libraries look for.
 */
#ifndef MOTE_LIBC_SYS_TYPES_H
#define MOTE_LIBC_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef long off_t;
typedef long long off64_t;
typedef unsigned int mode_t;
typedef int pid_t;

#endif
