/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages that end a run of an x86_64 VP, and the register page, which takes what an
 * instruction that retires changes without a call, right before the next run.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_x86_64_internal.h"

enum { PAGE_VERSION = 1 };

/* The guest-physical address of a virtual one, as the VP itself may use it. */
bool mote_mshv_translate(struct mote_hyperv_vm *vm, uint64_t address, bool write, uint64_t *gpa)
{
	const struct mote_mshv_vm *mshv_vm = (const struct mote_mshv_vm *)vm;
	struct mote_mshv_translate in = {
		.flags = write ? MOTE_MSHV_TRANSLATE_READ | MOTE_MSHV_TRANSLATE_WRITE
			       : MOTE_MSHV_TRANSLATE_READ,
		.page = address >> MOTE_HYPERV_FRAME_SHIFT,
	};
	struct mote_mshv_translated out = {.result = 1};
	struct mote_mshv_hypercall call = {
		.code = MOTE_MSHV_CALL_TRANSLATE,
		.in_bytes = sizeof(in),
		.out_bytes = sizeof(out),
		.in = (uintptr_t)&in,
		.out = (uintptr_t)&out,
	};
	mote_error ignored = MOTE_ERROR_INIT;

	if (mote_mshv_call(mshv_vm->mshv, mshv_vm->vp, &call, "HVCALL_TRANSLATE_VIRTUAL_ADDRESS",
			   &ignored) != MOTE_OK ||
	    out.result != 0)
		return false;
	*gpa = out.frame << MOTE_HYPERV_FRAME_SHIFT |
	       (address & ((1u << MOTE_HYPERV_FRAME_SHIFT) - 1));
	return true;
}

/* ---- The register page ----------------------------------------------------------------------- */

static struct mote_mshv_x64_page *page_of(const struct mote_mshv_vm *vm)
{
	struct mote_mshv_x64_page *page = vm->page;

	return page != NULL && page->version == PAGE_VERSION ? page : NULL;
}

void mote_mshv_forget(struct mote_hyperv_vm *vm)
{
	struct mote_mshv_x64_page *page = page_of((const struct mote_mshv_vm *)vm);

	if (page != NULL)
		page->dirty = 0;
}

/* The VP was to run with what is in the page, and did not. */
static mote_status take_page_back(struct mote_mshv_vm *vm, struct mote_mshv_x64_page *page,
				  mote_error *error)
{
	const uint32_t dirty = page->dirty;
	uint64_t fs_base, gs_base;
	mote_regs before, after;
	mote_status status;

	page->dirty = 0;
	status = mote_hyperv_access_registers(&vm->hyperv, &before, &fs_base, &gs_base, error);
	after = before;
	if (dirty & MOTE_MSHV_X64_PAGE_RIP)
		after.rip = page->rip;
	if (dirty & MOTE_MSHV_X64_PAGE_GENERAL)
		after.rax = page->registers[0];
	if (status == MOTE_OK)
		status = mote_hyperv_set_changed(&vm->hyperv, &before, &after, error);
	if (status != MOTE_OK)
		page->dirty = dirty;
	return status;
}

mote_status mote_mshv_settle(struct mote_hyperv_vm *vm, mote_error *error)
{
	struct mote_mshv_vm *mshv_vm = (struct mote_mshv_vm *)vm;
	struct mote_mshv_x64_page *page = page_of(mshv_vm);

	return page != NULL && page->dirty != 0 ? take_page_back(mshv_vm, page, error) : MOTE_OK;
}

/* Nobody has set a register since the exit: then nothing would be pending, and the page has what
 * the hypervisor wrote. */
