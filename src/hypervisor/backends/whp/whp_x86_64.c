/* SPDX-License-Identifier: Apache-2.0
 *
 * An x86_64 VP: what a guest finds, its exits, and its extended state.
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "error_internal.h"
#include "hypervisor/backends/hyperv/hyperv_x86_64.h"
#include "hypervisor/backends/whp/whp_abi_x86_64.h"
#include "hypervisor/backends/whp/whp_internal.h"

enum {
	DOORBELL_CALLS = 2, /* the program counter, and the run */
	MOST_AREA_BYTES = 1 << 18,
	XSTATE_BV = 512, /* SDM volume 1, 13.4.2 */
	XCOMP_BV = 520,
};

/* Components of supervisor state that some versions leave out of XSTATE_BV although the area has
 * them: they would be lost when it is put back. */
#define SUPERVISOR_STATES 0x1c00u

/* ---- What a guest finds ---------------------------------------------------------------------- */

mote_status mote_whp_arch_check(const struct mote_whp *whp, mote_error *error)
{
	uint64_t features = 0;
	const mote_whp_result result = whp->system->GetCapability(
		MOTE_WHP_CAPABILITY_FEATURES, &features, sizeof(features), NULL);

	if (result < 0)
		return mote_whp_fail(error, result, "WHvGetCapability");
	if (!(features & MOTE_WHP_FEATURE_XSAVE) ||
	    whp->system->GetVirtualProcessorXsaveState == NULL ||
	    whp->system->SetVirtualProcessorXsaveState == NULL)
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "the Windows Hypervisor Platform gives no access to XSAVE state; "
				 "use Windows 10 1803 or later");
	return MOTE_OK;
}

mote_status mote_whp_arch_prepare(struct mote_whp_vm *vm, mote_error *error)
{
	(void)vm;
	(void)error;
	return MOTE_OK;
}

/* What the guest sees; old versions of Windows do not tell, and there it sees what this process
 * does. */
static mote_status cpuid(const struct mote_whp_vm *vm, struct mote_x86_64_cpuid_leaf *leaf,
			 mote_error *error)
{
	const struct mote_whp_system *system = vm->whp->system;
	struct mote_whp_cpuid out = {0};
	mote_whp_result result = MOTE_WHP_OK;

	if (system->GetVirtualProcessorCpuidOutput != NULL)
		result = system->GetVirtualProcessorCpuidOutput(vm->partition, 0, leaf->function,
								leaf->index, &out);
	else
		__cpuid_count(leaf->function, leaf->index, out.eax, out.ebx, out.ecx, out.edx);
	if (result < 0)
		return mote_whp_fail(error, result, "WHvGetVirtualProcessorCpuidOutput");
	leaf->eax = out.eax;
	leaf->ebx = out.ebx;
	leaf->ecx = out.ecx;
	leaf->edx = out.edx;
	return MOTE_OK;
}

static mote_status learn_cpuid(const struct mote_whp_vm *vm, mote_error *error)
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
	struct mote_x86_64_cpuid_facts *facts = &vm->hyperv.facts->cpuid;
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

/* The platform says how large areas are when it is given none. */
static mote_status learn_area(struct mote_whp_vm *vm, mote_error *error)
{
	struct mote_hyperv_facts *facts = vm->hyperv.facts;
	uint32_t bytes = 0;
	mote_whp_result result =
		vm->whp->system->GetVirtualProcessorXsaveState(vm->partition, 0, NULL, 0, &bytes);
	mote_status status;

	if (result < 0 && result != MOTE_WHP_E_INSUFFICIENT_BUFFER)
		return mote_whp_fail(error, result, "WHvGetVirtualProcessorXsaveState");
	if (bytes < XCOMP_BV + 56 || bytes > MOST_AREA_BYTES)
		return mote_fail(error, MOTE_HYPERVISOR,
				 "WHvGetVirtualProcessorXsaveState: an area of %u bytes", bytes);
	facts->xsave_bytes = bytes;
	status = mote_hyperv_make_area(&vm->hyperv, bytes, error);
	if (status == MOTE_OK)
		status = mote_whp_ops.get_area(&vm->hyperv, vm->hyperv.vcpu->area, error);
	if (status == MOTE_OK)
		mote_hyperv_learn_format(&vm->hyperv);
	return status;
}

