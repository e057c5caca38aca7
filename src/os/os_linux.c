/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on Linux: random bytes, the clock, and the CPU time of threads.
 */
#define _GNU_SOURCE /* getrandom, pthread_getcpuclockid */
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>
#include <time.h>

#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_random.h"
#include "os/posix/posix_clock.h"
#include "os/posix/posix_error.h"

const char mote_posix_open_files_limit[] = "fs.file-max";

uint64_t mote_os_monotonic_ns(void)
{
	return mote_posix_read_clock(CLOCK_MONOTONIC);
}

mote_status mote_os_random(void *bytes, size_t length, mote_error *error)
{
	size_t done = 0;

	while (done < length) {
		/* GRND_NONBLOCK: do not wait at early boot just for a guest's canary. */
		ssize_t count = getrandom((char *)bytes + done, length - done, GRND_NONBLOCK);

		if (count < 0 && errno == EAGAIN)
			count = getrandom((char *)bytes + done, length - done, GRND_INSECURE);
		if (count < 0 && errno != EINTR)
			return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "getrandom");
		if (count > 0)
			done += (size_t)count;
	}
	return MOTE_OK;
}

bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock)
{
	clockid_t id;

	if (pthread_getcpuclockid(pthread_self(), &id) != 0)
		return false;
	clock->id = id;
	return true;
}

bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns)
{
	struct timespec now;

	if (clock_gettime((clockid_t)clock.id, &now) != 0)
		return false;
	*ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return true;
}
