/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets up a VM for guest code, and runs it.  Independent of architecture and hypervisor.
 */
#include "hypervisor/sandbox_vm.h"

#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "os/os.h"

void mote_sandbox_vm_build_monitor(const struct mote_monitor *monitor)
{
	mote_monitor_build(monitor, mote_doorbell_ports, MOTE_DOORBELL_PORTS);
	mote_os_memory_publish_code(monitor->memory, MOTE_MONITOR_BYTES);
}

bool mote_sandbox_vm_map_monitor(const struct mote_monitor *monitor,
				 struct mote_page_tables *tables)
{
	return mote_monitor_map(monitor, tables);
}

static mote_status start_vcpu(struct mote_vm *vm, const struct mote_sandbox_vm_setup *setup,
			      mote_error *error)
{
	struct mote_user_start start = setup->start;
	mote_regs regs;
	mote_sregs has, sregs;
	mote_status status = MOTE_OK;

	start.features = vm->hypervisor->capabilities.features;
	start.address_bits = vm->hypervisor->capabilities.address_bits;
	mote_power_on(&regs, &sregs, NULL, NULL);
	mote_monitor_start(&setup->monitor, &start, &regs, &sregs);
	if (MOTE_MONITOR_KEEPS)
		status = vm->ops->sregs(vm, &has, error);
	if (MOTE_MONITOR_KEEPS && status == MOTE_OK)
		mote_monitor_keep(&has, &sregs);
	if (status == MOTE_OK)
		status = vm->ops->set_sregs(vm, &sregs, error);
	if (status == MOTE_OK)
		status = vm->ops->set_regs(vm, &regs, error);
	return status;
}

mote_status mote_sandbox_vm_create(struct mote_hypervisor *hypervisor,
				   struct mote_sandbox_vm *created, mote_error *error)
{
	struct mote_vm *vm;
	mote_status status = hypervisor->backend->create(hypervisor, &vm, error);

	if (status == MOTE_OK)
		*created = (struct mote_sandbox_vm){
			.vm = vm,
			.parks = hypervisor->capabilities.thread_bound,
		};
	return status;
}

mote_status mote_sandbox_vm_set_up(struct mote_sandbox_vm *sandbox_vm,
				   const struct mote_sandbox_vm_setup *setup, mote_error *error)
{
	mote_status status = mote_vm_map_memory(sandbox_vm->vm, 0, &setup->ram, error);

	sandbox_vm->monitor = setup->monitor;
	if (status == MOTE_OK)
		status = start_vcpu(sandbox_vm->vm, setup, error);
	return status == MOTE_OK ? mote_vcpu_park(sandbox_vm->vm, error) : status;
}

bool mote_sandbox_vm_map_gate(const struct mote_sandbox_vm *sandbox_vm,
			      struct mote_page_tables *tables)
{
	return mote_gate_map(&sandbox_vm->monitor, tables);
}

static mote_status put_gate(struct mote_sandbox_vm *sandbox_vm, const mote_sregs *sregs,
			    struct mote_user_gate *gate, mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_regs regs;
	mote_fpu fpu;
	mote_status status = vm->ops->regs(vm, &regs, error);

	if (status == MOTE_OK)
		status = vm->ops->fpu(vm, &fpu, error);
	if (status != MOTE_OK)
		return status;
	if (mote_gate_put(&sandbox_vm->monitor, &regs, sregs, &fpu, gate))
		mote_os_memory_publish_code(sandbox_vm->monitor.memory + MOTE_MONITOR_BYTES,
					    MOTE_GATE_BYTES);
	else
		gate->bytes = 0;
	return MOTE_OK;
}

mote_status mote_sandbox_vm_save(struct mote_sandbox_vm *sandbox_vm, struct mote_vcpu_state *state,
				 mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_sregs sregs;
	mote_status status = vm->ops->sregs(vm, &sregs, error);

	if (status == MOTE_OK)
		status = vm->ops->save_state(vm, state->block, state->bytes, error);
	if (status == MOTE_OK)
		status = put_gate(sandbox_vm, &sregs, &state->gate, error);
	if (status == MOTE_OK)
		state->root = mote_sregs_root(&sregs);
	return status;
}

