/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on Linux.
 */
#define _GNU_SOURCE /* memfd_create, MADV_WIPEONFORK */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error_internal.h"
#include "text_internal.h"

enum { FORK_MARK_BYTES = 4096 };

/* other: what codes that name no limit come out as. */
static mote_status fail_as(mote_error *error, mote_status other, mote_error_domain domain, int code,
			   const char *what)
{
	struct rlimit limit;

	switch (code) {
	case EMFILE:
		if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = 0;
		return mote_fail_code(error, MOTE_LIMIT, domain, code,
				      "%s: the process may open %llu files (RLIMIT_NOFILE); raise "
				      "it with ulimit -n",
				      what, (unsigned long long)limit.rlim_cur);
	case ENFILE:
		return mote_fail_code(error, MOTE_LIMIT, domain, code,
				      "%s: the system has no more open files (fs.file-max)", what);
	case ENOMEM:
		return mote_fail_code(error, MOTE_NO_MEMORY, domain, code, "%s", what);
	default:
		return mote_fail_code(error, other, domain, code, "%s", what);
	}
}

mote_status mote_os_fail(mote_error *error, mote_error_domain domain, int code, const char *what)
{
	mote_status other = domain == MOTE_DOMAIN_HYPERVISOR ? MOTE_HYPERVISOR : MOTE_OS;

	return fail_as(error, other, domain, code, what);
}

/* "mmap of", "a buffer". */
static mote_status fail_on(mote_error *error, int code, const char *call, const char *what)
{
	char text[96];

	snprintf(text, sizeof(text), "%s %s", call, what);
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, text);
}

/* Memory is scarce in more than one way. */
static mote_status fail_mapping(mote_error *error, int code, uint64_t bytes, const char *what)
{
	if (code != ENOMEM)
		return fail_on(error, code, "mmap of", what);
	return mote_fail_code(
		error, MOTE_NO_MEMORY, MOTE_DOMAIN_OS, code,
		"mmap of %s, %llu bytes; the process may be at its limit of addresses "
		"(ulimit -v) or mappings (vm.max_map_count)",
		what, (unsigned long long)bytes);
}

/* Maps fd for this process alone.  memory owns both on success. */
static mote_status map(int fd, uint64_t offset, uint64_t bytes, bool writable, const char *what,
		       struct mote_os_memory *memory, mote_error *error)
{
	mote_status status;
	void *hva = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd,
			 (off_t)offset);

	if (hva == MAP_FAILED)
		return fail_mapping(error, errno, bytes, what);
	if (madvise(hva, bytes, MADV_DONTFORK) != 0) {
		status = fail_on(error, errno, "madvise of", what);
		munmap(hva, bytes);
		return status;
	}
	*memory = (struct mote_os_memory){.hva = hva, .bytes = bytes, .handle = fd};
	return MOTE_OK;
}

mote_status mote_os_memory_create(uint64_t bytes, const char *what, struct mote_os_memory *memory,
				  mote_error *error)
{
	mote_status status;
	int fd = memfd_create("mote-guest", MFD_CLOEXEC);

	if (fd < 0)
		return fail_on(error, errno, "memfd_create for", what);
	if (ftruncate(fd, (off_t)bytes) != 0)
		status = fail_on(error, errno, "ftruncate of", what);
	else
		status = map(fd, 0, bytes, true, what, memory, error);
	if (status != MOTE_OK)
		close(fd);
	return status;
}

static mote_status fail_descriptor(mote_error *error, int code, const char *call, int fd)
{
	char what[32];

	snprintf(what, sizeof(what), "descriptor %d", fd);
	return fail_on(error, code, call, what);
}

/* How the memory behind a descriptor may be used; MOTE_INVALID_ARGUMENT when it could shrink. */
static mote_status check_import(int fd, uint64_t end, bool *writable, mote_error *error)
{
	int seals = fcntl(fd, F_GET_SEALS);
	int flags;
	struct stat information;

	if (seals < 0)
		return mote_fail_code(error, MOTE_INVALID_ARGUMENT, MOTE_DOMAIN_OS, errno,
				      "descriptor %d is not a memfd", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return fail_descriptor(error, errno, "fcntl of", fd);
	if (fstat(fd, &information) != 0)
		return fail_descriptor(error, errno, "fstat of", fd);
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

mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes,
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
	status = map(fd, offset, bytes, can_write, "a buffer", memory, error);
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
	close((int)memory->handle);
	*memory = (struct mote_os_memory){0};
}

uint64_t mote_os_page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

void mote_os_memory_publish_code(void *hva, uint64_t bytes)
{
	/* To the point where the processors' data and instruction caches meet: KVM cleans what it
	 * maps, but not what is written afterwards. */
	__builtin___clear_cache((char *)hva, (char *)hva + bytes);
}

static mote_status fail_file(mote_error *error, const char *call, const char *path, int code)
{
	char what[MOTE_SHORT_TEXT_BYTES + 16];

	snprintf(what, sizeof(what), "%s%s", call, mote_text_short(path).text);
	return fail_as(error, MOTE_FILE, MOTE_DOMAIN_OS, code, what);
}

mote_status mote_os_file_open(const char *path, struct mote_os_file *file, mote_error *error)
{
	struct stat information;
	mote_status status = MOTE_OK;
	int fd;

	/* Non-blocking: a FIFO without a writer must not stop us. */
	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return fail_file(error, "", path, errno);
	if (fstat(fd, &information) != 0)
		status = fail_file(error, "fstat of ", path, errno);
	else if (S_ISDIR(information.st_mode))
		status = fail_file(error, "", path, EISDIR);
	else if (!S_ISREG(information.st_mode))
		status = mote_fail(error, MOTE_FILE, "%s: not a regular file",
				   mote_text_short(path).text);
	if (status != MOTE_OK) {
		close(fd);
		return status;
	}
	*file = (struct mote_os_file){
		.path = path, .handle = fd, .bytes = (uint64_t)information.st_size};
	return MOTE_OK;
}

mote_status mote_os_file_read(const struct mote_os_file *file, uint64_t offset, void *buffer,
			      size_t length, size_t *got, mote_error *error)
{
	size_t done = 0;

	while (done < length) {
		ssize_t count = pread((int)file->handle, (char *)buffer + done, length - done,
				      (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail_file(error, "read of ", file->path, errno);
		if (count == 0)
			break;
		done += (size_t)count;
	}
	*got = done;
	return MOTE_OK;
}

void mote_os_file_close(struct mote_os_file *file)
{
	close((int)file->handle);
}

mote_status mote_os_random(void *bytes, size_t length, mote_error *error)
{
	size_t done = 0;

	while (done < length) {
		/* GRND_NONBLOCK: a guest's canary is not worth waiting for at early boot. */
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

mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error)
{
	uint8_t *page = mmap(NULL, FORK_MARK_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "mmap of the fork mark");
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

const char *mote_os_environment(const char *name)
{
	return getenv(name);
}
