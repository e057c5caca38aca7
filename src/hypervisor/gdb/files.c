/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a client may open: the guest's image alone, from memory.  The file system is never
 * touched.  GDB manual, E.8 (host I/O packets).
 */
#include <string.h>

#include "session_internal.h"

/* Error numbers of this part of the protocol. */
enum file_error {
	FILE_MISSING = 2,
	FILE_NOT_OPEN = 9,
	FILE_REFUSED = 22,
	FILE_TOO_MANY = 24,
	FILE_READ_ONLY = 30,
};

enum { PATH_BYTES = 4096, ACCESS_MODE = 3 };

static void put_failure(struct mote_gdb_session *session, enum file_error error)
{
	mote_gdb_put(&session->reply, "F-1,");
	mote_gdb_put_number(&session->reply, error);
}

static void put_success(struct mote_gdb_session *session, uint64_t value)
{
	mote_gdb_put(&session->reply, "F");
	mote_gdb_put_number(&session->reply, value);
}

/* Takes the number of an open file. */
static bool take_file(struct mote_gdb_session *session, struct mote_gdb_text *packet,
		      uint64_t *file)
{
	if (mote_gdb_take_number(packet, file) && *file < MOTE_GDB_FILES && session->is_open[*file])
		return true;
	put_failure(session, FILE_NOT_OPEN);
	return false;
}

/* Whether this is the image's name. */
static bool take_name(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	const char *name = session->guest->file_name;
	const char *comma = memchr(packet->at, ',', mote_gdb_left(packet));
	char path[PATH_BYTES];
	const size_t length = comma != NULL ? (size_t)(comma - packet->at) / 2 : 0;

	return name != NULL && comma != NULL && length == strlen(name) && length < sizeof(path) &&
	       mote_gdb_take_hex(packet, path, length) && memcmp(path, name, length) == 0 &&
	       mote_gdb_take(packet, ",");
}

/* "NAME,FLAGS,MODE".  gdb opens the file several times, and closes one of them: each has a number
 * of its own. */
static void answer_open(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint64_t flags, mode;

	if (!take_name(session, packet)) {
		put_failure(session, FILE_MISSING);
		return;
	}
	if (!mote_gdb_take_pair(packet, ",", &flags, &mode) || (flags & ACCESS_MODE) != 0) {
		put_failure(session, FILE_READ_ONLY);
		return;
	}
	for (unsigned i = 0; i < MOTE_GDB_FILES; i++)
		if (!session->is_open[i]) {
			session->is_open[i] = true;
			put_success(session, i);
			return;
		}
	put_failure(session, FILE_TOO_MANY);
}

static void answer_close(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint64_t file;

	if (!take_file(session, packet, &file))
		return;
	session->is_open[file] = false;
	put_success(session, 0);
}

/* "FILE,COUNT,OFFSET" */
static void answer_read(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	const struct mote_gdb_guest *guest = session->guest;
	uint64_t file, count, offset;
	size_t left, part;

	if (!take_file(session, packet, &file))
		return;
	if (!mote_gdb_take(packet, ",") || !mote_gdb_take_pair(packet, ",", &count, &offset)) {
		put_failure(session, FILE_REFUSED);
		return;
	}
	if (offset > guest->file_bytes)
		offset = guest->file_bytes;
	left = guest->file_bytes - (size_t)offset;
	/* "F", eight digits and ";" at most */
	part = mote_gdb_binary_fits(guest->file + offset, count < left ? (size_t)count : left, 10);
	put_success(session, part);
	mote_gdb_put(&session->reply, ";");
	mote_gdb_put_binary(&session->reply, guest->file + offset, part);
}

static void put_big_endian(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

/* struct stat of the protocol: the mode of a regular file that can be read, and its size. */
static void answer_status(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	uint8_t status[64] = {0};
	uint64_t file;

	if (!take_file(session, packet, &file))
		return;
	put_big_endian(status + 8, 0100444, 4);
	put_big_endian(status + 28, session->guest->file_bytes, 8);
	put_success(session, sizeof(status));
	mote_gdb_put(&session->reply, ";");
	mote_gdb_put_binary(&session->reply, status, sizeof(status));
}

/* Whose file system it is to be: there is one. */
static void answer_file_system(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	(void)packet;
	put_success(session, 0);
}

void mote_gdb_file(struct mote_gdb_session *session, struct mote_gdb_text *packet)
{
	static const struct mote_gdb_command commands[] = {
		{"open:", answer_open},	   {"close:", answer_close},	   {"pread:", answer_read},
		{"fstat:", answer_status}, {"setfs:", answer_file_system},
	};

	mote_gdb_dispatch(session, packet, commands, sizeof(commands) / sizeof(commands[0]));
}
