/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs programs: hands them arguments, and serves their streams.
 */
#include "sandbox/program_internal.h"

#include <string.h>

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "options.h"
#include "os/os_handle.h"

enum { STANDARD_STREAMS = MOTE_ABI_STREAM_FILES };

/* What one read gives at most. */
static const size_t BLOCK_BYTES = 64 << 10;
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

/* ---- Waiting for a handle ------------------------------------------------------------------- */

struct ring {
	struct mote_kick kick;
	struct mote_os_wake wake;
};

static void arm_ring(struct mote_kick *kick)
{
	(void)kick;
}

static void send_ring(struct mote_kick *kick, uintptr_t thread)
{
	(void)thread;
	mote_os_wake_ring(&((struct ring *)(void *)kick)->wake);
}

static const struct mote_kick_ops ring_ops = {arm_ring, send_ring, arm_ring};

/* To a kill, the waiting is a run of the vCPU.  MOTE_KILLED: the call was ended. */
static mote_status wait_for(mote_interrupt *interrupt, intptr_t handle,
			    enum mote_os_direction direction, mote_error *error)
{
	struct mote_kick *const kick = interrupt->kick;
	struct ring ring = {.kick = {&ring_ops}};
	mote_status status = mote_os_wake_create(&ring.wake, error);
	bool ready = false;

	if (status != MOTE_OK)
		return status;
	interrupt->kick = &ring.kick;
	while (status == MOTE_OK && !ready && mote_interrupt_set_waiting(interrupt)) {
		status = mote_os_handle_wait(handle, direction, &ring.wake, &ready, error);
		mote_interrupt_clear_running(interrupt);
	}
	interrupt->kick = kick;
	mote_os_wake_destroy(&ring.wake);
	if (status != MOTE_OK || ready)
		return status;
	return mote_fail(error, MOTE_KILLED, "the call was ended while a stream waited");
}

/* Waits only where it must: most streams are ready. */
static mote_status make_ready(mote_sandbox *sandbox, intptr_t handle,
			      enum mote_os_direction direction, mote_error *error)
{
	if (mote_os_handle_is_ready(handle, direction))
		return MOTE_OK;
	return wait_for(sandbox->watch.interrupt, handle, direction, error);
}

/* ---- Streams -------------------------------------------------------------------------------- */

static mote_status read_handle(mote_sandbox *sandbox, intptr_t handle, uint8_t *data, size_t bytes,
			       size_t *got, mote_error *error)
{
	bool again = true;
	mote_status status = MOTE_OK;

	while (status == MOTE_OK && again) {
		status = make_ready(sandbox, handle, MOTE_OS_INPUT, error);
		if (status == MOTE_OK)
			status = mote_os_handle_read(handle, data, bytes, got, &again, error);
	}
	return status;
}

static mote_status write_handle(mote_sandbox *sandbox, intptr_t handle, const uint8_t *data,
				size_t bytes, mote_error *error)
{
	mote_status status = MOTE_OK;

	while (status == MOTE_OK && bytes > 0) {
		size_t put = 0;
		bool again;

		status = make_ready(sandbox, handle, MOTE_OS_OUTPUT, error);
		if (status == MOTE_OK)
			status = mote_os_handle_write(handle, data, bytes, &put, &again, error);
		data += put;
		bytes -= put;
	}
	return status;
}

static mote_status read_stream(mote_sandbox *sandbox, const mote_stream *stream, uint8_t *data,
			       size_t bytes, size_t *got, mote_error *error)
{
	mote_status status = MOTE_OK;

	*got = 0;
	if (stream->kind == MOTE_STREAM_HANDLE)
		status = read_handle(sandbox, stream->handle, data, bytes, got, error);
	else if (stream->kind == MOTE_STREAM_CALLBACK)
		status = stream->read(stream->user, data, bytes, got, error);
	if (status == MOTE_OK && *got > bytes)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "a stream's read callback gave %zu bytes, %zu were asked for",
				 *got, bytes);
	return status;
}

static mote_status write_stream(mote_sandbox *sandbox, const mote_stream *stream,
				const uint8_t *data, size_t bytes, mote_error *error)
{
	if (stream->kind == MOTE_STREAM_HANDLE)
		return write_handle(sandbox, stream->handle, data, bytes, error);
	if (stream->kind == MOTE_STREAM_CALLBACK)
		return stream->write(stream->user, data, bytes, error);
	return MOTE_OK;
}

/* All elements of an array have the same size, that of the caller's version. */
static const mote_program_file *file_at(const mote_program_options *options,
					const mote_program_file *files, size_t index)
{
	return (const mote_program_file *)(const void *)((const unsigned char *)files +
							 index * options->file_size);
}

