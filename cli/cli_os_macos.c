/* SPDX-License-Identifier: Apache-2.0
 *
 * What is macOS's own of the tool's operating system: conditions have no clock to choose there, but
 * can wait for a time from now.  man 3 dyld, man 3
 * sysctl.
 */
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <time.h>

#include "cli_os.h"
#include "cli_os_posix.h"

enum { NS_PER_S = 1000000000 };

bool cli_os_program_path(char *path, size_t capacity)
{
	char given[PATH_MAX], whole[PATH_MAX];
	uint32_t bytes = sizeof(given);

	/* It is as it was started: by a link, perhaps. */
	if (_NSGetExecutablePath(given, &bytes) != 0 || realpath(given, whole) == NULL ||
	    strlen(whole) >= capacity)
		return false;
	strcpy(path, whole);
	return true;
}

void cli_os_condition_init(pthread_cond_t *condition)
{
	pthread_cond_init(condition, NULL);
}

int cli_os_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t end_ns)
{
	uint64_t now_ns = cli_os_monotonic_ns();
	uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
	const struct timespec left = {.tv_sec = (time_t)(left_ns / NS_PER_S),
				      .tv_nsec = (long)(left_ns % NS_PER_S)};

	return left_ns == 0 ? ETIMEDOUT
			    : pthread_cond_timedwait_relative_np(condition, lock, &left);
}

/* ---- Reports ------------------------------------------------------------------------------- */

static void read_text(const char *name, char *to, size_t capacity)
{
	size_t bytes = capacity - 1;

	if (sysctlbyname(name, to, &bytes, NULL, 0) != 0)
		bytes = 0;
	to[bytes] = '\0';
}

void cli_os_describe(struct cli_os_description *description)
{
	snprintf(description->name, sizeof(description->name), "macOS");
	read_text("kern.osproductversion", description->release, sizeof(description->release));
	read_text("kern.osversion", description->build, sizeof(description->build));
	read_text("hw.model", description->model, sizeof(description->model));
	read_text("machdep.cpu.brand_string", description->processor,
		  sizeof(description->processor));
}

int cli_os_hypervisor_support(void)
{
	int supported = 0;
	size_t bytes = sizeof(supported);

	if (sysctlbyname("kern.hv_support", &supported, &bytes, NULL, 0) != 0)
		return 0;
	return supported != 0;
}

const char *cli_os_kernel_root(void)
{
	return ""; /* where nothing is */
}
