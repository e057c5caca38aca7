/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest around zlib: takes gzip from the host block by block and returns the contents the same
 * way, or works in memory that it shares with the host.
 */
#include <mote_guest.h>
#include <zlib.h>

MOTE_IMPORT(mote_bytes, read_block, (uint32_t, maximum))
MOTE_IMPORT(void, write_block, (mote_bytes, block))
MOTE_IMPORT(uint64_t, give)
MOTE_IMPORT(void, take, (uint64_t, length))

enum { BLOCK_BYTES = 64 << 10 };

static unsigned char output[BLOCK_BYTES];

/* The block lives in the mailbox, which the next host call overwrites. */
static unsigned char input[BLOCK_BYTES];

static uInt next_input(void)
{
	mote_bytes block = read_block(BLOCK_BYTES);

	__builtin_memcpy(input, block.data, block.length);
	return (uInt)block.length;
}

static int pump(z_stream *stream)
{
	int status = Z_OK;

	while (status == Z_OK) {
		if (stream->avail_in == 0) {
			stream->next_in = input;
			stream->avail_in = next_input();
		}
		stream->next_out = output;
		stream->avail_out = BLOCK_BYTES;
		status = inflate(stream, Z_NO_FLUSH);
		if (stream->avail_out < BLOCK_BYTES)
			write_block((mote_bytes){output, BLOCK_BYTES - stream->avail_out});
	}
	return status == Z_STREAM_END ? Z_OK : status;
}

MOTE_EXPORT(int32_t, inflate_stream)
{
	z_stream stream = {0};
	int status = inflateInit2(&stream, 16 + MAX_WBITS);

	if (status == Z_OK)
		status = pump(&stream);
	inflateEnd(&stream);
	return status;
}

/* The host fills packed and takes what is in room, again and again. */
MOTE_EXPORT(int32_t, inflate_shared, (mote_bytes, packed), (mote_bytes, room))
{
	z_stream stream = {0};
	int status = inflateInit2(&stream, 16 + MAX_WBITS);

	while (status == Z_OK) {
		if (stream.avail_in == 0) {
			stream.next_in = (void *)packed.data;
			stream.avail_in = (uInt)give();
		}
		stream.next_out = (void *)room.data;
		stream.avail_out = (uInt)room.length;
		status = inflate(&stream, Z_NO_FLUSH);
		take(room.length - stream.avail_out);
	}
	inflateEnd(&stream);
	return status == Z_STREAM_END ? Z_OK : status;
}
