/* SPDX-License-Identifier: Apache-2.0
 *
 * Act one: Debian's static zlib, unchanged, decompresses a file inside a micro
 * VM.  Input and output are streamed through two host functions; the result is
 * compared with the original byte for byte, the speed with the same zlib run
 * natively.
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
	bool equal; /* so far */
};

static double seconds(void)
{
	struct timespec now;

	timespec_get(&now, TIME_UTC);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* bytes(u32): the next block of input, empty at the end. */
static mote_status read_block(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	struct stream *stream = user;
	size_t length = stream->input.length - stream->read;

	(void)count;
	(void)error;
	if (length > arguments[0].as.u32)
		length = arguments[0].as.u32;
	*result = mote_bytes(stream->input.data + stream->read, length);
	stream->read += length;
	return MOTE_OK;
}

/* void(bytes): a block of output. */
static mote_status write_block(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	struct stream *stream = user;
	mote_span block = arguments[0].as.bytes;

	(void)count;
	(void)result;
	(void)error;
	stream->equal =
		stream->equal && block.length <= stream->expected.length - stream->written &&
		memcmp(stream->expected.data + stream->written, block.data, block.length) == 0;
	stream->written += block.length;
	return MOTE_OK;
}

/* The same work without a micro VM, in blocks of the same size. */
static double inflate_natively(struct bytes packed, struct bytes original)
{
	enum { BLOCK = 64 << 10 };
	unsigned char *block = malloc(BLOCK);
	z_stream stream = {0};
	double start = seconds();
	size_t written = 0;
	int status = block != NULL ? inflateInit2(&stream, 16 + MAX_WBITS) : Z_MEM_ERROR;

	stream.next_in = packed.data;
	stream.avail_in = (unsigned)packed.length;
	while (status == Z_OK) {
		stream.next_out = block;
		stream.avail_out = BLOCK;
		status = inflate(&stream, Z_NO_FLUSH);
		if (BLOCK - stream.avail_out > original.length - written ||
		    memcmp(original.data + written, block, BLOCK - stream.avail_out) != 0)
			status = Z_DATA_ERROR;
		written += BLOCK - stream.avail_out;
	}
	inflateEnd(&stream);
	free(block);
	return status == Z_STREAM_END ? seconds() - start : -1;
}

static void report(mote_sandbox *sandbox, const struct stream *stream, double elapsed)
{
	double megabytes = (double)stream->written / 1e6;
	double natively = inflate_natively(stream->input, stream->expected);
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;

	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	printf("inflate: %zu bytes of gzip to %zu bytes, equal to the original; %llu VM exits\n",
	       stream->read, stream->written, (unsigned long long)statistics.exits);
	printf("inflate: %.0f MB/s in the micro VM, %.0f MB/s natively (%.2f of native)\n",
	       megabytes / elapsed, megabytes / natively, natively / elapsed);
}

static bool run(mote_sandbox *sandbox, struct stream *stream, mote_error *error)
{
	mote_function inflate_stream;
	mote_value result;
	double start = seconds();

	if (mote_sandbox_find(sandbox, "inflate_stream", "i32()", &inflate_stream, error) !=
		    MOTE_OK ||
	    mote_sandbox_call(sandbox, inflate_stream, NULL, 0, NULL, &result, error) != MOTE_OK)
		return false;
	if (result.as.i32 != 0) {
		snprintf(error->text, sizeof(error->text), "zlib returned %d", result.as.i32);
		return false;
	}
	if (!stream->equal || stream->written != stream->expected.length) {
		snprintf(error->text, sizeof(error->text), "the output differs from the original");
		return false;
	}
	report(sandbox, stream, seconds() - start);
	return true;
}

bool demo_inflate(mote_engine *engine, const char *path, struct bytes packed, struct bytes original)
{
	struct stream stream = {.input = packed, .expected = original, .equal = true};
	const mote_host_function functions[] = {
		{"read_block", "bytes(u32)", read_block, &stream, NULL},
		{"write_block", "void(bytes)", write_block, &stream, NULL},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	bool good;

	options.host_functions = functions;
	options.host_function_count = sizeof(functions) / sizeof(functions[0]);
	good = mote_sandbox_create_from_file(engine, path, &options, &sandbox, &error) == MOTE_OK &&
	       run(sandbox, &stream, &error);
	if (!good)
		printf("inflate: FAILED: %s\n", error.text);
	mote_sandbox_destroy(sandbox);
	return good;
}
