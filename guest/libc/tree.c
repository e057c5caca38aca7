/* SPDX-License-Identifier: Apache-2.0
 *
 * Names: paths, and what makes, moves and removes files and directories.  There are no links, no
 * owners and no permissions.
 */
#include "tree.h"

#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mote_guest_runtime.h>
#include <string.h>

enum { NODES_MAXIMUM = 4096 };

static struct mote_libc_node root;
static struct mote_libc_node *working;
static unsigned int node_count, last_number;

static long add_name(struct mote_libc_node *directory, const char *text, size_t length,
		     struct mote_libc_node *node)
{
	struct mote_libc_name *name, **last = &directory->names;

	if (directory != &root && !directory->links)
		return -ENOENT; /* it was removed while it was open */
	name = mote_heap_allocate(sizeof(*name) + length);
	if (!name)
		return -ENOSPC;
	*name = (struct mote_libc_name){NULL, node, ++directory->next_place, length};
	memcpy(name->text, text, length);
	while (*last)
		last = &(*last)->next;
	*last = name;
	node->links++;
	if (node->kind == MOTE_LIBC_DIRECTORY)
		node->parent = directory;
	mote_libc_now(&directory->modified);
	return 0;
}

static struct mote_libc_name **find_name(struct mote_libc_node *directory, const char *text,
					 size_t length)
{
	struct mote_libc_name **name = &directory->names;

	while (*name && ((*name)->length != length || memcmp((*name)->text, text, length) != 0))
		name = &(*name)->next;
	return name;
}

static void remove_name(struct mote_libc_node *directory, const char *text, size_t length)
{
	struct mote_libc_name **link = find_name(directory, text, length), *name = *link;

	*link = name->next;
	/* A directory that somebody still uses may outlive the one that it was in. */
	if (--name->node->links == 0)
		name->node->parent = &root;
	mote_libc_release(name->node);
	mote_heap_free(name);
	mote_libc_now(&directory->modified);
}

void mote_libc_release(struct mote_libc_node *node)
{
	if (node->links || node->users)
		return;
	mote_heap_free(node->data);
	mote_heap_free(node);
	node_count--;
}

long mote_libc_make(const struct mote_libc_place *place, enum mote_libc_kind kind, mode_t mode,
		    struct mote_libc_node **made)
{
	struct mote_libc_node *node;
	long status;

	if (!place->directory)
		return -EEXIST;
	node = node_count < NODES_MAXIMUM ? mote_heap_allocate(sizeof(*node)) : NULL;
	if (!node)
		return -ENOSPC;
	*node = (struct mote_libc_node){.kind = kind, .mode = mode & 0777, .number = ++last_number};
	mote_libc_now(&node->modified);
	node_count++;
	status = add_name(place->directory, place->name, place->length, node);
	if (status < 0)
		mote_libc_release(node);
	else
		*made = node;
	return status;
}

/* What every guest finds: /tmp, /dev/null, /dev/urandom.  A name that cannot be made is missing. */
static void begin_tree(void)
{
	static const struct {
		const char *path;
		enum mote_libc_kind kind;
	} first[] = {
		{"/tmp", MOTE_LIBC_DIRECTORY},
		{"/dev", MOTE_LIBC_DIRECTORY},
		{"/dev/null", MOTE_LIBC_NULL},
		{"/dev/urandom", MOTE_LIBC_RANDOM},
	};

	/* Used as what it is, and as the working directory. */
	root = (struct mote_libc_node){
		.kind = MOTE_LIBC_DIRECTORY, .users = 2, .number = ++last_number, .mode = 0755};
	root.parent = working = &root;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct mote_libc_place place;
		struct mote_libc_node *node;

		if (!mote_libc_find(AT_FDCWD, first[i].path, &place))
			mote_libc_make(&place, first[i].kind, 0777, &node);
	}
}

static struct mote_libc_node *start_of(int at, const char *path)
{
	if (*path == '/')
		return &root;
	return at == AT_FDCWD ? working : mote_libc_descriptor_node(at);
}

static bool is(const char *name, size_t length, const char *text)
{
	return length == strlen(text) && !memcmp(name, text, length);
}

