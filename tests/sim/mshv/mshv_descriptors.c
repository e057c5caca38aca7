/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors of the simulated files: real ones, of /dev/null or of a VP's pages, so that copies,
 * poll, fstat and fork do what they do with others.  Which file a descriptor is of is kept here.
 * Handlers of signals may copy and close descriptors: no signal arrives while the lock is held.
 */
#define _GNU_SOURCE /* O_CLOEXEC, dup3 */
#include "sim/mshv/mshv_descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "hypervisor/backends/linux/linux_device.h"
#include "sim/mshv/mshv_foreign.h"

static const struct mote_linux_device *const real = &mote_linux_device_real;

enum { DESCRIPTORS = 65536 };

/* A mapping of a VP's page holds its file. */
struct mapping {
	struct mapping *next;
	void *address;
	size_t bytes;
	struct file *file;
};

static struct file *_Atomic files[DESCRIPTORS];
static struct mapping *mappings;
static _Atomic size_t mapping_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t enter(void)
{
	const uint64_t mask = sim_block_signals();

	pthread_mutex_lock(&lock);
	return mask;
}

static void leave(uint64_t mask)
{
	pthread_mutex_unlock(&lock);
	sim_restore_signals(mask);
}

static uint64_t mask_of_fork;

static void before_fork(void)
{
	mask_of_fork = enter();
}

