/* SPDX-License-Identifier: Apache-2.0
 *
 * What is Linux's own of the tool's operating system.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "cli_os.h"
#include "cli_os_posix.h"

enum { NS_PER_S = 1000000000 };

bool cli_os_program_path(char *path, size_t capacity)
{
	ssize_t length = readlink("/proc/self/exe", path, capacity - 1);

	if (length <= 0 || (size_t)length == capacity - 1)
		return false;
	path[length] = '\0';
	return true;
}

void cli_os_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

int cli_os_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t end_ns)
{
	const struct timespec end = {.tv_sec = (time_t)(end_ns / NS_PER_S),
				     .tv_nsec = (long)(end_ns % NS_PER_S)};

	return pthread_cond_timedwait(condition, lock, &end);
}
