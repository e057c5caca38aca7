/* SPDX-License-Identifier: Apache-2.0
 *
 * Exits of an x86_64 VP, and how their instructions retire.  The hypervisor leaves the program
 * counter on the instruction; what is left to do is done when the VP runs again, or when somebody
 * looks at its registers.  Right before a run the register page does it without a call.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_x86_64_internal.h"

enum { PAGE_VERSION = 1 };

/* ---- Guest memory ---------------------------------------------------------------------------- */

/* The guest-physical address of a virtual one, as the VP itself may use it. */
static bool translate(struct mote_mshv_vm *vm, uint64_t address, bool write, uint64_t *gpa)
{
	struct mote_mshv_translate in = {
		.flags = write ? MOTE_MSHV_TRANSLATE_READ | MOTE_MSHV_TRANSLATE_WRITE
			       : MOTE_MSHV_TRANSLATE_READ,
		.page = address >> MOTE_MSHV_FRAME_SHIFT,
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

	if (mote_mshv_call(vm->mshv, vm->vp, &call, "HVCALL_TRANSLATE_VIRTUAL_ADDRESS", &ignored) !=
		    MOTE_OK ||
	    out.result != 0)
		return false;
	*gpa = out.frame << MOTE_MSHV_FRAME_SHIFT | (address & ((1u << MOTE_MSHV_FRAME_SHIFT) - 1));
	return true;
}

/* One byte of guest memory at a virtual address; NULL: none that the VP may use so. */
static uint8_t *byte_at(struct mote_mshv_vm *vm, uint64_t address, bool write)
{
	uint64_t gpa;

	return translate(vm, address, write, &gpa) ? mote_mshv_memory(vm, gpa, write) : NULL;
}

/* ---- Retiring -------------------------------------------------------------------------------- */

static struct mote_mshv_x64_page *page_of(const struct mote_mshv_vm *vm)
{
	struct mote_mshv_x64_page *page = vm->page;

	return page != NULL && page->version == PAGE_VERSION ? page : NULL;
}

void mote_mshv_forget(struct mote_mshv_vm *vm)
{
	struct mote_mshv_x64_page *page = page_of(vm);

	vm->vcpu->pending = MOTE_MSHV_NOTHING_PENDING;
	if (page != NULL)
		page->dirty = 0;
}

/* What input makes of RAX: SDM volume 2, IN; a register of 32 bits is extended with zeros. */
static uint64_t with_input(uint64_t rax, const uint8_t data[8], uint8_t bytes)
{
	uint64_t value;

	memcpy(&value, data, sizeof(value));
	switch (bytes) {
	case 1:
		return (rax & ~0xffull) | (value & 0xff);
	case 2:
		return (rax & ~0xffffull) | (value & 0xffff);
	default:
		return value & 0xffffffff;
	}
}

/* One iteration: SDM volume 2, INS, OUTS, REP. */
static void step_string(struct mote_mshv_vm *vm, mote_regs *after)
{
	const struct mote_mshv_vcpu *vcpu = vm->vcpu;
	const bool down = vcpu->regs.rflags & (1u << 10);
	const uint64_t step = down ? 0 - (uint64_t)vcpu->bytes : vcpu->bytes;

	if (vcpu->is_input) {
		for (unsigned i = 0; i < vcpu->bytes; i++) {
			uint8_t *to = byte_at(vm, vcpu->string_address + i, true);

			if (to != NULL)
				*to = vcpu->data[i];
		}
		after->rdi += step;
	} else {
		after->rsi += step;
	}
	if (!vcpu->is_repeated)
		return;
	after->rcx--;
	if (after->rcx != 0)
		after->rip = vcpu->regs.rip;
}

/* The registers after the instruction. */
static mote_regs retired(struct mote_mshv_vm *vm)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	mote_regs after = vcpu->regs;
	uint64_t value;

	after.rip = vcpu->next_rip;
	switch (vcpu->pending) {
	case MOTE_MSHV_IN_PENDING:
		after.rax = with_input(after.rax, vcpu->data, vcpu->bytes);
		break;
	case MOTE_MSHV_STRING_PENDING:
		step_string(vm, &after);
		break;
	case MOTE_MSHV_ACCESS_PENDING:
		memcpy(&value, vcpu->data, sizeof(value));
		if (vcpu->bytes < vcpu->access.bytes) /* the second part of two */
			value = vcpu->value | value << 8 * (vcpu->access.bytes - vcpu->bytes);
		after.rip = vcpu->regs.rip;
		mote_x86_64_access_complete(&vcpu->access, value, &after);
		break;
	default:
		break;
	}
	return after;
}

