/* SPDX-License-Identifier: Apache-2.0
 *
 * Act three: scripts of strangers, in an ordinary Lua interpreter that was built as a guest without
 * a change.  The interpreter is started once; each script begins at its snapshot.  One does honest
 * work; the others loop for ever, want all memory, and look for files of the host.
 */
#include "demo.h"

#include <stdio.h>
#include <string.h>

struct script {
	const char *what, *text;
	mote_status status;
	int exit_code;	     /* when the status is MOTE_OK */
	const char *printed; /* a part of it */
};

static const struct script scripts[] = {
	{"sums up an order",
	 "local sum = 0\n"
	 "for line in io.lines() do\n"
	 "  local count, price = line:match('(%d+) x ([%d.]+)')\n"
	 "  sum = sum + count * price\n"
	 "end\n"
	 "print(('the order costs %.2f'):format(sum))\n",
	 MOTE_OK, 0, "the order costs 47.25"},
	{"loops for ever", "while true do end\n", MOTE_CPU_DEADLINE, 0, ""},
	{"wants all memory",
	 "local all = {}\n"
	 "for i = 1, math.huge do all[i] = ('x'):rep(100000) .. i end\n",
	 MOTE_OK, 1, "not enough memory"},
	{"looks for files and commands",
	 "print(io.open('/etc/passwd'))\n"
	 "print(os.execute('id'))\n",
	 MOTE_OK, 0, "No such file or directory"},
};

/* What a script prints, on both streams: its beginning. */
struct output {
	char text[512];
	size_t length;
};

static mote_status keep(void *user, const void *data, size_t length, mote_error *error)
{
	struct output *output = user;
	const size_t room = sizeof(output->text) - 1 - output->length;

	(void)error;
	length = length < room ? length : room;
	memcpy(output->text + output->length, data, length);
	output->length += length;
	output->text[output->length] = '\0';
	return MOTE_OK;
}

/* Gives a text once, then its end. */
static mote_status give_text(void *user, void *data, size_t capacity, size_t *length,
			     mote_error *error)
{
	const char **text = user;

	(void)error;
	*length = strlen(*text) < capacity ? strlen(*text) : capacity;
	memcpy(data, *text, *length);
	*text += *length;
	return MOTE_OK;
}

static bool run(mote_sandbox *sandbox, const struct script *script)
{
	static const char *const arguments[] = {"lua", "script.lua", NULL};
	const char *text = script->text, *order = "3 x 12.50\n1 x 9.75\n";
	struct output output = {.length = 0};
	const mote_program_file file = {
		.name = "script.lua",
		.stream = {MOTE_STREAM_CALLBACK, 0, give_text, NULL, &text},
	};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;
	int exit_code = 0;
	bool good;

	options.arguments = arguments;
	options.input = (mote_stream){MOTE_STREAM_CALLBACK, 0, give_text, NULL, &order};
	options.output = (mote_stream){MOTE_STREAM_CALLBACK, 0, NULL, keep, &output};
	options.errors = options.output;
	options.files = &file;
	options.file_count = 1;
	options.cpu_ns = 200000000;
	status = mote_program_run(sandbox, &options, &exit_code, &error);
	good = status == script->status && exit_code == script->exit_code &&
	       strstr(output.text, script->printed) != NULL;
	output.text[strcspn(output.text, "\n")] = '\0';
	printf("script: %s: %s%s%s\n", script->what,
	       good ? "" : "NOT AS EXPECTED: ", status == MOTE_OK ? "" : error.text, output.text);
	return good;
}

bool demo_scripts(mote_engine *engine, const char *path)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	mote_sandbox *sandbox = NULL;
	bool good;

	good = mote_sandbox_create_from_file(engine, path, &options, &sandbox, &error) == MOTE_OK &&
	       mote_snapshot_take(sandbox, NULL, &snapshot, &error) == MOTE_OK;
	for (size_t i = 0; good && i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		good = run(sandbox, &scripts[i]);
		if (good)
			good = mote_sandbox_restore(sandbox, snapshot, &error) == MOTE_OK;
	}
	if (!good)
		printf("script: FAILED: %s\n", error.text);
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(sandbox);
	return good;
}