/* The root of the page tables is this VM's, and what it has become: on aarch64 it has the ASID. */
static mote_status set_root(struct mote_vm *vm, uint64_t root, mote_error *error)
{
	mote_sregs sregs;
	mote_status status = vm->ops->sregs(vm, &sregs, error);

	if (status != MOTE_OK || mote_sregs_root(&sregs) == root)
		return status;
	mote_sregs_root(&sregs) = root;
	return vm->ops->set_sregs(vm, &sregs, error);
}

/* Everything, with pending events.  Where this failed before, ASIDs may have been taken twice. */
static mote_status load_all(struct mote_sandbox_vm *sandbox_vm, const struct mote_vcpu_state *state,
			    mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	const bool again = sandbox_vm->root != 0;
	mote_sregs own;
	mote_status status = vm->ops->sregs(vm, &own, error);

	if (status == MOTE_OK && !again)
		sandbox_vm->root = mote_sregs_root(&own);
	if (status == MOTE_OK)
		status = vm->ops->load_state(vm, state->block, state->bytes, error);
	if (status == MOTE_OK)
		status = set_root(vm, sandbox_vm->root, error);
	if (status == MOTE_OK && again)
		status = vm->ops->invalidate_translations(vm, 0, UINT64_MAX, error);
	if (status == MOTE_OK)
		sandbox_vm->root = 0;
	return status;
}

mote_status mote_sandbox_vm_load(struct mote_sandbox_vm *sandbox_vm,
				 const struct mote_vcpu_state *state, bool clean, mote_error *error)
{
	const struct mote_user_gate *gate = state->gate.bytes > 0 ? &state->gate : NULL;
	struct mote_vm *vm = sandbox_vm->vm;

	if (clean)
		return vm->ops->load_user_state(vm, state->block, state->bytes, gate, error);
	return load_all(sandbox_vm, state, error);
}

mote_status mote_sandbox_vm_get_saved(struct mote_sandbox_vm *sandbox_vm,
				      const struct mote_vcpu_state *state,
				      uint8_t saved[MOTE_SAVED_BYTES], const char **problem,
				      mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_status status = vm->ops->load_state(vm, state->block, state->bytes, error);

	if (status == MOTE_OK)
		status = vm->ops->regs(vm, &regs, error);
	if (status == MOTE_OK)
		status = vm->ops->sregs(vm, &sregs, error);
	if (status == MOTE_OK)
		status = vm->ops->fpu(vm, &fpu, error);
	if (status != MOTE_OK)
		return status;
	mote_saved_pack(&regs, &sregs, &fpu, saved);
	*problem = mote_saved_unpack(saved, vm->hypervisor->capabilities.features, &regs, &sregs,
				     &fpu);
	return MOTE_OK;
}

mote_status mote_sandbox_vm_put_saved(struct mote_sandbox_vm *sandbox_vm,
				      const uint8_t saved[MOTE_SAVED_BYTES], const char **problem,
				      mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_status status = vm->ops->sregs(vm, &sregs, error);

	if (status != MOTE_OK)
		return status;
	*problem = mote_saved_unpack(saved, vm->hypervisor->capabilities.features, &regs, &sregs,
				     &fpu);
	if (*problem != NULL)
		return MOTE_OK;
	status = vm->ops->set_sregs(vm, &sregs, error);
	if (status == MOTE_OK)
		status = vm->ops->set_regs(vm, &regs, error);
	return status == MOTE_OK ? vm->ops->set_fpu(vm, &fpu, error) : status;
}

void mote_sandbox_vm_destroy(struct mote_sandbox_vm *sandbox_vm)
{
	if (sandbox_vm->vm != NULL)
		sandbox_vm->vm->ops->destroy(sandbox_vm->vm);
	sandbox_vm->vm = NULL;
}

/* A fault that is not an exception: the registers are the guest's own. */
static mote_status plain_fault(struct mote_sandbox_vm *sandbox_vm, struct mote_guest_event *event,
			       mote_fault_kind kind, mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_exception_state state;
	mote_status status = vm->ops->exception_state(vm, &state, error);

	event->kind = MOTE_EVENT_FAULT;
	event->exception.kind = kind;
	event->exception.vector = MOTE_FAULT_NO_VECTOR;
	if (status == MOTE_OK)
		event->exception.pc = mote_exception_state_pc(&state);
	return status;
}