static mote_status retire(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	mote_regs after;
	mote_status status;

	if (vcpu->pending == MOTE_MSHV_NOTHING_PENDING || vcpu->pending == MOTE_MSHV_PART_PENDING)
		return MOTE_OK;
	after = retired(vm);
	status = mote_mshv_set_changed(vm, &vcpu->regs, &after, error);
	if (status == MOTE_OK)
		vcpu->pending = MOTE_MSHV_NOTHING_PENDING;
	return status;
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
	status = mote_mshv_access_registers(vm, &before, &fs_base, &gs_base, error);
	after = before;
	if (dirty & MOTE_MSHV_X64_PAGE_RIP)
		after.rip = page->rip;
	if (dirty & MOTE_MSHV_X64_PAGE_GENERAL)
		after.rax = page->registers[0];
	if (status == MOTE_OK)
		status = mote_mshv_set_changed(vm, &before, &after, error);
	if (status != MOTE_OK)
		page->dirty = dirty;
	return status;
}

mote_status mote_mshv_touch(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_x64_page *page = page_of(vm);
	mote_status status = MOTE_OK;

	if (page != NULL && page->dirty != 0)
		status = take_page_back(vm, page, error);
	return status == MOTE_OK ? retire(vm, error) : status;
}

/* Nobody has set a register since the exit: then nothing would be pending, and the page has what
 * the hypervisor wrote. */
static bool retire_by_page(struct mote_mshv_vm *vm)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	struct mote_mshv_x64_page *page = page_of(vm);

	if (page == NULL || !page->valid ||
	    (vcpu->pending != MOTE_MSHV_SKIP_PENDING && vcpu->pending != MOTE_MSHV_IN_PENDING))
		return false;
	if (vcpu->pending == MOTE_MSHV_IN_PENDING) {
		page->registers[0] = with_input(vcpu->regs.rax, vcpu->data, vcpu->bytes);
		page->dirty |= MOTE_MSHV_X64_PAGE_GENERAL;
	}
	page->rip = vcpu->next_rip;
	page->dirty |= MOTE_MSHV_X64_PAGE_RIP;
	vcpu->pending = MOTE_MSHV_NOTHING_PENDING;
	return true;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static void begin_exit(struct mote_mshv_vcpu *vcpu, const struct mote_mshv_x64_header *header,
		       enum mote_mshv_pending pending, uint8_t bytes)
{
	vcpu->pending = pending;
	vcpu->regs = (mote_regs){.rip = header->rip, .rflags = header->rflags};
	vcpu->next_rip = header->rip + (header->length_cr8 & 0xf);
	vcpu->bytes = bytes;
	memset(vcpu->data, 0, sizeof(vcpu->data));
}

static void set_port(struct mote_mshv_vcpu *vcpu, const struct mote_mshv_x64_port *port, bool out,
		     struct mote_vm_exit *exit)
{
	exit->kind = out ? MOTE_EXIT_IO_OUT : MOTE_EXIT_IO_IN;
	exit->as.io.port = port->port;
	exit->as.io.size = vcpu->bytes;
	exit->as.io.count = 1;
	exit->as.io.data = vcpu->data;
}

/* A string that is not described: it does not retire. */
static void leave_string(struct mote_mshv_vcpu *vcpu, struct mote_vm_exit *exit)
{
	vcpu->pending = MOTE_MSHV_NOTHING_PENDING;
	exit->as.io.count = 0;
	exit->as.io.data = NULL;
}

