/* SPDX-License-Identifier: Apache-2.0
 *
 * The forked, locked-up child: echoes what it receives, or runs a job on it.
 */
#define _GNU_SOURCE /* sched_setaffinity, syscall */
#include "process.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPINS = 5000, MESSAGE_HEAD = offsetof(struct process_message, data) };

/* A counter that one side increments and the other waits for. */
struct turn {
	_Atomic uint32_t value;
	_Atomic uint32_t sleeping;
};

struct process_shared {
	struct turn request, response;
	struct process_message message;
};

/* ---- Shared memory ----------------------------------------------------------------------- */

static void take_turn(struct turn *turn)
{
	atomic_fetch_add(&turn->value, 1);
	if (atomic_load(&turn->sleeping))
		syscall(SYS_futex, &turn->value, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void await_turn(struct turn *turn, uint32_t seen, unsigned spins)
{
	while (spins-- > 0)
		if (atomic_load_explicit(&turn->value, memory_order_acquire) != seen)
			return;
	atomic_store(&turn->sleeping, 1);
	while (atomic_load(&turn->value) == seen)
		syscall(SYS_futex, &turn->value, FUTEX_WAIT, seen, NULL, NULL, 0);
	atomic_store(&turn->sleeping, 0);
}

static unsigned spins_of(const struct process *process)
{
	return process->channel == PROCESS_SPIN_FUTEX ? SPINS : 0;
}

static bool shared_round_trip(struct process *process, const void *send, void *back, size_t length)
{
	struct process_shared *shared = process->shared;
	uint32_t seen = atomic_load(&shared->response.value);

	memcpy(shared->message.data, send, length);
	shared->message.length = (uint32_t)length;
	take_turn(&shared->request);
	await_turn(&shared->response, seen, spins_of(process));
	memcpy(back, shared->message.data, length);
	return true;
}

static void copy_message(struct process_message *to, const struct process_message *from)
{
	memcpy(to, from, MESSAGE_HEAD + from->length);
}

static bool shared_exchange(struct process *process, struct process_message *message)
{
	struct process_shared *shared = process->shared;
	uint32_t seen = atomic_load(&shared->response.value);

	copy_message(&shared->message, message);
	take_turn(&shared->request);
	await_turn(&shared->response, seen, spins_of(process));
	if (shared->message.length > BENCH_BLOCK)
		return false;
	copy_message(message, &shared->message);
	return true;
}

static _Noreturn void serve_shared(const struct process *process, const struct process_job *job)
{
	struct process_shared *shared = process->shared;

	for (uint32_t seen = 0;; seen++) {
		await_turn(&shared->request, seen, spins_of(process));
		if (job)
			job->run(job->user, &shared->message);
		take_turn(&shared->response);
	}
}

/* ---- Pipes ------------------------------------------------------------------------------- */

static bool read_all(int fd, void *to, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = read(fd, (char *)to + done, length - done);

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t put = write(fd, (const char *)from + done, length - done);

		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

/* Echoes every message: one fits into the pipe, so neither side blocks the other. */
static _Noreturn void serve_pipes(void)
{
	static unsigned char buffer[BENCH_BLOCK];

	for (;;) {
		ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));

		if (got <= 0 || !write_all(STDOUT_FILENO, buffer, (size_t)got))
			syscall(SYS_exit, 0);
	}
}

static bool read_message(int fd, struct process_message *message)
{
	return read_all(fd, message, MESSAGE_HEAD) && message->length <= BENCH_BLOCK &&
	       read_all(fd, message->data, message->length);
}

static bool write_message(int fd, const struct process_message *message)
{
	return write_all(fd, message, MESSAGE_HEAD + message->length);
}

static _Noreturn void serve_messages(const struct process_job *job)
{
	static struct process_message message;

	while (read_message(STDIN_FILENO, &message)) {
		job->run(job->user, &message);
		if (!write_message(STDOUT_FILENO, &message))
			break;
	}
	syscall(SYS_exit, 0);
	__builtin_unreachable();
}

/* ---- The child --------------------------------------------------------------------------- */

static bool lock_up(enum process_channel channel)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	if (channel == PROCESS_PIPES)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

static _Noreturn void child(const struct process *process, const struct process_job *job,
			    const int *in, const int *out, int processor)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	process_pin(processor);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	/* A VM's descriptor left open here would keep the VM alive. */
	syscall(SYS_close_range, 3u, ~0u, 0u);
	if (!lock_up(process->channel))
		_exit(1);
	if (process->channel != PROCESS_PIPES)
		serve_shared(process, job);
	if (job)
		serve_messages(job);
	serve_pipes();
}

int process_pin(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)processor, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0 ? processor : -1;
}

bool process_start(struct bench *bench, struct process *process, enum process_channel channel,
		   const struct process_job *job, int processor)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	*process = (struct process){.channel = channel, .child = -1};
	process->shared = mmap(NULL, sizeof(*process->shared), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (process->shared == MAP_FAILED || pipe2(in, 0) || pipe2(out, 0))
		return bench_fail(bench, "child process: %s", strerror(errno));
	process->child = fork();
	if (process->child == 0)
		child(process, job, in, out, processor);
	close(in[0]);
	close(out[1]);
	process->to_child = in[1];
	process->from_child = out[0];
	return process->child > 0 || bench_fail(bench, "fork: %s", strerror(errno));
}

void process_stop(struct process *process)
{
	if (process->child <= 0)
		return;
	kill(process->child, SIGKILL);
	waitpid(process->child, NULL, 0);
	close(process->to_child);
	close(process->from_child);
	munmap(process->shared, sizeof(*process->shared));
	process->child = -1;
}

bool process_round_trip(struct process *process, const void *send, void *back, size_t length)
{
	if (process->channel != PROCESS_PIPES)
		return shared_round_trip(process, send, back, length);
	return write_all(process->to_child, send, length) &&
	       read_all(process->from_child, back, length);
}

bool process_exchange(struct process *process, struct process_message *message)
{
	if (process->channel != PROCESS_PIPES)
		return shared_exchange(process, message);
	return write_message(process->to_child, message) &&
	       read_message(process->from_child, message);
}
