/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4), of data that comes in pieces.
 */
#ifndef MOTE_SHA256_H
#define MOTE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define MOTE_SHA256_BYTES 32u

struct mote_sha256 {
	uint32_t state[8];
	uint64_t bytes; /* so far */
	uint8_t block[64];
};

void mote_sha256_begin(struct mote_sha256 *hash);
void mote_sha256_add(struct mote_sha256 *hash, const void *data, size_t bytes);
/* Once; what is in hash is of no use afterwards. */
void mote_sha256_end(struct mote_sha256 *hash, uint8_t digest[MOTE_SHA256_BYTES]);

#endif
