/* SPDX-License-Identifier: Apache-2.0
 *
 * A program whose output the tool reads, on POSIX systems: a pipe, and a process group of its own,
 * so that what it leaves behind can be ended with it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_os.h"

extern char **environ;

enum { NS_PER_MS = 1000000 };

struct cli_os_child {
	pthread_mutex_t lock;
	pid_t id;   /* 0: there is none.  Under the lock, so that no other process gets it. */
	int output; /* what it writes */
};

int cli_os_child_create(struct cli_os_child **child)
{
	struct cli_os_child *created = malloc(sizeof(*created));

	if (created == NULL)
		return CLI_OS_NO_MEMORY;
	pthread_mutex_init(&created->lock, NULL);
	created->id = 0;
	*child = created;
	return 0;
}

void cli_os_child_destroy(struct cli_os_child *child)
{
	if (child == NULL)
		return;
	pthread_mutex_destroy(&child->lock);
	free(child);
}

/* It meets the signals as if a shell had started it. */
static int spawn_with(const posix_spawn_file_actions_t *files, const char *const *arguments,
		      pid_t *id)
{
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int code = posix_spawnattr_init(&attributes);

	if (code != 0)
		return code;
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETPGROUP);
	/* The program does not write to its arguments. */
	code = posix_spawn(id, arguments[0], files, &attributes,
			   (char *const *)(uintptr_t)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static int spawn(const char *const *arguments, int output, pid_t *id)
{
	posix_spawn_file_actions_t files;
	int code = posix_spawn_file_actions_init(&files);

	if (code != 0)
		return code;
	code = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	if (code == 0)
		code = spawn_with(&files, arguments, id);
	posix_spawn_file_actions_destroy(&files);
	return code;
}

int cli_os_child_start(struct cli_os_child *child, const char *const *arguments)
{
	int ends[2], code;
	pid_t id = 0;

	if (pipe(ends) != 0)
		return errno;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	code = spawn(arguments, ends[1], &id);
	close(ends[1]);
	if (code != 0) {
		close(ends[0]);
		return code;
	}
	child->output = ends[0];
	pthread_mutex_lock(&child->lock);
	child->id = id;
	pthread_mutex_unlock(&child->lock);
	return 0;
}

int cli_os_child_read(struct cli_os_child *child, uint64_t end_ns, void *to, size_t bytes,
		      size_t *got)
{
	struct pollfd wait = {.fd = child->output, .events = POLLIN};

	for (;;) {
		const uint64_t now_ns = cli_os_monotonic_ns();
		const uint64_t left_ms = end_ns > now_ns ? (end_ns - now_ns) / NS_PER_MS + 1 : 0;
		int ready;
		ssize_t result;

		if (left_ms == 0)
			return CLI_OS_TIME_UP;
		ready = poll(&wait, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
		if (ready < 0 && errno != EINTR)
			return errno;
		if (ready <= 0)
			continue;
		result = read(child->output, to, bytes);
		if (result >= 0) {
			*got = (size_t)result;
			return 0;
		}
		if (errno != EINTR)
			return errno;
	}
}

void cli_os_child_kill(struct cli_os_child *child)
{
	pthread_mutex_lock(&child->lock);
	if (child->id != 0)
		kill(-child->id, SIGKILL);
	pthread_mutex_unlock(&child->lock);
}

void cli_os_child_wait(struct cli_os_child *child, struct cli_os_ending *ending)
{
	siginfo_t information;
	int status = 0;

	close(child->output);
	/* While it is there as a zombie, its group is no other process's. */
	while (waitid(P_PID, (id_t)child->id, &information, WEXITED | WNOWAIT) != 0 &&
	       errno == EINTR)
		;
	pthread_mutex_lock(&child->lock);
	kill(-child->id, SIGKILL);
	while (waitpid(child->id, &status, 0) < 0 && errno == EINTR)
		;
	child->id = 0;
	pthread_mutex_unlock(&child->lock);
	ending->by_signal = WIFSIGNALED(status);
	ending->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}
