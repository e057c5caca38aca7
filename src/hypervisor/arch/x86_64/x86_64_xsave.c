/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and writes XSAVE areas.  Everything that an area says about itself is checked before
 * anything is copied.
 */
#include "x86_64_xsave.h"

#include <string.h>

#include "bytes.h"

/* The legacy region (SDM volume 1, 13.4.1, table 10-2) and the header (13.4.2). */
enum {
	XSAVE_FCW = 0,
	XSAVE_FSW = 2,
	XSAVE_FTW = 4,
	XSAVE_FOP = 6,
	XSAVE_FIP = 8,
	XSAVE_FDP = 16,
	XSAVE_MXCSR = 24,
	XSAVE_MXCSR_MASK = 28,
	XSAVE_ST = 32,
	XSAVE_XMM = 160,
	XSAVE_RESERVED = 416,
	XSAVE_BV = 512,
	XSAVE_XCOMP_BV = 520,
	XSAVE_HEADER_RESERVED = 528,
	XSAVE_YMM_HIGH = 576, /* on every processor that has AVX */
	XSAVE_AVX_END = 832,
	DEFAULT_FCW = 0x37f,
	DEFAULT_MXCSR = 0x1f80,
	FIRST_COMPONENT = 2, /* outside the legacy region */
	LAST_COMPONENT = 62,
	COMPACTED_ALIGNMENT = 64,
};

#define XCOMP_BV_COMPACTED (1ull << 63)

static bool all_zeros(const uint8_t *from, const uint8_t *end)
{
	while (from < end)
		if (*from++ != 0)
			return false;
	return true;
}

/* As XRSTOR checks: bytes 23 to 8 of the header are zeros (SDM volume 1, 13.8.1). */
static bool is_standard(const uint8_t *area, size_t bytes)
{
	return bytes >= MOTE_X86_64_XSAVE_BASE_BYTES && mote_get64(area + XSAVE_XCOMP_BV) == 0 &&
	       mote_get64(area + XSAVE_HEADER_RESERVED) == 0;
}

/* As XRSTOR checks (13.8.2): what is present has a place, and the header's rest is zeros.  Bit 63
 * of XSTATE_BV, which XRSTOR leaves alone, would mark a component that does not exist. */
static bool is_compacted(const uint8_t *area, size_t bytes)
{
	uint64_t format;

	if (bytes < MOTE_X86_64_XSAVE_BASE_BYTES)
		return false;
	format = mote_get64(area + XSAVE_XCOMP_BV);
	return (format & XCOMP_BV_COMPACTED) &&
	       (mote_get64(area + XSAVE_BV) & ~(format & ~XCOMP_BV_COMPACTED)) == 0 &&
	       all_zeros(area + XSAVE_HEADER_RESERVED, area + MOTE_X86_64_XSAVE_BASE_BYTES);
}

/* ---- The FPU ----------------------------------------------------------------------------- */

void mote_x86_64_xsave_mark(void *area, uint64_t components)
{
	uint8_t *present = (uint8_t *)area + XSAVE_BV;

	mote_put64(present, mote_get64(present) | components);
}

void mote_x86_64_xsave_set_marks(void *area, uint64_t components)
{
	mote_put64((uint8_t *)area + XSAVE_BV, components);
}

/* The MXCSR of a standard area, which counts for SSE and for AVX.  Where neither is present, zeros
 * stand for the initial state. */
static uint32_t standard_mxcsr(const uint8_t *area)
{
	const bool used =
		mote_get64(area + XSAVE_BV) & (MOTE_X86_64_XCR0_SSE | MOTE_X86_64_XCR0_AVX);
	const uint32_t mxcsr = mote_get32(area + XSAVE_MXCSR);

	return used || mxcsr != 0 ? mxcsr : DEFAULT_MXCSR;
}

void mote_x86_64_xsave_complete_mxcsr(void *area)
{
	const uint64_t holders = MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE | MOTE_X86_64_XCR0_AVX;

	mote_put32((uint8_t *)area + XSAVE_MXCSR, standard_mxcsr(area));
	if (!(mote_get64((uint8_t *)area + XSAVE_BV) & holders))
		mote_x86_64_xsave_mark(area, MOTE_X86_64_XCR0_SSE);
}

static void read_x87(const uint8_t *area, struct mote_x86_64_fpu *fpu)
{
	fpu->fcw = mote_get16(area + XSAVE_FCW);
	fpu->fsw = mote_get16(area + XSAVE_FSW);
	fpu->ftwx = area[XSAVE_FTW];
	fpu->last_opcode = mote_get16(area + XSAVE_FOP);
	fpu->last_ip = mote_get64(area + XSAVE_FIP);
	fpu->last_dp = mote_get64(area + XSAVE_FDP);
	for (unsigned i = 0; i < 8; i++)
		memcpy(fpu->fpr[i], area + XSAVE_ST + 16 * i, 10);
}

