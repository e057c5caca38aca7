/* SPDX-License-Identifier: Apache-2.0
 *
 * The XSAVE area as plain data: the FPU registers in it, and conversion between its standard and
 * its compacted format.  Which components a processor has is the caller's knowledge.
 * Intel SDM volume 1, 13.4 (the formats) and 13.8 (what XRSTOR refuses).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_XSAVE_H
#define MOTE_HYPERVISOR_ARCH_X86_64_XSAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86_64_registers.h"

/* The legacy region and the header: the least that an area has (13.4.1, 13.4.2). */
#define MOTE_X86_64_XSAVE_BASE_BYTES 576u

/* The FPU registers from and to an area in the standard format; the second leaves its other
 * components alone.  The upper halves of the vectors only where the area has room for them.  False,
 * and nothing is written: the area has fewer bytes than the least, or another format. */
bool mote_x86_64_fpu_from_xsave(const void *area, size_t bytes, struct mote_x86_64_fpu *fpu);
bool mote_x86_64_fpu_to_xsave(const struct mote_x86_64_fpu *fpu, void *area, size_t bytes);

/* Marks components (XCR0 bits) as present; what is not marked is in its initial state.  area: at
 * least the least. */
void mote_x86_64_xsave_mark(void *area, uint64_t components);

/* Marks these alone.  XRSTOR loads MXCSR all the same. */
void mote_x86_64_xsave_set_marks(void *area, uint64_t components);

/* Makes a standard area load MXCSR, whatever it was: Linux takes it from an area only if x87, SSE
 * or AVX is marked. */
void mote_x86_64_xsave_complete_mxcsr(void *area);

/* ---- Formats ----------------------------------------------------------------------------- */

/* A component outside the legacy region, as leaf 0xd of CPUID describes it. */
struct mote_x86_64_xsave_component {
	uint32_t bytes;	 /* EAX; 0: the processor does not have it */
	uint32_t offset; /* EBX: in the standard format; 0: it has no place there */
	bool aligned;	 /* ECX, bit 1: to 64 bytes in the compacted format */
};

/* component[n] is component n, from 2 on; the first two are not read. */
struct mote_x86_64_xsave_layout {
	const struct mote_x86_64_xsave_component *component;
	size_t count;
};

/* Bytes of a compacted area with room for these components; 0: the layout lacks one of them. */
uint64_t mote_x86_64_xsave_compacted_bytes(const struct mote_x86_64_xsave_layout *layout,
					   uint64_t components);

/*
 * Converts an area; the two must not overlap, and the rest of the new one is filled with zeros.
 * components: the new area's XCOMP_BV, without bit 63.  False, and nothing is written: an area is
 * too small, the old one is none that XRSTOR would accept, or the new format has no place for a
 * component that is present.
 */
bool mote_x86_64_xsave_compact(const struct mote_x86_64_xsave_layout *layout, uint64_t components,
			       const void *standard, size_t standard_bytes, void *compacted,
			       size_t compacted_bytes);
bool mote_x86_64_xsave_expand(const struct mote_x86_64_xsave_layout *layout, const void *compacted,
			      size_t compacted_bytes, void *standard, size_t standard_bytes);

#endif
