/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: a program without a C library, from the ABI alone.  Its second argument is what it
 * does.
 */
#include <mote_guest.h>
#include <string.h>

MOTE_IMPORT(mote_bytes, mote_program_read, (uint32_t, stream), (uint32_t, maximum))
MOTE_IMPORT(void, mote_program_write, (uint32_t, stream), (mote_bytes, data))

enum { BLOCK = 1 << 20 };

static void put(uint32_t stream, const char *text)
{
	mote_program_write(stream, (mote_bytes){text, strlen(text)});
}

static void copy(uint32_t from, uint32_t to)
{
	mote_bytes data;

	while ((data = mote_program_read(from, BLOCK)).length > 0)
		mote_program_write(to, data);
}

/* The strings that follow the head. */
struct start {
	struct mote_abi_program head;
	const char *next;
};

static const char *take(struct start *start)
{
	const char *text = start->next;

	start->next += strlen(text) + 1;
	return text;
}

static int32_t say_all(struct start *start, const char *name, const char *what)
{
	put(1, name);
	put(1, " ");
	put(1, what);
	put(1, "\n");
	for (uint32_t i = 2; i < start->head.argument_count; i++)
		put(1, take(start)), put(1, "\n");
	for (uint32_t i = 0; i < start->head.environment_count; i++)
		put(1, take(start)), put(1, ";");
	for (uint32_t i = 0; i < start->head.file_count; i++) {
		put(1, take(start)), put(1, "=");
		copy(MOTE_ABI_STREAM_FILES + i, 1);
	}
	put(2, "done\n");
	return 300;
}

static int32_t use(struct start *start, const char *what)
{
	const uint32_t wanted = MOTE_ABI_STREAM_FILES + start->head.file_count;

	if (!strcmp(what, "copy"))
		copy(0, 1);
	else if (!strcmp(what, "spin"))
		for (;;)
			__asm__ volatile("");
	else if (!strcmp(what, "flood"))
		for (;;)
			put(1, "flood ");
	else if (!strcmp(what, "leave"))
		copy(0, wanted);
	else if (!strcmp(what, "leave_empty"))
		put(wanted, "");
	else if (!strcmp(what, "read_output"))
		mote_program_read(1, 1);
	else if (!strcmp(what, "write_input"))
		put(0, "x");
	else if (!strcmp(what, "write_file"))
		put(MOTE_ABI_STREAM_FILES, "x");
	else if (!strcmp(what, "wild_stream"))
		mote_program_read(UINT32_MAX, 1);
	else if (!strcmp(what, "wild_output"))
		put(UINT32_MAX, "x");
	else if (!strcmp(what, "read_nothing"))
		return (int32_t)mote_program_read(0, 0).length + 7;
	return 0;
}

MOTE_EXPORT(int32_t, mote_program_main, (mote_bytes, block))
{
	struct start start = {.next = (const char *)block.data + sizeof(start.head)};
	const char *name, *what = "";

	memcpy(&start.head, block.data, sizeof(start.head));
	name = take(&start);
	if (start.head.argument_count > 1)
		what = take(&start);
	if (!strcmp(what, "say"))
		return say_all(&start, name, what);
	return use(&start, what);
}

/* No function that a program has to have. */
MOTE_EXPORT(uint64_t, read_without_a_run)
{
	return mote_program_read(0, 10).length;
}
