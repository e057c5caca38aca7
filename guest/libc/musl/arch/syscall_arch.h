/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest has no system calls: each one that musl makes is a call of the C function mote_syscall
 * (guest/libc/syscall.c).  The same for every machine.
 */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

long mote_syscall(long number, long a, long b, long c, long d, long e, long f);

static inline long __syscall0(long n)
{
	return mote_syscall(n, 0, 0, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a)
{
	return mote_syscall(n, a, 0, 0, 0, 0, 0);
}

static inline long __syscall2(long n, long a, long b)
{
	return mote_syscall(n, a, b, 0, 0, 0, 0);
}

static inline long __syscall3(long n, long a, long b, long c)
{
	return mote_syscall(n, a, b, c, 0, 0, 0);
}

static inline long __syscall4(long n, long a, long b, long c, long d)
{
	return mote_syscall(n, a, b, c, d, 0, 0);
}

static inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return mote_syscall(n, a, b, c, d, e, 0);
}

static inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	return mote_syscall(n, a, b, c, d, e, f);
}

#define IPC_64 0
