/* SPDX-License-Identifier: Apache-2.0
 *
 * Status codes and the error object.  Every function that can fail returns a
 * mote_status and fills an optional, caller-owned mote_error.  Status values
 * are the same on every operating system and never change their meaning.
 */
#ifndef MOTE_ERROR_H
#define MOTE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, text): the whole list of status codes. */
#define MOTE_STATUS_MAP(X)                                                                         \
	X(OK, 0, "success")                                                                        \
	X(INVALID_ARGUMENT, 1, "invalid argument")                                                 \
	X(NO_MEMORY, 2, "out of host memory")                                                      \
	X(NO_HYPERVISOR, 3, "no usable hypervisor")                                                \
	X(UNSUPPORTED, 4, "not supported here")                                                    \
	X(OS, 5, "an operating system call failed")                                                \
	X(HYPERVISOR, 6, "a hypervisor call failed")                                               \
	X(LIMIT, 7, "a resource limit was reached")                                                \
	X(FILE, 8, "a file cannot be read")                                                        \
	X(BAD_IMAGE, 9, "not a usable guest image")                                                \
	X(WRONG_MACHINE, 10, "guest image for another architecture")                               \
	X(WRONG_ABI, 11, "guest image for another ABI version")                                    \
	X(NO_GUEST_MEMORY, 12, "guest memory too small")                                           \
	X(NOT_FOUND, 13, "no such guest function")                                                 \
	X(SIGNATURE, 14, "signature mismatch")                                                     \
	X(MISSING_IMPORT, 15, "a host function that the guest needs is missing")                   \
	X(TOO_LARGE, 16, "value larger than the mailbox")                                          \
	X(GUEST_FAULT, 17, "guest fault")                                                          \
	X(GUEST_ABORT, 18, "guest abort")                                                          \
	X(HOST_FUNCTION, 19, "a host function failed")                                             \
	X(KILLED, 20, "guest call killed")                                                         \
	X(POISONED, 21, "sandbox is poisoned")                                                     \
	X(BUSY, 22, "sandbox is in use")                                                           \
	X(FORKED, 23, "sandbox belongs to the parent process")                                     \
	X(SIGNAL_TAKEN, 24, "the kick signal belongs to the application")                          \
	X(SIGNAL_BLOCKED, 25, "the kick signal is blocked in this thread")                         \
	X(WALL_DEADLINE, 26, "wall-clock deadline passed")                                         \
	X(CPU_DEADLINE, 27, "CPU-time deadline passed")

typedef enum mote_status {
#define MOTE_STATUS_ENUM(name, number, text) MOTE_##name = number,
	MOTE_STATUS_MAP(MOTE_STATUS_ENUM)
#undef MOTE_STATUS_ENUM
} mote_status;

/* Where mote_error.os_code comes from. */
typedef enum mote_error_domain {
	MOTE_DOMAIN_MOTE = 0,	    /* mote's own checks; os_code is 0 */
	MOTE_DOMAIN_OS = 1,	    /* os_code is an errno (Windows: GetLastError) */
	MOTE_DOMAIN_HYPERVISOR = 2, /* os_code is the hypervisor's own code */
} mote_error_domain;

#define MOTE_ERROR_TEXT_BYTES 400

/*
 * A caller-owned error.  Start it with MOTE_ERROR_INIT.  Functions write it on
 * failure only and leave it untouched on success; there is nothing to free.
 * The text is one line of printable UTF-8, NUL-terminated.  What is not printable in names and
 * messages (control characters, marks that change the direction of writing) appears as '?'.
 */
typedef struct mote_error {
	size_t size; /* sizeof(mote_error) of the caller */
	mote_status status;
	mote_error_domain domain;
	int32_t os_code;
	char text[MOTE_ERROR_TEXT_BYTES];
} mote_error;

/* clang-format off */
#define MOTE_ERROR_INIT {sizeof(mote_error), MOTE_OK, MOTE_DOMAIN_MOTE, 0, {0}}
/* clang-format on */

/* The name of a status ("MOTE_OK"); never NULL; "MOTE_?" for an unknown value. Any thread. */
const char *mote_status_name(mote_status status);

/* A short text for a status ("success"); never NULL.  Any thread. */
const char *mote_status_text(mote_status status);

#ifdef __cplusplus
}
#endif
#endif
