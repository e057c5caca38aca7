/* SPDX-License-Identifier: Apache-2.0
 *
 * The mote tool: finds the command and makes the process fit for it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "tool.h"

static int print_version(void)
{
	struct output output;

	output_standard(&output);
	output_format(&output, "mote %s\n", mote_version());
	return output_finish(&output);
}

static int command_version(int argc, char **argv)
{
	if (argc > 1)
		return complain_usage(NULL, "%s takes no arguments", argv[0]);
	return print_version();
}

static int command_help(int argc, char **argv)
{
	if (argc > 2)
		return complain_usage(NULL, "help takes one command");
	return print_help(argc > 1 ? argv[1] : NULL);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", command_run},	  {"inspect", command_inspect},	  {"doctor", command_doctor},
	{"bench", command_bench}, {"new", command_new},		  {"version", command_version},
	{"help", command_help},	  {"--version", command_version}, {"-V", command_version},
	{"--help", command_help}, {"-h", command_help},
};

/*
 * A standard descriptor that the caller left closed would be taken by the next file that is opened,
 * and messages would go there.  What takes its place fails when it is used.
 */
static int fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return -1;
	}
	return 0;
}

static void restore_if_ignored(int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
		action.sa_handler = SIG_DFL;
		sigaction(number, &action, NULL);
	}
}

/*
 * Signals as the tool needs them, whatever its caller had blocked or ignored.  Those that end, stop
 * or inform a job stay ignored: nohup and a shell's & mean it.
 */
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

int main(int argc, char **argv)
{
	if (fill_standard_descriptors() != 0)
		return EXIT_PROBLEM;
	prepare_signals();
	if (argc < 2)
		return complain_usage(NULL, "no command");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return complain_usage(NULL, "unknown %s %s", argv[1][0] == '-' ? "option" : "command",
			      argv[1][0] == '\0' ? "\"\"" : argv[1]);
}
