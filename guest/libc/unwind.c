/* SPDX-License-Identifier: Apache-2.0
 *
 * What libgcc_eh.a asks of glibc to unwind the stack, for exceptions of C++ and panics of Rust:
 * where the tables for an address are.
 */
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stddef.h>

/* glibc's struct dl_find_object. */
struct object {
	unsigned long long flags;
	const void *begin, *end;
	const void *link_map;
	const void *eh_frame_header;
	unsigned long long reserved[7];
};

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

int _dl_find_object(void *address, struct object *to);

/* A guest consists of one image, which begins with its headers. */
int _dl_find_object(void *address, struct object *to)
{
	const char *image = (const char *)&__ehdr_start;
	const ElfW(Phdr) *headers = (const void *)(image + __ehdr_start.e_phoff);
	const ElfW(Addr) base = __ehdr_start.e_type == ET_DYN ? (ElfW(Addr))image : 0;

	if ((const char *)address < image || (const char *)address >= _end)
		return -1;
	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		if (headers[i].p_type != PT_GNU_EH_FRAME)
			continue;
		to->begin = image;
		to->end = _end;
		to->link_map = NULL;
		to->eh_frame_header = (const void *)(base + headers[i].p_vaddr);
		return 0;
	}
	return -1;
}

/* libgcc_eh.a refers to these weakly, which takes nothing out of an archive, and takes the first of
 * them for all. */
typedef void function(void);
int __pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
__attribute__((used)) static function *const locks[] = {
	(function *)__pthread_key_create, (function *)pthread_key_create,
	(function *)pthread_getspecific,  (function *)pthread_setspecific,
	(function *)pthread_once,	  (function *)pthread_mutex_lock,
	(function *)pthread_mutex_unlock,
};