/* The segment of a string's memory.  Only 64-bit code, without prefixes but for the size of the
 * operand and the repetition, is described. */
static bool is_plain_string(const struct mote_mshv_x64_port *port)
{
	const struct mote_mshv_x64_header *header = &port->header;
	const unsigned length = header->length_cr8 & 0xf;

	if (!(header->state & 1u << 4) || !(header->cs.attributes & 1u << 13) || length == 0 ||
	    port->instruction_bytes < length)
		return false;
	for (unsigned i = 0; i + 1 < length; i++)
		if (port->instruction[i] != 0x66 && port->instruction[i] != 0xf3 &&
		    port->instruction[i] != 0xf2)
			return false;
	return port->instruction[length - 1] >= 0x6c && port->instruction[length - 1] <= 0x6f;
}

/* One iteration of a string instruction is one exit. */
static void decode_string(struct mote_mshv_vm *vm, const struct mote_mshv_x64_port *port, bool out,
			  struct mote_vm_exit *exit)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;

	vcpu->pending = MOTE_MSHV_STRING_PENDING;
	vcpu->regs.rcx = port->rcx;
	vcpu->regs.rsi = port->rsi;
	vcpu->regs.rdi = port->rdi;
	vcpu->is_input = !out;
	vcpu->is_repeated = port->information & 1u << 4;
	vcpu->string_address = out ? port->rsi : port->rdi;
	if (vcpu->is_repeated && port->rcx == 0) { /* it does nothing */
		vcpu->pending = MOTE_MSHV_SKIP_PENDING;
		exit->kind = MOTE_EXIT_RETRY;
		return;
	}
	if (!is_plain_string(port)) {
		leave_string(vcpu, exit);
		return;
	}
	for (unsigned i = 0; i < vcpu->bytes; i++) {
		const uint8_t *at = byte_at(vm, vcpu->string_address + i, !out);

		if (at == NULL) {
			leave_string(vcpu, exit);
			return;
		}
		if (out)
			vcpu->data[i] = *at;
	}
}

static void decode_port(struct mote_mshv_vm *vm, struct mote_vm_exit *exit)
{
	const struct mote_mshv_x64_port *port = (const void *)vm->message.payload;
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	const bool out = port->header.access == MOTE_MSHV_ACCESS_WRITE;
	const uint8_t bytes = port->information & 7;

	if (bytes != 1 && bytes != 2 && bytes != 4) {
		mote_mshv_set_unknown(vm, exit);
		return;
	}
	begin_exit(vcpu, &port->header, out ? MOTE_MSHV_SKIP_PENDING : MOTE_MSHV_IN_PENDING, bytes);
	vcpu->regs.rax = port->rax;
	set_port(vcpu, port, out, exit);
	if (port->information & 1u << 3)
		decode_string(vm, port, out, exit);
	else if (out)
		memcpy(vcpu->data, &port->rax, bytes);
}

static void set_access(struct mote_mshv_vcpu *vcpu, bool write, uint64_t gpa, uint8_t bytes,
		       struct mote_vm_exit *exit)
{
	exit->kind = write ? MOTE_EXIT_MMIO_WRITE : MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = gpa;
	exit->as.mmio.size = bytes;
	exit->as.mmio.data = bytes != 0 ? vcpu->data : NULL;
	vcpu->bytes = bytes;
}

/* Whether a part of an access is one that the VP may not make by itself. */
static bool is_outside(const struct mote_mshv_vm *vm, uint64_t gpa, bool write)
{
	return mote_mshv_memory(vm, gpa, write) == NULL;
}

/* An access on two pages, both of which are outside: two exits. */
static bool split(struct mote_mshv_vm *vm, uint64_t gva, uint8_t first, uint64_t *gpa)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	const bool write = vcpu->access.write;

	if (!translate(vm, gva, write, gpa) ||
	    !translate(vm, gva + first, write, &vcpu->second_gpa) || !is_outside(vm, *gpa, write) ||
	    !is_outside(vm, vcpu->second_gpa, write))
		return false;
	vcpu->pending = MOTE_MSHV_PART_PENDING;
	return true;
}

