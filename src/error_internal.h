/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills a caller's mote_error.  Every failing path of the library returns through one of these.
 */
#ifndef MOTE_ERROR_INTERNAL_H
#define MOTE_ERROR_INTERNAL_H

#include <stdarg.h>

#include <mote/error.h>

#include "compiler.h"
#include "text/format.h"

/* Makes an error empty without clearing all of its text: every call does this. */
static inline void mote_error_begin(mote_error *error)
{
	error->size = sizeof(*error);
	error->status = MOTE_OK;
	error->domain = MOTE_DOMAIN_MOTE;
	error->os_code = 0;
	error->text[0] = '\0';
	error->subject = MOTE_SUBJECT_NONE;
	error->subject_offset = 0;
}

/* Failures are rare: MOTE_COLD keeps their code out of the hot path. */

/* Fills error (may be NULL) with one printable line and returns status. */
MOTE_COLD mote_status mote_fail(mote_error *error, mote_status status, const char *format, ...)
	MOTE_PRINTF(3, 4);

/* The same, and the text ends with the option's name: a format of "...; raise" says what to do. */
MOTE_COLD mote_status mote_fail_option(mote_error *error, mote_status status,
				       mote_error_subject subject, const char *format, ...)
	MOTE_PRINTF(4, 5);

/* A failed call of the system or of a hypervisor, as the layer that made it knows it. */
struct mote_failed_call {
	mote_error_domain domain;
	int code;	    /* never 0 */
	const char *reason; /* what the code means; NULL: unknown */
};

/* The same for a failed call, whose reason is appended. */
MOTE_COLD mote_status mote_fail_call(mote_error *error, mote_status status,
				     const struct mote_failed_call *call, const char *format,
				     va_list arguments) MOTE_PRINTF(4, 0);

/* Passes on the failure in `from`, when it was not written to the caller's error directly. */
MOTE_COLD mote_status mote_fail_as(mote_error *error, const mote_error *from);

/* "out of host memory: WHAT" as MOTE_NO_MEMORY, and which limits there are. */
MOTE_COLD mote_status mote_fail_memory(mote_error *error, const char *what);

/* What may keep the process from more memory: the operating system's own (os/). */
extern const char mote_memory_limits[];

#endif
