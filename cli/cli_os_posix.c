/* SPDX-License-Identifier: Apache-2.0
 *
 * The tool's process on POSIX systems: its start-up, its machine, its clock.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_os.h"

extern char **environ;

/*
 * A standard descriptor that the caller left closed would be taken by the next file that is opened,
 * and messages would go there.  What takes its place fails when it is used.
 */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return false;
	}
	return true;
}

static void restore_if_ignored(int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
		action.sa_handler = SIG_DFL;
		sigaction(number, &action, NULL);
	}
}

/* Those that end, stop or inform a job stay ignored: nohup and a shell's & mean it. */
static void prepare_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t none;

	sigaction(SIGPIPE, &ignore, NULL); /* a closed pipe is reported like a full disk */
	restore_if_ignored(SIGCHLD);	   /* mote bench waits for processes */
	restore_if_ignored(SIGURG);	   /* the library interrupts a guest with it */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool cli_os_start(int *argc, char ***argv)
{
	(void)argc; /* whatever bytes they are */
	(void)argv;
	if (!fill_standard_descriptors())
		return false;
	prepare_signals();
	return true;
}

const char *cli_os_machine(char text[CLI_OS_MACHINE_BYTES])
{
	struct utsname host;
	size_t length;

	if (uname(&host) != 0)
		return NULL;
	if (strcmp(host.machine, "arm64") == 0) /* as macOS calls it */
		return "aarch64";
	length = strlen(host.machine);
	if (length >= CLI_OS_MACHINE_BYTES)
		return NULL;
	memcpy(text, host.machine, length + 1);
	return text;
}

uint64_t cli_os_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void cli_os_pause_ns(uint64_t ns)
{
	const struct timespec time = {.tv_nsec = (long)ns};

	nanosleep(&time, NULL);
}

void cli_os_call_system(void)
{
	getppid();
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

int cli_os_run_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child < 0 ? errno : wait_for(child);
}

struct cli_os_process {
	pid_t id;
	struct sigaction interrupt; /* what SIGINT did before */
};

/* The signals that the tool ignores, for its own sake, do in the program what they always do. */
static int spawn(struct cli_os_process *process, const char *const *arguments)
{
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int code = posix_spawnattr_init(&attributes);

	if (code != 0)
		return code;
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	if (process->interrupt.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGINT);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	/* The program does not write to its arguments. */
	code = posix_spawnp(&process->id, arguments[0], NULL, &attributes,
			    (char *const *)(uintptr_t)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	return code;
}

int cli_os_process_start(const char *const *arguments, struct cli_os_process **process)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct cli_os_process *started = malloc(sizeof(*started));
	int code;

	if (started == NULL)
		return ENOMEM;
	sigaction(SIGINT, &ignore, &started->interrupt);
	code = spawn(started, arguments);
	if (code == 0) {
		*process = started;
		return 0;
	}
	sigaction(SIGINT, &started->interrupt, NULL);
	free(started);
	return code;
}

void cli_os_process_wait(struct cli_os_process *process)
{
	(void)wait_for(process->id);
	sigaction(SIGINT, &process->interrupt, NULL);
	free(process);
}
