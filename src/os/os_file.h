/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: those that are read, and new ones.
 */
#ifndef MOTE_OS_FILE_H
#define MOTE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

/* A regular file that is open for reading. */
struct mote_os_file {
	const char *path; /* as given, for messages */
	intptr_t handle;
	uint64_t bytes;
};

/* Fails with MOTE_FILE for anything but a regular file, and never blocks.  path: outlives the
 * file. */
mote_status mote_os_file_open(const char *path, struct mote_os_file *file, mote_error *error);
/* Reads up to length bytes from offset; *got is less only at the end of the file. */
mote_status mote_os_file_read(const struct mote_os_file *file, uint64_t offset, void *buffer,
			      size_t length, size_t *got, mote_error *error);
void mote_os_file_close(struct mote_os_file *file);

/* The path from the root, so that it outlives a change of the current folder.  False when that is
 * unknown or the path needs more than capacity bytes. */
bool mote_os_file_absolute(const char *path, char *absolute, size_t capacity);

/* A file that is written under a temporary name in its folder, for its owner alone. */
struct mote_os_new_file {
	const char *path; /* as given: outlives the structure */
	intptr_t folder, handle;
	char temporary[64];
};

mote_status mote_os_new_file_create(const char *path, struct mote_os_new_file *file,
				    mote_error *error);
/* What is left out reads as zeros, and takes no space where the file system can do that. */
mote_status mote_os_new_file_write(struct mote_os_new_file *file, uint64_t offset, const void *data,
				   size_t length, mote_error *error);
/* Gives it its length and its name, in place of what had that.  Releases file in any case. */
mote_status mote_os_new_file_commit(struct mote_os_new_file *file, uint64_t bytes,
				    mote_error *error);
void mote_os_new_file_discard(struct mote_os_new_file *file);

/* Whether owner and mode of a file let this process read and write it.  If so, only something else,
 * such as a container's device rules, can refuse. */
bool mote_os_file_permits(const char *path);

#endif
