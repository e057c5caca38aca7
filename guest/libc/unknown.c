/* SPDX-License-Identifier: Apache-2.0
 *
 * System calls that a guest does not have.
 */
#include "shim.h"

#include <errno.h>
#include <mote_guest.h>

/* Names of musl's calls, in the order of their numbers, each with its NUL; from its headers. */
static const char names[] =
#include <mote_call_names.inc>
	;

static const char *name_of(long number)
{
	const char *name = names;

	for (; number > 0 && name < names + sizeof(names) - 1; number--)
		while (*name++)
			;
	return *name ? name : "?";
}

long mote_libc_unknown(long number)
{
	static unsigned char told[64];

	if (number < 0 || number >= 8 * (long)sizeof(told))
		return -ENOSYS;
	if (!(told[number / 8] & 1 << number % 8))
		mote_log(MOTE_LOG_WARNING, "no system call %ld (%s) for guests: ENOSYS", number,
			 name_of(number));
	told[number / 8] |= (unsigned char)(1 << number % 8);
	return -ENOSYS;
}
