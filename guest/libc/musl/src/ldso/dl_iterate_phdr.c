/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest consists of one image, which begins with its headers.
 */
#include <elf.h>
#include <link.h>

#include "libc.h"

extern hidden const ElfW(Ehdr) __ehdr_start;

int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *user)
{
	const char *base = (const char *)&__ehdr_start;
	struct dl_phdr_info info = {
		.dlpi_addr = __ehdr_start.e_type == ET_DYN ? (uintptr_t)base : 0,
		.dlpi_name = "guest",
		.dlpi_phdr = (const void *)(base + __ehdr_start.e_phoff),
		.dlpi_phnum = __ehdr_start.e_phnum,
	};

	return visit(&info, sizeof(info), user);
}
