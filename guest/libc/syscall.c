/* SPDX-License-Identifier: Apache-2.0
 *
 * mote_syscall: every system call that musl makes.
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POINTER(argument) ((void *)(argument))
#define SIGNAL_SET_BYTES 8

long mote_syscall(long number, long a, long b, long c, long d, long e, long f);

/* Signals: there are none, so handlers are taken and never run. */
static long signal_call(void *old, size_t bytes)
{
	if (old)
		memset(old, 0, bytes);
	return 0;
}

static long memory_call(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
	case SYS_mmap:
		return mote_libc_map(POINTER(a), (size_t)b, (int)c, (int)d, (int)e, f);
	case SYS_munmap:
		return mote_libc_unmap(POINTER(a), (size_t)b);
	case SYS_mremap:
		return mote_libc_remap(POINTER(a), (size_t)b, (size_t)c, (int)d);
	case SYS_mprotect:
		return mote_libc_protect((int)c);
	case SYS_madvise:
		return mote_libc_advise(POINTER(a), (size_t)b, (int)c);
	case SYS_brk:
		return -ENOMEM;
	case SYS_mlock:
	case SYS_mlock2:
	case SYS_mlockall:
		return -EPERM; /* it is the host's to decide */
	case SYS_munlock:
	case SYS_munlockall:
		return 0;
	default:
		return mote_libc_unknown(number);
	}
}

static long process_call(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
	case SYS_clock_gettime:
		return mote_libc_clock(POINTER(b));
	case SYS_clock_getres:
		return mote_libc_clock_resolution(POINTER(b));
	case SYS_nanosleep:
		return mote_libc_sleep(POINTER(a), false);
	case SYS_clock_nanosleep:
		return mote_libc_sleep(POINTER(c), b == TIMER_ABSTIME);
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
	case SYS_rt_sigaction:
		return signal_call(POINTER(c), 24 + SIGNAL_SET_BYTES);
	case SYS_rt_sigprocmask:
		return signal_call(POINTER(c), SIGNAL_SET_BYTES);
	case SYS_sigaltstack:
	case SYS_sched_yield:
		return 0;
	case SYS_futex:
		return mote_libc_futex(POINTER(a), (int)b, (int)c, POINTER(d));
	case SYS_getpid:
	case SYS_gettid:
	case SYS_set_tid_address:
		return 1;
	case SYS_getppid:
		return 0;
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
		return MOTE_LIBC_USER;
	case SYS_umask:
		return 022;
	case SYS_uname:
		return mote_libc_names(POINTER(a));
	case SYS_prlimit64:
		return c ? -EPERM : mote_libc_limit((int)b, POINTER(d));
	case SYS_sched_getaffinity:
		return mote_libc_processors((size_t)b, POINTER(c));
	default:
		return memory_call(number, a, b, c, d, e, f);
	}
}

static long path_call(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
#include <old_calls.inc>
	case SYS_openat:
		return mote_libc_open((int)a, POINTER(b), (int)c, (mode_t)d);
	case SYS_statx:
	case SYS_copy_file_range:
	case SYS_sendfile:
	case SYS_splice:
		return -ENOSYS; /* nothing to tell: whoever asks has an older way too */
	case SYS_newfstatat:
		return mote_libc_stat((int)a, POINTER(b), POINTER(c), (int)d);
	case SYS_faccessat:
	case SYS_faccessat2:
		return mote_libc_access((int)a, POINTER(b), (int)c);
	case SYS_readlinkat:
		return mote_libc_read_link((int)a, POINTER(b));
	case SYS_fchmodat:
		return mote_libc_change_mode((int)a, POINTER(b), (mode_t)c);
	case SYS_fchownat: /* nobody owns files */
		return mote_libc_access((int)a, POINTER(b), F_OK);
	case SYS_utimensat:
		return mote_libc_touch((int)a, POINTER(b), POINTER(c));
	case SYS_truncate:
		return mote_libc_truncate_path(POINTER(a), b);
	case SYS_mkdirat:
		return mote_libc_make_directory((int)a, POINTER(b), (mode_t)c);
	case SYS_unlinkat:
		return mote_libc_remove((int)a, POINTER(b), (int)c);
	case SYS_renameat:
		return mote_libc_rename((int)a, POINTER(b), (int)c, POINTER(d));
	case SYS_getcwd:
		return mote_libc_working_directory(POINTER(a), (size_t)b);
	case SYS_chdir:
		return mote_libc_enter_path(POINTER(a));
	default:
		return process_call(number, a, b, c, d, e, f);
	}
}

long mote_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
	case SYS_read:
		return mote_libc_read((int)a, POINTER(b), (size_t)c);
	case SYS_write:
		return mote_libc_write((int)a, POINTER(b), (size_t)c);
	case SYS_readv:
		return mote_libc_read_vector((int)a, POINTER(b), (int)c);
	case SYS_writev:
		return mote_libc_write_vector((int)a, POINTER(b), (int)c);
	case SYS_pread64:
		return mote_libc_read_at((int)a, POINTER(b), (size_t)c, d);
	case SYS_pwrite64:
		return mote_libc_write_at((int)a, POINTER(b), (size_t)c, d);
	case SYS_lseek:
		return mote_libc_seek((int)a, b, (int)c);
	case SYS_close:
		return mote_libc_close((int)a);
	case SYS_dup:
		return mote_libc_duplicate((int)a, 0);
	case SYS_dup3:
		return a == b ? -EINVAL : mote_libc_duplicate_to((int)a, (int)b);
	case SYS_fcntl:
		return mote_libc_control((int)a, (int)b, c);
	case SYS_fstat:
		return mote_libc_stat_descriptor((int)a, POINTER(b));
	case SYS_ftruncate:
		return mote_libc_truncate((int)a, b);
	case SYS_fchmod:
		return mote_libc_change_mode_of((int)a, (mode_t)b);
	case SYS_fchdir:
		return mote_libc_enter_descriptor((int)a);
	case SYS_getdents64:
		return mote_libc_entries((int)a, POINTER(b), (size_t)c);
	case SYS_ppoll:
		return mote_libc_poll(POINTER(a), (size_t)b);
	case SYS_ioctl:
		return -ENOTTY;
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_fchown:
	case SYS_flock:
		return 0;
	default:
		return path_call(number, a, b, c, d, e, f);
	}
}
