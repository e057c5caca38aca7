/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_host SESSION [ADDRESS]: a program that lets a debugger into its sandbox, as others write
 * it. It makes the session's calls, the first of which waits for the debugger, and says on
 * standard error how each of them ended. Without a session, all of them, one after another, over
 * the second serial line of an emulated machine: each begins when the other side has sent a line
 * feed and got "ready".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mote/mote.h>

#include "debug_line.h"

struct session {
	const char *name;
	struct {
		const char *function; /* NULL: the end */
		uint64_t argument;
	} calls[3];
};

static const struct session sessions[] = {
	{"walk", {{"work", 6}, {"shift", 0}}},
	{"repair", {{"faulty", 0x10}, {"work", 6}}},
	{"fault", {{"faulty", 0x10}}},
	{"abort", {{"gives_up", 0}}},
	{"spin", {{"spin", 0}}},
	{"record", {{"work", 6}}},
	{"detach", {{"work", 6}, {"vectors", 0}}},
};
enum { SESSIONS = sizeof(sessions) / sizeof(sessions[0]) };

static mote_status echo(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	(void)user;
	(void)count;
	(void)error;
	*result = arguments[0];
	return MOTE_OK;
}

static void give_up(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static mote_sandbox *make_sandbox(mote_engine *engine)
{
	const mote_host_function functions[] = {
		{.name = "host_u32", .signature = "u32(u32)", .call = echo},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	const char *folder = getenv("MOTE_TEST_GUESTS");
	mote_sandbox *sandbox = NULL;
	char path[1024];

	options.host_functions = functions;
	options.host_function_count = 1;
	snprintf(path, sizeof(path), "%s/debug_O0", folder != NULL ? folder : ".");
	if (mote_sandbox_create_from_file(engine, path, &options, &sandbox, &error) != MOTE_OK)
		give_up(error.text);
	return sandbox;
}

static void listen_at(mote_sandbox *sandbox, const char *address)
{
	mote_debug_options options = MOTE_DEBUG_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.address = address;
	options.wait = true;
	if (mote_sandbox_debug_listen(sandbox, &options, &error) != MOTE_OK)
		give_up(error.text);
	fprintf(stderr, "listens at %s\n", mote_sandbox_get_debug_address(sandbox));
}

static void call(mote_sandbox *sandbox, const char *session, const char *name, uint64_t argument)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value value = mote_value_u64(argument), result = {.type = MOTE_TYPE_VOID};
	mote_function function;

	if (mote_sandbox_find(sandbox, name, NULL, &function, &error) != MOTE_OK)
		give_up(error.text);
	if (function.signature.argument_count > 0)
		value.type = function.signature.arguments[0];
	if (mote_sandbox_call(sandbox, function, &value, function.signature.argument_count, NULL,
			      &result, &error) != MOTE_OK)
		fprintf(stderr, "%s: %s: %s\n", session, name, error.text);
	else if (result.type == MOTE_TYPE_F64)
		fprintf(stderr, "%s: %s = %g\n", session, name, result.as.f64);
	else
		fprintf(stderr, "%s: %s = %llu\n", session, name,
			(unsigned long long)(result.type == MOTE_TYPE_U32 ? result.as.u32
									  : result.as.u64));
}

static void run(mote_engine *engine, const struct session *session, const char *address)
{
	mote_sandbox *sandbox = make_sandbox(engine);

	listen_at(sandbox, address);
	for (unsigned i = 0; i < 3 && session->calls[i].function != NULL; i++)
		call(sandbox, session->name, session->calls[i].function,
		     session->calls[i].argument);
	mote_sandbox_destroy(sandbox);
}

static void run_over_line(mote_engine *engine)
{
	const int fd = debug_line_open();
	char address[32], byte;

	if (fd < 0)
		give_up("cannot open the line");
	snprintf(address, sizeof(address), "fd:%d,%d", fd, fd);
	for (unsigned i = 0; i < SESSIONS; i++) {
		do
			if (read(fd, &byte, 1) != 1)
				give_up("cannot read from the line");
		while (byte != '\n');
		if (write(fd, "ready\n", 6) != 6)
			give_up("cannot write to the line");
		run(engine, &sessions[i], address);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK)
		give_up(error.text);
	if (argc < 2)
		run_over_line(engine);
	for (unsigned i = 0; argc > 1 && i < SESSIONS; i++)
		if (strcmp(sessions[i].name, argv[1]) == 0)
			run(engine, &sessions[i], argc > 2 ? argv[2] : "fd:0,1");
	mote_engine_release(engine);
	return 0;
}
