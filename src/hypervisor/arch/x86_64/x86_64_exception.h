/* SPDX-License-Identifier: Apache-2.0
 *
 * What the exception vectors of x86_64 mean: names, which of them push an error
 * code, what they say about a guest.  Tables only; reading the frame is the
 * monitor's job.  Intel SDM volume 3, table 6-1 and figure 4-12; AMD APM volume 2, 8.2
 * (vectors 28 to 30).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_EXCEPTION_H
#define MOTE_HYPERVISOR_ARCH_X86_64_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/fault.h>

/* The vectors that need more than a row in the table. */
#define MOTE_X86_64_VECTOR_DEBUG 1u
#define MOTE_X86_64_VECTOR_BREAKPOINT 3u
#define MOTE_X86_64_VECTOR_INVALID_OPCODE 6u
#define MOTE_X86_64_VECTOR_GENERAL_PROTECTION 13u
#define MOTE_X86_64_VECTOR_PAGE_FAULT 14u

/* Error code of a page fault (SDM volume 3, figure 4-12). */
#define MOTE_X86_64_PAGE_FAULT_PRESENT (1ull << 0) /* a permission, not a missing page */
#define MOTE_X86_64_PAGE_FAULT_WRITE (1ull << 1)
#define MOTE_X86_64_PAGE_FAULT_USER (1ull << 2)
#define MOTE_X86_64_PAGE_FAULT_RESERVED (1ull << 3)
#define MOTE_X86_64_PAGE_FAULT_FETCH (1ull << 4)

/* Whether the processor pushes an error code for a vector; false for an invalid number. */
bool mote_x86_64_vector_has_error_code(uint32_t vector);

/* What a guest did to raise a vector.  OTHER for an invalid number. */
mote_fault_kind mote_x86_64_vector_fault_kind(uint32_t vector);

/* The kind of access that a page fault's error code describes; never NONE. */
mote_access mote_x86_64_page_fault_access(uint64_t error_code);

#endif
