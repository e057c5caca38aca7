/* SPDX-License-Identifier: Apache-2.0
 *
 * uname(2).
 */
#include "hypervisor/backends/linux/linux_release.h"

#include <stdlib.h>
#include <sys/utsname.h>

struct mote_linux_release mote_linux_release(void)
{
	struct mote_linux_release release = {0, 0};
	struct utsname name;
	char *end;
	unsigned long major, minor;

	if (uname(&name) != 0)
		return release;
	major = strtoul(name.release, &end, 10);
	if (end == name.release || *end != '.')
		return release;
	minor = strtoul(end + 1, NULL, 10);
	if (major > 1000 || minor > 1000)
		return release;
	release.major = (unsigned)major;
	release.minor = (unsigned)minor;
	return release;
}
