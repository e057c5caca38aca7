/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors: the numbers of open files, directories and streams.
 */
#include "shim.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mote_guest_runtime.h>
#include <string.h>
#include <unistd.h>

/* What one open made; descriptors that were duplicated share it. */
struct file {
	struct mote_libc_node *node; /* NULL: a stream */
	int stream;
	int flags;
	unsigned int users;
	uint64_t offset;
};

static struct file streams[] = {
	{NULL, 0, O_RDONLY, 1, 0}, {NULL, 1, O_WRONLY, 1, 0}, {NULL, 2, O_WRONLY, 1, 0}};
static struct file *files[MOTE_LIBC_DESCRIPTORS] = {&streams[0], &streams[1], &streams[2]};

static struct file *file_of(int descriptor)
{
	return descriptor >= 0 && descriptor < MOTE_LIBC_DESCRIPTORS ? files[descriptor] : NULL;
}

struct mote_libc_node *mote_libc_descriptor_node(int descriptor)
{
	struct file *file = file_of(descriptor);

	return file ? file->node : NULL;
}

bool mote_libc_descriptor_is_stream(int descriptor)
{
	struct file *file = file_of(descriptor);

	return file && !file->node;
}

/* The lowest number that is free from first on. */
static long place(struct file *file, int first)
{
	if (first < 0 || first >= MOTE_LIBC_DESCRIPTORS)
		return -EINVAL;
	for (int i = first; i < MOTE_LIBC_DESCRIPTORS; i++)
		if (!files[i]) {
			files[i] = file;
			file->users++;
			return i;
		}
	return -EMFILE;
}

long mote_libc_close(int descriptor)
{
	struct file *file = file_of(descriptor);

	if (!file)
		return -EBADF;
	files[descriptor] = NULL;
	if (--file->users || !file->node)
		return 0;
	file->node->users--;
	mote_libc_release(file->node);
	mote_heap_free(file);
	return 0;
}

/* The node that open is to open, made where the flags say so. */
static long find_or_make(int at, const char *path, int flags, mode_t mode,
			 struct mote_libc_node **node)
{
	struct mote_libc_place place;
	long status = mote_libc_find(at, path, &place);

	if (status < 0)
		return status;
	if (!place.node) {
		if (!(flags & O_CREAT))
			return -ENOENT;
		return mote_libc_make(&place, MOTE_LIBC_FILE, mode, node);
	}
	*node = place.node;
	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (place.node->kind == MOTE_LIBC_DIRECTORY)
		return (flags & O_ACCMODE) != O_RDONLY ? -EISDIR : 0;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	return flags & O_TRUNC && place.node->kind == MOTE_LIBC_FILE
		       ? mote_libc_resize(place.node, 0)
		       : 0;
}

long mote_libc_open(int at, const char *path, int flags, mode_t mode)
{
	struct mote_libc_node *node = NULL;
	struct file *file = mote_heap_allocate(sizeof(*file));
	long descriptor, status;

	if (!file)
		return -ENOMEM;
	*file = (struct file){.flags = flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)};
	/* First the descriptor, so that nothing is made without one. */
	descriptor = place(file, 0);
	if (descriptor < 0) {
		mote_heap_free(file);
		return descriptor;
	}
	status = find_or_make(at, path, flags, mode, &node);
	if (status < 0) {
		files[descriptor] = NULL;
		mote_heap_free(file);
		return status;
	}
	node->users++;
	file->node = node;
	return descriptor;
}

static bool readable(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_WRONLY;
}

static bool writable(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_RDONLY;
}

long mote_libc_read(int descriptor, void *data, size_t bytes)
{
	struct file *file = file_of(descriptor);
	long moved;

	if (!file || !readable(file))
		return -EBADF;
	if (!file->node)
		return mote_libc_stream_read(data, bytes);
	moved = mote_libc_get(file->node, file->offset, data, bytes);
	if (moved > 0)
		file->offset += (uint64_t)moved;
	return moved;
}

long mote_libc_write(int descriptor, const void *data, size_t bytes)
{
	struct file *file = file_of(descriptor);
	long moved;

	if (!file || !writable(file))
		return -EBADF;
	if (!file->node)
		return mote_libc_stream_write(file->stream, data, bytes);
	if (file->flags & O_APPEND)
		file->offset = file->node->size;
	moved = mote_libc_put(file->node, file->offset, data, bytes);
	if (moved > 0)
		file->offset += (uint64_t)moved;
	return moved;
}

