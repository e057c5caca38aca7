/* SPDX-License-Identifier: Apache-2.0
 *
 * The README's example: calls a function of a guest.
 *
 *	hello_host hello
 */
#include <mote/mote.h>
#include <stdio.h>

static int fail(const mote_error *error)
{
	fprintf(stderr, "%s: %s\n", mote_status_name(error->status), error->text);
	return 1;
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine = NULL;
	mote_sandbox *sandbox = NULL;
	mote_function greet;
	mote_value name = mote_value_string("World"), greeting;

	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK ||
	    mote_sandbox_create_from_file(engine, argc > 1 ? argv[1] : "hello", NULL, &sandbox,
					  &error) != MOTE_OK ||
	    mote_sandbox_find(sandbox, "greet", "string(string)", &greet, &error) != MOTE_OK ||
	    mote_sandbox_call(sandbox, greet, &name, 1, NULL, &greeting, &error) != MOTE_OK)
		return fail(&error);
	puts(greeting.as.string.data); /* Hello, World! */
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return 0;
}
