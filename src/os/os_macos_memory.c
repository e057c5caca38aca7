/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory on macOS: Mach memory entries, which others can map, and anonymous memory.  The system
 * provides pages when they are touched, and all mappings are absent from a forked child.
 * Sources: XNU, osfmk/vm/vm_map.c (vm_map_enter_mem_object), vm_memory_entry.c, vm_user.c.
 */
#define _DARWIN_C_SOURCE
#include <assert.h>
#include <libkern/OSCacheControl.h>
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <mach/vm_region.h>
#include <mach/vm_statistics.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_memory.h"
#include "os/posix/posix_pages.h"

/* Of the hypervisor: a multiple of the page size of all Macs that have it. */
enum { ALIGNMENT = 16384 };

/* <mach/mach_vm.h>, which not every set of headers has. */
kern_return_t mach_vm_page_range_query(vm_map_read_t map, uint64_t address, uint64_t bytes,
				       uint64_t dispositions, uint64_t *count);

/* ---- Failures ---------------------------------------------------------------------------- */

static mote_status fail_mach(mote_error *error, mote_status status, mote_error_domain domain,
			     kern_return_t code, const char *format, ...) MOTE_PRINTF(5, 6);

static mote_status fail_mach(mote_error *error, mote_status status, mote_error_domain domain,
			     kern_return_t code, const char *format, ...)
{
	const struct mote_failed_call call = {domain, code, mach_error_string(code)};
	va_list arguments;

	va_start(arguments, format);
	mote_fail_call(error, status, &call, format, arguments);
	va_end(arguments);
	return status;
}

/* code: of Mach. */
mote_status mote_os_fail_mapping(mote_error *error, mote_error_domain domain, int code,
				 const char *what, uint64_t bytes)
{
	if (code == KERN_NO_SPACE || code == KERN_RESOURCE_SHORTAGE)
		return fail_mach(error, MOTE_NO_MEMORY, domain, code,
				 "mapping %s, %llu bytes; the process has no room for it among its "
				 "addresses, or the host has no more memory",
				 what, (unsigned long long)bytes);
	return fail_mach(error, domain == MOTE_DOMAIN_HYPERVISOR ? MOTE_HYPERVISOR : MOTE_OS,
			 domain, code, "mapping %s, %llu bytes", what, (unsigned long long)bytes);
}

/* ---- Mapping ------------------------------------------------------------------------------ */

bool mote_os_memory_overcommits(void)
{
	return true;
}

/* entry: MACH_PORT_NULL for memory that nobody else can map. */
static kern_return_t map(mach_port_t entry, uint64_t offset, uint64_t bytes, vm_prot_t protection,
			 void **hva)
{
	vm_address_t address = 0;
	const kern_return_t code =
		vm_map(mach_task_self(), &address, bytes, ALIGNMENT - 1, VM_FLAGS_ANYWHERE, entry,
		       offset, FALSE, protection, protection, VM_INHERIT_NONE);

	if (code == KERN_SUCCESS)
		*hva = (void *)address;
	return code;
}

static void release_entry(mach_port_t entry)
{
	if (entry != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), entry);
}

/* There are neither huge pages, nor a way to leave memory out of a core dump. */
static void populate(void *hva, uint64_t bytes, unsigned flags)
{
	if (!(flags & MOTE_OS_MEMORY_POPULATE))
		return;
	for (uint64_t i = 0; i < bytes; i += mote_os_page_bytes())
		*((volatile uint8_t *)hva + i) = 0;
}

static mote_status make_entry(uint64_t bytes, const char *what, mach_port_t *entry,
			      mote_error *error)
{
	memory_object_size_t size = bytes;
	const kern_return_t code =
		mach_make_memory_entry_64(mach_task_self(), &size, 0,
					  MAP_MEM_NAMED_CREATE | VM_PROT_READ | VM_PROT_WRITE,
					  entry, MACH_PORT_NULL);

	/* KERN_FAILURE: more than an object of the system can have. */
	if (code != KERN_SUCCESS)
		return fail_mach(error, code == KERN_FAILURE ? MOTE_NO_MEMORY : MOTE_OS,
				 MOTE_DOMAIN_OS, code, "memory entry for %s, %llu bytes", what,
				 (unsigned long long)bytes);
	return MOTE_OK;
}

mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error)
{
	mach_port_t entry = MACH_PORT_NULL;
	kern_return_t code;
	void *hva;
	mote_status status = make_entry(bytes, what, &entry, error);

	if (status != MOTE_OK)
		return status;
	code = map(entry, 0, bytes, VM_PROT_READ | VM_PROT_WRITE, &hva);
	if (code != KERN_SUCCESS) {
		release_entry(entry);
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, code, what, bytes);
	}
	populate(hva, bytes, flags);
	*memory = (struct mote_os_memory){.hva = hva, .bytes = bytes, .handle = (intptr_t)entry};
	return MOTE_OK;
}

void mote_os_memory_destroy(struct mote_os_memory *memory)
{
	if (memory->hva == NULL)
		return;
	vm_deallocate(mach_task_self(), (vm_address_t)memory->hva, memory->bytes);
	if (memory->handle > 0)
		release_entry((mach_port_t)memory->handle);
	mote_os_memory_forget(memory);
}

/* A child has no ports of its parent's. */
void mote_os_memory_forget(struct mote_os_memory *memory)
{
	*memory = (struct mote_os_memory){0};
}

uint64_t mote_os_page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

void mote_os_memory_publish_code(void *hva, uint64_t bytes)
{
	sys_icache_invalidate(hva, (size_t)bytes);
}

/* ---- Private memory ----------------------------------------------------------------------- */

/* The hypervisor does not follow what the host copies on write, so nobody asks for bases. */
mote_status mote_os_memory_create_private(uint64_t bytes, unsigned flags,
					  const struct mote_os_memory *base, intptr_t page_map,
					  const char *what, struct mote_os_memory *memory,
					  mote_error *error)
{
	kern_return_t code;
	void *hva;

	assert(base == NULL || base->base_bytes == 0);
	(void)base;
	code = map(MACH_PORT_NULL, 0, bytes, VM_PROT_READ | VM_PROT_WRITE, &hva);
	if (code != KERN_SUCCESS)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, code, what, bytes);
	populate(hva, bytes, flags);
	*memory = (struct mote_os_memory){
		.hva = hva,
		.bytes = bytes,
		.handle = -1,
		.is_private = true,
		.page_map = page_map,
	};
	return MOTE_OK;
}

mote_status mote_os_memory_make_base(struct mote_os_memory *memory, unsigned flags,
				     const void *from, const struct mote_os_run *runs, size_t count,
				     const char *what, mote_error *error)
{
	(void)memory;
	(void)flags;
	(void)from;
	(void)runs;
	(void)count;
	return mote_fail(error, MOTE_UNSUPPORTED, "%s: no base of other memory on macOS", what);
}

mote_status mote_os_memory_drop(struct mote_os_memory *memory, const char *what, mote_error *error)
{
	(void)memory;
	return mote_fail(error, MOTE_UNSUPPORTED, "%s: memory is not dropped on macOS", what);
}

mote_status mote_os_memory_make_read_only(struct mote_os_memory *memory, const char *what,
					  mote_error *error)
{
	const kern_return_t code = vm_protect(mach_task_self(), (vm_address_t)memory->hva,
					      memory->bytes, FALSE, VM_PROT_READ);

	return code == KERN_SUCCESS
		       ? MOTE_OK
		       : fail_mach(error, MOTE_OS, MOTE_DOMAIN_OS, code, "vm_protect of %s", what);
}

/* ---- Memory of others --------------------------------------------------------------------- */

static mote_status fail_port(mote_error *error, intptr_t handle, const char *why)
{
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "port %lld %s", (long long)handle, why);
}

/* What could take pages away from a reader: a file that becomes shorter, memory that the system may
 * purge, and a map whose owner may put something else there. */
static const char *find_fault(const vm_region_submap_info_data_64_t *region, vm_address_t address)
{
	int state;

	if (region->is_submap)
		return "is a map of addresses, which can change under a reader";
	if (region->external_pager)
		return "has memory of a file, which can become shorter under a reader";
	if (vm_purgable_control(mach_task_self(), address, VM_PURGABLE_GET_STATE, &state) ==
	    KERN_SUCCESS)
		return "has purgeable memory, which can vanish under a reader";
	return NULL;
}

