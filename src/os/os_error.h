/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of the operating system, as errors that name the limit that was reached.
 */
#ifndef MOTE_OS_ERROR_H
#define MOTE_OS_ERROR_H

#include <stdint.h>

#include <mote/error.h>

/* "open /dev/kvm", -errno: fills error with a text that names the limit if one was reached. */
mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what);

/* The same; other: the status for codes that stand for no limit. */
mote_status mote_os_fail_as(mote_error *error, mote_status other, mote_error_domain domain,
			    int code, const char *what);

/* The same for mapping memory, which several limits can prevent.  what: "guest memory". */
mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes);

#endif
