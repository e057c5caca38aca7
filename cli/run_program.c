/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs programs: their streams are the tool's, their files are copied in and out.
 */
#include "run_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "run_setup.h"
#include "tool.h"

/* ---- Options ------------------------------------------------------------------------------- */

/* Makes room for one more element. */
static void *grow(void *list, size_t count, size_t bytes)
{
	return realloc(list, (count + 1) * bytes);
}

static const char *read_path_pair(const char *text, struct program_path **list, size_t *count)
{
	const char *equals = strchr(text, '=');
	struct program_path *grown;
	size_t length;

	if (equals == NULL || equals == text || equals[1] == '\0')
		return "NAME=PATH: what the program calls the file, and where it is here";
	grown = grow(*list, *count, sizeof(*grown));
	if (grown == NULL)
		return "possible: no memory";
	*list = grown;
	length = (size_t)(equals - text);
	grown[*count] = (struct program_path){malloc(length + 1), equals + 1};
	if (grown[*count].name == NULL)
		return "possible: no memory";
	memcpy(grown[*count].name, text, length);
	grown[*count].name[length] = '\0';
	++*count;
	return NULL;
}

const char *read_program_file(const char *text, void *to)
{
	struct program_options *options = to;

	return read_path_pair(text, &options->files, &options->file_count);
}

const char *read_program_wanted(const char *text, void *to)
{
	struct program_options *options = to;

	return read_path_pair(text, &options->wanted, &options->wanted_count);
}

const char *read_program_variable(const char *text, void *to)
{
	struct program_options *options = to;
	const char **grown;

	if (text[0] == '=' || strchr(text, '=') == NULL)
		return "NAME=VALUE";
	grown = grow(options->environment, options->environment_count + 1, sizeof(*grown));
	if (grown == NULL)
		return "possible: no memory";
	options->environment = grown;
	grown[options->environment_count++] = text;
	grown[options->environment_count] = NULL;
	return NULL;
}

static void release_paths(struct program_path *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].name);
	free(list);
}

void program_options_release(struct program_options *options)
{
	release_paths(options->files, options->file_count);
	release_paths(options->wanted, options->wanted_count);
	free(options->environment);
}

bool is_program(const mote_image *image)
{
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;

	for (size_t i = 0; mote_image_get_export(image, i, &function, NULL) == MOTE_OK; i++)
		if (strcmp(function.name, MOTE_ABI_PROGRAM_MAIN) == 0)
			return true;
	return false;
}

/* ---- A run ---------------------------------------------------------------------------------- */

/* Where a file that is wanted goes: created when the program turns out to have left one. */
struct target {
	const char *path;
	int file; /* -1: not open */
};

struct program_run {
	const struct run_options *options;
	const char **arguments;
	mote_program_file *files, *wanted;
	struct target *targets;
	int *inputs; /* the files, as the tool knows them */
	size_t open_count;
	int output;
};

static mote_status write_target(void *user, const void *data, size_t length, mote_error *error)
{
	struct target *target = user;
	int code = target->file < 0 ? cli_os_create(target->path, &target->file) : 0;

	if (code == 0)
		code = cli_os_write(target->file, data, length);
	if (code == 0)
		return MOTE_OK;
	snprintf(error->text, sizeof(error->text), "%s: %s", target->path, cli_os_error_text(code));
	return MOTE_OS;
}

static mote_stream stream_of(int file)
{
	return (mote_stream){.kind = MOTE_STREAM_HANDLE, .handle = cli_os_handle(file)};
}

static int fail_file(struct problem *problem, const char *path, int code)
{
	return problem_set(problem, EXIT_PROBLEM, "file", "%s: %s", path, cli_os_error_text(code));
}

static bool allocate(struct program_run *run)
{
	const struct program_options *own = &run->options->program;
	const size_t words = (size_t)run->options->word_count;

	run->arguments = calloc(words + 2, sizeof(*run->arguments));
	run->files = calloc(own->file_count + 1, sizeof(*run->files));
	run->inputs = calloc(own->file_count + 1, sizeof(*run->inputs));
	run->wanted = calloc(own->wanted_count + 1, sizeof(*run->wanted));
	run->targets = calloc(own->wanted_count + 1, sizeof(*run->targets));
	return run->arguments != NULL && run->files != NULL && run->inputs != NULL &&
	       run->wanted != NULL && run->targets != NULL;
}

