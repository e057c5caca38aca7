/* SPDX-License-Identifier: Apache-2.0
 *
 * The version of the headers, and of the library.  The only place where the
 * number is written: CMake reads it from here.
 */
#ifndef MOTE_VERSION_H
#define MOTE_VERSION_H

#include <stdint.h>

#include <mote/api.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOTE_VERSION_MAJOR 0
#define MOTE_VERSION_MINOR 1
#define MOTE_VERSION_PATCH 0

/* "MAJOR.MINOR.PATCH" of the headers. */
#define MOTE_VERSION_STRING                                                                        \
	MOTE_VERSION_TEXT_(MOTE_VERSION_MAJOR, MOTE_VERSION_MINOR, MOTE_VERSION_PATCH)
#define MOTE_VERSION_TEXT_(major, minor, patch) MOTE_VERSION_JOIN_(major, minor, patch)
#define MOTE_VERSION_JOIN_(major, minor, patch) #major "." #minor "." #patch

/* Versions as numbers that can be compared: MOTE_VERSION_NUMBER >= MOTE_VERSION_AT(0, 2, 0). */
#define MOTE_VERSION_AT(major, minor, patch)                                                       \
	((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(patch))
#define MOTE_VERSION_NUMBER                                                                        \
	MOTE_VERSION_AT(MOTE_VERSION_MAJOR, MOTE_VERSION_MINOR, MOTE_VERSION_PATCH)

/*
 * The version of the library that the program runs with, which may be newer than the headers that
 * it was compiled with.
 *
 * Returns    "MAJOR.MINOR.PATCH"; never NULL; lives as long as the process
 * Threads    any
 * Since      0.1
 */
MOTE_API const char *mote_version(void);

/*
 * The same as a number, as MOTE_VERSION_NUMBER.
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API uint32_t mote_version_number(void);

#ifdef __cplusplus
}
#endif
#endif
