/* SPDX-License-Identifier: Apache-2.0
 *
 * Throughput: zlib in a guest, fed block by block through host functions, against
 * the same zlib called directly on the same blocks, and in a locked-up process.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench.h"
#include "floor.h"
#include "process.h"

enum { TEXT_BYTES = 8 << 20, COUNTED_TEXT_BYTES = 1 << 20, LARGE_BLOCK = 1 << 20 };

struct inflation {
	struct bench *bench;
	struct bench_guest guest;
	mote_host_function functions[2];
	struct process process;
	struct floor_host *host; /* NULL: blocks cost the floor no exit */
	struct floor_vm vm;
	mote_buffer *shared[2]; /* packed, text */
	unsigned char *text, *packed, *input, *output;
	size_t text_bytes, packed_bytes;
	uint32_t block_bytes;
	size_t read, written;
};

/* Compressible, and the same on every machine: words of a small vocabulary in pseudo-random
 * order. */
static void fill_text(unsigned char *text, size_t bytes)
{
	uint32_t state = 1;

	for (size_t i = 0; i < bytes;) {
		uint32_t word;

		state = state * 1664525u + 1013904223u;
		word = state >> 20; /* 4,096 words, some more often */
		word &= state >> 8 & 0xfff;
		for (uint32_t letter = 0; letter < 3 + word % 7 && i < bytes; letter++)
			text[i++] = (unsigned char)('a' + (word * 31 + letter * letter) % 26);
		if (i < bytes)
			text[i++] = ' ';
	}
}

static bool prepare(struct inflation *job, size_t bytes)
{
	uLongf packed_bytes = compressBound((uLong)bytes);

	job->text_bytes = bytes;
	job->text = malloc(bytes);
	job->packed = malloc(packed_bytes);
	job->input = malloc(LARGE_BLOCK);
	job->output = malloc(LARGE_BLOCK);
	if (!job->text || !job->packed || !job->input || !job->output)
		return bench_fail(job->bench, "no memory");
	fill_text(job->text, bytes);
	if (compress(job->packed, &packed_bytes, job->text, (uLong)bytes) != Z_OK)
		return bench_fail(job->bench, "zlib cannot compress");
	job->packed_bytes = packed_bytes;
	return true;
}

static size_t next_block(struct inflation *job, size_t most, const unsigned char **block)
{
	size_t length = job->packed_bytes - job->read;

	*block = job->packed + job->read;
	length = length > most ? most : length;
	job->read += length;
	return length;
}

/* Both sides check the output. */
static bool take_block(struct inflation *job, const void *block, size_t length)
{
	bool equal = length <= job->text_bytes - job->written &&
		     !memcmp(job->text + job->written, block, length);

	job->written += length;
	return equal;
}

static bool pass_block(struct inflation *job)
{
	return !job->host || floor_ring(job->host, &job->vm);
}

static bool inflate_natively(void *user)
{
	struct inflation *job = user;
	z_stream stream = {0};
	int status = inflateInit(&stream);

	job->read = job->written = 0;
	while (status == Z_OK) {
		if (stream.avail_in == 0) {
			const unsigned char *block;

			stream.avail_in = (uInt)next_block(job, job->block_bytes, &block);
			memcpy(job->input, block, stream.avail_in);
			stream.next_in = job->input;
			if (!pass_block(job))
				status = Z_DATA_ERROR;
		}
		stream.next_out = job->output;
		stream.avail_out = job->block_bytes;
		status = inflate(&stream, Z_NO_FLUSH);
		if (!pass_block(job) ||
		    !take_block(job, job->output, job->block_bytes - stream.avail_out))
			status = Z_DATA_ERROR;
	}
	inflateEnd(&stream);
	return status == Z_STREAM_END || bench_fail(job->bench, "zlib returned %d", status);
}

/* bytes(u32) */
static mote_status read_block(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	const unsigned char *block;
	size_t length = next_block(user, arguments[0].as.u32, &block);

	(void)count;
	(void)error;
	*result = mote_value_bytes(block, length);
	return MOTE_OK;
}

/* void(bytes) */
static mote_status write_block(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	const mote_bytes *block = &arguments[0].as.bytes;

	(void)count;
	(void)result;
	(void)error;
	return take_block(user, block->data, block->length) ? MOTE_OK : MOTE_HOST_FUNCTION;
}

static bool inflate_in_guest(void *user)
{
	struct inflation *job = user;
	const mote_value argument = mote_value_u32(job->block_bytes);
	mote_value result;

	job->read = job->written = 0;
	if (!bench_guest_call(&job->guest, &argument, 1, NULL, &result))
		return false;
	return result.as.i32 == Z_OK || bench_fail(job->bench, "zlib returned %d", result.as.i32);
}