static void after_fork(void)
{
	leave(mask_of_fork);
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

bool mshv_is_ours(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && atomic_load(&files[fd]) != NULL;
}

/* The file of a descriptor, held; NULL: it is another's. */
static struct file *hold(int fd)
{
	struct file *file = NULL;
	uint64_t mask;

	if (!mshv_is_ours(fd))
		return NULL;
	mask = enter();
	if (atomic_load(&files[fd]))
		file = mshv_hold(atomic_load(&files[fd]));
	leave(mask);
	return file;
}

/* Takes the reference over; NULL: the descriptor is another's now. */
static void put(int fd, struct file *file)
{
	struct file *old;
	uint64_t mask;

	if (fd < 0 || fd >= DESCRIPTORS || (!file && !mshv_is_ours(fd)))
		return;
	mask = enter();
	old = atomic_exchange(&files[fd], file);
	leave(mask);
	if (old)
		mshv_release(old);
}

/* A new descriptor for a file, which it takes over. */
static int make_descriptor(struct file *file)
{
	int fd = file->vp ? fcntl(file->vp->pages_fd, F_DUPFD_CLOEXEC, 0)
			  : open("/dev/null", O_RDWR | O_CLOEXEC);
	const int code = errno;

	if (fd >= DESCRIPTORS) {
		close(fd);
		mshv_release(file);
		return -EMFILE;
	}
	if (fd < 0) {
		mshv_release(file);
		return -code;
	}
	put(fd, file);
	return fd;
}

int mshv_fd_open(void)
{
	struct file *file;

	if (sim_mshv_rules()->open_error != 0)
		return -sim_mshv_rules()->open_error;
	file = mshv_open();
	return file ? make_descriptor(file) : -ENOMEM;
}

/* The time between the program's call and the kernel's first look at signals: a signal that
 * arrives here runs its handler, and is forgotten. */
static void pass_window(unsigned long request)
{
	const unsigned microseconds = sim_mshv_rules()->window_us;
	const struct timespec time = {0, (long)microseconds * 1000};

	if (microseconds != 0 && request == MOTE_MSHV_RUN_VP)
		nanosleep(&time, NULL);
}

long mshv_fd_ioctl(int fd, unsigned long request, void *argument)
{
	struct file *file, *made = NULL;
	uint64_t mask;
	long result;

	request &= 0xffffffff;
	pass_window(request);
	/* From here on signals are this call's.  A handler before may have put another file
	 * here. */
	mask = sim_block_signals();
	file = hold(fd);
	if (file) {
		result = mshv_ioctl(file, request, argument, mask, &made);
		if (result == 0 && made)
			result = make_descriptor(made);
		if (request == MSHV_CREATE_DEVICE && result > 0) {
			((struct mshv_create_device *)argument)->fd = (uint32_t)result;
			result = 0;
		}
		mshv_release(file);
	} else {
		result = real->ioctl(real, fd, request, argument);
	}
	sim_restore_signals(mask);
	return result;
}

int mshv_fd_map(int fd, void *at, size_t bytes, int protection, int flags, uint64_t page,
		void **address)
{
	struct mapping *mapping = calloc(1, sizeof(*mapping));
	struct file *file = hold(fd);
	uint64_t offset, mask;
	int pages;

	pages = file && mapping ? mshv_page(file, page, &offset) : file ? -ENOMEM : -ENODEV;
	if (pages >= 0) {
		*address = mmap(at, bytes, protection, flags, pages, (off_t)offset);
		if (*address == MAP_FAILED)
			pages = -errno;
	}
	if (pages < 0) {
		free(mapping);
		if (file)
			mshv_release(file);
		return pages;
	}
	*mapping = (struct mapping){.address = *address, .bytes = bytes, .file = file};
	mask = enter();
	mapping->next = mappings;
	mappings = mapping;
	leave(mask);
	atomic_fetch_add(&mapping_count, 1);
	return 0;
}

void mshv_fd_unmap(void *address, size_t bytes)
{
	struct mapping **link, *found = NULL;
	uint64_t mask;

	if (atomic_load(&mapping_count) == 0)
		return;
	mask = enter();
	for (link = &mappings; *link && !found;)
		if ((*link)->address == address && (*link)->bytes == bytes) {
			found = *link;
			*link = found->next;
		} else {
			link = &(*link)->next;
		}
	leave(mask);
	if (!found)
		return;
	atomic_fetch_sub(&mapping_count, 1);
	mshv_release(found->file);
	free(found);
}

int mshv_fd_close(int fd)
{
	put(fd, NULL);
	return close(fd) < 0 ? -errno : 0;
}

void mshv_fd_copied(int from, int to)
{
	struct file *file = hold(from);

	if (file || mshv_is_ours(to))
		put(to, file);
}

/* ---- The table ------------------------------------------------------------------------------- */

static int device_open(const struct mote_linux_device *device, const char *path)
{
	(void)device;
	return strcmp(path, "/dev/mshv") == 0 ? mshv_fd_open() : real->open(real, path);
}

static int device_close(const struct mote_linux_device *device, int fd)
{
	(void)device;
	return mshv_fd_close(fd);
}

static int device_ioctl(const struct mote_linux_device *device, int fd, unsigned long request,
			void *argument)
{
	(void)device;
	return (int)mshv_fd_ioctl(fd, request, argument);
}

static int device_map(const struct mote_linux_device *device, int fd, size_t bytes, void **address)
{
	(void)device;
	if (!mshv_is_ours(fd))
		return real->map(real, fd, bytes, address);
	return mshv_fd_map(fd, NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, 0, address);
}

static int device_unmap(const struct mote_linux_device *device, void *address, size_t bytes)
{
	(void)device;
	mshv_fd_unmap(address, bytes);
	return real->unmap(real, address, bytes);
}

static int device_duplicate(const struct mote_linux_device *device, int fd)
{
	const int made = real->duplicate(real, fd);

	(void)device;
	if (made >= 0)
		mshv_fd_copied(fd, made);
	return made;
}

static int device_replace(const struct mote_linux_device *device, int fd, int by)
{
	const int result = real->replace(real, fd, by);

	(void)device;
	if (result == 0)
		mshv_fd_copied(by, fd);
	return result;
}

static int device_protect(const struct mote_linux_device *device, void *address, size_t bytes,
			  bool writable)
{
	(void)device;
	return real->protect(real, address, bytes, writable);
}

static const struct mote_linux_device simulated = {
	.base = {MOTE_BACKEND_MSHV},
	.open = device_open,
	.close = device_close,
	.ioctl = device_ioctl,
	.map = device_map,
	.unmap = device_unmap,
	.duplicate = device_duplicate,
	.replace = device_replace,
	.protect = device_protect,
};

const struct mote_system *const *sim_mshv_systems(void)
{
	static const struct mote_system *const systems[] = {&simulated.base, NULL};

	return systems;
}
