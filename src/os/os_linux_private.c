/* SPDX-License-Identifier: Apache-2.0
 *
 * Private memory on Linux: anonymous, or with pages of a sealed file until they are written.  Which
 * of its pages exist, only /proc/self/pagemap tells: mincore() says that those which are swapped
 * out do not.
 */
#define _GNU_SOURCE /* MFD_ALLOW_SEALING, MAP_NORESERVE */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/os_error.h"
#include "os/os_linux_memory.h"
#include "os/posix/posix_pages.h"

/* Of x86_64, and of aarch64 with pages of 4 KiB. */
#define HUGE_PAGE_BYTES (2ull << 20)

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_EXCLUSIVE (1ull << 56)
#define PAGE_OF_FILE (1ull << 61)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_PRESENT (1ull << 63)

/* ---- Life -------------------------------------------------------------------------------- */

/* Sparse memory, unless the flags say otherwise: a huge page for each byte that is written would be
 * zeroed and kept.  A kernel that has none does not know the advice. */
static int advise(void *hva, uint64_t bytes, unsigned flags)
{
	int code = mote_os_linux_advise(hva, bytes, flags);

	if (code == 0 && !(flags & MOTE_OS_MEMORY_HUGE) &&
	    madvise(hva, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
		code = errno;
	return code;
}

/* Whole bytes of addresses; huge pages need one that is a multiple of theirs. */
static void *map_anonymous(uint64_t bytes, int protection, unsigned flags)
{
	const uint64_t slack = flags & MOTE_OS_MEMORY_HUGE ? HUGE_PAGE_BYTES : 0;
	uint8_t *hva = mmap(NULL, bytes + slack, protection,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t before;

	if (hva == MAP_FAILED || slack == 0)
		return hva;
	before = -(uintptr_t)hva & (slack - 1);
	if (before > 0)
		munmap(hva, before);
	munmap(hva + before + bytes, slack - before);
	return hva + before;
}

static bool map_file(void *hva, uint64_t bytes, int protection, int file)
{
	return bytes == 0 || mmap(hva, bytes, protection, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
				  file, 0) != MAP_FAILED;
}

/* MAP_NORESERVE: a system that commits no more than it has commits all of it all the same, and
 * others do not guess. */
mote_status mote_os_memory_create_private(uint64_t bytes, unsigned flags,
					  const struct mote_os_memory *base, intptr_t page_map,
					  const char *what, struct mote_os_memory *memory,
					  mote_error *error)
{
	const uint64_t base_bytes = base != NULL ? base->base_bytes : 0;
	const int protection = PROT_READ | PROT_WRITE;
	void *hva = map_anonymous(bytes, protection, flags);
	mote_status status = MOTE_OK;
	int code;

	if (hva == MAP_FAILED)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, what, bytes);
	if (base_bytes > 0 && !map_file(hva, base_bytes, protection, (int)base->handle))
		status = mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, what, base_bytes);
	code = status == MOTE_OK ? advise(hva, bytes, flags) : 0;
	if (code != 0)
		status = mote_os_linux_fail(error, code, "madvise of", what);
	code = status == MOTE_OK ? mote_os_linux_populate(hva, bytes, flags) : 0;
	if (code != 0)
		status = mote_os_linux_fail_populate(error, code, bytes, what);
	if (status != MOTE_OK) {
		munmap(hva, bytes);
		return status;
	}
	*memory = (struct mote_os_memory){
		.hva = hva,
		.bytes = bytes,
		.handle = -1,
		.is_private = true,
		.base_bytes = base_bytes,
		.page_map = page_map,
	};
	return MOTE_OK;
}

mote_status mote_os_memory_make_read_only(struct mote_os_memory *memory, const char *what,
					  mote_error *error)
{
	if (mprotect(memory->hva, memory->bytes, PROT_READ) != 0)
		return mote_os_linux_fail(error, errno, "mprotect of", what);
	return MOTE_OK;
}

mote_status mote_os_memory_drop(struct mote_os_memory *memory, const char *what, mote_error *error)
{
	if (madvise(memory->hva, memory->bytes, MADV_DONTNEED) != 0)
		return mote_os_linux_fail(error, errno, "madvise of", what);
	return MOTE_OK;
}

/* ---- Bases ------------------------------------------------------------------------------- */

static bool write_run(int file, const uint8_t *from, uint64_t begin, uint64_t end)
{
	while (begin < end) {
		ssize_t done = pwrite(file, from + begin, end - begin, (off_t)begin);

		if (done > 0)
			begin += (uint64_t)done;
		else if (done == 0 || errno != EINTR)
			return false;
	}
	return true;
}

static mote_status fail_write(mote_error *error, int code, const char *what)
{
	if (code != ENOSPC && code != ENOMEM)
		return mote_os_linux_fail(error, code, "pwrite of", what);
	return mote_os_fail_code(error, MOTE_NO_MEMORY, MOTE_DOMAIN_OS, code,
				 "pwrite of %s; the host cannot commit more memory (see "
				 "CommitLimit in /proc/meminfo)",
				 what);
}

static mote_status fill_file(int file, const void *from, const struct mote_os_run *runs,
			     size_t count, const char *what, mote_error *error)
{
	for (size_t i = 0; i < count; i++)
		if (!write_run(file, from, runs[i].begin, runs[i].end))
			return fail_write(error, errno, what);
	if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
		return mote_os_linux_fail(error, errno, "sealing of", what);
	return MOTE_OK;
}

mote_status mote_os_memory_make_base(struct mote_os_memory *memory, unsigned flags,
				     const void *from, const struct mote_os_run *runs, size_t count,
				     const char *what, mote_error *error)
{
	const uint64_t page = mote_os_page_bytes();
	const uint64_t bytes = (runs[count - 1].end + page - 1) & ~(page - 1);
	mote_status status;
	int file, code;

	status = mote_os_linux_file(bytes, MFD_ALLOW_SEALING, what, &file, error);
	if (status != MOTE_OK)
		return status;
	status = fill_file(file, from, runs, count, what, error);
	/* Before Linux 6.7 files that are sealed have no shared mappings. */
	if (status == MOTE_OK && !map_file(memory->hva, bytes, PROT_READ, file))
		status = mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, what, bytes);
	code = status == MOTE_OK ? advise(memory->hva, bytes, flags) : 0;
	if (code != 0)
		status = mote_os_linux_fail(error, code, "madvise of", what);
	if (status != MOTE_OK) {
		close(file);
		return status;
	}
	memory->handle = file;
	memory->base_bytes = bytes;
	return MOTE_OK;
}

