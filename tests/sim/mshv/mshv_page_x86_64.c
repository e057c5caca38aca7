/* SPDX-License-Identifier: Apache-2.0
 *
 * The register page, and the extended state, of an x86_64 VP.
 *
 * The page is valid while the VP does not run.  Classes that the program has changed, and marked as
 * dirty, are taken by the next run, or by a hypercall that touches one of their registers: such
 * mixtures are written down nowhere, and end the program with the rule "strict".
 *
 * The extended state is compacted, with the partition's XCOMP_BV; of a component that is in its
 * initial state only XSTATE_BV says so.
 */
#include "sim/mshv/mshv_internal_x86_64.h"

#include <errno.h>
#include <string.h>

#include "sim/core/core_x86_64.h"

enum { GENERAL_REGISTERS = 16, PAGE_XMM = 6, PAGE_SEGMENTS = 6 };
enum { XMM = 160, XMM_BYTES = 256, MXCSR = 24, LEGACY = 512, YMM = 576, YMM_BYTES = 256 };
enum { X87 = 1, SSE = 2, AVX = 4 };
#define COMPACTED (1ull << 63)

bool mshv_arch_has_page(void)
{
	return true;
}

static struct mote_mshv_x64_page *page_of(const struct vp *vp)
{
	return (struct mote_mshv_x64_page *)(void *)vp->pages;
}

static uint32_t class_of(uint32_t name)
{
	if (name >= MOTE_MSHV_X64_RAX && name < MOTE_MSHV_X64_RIP)
		return MOTE_MSHV_X64_PAGE_GENERAL;
	if (name == MOTE_MSHV_X64_RIP)
		return MOTE_MSHV_X64_PAGE_RIP;
	if (name == MOTE_MSHV_X64_RFLAGS)
		return MOTE_MSHV_X64_PAGE_RFLAGS;
	if (name >= MOTE_MSHV_X64_XMM0 && name < MOTE_MSHV_X64_XMM0 + PAGE_XMM)
		return MOTE_MSHV_X64_PAGE_XMM;
	if (name >= MOTE_MSHV_X64_ES && name <= MOTE_MSHV_X64_GS)
		return MOTE_MSHV_X64_PAGE_SEGMENTS;
	return 0;
}

static void take_general(struct vp *vp, const struct mote_mshv_x64_page *page)
{
	struct kvm_regs *general = sim_change_general(vp->core);

	if (page->dirty & MOTE_MSHV_X64_PAGE_RIP)
		general->rip = page->rip;
	if (page->dirty & MOTE_MSHV_X64_PAGE_RFLAGS)
		general->rflags = page->rflags;
	for (uint32_t i = 0; i < GENERAL_REGISTERS && page->dirty & MOTE_MSHV_X64_PAGE_GENERAL; i++)
		memcpy((char *)general + mshv_general_offset(i), &page->registers[i],
		       sizeof(page->registers[i]));
}

void mshv_take_page(struct vp *vp)
{
	struct mote_mshv_x64_page *page = page_of(vp);

	if (!vp->page_is_used || page->dirty == 0)
		return;
	if (page->dirty & ~(uint32_t)MOTE_MSHV_X64_PAGE_ALL)
		mshv_violation("reserved bits in the register page are dirty: %#x", page->dirty);
	if (page->dirty &
	    (MOTE_MSHV_X64_PAGE_GENERAL | MOTE_MSHV_X64_PAGE_RIP | MOTE_MSHV_X64_PAGE_RFLAGS))
		take_general(vp, page);
	for (uint32_t i = 0; i < PAGE_SEGMENTS && page->dirty & MOTE_MSHV_X64_PAGE_SEGMENTS; i++) {
		const struct kvm_segment segment = mshv_to_segment(&page->segments[i]);

		memcpy((char *)sim_change_special(vp->core) + mshv_segment_offset(i), &segment,
		       sizeof(segment));
	}
	if (page->dirty & MOTE_MSHV_X64_PAGE_XMM) {
		uint8_t *area = sim_change_extended(vp->core);

		memcpy(area + XMM, page->xmm, sizeof(page->xmm));
		area[LEGACY] |= SSE;
	}
	page->dirty = 0;
}

void mshv_arch_settle(struct vp *vp, uint32_t name)
{
	if (!vp->page_is_used || !(page_of(vp)->dirty & class_of(name)))
		return;
	if (sim_mshv_rules()->strict)
		mshv_violation("register %#x by hypercall while its class is dirty in the page",
			       name);
	mshv_take_page(vp);
}

static void publish_special(struct vp *vp, struct mote_mshv_x64_page *page)
{
	const struct kvm_sregs *special = sim_special(vp->core);

	for (uint32_t i = 0; i < PAGE_SEGMENTS && !(page->dirty & MOTE_MSHV_X64_PAGE_SEGMENTS);
	     i++) {
		struct kvm_segment segment;

		memcpy(&segment, (const char *)special + mshv_segment_offset(i), sizeof(segment));
		page->segments[i] = mshv_segment_of(&segment);
	}
	page->cr0 = special->cr0;
	page->cr3 = special->cr3;
	page->cr4 = special->cr4;
	page->cr8 = special->cr8;
	page->efer = special->efer;
}

