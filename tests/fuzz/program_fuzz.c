/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: what a program may ask of the host, its streams, in any order and with any numbers.
 * Nothing but the streams of the run is read and written, in order, and in blocks that fit.
 */
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "fuzz.h"
#include "sandbox/program_internal.h"

enum { MAXIMUM_FILES = 4 };

const char *fuzz_missing(void)
{
	return NULL;
}

/* One stream as the host sees it. */
struct seen {
	uint64_t next;	 /* byte that is read next: each is its position */
	uint64_t left;	 /* until the end */
	uint64_t put;	 /* bytes that were written */
	size_t capacity; /* of the read in progress, which is to be kept to */
	bool reads, writes;
};

struct host {
	struct seen seen[3 + 2 * MAXIMUM_FILES];
	mote_program_file files[MAXIMUM_FILES], wanted[MAXIMUM_FILES];
	mote_program_options options;
};

static struct fuzz_input *choices;

static mote_status read_some(void *user, void *data, size_t capacity, size_t *length,
			     mote_error *error)
{
	struct seen *seen = user;
	uint8_t *to = data;

	(void)error;
	FUZZ_CHECK(seen->reads && capacity > 0 && capacity <= seen->capacity);
	*length = fuzz_below(choices, (uint32_t)capacity) + 1;
	*length = *length < seen->left ? *length : (size_t)seen->left;
	for (size_t i = 0; i < *length; i++)
		to[i] = (uint8_t)seen->next++;
	seen->left -= *length;
	return fuzz_below(choices, 16) == 15 ? MOTE_LIMIT : MOTE_OK;
}

static mote_status write_some(void *user, const void *data, size_t length, mote_error *error)
{
	struct seen *seen = user;
	const uint8_t *from = data;

	(void)error;
	FUZZ_CHECK(seen->writes);
	for (size_t i = 0; i < length; i++)
		FUZZ_CHECK(from[i] == (uint8_t)(seen->put + i));
	seen->put += length;
	return fuzz_below(choices, 16) == 15 ? MOTE_OS : MOTE_OK;
}

static mote_stream stream(struct seen *seen, bool reads, struct fuzz_input *input)
{
	*seen = (struct seen){.left = fuzz_below(input, 4) == 0 ? 0 : fuzz_u16(input),
			      .reads = reads,
			      .writes = !reads};
	if (fuzz_below(input, 8) == 0) {
		seen->left = 0;
		return (mote_stream){.kind = MOTE_STREAM_NONE};
	}
	return (mote_stream){.kind = MOTE_STREAM_CALLBACK,
			     .read = reads ? read_some : NULL,
			     .write = reads ? NULL : write_some,
			     .user = seen};
}

static void make(struct host *host, struct fuzz_input *input)
{
	mote_program_options *options = &host->options;

	*options = (mote_program_options)MOTE_PROGRAM_OPTIONS_INIT;
	options->input = stream(&host->seen[0], true, input);
	options->output = stream(&host->seen[1], false, input);
	options->errors = stream(&host->seen[2], false, input);
	options->files = host->files;
	options->wanted = host->wanted;
	options->file_count = fuzz_below(input, MAXIMUM_FILES + 1);
	options->wanted_count = fuzz_below(input, MAXIMUM_FILES + 1);
	for (size_t i = 0; i < options->file_count; i++)
		host->files[i] =
			(mote_program_file){"file", stream(&host->seen[3 + i], true, input), false};
	for (size_t i = 0; i < options->wanted_count; i++)
		host->wanted[i] = (mote_program_file){
			"wanted", stream(&host->seen[3 + options->file_count + i], false, input),
			false};
}

/* NULL: there is none. */
static struct seen *find(struct host *host, uint32_t number, bool reads)
{
	const size_t count = 3 + host->options.file_count + host->options.wanted_count;

	return number < count && host->seen[number].reads == reads ? &host->seen[number] : NULL;
}

static void read_once(struct host *host, mote_sandbox *sandbox,
		      const struct mote_registered_function *function, struct fuzz_input *input)
{
	const mote_value arguments[2] = {mote_value_u32((uint32_t)fuzz_edge(input) % 16),
					 mote_value_u32((uint32_t)fuzz_edge(input))};
	struct seen *seen = find(host, arguments[0].as.u32, true);
	mote_value result = {.type = MOTE_TYPE_BYTES};
	const uint64_t before = seen != NULL ? seen->next : 0;
	const uint8_t *data;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	if (seen != NULL)
		seen->capacity = arguments[1].as.u32;
	status = function->call(function->user, arguments, 2, &result, &error);
	if (status != MOTE_OK) {
		FUZZ_CHECK(seen == NULL ? status == MOTE_INVALID_ARGUMENT : status == MOTE_LIMIT);
		return;
	}
	FUZZ_CHECK(seen != NULL);
	FUZZ_CHECK(result.as.bytes.length <= arguments[1].as.u32);
	FUZZ_CHECK(result.as.bytes.length <= sandbox->mailbox.host_call.data_bytes);
	FUZZ_CHECK(result.as.bytes.length == seen->next - before);
	data = result.as.bytes.data;
	for (size_t i = 0; i < result.as.bytes.length; i++)
		FUZZ_CHECK(data[i] == (uint8_t)(before + i));
}

static void write_once(struct host *host, const struct mote_registered_function *function,
		       struct fuzz_input *input)
{
	static uint8_t data[600];
	const uint32_t number = (uint32_t)fuzz_edge(input) % 16;
	struct seen *seen = find(host, number, false);
	mote_value arguments[2] = {mote_value_u32(number),
				   mote_value_bytes(data, fuzz_below(input, sizeof(data) + 1))};
	mote_value result = {.type = MOTE_TYPE_VOID};
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	for (size_t i = 0; seen != NULL && i < arguments[1].as.bytes.length; i++)
		data[i] = (uint8_t)(seen->put + i);
	status = function->call(function->user, arguments, 2, &result, &error);
	FUZZ_CHECK(seen == NULL ? status == MOTE_INVALID_ARGUMENT
				: status == MOTE_OK || status == MOTE_OS);
	if (number >= 3 + host->options.file_count && seen != NULL)
		FUZZ_CHECK(host->wanted[number - 3 - host->options.file_count].written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct mote_registered_function functions[MOTE_PROGRAM_FUNCTIONS];
	mote_engine engine = {.allocator = mote_default_allocator};
	mote_sandbox *sandbox = calloc(1, sizeof(*sandbox));
	struct host host;
	struct mote_program program = {.options = &host.options};

	if (sandbox == NULL)
		abort();
	choices = &input;
	make(&host, &input);
	sandbox->engine = &engine;
	sandbox->mailbox.host_call.data_bytes = 1 + fuzz_u16(&input);
	mote_program_functions(sandbox, functions);
	while (input.left > 0) {
		sandbox->program = fuzz_below(&input, 32) != 31 ? &program : NULL;
		if (sandbox->program == NULL)
			continue;
		if (fuzz_below(&input, 2) == 0)
			read_once(&host, sandbox, &functions[0], &input);
		else
			write_once(&host, &functions[1], &input);
	}
	mote_release(&engine.allocator, program.block);
	free(sandbox);
	return 0;
}
