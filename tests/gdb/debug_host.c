/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_host ADDRESS GUEST [FUNCTION ARGUMENT]...: a program that lets a debugger into its sandbox.  It
 * calls the functions in turn, the first of which waits for the debugger, and says on standard error
 * how each call ended.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mote/mote.h>

static mote_status echo(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	(void)user;
	(void)count;
	(void)error;
	*result = arguments[0];
	return MOTE_OK;
}

static mote_sandbox *make_sandbox(mote_engine *engine, const char *guest)
{
	const mote_host_function functions[] = {
		{.name = "host_u32", .signature = "u32(u32)", .call = echo},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	options.host_functions = functions;
	options.host_function_count = 1;
	if (mote_sandbox_create_from_file(engine, guest, &options, &sandbox, &error) != MOTE_OK) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	return sandbox;
}

static void listen_at(mote_sandbox *sandbox, const char *address)
{
	mote_debug_options options = MOTE_DEBUG_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.address = address;
	options.wait = true;
	if (mote_sandbox_debug_listen(sandbox, &options, &error) != MOTE_OK) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	fprintf(stderr, "listens at %s\n", mote_sandbox_get_debug_address(sandbox));
}

static void call(mote_sandbox *sandbox, const char *name, const char *argument)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value value, result = {.type = MOTE_TYPE_VOID};
	mote_function function;

	if (mote_sandbox_find(sandbox, name, NULL, &function, &error) != MOTE_OK) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	value = mote_u64(strtoull(argument, NULL, 0));
	if (function.signature.argument_count > 0)
		value.type = function.signature.arguments[0];
	if (mote_sandbox_call(sandbox, function, &value, function.signature.argument_count, NULL,
			      &result, &error) != MOTE_OK)
		fprintf(stderr, "%s: %s\n", name, error.text);
	else
		fprintf(stderr, "%s = %llu\n", name, (unsigned long long)result.as.u64);
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;
	mote_sandbox *sandbox;

	if (argc < 3)
		return 2;
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	sandbox = make_sandbox(engine, argv[2]);
	listen_at(sandbox, argv[1]);
	for (int i = 3; i + 1 < argc; i += 2)
		call(sandbox, argv[i], argv[i + 1]);
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return 0;
}
