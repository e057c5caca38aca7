/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Hypervisor.framework for MOTE_TEST_SIM, with what --wrap makes of mmap.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <string.h>
#include <sys/mman.h>

#include "hypervisor/backends/hvf/hvf.h"
#include "sim/hvf/hvf.h"
#include "sim/hvf/tlb_aarch64.h"
#include "sim/systems.h"

enum { PAGE_BYTES = 16384 };

const struct sim_system sim_system_hvf = {
	.name = "hvf",
	.backend = &mote_backend_hvf,
	.systems = sim_hvf_systems,
	.bytes = sim_tlb_bytes,
};

/* There is no framework on this system. */
const struct mote_hvf_system *mote_hvf_real_system(const char **reason)
{
	*reason = "the operating system";
	return NULL;
}

void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);

/* On a Mac pages have 16 KiB; here they have 4.  The framework maps whole ones. */
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	uint8_t *all, *begin;

	if (sim_wanted() != &sim_system_hvf || at != NULL || bytes == 0 || bytes % PAGE_BYTES != 0)
		return __real_mmap(at, bytes, protection, flags, fd, offset);
	all = __real_mmap(NULL, bytes + PAGE_BYTES, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		return MAP_FAILED;
	begin = all + (-(uintptr_t)all & (PAGE_BYTES - 1));
	if (begin > all)
		munmap(all, (size_t)(begin - all));
	munmap(begin + bytes, PAGE_BYTES - (size_t)(begin - all));
	all = __real_mmap(begin, bytes, protection, flags | MAP_FIXED, fd, offset);
	if (all == MAP_FAILED)
		munmap(begin, bytes);
	return all;
}
