/* SPDX-License-Identifier: Apache-2.0
 *
 * zlib as a guest: takes compressed blocks from the host and returns the contents, in blocks of the
 * size that the caller requests; or works in memory that it shares with the host.
 */
#include <mote_guest.h>
#include <stdlib.h>
#include <zlib.h>

MOTE_IMPORT(mote_bytes, read_block, (uint32_t, maximum))
MOTE_IMPORT(void, write_block, (mote_bytes, block))

/* A block of input lives in the mailbox, which the next host call overwrites. */
static unsigned char *input;
static unsigned char *output;

static int pump(z_stream *stream, uint32_t block_bytes)
{
	int status = Z_OK;

	while (status == Z_OK) {
		if (stream->avail_in == 0) {
			mote_bytes block = read_block(block_bytes);

			__builtin_memcpy(input, block.data, block.length);
			stream->next_in = input;
			stream->avail_in = (uInt)block.length;
		}
		stream->next_out = output;
		stream->avail_out = block_bytes;
		status = inflate(stream, Z_NO_FLUSH);
		if (stream->avail_out < block_bytes)
			write_block((mote_bytes){output, block_bytes - stream->avail_out});
	}
	return status == Z_STREAM_END ? Z_OK : status;
}

MOTE_EXPORT(int32_t, inflate_stream, (uint32_t, block_bytes))
{
	z_stream stream = {0};
	int status = inflateInit(&stream);

	input = malloc(block_bytes);
	output = malloc(block_bytes);
	if (status == Z_OK)
		status = input && output ? pump(&stream, block_bytes) : Z_MEM_ERROR;
	inflateEnd(&stream);
	free(input);
	free(output);
	return status;
}

/* From one shared buffer into another, without a host call. */
MOTE_EXPORT(int32_t, inflate_shared, (mote_bytes, packed), (mote_bytes, text))
{
	uLongf length = text.length;

	return uncompress((void *)text.data, &length, packed.data, packed.length);
}