/* After a shutdown some hypervisors return no registers; then they are zeros. */
static mote_status shutdown_fault(struct mote_sandbox_vm *sandbox_vm,
				  struct mote_guest_event *event)
{
	mote_error ignored = MOTE_ERROR_INIT;

	(void)plain_fault(sandbox_vm, event, MOTE_FAULT_SHUTDOWN, &ignored);
	return MOTE_OK;
}

static mote_status io_fault(struct mote_sandbox_vm *sandbox_vm, const struct mote_vm_exit *exit,
			    struct mote_guest_event *event, mote_error *error)
{
	const char *what = exit->kind == MOTE_EXIT_IO_OUT ? "write to" : "read from";

	if (exit->as.io.count == 0)
		snprintf(event->text, sizeof(event->text), "%s port 0x%x, by a string instruction",
			 what, exit->as.io.port);
	else
		snprintf(event->text, sizeof(event->text), "%s port 0x%x, %u bytes, %u times", what,
			 exit->as.io.port, exit->as.io.size, exit->as.io.count);
	return plain_fault(sandbox_vm, event, MOTE_FAULT_DOORBELL, error);
}

static mote_status mmio_fault(struct mote_sandbox_vm *sandbox_vm, const struct mote_vm_exit *exit,
			      struct mote_guest_event *event, mote_error *error)
{
	uint64_t gpa = exit->as.mmio.gpa;
	bool doorbell = mote_monitor_is_doorbell(gpa - sandbox_vm->vm->address_base);

	event->exception.address = gpa;
	event->exception.access =
		exit->kind == MOTE_EXIT_MMIO_WRITE ? MOTE_ACCESS_WRITE : MOTE_ACCESS_READ;
	return plain_fault(sandbox_vm, event, doorbell ? MOTE_FAULT_DOORBELL : MOTE_FAULT_PHYSICAL,
			   error);
}

/* A write that was only to be noticed is no fault: the monitor returns to its instruction. */
static mote_status serve_write(struct mote_sandbox_vm *sandbox_vm, struct mote_guest_event *event,
			       mote_error *error)
{
	return mote_tracking_serve(sandbox_vm->tracking, sandbox_vm->vm, &event->exception,
				   &event->served, error);
}

/* The instruction that the guest has at an address; NULL: it is not in its memory. */
static const uint8_t *instruction_at(const struct mote_sandbox_vm *sandbox_vm, uint64_t gva)
{
	const struct mote_memory_region *ram = &sandbox_vm->vm->slots[0];
	const struct mote_monitor *monitor = &sandbox_vm->monitor;
	const uint64_t offset = gva - monitor->gva + (monitor->gpa - ram->gpa);

	return offset <= ram->bytes - MOTE_SYSTEM_CALL_BYTES ? (const uint8_t *)ram->hva + offset
							     : NULL;
}

/* Ported code makes system calls; they are told from other faults, in one form. */
static mote_status find_system_call(struct mote_sandbox_vm *sandbox_vm,
				    struct mote_exception *exception, mote_error *error)
{
	const bool jumped = mote_system_call_jumped(exception);
	uint64_t at = exception->pc;
	const uint8_t *code;
	mote_regs regs;
	mote_status status;

	if (jumped) {
		status = sandbox_vm->vm->ops->regs(sandbox_vm->vm, &regs, error);
		if (status != MOTE_OK)
			return status;
		at = mote_regs_system_call_return(&regs) - MOTE_SYSTEM_CALL_BYTES;
	}
	code = instruction_at(sandbox_vm, at);
	exception->system_call = code != NULL && mote_system_call_is(exception, code);
	if (jumped && exception->system_call)
		mote_system_call_refuse(exception, at);
	return MOTE_OK;
}

/* The monitor's exit.  User mode cannot cause a Halt anywhere else, so none is expected. */
static mote_status halt_event(struct mote_sandbox_vm *sandbox_vm, struct mote_guest_event *event,
			      mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_exception_state state;
	mote_status status = vm->ops->exception_state(vm, &state, error);

	if (status != MOTE_OK)
		return status;
	event->kind = MOTE_EVENT_FAULT;
	event->in_monitor = mote_monitor_exception(&sandbox_vm->monitor, &state, &event->exception);
	if (event->in_monitor && sandbox_vm->tracking != NULL)
		status = serve_write(sandbox_vm, event, error);
	if (event->in_monitor)
		return status == MOTE_OK && !event->served
			       ? find_system_call(sandbox_vm, &event->exception, error)
			       : status;
	snprintf(event->text, sizeof(event->text), "halt outside the monitor's stubs");
	return plain_fault(sandbox_vm, event, MOTE_FAULT_OTHER, error);
}

