/* SPDX-License-Identifier: Apache-2.0
 *
 * The streams of a program in progress: the host functions that read and write them, and waiting
 * for a handle in a way that a kill ends.
 */
#include "sandbox/program_internal.h"

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "os/os_handle.h"

enum { STANDARD_STREAMS = MOTE_ABI_STREAM_FILES };

/* What one read gives at most. */
static const size_t BLOCK_BYTES = 64 << 10;

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

/* Waits only where it must: most streams are ready.  again: this one was not, whatever it says. */
static mote_status make_ready(mote_sandbox *sandbox, intptr_t handle,
			      enum mote_os_direction direction, bool again, mote_error *error)
{
	if (!again && mote_os_handle_is_ready(handle, direction))
		return MOTE_OK;
	return wait_for(sandbox->watch.interrupt, handle, direction, error);
}

/* ---- Streams -------------------------------------------------------------------------------- */

static mote_status read_handle(mote_sandbox *sandbox, intptr_t handle, uint8_t *data, size_t bytes,
			       size_t *got, mote_error *error)
{
	bool again = false;
	mote_status status;

	do {
		status = make_ready(sandbox, handle, MOTE_OS_INPUT, again, error);
		if (status == MOTE_OK)
			status = mote_os_handle_read(handle, data, bytes, got, &again, error);
	} while (status == MOTE_OK && again);
	return status;
}

static mote_status write_handle(mote_sandbox *sandbox, intptr_t handle, const uint8_t *data,
				size_t bytes, mote_error *error)
{
	mote_status status = MOTE_OK;
	bool again = false;

	while (status == MOTE_OK && bytes > 0) {
		size_t put = 0;

		status = make_ready(sandbox, handle, MOTE_OS_OUTPUT, again, error);
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

const mote_program_file *mote_program_file_at(const mote_program_options *options,
					      const mote_program_file *files, size_t index)
{
	return (const mote_program_file *)(const void *)((const unsigned char *)files +
							 index * options->file_size);
}

mote_program_file *mote_program_wanted_at(const mote_program_options *options, size_t index)
{
	return (mote_program_file *)(void *)((unsigned char *)options->wanted +
					     index * options->file_size);
}

/* One of a program's streams, and what people call it. */
struct stream {
	const mote_stream *of;
	const char *name;
};

/* A stream of NULL: there is no such stream to read from. */
static struct stream input_stream(const mote_program_options *options, uint32_t number)
{
	const mote_program_file *file;

	if (number == MOTE_ABI_STREAM_INPUT)
		return (struct stream){&options->input, "standard input"};
	if (number < STANDARD_STREAMS || number - STANDARD_STREAMS >= options->file_count)
		return (struct stream){NULL, NULL};
	file = mote_program_file_at(options, options->files, number - STANDARD_STREAMS);
	return (struct stream){&file->stream, file->name};
}

static struct stream output_stream(const mote_program_options *options, uint32_t number)
{
	const uint64_t index = (uint64_t)number - STANDARD_STREAMS - options->file_count;
	mote_program_file *file;

	if (number == MOTE_ABI_STREAM_OUTPUT)
		return (struct stream){&options->output, "standard output"};
	if (number == MOTE_ABI_STREAM_ERRORS)
		return (struct stream){&options->errors, "standard error"};
	if (number < STANDARD_STREAMS || index >= options->wanted_count)
		return (struct stream){NULL, NULL};
	file = mote_program_wanted_at(options, (size_t)index);
	file->written = true;
	return (struct stream){&file->stream, file->name};
}

/* ---- The host functions --------------------------------------------------------------------- */

/* The stream that a program means; NULL, with an error, when it has none to use so. */
static struct stream find_stream(const mote_sandbox *sandbox, uint32_t number,
				 enum mote_os_direction direction, mote_error *error)
{
	const struct mote_program *program = sandbox->program;
	struct stream stream = {NULL, NULL};

	if (program == NULL) {
		mote_fail(error, MOTE_INVALID_ARGUMENT,
			  "the program has no streams before mote_program_run");
		return stream;
	}
	stream = direction == MOTE_OS_INPUT ? input_stream(program->options, number)
					    : output_stream(program->options, number);
	if (stream.of == NULL)
		mote_fail(error, MOTE_INVALID_ARGUMENT, "the program has no stream %lu to use so",
			  (unsigned long)number);
	return stream;
}

/* Keeps a stream's failure, under its name, for the end of the run. */
static mote_status finish(struct mote_program *program, const struct stream *stream,
			  mote_status status, const mote_error *error)
{
	if (status == MOTE_OK)
		return MOTE_OK;
	program->failure = *error;
	return mote_fail(&program->failure, status, "%s: %s", stream->name,
			 error->text[0] != '\0' ? error->text : mote_status_text(status));
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
	const struct stream stream =
		find_stream(sandbox, arguments[0].as.u32, MOTE_OS_INPUT, error);
	const size_t bytes = most(sandbox, arguments[1].as.u32);
	mote_status status;

	(void)count;
	if (stream.of == NULL)
		return MOTE_INVALID_ARGUMENT;
	if (bytes == 0)
		return MOTE_OK;
	if (program->block == NULL)
		program->block = mote_reallocate(&sandbox->engine->allocator, NULL, BLOCK_BYTES);
	if (program->block == NULL)
		return mote_fail_memory(error, "a block of a stream");
	result->as.bytes.data = program->block;
	status = read_stream(sandbox, stream.of, program->block, bytes, &result->as.bytes.length,
			     error);
	return finish(program, &stream, status, error);
}

static mote_status serve_write(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	mote_sandbox *sandbox = user;
	const struct stream stream =
		find_stream(sandbox, arguments[0].as.u32, MOTE_OS_OUTPUT, error);
	mote_status status;

	(void)count;
	(void)result;
	if (stream.of == NULL)
		return MOTE_INVALID_ARGUMENT;
	status = write_stream(sandbox, stream.of, arguments[1].as.bytes.data,
			      arguments[1].as.bytes.length, error);
	return finish(sandbox->program, &stream, status, error);
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
