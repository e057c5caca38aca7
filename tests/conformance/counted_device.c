/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts what goes to a hypervisor's device file, and makes one call fail.
 */
#include "counted_device.h"

#include <pthread.h>
#include <stdio.h>

#include "hypervisor/backends/linux/linux_device.h"

static struct hypervisor_calls *counted;
static const struct mote_linux_device *real;
static unsigned long run_request;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* backends have threads of their own */

static int count_one(const char *what, bool ignored)
{
	if (++counted->calls != counted->fail_at)
		return 0;
	counted->failed = true;
	counted->ignored = ignored;
	snprintf(counted->what, sizeof(counted->what), "%s", what);
	return -counted->code;
}

/* Counts a call.  A negative errno when it is the one that fails. */
static int count(const char *what, bool ignored)
{
	int result;

	pthread_mutex_lock(&lock);
	result = count_one(what, ignored);
	pthread_mutex_unlock(&lock);
	return result;
}

static int counting_open(const struct mote_linux_device *device, const char *path)
{
	int result = count("open", false);

	(void)device;
	return result < 0 ? result : real->open(real, path);
}

/* Fails after the fact: whatever close says, the descriptor is gone. */
static int counting_close(const struct mote_linux_device *device, int fd)
{
	int result = real->close(real, fd);

	(void)device;
	return result < 0 ? result : count("close", true);
}

static int counting_ioctl(const struct mote_linux_device *device, int fd, unsigned long request,
			  void *argument)
{
	char what[32];
	int result;

	(void)device;
	snprintf(what, sizeof(what), "ioctl 0x%02lx", request & 0xff);
	result = count(what, false);
	if (result < 0)
		return result;
	if (request == run_request) {
		counted->runs++;
		if (counted->before_run != NULL)
			counted->before_run(counted->user);
	}
	return real->ioctl(real, fd, request, argument);
}

static int counting_map(const struct mote_linux_device *device, int fd, size_t bytes,
			void **address)
{
	int result = count("mmap", false);

	(void)device;
	return result < 0 ? result : real->map(real, fd, bytes, address);
}

static int counting_unmap(const struct mote_linux_device *device, void *address, size_t bytes)
{
	int result = real->unmap(real, address, bytes);

	(void)device;
	return result < 0 ? result : count("munmap", true);
}

static int counting_duplicate(const struct mote_linux_device *device, int fd)
{
	int result = count("fcntl", false);

	(void)device;
	return result < 0 ? result : real->duplicate(real, fd);
}

static int counting_replace(const struct mote_linux_device *device, int fd, int by)
{
	int result = count("dup3", false);

	(void)device;
	return result < 0 ? result : real->replace(real, fd, by);
}

static int counting_protect(const struct mote_linux_device *device, void *address, size_t bytes,
			    bool writable)
{
	int result = count("mprotect", false);

	(void)device;
	return result < 0 ? result : real->protect(real, address, bytes, writable);
}

const struct mote_system *const *count_device(mote_backend_kind kind, unsigned long run,
					      struct hypervisor_calls *calls)
{
	static struct mote_linux_device counting = {
		.open = counting_open,
		.close = counting_close,
		.ioctl = counting_ioctl,
		.map = counting_map,
		.unmap = counting_unmap,
		.duplicate = counting_duplicate,
		.replace = counting_replace,
		.protect = counting_protect,
	};
	static const struct mote_system *const systems[] = {&counting.base, NULL};

	counting.base.kind = kind;
	counted = calls;
	real = mote_linux_device_find(backend_under_test()->systems(), kind);
	run_request = run;
	return systems;
}