/* ---- In a child process ------------------------------------------------------------------ */

enum { ARENA_BYTES = 128 << 10 }; /* zlib needs about 48 KiB */

enum inflate_state { BEGIN, GO_ON, WANTS_INPUT, HAS_MORE, ENDED, FAILED };

/* Created before the child, which then has its own copy. */
static struct inflater {
	z_stream stream;
	unsigned char input[BENCH_BLOCK];
	size_t used;
	_Alignas(16) unsigned char arena[ARENA_BYTES];
} inflater;

static voidpf take_memory(voidpf user, uInt items, uInt size)
{
	struct inflater *from = user;
	size_t bytes = ((size_t)items * size + 15) & ~(size_t)15;
	void *memory = from->arena + from->used;

	if (bytes > ARENA_BYTES - from->used)
		return NULL;
	from->used += bytes;
	return memory;
}

static void leave_memory(voidpf user, voidpf memory)
{
	(void)user;
	(void)memory;
}

/* As in the guest: the input is copied, because the output goes into the message. */
static void inflate_message(void *user, struct process_message *message)
{
	struct inflater *work = user;
	int status = message->state == BEGIN ? inflateReset(&work->stream) : Z_OK;

	if (message->state == BEGIN)
		work->stream.avail_in = 0;
	if (message->length > 0) {
		memcpy(work->input, message->data, message->length);
		work->stream.next_in = work->input;
		work->stream.avail_in = message->length;
	}
	work->stream.next_out = message->data;
	work->stream.avail_out = BENCH_BLOCK;
	if (status == Z_OK)
		status = inflate(&work->stream, Z_NO_FLUSH);
	message->length = BENCH_BLOCK - work->stream.avail_out;
	if (status == Z_STREAM_END)
		message->state = ENDED;
	else if (status != Z_OK)
		message->state = FAILED;
	else
		message->state = work->stream.avail_in == 0 ? WANTS_INPUT : HAS_MORE;
}

static bool inflate_in_child(void *user)
{
	static struct process_message message;
	struct inflation *job = user;
	bool wants_input = true;

	job->read = job->written = 0;
	message.state = BEGIN;
	do {
		const unsigned char *block;

		message.length = 0;
		if (wants_input) {
			message.length = (uint32_t)next_block(job, BENCH_BLOCK, &block);
			memcpy(message.data, block, message.length);
		}
		if (!process_exchange(&job->process, &message) || message.state == FAILED ||
		    !take_block(job, message.data, message.length))
			return bench_fail(job->bench, "the child process failed");
		wants_input = message.state == WANTS_INPUT;
	} while (message.state != ENDED);
	return true;
}

/* ---- The figures ------------------------------------------------------------------------- */

static bool measure(struct inflation *job, struct bench_pair pair, uint32_t block_bytes)
{
	bool good;

	pair.mote.once = inflate_in_guest;
	pair.user = job;
	pair.counted = 2;
	job->block_bytes = block_bytes;
	job->guest.options.memory_bytes = 16 << 20;
	job->guest.options.mailbox_bytes = block_bytes;
	good = bench_guest_create(&job->guest) && bench_compare(job->bench, &pair);
	bench_guest_destroy(&job->guest);
	return good;
}

static bool open_job(struct bench *bench, struct inflation *job)
{
	*job = (struct inflation){.bench = bench};
	job->functions[0] = (mote_host_function){"read_block", "bytes(u32)", read_block, job, NULL};
	job->functions[1] =
		(mote_host_function){"write_block", "void(bytes)", write_block, job, NULL};
	if (!prepare(job, bench->options.counted ? COUNTED_TEXT_BYTES : TEXT_BYTES) ||
	    !bench_guest_open(bench, &job->guest, "bench_inflate", "inflate_stream", "i32(u32)"))
		return false;
	job->guest.options.host_functions = job->functions;
	job->guest.options.host_function_count = 2;
	return true;
}

/* The floor pays a bare exit for each block too. */
static bool measure_beside_exits(struct inflation *job, struct bench_pair pair)
{
	bool good =
		floor_open(job->bench, &job->host) && floor_create(job->host, FLOOR_RING, &job->vm);

	if (good) {
		good = measure(job, pair, BENCH_BLOCK);
		floor_destroy(job->host, &job->vm);
	}
	floor_close(job->host);
	job->host = NULL;
	return good;
}

/* ---- In shared buffers --------------------------------------------------------------------- */