static int open_file(struct program_run *run, const struct program_path *path,
		     struct problem *problem)
{
	int file, code = cli_os_open(path->path, &file);

	if (code != 0)
		return fail_file(problem, path->path, code);
	run->inputs[run->open_count] = file;
	run->files[run->open_count++] = (mote_program_file){path->name, stream_of(file), false};
	return EXIT_FINE;
}

static int open_all(struct program_run *run, struct problem *problem)
{
	const struct run_options *options = run->options;
	const struct program_options *own = &options->program;
	int code = EXIT_FINE, failed = 0;

	if (!allocate(run))
		return fail_file(problem, options->guest, CLI_OS_NO_MEMORY);
	run->arguments[0] = options->guest;
	for (int i = 0; i < options->word_count; i++)
		run->arguments[i + 1] = options->words[i];
	for (size_t i = 0; i < own->wanted_count; i++) {
		run->targets[i] = (struct target){own->wanted[i].path, -1};
		run->wanted[i] = (mote_program_file){
			own->wanted[i].name,
			{.kind = MOTE_STREAM_CALLBACK,
			 .write = write_target,
			 .user = &run->targets[i]},
			false,
		};
	}
	for (size_t i = 0; code == EXIT_FINE && i < own->file_count; i++)
		code = open_file(run, &own->files[i], problem);
	if (code == EXIT_FINE && options->output != NULL)
		failed = cli_os_create(options->output, &run->output);
	return failed != 0 ? fail_file(problem, options->output, failed) : code;
}

/* The first problem counts. */
static int close_all(struct program_run *run, bool succeeded, struct problem *problem)
{
	const struct program_options *own = &run->options->program;
	int code = EXIT_FINE, closed;

	for (size_t i = 0; i < run->open_count; i++)
		cli_os_close(run->inputs[i]);
	for (size_t i = 0; run->targets != NULL && i < own->wanted_count; i++) {
		const struct target *target = &run->targets[i];

		closed = target->file >= 0 ? cli_os_close(target->file) : 0;
		if (closed != 0)
			code = fail_file(problem, target->path, closed);
		else if (succeeded && target->file < 0)
			code = problem_set(problem, EXIT_PROBLEM, "no_file",
					   "the program has left no file %s", own->wanted[i].name);
	}
	closed = run->output != CLI_OS_OUTPUT ? cli_os_close(run->output) : 0;
	free(run->arguments);
	free(run->files);
	free(run->inputs);
	free(run->wanted);
	free(run->targets);
	return closed != 0 ? fail_file(problem, run->options->output, closed) : code;
}

int run_program(const struct run_options *options, mote_sandbox *sandbox, uint64_t wall_ns,
		int *status, mote_status *ended, mote_error *error, struct problem *problem)
{
	struct program_run run = {.options = options, .output = CLI_OS_OUTPUT};
	mote_program_options how = MOTE_PROGRAM_OPTIONS_INIT;
	int code = open_all(&run, problem), closed;

	if (code == EXIT_FINE) {
		how.arguments = run.arguments;
		how.environment = options->program.environment;
		how.input = stream_of(CLI_OS_INPUT);
		how.output = stream_of(run.output);
		how.errors = stream_of(CLI_OS_MESSAGES);
		how.files = run.files;
		how.file_count = options->program.file_count;
		how.wanted = run.wanted;
		how.wanted_count = options->program.wanted_count;
		how.wall_ns = wall_ns;
		how.cpu_ns = options->cpu_ns;
		*ended = mote_program_run(sandbox, &how, status, error);
	}
	closed = close_all(&run, code == EXIT_FINE && *ended == MOTE_OK && *status == 0, problem);
	return code != EXIT_FINE ? code : closed;
}
