/* SPDX-License-Identifier: Apache-2.0
 *
 * The x86_64 monitor: GDT, TSS with the I/O bitmap that opens the doorbell
 * ports, IDT and 32 stubs.  Stub n is at +16n: `hlt`, then for vectors with an
 * error code `add $8, %rsp`, then `iretq`.  No system call, no assembler: the
 * bytes are written from tables, so this compiles on any host.
 * Intel SDM volume 3, chapters 3 (segments), 6 (IDT), 8 (TSS), volume 1, 19.5.2 (I/O bitmap).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_MONITOR_H
#define MOTE_HYPERVISOR_ARCH_X86_64_MONITOR_H

#include "../monitor.h"
#include "../page_tables.h"
#include "x86_64_registers.h"

#define MOTE_X86_64_MONITOR_PAGES 3u /* stubs; descriptor tables and TSS; stack */
#define MOTE_X86_64_MONITOR_BYTES (MOTE_X86_64_MONITOR_PAGES * MOTE_PAGE_BYTES)

#define MOTE_X86_64_STUB_BYTES 16u
#define MOTE_X86_64_VECTORS 32u
#define MOTE_X86_64_MONITOR_STOP_BYTES 1u /* of the instruction that exits, a stub's first */

#define MOTE_X86_64_USER_CODE_SELECTOR 0x2bu
#define MOTE_X86_64_USER_DATA_SELECTOR 0x23u

/* mote_user_start.features: what CPUID offers the guest. */
#define MOTE_X86_64_FEATURE_UMIP (1u << 0)
#define MOTE_X86_64_FEATURE_FSGSBASE (1u << 1)
#define MOTE_X86_64_FEATURE_XSAVE (1u << 2)
#define MOTE_X86_64_FEATURE_AVX (1u << 3) /* in XCR0 */

/* A doorbell is an `out` of exactly this many bytes. */
#define MOTE_X86_64_DOORBELL_BYTES 4u

/* Writes the monitor's pages. ports: the doorbell ports to open, count of them, each below 0x400
 * and a multiple of 4. */
void mote_x86_64_monitor_build(const struct mote_monitor *monitor, const uint16_t *ports,
			       uint32_t count);

/* Maps the monitor's pages for supervisor mode.  False when the table pool is used up. */
bool mote_x86_64_monitor_map(const struct mote_monitor *monitor, struct mote_page_tables *tables);

/* Turns power-on state into "about to execute the first user instruction". */
void mote_x86_64_monitor_start(const struct mote_monitor *monitor,
			       const struct mote_user_start *start, mote_x86_64_regs *regs,
			       struct mote_x86_64_sregs *sregs);

/*
 * Whether a Halt exit with these registers is an exception of user code, and which one.
 * False if not (CPL is not 0, pc is not just after a stub's hlt, or the frame is elsewhere).
 */
bool mote_x86_64_monitor_exception(const struct mote_monitor *monitor,
				   const struct mote_x86_64_exception_state *state,
				   struct mote_exception *exception);

/* Whether an address lies in a doorbell page: never, doorbells are ports here. */
static inline bool mote_x86_64_monitor_is_doorbell(uint64_t gva)
{
	(void)gva;
	return false;
}

/* No store is one. */
static inline enum mote_store_kind mote_x86_64_monitor_store(uint64_t address, unsigned bytes)
{
	(void)address;
	(void)bytes;
	return MOTE_STORE_PLAIN;
}

static inline uint16_t mote_x86_64_monitor_port(uint64_t address)
{
	(void)address;
	return 0;
}

/* A vector's name ("#PF"); never NULL. */
const char *mote_x86_64_vector_name(uint32_t vector);

#endif