long mote_libc_read_at(int descriptor, void *data, size_t bytes, off_t offset)
{
	struct file *file = file_of(descriptor);

	if (!file || !readable(file))
		return -EBADF;
	if (!file->node)
		return -ESPIPE;
	return offset < 0 ? -EINVAL : mote_libc_get(file->node, (uint64_t)offset, data, bytes);
}

long mote_libc_write_at(int descriptor, const void *data, size_t bytes, off_t offset)
{
	struct file *file = file_of(descriptor);

	if (!file || !writable(file))
		return -EBADF;
	if (!file->node)
		return -ESPIPE;
	return offset < 0 ? -EINVAL : mote_libc_put(file->node, (uint64_t)offset, data, bytes);
}

long mote_libc_seek(int descriptor, off_t offset, int whence)
{
	struct file *file = file_of(descriptor);
	off_t base = 0;

	if (!file)
		return -EBADF;
	if (!file->node)
		return -ESPIPE;
	if (whence == SEEK_CUR)
		base = (off_t)file->offset;
	else if (whence == SEEK_END)
		base = (off_t)file->node->size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	file->offset = (uint64_t)base;
	return base;
}

long mote_libc_truncate(int descriptor, off_t size)
{
	struct file *file = file_of(descriptor);

	if (!file)
		return -EBADF;
	if (size < 0 || !file->node || !writable(file))
		return -EINVAL;
	return mote_libc_resize(file->node, (uint64_t)size);
}

long mote_libc_duplicate(int descriptor, int first)
{
	struct file *file = file_of(descriptor);

	return file ? place(file, first) : -EBADF;
}

long mote_libc_duplicate_to(int descriptor, int wanted)
{
	struct file *file = file_of(descriptor);

	if (!file || wanted < 0 || wanted >= MOTE_LIBC_DESCRIPTORS)
		return -EBADF;
	if (wanted == descriptor)
		return wanted;
	mote_libc_close(wanted);
	return place(file, wanted);
}

long mote_libc_control(int descriptor, int command, long argument)
{
	struct file *file = file_of(descriptor);

	if (!file)
		return -EBADF;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return mote_libc_duplicate(descriptor, (int)argument);
	case F_GETFD:
	case F_SETFD: /* nothing is ever executed */
	case F_SETLK: /* nobody else could hold a lock */
	case F_SETLKW:
		return 0;
	case F_GETLK:
		((struct flock *)argument)->l_type = F_UNLCK;
		return 0;
	case F_GETFL:
		return file->flags;
	case F_SETFL:
		file->flags = (file->flags & O_ACCMODE) | (argument & (O_APPEND | O_NONBLOCK));
		return 0;
	default:
		return -EINVAL;
	}
}

/* One entry of getdents; 0: it does not fit. */
static size_t put_entry(char *to, size_t room, const struct mote_libc_node *node,
			unsigned long place, const char *text, size_t length)
{
	size_t bytes = (offsetof(struct dirent, d_name) + length + 1 + 7) & ~(size_t)7;
	struct dirent *entry = (void *)to;

	if (bytes > room)
		return 0;
	memset(to, 0, bytes);
	entry->d_ino = node->number;
	entry->d_off = (off_t)place;
	entry->d_reclen = (unsigned short)bytes;
	entry->d_type = node->kind == MOTE_LIBC_DIRECTORY ? DT_DIR : DT_REG;
	memcpy(entry->d_name, text, length);
	return bytes;
}

/* The offset in a directory: 0 and 1 are "." and "..", place + 2 comes behind each name. */
long mote_libc_entries(int descriptor, void *to, size_t room)
{
	struct file *file = file_of(descriptor);
	size_t used = 0, bytes = 1;

	if (!file)
		return -EBADF;
	if (!file->node || file->node->kind != MOTE_LIBC_DIRECTORY)
		return -ENOTDIR;
	for (; bytes && file->offset < 2; used += bytes) {
		bytes = put_entry((char *)to + used, room - used,
				  file->offset ? file->node->parent : file->node, file->offset + 1,
				  "..", file->offset + 1);
		file->offset += bytes > 0;
	}
	for (const struct mote_libc_name *name = file->node->names; bytes && name;
	     name = name->next) {
		if (name->place + 1 < file->offset)
			continue;
		bytes = put_entry((char *)to + used, room - used, name->node, name->place + 2,
				  name->text, name->length);
		used += bytes;
		if (bytes)
			file->offset = name->place + 2;
	}
	return bytes || used ? (long)used : -EINVAL;
}
