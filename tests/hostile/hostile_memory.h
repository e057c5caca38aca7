/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of the memory suite; <architecture>/hostile_memory_arch.h has the guests
 * and what the architecture says about a refused access.
 */
#ifndef MOTE_TEST_HOSTILE_MEMORY_H
#define MOTE_TEST_HOSTILE_MEMORY_H

#include "hostile.h"

/* What the mailbox's header says, in the order of its fields, and two registers at entry. */
struct header {
	uint64_t heap_gva, heap_bytes, stack_gva, stack_bytes, thread_pointer;
	uint64_t call_data_gva, host_call_data_gva, data_bytes;
	uint64_t mailbox, stack_pointer;
};

/* How a place is mapped, or how much around it is not. */
enum mapping {
	ABSENT, /* a page */
	ABSENT_2_MIB,
	ABSENT_1_GIB,
	ABSENT_512_GIB,
	SUPERVISOR,
	READ_ONLY,
	CODE,
	DATA,
};

#endif
