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

#include <mote/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, number, "name", "text"): the whole list of status codes. */
#define MOTE_STATUS_MAP(X)                                                                         \
	X(OK, 0, "ok", "success")                                                                  \
	X(INVALID_ARGUMENT, 1, "invalid_argument", "invalid argument")                             \
	X(NO_MEMORY, 2, "no_memory", "out of host memory")                                         \
	X(NO_HYPERVISOR, 3, "no_hypervisor", "no usable hypervisor")                               \
	X(UNSUPPORTED, 4, "unsupported", "not supported here")                                     \
	X(OS, 5, "os", "an operating system call failed")                                          \
	X(HYPERVISOR, 6, "hypervisor", "a hypervisor call failed")                                 \
	X(LIMIT, 7, "limit", "a resource limit was reached")                                       \
	X(FILE, 8, "file", "a file cannot be read")                                                \
	X(BAD_IMAGE, 9, "bad_image", "not a usable guest image")                                   \
	X(WRONG_MACHINE, 10, "wrong_machine", "guest image for another architecture")              \
	X(WRONG_ABI, 11, "wrong_abi", "guest image for another ABI version")                       \
	X(NO_GUEST_MEMORY, 12, "no_guest_memory", "guest memory too small")                        \
	X(NOT_FOUND, 13, "not_found", "no such guest function")                                    \
	X(SIGNATURE, 14, "signature", "signature mismatch")                                        \
	X(MISSING_IMPORT, 15, "missing_import", "a host function that the guest needs is missing") \
	X(TOO_LARGE, 16, "too_large", "value larger than the mailbox")                             \
	X(GUEST_FAULT, 17, "guest_fault", "guest fault")                                           \
	X(GUEST_ABORT, 18, "guest_abort", "guest abort")                                           \
	X(HOST_FUNCTION, 19, "host_function", "a host function failed")                            \
	X(KILLED, 20, "killed", "guest call killed")                                               \
	X(POISONED, 21, "poisoned", "sandbox is poisoned")                                         \
	X(BUSY, 22, "busy", "sandbox is in use")                                                   \
	X(FORKED, 23, "forked", "sandbox belongs to the parent process")                           \
	X(SIGNAL_TAKEN, 24, "signal_taken", "the kick signal belongs to the application")          \
	X(SIGNAL_BLOCKED, 25, "signal_blocked", "the kick signal is blocked in this thread")       \
	X(WALL_DEADLINE, 26, "wall_deadline", "wall-clock deadline passed")                        \
	X(CPU_DEADLINE, 27, "cpu_deadline", "CPU-time deadline passed")                            \
	X(WRONG_SNAPSHOT, 28, "wrong_snapshot", "snapshot of another kind of sandbox")             \
	X(BAD_SNAPSHOT, 29, "bad_snapshot", "not a usable snapshot file")

typedef enum mote_status {
#define MOTE_STATUS_ENUM(NAME, number, name, text) MOTE_##NAME = number,
	MOTE_STATUS_MAP(MOTE_STATUS_ENUM)
#undef MOTE_STATUS_ENUM
} mote_status;

/*
 * X(NAME, number, "name", "text"): where mote_error.os_code comes from.  The operating system's is
 * an errno; Windows: what GetLastError says; macOS: a kern_return_t if memory or a port was the
 * matter.
 */
#define MOTE_DOMAIN_MAP(X)                                                                         \
	X(MOTE, 0, "mote", "mote's own checks")		 /* os_code is 0 */                        \
	X(OS, 1, "os", "the operating system")		 /* an errno; see above */                 \
	X(HYPERVISOR, 2, "hypervisor", "the hypervisor") /* the hypervisor's own code */

typedef enum mote_error_domain {
#define MOTE_DOMAIN_ENUM(NAME, number, name, text) MOTE_DOMAIN_##NAME = number,
	MOTE_DOMAIN_MAP(MOTE_DOMAIN_ENUM)
#undef MOTE_DOMAIN_ENUM
} mote_error_domain;

/* X(NAME, number, "name", "text"): the members of mote_sandbox_options that an error is about. */
#define MOTE_SUBJECT_MAP(X)                                                                        \
	X(NONE, 0, "none", "no option")                                                            \
	X(MEMORY_BYTES, 1, "memory_bytes", "guest memory")                                         \
	X(HEAP_BYTES, 2, "heap_bytes", "heap")                                                     \
	X(STACK_BYTES, 3, "stack_bytes", "stack")                                                  \
	X(MAILBOX_BYTES, 4, "mailbox_bytes", "mailbox")                                            \
	X(BUFFER_SPACE_BYTES, 5, "buffer_space_bytes", "buffer space")                             \
	X(HOST_FUNCTIONS, 6, "host_functions", "host functions")

typedef enum mote_error_subject {
#define MOTE_SUBJECT_ENUM(NAME, number, name, text) MOTE_SUBJECT_##NAME = number,
	MOTE_SUBJECT_MAP(MOTE_SUBJECT_ENUM)
#undef MOTE_SUBJECT_ENUM
} mote_error_subject;

#define MOTE_ERROR_TEXT_BYTES 400

/*
 * A caller-owned error.  Start it with MOTE_ERROR_INIT.  Functions write it on
 * failure only and leave it untouched on success; there is nothing to free.
 * The text is one line of printable UTF-8, NUL-terminated.  What is not printable in names and
 * messages (control characters, marks that change the direction of writing) appears as '?'.
 *
 * When an option is to be changed, the text ends with its name: "...; raise memory_bytes".  A
 * program whose users set it by another name prints the first subject_offset bytes of the text and
 * then that name.
 */
typedef struct mote_error {
	size_t size; /* sizeof(mote_error) of the caller; what exceeds it is not written */
	mote_status status;
	mote_error_domain domain;
	int32_t os_code;
	char text[MOTE_ERROR_TEXT_BYTES];
	mote_error_subject subject; /* with MOTE_INVALID_ARGUMENT, the option itself is wrong */
	uint32_t subject_offset;    /* where its name begins in text; 0 without a subject */
} mote_error;

/* clang-format off */
#define MOTE_ERROR_INIT {sizeof(mote_error), MOTE_OK, MOTE_DOMAIN_MOTE, 0, {0}, MOTE_SUBJECT_NONE, 0}
/* clang-format on */

/*
 * MOTE_ERROR_INIT as a function.
 *
 * error      not NULL
 * size       the caller's sizeof(mote_error)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_error_init(mote_error *error, size_t size);

/*
 * The identifier of a status ("guest_fault"), for programs and logs.
 *
 * Returns    never NULL; "unknown" for a value that is not in the list
 * Threads    any
 * Since      0.1
 */
MOTE_API const char *mote_status_name(mote_status status);

/* What a status means ("guest fault"), for people.  Otherwise as mote_status_name. */
MOTE_API const char *mote_status_text(mote_status status);

/* The same for a domain: "os", "the operating system". */
MOTE_API const char *mote_error_domain_name(mote_error_domain domain);
MOTE_API const char *mote_error_domain_text(mote_error_domain domain);

/* The same for a subject: "memory_bytes", "guest memory". */
MOTE_API const char *mote_error_subject_name(mote_error_subject subject);
MOTE_API const char *mote_error_subject_text(mote_error_subject subject);

#ifdef __cplusplus
}
#endif
#endif
