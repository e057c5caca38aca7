/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest with main: the linker takes this for a guest that exports nothing itself.  Standard
 * streams go to the host in large blocks, so that their exits do not show; files are copied in
 * before main, and out after it.
 */
#include "program.h"
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mote_guest.h>
#include <mote_guest_runtime.h>
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

/* Names of the files that the host wants; each has a stream, from this one on. */
static const char *wanted;
static uint32_t wanted_count, wanted_stream;

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

/* ---- Files --------------------------------------------------------------------------------- */

/* From the root, wherever the program went. */
static void absolute(const char *name, char path[PATH_MAX])
{
	const size_t length = strlen(name);

	if (length + 2 > PATH_MAX)
		mote_abort("the name of a file is longer than %d bytes", PATH_MAX - 2);
	path[0] = '/';
	memcpy(path + 1, name, length + 1);
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mote_libc_make_directory(AT_FDCWD, path, 0755);
		*slash = '/';
	}
}

static void copy_in(const char *name, uint32_t stream)
{
	char path[PATH_MAX];
	mote_bytes data;
	long file, written;

	absolute(name, path);
	make_directories(path);
	file = mote_libc_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (file < 0)
		mote_abort("file %s: %s", name, strerror((int)-file));
	while ((data = mote_program_read(stream, BLOCK_BYTES)).length > 0) {
		written = mote_libc_write((int)file, data.data, data.length);
		if (written != (long)data.length)
			mote_abort("file %s: %s", name, strerror(ENOSPC));
	}
	mote_libc_close((int)file);
}

/* One that the program has left, if only an empty one. */
static void copy_out(const char *name, uint32_t stream)
{
	char path[PATH_MAX];
	long file, bytes;

	absolute(name, path);
	file = mote_libc_open(AT_FDCWD, path, O_RDONLY, 0);
	if (file < 0)
		return;
	bytes = mote_libc_read((int)file, output.bytes, BLOCK_BYTES);
	if (bytes == 0)
		mote_program_write(stream, (mote_bytes){NULL, 0});
	for (; bytes > 0; bytes = mote_libc_read((int)file, output.bytes, BLOCK_BYTES))
		send(stream, output.bytes, (size_t)bytes);
}

static const char *copy_all_in(const char *names, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		copy_in(names, MOTE_ABI_STREAM_FILES + i);
		names += strlen(names) + 1;
	}
	return names;
}

static void copy_all_out(void)
{
	for (uint32_t i = 0; i < wanted_count; i++) {
		copy_out(wanted, wanted_stream + i);
		wanted += strlen(wanted) + 1;
	}
}

/* ---- Start and end ------------------------------------------------------------------------- */

_Noreturn void mote_libc_program_exit(int status)
{
	exit_status = status;
	longjmp(ended, 1);
}

/* Constructors of a program may ask for arguments, environment and files. */
const char mote_guest_constructs = 1;

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
	text = take(text, program->environment_count, environ);
	wanted = copy_all_in(text, program->file_count);
	wanted_count = program->wanted_count;
	wanted_stream = MOTE_ABI_STREAM_FILES + program->file_count;
	if (program->argument_count > 0)
		program_invocation_name = program_invocation_short_name = list[0];
	watched = program->flags & MOTE_ABI_PROGRAM_WATCHED;
	mote_guest_construct((int)program->argument_count, list, environ);
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
	copy_all_out();
	return exit_status;
}