mote_status mote_whp_arch_learn(struct mote_whp_vm *vm, mote_error *error)
{
	const struct mote_hyperv_facts *facts = vm->hyperv.facts;
	struct mote_capabilities *capabilities = &vm->whp->base.capabilities;
	mote_status status = learn_cpuid(vm, error);

	if (status == MOTE_OK)
		status = learn_area(vm, error);
	if (status != MOTE_OK)
		return status;
	if (capabilities->address_bits == 0 ||
	    capabilities->address_bits > facts->cpuid.address_bits)
		capabilities->address_bits = facts->cpuid.address_bits;
	capabilities->features = facts->cpuid.features;
	capabilities->doorbell_calls = DOORBELL_CALLS;
	memcpy(capabilities->processor, facts->cpuid.processor, sizeof(facts->cpuid.processor));
	return MOTE_OK;
}

mote_status mote_whp_arch_create(struct mote_whp_vm *vm, mote_error *error)
{
	return mote_hyperv_make_vcpu(&vm->hyperv, MOTE_WHP_X64_XCR0, error);
}

void mote_whp_arch_destroy(struct mote_whp_vm *vm)
{
	mote_hyperv_free_vcpu(&vm->hyperv);
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static struct mote_hyperv_instruction instruction_of(const struct mote_whp_exit *exit,
						     const uint8_t *bytes, uint8_t count)
{
	return (struct mote_hyperv_instruction){
		.rip = exit->rip,
		.rflags = exit->rflags,
		.is_64_bit = exit->state & MOTE_HYPERV_X64_STATE_LONG_MODE &&
			     exit->cs.attributes & MOTE_HYPERV_X64_SEGMENT_LONG,
		.length = exit->length_cr8 & 0xf,
		.bytes = bytes,
		.byte_count = count < MOTE_HYPERV_X64_INSTRUCTION_BYTES
				      ? count
				      : MOTE_HYPERV_X64_INSTRUCTION_BYTES,
	};
}

static void set_unknown(const struct mote_whp_exit *from, struct mote_vm_exit *exit)
{
	exit->kind = MOTE_EXIT_UNKNOWN;
	if (from->reason == MOTE_WHP_X64_EXIT_INVALID_REGISTER)
		snprintf(exit->as.text, sizeof(exit->as.text),
			 "WHP: the registers are not those of a processor that can run");
	else
		snprintf(exit->as.text, sizeof(exit->as.text), "WHP exit 0x%lx",
			 (unsigned long)from->reason);
}

static void decode_port(struct mote_whp_vm *vm, const struct mote_whp_exit *from,
			struct mote_vm_exit *exit)
{
	const struct mote_whp_x64_port *access = &from->as.port;
	const struct mote_hyperv_port port = {
		.instruction = instruction_of(from, access->instruction, access->instruction_bytes),
		.port = access->port,
		.bytes = access->information >> 1 & 7,
		.is_output = access->information & 1u,
		.is_string = access->information & 1u << 4,
		.is_repeated = access->information & 1u << 5,
		.rax = access->rax,
		.rcx = access->rcx,
		.rsi = access->rsi,
		.rdi = access->rdi,
	};

	if (port.bytes == 1 || port.bytes == 2 || port.bytes == 4)
		mote_hyperv_port_exit(&vm->hyperv, &port, exit);
	else
		set_unknown(from, exit);
}

static mote_status decode_memory(struct mote_whp_vm *vm, const struct mote_whp_exit *from,
				 struct mote_vm_exit *exit, mote_error *error)
{
	const struct mote_whp_x64_memory *access = &from->as.memory;
	const struct mote_hyperv_instruction instruction =
		instruction_of(from, access->instruction, access->instruction_bytes);

	if (mote_whp_is_first_access(vm, access->gpa, access->information & 3)) {
		exit->kind = MOTE_EXIT_RETRY;
		return MOTE_OK;
	}
	return mote_hyperv_memory_exit(&vm->hyperv, &instruction,
				       (enum mote_hyperv_access)(access->information & 3),
				       access->gpa, exit, error);
}

/* A halt has retired. */
static mote_status decode(struct mote_whp_vm *vm, const struct mote_whp_exit *from,
			  struct mote_vm_exit *exit, mote_error *error)
{
	vm->hyperv.vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
	switch ((enum mote_whp_x64_exit_reason)from->reason) {
	case MOTE_WHP_X64_EXIT_PORT:
		decode_port(vm, from, exit);
		return MOTE_OK;
	case MOTE_WHP_X64_EXIT_MEMORY:
		return decode_memory(vm, from, exit, error);
	case MOTE_WHP_X64_EXIT_HALT:
		exit->kind = MOTE_EXIT_HALT;
		return MOTE_OK;
	case MOTE_WHP_X64_EXIT_UNRECOVERABLE:
		exit->kind = MOTE_EXIT_SHUTDOWN;
		return MOTE_OK;
	case MOTE_WHP_X64_EXIT_CANCELED:
		exit->kind = MOTE_EXIT_RETRY;
		return MOTE_OK;
	default:
		set_unknown(from, exit);
		return MOTE_OK;
	}
}

mote_status mote_whp_arch_enter(struct mote_whp_vm *vm, struct mote_vm_exit *exit, bool *has_exit,
				mote_error *error)
{
	*has_exit = mote_hyperv_next_part(&vm->hyperv, exit);
	return *has_exit ? MOTE_OK : mote_hyperv_retire(&vm->hyperv, error);
}

mote_status mote_whp_arch_run(struct mote_whp_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_whp_exit from = {.reason = 0};
	const mote_whp_result result =
		vm->whp->system->RunVirtualProcessor(vm->partition, 0, &from, sizeof(from));

	return result < 0 ? mote_whp_fail(error, result, "WHvRunVirtualProcessor")
			  : decode(vm, &from, exit, error);
}

/* ---- The interface --------------------------------------------------------------------------- */

static const uint32_t names[MOTE_HYPERV_NAME_COUNT] = {
	MOTE_WHP_X64_RAX,
	MOTE_WHP_X64_RAX + 1,
	MOTE_WHP_X64_RAX + 2,
	MOTE_WHP_X64_RAX + 3,
	MOTE_WHP_X64_RAX + 4,
	MOTE_WHP_X64_RAX + 5,
	MOTE_WHP_X64_RAX + 6,
	MOTE_WHP_X64_RAX + 7,
	MOTE_WHP_X64_RAX + 8,
	MOTE_WHP_X64_RAX + 9,
	MOTE_WHP_X64_RAX + 10,
	MOTE_WHP_X64_RAX + 11,
	MOTE_WHP_X64_RAX + 12,
	MOTE_WHP_X64_RAX + 13,
	MOTE_WHP_X64_RAX + 14,
	MOTE_WHP_X64_RAX + 15,
	MOTE_WHP_X64_RIP,
	MOTE_WHP_X64_RFLAGS,
	MOTE_WHP_X64_CS,
	MOTE_WHP_X64_DS,
	MOTE_WHP_X64_ES,
	MOTE_WHP_X64_FS,
	MOTE_WHP_X64_GS,
	MOTE_WHP_X64_SS,
	MOTE_WHP_X64_TR,
	MOTE_WHP_X64_LDTR,
	MOTE_WHP_X64_GDTR,
	MOTE_WHP_X64_IDTR,
	MOTE_WHP_X64_CR0,
	MOTE_WHP_X64_CR2,
	MOTE_WHP_X64_CR3,
	MOTE_WHP_X64_CR4,
	MOTE_WHP_X64_CR8,
	MOTE_WHP_X64_EFER,
	MOTE_WHP_X64_APIC_BASE,
	MOTE_WHP_X64_DR0,
	MOTE_WHP_X64_DR0 + 1,
	MOTE_WHP_X64_DR0 + 2,
	MOTE_WHP_X64_DR0 + 3,
	MOTE_WHP_X64_DR6,
	MOTE_WHP_X64_DR7,
	MOTE_WHP_X64_PENDING_INTERRUPTION,
	MOTE_WHP_X64_INTERRUPT_STATE,
	MOTE_WHP_X64_PENDING_EVENT,
	MOTE_WHP_X64_INTERNAL_ACTIVITY,
	MOTE_WHP_X64_PENDING_DEBUG_EXCEPTION,
};

/* The base of the APIC is the platform's: it refuses a write where it emulates one, and guests of
 * ours have none.  count: those that are named above, at most. */
static mote_status set_registers(struct mote_hyperv_vm *vm, const uint32_t *given,
				 const struct mote_hyperv_value *values, size_t count,
				 mote_error *error)
{
	uint32_t kept[MOTE_HYPERV_NAME_COUNT];
	struct mote_hyperv_value kept_values[MOTE_HYPERV_NAME_COUNT];
	size_t kept_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (given[i] == (uint32_t)MOTE_WHP_X64_APIC_BASE)
			continue;
		kept[kept_count] = given[i];
		kept_values[kept_count++] = values[i];
	}
	return mote_whp_set_registers(vm, kept, kept_values, kept_count, error);
}