static mote_status check_import(const void *hva, uint64_t bytes, intptr_t handle, mote_error *error)
{
	const vm_address_t end = (vm_address_t)hva + bytes;
	vm_address_t address = (vm_address_t)hva;
	vm_size_t size;

	for (; address < end; address += size) {
		vm_region_submap_info_data_64_t region;
		mach_msg_type_number_t count = VM_REGION_SUBMAP_INFO_V0_COUNT_64;
		natural_t depth = 0;
		const kern_return_t code =
			vm_region_recurse_64(mach_task_self(), &address, &size, &depth,
					     (vm_region_recurse_info_t)&region, &count);
		const char *fault = NULL;

		if (code != KERN_SUCCESS)
			return fail_mach(error, MOTE_OS, MOTE_DOMAIN_OS, code,
					 "vm_region_recurse_64 of port %lld", (long long)handle);
		fault = find_fault(&region, address);
		if (fault != NULL)
			return fail_port(error, handle, fault);
	}
	return MOTE_OK;
}

/* For writing, unless the entry forbids that. */
static kern_return_t map_entry(mach_port_t entry, uint64_t offset, uint64_t bytes, void **hva,
			       bool *writable)
{
	kern_return_t code = map(entry, offset, bytes, VM_PROT_READ | VM_PROT_WRITE, hva);

	*writable = code == KERN_SUCCESS;
	if (code == KERN_INVALID_RIGHT || code == KERN_PROTECTION_FAILURE)
		code = map(entry, offset, bytes, VM_PROT_READ, hva);
	return code;
}

static mote_status fail_import(mote_error *error, kern_return_t code, intptr_t handle,
			       uint64_t offset, uint64_t bytes)
{
	char why[96];

	if (code == KERN_INVALID_OBJECT)
		return fail_port(error, handle, "is not a memory entry");
	if (code != KERN_INVALID_ARGUMENT)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, code, "a buffer", bytes);
	snprintf(why, sizeof(why), "is not a memory entry, or ends before the buffer does, at %llu",
		 (unsigned long long)(offset + bytes));
	return fail_port(error, handle, why);
}

mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error)
{
	const mach_port_t entry = (mach_port_t)handle;
	bool can_write;
	mote_status status;
	kern_return_t code;
	void *hva;

	(void)flags; /* there is nothing to reserve */
	if (handle <= 0 || handle > UINT32_MAX ||
	    mach_port_mod_refs(mach_task_self(), entry, MACH_PORT_RIGHT_SEND, 1) != KERN_SUCCESS)
		return fail_port(error, handle, "is not a port that this process can send to");
	code = map_entry(entry, offset, bytes, &hva, &can_write);
	if (code != KERN_SUCCESS) {
		release_entry(entry);
		return fail_import(error, code, handle, offset, bytes);
	}
	*memory = (struct mote_os_memory){
		.hva = hva, .bytes = bytes, .handle = handle, .offset = offset};
	status = check_import(hva, bytes, handle, error);
	if (status == MOTE_OK)
		*writable = can_write;
	else
		mote_os_memory_destroy(memory);
	return status;
}

/* ---- Which pages exist ------------------------------------------------------------------- */

/* No descriptor is needed. */
intptr_t mote_os_page_map_open(void)
{
	return 0;
}

void mote_os_page_map_close(intptr_t page_map)
{
	(void)page_map;
}

const uint64_t mote_posix_page_exists = VM_PAGE_QUERY_PAGE_PRESENT | VM_PAGE_QUERY_PAGE_PAGED_OUT;

size_t mote_posix_read_pages(const struct mote_os_memory *memory, uint64_t offset,
			     uint64_t entries[MOTE_POSIX_PAGES])
{
	int dispositions[MOTE_POSIX_PAGES];
	uint64_t count = mote_posix_pages_from(memory, offset);

	if (memory->is_private && memory->page_map < 0)
		return 0;
	if (mach_vm_page_range_query(mach_task_self(), (uint64_t)(uintptr_t)memory->hva + offset,
				     count * mote_os_page_bytes(),
				     (uint64_t)(uintptr_t)dispositions, &count) != KERN_SUCCESS)
		return 0;
	for (size_t i = 0; i < count; i++)
		entries[i] = (uint64_t)(unsigned)dispositions[i];
	return (size_t)count;
}

size_t mote_posix_count_held(const uint64_t *entries, size_t count)
{
	size_t held = 0;

	for (size_t i = 0; i < count; i++)
		held += (entries[i] & mote_posix_page_exists) != 0;
	return held;
}

mote_status mote_os_memory_next_data(const struct mote_os_memory *memory, uint64_t offset,
				     uint64_t *begin, uint64_t *end, mote_error *error)
{
	(void)error;
	mote_posix_next_data(memory, offset, begin, end);
	return MOTE_OK;
}

bool mote_os_memory_holds_more(const struct mote_os_memory *memory, uint64_t bytes)
{
	return mote_posix_holds_more(memory, bytes);
}
