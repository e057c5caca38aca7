/* SPDX-License-Identifier: Apache-2.0
 *
 * Types shared by the page-table builders of both architectures: a pool of table pages in guest
 * memory, the permissions of a mapping, a translation.  Pure data; the encodings are in
 * x86_64_paging.c and aarch64_paging.c, and page_tables.c uses them.
 */
#ifndef MOTE_HYPERVISOR_ARCH_PAGE_TABLES_H
#define MOTE_HYPERVISOR_ARCH_PAGE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#define MOTE_PAGE_BYTES 4096u
#define MOTE_BLOCK_BYTES (512u * MOTE_PAGE_BYTES) /* what one entry of level 1 maps */
#define MOTE_PAGE_MASK (~(uint64_t)(MOTE_PAGE_BYTES - 1))

/* What code at a mapping may do.  Every mapping is readable; a mapping for the monitor lacks
 * USER. */
enum mote_page_flags {
	MOTE_PAGE_USER = 1u << 0,
	MOTE_PAGE_WRITE = 1u << 1,
	MOTE_PAGE_EXECUTE = 1u << 2,
	MOTE_PAGE_DEVICE = 1u << 3, /* not backed by memory; no caching or combining */
};

/*
 * Tables under construction.  The pool is host memory that the guest sees at gpa; its pages are
 * used front to back, and the first one is the root.
 */
struct mote_page_tables {
	uint8_t *pool;
	uint64_t gpa;
	uint64_t pool_bytes;
	uint64_t used_bytes;
};

/* What a write trapped for, where writes are tracked. */
enum mote_write_trap {
	MOTE_WRITE_REFUSED, /* user code may not write there: it is a fault */
	MOTE_WRITE_KNOWN,   /* nothing kept the guest from writing */
	MOTE_WRITE_OPENED,  /* what the trap was for is noted, and the guest may go on */
	MOTE_WRITE_SPLIT,   /* the same, and the mapping is of pages now instead of a block */
};

/* Takes a run of pages that were written. */
typedef void mote_visit_written(void *user, uint64_t gva, uint64_t bytes);

/* What a table walk found. */
struct mote_translation {
	uint64_t gpa;
	uint32_t flags; /* enum mote_page_flags; a page whose writes are tracked has WRITE */
};

#endif
