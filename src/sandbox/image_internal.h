/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest image's internals: the ELF file and what its notes declare.
 */
#ifndef MOTE_SANDBOX_IMAGE_H
#define MOTE_SANDBOX_IMAGE_H

#include <mote/image.h>

#include "allocator.h"
#include "sandbox/elf.h"
#include "sha256.h"
#include "text/text.h"

/* Longer paths are not kept. */
enum { MOTE_IMAGE_PATH_BYTES = 4096 };

struct mote_image {
	_Atomic uint32_t references;
	uint64_t serial;     /* random: identifies the image in function handles */
	mote_engine *engine; /* NULL: inspection only */
	mote_allocator allocator;
	char *given_name;
	char path[MOTE_IMAGE_PATH_BYTES]; /* of its file, from the root; empty: unknown */
	struct mote_short_text short_name;
	const char *name; /* for messages: short_name.text */
	uint8_t *bytes;
	struct mote_elf elf;
	uint32_t abi_version;
	uint64_t heap_bytes, stack_bytes;
	mote_image_function *exports; /* names point into bytes */
	size_t export_count;
	mote_image_function *imports;
	size_t import_count;
	_Atomic uint32_t sha256_state; /* enum mote_image_sha256_state */
	uint8_t sha256[MOTE_SHA256_BYTES];
};

enum mote_image_sha256_state {
	MOTE_IMAGE_SHA256_UNKNOWN,
	MOTE_IMAGE_SHA256_WRITTEN, /* by a thread, just now */
	MOTE_IMAGE_SHA256_KNOWN,
};

/* Of the image's bytes; computed once.  On any thread. */
void mote_image_get_sha256(mote_image *image, uint8_t digest[MOTE_SHA256_BYTES]);

/* The lowest page and the end of the image in memory, before relocation. */
struct mote_elf_range mote_image_extent(const mote_image *image);

#endif
