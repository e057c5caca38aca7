/* SPDX-License-Identifier: Apache-2.0
 *
 * stdin, stdout and stderr: those of a program; for a guest with functions, nothing to read, and
 * lines that go to the log of the host.  What stands behind the last newline is sent when the line
 * is full and when the call ends.
 */
#include "program.h"
#include "shim.h"

#include <mote_guest_runtime.h>

struct line {
	mote_log_level level;
	size_t length;
	char text[1024];
};

static struct line output = {MOTE_LOG_INFO, 0, {0}};
static struct line errors = {MOTE_LOG_WARNING, 0, {0}};

static void send(struct line *line)
{
	mote_log_text(line->level, line->text, line->length);
	line->length = 0;
}

long mote_libc_stream_read(void *data, size_t bytes)
{
	return mote_libc_program_read ? mote_libc_program_read(data, bytes) : 0;
}

long mote_libc_stream_write(int stream, const void *data, size_t bytes)
{
	struct line *line = stream == 1 ? &output : &errors;
	const char *text = data;

	if (mote_libc_program_write)
		return mote_libc_program_write(stream, data, bytes);
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] != '\n')
			line->text[line->length++] = text[i];
		if (text[i] == '\n' || line->length == sizeof(line->text))
			send(line);
	}
	return (long)bytes;
}

/* In the musl overlay, where a program uses stdout. */
void mote_libc_flush_stdout(void) __attribute__((weak, visibility("hidden")));

void mote_guest_flush(void)
{
	if (mote_libc_program_flush) {
		mote_libc_program_flush(); /* what exit has not sent is lost, as elsewhere */
		return;
	}
	if (mote_libc_flush_stdout)
		mote_libc_flush_stdout();
	if (output.length)
		send(&output);
	if (errors.length)
		send(&errors);
}