/* ---- Which pages exist ------------------------------------------------------------------- */

intptr_t mote_os_page_map_open(void)
{
	int fd;

	do
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

void mote_os_page_map_close(intptr_t page_map)
{
	if (page_map >= 0)
		close((int)page_map);
}

const uint64_t mote_posix_page_exists = PAGE_PRESENT | PAGE_SWAPPED;

size_t mote_posix_read_pages(const struct mote_os_memory *memory, uint64_t offset,
			     uint64_t entries[MOTE_POSIX_PAGES])
{
	const uint64_t page = mote_os_page_bytes();
	const uint64_t first = ((uintptr_t)memory->hva + offset) / page;
	const size_t count = mote_posix_pages_from(memory, offset);
	ssize_t got;

	do
		got = pread((int)memory->page_map, entries, count * sizeof(*entries),
			    (off_t)(first * sizeof(*entries)));
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got / sizeof(*entries) : 0;
}

/* Neither the zeros that all share nor the base's. */
static bool is_held(uint64_t entry)
{
	return (entry & PAGE_SWAPPED) != 0 ||
	       (entry & (PAGE_EXCLUSIVE | PAGE_OF_FILE)) == PAGE_EXCLUSIVE;
}

size_t mote_posix_count_held(const uint64_t *entries, size_t count)
{
	size_t held = 0;

	for (size_t i = 0; i < count; i++)
		held += is_held(entries[i]);
	return held;
}

/* What the base has counts as data, whether this process has looked at it or not. */
void mote_os_private_next_data(const struct mote_os_memory *memory, uint64_t offset,
			       uint64_t *begin, uint64_t *end)
{
	*begin = offset;
	*end = memory->base_bytes;
	if (offset >= memory->base_bytes)
		mote_posix_next_data(memory, offset, begin, end);
}
