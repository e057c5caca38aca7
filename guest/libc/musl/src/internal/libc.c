/* SPDX-License-Identifier: Apache-2.0
 *
 * What musl knows of its surroundings.  A guest's are the same each time, so they stand here as
 * constants: nothing has to run before musl can be used.
 */
#include <elf.h>

#include "libc.h"

static size_t auxv[] = {AT_PAGESZ, 4096, AT_NULL, 0};

struct __libc __libc = {
	.auxv = auxv,
	.page_size = 4096,
};

size_t __hwcap;
static char name[] = "guest";
char *__progname = name, *__progname_full = name;

weak_alias(__progname, program_invocation_short_name);
weak_alias(__progname_full, program_invocation_name);
