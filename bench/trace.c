/* SPDX-License-Identifier: Apache-2.0
 *
 * The tracing child.  The parent asks with a byte in a socket, and the answer says that it is
 * traced; the child sees `counting` and `done` when the parent next enters the kernel.  Source:
 * ptrace(2).
 */
#define _GNU_SOURCE /* syscall, MAP_ANONYMOUS */
#include "trace.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SYSTEM_CALL_STOP = SIGTRAP | 0x80 };

struct trace_shared {
	atomic_bool counting, done;
	struct trace_counts counts;
};

struct trace {
	pid_t child;
	int socket;
	struct trace_shared *shared; /* with the child */
};

/* ---- The child --------------------------------------------------------------------------- */

struct tracee {
	pid_t pid;
	bool counted, is_run; /* the current system call */
};

static void system_call(struct tracee *tracee, struct trace_shared *shared)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		tracee->counted = atomic_load(&shared->counting);
		tracee->is_run = info.entry.nr == SYS_ioctl && info.entry.args[1] == KVM_RUN;
		shared->counts.calls += tracee->counted;
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->counted) {
		shared->counts.exits += tracee->is_run && !info.exit.is_error;
	}
}

/* Waits for the next stop; returns the signal to deliver, or -1 at the end. */
static int next_stop(struct tracee *tracee, struct trace_shared *shared)
{
	int status;

	if (waitpid(tracee->pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
		return -1;
	if (WSTOPSIG(status) != SYSTEM_CALL_STOP)
		return status >> 16 ? 0 : WSTOPSIG(status);
	system_call(tracee, shared);
	return 0;
}

static bool trace_parent(pid_t parent, int socket, struct trace_shared *shared)
{
	struct tracee tracee = {.pid = parent};
	int signal_number = 0;

	if (ptrace(PTRACE_SEIZE, parent, 0, PTRACE_O_TRACESYSGOOD) != 0 ||
	    ptrace(PTRACE_INTERRUPT, parent, 0, 0) != 0)
		return false;
	next_stop(&tracee, shared);
	if (write(socket, "", 1) != 1)
		return false;
	while (!atomic_load(&shared->done)) {
		ptrace(PTRACE_SYSCALL, parent, 0, (long)signal_number);
		signal_number = next_stop(&tracee, shared);
		if (signal_number < 0)
			return false;
	}
	return ptrace(PTRACE_DETACH, parent, 0, (long)signal_number) == 0;
}

static _Noreturn void child(pid_t parent, int socket, struct trace_shared *shared)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while (read(socket, &byte, 1) == 1 && trace_parent(parent, socket, shared))
		;
	_exit(0);
}

/* ---- The parent -------------------------------------------------------------------------- */

bool trace_open(struct bench *bench)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	const pid_t self = getpid();
	int sockets[2];

	if (!trace || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		return bench_fail(bench, "tracing: %s", strerror(errno));
	bench->trace = trace;
	trace->socket = sockets[0];
	trace->shared = mmap(NULL, sizeof(*trace->shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (trace->shared == MAP_FAILED)
		return bench_fail(bench, "tracing: %s", strerror(errno));
	trace->child = fork();
	if (trace->child == 0) {
		close(sockets[0]);
		child(self, sockets[1], trace->shared);
	}
	close(sockets[1]);
	return trace->child > 0 || bench_fail(bench, "tracing: %s", strerror(errno));
}

void trace_close(struct bench *bench)
{
	struct trace *trace = bench->trace;

	if (!trace)
		return;
	close(trace->socket);
	if (trace->child > 0)
		waitpid(trace->child, NULL, 0);
	munmap(trace->shared, sizeof(*trace->shared));
	free(trace);
}

bool trace_run(struct bench *bench, bool (*once)(void *user), void *user, unsigned times,
	       struct trace_counts *counts)
{
	struct trace *trace = bench->trace;
	struct trace_shared *shared = trace->shared;
	bool good = true;
	char byte;

	shared->counts = (struct trace_counts){0};
	atomic_store(&shared->done, false);
	if (write(trace->socket, "", 1) != 1 || read(trace->socket, &byte, 1) != 1)
		return bench_fail(bench, "the system calls cannot be traced");
	atomic_store(&shared->counting, true);
	for (unsigned i = 0; good && i < times; i++)
		good = once(user);
	atomic_store(&shared->counting, false);
	atomic_store(&shared->done, true);
	syscall(SYS_getpid); /* a system call shows the child that this is done */
	*counts = shared->counts;
	return good;
}