static bool check_text(struct inflation *job, int status)
{
	return (status == Z_OK &&
		!memcmp(mote_buffer_get_data(job->shared[1]), job->text, job->text_bytes)) ||
	       bench_fail(job->bench, "zlib in shared buffers returned %d", status);
}

static bool inflate_shared_natively(void *user)
{
	struct inflation *job = user;
	uLongf length = (uLongf)job->text_bytes;

	return check_text(job, uncompress(mote_buffer_get_data(job->shared[1]), &length,
					  mote_buffer_get_data(job->shared[0]),
					  (uLong)job->packed_bytes));
}

static bool inflate_shared_in_guest(void *user)
{
	struct inflation *job = user;
	const mote_value arguments[] = {
		mote_value_bytes(mote_buffer_get_data(job->shared[0]), job->packed_bytes),
		mote_value_bytes(mote_buffer_get_data(job->shared[1]), job->text_bytes),
	};
	mote_value result;

	return bench_guest_call(&job->guest, arguments, 2, NULL, &result) &&
	       check_text(job, result.as.i32);
}

static bool share(struct inflation *job, size_t which, size_t bytes)
{
	mote_error error = MOTE_ERROR_INIT;

	if (mote_buffer_create(job->bench->engine, bytes, &job->shared[which], &error) ||
	    mote_sandbox_map_buffer(job->guest.sandbox, job->shared[which], which == 1, &error))
		return bench_fail(job->bench, "buffer: %s", error.text);
	return true;
}

static bool measure_shared(struct inflation *job, struct bench_pair pair)
{
	bool good;

	pair.floor.once = inflate_shared_natively;
	pair.mote.once = inflate_shared_in_guest;
	pair.user = job;
	pair.counted = 2;
	job->guest.export_name = "inflate_shared";
	job->guest.signature = "i32(bytes,bytes)";
	job->guest.options.buffer_space_bytes = 64 << 20;
	good = bench_guest_create(&job->guest) && share(job, 0, job->packed_bytes) &&
	       share(job, 1, job->text_bytes);
	if (good)
		memcpy(mote_buffer_get_data(job->shared[0]), job->packed, job->packed_bytes);
	good = good && bench_compare(job->bench, &pair);
	bench_guest_destroy(&job->guest);
	mote_buffer_release(job->shared[0]);
	mote_buffer_release(job->shared[1]);
	return good;
}

static void close_job(struct inflation *job)
{
	bench_guest_close(&job->guest);
	free(job->text);
	free(job->packed);
	free(job->input);
	free(job->output);
}

bool bench_case_inflate(struct bench *bench)
{
	struct bench_pair pair = {
		.name = "inflate-64KiB-blocks",
		.reference = "the same zlib, native",
		.floor = {.once = inflate_natively},
	};
	struct inflation job;
	bool good = open_job(bench, &job) && measure(&job, pair, BENCH_BLOCK);

	pair.name = "inflate-1MiB-blocks";
	good = good && measure(&job, pair, LARGE_BLOCK);
	pair.name = "inflate-64KiB-vs-exits";
	pair.reference = "native + a bare exit per block";
	good = good && measure_beside_exits(&job, pair);
	pair.name = "inflate-shared-buffers";
	pair.reference = "the same zlib, native";
	pair.target = pair.counted_target = 1.03;
	good = good && measure_shared(&job, pair);
	close_job(&job);
	return good;
}

bool bench_inflate_against_process(struct bench *bench, int processor)
{
	static const struct {
		enum process_channel channel;
		const char *name, *reference;
	} channels[] = {
		{PROCESS_PIPES, "inflate-vs-pipes", "process, pipes, same core"},
		{PROCESS_FUTEX, "inflate-vs-futex", "process, futex, same core"},
	};
	const struct process_job work = {inflate_message, &inflater};
	struct inflation job;
	bool good = open_job(bench, &job);

	inflater.used = 0;
	inflater.stream =
		(z_stream){.zalloc = take_memory, .zfree = leave_memory, .opaque = &inflater};
	if (good && inflateInit(&inflater.stream) != Z_OK)
		good = bench_fail(bench, "zlib cannot start");
	for (size_t i = 0; good && i < sizeof(channels) / sizeof(channels[0]); i++) {
		const struct bench_pair pair = {
			.name = channels[i].name,
			.reference = channels[i].reference,
			.floor = {.once = inflate_in_child},
		};

		good = process_start(bench, &job.process, channels[i].channel, &work, processor) &&
		       measure(&job, pair, BENCH_BLOCK);
		process_stop(&job.process);
	}
	close_job(&job);
	return good;
}
