/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs programs: hands them arguments, and reports how they end.
 */
#include "sandbox/program_internal.h"

#include <string.h>

#include "error_internal.h"
#include "options.h"
#include "os/os_handle.h"

static const size_t MAXIMUM_FILE = 4096; /* sizeof(mote_program_file) of any version */
static const size_t MINIMUM_FILE = sizeof(mote_program_file); /* of 0.1, the first version */
static const uint32_t MAXIMUM_FILES = 65535;

static struct mote_structure structure_of_options(void)
{
	return (struct mote_structure){"program options", "MOTE_PROGRAM_OPTIONS_INIT",
				       sizeof(mote_program_options)};
}

void mote_program_options_init(mote_program_options *options, size_t size)
{
	static const mote_program_options initial = MOTE_PROGRAM_OPTIONS_INIT;
	const struct mote_structure structure = structure_of_options();

	mote_structure_init(&structure, &initial, options, size);
	if (size >= offsetof(mote_program_options, file_size) + sizeof(options->file_size))
		options->file_size = 0;
}

/* ---- What a program is started with ---------------------------------------------------------- */

static uint32_t count_of(const char *const *list)
{
	uint32_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

/* The block of mote_abi_program: measured first, then written. */
struct writer {
	uint8_t *to; /* NULL: only measure */
	uint64_t bytes;
};

static void put(struct writer *writer, const void *data, size_t bytes)
{
	if (writer->to != NULL)
		memcpy(writer->to + writer->bytes, data, bytes);
	writer->bytes += bytes;
}

static void put_text(struct writer *writer, const char *text)
{
	put(writer, text, strlen(text) + 1);
}

static void put_files(struct writer *writer, const mote_program_options *options,
		      const mote_program_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_text(writer, mote_program_file_at(options, files, i)->name);
}

static bool is_watched(const mote_stream *stream)
{
	return stream->kind == MOTE_STREAM_HANDLE && mote_os_handle_is_terminal(stream->handle);
}

static void put_block(struct writer *writer, const mote_program_options *options)
{
	const struct mote_abi_program head = {
		.argument_count = count_of(options->arguments),
		.environment_count = count_of(options->environment),
		.file_count = (uint32_t)options->file_count,
		.wanted_count = (uint32_t)options->wanted_count,
		.flags = is_watched(&options->output) ? MOTE_ABI_PROGRAM_WATCHED : 0,
	};

	put(writer, &head, sizeof(head));
	for (uint32_t i = 0; i < head.argument_count; i++)
		put_text(writer, options->arguments[i]);
	for (uint32_t i = 0; i < head.environment_count; i++)
		put_text(writer, options->environment[i]);
	put_files(writer, options, options->files, options->file_count);
	put_files(writer, options, options->wanted, options->wanted_count);
}

/* ---- A run ----------------------------------------------------------------------------------- */

static bool is_usable(const mote_stream *stream, enum mote_os_direction direction)
{
	switch (stream->kind) {
	case MOTE_STREAM_NONE:
	case MOTE_STREAM_HANDLE:
		return true;
	case MOTE_STREAM_CALLBACK:
		return direction == MOTE_OS_INPUT ? stream->read != NULL : stream->write != NULL;
	}
	return false;
}

static mote_status check_files(const mote_program_options *options, const mote_program_file *files,
			       size_t count, enum mote_os_direction direction, mote_error *error)
{
	if (count > 0 && files == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "a program's list of files is NULL");
	if (count > MAXIMUM_FILES)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "more than %u files of a program",
				 (unsigned)MAXIMUM_FILES);
	for (size_t i = 0; i < count; i++) {
		const mote_program_file *file = mote_program_file_at(options, files, i);

		if (file->name == NULL || file->name[0] == '\0')
			return mote_fail(error, MOTE_INVALID_ARGUMENT,
					 "file %zu of a program has no name", i);
		if (!is_usable(&file->stream, direction))
			return mote_fail(error, MOTE_INVALID_ARGUMENT,
					 "the stream of a program's file has no callback");
	}
	return MOTE_OK;
}

