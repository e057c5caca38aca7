/* SPDX-License-Identifier: Apache-2.0
 *
 * An x86_64 VP: what a guest finds, and what a new one lacks.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_x86_64_internal.h"

enum {
	HLT = 0xf4,
	HALT_GPA = 0,
	HALT_PC = 0x100,
};

/* ---- What a guest finds ---------------------------------------------------------------------- */

mote_status mote_mshv_arch_prepare(const struct mote_mshv *mshv, int partition, mote_error *error)
{
	return mote_mshv_set_property(mshv, partition, MOTE_MSHV_PROPERTY_SYNTHETIC_FEATURES, 0,
				      error);
}

static mote_status cpuid(struct mote_mshv_vm *vm, struct mote_x86_64_cpuid_leaf *leaf,
			 mote_error *error)
{
	struct {
		struct mote_mshv_x64_cpuid_head head;
		struct mote_mshv_x64_cpuid_leaf leaf;
	} in = {.leaf = {.function = leaf->function, .index = leaf->index}};
	struct mote_mshv_x64_cpuid out = {0};
	struct mote_mshv_hypercall call = {
		.code = MOTE_MSHV_CALL_GET_CPUID,
		.count = 1,
		.in_bytes = sizeof(in),
		.out_bytes = sizeof(out),
		.in = (uintptr_t)&in,
		.out = (uintptr_t)&out,
	};
	mote_status status =
		mote_mshv_call(vm->mshv, vm->vp, &call, "HVCALL_GET_VP_CPUID_VALUES", error);

	leaf->eax = out.eax;
	leaf->ebx = out.ebx;
	leaf->ecx = out.ecx;
	leaf->edx = out.edx;
	return status;
}

/* Nothing of it can be hidden from a guest, which so may use all that it finds.  What XCR0 and CR4
 * do not switch on it cannot. */
static mote_status learn_cpuid(struct mote_mshv_vm *vm, mote_error *error)
{
	static const struct mote_x86_64_cpuid_leaf leaves[] = {
		{.function = 1},
		{.function = 7},
		{.function = 7, .index = 1},
		{.function = 0xd},
		{.function = 0xd, .index = 1},
		{.function = 0x80000001u},
		{.function = 0x80000008u},
	};
	struct mote_x86_64_cpuid_facts *facts = &vm->mshv->facts->cpuid;
	mote_status status = MOTE_OK;

	*facts = MOTE_X86_64_CPUID_FACTS_INIT;
	for (size_t i = 0; status == MOTE_OK && i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		struct mote_x86_64_cpuid_leaf leaf = leaves[i];

		status = cpuid(vm, &leaf, error);
		if (status == MOTE_OK)
			mote_x86_64_cpuid_learn(facts, &leaf);
	}
	return status;
}

/* In real mode, from the begin of memory that is full of it. */
static mote_status start_at_halt(struct mote_mshv_vm *vm, mote_error *error)
{
	static const uint32_t names[] = {MOTE_MSHV_X64_CS, MOTE_MSHV_X64_RIP};
	const struct mote_hyperv_x64_segment cs = {.limit = 0xffff, .attributes = 0x9b};
	struct mote_hyperv_value values[2] = {{0, 0}, {HALT_PC, 0}};

	memcpy(&values[0], &cs, sizeof(cs));
	return mote_mshv_set_registers(&vm->hyperv, names, values, 2, error);
}

static mote_status run_to_halt(struct mote_mshv_vm *vm, mote_error *error)
{
	const struct mote_mshv_x64_header *header = (const void *)vm->message.payload;
	const int result = mote_mshv_request(vm->mshv, vm->run, MOTE_MSHV_RUN_VP, &vm->message);

	if (result < 0)
		return mote_mshv_fail(error, -result, "MSHV_RUN_VP");
	if (vm->message.type != (uint32_t)MOTE_MSHV_MESSAGE_X64_HALT ||
	    (header->rip != HALT_PC && header->rip != HALT_PC + 1))
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "/dev/mshv: a guest that halts comes back with message 0x%lx; use "
				 "a kernel that reports halts",
				 (unsigned long)vm->message.type);
	vm->mshv->halt_leaves_rip = header->rip == HALT_PC;
	return MOTE_OK;
}

/* Whether a halt has retired is written down nowhere. */
static mote_status learn_halt(struct mote_mshv_vm *vm, mote_error *error)
{
	const uint64_t bytes = vm->mshv->base.capabilities.page_bytes;
	uint8_t *allocation = mote_allocate(vm->mshv->base.allocator, 2 * bytes);
	struct mote_memory_region region = {
		.gpa = HALT_GPA,
		.bytes = bytes,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE | MOTE_REGION_EXECUTE,
		.kind = MOTE_REGION_RAM,
	};
	mote_status status;

	if (allocation == NULL)
		return mote_fail_memory(error, "VM");
	region.hva = allocation + (-(uintptr_t)allocation & (bytes - 1));
	memset(region.hva, HLT, bytes);
	status = mote_mshv_map(&vm->hyperv, &region, region.gpa, region.bytes, error);
	if (status == MOTE_OK) {
		status = start_at_halt(vm, error);
		if (status == MOTE_OK)
			status = run_to_halt(vm, error);
		if (status == MOTE_OK)
			status = mote_mshv_unmap(&vm->hyperv, &region, region.gpa, region.bytes,
						 error);
	}
	mote_release(vm->mshv->base.allocator, allocation);
	return status;
}

mote_status mote_mshv_arch_learn(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv *mshv = vm->mshv;
	struct mote_capabilities *capabilities = &mshv->base.capabilities;
	mote_status status = learn_cpuid(vm, error);

	if (status == MOTE_OK)
		status = mote_mshv_learn_area(vm, error);
	if (status == MOTE_OK)
		status = learn_halt(vm, error);
	if (status != MOTE_OK)
		return status;
	capabilities->address_bits = mshv->facts->cpuid.address_bits;
	capabilities->features = mshv->facts->cpuid.features;
	capabilities->doorbell_calls = vm->page != NULL ? 1 : 2;
	memcpy(capabilities->processor, mshv->facts->cpuid.processor,
	       sizeof(mshv->facts->cpuid.processor));
	return MOTE_OK;
}

mote_status mote_mshv_arch_create(struct mote_mshv_vm *vm, mote_error *error)
{
	return mote_hyperv_make_vcpu(&vm->hyperv, MOTE_MSHV_X64_XFEM, error);
}

void mote_mshv_arch_destroy(struct mote_mshv_vm *vm)
{
	mote_hyperv_free_vcpu(&vm->hyperv);
}
