/* SPDX-License-Identifier: Apache-2.0
 *
 * Exits of an x86_64 VP, and how their instructions retire.  The hypervisor leaves the program
 * counter on the instruction; what is left to do is done when the VP runs again, or when somebody
 * looks at its registers.
 */
#include <string.h>

#include "hypervisor/backends/hyperv/hyperv_x86_64.h"

/* ---- Guest memory ---------------------------------------------------------------------------- */

/* One byte of guest memory at a virtual address; NULL: none that the VP may use so. */
static uint8_t *byte_at(struct mote_hyperv_vm *vm, uint64_t address, bool write)
{
	uint64_t gpa;

	return vm->ops->translate(vm, address, write, &gpa) ? mote_hyperv_memory(vm, gpa, write)
							    : NULL;
}

/* ---- Retiring -------------------------------------------------------------------------------- */

void mote_hyperv_forget(struct mote_hyperv_vm *vm)
{
	vm->vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
	vm->ops->forget(vm);
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
static void step_string(struct mote_hyperv_vm *vm, mote_regs *after)
{
	const struct mote_hyperv_vcpu *vcpu = vm->vcpu;
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
mote_regs mote_hyperv_retired(struct mote_hyperv_vm *vm)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	mote_regs after = vcpu->regs;
	uint64_t value;

	after.rip = vcpu->next_rip;
	switch (vcpu->pending) {
	case MOTE_HYPERV_IN_PENDING:
		after.rax = with_input(after.rax, vcpu->data, vcpu->bytes);
		break;
	case MOTE_HYPERV_STRING_PENDING:
		step_string(vm, &after);
		break;
	case MOTE_HYPERV_ACCESS_PENDING:
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

mote_status mote_hyperv_retire(struct mote_hyperv_vm *vm, mote_error *error)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	mote_regs after;
	mote_status status;

	if (vcpu->pending == MOTE_HYPERV_NOTHING_PENDING ||
	    vcpu->pending == MOTE_HYPERV_PART_PENDING)
		return MOTE_OK;
	after = mote_hyperv_retired(vm);
	status = mote_hyperv_set_changed(vm, &vcpu->regs, &after, error);
	if (status == MOTE_OK)
		vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
	return status;
}

mote_status mote_hyperv_touch(struct mote_hyperv_vm *vm, mote_error *error)
{
	mote_status status = vm->ops->settle(vm, error);

	return status == MOTE_OK ? mote_hyperv_retire(vm, error) : status;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static void begin_exit(struct mote_hyperv_vcpu *vcpu,
		       const struct mote_hyperv_instruction *instruction,
		       enum mote_hyperv_pending pending, uint8_t bytes)
{
	vcpu->pending = pending;
	vcpu->regs = (mote_regs){.rip = instruction->rip, .rflags = instruction->rflags};
	vcpu->next_rip = instruction->rip + instruction->length;
	vcpu->bytes = bytes;
	memset(vcpu->data, 0, sizeof(vcpu->data));
}

static void set_port(struct mote_hyperv_vcpu *vcpu, const struct mote_hyperv_port *port,
		     struct mote_vm_exit *exit)
{
	exit->kind = port->is_output ? MOTE_EXIT_IO_OUT : MOTE_EXIT_IO_IN;
	exit->as.io.port = port->port;
	exit->as.io.size = vcpu->bytes;
	exit->as.io.count = 1;
	exit->as.io.data = vcpu->data;
}

/* A string that is not described: it does not retire. */
static void leave_string(struct mote_hyperv_vcpu *vcpu, struct mote_vm_exit *exit)
{
	vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
	exit->as.io.count = 0;
	exit->as.io.data = NULL;
}

/* The segment of a string's memory.  Only 64-bit code, without prefixes but for the size of the
 * operand and the repetition, is described. */
static bool is_plain_string(const struct mote_hyperv_instruction *instruction)
{
	const unsigned length = instruction->length;
	const uint8_t *byte = instruction->bytes;

	if (!instruction->is_64_bit || length == 0 || instruction->byte_count < length)
		return false;
	for (unsigned i = 0; i + 1 < length; i++)
		if (byte[i] != 0x66 && byte[i] != 0xf3 && byte[i] != 0xf2)
			return false;
	return byte[length - 1] >= 0x6c && byte[length - 1] <= 0x6f;
}

/* One iteration of a string instruction is one exit. */
static void decode_string(struct mote_hyperv_vm *vm, const struct mote_hyperv_port *port,
			  struct mote_vm_exit *exit)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	const bool out = port->is_output;

	vcpu->pending = MOTE_HYPERV_STRING_PENDING;
	vcpu->regs.rcx = port->rcx;
	vcpu->regs.rsi = port->rsi;
	vcpu->regs.rdi = port->rdi;
	vcpu->is_input = !out;
	vcpu->is_repeated = port->is_repeated;
	vcpu->string_address = out ? port->rsi : port->rdi;
	if (vcpu->is_repeated && port->rcx == 0) { /* it does nothing */
		vcpu->pending = MOTE_HYPERV_SKIP_PENDING;
		exit->kind = MOTE_EXIT_RETRY;
		return;
	}
	if (!is_plain_string(&port->instruction)) {
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

void mote_hyperv_port_exit(struct mote_hyperv_vm *vm, const struct mote_hyperv_port *port,
			   struct mote_vm_exit *exit)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;

	begin_exit(vcpu, &port->instruction,
		   port->is_output ? MOTE_HYPERV_SKIP_PENDING : MOTE_HYPERV_IN_PENDING,
		   port->bytes);
	vcpu->regs.rax = port->rax;
	set_port(vcpu, port, exit);
	if (port->is_string)
		decode_string(vm, port, exit);
	else if (port->is_output)
		memcpy(vcpu->data, &port->rax, port->bytes);
}

static void set_access(struct mote_hyperv_vcpu *vcpu, bool write, uint64_t gpa, uint8_t bytes,
		       struct mote_vm_exit *exit)
{
	exit->kind = write ? MOTE_EXIT_MMIO_WRITE : MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = gpa;
	exit->as.mmio.size = bytes;
	exit->as.mmio.data = bytes != 0 ? vcpu->data : NULL;
	vcpu->bytes = bytes;
}

/* Whether a part of an access is one that the VP may not make by itself. */
static bool is_outside(const struct mote_hyperv_vm *vm, uint64_t gpa, bool write)
{
	return mote_hyperv_memory(vm, gpa, write) == NULL;
}

/* An access on two pages, both of which are outside: two exits. */
static bool split(struct mote_hyperv_vm *vm, uint64_t gva, uint8_t first, uint64_t *gpa)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	const bool write = vcpu->access.write;

	if (!vm->ops->translate(vm, gva, write, gpa) ||
	    !vm->ops->translate(vm, gva + first, write, &vcpu->second_gpa) ||
	    !is_outside(vm, *gpa, write) || !is_outside(vm, vcpu->second_gpa, write))
		return false;
	vcpu->pending = MOTE_HYPERV_PART_PENDING;
	return true;
}

static bool decode_access(const struct mote_hyperv_instruction *instruction,
			  enum mote_hyperv_access kind, struct mote_x86_64_access *access)
{
	return kind != MOTE_HYPERV_EXECUTE &&
	       mote_x86_64_access_decode(instruction->bytes, instruction->byte_count,
					 instruction->is_64_bit, access) &&
	       access->write == (kind == MOTE_HYPERV_WRITE);
}

/* The exit has neither the size of the access nor its value: the instruction tells. */
mote_status mote_hyperv_memory_exit(struct mote_hyperv_vm *vm,
				    const struct mote_hyperv_instruction *instruction,
				    enum mote_hyperv_access kind, uint64_t gpa,
				    struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	struct mote_x86_64_access *access = &vcpu->access;
	const bool write = kind == MOTE_HYPERV_WRITE;
	uint64_t gva, fs_base, gs_base;
	mote_status status;
	uint8_t first;

	begin_exit(vcpu, instruction, MOTE_HYPERV_NOTHING_PENDING, 0);
	set_access(vcpu, write, gpa, 0, exit);
	if (!decode_access(instruction, kind, access))
		return MOTE_OK;
	status = mote_hyperv_access_registers(vm, &vcpu->regs, &fs_base, &gs_base, error);
	if (status != MOTE_OK)
		return status;
	gva = mote_x86_64_access_address(access, &vcpu->regs, fs_base, gs_base);
	first = mote_x86_64_access_first_bytes(access, gva);
	vcpu->pending = MOTE_HYPERV_ACCESS_PENDING;
	if (first < access->bytes ? !split(vm, gva, first, &gpa)
				  : ((gva ^ gpa) & ((1u << MOTE_HYPERV_FRAME_SHIFT) - 1)) != 0) {
		vcpu->pending = MOTE_HYPERV_NOTHING_PENDING;
		return MOTE_OK;
	}
	vcpu->value = write ? mote_x86_64_access_value(access, &vcpu->regs) : 0;
	memcpy(vcpu->data, &vcpu->value, first);
	set_access(vcpu, write, gpa, first, exit);
	return MOTE_OK;
}

/* The second of the two exits. */
static void report_second_part(struct mote_hyperv_vcpu *vcpu, struct mote_vm_exit *exit)
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
	vcpu->pending = MOTE_HYPERV_ACCESS_PENDING;
}

void mote_hyperv_skip_halt(struct mote_hyperv_vm *vm,
			   const struct mote_hyperv_instruction *instruction)
{
	begin_exit(vm->vcpu, instruction, MOTE_HYPERV_SKIP_PENDING, 0);
	vm->vcpu->next_rip = instruction->rip + 1;
}

/* ---- The next run ---------------------------------------------------------------------------- */

bool mote_hyperv_next_part(struct mote_hyperv_vm *vm, struct mote_vm_exit *exit)
{
	if (vm->vcpu->pending != MOTE_HYPERV_PART_PENDING)
		return false;
	report_second_part(vm->vcpu, exit);
	return true;
}
