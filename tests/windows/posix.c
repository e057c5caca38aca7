/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of POSIX on Windows, as posix.h has them.
 */
#include "posix.h"

#include "test.h"

#include <windows.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <winioctl.h>

int windows_mkdir(const char *path)
{
	wchar_t wide[4096];

	MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
	if (CreateDirectoryW(wide, NULL))
		return 0;
	errno = GetLastError() == ERROR_ALREADY_EXISTS ? EEXIST : EIO;
	return -1;
}

int pipe2(int ends[2], int flags)
{
	(void)flags;
	return _pipe(ends, 65536, _O_BINARY | _O_NOINHERIT);
}

void *memmem(const void *in, size_t in_length, const void *what, size_t length)
{
	const char *at = in;

	for (; in_length >= length; at++, in_length--)
		if (memcmp(at, what, length) == 0)
			return (void *)(uintptr_t)at;
	return NULL;
}

char *strndup(const char *text, size_t length)
{
	const char *end = memchr(text, '\0', length);
	const size_t count = end != NULL ? (size_t)(end - text) : length;
	char *copy = malloc(count + 1);

	if (copy != NULL) {
		memcpy(copy, text, count);
		copy[count] = '\0';
	}
	return copy;
}

static int set_length(HANDLE file, int64_t bytes)
{
	LARGE_INTEGER end = {.QuadPart = bytes};
	DWORD got;

	/* Where the file system can do that. */
	DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &got, NULL);
	if (SetFilePointerEx(file, end, NULL, FILE_BEGIN) && SetEndOfFile(file))
		return 0;
	errno = EFBIG;
	return -1;
}

int windows_truncate(const char *path, int64_t bytes)
{
	HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	int result;

	if (file == INVALID_HANDLE_VALUE) {
		errno = ENOENT;
		return -1;
	}
	result = set_length(file, bytes);
	CloseHandle(file);
	return result;
}

int windows_ftruncate(int file, int64_t bytes)
{
	return set_length((HANDLE)_get_osfhandle(file), bytes);
}

int fcntl(int file, int what, int flags)
{
	(void)file;
	(void)what;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

int mkfifo(const char *path, int mode)
{
	(void)path;
	(void)mode;
	errno = ENOSYS;
	return -1;
}

int symlink(const char *target, const char *path)
{
	(void)target;
	(void)path;
	errno = ENOSYS;
	return -1;
}

int geteuid(void)
{
	return 0;
}

char *windows_mkdtemp(char *name, size_t capacity)
{
	static unsigned number;
	char temporary[MAX_PATH];
	int length;

	GetTempPathA(sizeof(temporary), temporary);
	length = snprintf(name, capacity, "%smote-%lu-%u", temporary, GetCurrentProcessId(),
			  number++);
	if (length < 0 || (size_t)length >= capacity || !CreateDirectoryA(name, NULL))
		return NULL;
	for (char *at = name; *at != '\0'; at++)
		if (*at == '\\')
			*at = '/';
	return name;
}

int64_t pread(int file, void *data, size_t length, int64_t offset)
{
	return _lseeki64(file, offset, SEEK_SET) < 0 ? -1 : _read(file, data, (unsigned)length);
}

/* ---- Memory ------------------------------------------------------------------------------ */

/* Views, and the sections that they are of. */
enum { MOST_VIEWS = 2048 };
static SRWLOCK views_lock = SRWLOCK_INIT;
static struct view {
	void *at;
	HANDLE section;
} views[MOST_VIEWS];

/* With NULL, a free place.  The lock is held. */
static struct view *find_view(const void *at)
{
	for (unsigned i = 0; i < MOST_VIEWS; i++)
		if (views[i].at == at)
			return &views[i];
	return NULL;
}

static bool add_view(void *at, HANDLE section)
{
	struct view *view;

	AcquireSRWLockExclusive(&views_lock);
	view = find_view(NULL);
	if (view != NULL)
		*view = (struct view){at, section};
	ReleaseSRWLockExclusive(&views_lock);
	return view != NULL;
}

/* The section; NULL when that is no view. */
static HANDLE remove_view(void *at)
{
	HANDLE section = NULL;
	struct view *view;

	AcquireSRWLockExclusive(&views_lock);
	view = at != NULL ? find_view(at) : NULL;
	if (view != NULL) {
		section = view->section;
		*view = (struct view){NULL, NULL};
	}
	ReleaseSRWLockExclusive(&views_lock);
	return section;
}

intptr_t test_memory_handle(const void *memory)
{
	intptr_t handle = -1;
	struct view *view;

	AcquireSRWLockShared(&views_lock);
	view = memory != NULL ? find_view(memory) : NULL;
	if (view != NULL)
		handle = (intptr_t)view->section;
	ReleaseSRWLockShared(&views_lock);
	return handle;
}

static void *map_section(size_t bytes, int protection)
{
	const uint64_t size = bytes;
	const HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
						  (DWORD)(size >> 32), (DWORD)size, NULL);
	const DWORD access = FILE_MAP_READ | (protection & PROT_WRITE ? FILE_MAP_WRITE : 0);
	void *view = section != NULL ? MapViewOfFile(section, access, 0, 0, bytes) : NULL;

	if (view != NULL && add_view(view, section))
		return view;
	if (view != NULL)
		UnmapViewOfFile(view);
	if (section != NULL)
		CloseHandle(section);
	return NULL;
}

void *mmap(void *where, size_t bytes, int protection, int flags, int file, int64_t offset)
{
	void *memory = NULL;

	(void)where;
	(void)offset;
	if (file == -1 && (flags & MAP_SHARED))
		memory = map_section(bytes, protection);
	else if (file == -1)
		memory = VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT,
				      protection & PROT_WRITE ? PAGE_READWRITE : PAGE_READONLY);
	errno = ENOMEM;
	return memory != NULL ? memory : MAP_FAILED;
}

int munmap(void *at, size_t bytes)
{
	HANDLE section = remove_view(at);

	(void)bytes;
	if (section == NULL)
		return VirtualFree(at, 0, MEM_RELEASE) ? 0 : -1;
	CloseHandle(section);
	return UnmapViewOfFile(at) ? 0 : -1;
}

int mprotect(void *at, size_t bytes, int protection)
{
	DWORD before;

	return VirtualProtect(at, bytes, protection & PROT_WRITE ? PAGE_READWRITE : PAGE_READONLY,
			      &before)
		       ? 0
		       : -1;
}

int madvise(void *at, size_t bytes, int advice)
{
	(void)at;
	(void)bytes;
	(void)advice;
	errno = ENOSYS;
	return -1;
}

/* ---- Processes --------------------------------------------------------------------------- */

long sysconf(int name)
{
	SYSTEM_INFO information;

	GetSystemInfo(&information);
	return name == _SC_NPROCESSORS_ONLN ? (long)information.dwNumberOfProcessors : -1;
}

unsigned alarm(unsigned seconds)
{
	(void)seconds;
	return 0;
}

int fork(void)
{
	errno = ENOSYS;
	return -1;
}

pid_t waitpid(pid_t child, int *status, int options)
{
	(void)child;
	(void)status;
	(void)options;
	errno = ECHILD;
	return -1;
}