mote_status mote_sandbox_vm_locate(struct mote_sandbox_vm *sandbox_vm,
				   struct mote_guest_event *event, mote_error *error)
{
	const struct mote_monitor *monitor = &sandbox_vm->monitor;
	struct mote_vm *vm = sandbox_vm->vm;
	mote_exception_state state;
	mote_status status = vm->ops->exception_state(vm, &state, error);

	if (status != MOTE_OK)
		return status;
	memset(event, 0, sizeof(*event));
	event->in_monitor = mote_monitor_exception(monitor, &state, &event->exception);
	if (event->in_monitor)
		return MOTE_OK;
	mote_exception_state_pc(&state) += MOTE_MONITOR_STOP_BYTES;
	event->in_monitor = mote_monitor_exception(monitor, &state, &event->exception);
	return MOTE_OK;
}

mote_status mote_sandbox_vm_user_registers(struct mote_sandbox_vm *sandbox_vm,
					   const struct mote_guest_event *event,
					   mote_registers *registers, mote_error *error)
{
	mote_regs *regs = &mote_arch_registers(registers);
	mote_status status = sandbox_vm->vm->ops->regs(sandbox_vm->vm, regs, error);

	if (status != MOTE_OK)
		return status;
	registers->machine = MOTE_ARCH_MACHINE;
	if (event->in_monitor) {
		mote_regs_pc(regs) = event->exception.pc;
		mote_regs_sp(regs) = event->exception.sp;
		mote_regs_flags(regs) = event->exception.flags;
	}
	return MOTE_OK;
}

static mote_status translate(struct mote_sandbox_vm *sandbox_vm, const struct mote_vm_exit *exit,
			     struct mote_guest_event *event, mote_error *error)
{
	memset(event, 0, sizeof(*event));
	switch (exit->kind) {
	case MOTE_EXIT_HALT:
		return halt_event(sandbox_vm, event, error);
	case MOTE_EXIT_IO_OUT:
	case MOTE_EXIT_IO_IN:
		return io_fault(sandbox_vm, exit, event, error);
	case MOTE_EXIT_MMIO_READ:
	case MOTE_EXIT_MMIO_WRITE:
		return mmio_fault(sandbox_vm, exit, event, error);
	case MOTE_EXIT_CANCELLED:
		event->kind = MOTE_EVENT_CANCELLED;
		break;
	case MOTE_EXIT_SHUTDOWN:
		return shutdown_fault(sandbox_vm, event);
	case MOTE_EXIT_DEBUG:
		snprintf(event->text, sizeof(event->text), "debug exit");
		return plain_fault(sandbox_vm, event, MOTE_FAULT_OTHER, error);
	case MOTE_EXIT_RETRY:
		sandbox_vm->exits--; /* the guest did nothing */
		event->kind = MOTE_EVENT_BREAK;
		break;
	case MOTE_EXIT_UNKNOWN:
		memcpy(event->text, exit->as.text, sizeof(event->text));
		return plain_fault(sandbox_vm, event, MOTE_FAULT_OTHER, error);
	}
	return MOTE_OK;
}

mote_status mote_sandbox_vm_translate(struct mote_sandbox_vm *sandbox_vm, struct mote_vm_exit *exit,
				      struct mote_guest_event *event, mote_error *error)
{
	mote_status status = translate(sandbox_vm, exit, event, error);

	while (status == MOTE_OK && event->served) {
		status = mote_sandbox_vm_enter(sandbox_vm, exit, error);
		if (status == MOTE_OK && mote_is_doorbell(exit)) {
			event->kind = MOTE_EVENT_DOORBELL;
			event->port = exit->as.io.port;
			event->served = false;
		} else if (status == MOTE_OK) {
			status = translate(sandbox_vm, exit, event, error);
		}
	}
	return status;
}