/* What is dirty stays the program's. */
void mshv_arch_publish(struct vp *vp)
{
	struct mote_mshv_x64_page *page = page_of(vp);
	const struct kvm_regs *general = sim_general(vp->core);

	if (!vp->page_is_used)
		return;
	for (uint32_t i = 0; i < GENERAL_REGISTERS && !(page->dirty & MOTE_MSHV_X64_PAGE_GENERAL);
	     i++)
		memcpy(&page->registers[i], (const char *)general + mshv_general_offset(i),
		       sizeof(page->registers[i]));
	if (!(page->dirty & MOTE_MSHV_X64_PAGE_RIP))
		page->rip = general->rip;
	if (!(page->dirty & MOTE_MSHV_X64_PAGE_RFLAGS))
		page->rflags = general->rflags;
	if (!(page->dirty & MOTE_MSHV_X64_PAGE_XMM))
		memcpy(page->xmm, sim_extended(vp->core) + XMM, sizeof(page->xmm));
	publish_special(vp, page);
	page->dr7 = sim_debug(vp->core)->dr7;
	page->xfem = sim_control(vp->core)->xcrs[0].value;
	page->version = 1;
	page->valid = 1;
}

/* ---- Extended state -------------------------------------------------------------------------- */

uint64_t mshv_arch_xsave_states(const struct partition *partition)
{
	return (X87 | SSE | AVX) & ~(partition->disabled_xsave & AVX);
}

uint32_t mshv_arch_xsave_bytes(const struct partition *partition)
{
	return mshv_arch_xsave_states(partition) & AVX ? YMM + YMM_BYTES : YMM;
}

struct xsave_header {
	uint64_t states, compaction, reserved[6];
};

long mshv_arch_get_xsave(struct vp *vp, void *buffer)
{
	const uint64_t states = mshv_arch_xsave_states(vp->partition);
	const uint8_t *area = sim_extended(vp->core);
	struct xsave_header header;
	uint8_t *out = buffer;

	memcpy(&header, area + LEGACY, sizeof(header));
	header = (struct xsave_header){header.states & states, COMPACTED | states, {0}};
	memset(out, 0, mshv_arch_xsave_bytes(vp->partition));
	if (header.states & X87)
		memcpy(out, area, XMM);
	memcpy(out + MXCSR, area + MXCSR, 8);
	if (header.states & SSE)
		memcpy(out + XMM, area + XMM, XMM_BYTES);
	memcpy(out + LEGACY, &header, sizeof(header));
	if (header.states & AVX)
		memcpy(out + YMM, area + YMM, YMM_BYTES);
	return 0;
}

static bool is_xsave(const struct vp *vp, const uint8_t *in, struct xsave_header *header)
{
	const uint64_t states = mshv_arch_xsave_states(vp->partition);
	uint32_t mxcsr;

	memcpy(header, in + LEGACY, sizeof(*header));
	memcpy(&mxcsr, in + MXCSR, sizeof(mxcsr));
	for (size_t i = 0; i < sizeof(header->reserved) / sizeof(header->reserved[0]); i++)
		if (header->reserved[i] != 0)
			return false;
	return header->compaction == (COMPACTED | states) && !(header->states & ~states) &&
	       mxcsr >> 16 == 0;
}

long mshv_arch_set_xsave(struct vp *vp, const void *buffer)
{
	const uint64_t states = mshv_arch_xsave_states(vp->partition);
	const uint8_t *in = buffer;
	struct xsave_header header;
	uint64_t others;
	uint8_t *area;

	if (!is_xsave(vp, in, &header))
		return -EINVAL;
	area = sim_change_extended(vp->core);
	memcpy(&others, area + LEGACY, sizeof(others));
	memcpy(area, in, MXCSR + 4);
	memcpy(area + MXCSR + 8, in + MXCSR + 8, XMM - MXCSR - 8);
	memset(area + XMM, 0, XMM_BYTES);
	if (header.states & SSE)
		memcpy(area + XMM, in + XMM, XMM_BYTES);
	if (header.states & AVX)
		memcpy(area + YMM, in + YMM, YMM_BYTES);
	else if (states & AVX)
		memset(area + YMM, 0, YMM_BYTES);
	if (!(header.states & X87)) {
		memset(area, 0, MXCSR);
		memset(area + MXCSR + 8, 0, XMM - MXCSR - 8);
		area[0] = 0x7f;
		area[1] = 0x03;
	}
	others = (others & ~states) | header.states;
	memcpy(area + LEGACY, &others, sizeof(others));
	mshv_arch_publish(vp);
	return 0;
}