static bool retire_by_page(struct mote_mshv_vm *vm)
{
	struct mote_hyperv_vcpu *vcpu = vm->hyperv.vcpu;
	struct mote_mshv_x64_page *page = page_of(vm);

	if (page == NULL || !page->valid ||
	    (vcpu->pending != MOTE_HYPERV_SKIP_PENDING && vcpu->pending != MOTE_HYPERV_IN_PENDING))
		return false;
	if (vcpu->pending == MOTE_HYPERV_IN_PENDING) {
		page->registers[0] = mote_hyperv_retired(&vm->hyperv).rax;
		page->dirty |= MOTE_MSHV_X64_PAGE_GENERAL;
	}
	page->rip = vcpu->next_rip;
	page->dirty |= MOTE_MSHV_X64_PAGE_RIP;
	vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
	return true;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static struct mote_hyperv_instruction instruction_of(const struct mote_mshv_x64_header *header,
						     const uint8_t *bytes, uint8_t count)
{
	return (struct mote_hyperv_instruction){
		.rip = header->rip,
		.rflags = header->rflags,
		.is_64_bit = header->state & MOTE_HYPERV_X64_STATE_LONG_MODE &&
			     header->cs.attributes & MOTE_HYPERV_X64_SEGMENT_LONG,
		.length = header->length_cr8 & 0xf,
		.bytes = bytes,
		.byte_count = count < MOTE_HYPERV_X64_INSTRUCTION_BYTES
				      ? count
				      : MOTE_HYPERV_X64_INSTRUCTION_BYTES,
	};
}

static void decode_port(struct mote_mshv_vm *vm, struct mote_vm_exit *exit)
{
	const struct mote_mshv_x64_port *message = (const void *)vm->message.payload;
	const struct mote_hyperv_port port = {
		.instruction = instruction_of(&message->header, message->instruction,
					      message->instruction_bytes),
		.port = message->port,
		.bytes = message->information & 7,
		.is_output = message->header.access == MOTE_HYPERV_WRITE,
		.is_string = message->information & 1u << 3,
		.is_repeated = message->information & 1u << 4,
		.rax = message->rax,
		.rcx = message->rcx,
		.rsi = message->rsi,
		.rdi = message->rdi,
	};

	if (port.bytes == 1 || port.bytes == 2 || port.bytes == 4)
		mote_hyperv_port_exit(&vm->hyperv, &port, exit);
	else
		mote_mshv_set_unknown(vm, exit);
}

static mote_status decode_memory(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				 mote_error *error)
{
	const struct mote_mshv_x64_memory *message = (const void *)vm->message.payload;
	const struct mote_hyperv_instruction instruction =
		instruction_of(&message->header, message->instruction, message->instruction_bytes);

	return mote_hyperv_memory_exit(&vm->hyperv, &instruction,
				       (enum mote_hyperv_access)message->header.access,
				       message->physical_address, exit, error);
}

static void decode_halt(struct mote_mshv_vm *vm, struct mote_vm_exit *exit)
{
	const struct mote_mshv_x64_header *header = (const void *)vm->message.payload;
	const struct mote_hyperv_instruction instruction = instruction_of(header, NULL, 0);

	exit->kind = MOTE_EXIT_HALT;
	if (vm->mshv->halt_leaves_rip)
		mote_hyperv_skip_halt(&vm->hyperv, &instruction);
}

mote_status mote_mshv_arch_exit(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				mote_error *error)
{
	vm->hyperv.vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
	switch ((enum mote_mshv_message_type)vm->message.type) {
	case MOTE_MSHV_MESSAGE_X64_IO_PORT:
		decode_port(vm, exit);
		return MOTE_OK;
	case MOTE_MSHV_MESSAGE_UNMAPPED_GPA:
	case MOTE_MSHV_MESSAGE_GPA_INTERCEPT:
		return decode_memory(vm, exit, error);
	case MOTE_MSHV_MESSAGE_X64_HALT:
		decode_halt(vm, exit);
		return MOTE_OK;
	case MOTE_MSHV_MESSAGE_UNRECOVERABLE:
		exit->kind = MOTE_EXIT_SHUTDOWN;
		return MOTE_OK;
	default:
		mote_mshv_set_unknown(vm, exit);
		return MOTE_OK;
	}
}

mote_status mote_mshv_arch_enter(struct mote_mshv_vm *vm, struct mote_vm_exit *exit, bool *has_exit,
				 mote_error *error)
{
	*has_exit = mote_hyperv_next_part(&vm->hyperv, exit);
	return *has_exit || retire_by_page(vm) ? MOTE_OK : mote_hyperv_retire(&vm->hyperv, error);
}

/* ---- The interface --------------------------------------------------------------------------- */

/* The control registers by the names that take any value until the VP runs: registers are set one
 * after the other, and a call may end between two. */
static const uint32_t names[MOTE_HYPERV_NAME_COUNT] = {
	MOTE_MSHV_X64_RAX,
	MOTE_MSHV_X64_RAX + 1,
	MOTE_MSHV_X64_RAX + 2,
	MOTE_MSHV_X64_RAX + 3,
	MOTE_MSHV_X64_RAX + 4,
	MOTE_MSHV_X64_RAX + 5,
	MOTE_MSHV_X64_RAX + 6,
	MOTE_MSHV_X64_RAX + 7,
	MOTE_MSHV_X64_RAX + 8,
	MOTE_MSHV_X64_RAX + 9,
	MOTE_MSHV_X64_RAX + 10,
	MOTE_MSHV_X64_RAX + 11,
	MOTE_MSHV_X64_RAX + 12,
	MOTE_MSHV_X64_RAX + 13,
	MOTE_MSHV_X64_RAX + 14,
	MOTE_MSHV_X64_RAX + 15,
	MOTE_MSHV_X64_RIP,
	MOTE_MSHV_X64_RFLAGS,
	MOTE_MSHV_X64_CS,
	MOTE_MSHV_X64_DS,
	MOTE_MSHV_X64_ES,
	MOTE_MSHV_X64_FS,
	MOTE_MSHV_X64_GS,
	MOTE_MSHV_X64_SS,
	MOTE_MSHV_X64_TR,
	MOTE_MSHV_X64_LDTR,
	MOTE_MSHV_X64_GDTR,
	MOTE_MSHV_X64_IDTR,
	MOTE_MSHV_X64_INTERMEDIATE_CR0,
	MOTE_MSHV_X64_CR2,
	MOTE_MSHV_X64_INTERMEDIATE_CR3,
	MOTE_MSHV_X64_INTERMEDIATE_CR4,
	MOTE_MSHV_X64_CR8,
	MOTE_MSHV_X64_EFER,
	MOTE_MSHV_X64_APIC_BASE,
	MOTE_MSHV_X64_DR0,
	MOTE_MSHV_X64_DR0 + 1,
	MOTE_MSHV_X64_DR0 + 2,
	MOTE_MSHV_X64_DR0 + 3,
	MOTE_MSHV_X64_DR6,
	MOTE_MSHV_X64_DR7,
	MOTE_MSHV_PENDING_INTERRUPTION,
	MOTE_MSHV_INTERRUPT_STATE,
	MOTE_MSHV_PENDING_EVENT_0,
	MOTE_MSHV_PENDING_EVENT_1,
	MOTE_MSHV_INTERNAL_ACTIVITY,
};

const struct mote_hyperv_ops mote_mshv_ops = {
	.get_registers = mote_mshv_get_registers,
	.set_registers = mote_mshv_set_registers,
	.map = mote_mshv_map,
	.unmap = mote_mshv_unmap,
	.names = names,
	.translate = mote_mshv_translate,
	.settle = mote_mshv_settle,
	.forget = mote_mshv_forget,
	.get_area = mote_mshv_get_area,
	.set_area = mote_mshv_set_area,
};
