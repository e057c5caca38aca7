/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory on Linux: the memfds of guests and buffers, and the fork mark.  What would end the process
 * with a signal (SIGBUS, SIGXFSZ) fails here instead.  os_linux_private.c has the other kind.
 */
#define _GNU_SOURCE /* memfd_create, MADV_WIPEONFORK */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_linux_memory.h"
#include "os/os_process.h"
#include "os/posix/posix_pages.h"

/* <linux/memfd.h>, <linux/magic.h>, <asm-generic/mman-common.h>: newer than the oldest supported C
 * library. */
#define NOEXEC_SEAL 0x0008u	 /* MFD_NOEXEC_SEAL */
#define HUGETLB_MAGIC 0x958458f6 /* HUGETLBFS_MAGIC */
#define POPULATE_READ 22	 /* MADV_POPULATE_READ */
#define POPULATE_WRITE 23	 /* MADV_POPULATE_WRITE */

enum { FORK_MARK_BYTES = 4096 };

static const uint64_t RESERVE_STEP = 64ull << 20, MINIMUM_RESERVE_STEP = 1ull << 20;

mote_status mote_os_linux_fail(mote_error *error, int code, const char *call, const char *what)
{
	char text[96];

	snprintf(text, sizeof(text), "%s %s", call, what);
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, text);
}

mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes)
{
	char text[96];

	switch (code) {
	case ENOMEM:
		return mote_os_fail_code(error, MOTE_NO_MEMORY, domain, code,
					 "mmap of %s, %llu bytes; the process may have reached its "
					 "limit on addresses (RLIMIT_AS, ulimit -v), on data "
					 "(RLIMIT_DATA, ulimit -d) or on mappings "
					 "(vm.max_map_count), or vm.overcommit_memory is 2 and the "
					 "host has no more to commit",
					 what, (unsigned long long)bytes);
	case EAGAIN:
		return mote_os_fail_code(
			error, MOTE_LIMIT, domain, code,
			"mmap of %s, %llu bytes; the process locks its memory (mlockall) and has "
			"reached its limit (RLIMIT_MEMLOCK); raise it with ulimit -l",
			what, (unsigned long long)bytes);
	default:
		snprintf(text, sizeof(text), "mmap of %s", what);
		return mote_os_fail(error, domain, code, text);
	}
}

/* ---- Reserving ---------------------------------------------------------------------------- */

bool mote_os_memory_overcommits(void)
{
	char mode = '0';
	int fd;

	do
		fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return true;
	while (pread(fd, &mode, 1, 0) < 0 && errno == EINTR)
		;
	close(fd);
	return mode != '2';
}

static mote_status fail_reserve(mote_error *error, int code, uint64_t bytes, const char *what)
{
	if (code != ENOSPC && code != ENOMEM && code != EFAULT)
		return mote_os_linux_fail(error, code, "reserving", what);
	return mote_os_fail_code(error, MOTE_NO_MEMORY, MOTE_DOMAIN_OS, code,
				 "reserving %s, %llu bytes; the host cannot commit more memory "
				 "(vm.overcommit_memory is 2, see CommitLimit in /proc/meminfo)",
				 what, (unsigned long long)bytes);
}

/* In steps: a signal undoes what the kernel has reserved in the call that it interrupts, so under
 * frequent signals only shorter ones come to an end. */
static int reserve_file(int fd, uint64_t offset, uint64_t bytes)
{
	uint64_t step = RESERVE_STEP;

	for (uint64_t done = 0; done < bytes;) {
		uint64_t part = bytes - done < step ? bytes - done : step;

		if (fallocate(fd, 0, (off_t)(offset + done), (off_t)part) == 0)
			done += part;
		else if (errno != EINTR)
			return errno;
		else if (step > MINIMUM_RESERVE_STEP)
			step /= 2;
	}
	return 0;
}

static int populate(void *hva, uint64_t bytes, int advice)
{
	while (madvise(hva, bytes, advice) != 0)
		if (errno != EINTR && errno != EAGAIN)
			return errno;
	return 0;
}

/* For a descriptor that may not be written: reading a page allocates it. */
static int reserve_mapping(void *hva, uint64_t bytes)
{
	return populate(hva, bytes, POPULATE_READ);
}

/* ---- Mapping ------------------------------------------------------------------------------ */

int mote_os_linux_advise(void *hva, uint64_t bytes, unsigned flags)
{
	if (madvise(hva, bytes, MADV_DONTFORK) != 0)
		return errno;
	if (!(flags & MOTE_OS_MEMORY_DUMP) && madvise(hva, bytes, MADV_DONTDUMP) != 0)
		return errno;
	/* A kernel that has no huge pages does not know the advice. */
	if (flags & MOTE_OS_MEMORY_HUGE && madvise(hva, bytes, MADV_HUGEPAGE) != 0 &&
	    errno != EINVAL)
		return errno;
	return 0;
}

