/* SPDX-License-Identifier: Apache-2.0
 *
 * Files on POSIX systems.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_file.h"
#include "text/text.h"

static mote_status fail_file(mote_error *error, const char *call, const char *path, int code)
{
	char what[MOTE_SHORT_TEXT_BYTES + 16];

	snprintf(what, sizeof(what), "%s%s", call, mote_text_short(path).text);
	return mote_os_fail_as(error, MOTE_FILE, MOTE_DOMAIN_OS, code, what);
}

mote_status mote_os_file_open(const char *path, struct mote_os_file *file, mote_error *error)
{
	struct stat information;
	mote_status status = MOTE_OK;
	int fd;

	/* Non-blocking: a FIFO without a writer must not block us. */
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

static bool in_group(gid_t group)
{
	gid_t groups[1024];
	int count = getgroups(sizeof(groups) / sizeof(groups[0]), groups);

	if (getegid() == group)
		return true;
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

bool mote_os_file_permits(const char *path)
{
	struct stat information;
	mode_t bits = S_IROTH | S_IWOTH;

	if (geteuid() == 0)
		return true;
	if (stat(path, &information) != 0)
		return false;
	if (geteuid() == information.st_uid)
		bits = S_IRUSR | S_IWUSR;
	else if (in_group(information.st_gid))
		bits = S_IRGRP | S_IWGRP;
	return (information.st_mode & bits) == bits;
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

bool mote_os_file_absolute(const char *path, char *absolute, size_t capacity)
{
	size_t used = 0;
	int length;

	if (path[0] != '/') {
		if (getcwd(absolute, capacity) == NULL)
			return false;
		used = strlen(absolute);
		while (path[0] == '.' && path[1] == '/')
			path += 2;
	}
	length = snprintf(absolute + used, capacity - used, "%s%s", used > 1 ? "/" : "", path);
	return (size_t)length < capacity - used;
}
