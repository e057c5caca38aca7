/* SPDX-License-Identifier: Apache-2.0
 *
 * The SHA-256 of an image, which snapshot files name it by.
 */
#include <stdatomic.h>
#include <string.h>

#include "sandbox/image_internal.h"

/* Threads that meet here may each compute it; one of them keeps it. */
void mote_image_get_sha256(mote_image *image, uint8_t digest[MOTE_SHA256_BYTES])
{
	uint32_t state = atomic_load_explicit(&image->sha256_state, memory_order_acquire);
	struct mote_sha256 hash;

	if (state == MOTE_IMAGE_SHA256_KNOWN) {
		memcpy(digest, image->sha256, sizeof(image->sha256));
		return;
	}
	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, image->elf.bytes, image->elf.length);
	mote_sha256_end(&hash, digest);
	if (state != MOTE_IMAGE_SHA256_UNKNOWN ||
	    !atomic_compare_exchange_strong(&image->sha256_state, &state,
					    MOTE_IMAGE_SHA256_WRITTEN))
		return;
	memcpy(image->sha256, digest, sizeof(image->sha256));
	atomic_store_explicit(&image->sha256_state, MOTE_IMAGE_SHA256_KNOWN, memory_order_release);
}
