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
 * Reads a guest image from a regular file (read, never mapped).  The work is linear in the size of
 * the file.
 *
 * engine     may be NULL; then the image can only be inspected
 * path       NUL-terminated, not NULL
 * image      written on success; release it with mote_image_release
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_FILE, MOTE_BAD_IMAGE, MOTE_WRONG_ABI, MOTE_NO_MEMORY, MOTE_LIMIT,
 *            MOTE_OS, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_image_open(mote_engine *engine, const char *path, mote_image **image,
				     mote_error *error);

/*
 * The same from memory.
 *
 * data       length bytes, copied; may be NULL when length is 0
 * name       shown in messages; copied; may be NULL
 */
MOTE_API mote_status mote_image_from_bytes(mote_engine *engine, const void *data, size_t length,
					   const char *name, mote_image **image, mote_error *error);

/*
 * Takes one more reference.
 *
 * Returns    image
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_image *mote_image_retain(mote_image *image);

/*
 * Gives up one reference.
 *
 * image      may be NULL
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_image_release(mote_image *image);

typedef struct mote_image_information {
	size_t size;	  /* sizeof(mote_image_information) of the caller */
	const char *name; /* path or given name; lives as long as the image */
	mote_machine machine;
	uint32_t abi_version;
	bool position_independent;
	uint64_t entry; /* guest-virtual; relative to the load address if position-independent */
	uint64_t heap_bytes;  /* least heap that the guest asks for; 0 if it does not say */
	uint64_t stack_bytes; /* least stack that the guest asks for; 0 if it does not say */
	size_t export_count;
	size_t import_count;
	size_t segment_count;
	size_t symbol_count; /* function symbols; 0 when stripped */
} mote_image_information;

/* One function of the export or import table. */
typedef struct mote_image_function {
	size_t size;	  /* sizeof(mote_image_function) of the caller */
	const char *name; /* NUL-terminated; lives as long as the image */
	mote_signature signature;
} mote_image_function;

/* One loadable segment. */
typedef struct mote_image_segment {
	size_t size;	  /* sizeof(mote_image_segment) of the caller */
	uint64_t address; /* guest-virtual; relative to the load address if position-independent */
	uint64_t memory_bytes;
	uint64_t file_bytes;
	bool readable, writable, executable;
} mote_image_segment;

/* clang-format off */
#define MOTE_IMAGE_INFORMATION_INIT                                                                \
	{sizeof(mote_image_information), NULL, MOTE_MACHINE_X86_64, 0, false, 0, 0, 0, 0, 0, 0, 0}
#define MOTE_IMAGE_FUNCTION_INIT {sizeof(mote_image_function), NULL, {0, 0, {0}}}
#define MOTE_IMAGE_SEGMENT_INIT {sizeof(mote_image_segment), 0, 0, 0, false, false, false}
/* clang-format on */

/*
 * The initializers as functions.
 *
 * size       the caller's sizeof of the structure, which is not NULL
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_image_information_init(mote_image_information *information, size_t size);
MOTE_API void mote_image_function_init(mote_image_function *function, size_t size);
MOTE_API void mote_image_segment_init(mote_image_segment *segment, size_t size);

/*
 * Describes an image.
 *
 * information  its size is set; written on success
 * error        may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_image_get_information(const mote_image *image,
						mote_image_information *information,
						mote_error *error);

/*
 * One entry of the export, import or segment table.
 *
 * index      from 0 on
 * function, segment  its size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_NOT_FOUND when index is out of range, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_image_get_export(const mote_image *image, size_t index,
					   mote_image_function *function, mote_error *error);
MOTE_API mote_status mote_image_get_import(const mote_image *image, size_t index,
					   mote_image_function *function, mote_error *error);
MOTE_API mote_status mote_image_get_segment(const mote_image *image, size_t index,
					    mote_image_segment *segment, mote_error *error);

#ifdef __cplusplus
}
#endif
#endif
