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

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_EXCLUSIVE (1ull << 56)
#define PAGE_OF_FILE (1ull << 61)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_PRESENT (1ull << 63)

/* ---- Life -------------------------------------------------------------------------------- */

/* Sparse memory: a huge page for each byte that is written would be zeroed and kept.  A kernel that
 * has none does not know the advice. */
static int advise(void *hva, uint64_t bytes, unsigned flags)
{
	int code = mote_os_linux_advise(hva, bytes, flags);

	if (code == 0 && madvise(hva, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
		code = errno;
	return code;
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
	void *hva =
		mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	mote_status status = MOTE_OK;
	int code;

	if (hva == MAP_FAILED)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, what, bytes);
	if (base_bytes > 0 && !map_file(hva, base_bytes, protection, (int)base->handle))
		status = mote_os_fail_mapping(error, MOTE_DOMAIN_OS, errno, what, base_bytes);
	code = status == MOTE_OK ? advise(hva, bytes, flags) : 0;
	if (code != 0)
		status = mote_os_linux_fail(error, code, "madvise of", what);
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

enum { ENTRIES = 512 };

/* Reads entries of pages from offset on; 0: there is no telling. */
static size_t read_entries(const struct mote_os_memory *memory, uint64_t offset,
			   uint64_t entries[ENTRIES])
{
	const uint64_t page = mote_os_page_bytes();
	const uint64_t first = ((uintptr_t)memory->hva + offset) / page;
	const uint64_t left = (memory->bytes - offset + page - 1) / page;
	const size_t count = left < ENTRIES ? (size_t)left : ENTRIES;
	ssize_t got;

	do
		got = pread((int)memory->page_map, entries, count * sizeof(*entries),
			    (off_t)(first * sizeof(*entries)));
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got / sizeof(*entries) : 0;
}

static bool exists(uint64_t entry)
{
	return (entry & (PAGE_PRESENT | PAGE_SWAPPED)) != 0;
}

/* Neither the zeros that all share nor the base's. */
static bool is_private(uint64_t entry)
{
	return (entry & PAGE_SWAPPED) != 0 ||
	       (entry & (PAGE_EXCLUSIVE | PAGE_OF_FILE)) == PAGE_EXCLUSIVE;
}

static size_t skip(const uint64_t *entries, size_t i, size_t count, bool existing)
{
	while (i < count && exists(entries[i]) == existing)
		i++;
	return i;
}

/* What the base has counts as data, whether this process has looked at it or not. */
void mote_os_private_next_data(const struct mote_os_memory *memory, uint64_t offset,
			       uint64_t *begin, uint64_t *end)
{
	const uint64_t page = mote_os_page_bytes();
	uint64_t entries[ENTRIES], at = offset & ~(page - 1);
	size_t count = 0, first = 0;

	*begin = offset;
	*end = offset < memory->base_bytes ? memory->base_bytes : memory->bytes;
	if (offset < memory->base_bytes)
		return;
	for (; at < memory->bytes; at += count * page) {
		count = read_entries(memory, at, entries);
		if (count == 0)
			return;
		first = skip(entries, 0, count, false);
		if (first < count)
			break;
	}
	if (at >= memory->bytes) {
		*begin = memory->bytes;
		return;
	}
	if (at + first * page > offset)
		*begin = at + first * page;
	at += skip(entries, first, count, true) * page;
	if (at < memory->bytes)
		*end = at;
}

bool mote_os_private_holds_more(const struct mote_os_memory *memory, uint64_t bytes)
{
	const uint64_t page = mote_os_page_bytes();
	uint64_t entries[ENTRIES], held = 0;
	size_t count;

	for (uint64_t offset = 0; held <= bytes && offset < memory->bytes; offset += count * page) {
		count = read_entries(memory, offset, entries);
		if (count == 0)
			return true;
		for (size_t i = 0; i < count; i++)
			held += is_private(entries[i]) ? page : 0;
	}
	return held > bytes;
}
