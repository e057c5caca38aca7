/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts gdb or lldb, or says how.
 */
#include "debugger.h"

#include <stdio.h>
#include <string.h>

#include "shell.h"
#include "tool.h"

/* gdb takes a socket's path as it is. */
static const char *gdb_address(const char *address)
{
	static const char prefix[] = "unix:";
	const size_t length = sizeof(prefix) - 1;

	return strncmp(address, prefix, length) == 0 ? address + length : address;
}

/* The line to paste.  gdb gets the guest's file from here, too. */
static void say_how(const char *address, const char *guest)
{
	char line[SHELL_LINE_BYTES];
	size_t used;

	if (!shell_can_paste(address)) {
		complain("waiting for a debugger at %s", address);
		return;
	}
	used = (size_t)snprintf(line, sizeof(line), "gdb -ex 'target remote %s'",
				gdb_address(address));
	if (shell_can_paste(guest))
		shell_add_path(line, used, guest);
	complain("waiting for a debugger: %s", line);
}

static int start(struct debugger *debugger, const struct run_options *options, const char *address,
		 struct problem *problem)
{
	/* gdb of some systems knows their own machine only, and its name is then another one. */
	static const char *const gdbs[] = {"gdb", "gdb-multiarch", NULL};
	static const char *const lldbs[] = {"lldb", NULL};
	const char *const *names = options->lldb ? lldbs : gdbs;
	char command[256];
	const char *arguments[] = {
		NULL, options->lldb ? "-o" : "-ex", command, "--", options->guest, NULL};
	int code = 0;

	snprintf(command, sizeof(command), options->lldb ? "gdb-remote %s" : "target remote %s",
		 gdb_address(address));
	for (; *names != NULL; names++) {
		arguments[0] = *names;
		code = cli_os_process_start(arguments, &debugger->process);
		if (code == 0)
			return EXIT_FINE;
	}
	return problem_set(problem, EXIT_PROBLEM, "os", "%s cannot be started: %s", arguments[0],
			   cli_os_error_text(code));
}

int debugger_begin(struct debugger *debugger, const struct run_options *options,
		   mote_sandbox *sandbox, struct problem *problem)
{
	mote_debug_options debug = MOTE_DEBUG_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	if (options->debug == NULL)
		return EXIT_FINE;
	debug.address = options->debug;
	debug.wait = true;
	if (mote_sandbox_debug_listen(sandbox, &debug, &error) != MOTE_OK)
		return problem_from_error(problem, &error);
	if (options->gdb || options->lldb)
		return start(debugger, options, mote_sandbox_get_debug_address(sandbox), problem);
	if (!options->stdio)
		say_how(mote_sandbox_get_debug_address(sandbox), options->guest);
	return EXIT_FINE;
}

void debugger_end(struct debugger *debugger)
{
	if (debugger->process != NULL)
		cli_os_process_wait(debugger->process);
	debugger->process = NULL;
}
