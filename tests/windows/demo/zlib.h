/* SPDX-License-Identifier: Apache-2.0
 *
 * For examples/demo as a program for Windows, where no zlib is installed: one that never works.
 * The guest has its own; only the comparison of speeds says nothing then.
 */
#ifndef MOTE_TEST_WINDOWS_ZLIB_H
#define MOTE_TEST_WINDOWS_ZLIB_H

enum { MAX_WBITS = 15, Z_NO_FLUSH = 0, Z_OK = 0, Z_MEM_ERROR = -4 };

typedef struct {
	const unsigned char *next_in;
	unsigned char *next_out;
	unsigned avail_in, avail_out;
} z_stream;

static inline int inflateInit2(z_stream *stream, int bits)
{
	(void)stream;
	(void)bits;
	return Z_MEM_ERROR;
}

static inline int inflate(z_stream *stream, int flush)
{
	(void)stream;
	(void)flush;
	return Z_MEM_ERROR;
}

static inline int inflateEnd(z_stream *stream)
{
	(void)stream;
	return Z_OK;
}

#endif
