/* SPDX-License-Identifier: Apache-2.0
 *
 * Act one: Debian's static zlib, unchanged, decompresses a file inside a micro
 * VM.  Input and output are streamed through two host functions, then once more
 * through memory that host and guest share; the result is compared with the
 * original byte for byte, the speed with the same zlib run natively.
 */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

struct stream {
	struct bytes input, expected;
	size_t read, written;
	bool equal;		    /* so far */
	mote_buffer *packed, *room; /* shared with the guest */
};

enum { BLOCK = 64 << 10, ROOM = 1 << 20 };

static double seconds(void)
{
	struct timespec now;

	timespec_get(&now, TIME_UTC);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const unsigned char *next_block(struct stream *stream, size_t most, size_t *length)
{
	const unsigned char *block = stream->input.data + stream->read;

	*length = stream->input.length - stream->read;
	if (*length > most)
		*length = most;
	stream->read += *length;
	return block;
}

/* bytes(u32): the next block of input, empty at the end. */
static mote_status read_block(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	size_t length;
	const unsigned char *block = next_block(user, arguments[0].as.u32, &length);

	(void)count;
	(void)error;
	*result = mote_value_bytes(block, length);
	return MOTE_OK;
}

/* u64(): puts the next block of input into the shared memory and says how long it is. */
static mote_status give(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	struct stream *stream = user;
	size_t length;
	const unsigned char *block = next_block(stream, ROOM, &length);

	(void)arguments;
	(void)count;
	(void)error;
	memcpy(mote_buffer_get_data(stream->packed), block, length);
	*result = mote_value_u64(length);
	return MOTE_OK;
}

static void compare(struct stream *stream, const void *block, size_t length)
{
	stream->equal = stream->equal && length <= stream->expected.length - stream->written &&
			memcmp(stream->expected.data + stream->written, block, length) == 0;
	stream->written += length;
}

/* void(bytes): a block of output. */
static mote_status write_block(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	(void)count;
	(void)result;
	(void)error;
	compare(user, arguments[0].as.bytes.data, arguments[0].as.bytes.length);
	return MOTE_OK;
}

/* void(u64): so many bytes of output are in the shared room.  The number is the guest's. */
static mote_status take(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	struct stream *stream = user;

	(void)count;
	(void)result;
	(void)error;
	if (arguments[0].as.u64 > ROOM)
		return MOTE_HOST_FUNCTION;
	compare(stream, mote_buffer_get_data(stream->room), arguments[0].as.u64);
	return MOTE_OK;
}

/* The same work without a micro VM, with output of the same size.  Returns seconds. */
static double inflate_natively(const struct stream *job, size_t block_bytes)
{
	struct stream copy = {.expected = job->expected, .equal = true};
	unsigned char *block = malloc(block_bytes);
	z_stream stream = {.next_in = job->input.data, .avail_in = (unsigned)job->input.length};
	double start = seconds();
	int status = block != NULL ? inflateInit2(&stream, 16 + MAX_WBITS) : Z_MEM_ERROR;

	while (status == Z_OK) {
		stream.next_out = block;
		stream.avail_out = (unsigned)block_bytes;
		status = inflate(&stream, Z_NO_FLUSH);
		compare(&copy, block, block_bytes - stream.avail_out);
	}
	inflateEnd(&stream);
	free(block);
	return seconds() - start;
}

/* Calls the guest's function and reports its speed, or says in error what is wrong. */
static bool run(mote_sandbox *sandbox, struct stream *stream, const char *name,
		const char *signature, const mote_value *arguments, size_t count, mote_error *error)
{
	mote_sandbox_statistics before = MOTE_SANDBOX_STATISTICS_INIT, after = before;
	double start, elapsed, natively;
	mote_function function;
	mote_value result;

	stream->read = stream->written = 0;
	stream->equal = true;
	mote_sandbox_get_statistics(sandbox, &before, NULL);
	start = seconds();
	if (mote_sandbox_find(sandbox, name, signature, &function, error) != MOTE_OK ||
	    mote_sandbox_call(sandbox, function, arguments, count, NULL, &result, error) != MOTE_OK)
		return false;
	elapsed = seconds() - start;
	mote_sandbox_get_statistics(sandbox, &after, NULL);
	if (result.as.i32 != 0) {
		snprintf(error->text, sizeof(error->text), "zlib returned %d", result.as.i32);
		return false;
	}
	if (!stream->equal || stream->written != stream->expected.length) {
		snprintf(error->text, sizeof(error->text), "the output differs from the original");
		return false;
	}
	natively = inflate_natively(stream, count > 0 ? ROOM : BLOCK);
	printf("inflate: %s: %.0f MB/s in the micro VM, %.0f MB/s natively (%.2f of native); %llu "
	       "VM exits\n",
	       count > 0 ? "through 2 MiB of shared memory" : "in blocks of 64 KiB",
	       (double)stream->written / 1e6 / elapsed, (double)stream->written / 1e6 / natively,
	       natively / elapsed, (unsigned long long)(after.exits - before.exits));
	return true;
}

static bool share(mote_engine *engine, mote_sandbox *sandbox, struct stream *stream,
		  mote_error *error)
{
	return mote_buffer_create(engine, ROOM, &stream->packed, error) == MOTE_OK &&
	       mote_buffer_create(engine, ROOM, &stream->room, error) == MOTE_OK &&
	       mote_sandbox_map_buffer(sandbox, stream->packed, false, error) == MOTE_OK &&
	       mote_sandbox_map_buffer(sandbox, stream->room, true, error) == MOTE_OK;
}

static bool run_shared(mote_engine *engine, mote_sandbox *sandbox, struct stream *stream,
		       mote_error *error)
{
	mote_value arguments[2];

	if (!share(engine, sandbox, stream, error))
		return false;
	arguments[0] = mote_value_bytes(mote_buffer_get_data(stream->packed), ROOM);
	arguments[1] = mote_value_bytes(mote_buffer_get_data(stream->room), ROOM);
	return run(sandbox, stream, "inflate_shared", "i32(bytes,bytes)", arguments, 2, error);
}

bool demo_inflate(mote_engine *engine, const char *path, struct bytes packed, struct bytes original)
{
	struct stream stream = {.input = packed, .expected = original};
	const mote_host_function functions[] = {
		{"read_block", "bytes(u32)", read_block, &stream, NULL},
		{"write_block", "void(bytes)", write_block, &stream, NULL},
		{"give", "u64()", give, &stream, NULL},
		{"take", "void(u64)", take, &stream, NULL},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	bool good;

	options.host_functions = functions;
	options.host_function_count = sizeof(functions) / sizeof(functions[0]);
	options.buffer_space_bytes = 2 * ROOM;
	good = mote_sandbox_create_from_file(engine, path, &options, &sandbox, &error) == MOTE_OK &&
	       run(sandbox, &stream, "inflate_stream", "i32()", NULL, 0, &error) &&
	       run_shared(engine, sandbox, &stream, &error);
	if (good)
		printf("inflate: %zu bytes of gzip to %zu bytes, equal to the original\n",
		       packed.length, original.length);
	else
		printf("inflate: FAILED: %s\n", error.text);
	mote_sandbox_destroy(sandbox);
	mote_buffer_release(stream.packed);
	mote_buffer_release(stream.room);
	return good;
}