/* Linux before 5.14 does not know the advice, and memory is populated by writing it. */
int mote_os_linux_populate(void *hva, uint64_t bytes, unsigned flags)
{
	int code = flags & MOTE_OS_MEMORY_POPULATE ? populate(hva, bytes, POPULATE_WRITE) : 0;

	if (code != EINVAL)
		return code;
	for (uint64_t i = 0; i < bytes; i += mote_os_page_bytes())
		*((volatile uint8_t *)hva + i) = 0;
	return 0;
}

mote_status mote_os_linux_fail_populate(mote_error *error, int code, uint64_t bytes,
					const char *what)
{
	if (code != ENOMEM && code != EFAULT)
		return mote_os_linux_fail(error, code, "populating", what);
	return mote_os_fail_code(error, MOTE_NO_MEMORY, MOTE_DOMAIN_OS, code,
				 "populating %s, %llu bytes", what, (unsigned long long)bytes);
}

/* Maps fd for this process alone.  On success memory owns both. */
static mote_status map(int fd, uint64_t offset, uint64_t bytes, bool writable, unsigned flags,
		       const char *what, struct mote_os_memory *memory, mote_error *error)
{
	mote_status status = MOTE_OK;
	int code;
	void *hva = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd,
			 (off_t)offset);

	if (hva == MAP_FAILED)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, what, bytes);
	code = mote_os_linux_advise(hva, bytes, flags);
	if (code != 0)
		status = mote_os_linux_fail(error, code, "madvise of", what);
	if (code == 0 && flags & MOTE_OS_MEMORY_RESERVE) {
		code = writable ? reserve_file(fd, offset, bytes) : reserve_mapping(hva, bytes);
		if (code != 0)
			status = fail_reserve(error, code, bytes, what);
	} else if (code == 0) {
		code = mote_os_linux_populate(hva, bytes, flags);
		if (code != 0)
			status = mote_os_linux_fail_populate(error, code, bytes, what);
	}
	if (status != MOTE_OK) {
		munmap(hva, bytes);
		return status;
	}
	*memory =
		(struct mote_os_memory){.hva = hva, .bytes = bytes, .handle = fd, .offset = offset};
	return MOTE_OK;
}

/* Linux 6.3 to 6.5 with vm.memfd_noexec=2 refuse files without the flag that says they are not
 * executable; older kernels do not know that flag. */
static int create_file(unsigned flags)
{
	int fd = memfd_create("mote-guest", MFD_CLOEXEC | flags);

	if (fd >= 0 || errno != EACCES)
		return fd;
	fd = memfd_create("mote-guest", MFD_CLOEXEC | NOEXEC_SEAL | flags);
	if (fd < 0 && errno == EINVAL)
		errno = EACCES; /* the flag is unknown: the first refusal is the reason */
	return fd;
}

/* A file that grows past RLIMIT_FSIZE ends the process with SIGXFSZ, so the limit is checked
 * first. */
static mote_status set_size(int fd, uint64_t bytes, const char *what, mote_error *error)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    bytes > limit.rlim_cur)
		return mote_os_fail_code(
			error, MOTE_LIMIT, MOTE_DOMAIN_OS, EFBIG,
			"ftruncate of %s, %llu bytes; the process is limited to "
			"files of %llu bytes (RLIMIT_FSIZE); raise it with ulimit -f",
			what, (unsigned long long)bytes, (unsigned long long)limit.rlim_cur);
	return ftruncate(fd, (off_t)bytes) == 0
		       ? MOTE_OK
		       : mote_os_linux_fail(error, errno, "ftruncate of", what);
}

mote_status mote_os_linux_file(uint64_t bytes, unsigned flags, const char *what, int *file,
			       mote_error *error)
{
	mote_status status;
	int fd = create_file(flags);

	if (fd < 0)
		return mote_os_linux_fail(error, errno, "memfd_create for", what);
	status = set_size(fd, bytes, what, error);
	if (status == MOTE_OK)
		*file = fd;
	else
		close(fd);
	return status;
}

mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error)
{
	int fd;
	mote_status status = mote_os_linux_file(bytes, 0, what, &fd, error);

	if (status != MOTE_OK)
		return status;
	status = map(fd, 0, bytes, true, flags, what, memory, error);
	if (status != MOTE_OK)
		close(fd);
	return status;
}

static mote_status fail_descriptor(mote_error *error, int code, const char *call, int fd)
{
	char what[32];

	snprintf(what, sizeof(what), "descriptor %d", fd);
	return mote_os_linux_fail(error, code, call, what);
}

