/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest with main: the linker takes this for a guest that exports nothing itself.  Standard
 * streams go to the host in large blocks, so that their exits do not show.
 */
#include "program.h"

#include <errno.h>
#include <mote_guest.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

MOTE_IMPORT(mote_bytes, mote_program_read, (uint32_t, stream), (uint32_t, maximum))
MOTE_IMPORT(void, mote_program_write, (uint32_t, stream), (mote_bytes, data))

int main(int argc, char **argv, char **environment);

enum { BLOCK_BYTES = 64 << 10 };

/* A stream's block: what was read ahead, or what is still to be written. */
struct block {
	size_t begin, end;
	unsigned char bytes[BLOCK_BYTES];
};

static struct block input, output;
static bool watched; /* lines of output are sent as they come */
static jmp_buf ended;
static int exit_status;

/* ---- Output -------------------------------------------------------------------------------- */

static void send(uint32_t stream, const void *data, size_t bytes)
{
	const size_t most = mote_call_capacity();
	const unsigned char *at = data;

	while (bytes > 0) {
		const size_t part = bytes < most ? bytes : most;

		mote_program_write(stream, (mote_bytes){at, part});
		at += part;
		bytes -= part;
	}
}

void mote_libc_program_flush(void)
{
	send(MOTE_ABI_STREAM_OUTPUT, output.bytes, output.end);
	output.end = 0;
}

/* What is larger than the block goes past it. */
static void put(const unsigned char *data, size_t bytes)
{
	if (bytes > BLOCK_BYTES - output.end)
		mote_libc_program_flush();
	if (bytes > BLOCK_BYTES) {
		send(MOTE_ABI_STREAM_OUTPUT, data, bytes);
		return;
	}
	memcpy(output.bytes + output.end, data, bytes);
	output.end += bytes;
}

long mote_libc_program_write(int stream, const void *data, size_t bytes)
{
	if (stream == STDOUT_FILENO) {
		put(data, bytes);
		if (watched)
			mote_libc_program_flush();
	} else {
		mote_libc_program_flush(); /* so that both stay in order where they meet */
		send(MOTE_ABI_STREAM_ERRORS, data, bytes);
	}
	return (long)bytes;
}

/* ---- Input --------------------------------------------------------------------------------- */

/* Whoever answers has seen what was asked. */
static void refill(void)
{
	mote_bytes data;

	mote_libc_program_flush();
	data = mote_program_read(MOTE_ABI_STREAM_INPUT, BLOCK_BYTES);
	memcpy(input.bytes, data.data, data.length);
	input.begin = 0;
	input.end = data.length;
}

long mote_libc_program_read(void *to, size_t bytes)
{
	size_t there;

	if (bytes == 0)
		return 0;
	if (input.begin == input.end)
		refill();
	there = input.end - input.begin;
	if (bytes > there)
		bytes = there;
	memcpy(to, input.bytes + input.begin, bytes);
	input.begin += bytes;
	return (long)bytes;
}

/* ---- Start and end ------------------------------------------------------------------------- */

_Noreturn void mote_libc_program_exit(int status)
{
	exit_status = status;
	longjmp(ended, 1);
}

/* Takes count strings; list has room for one more, which is NULL. */
static const char *take(const char *text, uint32_t count, char **list)
{
	for (uint32_t i = 0; i < count; i++) {
		list[i] = (char *)(uintptr_t)text;
		text += strlen(text) + 1;
	}
	list[count] = NULL;
	return text;
}

static void run(const struct mote_abi_program *program, const char *text)
{
	char **list = calloc((size_t)program->argument_count + program->environment_count + 2,
			     sizeof(*list));

	if (list == NULL)
		mote_abort("no memory for the arguments of the program");
	text = take(text, program->argument_count, list);
	environ = list + program->argument_count + 1;
	take(text, program->environment_count, environ);
	if (program->argument_count > 0)
		program_invocation_name = program_invocation_short_name = list[0];
	watched = program->flags & MOTE_ABI_PROGRAM_WATCHED;
	exit(main((int)program->argument_count, list, environ));
}

MOTE_EXPORT(int32_t, mote_program_main, (mote_bytes, start))
{
	static bool has_run;
	struct mote_abi_program program;

	if (has_run)
		mote_abort("this program has run; put it back to a snapshot to run it again");
	has_run = true;
	memcpy(&program, start.data, sizeof(program));
	if (setjmp(ended) == 0)
		run(&program, (const char *)start.data + sizeof(program));
	mote_libc_program_flush();
	return exit_status;
}
