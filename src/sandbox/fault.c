/* SPDX-License-Identifier: Apache-2.0
 *
 * Describes guest faults: what happened, where, in which function.
 */
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "sandbox/sandbox_internal.h"
#include "text/text.h"

static void find_symbol(const mote_sandbox *sandbox, mote_fault *fault)
{
	const struct mote_layout_region *image = &sandbox->layout.regions[MOTE_LAYOUT_IMAGE];
	const char *name;

	if (fault->pc - image->gva < image->bytes &&
	    mote_elf_nearest_symbol(&sandbox->image->elf, fault->pc - sandbox->layout.image_bias,
				    &name, &fault->symbol_offset))
		mote_text_copy(fault->symbol, sizeof(fault->symbol), name, strlen(name));
}

static const char *region_name(const mote_sandbox *sandbox, uint64_t gva)
{
	const struct mote_mailbox *mailbox = &sandbox->mailbox;

	for (size_t i = 0; i < mailbox->call.buffer_count; i++)
		if (gva - mailbox->call.buffers[i].gva < mailbox->call.buffers[i].bytes)
			return "shared buffer";
	return mote_layout_name(&sandbox->layout, gva);
}

/* Where the guest sees a guest-physical address, which it does not know; 0 when it does not. */
static uint64_t seen_at(const mote_sandbox *sandbox, uint64_t gpa)
{
	const struct mote_mailbox *mailbox = &sandbox->mailbox;
	uint64_t offset = gpa - sandbox->vm.vm->address_base;

	if (offset < mote_layout_ram_end(&sandbox->layout))
		return offset;
	for (size_t i = 0; i < mailbox->call.buffer_count; i++) {
		const struct mote_mapped_buffer *mapped = &mailbox->call.buffers[i];

		if (gpa - mapped->gpa < mapped->bytes)
			return mapped->gva + (gpa - mapped->gpa);
	}
	return 0;
}

static void describe_place(const mote_fault *fault, char *text, size_t capacity)
{
	if (fault->symbol[0] != '\0')
		snprintf(text, capacity, "0x%llx (%s+0x%llx)", (unsigned long long)fault->pc,
			 fault->symbol, (unsigned long long)fault->symbol_offset);
	else
		snprintf(text, capacity, "0x%llx", (unsigned long long)fault->pc);
}

static mote_status report(mote_sandbox *sandbox, const char *detail, mote_error *error)
{
	const mote_fault *fault = &sandbox->fault;
	char place[MOTE_FAULT_SYMBOL_BYTES + 48];

	describe_place(fault, place, sizeof(place));
	if (sandbox->fault_event.exception.system_call)
		return mote_fail(error, MOTE_GUEST_FAULT,
				 "guest fault: %s: system call, at %s; a guest has no operating "
				 "system",
				 mote_fault_kind_text(fault->kind), place);
	if (fault->kind == MOTE_FAULT_STACK_OVERFLOW)
		return mote_fail_option(error, MOTE_GUEST_FAULT, MOTE_SUBJECT_STACK_BYTES,
					"guest fault: %s: %s 0x%llx (%s) at %s; raise",
					mote_fault_kind_text(fault->kind),
					mote_access_text(fault->access),
					(unsigned long long)fault->address, fault->region, place);
	if (fault->access != MOTE_ACCESS_NONE)
		return mote_fail(error, MOTE_GUEST_FAULT, "guest fault: %s: %s 0x%llx (%s) at %s",
				 mote_fault_kind_text(fault->kind), mote_access_text(fault->access),
				 (unsigned long long)fault->address, fault->region, place);
	if (fault->vector != MOTE_FAULT_NO_VECTOR)
		return mote_fail(error, MOTE_GUEST_FAULT, "guest fault: %s: %s, code 0x%llx, at %s",
				 mote_fault_kind_text(fault->kind), mote_vector_name(fault->vector),
				 (unsigned long long)fault->error_code, place);
	return mote_fail(error, MOTE_GUEST_FAULT, "guest fault: %s%s%s at %s",
			 mote_fault_kind_text(fault->kind), detail[0] != '\0' ? ": " : "", detail,
			 place);
}

mote_status mote_sandbox_report_fault(mote_sandbox *sandbox, const struct mote_guest_event *event,
				      mote_error *error)
{
	const struct mote_exception *exception = &event->exception;
	mote_fault *fault = &sandbox->fault;
	/* A fault that is not an exception has a physical address. */
	bool physical = exception->vector == MOTE_FAULT_NO_VECTOR;

	*fault = (mote_fault){
		.size = sizeof(*fault),
		.kind = exception->kind,
		.vector = exception->vector,
		.error_code = exception->error_code,
		.pc = exception->pc,
		.access = exception->access,
	};
	sandbox->fault_event = *event;
	sandbox->has_fault = true;
	if (exception->access != MOTE_ACCESS_NONE) {
		fault->address =
			physical ? seen_at(sandbox, exception->address) : exception->address;
		snprintf(fault->region, sizeof(fault->region), "%s",
			 region_name(sandbox, fault->address));
		if (fault->kind == MOTE_FAULT_MEMORY &&
		    mote_layout_is_stack_guard(&sandbox->layout, fault->address))
			fault->kind = MOTE_FAULT_STACK_OVERFLOW;
	}
	find_symbol(sandbox, fault);
	return report(sandbox, event->text, error);
}

mote_status mote_sandbox_report_mailbox(mote_sandbox *sandbox, const char *problem,
					mote_error *error)
{
	struct mote_guest_event event = {
		.exception = {.kind = MOTE_FAULT_MAILBOX, .vector = MOTE_FAULT_NO_VECTOR},
	};
	struct mote_vm *vm = sandbox->vm.vm;
	mote_exception_state state;
	mote_status status = vm->ops->exception_state(vm, &state, error);

	if (status != MOTE_OK)
		return status;
	event.exception.pc = mote_exception_state_pc(&state);
	mote_text_copy(event.text, sizeof(event.text), problem, strlen(problem));
	return mote_sandbox_report_fault(sandbox, &event, error);
}

/* Registers cost a call of the hypervisor each on some architectures, and few ask for them. */
static void read_registers(mote_sandbox *sandbox)
{
	mote_registers *registers = &sandbox->fault.registers;
	mote_error ignored;

	mote_error_begin(&ignored);
	sandbox->fault_registers_read = true;
	*registers = (mote_registers){.machine = MOTE_ARCH_MACHINE};
	if (mote_engine_forked(sandbox->engine))
		return;
	(void)mote_sandbox_vm_user_registers(&sandbox->vm, &sandbox->fault_event, registers,
					     &ignored);
	(void)mote_vcpu_park(sandbox->vm.vm, &ignored);
}

const mote_fault *mote_sandbox_get_fault(mote_sandbox *sandbox)
{
	if (!sandbox->has_fault)
		return NULL;
	if (!sandbox->fault_registers_read)
		read_registers(sandbox);
	return &sandbox->fault;
}

mote_status mote_sandbox_poison(mote_sandbox *sandbox, mote_status status, mote_error *error)
{
	sandbox->poisoned = true;
	sandbox->poison_status = status;
	if (error != NULL)
		mote_text_copy(sandbox->poison_text, sizeof(sandbox->poison_text), error->text,
			       strlen(error->text));
	return status;
}
