/* SPDX-License-Identifier: Apache-2.0
 *
 * What the codes of Windows mean, and the limits that some of them stand for.  A code is that of
 * GetLastError() or an HRESULT, which may contain one.
 * Sources: [MS-ERREF] 2.1 and 2.2; FormatMessageW.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <winsock2.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_windows.h"
#include "text/text.h"

const char mote_memory_limits[] =
	"the page file may be full, or a limit of the process's job is reached";

enum { MESSAGE_UNITS = 512, BYTES_PER_UNIT = 3 };

/* The Windows code within an HRESULT of FACILITY_WIN32. */
static int plain_code(int code)
{
	return ((uint32_t)code & 0xffff0000) == 0x80070000 ? code & 0xffff : code;
}

/* ---- Texts ------------------------------------------------------------------------------- */

/* In English, as all texts of the library are, where the system has that. */
static DWORD find_message(int code, wchar_t message[MESSAGE_UNITS])
{
	static const DWORD languages[] = {MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), 0};
	DWORD length = 0;

	for (size_t i = 0; length == 0 && i < sizeof(languages) / sizeof(languages[0]); i++)
		length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
						FORMAT_MESSAGE_MAX_WIDTH_MASK,
					NULL, (DWORD)code, languages[i], message, MESSAGE_UNITS,
					NULL);
	return length;
}

/* Messages are sentences. */
static size_t length_without_end(const char *text, size_t length)
{
	while (length > 0 && strchr(" .\r\n", text[length - 1]) != NULL)
		length--;
	return length;
}

const char *mote_os_error_text(int code, char text[MOTE_OS_ERROR_TEXT_BYTES])
{
	wchar_t message[MESSAGE_UNITS];
	char bytes[MESSAGE_UNITS * BYTES_PER_UNIT];
	const DWORD units = find_message(code, message);
	const int count = WideCharToMultiByte(CP_UTF8, 0, message, (int)units, bytes, sizeof(bytes),
					      NULL, NULL);
	const size_t length = count > 0 ? length_without_end(bytes, (size_t)count) : 0;

	if (length > 0) {
		mote_text_copy(text, MOTE_OS_ERROR_TEXT_BYTES, bytes, length);
		return text;
	}
	snprintf(text, MOTE_OS_ERROR_TEXT_BYTES,
		 code >= 0 && code <= 0xffff ? "error %u" : "error 0x%08x", (unsigned)code);
	return text;
}

/* ---- Failures ---------------------------------------------------------------------------- */

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

/* What some codes stand for. */
static const struct limit {
	int code;
	mote_status status;
	const char *advice;
} limits[] = {
	{ERROR_TOO_MANY_OPEN_FILES, MOTE_LIMIT, "; the process has no more handles"},
	{WSAEMFILE, MOTE_LIMIT, "; the process has no more sockets"},
	{ERROR_NOT_ENOUGH_QUOTA, MOTE_LIMIT,
	 "; the process has reached a limit of its own or of its job"},
	{ERROR_WORKING_SET_QUOTA, MOTE_LIMIT,
	 "; the process has reached its limit on memory that stays in place"},
	{ERROR_PAGEFILE_QUOTA, MOTE_LIMIT,
	 "; the process has reached its limit on the use of the page file"},
	{ERROR_COMMITMENT_LIMIT, MOTE_NO_MEMORY,
	 "; the system promises no more memory than it has: enlarge the page file, or end other "
	 "programs"},
	{ERROR_NO_SYSTEM_RESOURCES, MOTE_NO_MEMORY, "; the system has no more memory of its own"},
	{ERROR_NOT_ENOUGH_MEMORY, MOTE_NO_MEMORY, ""},
	{ERROR_OUTOFMEMORY, MOTE_NO_MEMORY, ""},
	{WSAENOBUFS, MOTE_NO_MEMORY, ""},
};

static const struct limit *find_limit(int code)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].code == plain_code(code))
			return &limits[i];
	return NULL;
}

mote_status mote_os_fail_as(mote_error *error, mote_status other, mote_error_domain domain,
			    int code, const char *what)
{
	const struct limit *limit = find_limit(code);

	return mote_os_fail_code(error, limit != NULL ? limit->status : other, domain, code, "%s%s",
				 what, limit != NULL ? limit->advice : "");
}

static mote_status status_of(mote_error_domain domain)
{
	return domain == MOTE_DOMAIN_HYPERVISOR ? MOTE_HYPERVISOR : MOTE_OS;
}

mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what)
{
	return mote_os_fail_as(error, status_of(domain), domain, code, what);
}

mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes)
{
	char text[128];

	snprintf(text, sizeof(text), "mapping %s, %llu bytes", what, (unsigned long long)bytes);
	return mote_os_fail_as(error, status_of(domain), domain, code, text);
}

mote_status mote_windows_fail(mote_error *error, const char *call, const char *what)
{
	const int code = (int)GetLastError();
	char text[128];

	snprintf(text, sizeof(text), "%s %s", call, what);
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, text);
}

mote_status mote_windows_fail_file(mote_error *error, const char *call, const char *path,
				   uint32_t code)
{
	char what[MOTE_SHORT_TEXT_BYTES + 32];

	snprintf(what, sizeof(what), "%s%s", call, mote_text_short(path).text);
	return mote_os_fail_as(error, MOTE_FILE, MOTE_DOMAIN_OS, (int)code, what);
}
