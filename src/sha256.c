/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256.  FIPS 180-4, chapters 4.1.2, 4.2.2, 5 and 6.2, whose names are used here.
 */
#include "sha256.h"

#include <string.h>

static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void prepare(const uint8_t *block, uint32_t w[64])
{
	for (unsigned t = 0; t < 16; t++)
		w[t] = big_endian(block + 4 * t);
	for (unsigned t = 16; t < 64; t++) {
		const uint32_t a = w[t - 15], b = w[t - 2];

		w[t] = (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10) + w[t - 7] +
		       (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 16];
	}
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	prepare(block, w);
	for (unsigned t = 0; t < 64; t++) {
		const uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
				    ((e & f) ^ (~e & g)) + K[t] + w[t];
		const uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
				    ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void mote_sha256_begin(struct mote_sha256 *hash)
{
	memcpy(hash->state, initial, sizeof(initial));
	hash->bytes = 0;
}

void mote_sha256_add(struct mote_sha256 *hash, const void *data, size_t bytes)
{
	const size_t size = sizeof(hash->block);
	const uint8_t *from = data;

	while (bytes > 0) {
		const size_t used = (size_t)(hash->bytes % size);
		const size_t part = bytes < size - used ? bytes : size - used;

		if (part == size) {
			add_block(hash->state, from);
		} else {
			memcpy(hash->block + used, from, part);
			if (used + part == size)
				add_block(hash->state, hash->block);
		}
		hash->bytes += part;
		from += part;
		bytes -= part;
	}
}

void mote_sha256_end(struct mote_sha256 *hash, uint8_t digest[MOTE_SHA256_BYTES])
{
	static const uint8_t padding[64] = {0x80};
	const uint64_t bits = hash->bytes * 8;
	uint8_t length[8];

	/* Up to 8 bytes before the end of a block. */
	mote_sha256_add(hash, padding, 64 - (size_t)((hash->bytes + 8) % 64));
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	mote_sha256_add(hash, length, sizeof(length));
	for (unsigned i = 0; i < MOTE_SHA256_BYTES; i++)
		digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
