/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree of files in a guest's memory: nodes, and the directories that give them names.
 */
#ifndef MOTE_LIBC_TREE_H
#define MOTE_LIBC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum mote_libc_kind {
	MOTE_LIBC_FILE,
	MOTE_LIBC_DIRECTORY,
	MOTE_LIBC_NULL,	  /* /dev/null */
	MOTE_LIBC_RANDOM, /* /dev/urandom */
};

struct mote_libc_node {
	enum mote_libc_kind kind;
	unsigned int links;  /* names */
	unsigned int users;  /* open files, the working directory */
	unsigned int number; /* st_ino */
	mode_t mode;	     /* permissions; nothing is forbidden by them */
	struct timespec modified;
	/* of a file: room bytes of memory, of which size are in use */
	unsigned char *data;
	size_t size, room;
	/* of a directory */
	struct mote_libc_node *parent;
	struct mote_libc_name *names; /* in the order of their places */
	unsigned long next_place;
};

struct mote_libc_name {
	struct mote_libc_name *next;
	struct mote_libc_node *node;
	unsigned long place; /* never reused, so that a directory may change while it is read */
	size_t length;
	char text[];
};

/* Where a path leads. */
struct mote_libc_place {
	struct mote_libc_node *directory; /* NULL: the path ends in "/", "." or ".." */
	const char *name;		  /* in the path, length bytes */
	size_t length;
	struct mote_libc_node *node; /* NULL: the directory has no such name */
};

/* tree.c; each returns 0 or a negated error number. */
long mote_libc_find(int at, const char *path, struct mote_libc_place *place);
long mote_libc_make(const struct mote_libc_place *place, enum mote_libc_kind kind, mode_t mode,
		    struct mote_libc_node **node);
long mote_libc_remove(int at, const char *path, int flags);
long mote_libc_rename(int from_at, const char *from, int to_at, const char *to);
long mote_libc_make_directory(int at, const char *path, mode_t mode);
long mote_libc_enter(struct mote_libc_node *node);
long mote_libc_working_directory(char *path, size_t bytes);

/* A node with neither links nor users is freed. */
void mote_libc_release(struct mote_libc_node *node);

/* contents.c: what read and write move; bytes or a negated error number. */
long mote_libc_get(const struct mote_libc_node *node, uint64_t offset, void *data, size_t bytes);
long mote_libc_put(struct mote_libc_node *node, uint64_t offset, const void *data, size_t bytes);
long mote_libc_resize(struct mote_libc_node *node, uint64_t size);

/* descriptors.c: the directory that a descriptor stands for; NULL: none. */
struct mote_libc_node *mote_libc_descriptor_node(int descriptor);

#endif