static mote_status check(const mote_program_options *options, mote_error *error)
{
	mote_status status;

	if (!is_usable(&options->input, MOTE_OS_INPUT) ||
	    !is_usable(&options->output, MOTE_OS_OUTPUT) ||
	    !is_usable(&options->errors, MOTE_OS_OUTPUT))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "a standard stream of a program has no callback");
	if (options->file_count + options->wanted_count > 0 &&
	    (options->file_size < MINIMUM_FILE || options->file_size > MAXIMUM_FILE))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "file_size is %zu; set it to sizeof(mote_program_file)",
				 options->file_size);
	status = check_files(options, options->files, options->file_count, MOTE_OS_INPUT, error);
	if (status == MOTE_OK)
		status = check_files(options, options->wanted, options->wanted_count,
				     MOTE_OS_OUTPUT, error);
	return status;
}

static mote_status take(const mote_program_options *options, const char *const *own_name,
			mote_program_options *taken, mote_error *error)
{
	const struct mote_structure structure = structure_of_options();
	mote_status status = MOTE_OK;

	*taken = (mote_program_options)MOTE_PROGRAM_OPTIONS_INIT;
	if (options != NULL)
		status = mote_structure_take(&structure, taken, options, error);
	if (status == MOTE_OK && taken->arguments == NULL)
		taken->arguments = own_name;
	return status == MOTE_OK ? check(taken, error) : status;
}

/* What a program is started with, from the allocator. */
static mote_status make_block(const mote_allocator *allocator, const mote_program_options *options,
			      mote_value *argument, mote_error *error)
{
	struct writer writer = {0};

	put_block(&writer, options);
	writer.to = mote_reallocate(allocator, NULL, (size_t)writer.bytes);
	if (writer.to == NULL)
		return mote_fail_memory(error, "arguments of a program");
	writer.bytes = 0;
	put_block(&writer, options);
	*argument = mote_value_bytes(writer.to, (size_t)writer.bytes);
	return MOTE_OK;
}

static mote_status find_main(mote_sandbox *sandbox, mote_function *function, mote_error *error)
{
	mote_error inner = MOTE_ERROR_INIT;
	const mote_status status =
		mote_sandbox_find(sandbox, MOTE_ABI_PROGRAM_MAIN, "i32(bytes)", function, &inner);

	if (status == MOTE_OK)
		return MOTE_OK;
	return mote_fail(error, MOTE_NOT_FOUND,
			 "guest image %s is no program: it has exported functions instead of main",
			 sandbox->image->name);
}

/* The sandbox may be gone afterwards: one of its own callbacks may destroy it. */
static mote_status run(mote_sandbox *sandbox, mote_function function,
		       const mote_program_options *options, int *exit_status, mote_error *error)
{
	mote_engine *engine = mote_engine_retain(sandbox->engine);
	struct mote_program program = {.options = options, .failure = MOTE_ERROR_INIT};
	mote_call_options call = MOTE_CALL_OPTIONS_INIT;
	mote_value argument, result;
	mote_status status = make_block(&engine->allocator, options, &argument, error);

	call.wall_ns = options->wall_ns;
	call.cpu_ns = options->cpu_ns;
	if (status == MOTE_OK) {
		status = mote_sandbox_call_program(sandbox, &program, function, &argument, &call,
						   &result, error);
		mote_release(&engine->allocator, program.block);
		mote_release(&engine->allocator, (void *)argument.as.bytes.data);
	}
	if (status == MOTE_OK)
		*exit_status = (int)(result.as.u32 & 0xff);
	/* In the words of the stream, which the caller knows, not of the function below it. */
	if (status == MOTE_HOST_FUNCTION && program.failure.status != MOTE_OK) {
		program.failure.status = MOTE_HOST_FUNCTION;
		mote_fail_as(error, &program.failure);
	}
	mote_engine_release(engine);
	return status;
}

mote_status mote_program_run(mote_sandbox *sandbox, const mote_program_options *options,
			     int *status, mote_error *error)
{
	const char *own_name[] = {NULL, NULL};
	mote_program_options taken;
	mote_function function;
	mote_status ended;

	if (sandbox == NULL || status == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "program: NULL argument");
	own_name[0] = sandbox->image->name;
	ended = take(options, own_name, &taken, error);
	if (ended == MOTE_OK)
		ended = find_main(sandbox, &function, error);
	for (size_t i = 0; ended == MOTE_OK && i < taken.wanted_count; i++)
		mote_program_wanted_at(&taken, i)->written = false;
	return ended == MOTE_OK ? run(sandbox, function, &taken, status, error) : ended;
}
