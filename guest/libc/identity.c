/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a guest is, and its limits.
 */
#include "shim.h"

#include <errno.h>
#include <mote_guest_runtime.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

long mote_libc_names(struct utsname *to)
{
	memset(to, 0, sizeof(*to));
	strcpy(to->sysname, "mote");
	strcpy(to->nodename, "guest");
	strcpy(to->release, "1");
	strcpy(to->version, "1");
	strcpy(to->machine, MOTE_LIBC_MACHINE);
	return 0;
}

long mote_libc_limit(int resource, struct rlimit *to)
{
	rlim_t limit = RLIM_INFINITY;

	if (resource == RLIMIT_STACK)
		limit = mote_guest_mailbox()->stack_bytes;
	else if (resource == RLIMIT_NOFILE)
		limit = MOTE_LIBC_DESCRIPTORS;
	else if (resource == RLIMIT_NPROC)
		limit = 1;
	else if (resource == RLIMIT_CORE)
		limit = 0;
	if (to)
		*to = (struct rlimit){limit, limit};
	return 0;
}
