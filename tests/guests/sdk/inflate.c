/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: the system's static zlib, which was built for a full libc.
 */
#include <mote_guest.h>
#include <string.h>
#include <zlib.h>

MOTE_NEEDS(.heap_bytes = 256 << 10, .stack_bytes = 32 << 10)

/* Inflates what deflate made of `text`, and compares. */
MOTE_EXPORT(bool, round_trip, (mote_string, text))
{
	static unsigned char packed[4096], unpacked[4096];
	uLongf packed_bytes = sizeof(packed);
	z_stream stream = {0};
	int status;

	if (compress(packed, &packed_bytes, (const Bytef *)text, strlen(text)) != Z_OK)
		return false;
	if (inflateInit2(&stream, 15) != Z_OK)
		return false;
	stream.next_in = packed;
	stream.avail_in = (uInt)packed_bytes;
	stream.next_out = unpacked;
	stream.avail_out = sizeof(unpacked);
	status = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return status == Z_STREAM_END && stream.total_out == strlen(text) &&
	       !memcmp(unpacked, text, stream.total_out) &&
	       crc32(0, unpacked, (uInt)stream.total_out) != 0;
}
