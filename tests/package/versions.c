/* SPDX-License-Identifier: Apache-2.0
 *
 * Uses each structure that a caller fills or receives, for versions_test.sh, which compiles it with
 * headers of other versions.  Says what the guest says, or why not.
 */
#include <mote/mote.h>
#include <stdio.h>

static mote_status ignore(void *user, const mote_value *arguments, size_t count, mote_value *result,
			  mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)result, (void)error;
	return MOTE_OK;
}

static mote_status run(const char *path, mote_error *error)
{
	const mote_host_function functions[] = {
		{.name = "first", .signature = "void()", .call = ignore},
		{.name = "second", .signature = "void()", .call = ignore},
	};
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options sandbox_options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_call_options call_options = MOTE_CALL_OPTIONS_INIT;
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;
	mote_value name = mote_value_string("World"), greeting;
	mote_engine *engine = NULL;
	mote_sandbox *sandbox = NULL;
	mote_function greet;
	char text[64];
	mote_status status = mote_engine_create(&engine_options, &engine, error);

	if (status != MOTE_OK)
		return status;
	sandbox_options.host_functions = functions;
	sandbox_options.host_function_count = 2;
	call_options.result_buffer = text;
	call_options.result_capacity = sizeof(text);
	status = mote_sandbox_create_from_file(engine, path, &sandbox_options, &sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_find(sandbox, "greet", "string(string)", &greet, error);
	if (status == MOTE_OK)
		status = mote_sandbox_call(sandbox, greet, &name, 1, &call_options, &greeting,
					   error);
	if (status == MOTE_OK)
		status = mote_sandbox_get_statistics(sandbox, &statistics, error);
	if (status == MOTE_OK && statistics.calls == 1 && statistics.size == sizeof(statistics))
		puts(text);
#ifdef NEWER
	if (status == MOTE_OK && statistics.future != 0)
		puts("a member that the library does not know was not zeroed");
#endif
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return status;
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;

	if (argc != 2 || run(argv[1], &error) != MOTE_OK)
		puts(error.text);
	return 0;
}
