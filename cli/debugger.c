/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts gdb or lldb, or says how.
 */
#include "debugger.h"

#include <stdio.h>
#include <string.h>

#include "shell.h"
#include "tool.h"

/* A socket's path, as debuggers take it; other addresses as they are. */
static const char *path_of(const char *address)
{
	static const char prefix[] = "unix:";
	const size_t length = sizeof(prefix) - 1;

	return strncmp(address, prefix, length) == 0 ? address + length : address;
}

/* ---- Words ------------------------------------------------------------------------------- */

/* The line to paste.  gdb gets the guest's file from here, too. */
static void say_how(const char *address, const char *guest)
{
	char line[SHELL_LINE_BYTES];
	size_t used;

	if (!shell_can_paste(address)) {
		complain("waiting for a debugger at %s", address);
		return;
	}
	used = (size_t)snprintf(line, sizeof(line), "gdb -ex 'target remote %s'", path_of(address));
	if (shell_can_paste(guest))
		shell_add_path(line, used, guest);
	complain("waiting for a debugger: %s", line);
}

/* ---- The process ------------------------------------------------------------------------- */

/* A call that waits for the debugger would wait for ever. */
static void wait_for_end(void *user)
{
	struct debugger *debugger = user;

	cli_os_process_wait(debugger->process);
	mote_sandbox_debug_close(atomic_exchange(&debugger->sandbox, NULL));
}

static void join(struct debugger *debugger)
{
	if (debugger->thread != NULL)
		cli_os_thread_join(debugger->thread);
	debugger->thread = NULL;
}

static int fail_start(const char *what, int code, struct problem *problem)
{
	return problem_set(problem, EXIT_PROBLEM, "os", "%s cannot be started: %s", what,
			   cli_os_error_text(code));
}

/* What is started knows where the guest waits. */
static int start_process(struct debugger *debugger, const struct run_options *options,
			 const char *address, struct problem *problem)
{
	/* gdb of some systems knows their own machine only, and its name is then another one. */
	static const char *const gdbs[] = {"gdb", "gdb-multiarch", NULL};
	static const char *const lldbs[] = {"lldb", NULL};
	const char *const *names = options->lldb ? lldbs : gdbs;
	char command[256];
	const char *arguments[] = {
		NULL, options->lldb ? "-o" : "-ex", command, "--", options->guest, NULL};
	int code, first = 0;

	if (!options->lldb)
		snprintf(command, sizeof(command), "target remote %s", path_of(address));
	else if (path_of(address) != address)
		snprintf(command, sizeof(command),
			 "process connect --plugin gdb-remote unix-connect://%s", path_of(address));
	else
		snprintf(command, sizeof(command), "gdb-remote %s", address);
	for (size_t i = 0; names[i] != NULL; i++) {
		arguments[0] = names[i];
		code = cli_os_process_start(arguments, &debugger->process);
		if (code == 0)
			return EXIT_FINE;
		first = first == 0 ? code : first;
	}
	return fail_start(names[0], first, problem);
}

static int start(struct debugger *debugger, const struct run_options *options,
		 mote_sandbox *sandbox, struct problem *problem)
{
	int code =
		start_process(debugger, options, mote_sandbox_get_debug_address(sandbox), problem);

	if (code != EXIT_FINE)
		return code;
	atomic_store(&debugger->sandbox, sandbox);
	code = cli_os_thread_start(wait_for_end, debugger, &debugger->thread);
	if (code == 0)
		return EXIT_FINE;
	mote_sandbox_debug_close(sandbox); /* the debugger does not find it then */
	cli_os_process_wait(debugger->process);
	return fail_start("a thread", code, problem);
}

/* ---- The sandbox ------------------------------------------------------------------------- */

static int check_stdio(struct problem *problem)
{
	static const char *const names[] = {"standard input", "standard output"};

	for (int file = CLI_OS_INPUT; file <= CLI_OS_OUTPUT; file++) {
		const int code = cli_os_check_use(file, file == CLI_OS_OUTPUT);

		if (code != 0)
			return problem_set(problem, EXIT_PROBLEM, "os", "%s: %s", names[file],
					   cli_os_error_text(code));
	}
	return EXIT_FINE;
}

/* An address that is none is a mistake of the command line. */
static int listen_at(mote_sandbox *sandbox, const char *address, struct problem *problem)
{
	mote_debug_options options = MOTE_DEBUG_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	options.address = address;
	options.wait = true;
	status = mote_sandbox_debug_listen(sandbox, &options, &error);
	if (status == MOTE_INVALID_ARGUMENT)
		return problem_usage(problem, "%s", error.text);
	return status == MOTE_OK ? EXIT_FINE : problem_from_error(problem, &error);
}

int debugger_begin(struct debugger *debugger, const struct run_options *options,
		   mote_sandbox *sandbox, struct problem *problem)
{
	int code = EXIT_FINE;

	if (options->debug == NULL)
		return EXIT_FINE;
	if (options->stdio)
		code = check_stdio(problem);
	if (code == EXIT_FINE)
		code = listen_at(sandbox, options->debug, problem);
	if (code != EXIT_FINE || options->stdio)
		return code;
	if (options->gdb || options->lldb)
		return start(debugger, options, sandbox, problem);
	say_how(mote_sandbox_get_debug_address(sandbox), options->guest);
	return EXIT_FINE;
}

void debugger_leave(struct debugger *debugger)
{
	if (atomic_exchange(&debugger->sandbox, NULL) == NULL)
		join(debugger); /* it may be busy with the sandbox */
}

void debugger_end(struct debugger *debugger)
{
	join(debugger);
}
