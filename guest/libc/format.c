/* SPDX-License-Identifier: Apache-2.0
 *
 * What printf says of a format that it refuses.
 */
#include <mote_guest.h>

void mote_libc_bad_format(const char *format);

void mote_libc_bad_format(const char *format)
{
	mote_log(MOTE_LOG_WARNING, "printf: the text ends at an unknown conversion in \"%s\"",
		 format);
}
