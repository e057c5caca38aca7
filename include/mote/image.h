/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest image: an ELF executable that was read and checked once.  Immutable,
 * reference-counted, shared by any number of sandboxes and threads.  Images of
 * either architecture can be read and inspected on any host.
 */
#ifndef MOTE_IMAGE_H
#define MOTE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>
#include <mote/registers.h>
#include <mote/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_image mote_image;

/*
 * Reads a guest image from a regular file (read, never mapped).
 * engine: may be NULL; then the image can only be inspected.  path: NUL-terminated.
 * image: written on success; release it with mote_image_release.  error: may be NULL.
 * Returns MOTE_OK, MOTE_FILE, MOTE_BAD_IMAGE, MOTE_WRONG_ABI, MOTE_NO_MEMORY, MOTE_LIMIT or
 * MOTE_INVALID_ARGUMENT.  Any thread.
 */
mote_status mote_image_open(mote_engine *engine, const char *path, mote_image **image,
			    mote_error *error);

/*
 * The same from memory.  data: length bytes, copied.  name: shown in messages, copied, may be NULL.
 */
mote_status mote_image_from_bytes(mote_engine *engine, const void *data, size_t length,
				  const char *name, mote_image **image, mote_error *error);

/* Gives up one reference.  image: may be NULL.  Any thread. */
void mote_image_release(mote_image *image);

typedef struct mote_image_function {
	const char *name; /* NUL-terminated; lives as long as the image */
	mote_signature signature;
} mote_image_function;

typedef struct mote_image_segment {
	uint64_t address; /* guest virtual; relative to the load address if position-independent */
	uint64_t memory_bytes;
	uint64_t file_bytes;
	bool readable, writable, executable;
} mote_image_segment;

typedef struct mote_image_information {
	const char *name; /* path or given name; lives as long as the image */
	mote_machine machine;
	uint32_t abi_version;
	bool position_independent;
	uint64_t entry;	      /* guest virtual, as address above */
	uint64_t heap_bytes;  /* least heap that the guest asks for; 0 if it does not say */
	uint64_t stack_bytes; /* least stack that the guest asks for; 0 if it does not say */
	size_t export_count;
	size_t import_count;
	size_t segment_count;
	size_t symbol_count; /* function symbols; 0 when stripped */
} mote_image_information;

/* Any thread.  image, information: not NULL. */
void mote_image_get_information(const mote_image *image, mote_image_information *information);

/* Entry index of the export, import or segment table.  False when index is out of range; then
 * nothing is written.  Any thread. */
bool mote_image_get_export(const mote_image *image, size_t index, mote_image_function *function);
bool mote_image_get_import(const mote_image *image, size_t index, mote_image_function *function);
bool mote_image_get_segment(const mote_image *image, size_t index, mote_image_segment *segment);

/* "x86_64" or "aarch64"; never NULL.  Any thread. */
const char *mote_machine_name(mote_machine machine);

#ifdef __cplusplus
}
#endif
#endif
