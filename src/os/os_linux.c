/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on Linux: error texts, random bytes, and the CPU time of threads.
 */
#define _GNU_SOURCE /* getrandom, pthread_getcpuclockid */
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_random.h"

mote_status mote_os_fail_as(mote_error *error, mote_status other, mote_error_domain domain,
			    int code, const char *what)
{
	struct rlimit limit;

	switch (code) {
	case EMFILE:
		if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = 0;
		return mote_os_fail_code(error, MOTE_LIMIT, domain, code,
					 "%s: the process is limited to %llu open files "
					 "(RLIMIT_NOFILE); raise it with ulimit -n",
					 what, (unsigned long long)limit.rlim_cur);
	case ENFILE:
		return mote_os_fail_code(error, MOTE_LIMIT, domain, code,
					 "%s: the system has no more open files (fs.file-max)",
					 what);
	case ENOMEM:
		return mote_os_fail_code(error, MOTE_NO_MEMORY, domain, code, "%s", what);
	default:
		return mote_os_fail_code(error, other, domain, code, "%s", what);
	}
}

mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what)
{
	mote_status other = domain == MOTE_DOMAIN_HYPERVISOR ? MOTE_HYPERVISOR : MOTE_OS;

	return mote_os_fail_as(error, other, domain, code, what);
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