/* NULL: there is no such stream to read from. */
static const mote_stream *input_stream(const mote_program_options *options, uint32_t number)
{
	if (number == MOTE_ABI_STREAM_INPUT)
		return &options->input;
	if (number >= STANDARD_STREAMS && number - STANDARD_STREAMS < options->file_count)
		return &file_at(options, options->files, number - STANDARD_STREAMS)->stream;
	return NULL;
}

/* NULL: there is no such file that is wanted. */
static mote_program_file *wanted_file(const mote_program_options *options, uint32_t number)
{
	const uint64_t index = (uint64_t)number - STANDARD_STREAMS - options->file_count;

	if (number < STANDARD_STREAMS || index >= options->wanted_count)
		return NULL;
	return (mote_program_file *)(void *)((unsigned char *)options->wanted +
					     index * options->file_size);
}

static const mote_stream *output_stream(const mote_program_options *options, uint32_t number)
{
	mote_program_file *file;

	if (number == MOTE_ABI_STREAM_OUTPUT)
		return &options->output;
	if (number == MOTE_ABI_STREAM_ERRORS)
		return &options->errors;
	file = wanted_file(options, number);
	if (file == NULL)
		return NULL;
	file->written = true;
	return &file->stream;
}

/* ---- The host functions --------------------------------------------------------------------- */

/* The stream that a program means; NULL, with an error, when it has none to use so. */
static const mote_stream *find_stream(const mote_sandbox *sandbox, uint32_t number,
				      enum mote_os_direction direction, mote_error *error)
{
	const struct mote_program *program = sandbox->program;
	const mote_stream *stream;

	if (program == NULL) {
		mote_fail(error, MOTE_INVALID_ARGUMENT,
			  "the program has no streams before mote_program_run");
		return NULL;
	}
	stream = direction == MOTE_OS_INPUT ? input_stream(program->options, number)
					    : output_stream(program->options, number);
	if (stream == NULL)
		mote_fail(error, MOTE_INVALID_ARGUMENT, "the program has no stream %lu to use so",
			  (unsigned long)number);
	return stream;
}

/* Less than was asked for is normal: it must fit the block and the mailbox. */
static size_t most(const mote_sandbox *sandbox, uint32_t wanted)
{
	size_t bytes = wanted < BLOCK_BYTES ? wanted : BLOCK_BYTES;
	const size_t room = sandbox->mailbox.host_call.data_bytes;

	return bytes < room ? bytes : room;
}

static mote_status serve_read(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	mote_sandbox *sandbox = user;
	struct mote_program *program = sandbox->program;
	const mote_stream *stream = find_stream(sandbox, arguments[0].as.u32, MOTE_OS_INPUT, error);
	const size_t bytes = most(sandbox, arguments[1].as.u32);

	(void)count;
	if (stream == NULL)
		return MOTE_INVALID_ARGUMENT;
	if (bytes == 0)
		return MOTE_OK;
	if (program->block == NULL)
		program->block = mote_reallocate(&sandbox->engine->allocator, NULL, BLOCK_BYTES);
	if (program->block == NULL)
		return mote_fail_memory(error, "a block of a stream");
	result->as.bytes.data = program->block;
	return read_stream(sandbox, stream, program->block, bytes, &result->as.bytes.length, error);
}

static mote_status serve_write(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	mote_sandbox *sandbox = user;
	const mote_stream *stream =
		find_stream(sandbox, arguments[0].as.u32, MOTE_OS_OUTPUT, error);

	(void)count;
	(void)result;
	if (stream == NULL)
		return MOTE_INVALID_ARGUMENT;
	return write_stream(sandbox, stream, arguments[1].as.bytes.data,
			    arguments[1].as.bytes.length, error);
}

void mote_program_functions(mote_sandbox *sandbox,
			    struct mote_registered_function functions[MOTE_PROGRAM_FUNCTIONS])
{
	functions[0] = (struct mote_registered_function){
		.name = MOTE_ABI_PROGRAM_READ,
		.signature = {MOTE_TYPE_BYTES, 2, {MOTE_TYPE_U32, MOTE_TYPE_U32}},
		.call = serve_read,
		.user = sandbox,
	};
	functions[1] = (struct mote_registered_function){
		.name = MOTE_ABI_PROGRAM_WRITE,
		.signature = {MOTE_TYPE_VOID, 2, {MOTE_TYPE_U32, MOTE_TYPE_BYTES}},
		.call = serve_write,
		.user = sandbox,
	};
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
		put_text(writer, file_at(options, files, i)->name);
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
		const mote_program_file *file = file_at(options, files, i);

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
	*argument = mote_bytes(writer.to, (size_t)writer.bytes);
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
	struct mote_program program = {.options = options};
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
		wanted_file(&taken, (uint32_t)(STANDARD_STREAMS + taken.file_count + i))->written =
			false;
	return ended == MOTE_OK ? run(sandbox, function, &taken, status, error) : ended;
}
