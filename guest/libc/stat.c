/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a file: the stat family, access, chmod, readlink.
 */
#include "shim.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const mode_t types[] = {
	[MOTE_LIBC_FILE] = S_IFREG,
	[MOTE_LIBC_DIRECTORY] = S_IFDIR,
	[MOTE_LIBC_NULL] = S_IFCHR,
	[MOTE_LIBC_RANDOM] = S_IFCHR,
};

static long describe(const struct mote_libc_node *node, struct stat *to)
{
	memset(to, 0, sizeof(*to));
	to->st_dev = 1;
	to->st_ino = node->number;
	to->st_nlink = node->links;
	to->st_mode = types[node->kind] | node->mode;
	to->st_uid = MOTE_LIBC_USER;
	to->st_gid = MOTE_LIBC_USER;
	to->st_size = (off_t)node->size;
	to->st_blksize = 4096;
	to->st_blocks = (blkcnt_t)((node->size + 511) / 512);
	to->st_atim = to->st_mtim = to->st_ctim = node->modified;
	return 0;
}

long mote_libc_stat_descriptor(int descriptor, struct stat *to)
{
	const struct mote_libc_node *node = mote_libc_descriptor_node(descriptor);

	if (node)
		return describe(node, to);
	if (!mote_libc_descriptor_is_stream(descriptor))
		return -EBADF;
	memset(to, 0, sizeof(*to));
	to->st_mode = S_IFIFO | 0600;
	to->st_nlink = 1;
	to->st_blksize = 4096;
	return 0;
}

long mote_libc_stat(int at, const char *path, struct stat *to, int flags)
{
	struct mote_libc_place place;
	long status;

	if (path && !*path && flags & AT_EMPTY_PATH)
		return mote_libc_stat_descriptor(at, to);
	status = mote_libc_find(at, path, &place);
	if (status < 0)
		return status;
	return place.node ? describe(place.node, to) : -ENOENT;
}

static long existing(int at, const char *path, struct mote_libc_node **node)
{
	struct mote_libc_place place;
	long status = mote_libc_find(at, path, &place);

	if (status == 0 && !place.node)
		status = -ENOENT;
	if (status == 0)
		*node = place.node;
	return status;
}

/* Everything may be read and written, and nothing executed. */
long mote_libc_access(int at, const char *path, int wanted)
{
	struct mote_libc_node *node = NULL;
	long status = existing(at, path, &node);

	if (status == 0 && wanted & X_OK && node->kind != MOTE_LIBC_DIRECTORY)
		status = -EACCES;
	return status;
}

/* There are no links that could be read. */
long mote_libc_read_link(int at, const char *path)
{
	struct mote_libc_node *node = NULL;
	long status = existing(at, path, &node);

	return status < 0 ? status : -EINVAL;
}

long mote_libc_change_mode(int at, const char *path, mode_t mode)
{
	struct mote_libc_node *node = NULL;
	long status = existing(at, path, &node);

	if (status == 0)
		node->mode = mode & 0777;
	return status;
}

long mote_libc_change_mode_of(int descriptor, mode_t mode)
{
	struct mote_libc_node *node = mote_libc_descriptor_node(descriptor);

	if (!node)
		return mote_libc_descriptor_is_stream(descriptor) ? -EPERM : -EBADF;
	node->mode = mode & 0777;
	return 0;
}

long mote_libc_touch(int at, const char *path, const struct timespec *times)
{
	struct mote_libc_node *node = NULL;
	long status = 0;

	if (path)
		status = existing(at, path, &node);
	else
		node = mote_libc_descriptor_node(at);
	if (status == 0 && !node)
		status = -EBADF;
	if (status < 0 || (times && times[1].tv_nsec == UTIME_OMIT))
		return status;
	if (times && times[1].tv_nsec != UTIME_NOW)
		node->modified = times[1];
	else
		mote_libc_now(&node->modified);
	return 0;
}

long mote_libc_truncate_path(const char *path, off_t size)
{
	struct mote_libc_node *node = NULL;
	long status = existing(AT_FDCWD, path, &node);

	if (status == 0 && size < 0)
		status = -EINVAL;
	return status < 0 ? status : mote_libc_resize(node, (uint64_t)size);
}

long mote_libc_enter_path(const char *path)
{
	struct mote_libc_node *node = NULL;
	long status = existing(AT_FDCWD, path, &node);

	return status < 0 ? status : mote_libc_enter(node);
}

long mote_libc_enter_descriptor(int descriptor)
{
	struct mote_libc_node *node = mote_libc_descriptor_node(descriptor);

	return node ? mote_libc_enter(node) : -EBADF;
}
