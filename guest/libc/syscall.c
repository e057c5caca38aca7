/* SPDX-License-Identifier: Apache-2.0
 *
 * mote_syscall: every system call that musl makes.
 */
#include "shim.h"

#include <errno.h>
#include <sys/syscall.h>

#define POINTER(argument) ((void *)(argument))

long mote_syscall(long number, long a, long b, long c, long d, long e, long f);

long mote_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	(void)e, (void)f;
	switch (number) {
	case SYS_mmap:
		return mote_libc_map((size_t)b, (int)d, (int)e);
	case SYS_munmap:
		return mote_libc_unmap(POINTER(a), (size_t)b);
	case SYS_read:
		return mote_libc_read((int)a, POINTER(b), (size_t)c);
	case SYS_write:
		return mote_libc_write((int)a, POINTER(b), (size_t)c);
	case SYS_readv:
		return mote_libc_read_vector((int)a, POINTER(b), (int)c);
	case SYS_writev:
		return mote_libc_write_vector((int)a, POINTER(b), (int)c);
	case SYS_getrandom:
		return mote_libc_random(POINTER(a), (size_t)b);
	case SYS_exit:
	case SYS_exit_group:
		return mote_libc_exit((int)a);
	case SYS_kill:
	case SYS_tkill:
		return mote_libc_raise((int)b);
	case SYS_tgkill:
		return mote_libc_raise((int)c);
	default:
		return mote_libc_unknown(number);
	}
}
