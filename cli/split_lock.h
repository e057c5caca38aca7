/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host does when a guest makes a split lock: an atomic access across two
 * cache lines, which stops the memory accesses of all processors for a moment.
 * Linux, Documentation/arch/x86/buslock.rst.
 */
#ifndef SPLIT_LOCK_H
#define SPLIT_LOCK_H

enum split_lock {
	SPLIT_LOCK_NONE,       /* not an x86 machine: there are none */
	SPLIT_LOCK_UNDETECTED, /* no detection, or it does not reach guests */
	SPLIT_LOCK_WARN,       /* a line in the kernel's log */
	SPLIT_LOCK_SLOW,       /* the same, and the thread is held up */
	SPLIT_LOCK_FATAL,      /* SIGBUS */
};

/* root: "" for this machine, or the folder in which /proc is. */
enum split_lock split_lock_read(const char *root);

/* "warn"; and what it means for whoever runs guests. */
const char *split_lock_name(enum split_lock mode);
const char *split_lock_text(enum split_lock mode);

#endif
