/* SPDX-License-Identifier: Apache-2.0
 *
 * What is Linux's own of the tool's operating system.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
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

/* ---- Reports ------------------------------------------------------------------------------- */

/* The rest of the first line that begins so, behind a colon if there is one; else nothing. */
static void read_line(const char *path, const char *begin, char *to, size_t capacity)
{
	FILE *file = fopen(path, "re");
	char line[512];

	while (file != NULL && to[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
		const char *text = line + strlen(begin);

		if (strncmp(line, begin, strlen(begin)) != 0)
			continue;
		text += strspn(text, " \t:");
		line[strcspn(line, "\n")] = '\0';
		snprintf(to, capacity, "%s", text);
	}
	if (file != NULL)
		fclose(file);
}

void cli_os_describe(struct cli_os_description *description)
{
	struct utsname host;

	*description = (struct cli_os_description){{0}, {0}, {0}, {0}, {0}};
	if (uname(&host) == 0) {
		snprintf(description->name, sizeof(description->name), "%s", host.sysname);
		snprintf(description->release, sizeof(description->release), "%s", host.release);
		snprintf(description->build, sizeof(description->build), "%s", host.version);
	}
	read_line("/sys/class/dmi/id/product_name", "", description->model,
		  sizeof(description->model));
	read_line("/proc/device-tree/model", "", description->model, sizeof(description->model));
	read_line("/proc/cpuinfo", "model name", description->processor,
		  sizeof(description->processor));
	/* Arm processors have numbers. */
	read_line("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "",
		  description->processor, sizeof(description->processor));
}

int cli_os_hypervisor_support(void)
{
	return -1;
}

const char *cli_os_kernel_root(void)
{
	return "";
}