long mote_libc_find(int at, const char *path, struct mote_libc_place *place)
{
	struct mote_libc_node *node;

	if (!path)
		return -EFAULT;
	if (!working)
		begin_tree();
	if (!*path)
		return -ENOENT;
	if (strnlen(path, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	node = start_of(at, path);
	if (!node)
		return -EBADF;
	*place = (struct mote_libc_place){NULL, NULL, 0, node};
	for (;;) {
		path += strspn(path, "/");
		if (!*path)
			return 0;
		if (!place->node)
			return -ENOENT;
		if (place->node->kind != MOTE_LIBC_DIRECTORY)
			return -ENOTDIR;
		node = place->node;
		*place = (struct mote_libc_place){NULL, path, strcspn(path, "/"), node};
		path += place->length;
		if (place->length > NAME_MAX)
			return -ENAMETOOLONG;
		if (is(place->name, place->length, "..")) {
			place->node = node->parent;
		} else if (!is(place->name, place->length, ".")) {
			struct mote_libc_name *name = *find_name(node, place->name, place->length);

			place->directory = node;
			place->node = name ? name->node : NULL;
		}
	}
}

long mote_libc_make_directory(int at, const char *path, mode_t mode)
{
	struct mote_libc_place place;
	struct mote_libc_node *node;
	long status = mote_libc_find(at, path, &place);

	if (status < 0)
		return status;
	return place.node ? -EEXIST : mote_libc_make(&place, MOTE_LIBC_DIRECTORY, mode, &node);
}

/* Whether a name may be removed. */
static long may_remove(const struct mote_libc_place *place, bool directory)
{
	if (!place->node)
		return -ENOENT;
	if (directory && place->node->kind != MOTE_LIBC_DIRECTORY)
		return -ENOTDIR;
	if (!directory && place->node->kind == MOTE_LIBC_DIRECTORY)
		return -EISDIR;
	if (!place->directory)
		return -EBUSY;
	return place->node->names ? -ENOTEMPTY : 0;
}

long mote_libc_remove(int at, const char *path, int flags)
{
	struct mote_libc_place place;
	long status = mote_libc_find(at, path, &place);

	if (status == 0)
		status = may_remove(&place, flags & AT_REMOVEDIR);
	if (status == 0)
		remove_name(place.directory, place.name, place.length);
	return status;
}

static bool lies_within(const struct mote_libc_node *node, const struct mote_libc_node *directory)
{
	for (; node != &root; node = node->parent)
		if (node == directory)
			return true;
	return node == directory;
}

long mote_libc_rename(int from_at, const char *from, int to_at, const char *to)
{
	struct mote_libc_place old, new;
	long status = mote_libc_find(from_at, from, &old);

	if (status == 0)
		status = mote_libc_find(to_at, to, &new);
	if (status < 0)
		return status;
	if (!old.node)
		return -ENOENT;
	if (old.node == new.node)
		return 0;
	if (!old.directory || !new.directory)
		return -EBUSY;
	if (old.node->kind == MOTE_LIBC_DIRECTORY && lies_within(new.directory, old.node))
		return -EINVAL;
	if (new.node)
		status = may_remove(&new, old.node->kind == MOTE_LIBC_DIRECTORY);
	if (status == 0)
		status = add_name(new.directory, new.name, new.length, old.node);
	if (status < 0)
		return status;
	/* The older one of two equal names is found first. */
	if (new.node)
		remove_name(new.directory, new.name, new.length);
	remove_name(old.directory, old.name, old.length);
	return 0;
}

long mote_libc_enter(struct mote_libc_node *node)
{
	if (node->kind != MOTE_LIBC_DIRECTORY)
		return -ENOTDIR;
	node->users++;
	working->users--;
	mote_libc_release(working);
	working = node;
	return 0;
}

/* Written from its end, and moved to the front. */
long mote_libc_working_directory(char *path, size_t bytes)
{
	size_t at = bytes;

	if (!working)
		begin_tree();
	if (bytes < 2)
		return -ERANGE;
	path[--at] = 0;
	for (const struct mote_libc_node *node = working; node != &root; node = node->parent) {
		const struct mote_libc_name *name = node->parent->names;

		while (name && name->node != node)
			name = name->next;
		if (!name)
			return -ENOENT;
		if (name->length + 1 > at)
			return -ERANGE;
		at -= name->length;
		memcpy(path + at, name->text, name->length);
		path[--at] = '/';
	}
	if (working == &root)
		path[--at] = '/';
	memmove(path, path + at, bytes - at);
	return (long)(bytes - at);
}
