/* SPDX-License-Identifier: Apache-2.0
 *
 * What is macOS's own of the tool's operating system: conditions have no clock to choose there, but
 * can wait for a time from now.  man 3 dyld.
 */
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <mach-o/dyld.h>
#include <pthread.h>
#include <time.h>

#include "cli_os.h"
#include "cli_os_posix.h"

enum { NS_PER_S = 1000000000 };

bool cli_os_program_path(char *path, size_t capacity)
{
	uint32_t bytes = (uint32_t)capacity;

	return _NSGetExecutablePath(path, &bytes) == 0;
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
