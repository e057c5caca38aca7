/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers in memory, little endian as in files and guests, at any alignment.
 */
#ifndef MOTE_BYTES_H
#define MOTE_BYTES_H

#include <stdint.h>

static inline uint16_t mote_get16(const void *at)
{
	const uint8_t *bytes = at;

	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t mote_get32(const void *at)
{
	return mote_get16(at) | (uint32_t)mote_get16((const uint8_t *)at + 2) << 16;
}

static inline uint64_t mote_get64(const void *at)
{
	return mote_get32(at) | (uint64_t)mote_get32((const uint8_t *)at + 4) << 32;
}

static inline void mote_put16(void *at, uint16_t value)
{
	uint8_t *bytes = at;

	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

static inline void mote_put32(void *at, uint32_t value)
{
	mote_put16(at, (uint16_t)value);
	mote_put16((uint8_t *)at + 2, (uint16_t)(value >> 16));
}

static inline void mote_put64(void *at, uint64_t value)
{
	mote_put32(at, (uint32_t)value);
	mote_put32((uint8_t *)at + 4, (uint32_t)(value >> 32));
}

#endif
