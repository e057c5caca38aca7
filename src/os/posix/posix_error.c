/* SPDX-License-Identifier: Apache-2.0
 *
 * What the codes of POSIX mean, and the limits that some of them stand for.
 */
#define _POSIX_C_SOURCE 200809L /* strerror_r, of which another standard has another one */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/posix/posix_error.h"

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

mote_status mote_os_fail_as(mote_error *error, mote_status other, mote_error_domain domain,
			    int code, const char *what)
{
	struct rlimit limit;

	switch (code) {
	case EMFILE:
		if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = 0;
		return mote_os_fail_code(error, MOTE_LIMIT, domain, code,
					 "%s: the process is limited to %llu open files "
					 "(RLIMIT_NOFILE); raise it with ulimit -n",
					 what, (unsigned long long)limit.rlim_cur);
	case ENFILE:
		return mote_os_fail_code(error, MOTE_LIMIT, domain, code,
					 "%s: the system has no more open files (%s)", what,
					 mote_posix_open_files_limit);
	case ENOMEM:
		return mote_os_fail_code(error, MOTE_NO_MEMORY, domain, code, "%s", what);
	default:
		return mote_os_fail_code(error, other, domain, code, "%s", what);
	}
}

mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what)
{
	mote_status other = domain == MOTE_DOMAIN_HYPERVISOR ? MOTE_HYPERVISOR : MOTE_OS;

	return mote_os_fail_as(error, other, domain, code, what);
}
