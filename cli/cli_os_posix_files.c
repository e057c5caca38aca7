/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and folders on POSIX systems.  A code is an errno.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_os.h"

const char *cli_os_error_text(int code)
{
	if (code == CLI_OS_NOT_REGULAR)
		return "not a regular file";
	if (code == CLI_OS_TIME_UP)
		return "it took too long";
	if (code == CLI_OS_IS_FOLDER)
		code = EISDIR;
	return strerror(code == CLI_OS_NO_MEMORY ? ENOMEM : code);
}

/* ---- Files ------------------------------------------------------------------------------- */

static int open_file(const char *path, int flags, int *file)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return errno;
	*file = fd;
	return 0;
}

int cli_os_open(const char *path, int *file)
{
	return open_file(path, O_RDONLY, file);
}

/* Looks before it opens too, because opening a device may do something. */
int cli_os_open_regular(const char *path, int *file, uint64_t *bytes)
{
	struct stat information;
	int fd = -1, code = stat(path, &information) != 0 ? errno : 0;

	if (code == 0 && !S_ISREG(information.st_mode))
		code = S_ISDIR(information.st_mode) ? CLI_OS_IS_FOLDER : CLI_OS_NOT_REGULAR;
	if (code == 0)
		code = open_file(path, O_RDONLY | O_NONBLOCK, &fd);
	if (code != 0)
		return code;
	if (fstat(fd, &information) != 0)
		code = errno;
	else if (!S_ISREG(information.st_mode))
		code = CLI_OS_NOT_REGULAR;
	if (code != 0) {
		close(fd);
		return code;
	}
	*file = fd;
	*bytes = (uint64_t)information.st_size;
	return 0;
}

int cli_os_create(const char *path, int *file)
{
	return open_file(path, O_WRONLY | O_CREAT | O_TRUNC, file);
}

int cli_os_close(int file)
{
	return close(file) != 0 ? errno : 0;
}

intptr_t cli_os_handle(int file)
{
	return file;
}

int cli_os_file_bytes(int file, uint64_t *bytes)
{
	struct stat information;

	if (fstat(file, &information) != 0)
		return errno;
	*bytes = S_ISREG(information.st_mode) ? (uint64_t)information.st_size : 0;
	return 0;
}

/* After a call that failed: 0 when it should be made again, or else errno.  Whoever shares the file
 * may have made it non-blocking. */
static int wait_for(int file, short events)
{
	struct pollfd wait = {.fd = file, .events = events};

	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return errno;
	poll(&wait, 1, -1);
	return 0;
}

int cli_os_read(int file, void *to, size_t bytes, size_t *got)
{
	ssize_t result = read(file, to, bytes);

	while (result < 0) {
		int code = wait_for(file, POLLIN);

		if (code != 0)
			return code;
		result = read(file, to, bytes);
	}
	*got = (size_t)result;
	return 0;
}

int cli_os_read_at(int file, uint64_t offset, void *to, size_t bytes, size_t *got)
{
	ssize_t result;

	do
		result = pread(file, to, bytes, (off_t)offset);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return errno;
	*got = (size_t)result;
	return 0;
}

int cli_os_write(int file, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t written = write(file, at, length);
		int code = written < 0 ? wait_for(file, POLLOUT) : 0;

		if (code != 0)
			return code;
		if (written > 0) {
			at += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

int cli_os_check_use(int file, bool writes)
{
	const int flags = fcntl(file, F_GETFL), wrong = writes ? O_RDONLY : O_WRONLY;

	if (flags < 0)
		return errno;
	return (flags & O_ACCMODE) == wrong ? EBADF : 0;
}

bool cli_os_is_terminal(int file)
{
	return isatty(file);
}

bool cli_os_terminals_are_utf8(void)
{
	return false; /* the locale says it */
}

/* ---- Folders ----------------------------------------------------------------------------- */

int cli_os_folder_make(const char *path, bool *made)
{
	*made = mkdir(path, 0777) == 0;
	return *made || errno == EEXIST ? 0 : errno;
}

int cli_os_folder_is_empty(const char *path, bool *empty)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (directory == NULL)
		return errno;
	*empty = true;
	while (*empty && (entry = readdir(directory)) != NULL)
		*empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(directory);
	return 0;
}

int cli_os_folder_open(const char *path, struct cli_os_folder *folder)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	*folder = (struct cli_os_folder){.path = path, .handle = fd};
	return 0;
}

void cli_os_folder_close(const struct cli_os_folder *folder)
{
	close(folder->handle);
}

void cli_os_folder_remove(const char *path)
{
	rmdir(path);
}

int cli_os_folder_write(const struct cli_os_folder *folder, const char *name, const char *text,
			size_t length)
{
	int fd = openat(folder->handle, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int code;

	if (fd < 0)
		return errno;
	code = cli_os_write(fd, text, length);
	if (close(fd) != 0 && code == 0)
		code = errno;
	if (code != 0)
		cli_os_folder_remove_file(folder, name);
	return code;
}

void cli_os_folder_remove_file(const struct cli_os_folder *folder, const char *name)
{
	unlinkat(folder->handle, name, 0);
}

/* ---- Names in a folder ------------------------------------------------------------------- */

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int copy_names(struct dirent **entries, size_t count, struct cli_os_names *names)
{
	struct cli_os_names copy = {.name = calloc(count + 1, sizeof(char *))};

	for (; copy.name != NULL && copy.count < count; copy.count++) {
		copy.name[copy.count] = strdup(entries[copy.count]->d_name);
		if (copy.name[copy.count] == NULL)
			break;
	}
	if (copy.name == NULL || copy.count < count) {
		cli_os_names_release(&copy);
		return CLI_OS_NO_MEMORY;
	}
	*names = copy;
	return 0;
}

int cli_os_names_read(const char *folder, struct cli_os_names *names)
{
	struct dirent **entries;
	int count, code;

	do
		count = scandir(folder, &entries, is_visible, compare_names);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno;
	code = copy_names(entries, (size_t)count, names);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return code;
}

void cli_os_names_release(struct cli_os_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
}