bool mote_x86_64_fpu_from_xsave(const void *area, size_t bytes, struct mote_x86_64_fpu *fpu)
{
	const uint8_t *from = area;
	uint64_t present;

	if (!is_standard(area, bytes))
		return false;
	present = mote_get64(from + XSAVE_BV);
	*fpu = (struct mote_x86_64_fpu){
		.fcw = DEFAULT_FCW, .mxcsr = standard_mxcsr(area), .in_use = present};
	/* A component that is not marked is in its initial state, regardless of what the area
	 * contains. */
	if (present & MOTE_X86_64_XCR0_X87)
		read_x87(from, fpu);
	if (present & MOTE_X86_64_XCR0_SSE)
		memcpy(fpu->xmm, from + XSAVE_XMM, sizeof(fpu->xmm));
	if (present & MOTE_X86_64_XCR0_AVX && bytes >= XSAVE_AVX_END)
		memcpy(fpu->ymm_high, from + XSAVE_YMM_HIGH, sizeof(fpu->ymm_high));
	return true;
}

static void write_x87(const struct mote_x86_64_fpu *fpu, uint8_t *area)
{
	mote_put16(area + XSAVE_FCW, fpu->fcw);
	mote_put16(area + XSAVE_FSW, fpu->fsw);
	area[XSAVE_FTW] = fpu->ftwx;
	mote_put16(area + XSAVE_FOP, fpu->last_opcode);
	mote_put64(area + XSAVE_FIP, fpu->last_ip);
	mote_put64(area + XSAVE_FDP, fpu->last_dp);
	for (unsigned i = 0; i < 8; i++)
		memcpy(area + XSAVE_ST + 16 * i, fpu->fpr[i], 16);
}

/* All zeros are the initial state, which a processor without AVX also has. */
static void write_ymm_high(const struct mote_x86_64_fpu *fpu, uint8_t *area)
{
	const uint8_t *high = fpu->ymm_high[0];

	if (!all_zeros(high, high + sizeof(fpu->ymm_high)))
		mote_x86_64_xsave_mark(area, MOTE_X86_64_XCR0_AVX);
	if (mote_get64(area + XSAVE_BV) & MOTE_X86_64_XCR0_AVX)
		memcpy(area + XSAVE_YMM_HIGH, high, sizeof(fpu->ymm_high));
}

bool mote_x86_64_fpu_to_xsave(const struct mote_x86_64_fpu *fpu, void *area, size_t bytes)
{
	uint8_t *to = area;

	if (!is_standard(area, bytes))
		return false;
	mote_x86_64_xsave_mark(area, MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE);
	write_x87(fpu, to);
	mote_put32(to + XSAVE_MXCSR, fpu->mxcsr);
	memcpy(to + XSAVE_XMM, fpu->xmm, sizeof(fpu->xmm));
	if (bytes >= XSAVE_AVX_END)
		write_ymm_high(fpu, to);
	return true;
}

/* ---- Formats ----------------------------------------------------------------------------- */

/* NULL: the layout does not have it. */
static const struct mote_x86_64_xsave_component *find(const struct mote_x86_64_xsave_layout *layout,
						      size_t number)
{
	if (number >= layout->count || layout->component[number].bytes == 0)
		return NULL;
	return &layout->component[number];
}

/* Where a component begins in the compacted format, when what is before it ends at end. */
static uint64_t compacted_offset(const struct mote_x86_64_xsave_component *component, uint64_t end)
{
	const uint64_t mask = COMPACTED_ALIGNMENT - 1;

	return component->aligned ? (end + mask) & ~mask : end;
}

uint64_t mote_x86_64_xsave_compacted_bytes(const struct mote_x86_64_xsave_layout *layout,
					   uint64_t components)
{
	uint64_t end = MOTE_X86_64_XSAVE_BASE_BYTES;

	if (components & XCOMP_BV_COMPACTED)
		return 0;
	for (size_t number = FIRST_COMPONENT; number <= LAST_COMPONENT; number++) {
		const struct mote_x86_64_xsave_component *component = find(layout, number);

		if (!(components >> number & 1))
			continue;
		if (component == NULL)
			return 0;
		end = compacted_offset(component, end) + component->bytes;
	}
	return end;
}

static bool has_compacted_room(const struct mote_x86_64_xsave_layout *layout, uint64_t components,
			       size_t bytes)
{
	const uint64_t needed = mote_x86_64_xsave_compacted_bytes(layout, components);

	return needed != 0 && needed <= bytes;
}