static bool decode_instruction(const struct mote_mshv_x64_memory *memory,
			       struct mote_x86_64_access *access)
{
	const struct mote_mshv_x64_header *header = &memory->header;
	const bool is_64_bit = header->state & 1u << 4 && header->cs.attributes & 1u << 13;
	size_t bytes = memory->instruction_bytes;

	if (header->access == MOTE_MSHV_ACCESS_EXECUTE)
		return false;
	if (bytes > sizeof(memory->instruction))
		bytes = sizeof(memory->instruction);
	return mote_x86_64_access_decode(memory->instruction, bytes, is_64_bit, access) &&
	       access->write == (header->access == MOTE_MSHV_ACCESS_WRITE);
}

/* The message has neither the size of the access nor its value: the instruction tells. */
static mote_status decode_memory(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				 mote_error *error)
{
	const struct mote_mshv_x64_memory *memory = (const void *)vm->message.payload;
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	struct mote_x86_64_access *access = &vcpu->access;
	const bool write = memory->header.access == MOTE_MSHV_ACCESS_WRITE;
	uint64_t gpa = memory->physical_address, gva, fs_base, gs_base;
	mote_status status;
	uint8_t first;

	begin_exit(vcpu, &memory->header, MOTE_MSHV_NOTHING_PENDING, 0);
	set_access(vcpu, write, gpa, 0, exit);
	if (!decode_instruction(memory, access))
		return MOTE_OK;
	status = mote_mshv_access_registers(vm, &vcpu->regs, &fs_base, &gs_base, error);
	if (status != MOTE_OK)
		return status;
	gva = mote_x86_64_access_address(access, &vcpu->regs, fs_base, gs_base);
	first = mote_x86_64_access_first_bytes(access, gva);
	vcpu->pending = MOTE_MSHV_ACCESS_PENDING;
	if (first < access->bytes ? !split(vm, gva, first, &gpa)
				  : ((gva ^ gpa) & ((1u << MOTE_MSHV_FRAME_SHIFT) - 1)) != 0) {
		vcpu->pending = MOTE_MSHV_NOTHING_PENDING;
		return MOTE_OK;
	}
	vcpu->value = write ? mote_x86_64_access_value(access, &vcpu->regs) : 0;
	memcpy(vcpu->data, &vcpu->value, first);
	set_access(vcpu, write, gpa, first, exit);
	return MOTE_OK;
}

/* The second of the two exits. */
static void report_second_part(struct mote_mshv_vcpu *vcpu, struct mote_vm_exit *exit)
{
	const uint8_t first = vcpu->bytes;
	const bool write = vcpu->access.write;
	uint64_t rest = vcpu->value >> 8 * first;

	if (!write) {
		vcpu->value = 0;
		memcpy(&vcpu->value, vcpu->data, first);
		rest = 0;
	}
	memcpy(vcpu->data, &rest, sizeof(rest));
	set_access(vcpu, write, vcpu->second_gpa, (uint8_t)(vcpu->access.bytes - first), exit);
	vcpu->pending = MOTE_MSHV_ACCESS_PENDING;
}

static void decode_halt(struct mote_mshv_vm *vm, struct mote_vm_exit *exit)
{
	const struct mote_mshv_x64_header *header = (const void *)vm->message.payload;

	exit->kind = MOTE_EXIT_HALT;
	if (!vm->mshv->arch->halt_leaves_rip)
		return;
	begin_exit(vm->vcpu, header, MOTE_MSHV_SKIP_PENDING, 0);
	vm->vcpu->next_rip = header->rip + 1;
}

mote_status mote_mshv_arch_exit(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				mote_error *error)
{
	vm->vcpu->pending = MOTE_MSHV_NOTHING_PENDING;
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
	if (vm->vcpu->pending == MOTE_MSHV_PART_PENDING) {
		report_second_part(vm->vcpu, exit);
		*has_exit = true;
		return MOTE_OK;
	}
	return retire_by_page(vm) ? MOTE_OK : retire(vm, error);
}
