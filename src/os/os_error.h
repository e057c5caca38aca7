/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of the operating system, as errors that name the limit that was reached.
 */
#ifndef MOTE_OS_ERROR_H
#define MOTE_OS_ERROR_H

#include <stdint.h>

#include <mote/error.h>

#include "compiler.h"
#include "text/format.h"

/* "No such file or directory": what a code of the system means.  Returns text. */
enum { MOTE_OS_ERROR_TEXT_BYTES = 128 };
const char *mote_os_error_text(int code, char text[MOTE_OS_ERROR_TEXT_BYTES]);

/* Fills error (may be NULL) for a call that failed with a code of the system, whose meaning is
 * appended.  Returns status. */
MOTE_COLD mote_status mote_os_fail_code(mote_error *error, mote_status status,
					mote_error_domain domain, int code, const char *format, ...)
	MOTE_PRINTF(5, 6);

/* "open /dev/kvm", -errno: fills error with a text that names the limit if one was reached. */
mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what);

/* The same; other: the status for codes that stand for no limit. */
mote_status mote_os_fail_as(mote_error *error, mote_status other, mote_error_domain domain,
			    int code, const char *what);

/* The same for mapping memory, which several limits can prevent.  what: "guest memory". */
mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes);

#endif