/* present: components that the layout has. */
static bool has_standard_room(const struct mote_x86_64_xsave_layout *layout, uint64_t present,
			      size_t bytes)
{
	if (bytes < MOTE_X86_64_XSAVE_BASE_BYTES)
		return false;
	for (size_t number = FIRST_COMPONENT; number <= LAST_COMPONENT; number++) {
		const struct mote_x86_64_xsave_component *component = find(layout, number);

		if ((present >> number & 1) &&
		    (component->offset < MOTE_X86_64_XSAVE_BASE_BYTES ||
		     (uint64_t)component->offset + component->bytes > bytes))
			return false;
	}
	return true;
}

static void copy_legacy(uint64_t present, const uint8_t *from, uint8_t *to)
{
	if (present & MOTE_X86_64_XCR0_X87) {
		memcpy(to, from, XSAVE_MXCSR);
		memcpy(to + XSAVE_ST, from + XSAVE_ST, XSAVE_XMM - XSAVE_ST);
	}
	if (present & MOTE_X86_64_XCR0_SSE) {
		memcpy(to + XSAVE_MXCSR_MASK, from + XSAVE_MXCSR_MASK, XSAVE_ST - XSAVE_MXCSR_MASK);
		memcpy(to + XSAVE_XMM, from + XSAVE_XMM, XSAVE_RESERVED - XSAVE_XMM);
	}
}

/* Copies what is present from one format to the other.  components: those of the compacted one. */
static void copy(const struct mote_x86_64_xsave_layout *layout, uint64_t components,
		 uint64_t present, const uint8_t *from, uint8_t *to, bool compact)
{
	uint64_t end = MOTE_X86_64_XSAVE_BASE_BYTES;

	copy_legacy(present, from, to);
	for (size_t number = FIRST_COMPONENT; number <= LAST_COMPONENT; number++) {
		const struct mote_x86_64_xsave_component *component = find(layout, number);
		uint64_t offset;

		if (!(components >> number & 1))
			continue;
		offset = compacted_offset(component, end);
		end = offset + component->bytes;
		if (!(present >> number & 1))
			continue;
		if (compact)
			memcpy(to + offset, from + component->offset, component->bytes);
		else
			memcpy(to + component->offset, from + offset, component->bytes);
	}
}

/* In the compacted format MXCSR is a part of SSE: any but the initial one makes it present. */
bool mote_x86_64_xsave_compact(const struct mote_x86_64_xsave_layout *layout, uint64_t components,
			       const void *standard, size_t standard_bytes, void *compacted,
			       size_t compacted_bytes)
{
	const uint8_t *from = standard;
	uint8_t *to = compacted;
	uint64_t present, marked;
	uint32_t mxcsr;

	if (!is_standard(standard, standard_bytes) ||
	    !has_compacted_room(layout, components, compacted_bytes))
		return false;
	present = mote_get64(from + XSAVE_BV);
	mxcsr = standard_mxcsr(from);
	marked = present | (mxcsr != DEFAULT_MXCSR ? MOTE_X86_64_XCR0_SSE : 0);
	if ((marked & ~components) || !has_standard_room(layout, present, standard_bytes))
		return false;
	memset(to, 0, compacted_bytes);
	copy(layout, components, present, from, to, true);
	mote_put32(to + XSAVE_MXCSR, mxcsr);
	mote_put64(to + XSAVE_XCOMP_BV, components | XCOMP_BV_COMPACTED);
	mote_x86_64_xsave_mark(compacted, marked);
	return true;
}

bool mote_x86_64_xsave_expand(const struct mote_x86_64_xsave_layout *layout, const void *compacted,
			      size_t compacted_bytes, void *standard, size_t standard_bytes)
{
	const uint8_t *from = compacted;
	uint8_t *to = standard;
	uint64_t components, present;

	if (!is_compacted(compacted, compacted_bytes))
		return false;
	components = mote_get64(from + XSAVE_XCOMP_BV) & ~XCOMP_BV_COMPACTED;
	present = mote_get64(from + XSAVE_BV);
	if (!has_compacted_room(layout, components, compacted_bytes) ||
	    !has_standard_room(layout, present, standard_bytes))
		return false;
	memset(to, 0, standard_bytes);
	copy(layout, components, present, from, to, false);
	mote_put32(to + XSAVE_MXCSR,
		   present & MOTE_X86_64_XCR0_SSE ? mote_get32(from + XSAVE_MXCSR) : DEFAULT_MXCSR);
	mote_x86_64_xsave_mark(standard, present);
	return true;
}