static bool translate(struct mote_hyperv_vm *base, uint64_t address, bool write, uint64_t *gpa)
{
	const struct mote_whp_vm *vm = mote_whp_vm(base);
	const uint32_t flags = write ? MOTE_WHP_TRANSLATE_READ | MOTE_WHP_TRANSLATE_WRITE
				     : MOTE_WHP_TRANSLATE_READ;
	struct mote_whp_translated out = {.code = 1};
	/* Memory that is not there, or may not be written to, has an address all the same. */
	enum { SUCCESS = 0, GPA_UNMAPPED = 4, GPA_NO_READ = 5, GPA_NO_WRITE = 6 };

	return vm->whp->system->TranslateGva(vm->partition, 0, address, flags, &out, gpa) >= 0 &&
	       (out.code == SUCCESS || out.code == GPA_UNMAPPED || out.code == GPA_NO_READ ||
		out.code == GPA_NO_WRITE);
}

/* Registers are set by calls alone. */
static mote_status settle(struct mote_hyperv_vm *vm, mote_error *error)
{
	(void)vm;
	(void)error;
	return MOTE_OK;
}

static void forget(struct mote_hyperv_vm *vm)
{
	(void)vm;
}

static mote_status get_area(struct mote_hyperv_vm *base, void *area, mote_error *error)
{
	const struct mote_whp_vm *vm = mote_whp_vm(base);
	uint32_t written = 0;
	const mote_whp_result result = vm->whp->system->GetVirtualProcessorXsaveState(
		vm->partition, 0, area, (uint32_t)base->facts->xsave_bytes, &written);
	uint8_t *bytes = area;

	if (result < 0)
		return mote_whp_fail(error, result, "WHvGetVirtualProcessorXsaveState");
	mote_put64(bytes + XSTATE_BV, mote_get64(bytes + XSTATE_BV) |
					      (mote_get64(bytes + XCOMP_BV) & SUPERVISOR_STATES));
	return MOTE_OK;
}

static mote_status set_area(struct mote_hyperv_vm *base, const void *area, mote_error *error)
{
	const struct mote_whp_vm *vm = mote_whp_vm(base);
	const mote_whp_result result = vm->whp->system->SetVirtualProcessorXsaveState(
		vm->partition, 0, area, (uint32_t)base->facts->xsave_bytes);

	return result < 0 ? mote_whp_fail(error, result, "WHvSetVirtualProcessorXsaveState")
			  : MOTE_OK;
}

const struct mote_hyperv_ops mote_whp_ops = {
	.get_registers = mote_whp_get_registers,
	.set_registers = set_registers,
	.map = mote_whp_map,
	.unmap = mote_whp_unmap,
	.names = names,
	.translate = translate,
	.settle = settle,
	.forget = forget,
	.get_area = get_area,
	.set_area = set_area,
};
