/* SPDX-License-Identifier: Apache-2.0
 *
 * The frames of gdb's remote protocol: checksums, escapes, numbers and hexadecimal digits.  Bytes
 * in, bytes out; what packets mean is the session's.
 * GDB manual, E.1 (overview of the remote protocol).
 */
#ifndef MOTE_HYPERVISOR_GDB_PACKET_H
#define MOTE_HYPERVISOR_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest content of a packet, escapes included: PacketSize. */
enum { MOTE_GDB_PACKET_BYTES = 0xf000 };

/* ---- What is received -------------------------------------------------------------------- */

enum mote_gdb_received {
	MOTE_GDB_NOTHING,   /* yet */
	MOTE_GDB_PACKET,    /* content is complete */
	MOTE_GDB_DAMAGED,   /* a packet whose checksum is another one */
	MOTE_GDB_INTERRUPT, /* the byte 3 between packets: break in */
	MOTE_GDB_RESEND,    /* '-' between packets */
};

enum mote_gdb_expects {
	MOTE_GDB_EXPECTS_BEGIN,
	MOTE_GDB_EXPECTS_CONTENT,
	MOTE_GDB_EXPECTS_ESCAPED,
	MOTE_GDB_EXPECTS_FIRST_DIGIT,
	MOTE_GDB_EXPECTS_SECOND_DIGIT,
};

struct mote_gdb_decoder {
	enum mote_gdb_expects expects;
	uint8_t sum;
	int claimed;   /* the checksum that was sent; negative: no number */
	bool too_long; /* a complete packet without content, which has no answer */
	size_t length;
	char content[MOTE_GDB_PACKET_BYTES + 1]; /* unescaped; ends with a NUL when complete */
};

/* The decoder begins as zeros. */
enum mote_gdb_received mote_gdb_decode(struct mote_gdb_decoder *decoder, uint8_t byte);

/* ---- Reading a packet -------------------------------------------------------------------- */

/* What is left of a packet. */
struct mote_gdb_text {
	const char *at, *end;
};

/* Each takes something from the front; false, and nothing is taken: it is not there. */
bool mote_gdb_take(struct mote_gdb_text *text, const char *prefix);
/* Hexadecimal, of at most 64 bits. */
bool mote_gdb_take_number(struct mote_gdb_text *text, uint64_t *number);
/* Pairs of hexadecimal digits. */
bool mote_gdb_take_hex(struct mote_gdb_text *text, void *to, size_t bytes);

static inline size_t mote_gdb_left(const struct mote_gdb_text *text)
{
	return (size_t)(text->end - text->at);
}

/* ---- Writing one ------------------------------------------------------------------------- */

/* A packet that is written; what does not fit any more is a mistake of the writer's, except for
 * mote_gdb_put_binary. */
struct mote_gdb_reply {
	size_t length; /* of the frame */
	uint8_t sum;
	char ack; /* right before the frame, so that both are sent at once */
	char frame[1 + MOTE_GDB_PACKET_BYTES + 3];
};

void mote_gdb_begin(struct mote_gdb_reply *reply);
/* No character of it needs an escape. */
void mote_gdb_put(struct mote_gdb_reply *reply, const char *text);
/* Without leading zeros. */
void mote_gdb_put_number(struct mote_gdb_reply *reply, uint64_t number);
void mote_gdb_put_hex(struct mote_gdb_reply *reply, const void *data, size_t bytes);
/* With escapes, as much as fits; returns how much that is. */
size_t mote_gdb_put_binary(struct mote_gdb_reply *reply, const void *data, size_t bytes);
void mote_gdb_end(struct mote_gdb_reply *reply);

/* How many of these bytes fit into a packet beside reserve other characters. */
size_t mote_gdb_binary_fits(const void *data, size_t bytes, size_t reserve);

#endif
