/* SPDX-License-Identifier: Apache-2.0
 *
 * What the codes of POSIX mean.
 */
#define _POSIX_C_SOURCE 200809L /* strerror_r, of which another standard has another one */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "os/os_error.h"

const char *mote_os_error_text(int code, char text[MOTE_OS_ERROR_TEXT_BYTES])
{
	if (strerror_r(code, text, MOTE_OS_ERROR_TEXT_BYTES) != 0)
		snprintf(text, MOTE_OS_ERROR_TEXT_BYTES, "error %d", code);
	return text;
}

mote_status mote_os_fail_code(mote_error *error, mote_status status, mote_error_domain domain,
			      int code, const char *format, ...)
{
	char reason[MOTE_OS_ERROR_TEXT_BYTES];
	const struct mote_failed_call call = {domain, code, mote_os_error_text(code, reason)};
	va_list arguments;

	va_start(arguments, format);
	mote_fail_call(error, status, &call, format, arguments);
	va_end(arguments);
	return status;
}