/* How the memory of a descriptor may be used; MOTE_INVALID_ARGUMENT when it could shrink. */
static mote_status check_import(int fd, uint64_t end, bool *writable, mote_error *error)
{
	int seals = fcntl(fd, F_GET_SEALS);
	int flags;
	struct stat information;
	struct statfs system;

	if (seals < 0)
		return mote_os_fail_code(error, MOTE_INVALID_ARGUMENT, MOTE_DOMAIN_OS, errno,
					 "descriptor %d is not a memfd", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return fail_descriptor(error, errno, "fcntl of", fd);
	if (fstat(fd, &information) != 0)
		return fail_descriptor(error, errno, "fstat of", fd);
	if (fstatfs(fd, &system) != 0)
		return fail_descriptor(error, errno, "fstatfs of", fd);
	/* Holes are filled from a pool that may be empty; then an access raises SIGBUS. */
	if ((unsigned long)system.f_type == HUGETLB_MAGIC)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "descriptor %d is made of huge pages (MFD_HUGETLB), which can run "
				 "out under a reader; use an ordinary memfd",
				 fd);
	if (!(seals & F_SEAL_SHRINK))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "descriptor %d could shrink under a reader; seal it with "
				 "F_SEAL_SHRINK",
				 fd);
	if ((uint64_t)information.st_size < end)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "descriptor %d has %llu bytes, the buffer ends at %llu", fd,
				 (unsigned long long)information.st_size, (unsigned long long)end);
	*writable =
		(flags & O_ACCMODE) == O_RDWR && !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
	return MOTE_OK;
}

mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error)
{
	bool can_write = false;
	mote_status status = check_import((int)handle, offset + bytes, &can_write, error);
	int fd;

	if (status != MOTE_OK)
		return status;
	fd = fcntl((int)handle, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return fail_descriptor(error, errno, "duplicate of", (int)handle);
	status = map(fd, offset, bytes, can_write, flags, "a buffer", memory, error);
	if (status == MOTE_OK)
		*writable = can_write;
	else
		close(fd);
	return status;
}

void mote_os_memory_destroy(struct mote_os_memory *memory)
{
	if (memory->hva == NULL)
		return;
	munmap(memory->hva, memory->bytes);
	mote_os_memory_forget(memory);
}

void mote_os_memory_forget(struct mote_os_memory *memory)
{
	if (memory->hva == NULL)
		return;
	if (memory->handle >= 0)
		close((int)memory->handle);
	*memory = (struct mote_os_memory){0};
}

uint64_t mote_os_page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

void mote_os_memory_publish_code(void *hva, uint64_t bytes)
{
	/* Cleans to the point where the processors' data and instruction caches meet: KVM cleans
	 * what it maps, but not what is written afterwards. */
	__builtin___clear_cache((char *)hva, (char *)hva + bytes);
}

/* ---- Which pages exist ------------------------------------------------------------------- */

mote_status mote_os_memory_next_data(const struct mote_os_memory *memory, uint64_t offset,
				     uint64_t *begin, uint64_t *end, mote_error *error)
{
	off_t data, hole;

	if (memory->is_private) {
		mote_os_private_next_data(memory, offset, begin, end);
		return MOTE_OK;
	}
	data = lseek((int)memory->handle, (off_t)offset, SEEK_DATA);
	if (data < 0 && errno == ENXIO) {
		*begin = *end = memory->bytes;
		return MOTE_OK;
	}
	if (data < 0)
		return mote_os_linux_fail(error, errno, "lseek of", "guest memory");
	hole = lseek((int)memory->handle, data, SEEK_HOLE);
	if (hole < 0)
		return mote_os_linux_fail(error, errno, "lseek of", "guest memory");
	*begin = (uint64_t)data;
	*end = (uint64_t)hole;
	return MOTE_OK;
}

bool mote_os_memory_holds_more(const struct mote_os_memory *memory, uint64_t bytes)
{
	struct stat information;

	if (memory->is_private)
		return mote_posix_holds_more(memory, bytes);
	return fstat((int)memory->handle, &information) != 0 ||
	       (uint64_t)information.st_blocks * 512 > bytes;
}

/* ---- The fork mark ------------------------------------------------------------------------ */

mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error)
{
	uint8_t *page = mmap(NULL, FORK_MARK_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, "the fork mark",
					    FORK_MARK_BYTES);
	if (madvise(page, FORK_MARK_BYTES, MADV_WIPEONFORK) != 0) {
		int code = errno;

		munmap(page, FORK_MARK_BYTES);
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "madvise of the fork mark");
	}
	*page = 1;
	*mark = page;
	return MOTE_OK;
}

void mote_os_fork_mark_destroy(const volatile uint8_t *mark)
{
	if (mark != NULL)
		munmap((void *)(uintptr_t)mark, FORK_MARK_BYTES);
}
