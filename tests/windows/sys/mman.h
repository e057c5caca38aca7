/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows: memory of no file, as <sys/mman.h> makes it.
 */
#ifndef MOTE_TEST_WINDOWS_SYS_MMAN_H
#define MOTE_TEST_WINDOWS_SYS_MMAN_H

#include <stddef.h>
#include <stdint.h>

enum { PROT_NONE, PROT_READ, PROT_WRITE };
enum { MAP_SHARED = 1, MAP_PRIVATE, MAP_ANONYMOUS = 0x20, MADV_DONTNEED = 4 };
#define MAP_FAILED ((void *)(intptr_t)-1)

/* Fails for files. */
void *mmap(void *where, size_t bytes, int protection, int flags, int file, int64_t offset);
/* All of a mapping. */
int munmap(void *at, size_t bytes);
int mprotect(void *at, size_t bytes, int protection);
/* Fails. */
int madvise(void *at, size_t bytes, int advice);

#endif
