/* SPDX-License-Identifier: Apache-2.0
 *
 * New files on POSIX systems: written under another name, and whole or absent afterwards.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_file.h"
#include "os/os_process.h"
#include "os/os_random.h"
#include "text/text.h"

enum { FOLDER_BYTES = 4096 };

static mote_status fail_new(mote_error *error, const char *call, const char *path, int code)
{
	char what[MOTE_SHORT_TEXT_BYTES + 32];

	snprintf(what, sizeof(what), "%s%s", call, mote_text_short(path).text);
	return mote_os_fail_as(error, MOTE_FILE, MOTE_DOMAIN_OS, code, what);
}

/* The last part of a path. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static mote_status open_folder(const char *path, int *folder, mote_error *error)
{
	char name[FOLDER_BYTES];
	size_t length = (size_t)(name_of(path) - path);

	if (name_of(path)[0] == '\0' || length >= sizeof(name))
		return fail_new(error, "", path, length == 0 ? ENOENT : EISDIR);
	memcpy(name, path, length);
	name[length] = '\0';
	do
		*folder = open(length > 0 ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (*folder < 0 && errno == EINTR);
	return *folder >= 0 ? MOTE_OK : fail_new(error, "folder of ", path, errno);
}

mote_status mote_os_new_file_create(const char *path, struct mote_os_new_file *file,
				    mote_error *error)
{
	struct mote_os_new_file created = {.path = path};
	uint64_t random;
	int folder, fd;
	mote_status status = open_folder(path, &folder, error);

	if (status != MOTE_OK)
		return status;
	status = mote_os_random(&random, sizeof(random), error);
	if (status != MOTE_OK) {
		close(folder);
		return status;
	}
	snprintf(created.temporary, sizeof(created.temporary), ".mote-%llu-%016llx.tmp",
		 (unsigned long long)mote_os_process_id(), (unsigned long long)random);
	do /* O_EXCL follows no link */
		fd = openat(folder, created.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0) {
		status = fail_new(error, "creating ", path, errno);
		close(folder);
		return status;
	}
	created.folder = folder;
	created.handle = fd;
	*file = created;
	return MOTE_OK;
}

/* A file that grows past RLIMIT_FSIZE ends the process with SIGXFSZ. */
static mote_status check_size(const char *path, uint64_t bytes, mote_error *error)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
	    bytes <= limit.rlim_cur)
		return MOTE_OK;
	return mote_os_fail_code(error, MOTE_LIMIT, MOTE_DOMAIN_OS, EFBIG,
				 "writing %s, %llu bytes; the process is limited to files of %llu "
				 "bytes (RLIMIT_FSIZE); raise it with ulimit -f",
				 mote_text_short(path).text, (unsigned long long)bytes,
				 (unsigned long long)limit.rlim_cur);
}

mote_status mote_os_new_file_write(struct mote_os_new_file *file, uint64_t offset, const void *data,
				   size_t length, mote_error *error)
{
	mote_status status = check_size(file->path, offset + length, error);

	for (size_t done = 0; status == MOTE_OK && done < length;) {
		ssize_t count = pwrite((int)file->handle, (const char *)data + done, length - done,
				       (off_t)(offset + done));

		if (count > 0)
			done += (size_t)count;
		else if (count == 0 || errno != EINTR)
			status = fail_new(error, "writing ", file->path,
					  count == 0 ? ENOSPC : errno);
	}
	return status;
}

static void release(struct mote_os_new_file *file)
{
	close((int)file->handle);
	close((int)file->folder);
}

void mote_os_new_file_discard(struct mote_os_new_file *file)
{
	(void)unlinkat((int)file->folder, file->temporary, 0);
	release(file);
}

mote_status mote_os_new_file_commit(struct mote_os_new_file *file, uint64_t bytes,
				    mote_error *error)
{
	mote_status status = check_size(file->path, bytes, error);

	if (status == MOTE_OK && ftruncate((int)file->handle, (off_t)bytes) != 0)
		status = fail_new(error, "ftruncate of ", file->path, errno);
	if (status == MOTE_OK && renameat((int)file->folder, file->temporary, (int)file->folder,
					  name_of(file->path)) != 0)
		status = fail_new(error, "renaming to ", file->path, errno);
	if (status != MOTE_OK)
		mote_os_new_file_discard(file);
	else
		release(file);
	return status;
}
