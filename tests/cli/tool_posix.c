/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts the tool with chosen descriptors, signals and folder; collects its output.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "tool.h"

enum { MAXIMUM_ARGUMENTS = 40, PATIENCE = 20 };

/* ---- Starting ---------------------------------------------------------------------------- */

static int make_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		FAIL("memfd_create: %s", strerror(errno));
	return fd;
}

/* A process that writes the input into a pipe.  Returns the end to read from. */
static int feed(struct tool *tool)
{
	size_t done = 0;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		FAIL("pipe: %s", strerror(errno));
	tool->feeder = fork();
	if (tool->feeder != 0) {
		close(ends[1]);
		return ends[0];
	}
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	while (done < tool->input_length) {
		ssize_t written = write(ends[1], tool->input + done, tool->input_length - done);

		if (written <= 0)
			break;
		done += (size_t)written;
	}
	_exit(0);
}

/* What a careless parent leaves to its children. */
static void take_signals_away(void)
{
	sigset_t all;

	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		signal(number, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static _Noreturn void become_tool(const struct tool *tool, const int fds[3],
				  const char *const *arguments)
{
	const char *path = getenv("MOTE_TEST_CLI");
	const char *argv[MAXIMUM_ARGUMENTS + 2] = {"mote"};

	for (int i = 0; i < MAXIMUM_ARGUMENTS && arguments[i]; i++)
		argv[i + 1] = arguments[i];
	for (int i = 0; i < 3; i++)
		if (tool->closes[i])
			close(i);
		else
			dup2(fds[i], i);
	if (tool->ignored)
		signal(tool->ignored, SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	if (tool->pending) {
		sigset_t blocked;

		sigemptyset(&blocked);
		sigaddset(&blocked, tool->pending);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		kill(getpid(), tool->pending); /* for the process, not for this thread */
	}
	if (tool->hostile_signals)
		take_signals_away();
	if (tool->folder && chdir(tool->folder) != 0)
		_exit(126);
	/* What is meant for this program. */
	unsetenv("MOTE_TEST_FILTER");
	unsetenv("MOTE_TEST_SUITE");
	if (tool->variable)
		putenv((char *)(uintptr_t)tool->variable);
	if (tool->hold.number)
		hold_child(&tool->hold);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

void tool_start(struct tool *tool, const char *const *arguments)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fds[3] = {tool->in, tool->out, tool->err};

	if (!getenv("MOTE_TEST_CLI"))
		FAIL("MOTE_TEST_CLI is not set; run the tests with ctest or ./dev test");
	tool->feeder = 0;
	tool->out_file = make_file("stdout");
	tool->err_file = make_file("stderr");
	if (fds[0] < 0)
		fds[0] = tool->input ? feed(tool) : nothing;
	if (fds[1] < 0)
		fds[1] = tool->out_file;
	if (fds[2] < 0)
		fds[2] = tool->err_file;
	if (tool->hold.number)
		hold_prepare(&tool->hold);
	tool->process = fork();
	if (tool->process < 0)
		FAIL("fork: %s", strerror(errno));
	if (tool->process == 0)
		become_tool(tool, fds, arguments);
	if (tool->feeder > 0)
		close(fds[0]);
	close(nothing);
	if (tool->hold.number)
		hold_parent(&tool->hold);
}

/* ---- Waiting ----------------------------------------------------------------------------- */

static void sleep_ms(long ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static char *read_file_from(int fd, size_t *length)
{
	struct stat information;
	char *data;

	if (fstat(fd, &information) != 0)
		FAIL("fstat: %s", strerror(errno));
	*length = (size_t)information.st_size;
	data = malloc(*length + 1);
	if (!data || pread(fd, data, *length, 0) != (ssize_t)*length)
		FAIL("what the tool printed cannot be read");
	data[*length] = '\0';
	return data;
}

static void wait_for(struct tool *tool)
{
	const unsigned patience = tool->patience != 0 ? tool->patience : PATIENCE;
	uint64_t deadline = test_now_ns() + test_slow(patience) * 1000000000u;
	int status;

	while (waitpid(tool->process, &status, WNOHANG) == 0) {
		if (test_now_ns() > deadline) {
			kill(tool->process, SIGKILL);
			waitpid(tool->process, &status, 0);
			tool->code = -1;
			return;
		}
		hold_serve(&tool->hold);
		sleep_ms(1);
	}
	tool->code = WIFEXITED(status) ? WEXITSTATUS(status) : TOOL_DIED + WTERMSIG(status);
}

void tool_finish(struct tool *tool)
{
	wait_for(tool);
	hold_close(&tool->hold);
	if (tool->feeder > 0) {
		kill(tool->feeder, SIGKILL);
		waitpid(tool->feeder, NULL, 0);
	}
	tool->output = read_file_from(tool->out_file, &tool->output_length);
	tool->errors = read_file_from(tool->err_file, &tool->errors_length);
	close(tool->out_file);
	close(tool->err_file);
	if (tool->code == 127)
		FAIL("the tool cannot be executed: %s", getenv("MOTE_TEST_CLI"));
}

void tool_await_hold(struct tool *tool)
{
	if (hold_await(&tool->hold))
		return;
	kill(tool->process, SIGKILL);
	FAIL("the tool did not make system call %d", tool->hold.number);
}

void tool_await(struct tool *tool, const char *part)
{
	uint64_t deadline = test_now_ns() + test_slow(PATIENCE) * 1000000000u;
	bool found = false;

	while (!found) {
		size_t length;
		char *text = read_file_from(tool->err_file, &length);

		found = strstr(text, part) != NULL;
		free(text);
		if (!found && test_now_ns() > deadline) {
			kill(tool->process, SIGKILL);
			FAIL("the tool did not say \"%s\"", part);
		}
		sleep_ms(1);
	}
}

void tool_need_vm(void)
{
	struct tool tool;
	bool usable;

	test_need_hypervisor();
	TOOL_RUN(&tool, "doctor");
	usable = tool.code == 0;
	tool_clear(&tool);
	if (!usable)
		SKIP("no usable hypervisor, says mote doctor");
}

/* ---- Files ------------------------------------------------------------------------------- */

static char folder[64];

const char *test_folder(void)
{
	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "/tmp/mote-cli-XXXXXX");
		if (!mkdtemp(folder))
			FAIL("%s: %s", folder, strerror(errno));
	}
	return folder;
}

void test_write_file(const char *path, const void *data, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd < 0 || write(fd, data, length) != (ssize_t)length || close(fd) != 0)
		FAIL("%s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *information, int type, struct FTW *where)
{
	(void)information;
	(void)type;
	(void)where;
	return remove(path);
}

void test_remove_folder(void)
{
	if (folder[0])
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}
