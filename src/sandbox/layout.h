/* SPDX-License-Identifier: Apache-2.0
 *
 * Where everything is in a guest's memory.  The only place that knows how guest-virtual addresses
 * of RAM map to guest-physical ones and to host memory.
 *
 *   0x0                nothing: null pointers fault
 *   0xe000, 0xf000     aarch64: the doorbell pages, not backed by memory
 *   0x10000 (RAM)      monitor, gate, guard, stack, guard, mailbox, thread block, guard,
 *                      image, guard, heap; then the page tables (not mapped)
 *   after RAM          shared buffers, each at guest-physical addresses of its own (buffer.c)
 */
#ifndef MOTE_SANDBOX_LAYOUT_H
#define MOTE_SANDBOX_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/error.h>

#include "hypervisor/arch/arch.h"
#include "sandbox/elf.h"

#define MOTE_RAM_GVA 0x10000u /* also a multiple of the largest host page, 64 KiB */

enum mote_layout_region_id {
	MOTE_LAYOUT_MONITOR,
	MOTE_LAYOUT_GATE, /* mapped where there are snapshots */
	MOTE_LAYOUT_STACK_GUARD_LOW,
	MOTE_LAYOUT_STACK,
	MOTE_LAYOUT_STACK_GUARD_HIGH,
	MOTE_LAYOUT_MAILBOX,
	MOTE_LAYOUT_THREAD,
	MOTE_LAYOUT_IMAGE_GUARD,
	MOTE_LAYOUT_IMAGE,
	MOTE_LAYOUT_HEAP_GUARD,
	MOTE_LAYOUT_HEAP,
	MOTE_LAYOUT_TABLES,
	MOTE_LAYOUT_BUFFERS,
	MOTE_LAYOUT_REGIONS
};

struct mote_layout_region {
	uint64_t gva;
	uint64_t bytes; /* whole pages; may be 0 */
};

struct mote_layout_request {
	const char *image_name; /* for messages */
	uint64_t memory_bytes, heap_bytes, stack_bytes,
		data_bytes; /* whole pages; heap 0: the rest */
	uint64_t least_heap_bytes;
	struct mote_elf_range image; /* as linked, whole pages */
	bool position_independent;
	uint64_t image_alignment;			/* power of two, at least a page */
	uint64_t tls_bytes, tls_alignment, tls_address; /* as linked */
	uint64_t buffer_bytes;	/* address space for shared buffers; whole pages */
	uint64_t granule_bytes; /* of what the hypervisor maps; a power of two, at most 64 KiB */
};

struct mote_layout {
	uint64_t ram_bytes;  /* memory_bytes and the page tables; whole granules */
	uint64_t ram_gpa;    /* 0 until the hypervisor has a place for RAM */
	uint64_t image_bias; /* what to add to an address of the ELF file */
	uint64_t data_bytes; /* each of the mailbox's two data areas */
	struct mote_thread_block thread;
	struct mote_layout_region regions[MOTE_LAYOUT_REGIONS];
};

/* MOTE_NO_GUEST_MEMORY when it does not fit. */
mote_status mote_layout_compute(const struct mote_layout_request *request,
				struct mote_layout *layout, mote_error *error);

/* Where the guest sees the end of RAM. */
static inline uint64_t mote_layout_ram_end(const struct mote_layout *layout)
{
	return MOTE_RAM_GVA + layout->ram_bytes;
}

/* The guest-physical address of a guest-virtual one in RAM. */
static inline uint64_t mote_layout_gpa(const struct mote_layout *layout, uint64_t gva)
{
	return layout->ram_gpa + (gva - MOTE_RAM_GVA);
}

/* The host's view of [gva, gva+bytes), or NULL when that is not all RAM.  ram: RAM's first byte. */
void *mote_layout_host(const struct mote_layout *layout, void *ram, uint64_t gva, uint64_t bytes);

/* What is at an address, for messages: "heap", "stack guard", "null page", ...; never NULL. */
const char *mote_layout_name(const struct mote_layout *layout, uint64_t gva);

/* Whether an address lies in one of the two guards of the stack. */
bool mote_layout_is_stack_guard(const struct mote_layout *layout, uint64_t gva);

#endif
