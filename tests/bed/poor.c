/* SPDX-License-Identifier: Apache-2.0
 *
 * The pretended backend: a VM of its own around one of KVM.
 */
#define _GNU_SOURCE /* dup3 */
#include "poor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm.h"
#include "hypervisor/backends/kvm/kvm_internal.h"
#include "hypervisor/vcpu.h"
#include "os/os.h"

unsigned poor_kinds(void)
{
	static const char *const names[] = {"kick",	 "exits",   "memory",
					    "addresses", "threads", "parts"};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	const char *wanted = getenv("MOTE_TEST_POOR");
	unsigned kinds = 0;

	if (wanted == NULL || wanted[0] == '\0')
		return 0;
	if (strcmp(wanted, "all") == 0)
		return (1u << COUNT) - 1;
	for (unsigned i = 0; i < COUNT; i++)
		if (strstr(wanted, names[i]) != NULL)
			kinds |= 1u << i;
	if (kinds == 0) {
		fprintf(stderr, "MOTE_TEST_POOR=%s: no such kind\n", wanted);
		exit(2);
	}
	return kinds;
}

/* ---- The kick without a byte ---------------------------------------------------------------- */

/*
 * The vCPU is run through a descriptor of its own.  Who kicks puts another file in its place before
 * the signal is sent: an entry that has not begun fails, and one that has is ended by the signal.
 */
struct poor_kick {
	struct mote_kick base;
	struct mote_kick_signal signal;
	volatile uint8_t byte; /* nobody reads it */
	int vcpu_fd, run_fd, other_fd;
};

static struct poor_kick *to_kick(struct mote_kick *kick)
{
	return (struct poor_kick *)kick;
}

static void poor_arm(struct mote_kick *kick)
{
	(void)kick;
}

static void poor_send(struct mote_kick *base, uintptr_t thread)
{
	struct poor_kick *kick = to_kick(base);

	(void)dup3(kick->other_fd, kick->run_fd, O_CLOEXEC);
	kick->signal.base.ops->send(&kick->signal.base, thread);
}

static void poor_take(struct mote_kick *base)
{
	struct poor_kick *kick = to_kick(base);

	(void)dup3(kick->vcpu_fd, kick->run_fd, O_CLOEXEC);
	kick->signal.base.ops->take(&kick->signal.base);
}

/* ---- The VM ------------------------------------------------------------------------------- */

struct poor_vm {
	struct mote_vm base;
	unsigned kinds;
	struct mote_vm *inner;
	struct mote_hypervisor rich; /* as the VM beneath sees it */
	struct poor_kick kick;
	/* POOR_THREADS: loaded: the vCPU belongs to owner; if not, its state is in `state`. */
	bool loaded;
	uintptr_t owner;
	void *state;
	size_t state_bytes;
};

static struct poor_vm *to_poor(struct mote_vm *base)
{
	return (struct poor_vm *)base;
}

static struct mote_kvm_vm *to_kvm(const struct poor_vm *vm)
{
	return (struct mote_kvm_vm *)vm->inner;
}

/* The calling thread has the vCPU from now on. */
static mote_status ready(struct poor_vm *vm, mote_error *error)
{
	mote_status status = MOTE_OK;

	if (!(vm->kinds & POOR_THREADS))
		return MOTE_OK;
	if (vm->loaded && vm->owner != mote_os_thread_self())
		return mote_fail(error, MOTE_HYPERVISOR, "the vCPU belongs to another thread");
	if (!vm->loaded)
		status = vm->inner->ops->load_state(vm->inner, vm->state, vm->state_bytes, error);
	vm->loaded = status == MOTE_OK;
	vm->owner = mote_os_thread_self();
	return status;
}

static mote_status poor_park(struct mote_vm *base, mote_error *error)
{
	struct poor_vm *vm = to_poor(base);
	mote_status status = MOTE_OK;

	if (!vm->loaded)
		return MOTE_OK;
	status = ready(vm, error);
	if (status == MOTE_OK && vm->state == NULL) {
		status = vm->inner->ops->state_bytes(vm->inner, &vm->state_bytes, error);
		if (status == MOTE_OK)
			vm->state = mote_allocate(base->hypervisor->allocator, vm->state_bytes);
		if (status == MOTE_OK && vm->state == NULL)
			status = mote_fail_memory(error, "vCPU state");
	}
	if (status == MOTE_OK)
		status = vm->inner->ops->save_state(vm->inner, vm->state, vm->state_bytes, error);
	/* Nothing of it is left in the vCPU. */
	if (status == MOTE_OK)
		status = mote_vcpu_reset(vm->inner, error);
	if (status == MOTE_OK)
		vm->loaded = false;
	return status;
}

static void poor_destroy(struct mote_vm *base)
{
	struct poor_vm *vm = to_poor(base);

	if (vm->inner != NULL) {
		/* In a forked child, another thread's run goes on for ever. */
		to_kvm(vm)->vcpu_fd = vm->kick.vcpu_fd;
		vm->inner->ops->destroy(vm->inner);
	}
	if (vm->kick.run_fd >= 0)
		close(vm->kick.run_fd);
	if (vm->kick.other_fd >= 0)
		close(vm->kick.other_fd);
	mote_release(base->hypervisor->allocator, vm->state);
	mote_vm_end(base);
	mote_release(vm->base.hypervisor->allocator, vm);
}

static mote_status enter_inner(struct poor_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	mote_error own = MOTE_ERROR_INIT;
	mote_status status;

	if (vm->kinds & POOR_KICK)
		to_kvm(vm)->vcpu_fd = vm->kick.run_fd;
	status = vm->inner->ops->enter(vm->inner, exit, &own);
	to_kvm(vm)->vcpu_fd = vm->kick.vcpu_fd;
	if (status == MOTE_OK)
		return MOTE_OK;
	if (!(vm->kinds & POOR_KICK) || own.os_code != ENOTTY)
		return mote_fail_as(error, &own);
	exit->kind = MOTE_EXIT_RETRY;
	return MOTE_OK;
}

static mote_status poor_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error)
{
	struct poor_vm *vm = to_poor(base);
	mote_status status = ready(vm, error);

	if (status == MOTE_OK)
		status = enter_inner(vm, exit, error);
	if (status == MOTE_OK && (vm->kinds & POOR_EXITS))
		status = poor_exit(vm->inner, exit, error);
	return status;
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* Whether the host may write to memory, as /proc says. */
static bool is_writable(const void *hva)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], permissions[8] = "rw";
	unsigned long begin, end;
	bool writable = true;

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, permissions) == 3 &&
		    (unsigned long)(uintptr_t)hva - begin < end - begin)
			writable = permissions[1] == 'w';
	if (maps != NULL)
		fclose(maps);
	return writable;
}

/* With POOR_PARTS a slot is two beneath, the second of which may be empty. */
static uint32_t inner_slot(const struct poor_vm *vm, uint32_t slot)
{
	return vm->kinds & POOR_PARTS ? 2 * slot : slot;
}

static uint64_t first_part(const struct poor_vm *vm, uint64_t bytes)
{
	const uint64_t page = vm->rich.capabilities.page_bytes;

	return vm->kinds & POOR_PARTS && bytes > page ? bytes / page / 2 * page : bytes;
}

static mote_status poor_map_memory(struct mote_vm *base, uint32_t slot,
				   const struct mote_memory_region *region, mote_error *error)
{
	struct poor_vm *vm = to_poor(base);
	struct mote_memory_region first = *region, second = *region;
	const uint32_t inner = inner_slot(vm, slot);
	mote_status status;

	if (vm->kinds & POOR_MEMORY && !is_writable(region->hva))
		return mote_fail(error, MOTE_HYPERVISOR, "memory that the host may only read");
	first.bytes = first_part(vm, region->bytes);
	second.gpa += first.bytes;
	second.hva = (uint8_t *)region->hva + first.bytes;
	second.bytes -= first.bytes;
	status = mote_vm_map_memory(vm->inner, inner, &first, error);
	if (status != MOTE_OK || second.bytes == 0)
		return status;
	status = mote_vm_map_memory(vm->inner, inner + 1, &second, error);
	if (status != MOTE_OK) {
		mote_error ignored = MOTE_ERROR_INIT;

		(void)mote_vm_unmap_memory(vm->inner, inner, &ignored);
	}
	return status;
}

static mote_status poor_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	struct poor_vm *vm = to_poor(base);
	const uint32_t inner = inner_slot(vm, slot);
	const struct mote_memory_region *region = &base->slots[slot];
	mote_status status = MOTE_OK;

	/* A part that is unmapped already, by a call that failed after it, stays so. */
	if (first_part(vm, region->bytes) < region->bytes && inner + 1 < vm->inner->slot_count &&
	    vm->inner->slots[inner + 1].hva != NULL)
		status = mote_vm_unmap_memory(vm->inner, inner + 1, error);
	return status == MOTE_OK ? mote_vm_unmap_memory(vm->inner, inner, error) : status;
}

static mote_status poor_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
						mote_error *error)
{
	struct poor_vm *vm = to_poor(base);
	const uint64_t first = first_part(vm, bytes);
	mote_status status = ready(vm, error);

	if (status == MOTE_OK)
		status = vm->inner->ops->invalidate_translations(vm->inner, gpa, first, error);
	if (status == MOTE_OK && first < bytes)
		status = vm->inner->ops->invalidate_translations(vm->inner, gpa + first,
								 bytes - first, error);
	return status;
}

/* ---- Registers ---------------------------------------------------------------------------- */

/* An operation that is KVM's, for the thread that has the vCPU. */
#define PASS(operation, parameters, ...)                                                           \
	static mote_status poor_##operation parameters                                             \
	{                                                                                          \
		struct poor_vm *vm = to_poor(base);                                                \
		mote_status status = ready(vm, error);                                             \
                                                                                                   \
		return status == MOTE_OK ? vm->inner->ops->operation(vm->inner, __VA_ARGS__)       \
					 : status;                                                 \
	}

PASS(regs, (struct mote_vm * base, mote_regs *regs, mote_error *error), regs, error)
PASS(sregs, (struct mote_vm * base, mote_sregs *sregs, mote_error *error), sregs, error)
PASS(fpu, (struct mote_vm * base, mote_fpu *fpu, mote_error *error), fpu, error)
PASS(debug_regs, (struct mote_vm * base, mote_debug_regs *regs, mote_error *error), regs, error)
PASS(exception_state, (struct mote_vm * base, mote_exception_state *state, mote_error *error),
     state, error)
PASS(set_exception_return,
     (struct mote_vm * base, const mote_exception_state *state, mote_error *error), state, error)
PASS(set_sregs, (struct mote_vm * base, const mote_sregs *sregs, mote_error *error), sregs, error)
PASS(set_fpu, (struct mote_vm * base, const mote_fpu *fpu, mote_error *error), fpu, error)
PASS(set_debug_regs, (struct mote_vm * base, const mote_debug_regs *regs, mote_error *error), regs,
     error)
PASS(state_bytes, (struct mote_vm * base, size_t *bytes, mote_error *error), bytes, error)
PASS(save_state, (struct mote_vm * base, void *state, size_t bytes, mote_error *error), state,
     bytes, error)
PASS(load_state, (struct mote_vm * base, const void *state, size_t bytes, mote_error *error), state,
     bytes, error)
PASS(load_user_state,
     (struct mote_vm * base, const void *state, size_t bytes, const struct mote_user_gate *gate,
      mote_error *error),
     state, bytes, gate, error)
PASS(begin_reset, (struct mote_vm * base, mote_error *error), error)

/* In two calls, the first of which sets half of the registers. */
static mote_status poor_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error)
{
	struct poor_vm *vm = to_poor(base);
	mote_regs half;
	mote_status status = ready(vm, error);

	if (status == MOTE_OK && (vm->kinds & POOR_PARTS)) {
		status = vm->inner->ops->regs(vm->inner, &half, error);
		memcpy(&half, regs, sizeof(half) / 16 * 8);
		if (status == MOTE_OK)
			status = vm->inner->ops->set_regs(vm->inner, &half, error);
	}
	return status == MOTE_OK ? vm->inner->ops->set_regs(vm->inner, regs, error) : status;
}

static mote_status poor_native_handle(struct mote_vm *base, mote_native_handle_kind kind,
				      uintptr_t *handle, mote_error *error)
{
	return to_poor(base)->inner->ops->native_handle(to_poor(base)->inner, kind, handle, error);
}

static const struct mote_vm_ops vm_ops = {
	.destroy = poor_destroy,
	.reserve_gpa = poor_reserve_gpa,
	.release_gpa = mote_vm_release_gpa,
	.map_memory = poor_map_memory,
	.unmap_memory = poor_unmap_memory,
	.enter = poor_enter,
	.regs = poor_regs,
	.set_regs = poor_set_regs,
	.sregs = poor_sregs,
	.set_sregs = poor_set_sregs,
	.fpu = poor_fpu,
	.set_fpu = poor_set_fpu,
	.debug_regs = poor_debug_regs,
	.set_debug_regs = poor_set_debug_regs,
	.exception_state = poor_exception_state,
	.set_exception_return = poor_set_exception_return,
	.state_bytes = poor_state_bytes,
	.save_state = poor_save_state,
	.load_state = poor_load_state,
	.load_user_state = poor_load_user_state,
	.begin_reset = poor_begin_reset,
	.invalidate_translations = poor_invalidate_translations,
	.park = poor_park,
	.native_handle = poor_native_handle,
};

/* ---- The backend -------------------------------------------------------------------------- */

static void make_kick(struct poor_vm *vm, int number)
{
	static const struct mote_kick_ops ops = {
		.arm = poor_arm, .send = poor_send, .take = poor_take};

	vm->kick.base.ops = &ops;
	mote_kick_signal_init(&vm->kick.signal, number, &vm->kick.byte);
}

static mote_status open_descriptors(struct poor_vm *vm, mote_error *error)
{
	struct poor_kick *kick = &vm->kick;

	kick->run_fd = fcntl(kick->vcpu_fd, F_DUPFD_CLOEXEC, 3);
	if (kick->run_fd >= 0)
		kick->other_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (kick->run_fd < 0 || kick->other_fd < 0)
		return mote_os_fail(error, MOTE_DOMAIN_HYPERVISOR, errno,
				    "a descriptor for the vCPU");
	return MOTE_OK;
}

/* KVM's own kick is the byte in the page that it shares. */
static struct mote_kick *kick_of(struct poor_vm *vm)
{
	return vm->kinds & POOR_KICK ? &vm->kick.base : &to_kvm(vm)->kick.base;
}

static mote_status poor_create(struct mote_hypervisor *hypervisor, struct mote_vm **created,
			       mote_error *error)
{
	struct poor_vm *vm = mote_allocate(hypervisor->allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	vm->kinds = poor_kinds();
	vm->base.hypervisor = hypervisor;
	vm->base.addresses.allocator = hypervisor->allocator;
	vm->kick.run_fd = vm->kick.other_fd = -1;
	make_kick(vm, ((struct mote_kvm *)hypervisor)->kick_signal);
	status = mote_backend_kvm.create(hypervisor, &vm->inner, error);
	if (status == MOTE_OK)
		vm->kick.vcpu_fd = to_kvm(vm)->vcpu_fd;
	if (status == MOTE_OK && (vm->kinds & POOR_KICK))
		status = open_descriptors(vm, error);
	if (status == MOTE_OK)
		status = mote_vm_begin(&vm->base, &vm_ops, hypervisor, kick_of(vm), error);
	if (status != MOTE_OK) {
		poor_destroy(&vm->base);
		return status;
	}
	vm->rich = *hypervisor;
	vm->rich.capabilities.slots *= 2;
	vm->rich.capabilities.aliases = true;
	vm->rich.capabilities.read_only_host_memory = true;
	vm->inner->hypervisor = &vm->rich;
	vm->loaded = true;
	vm->owner = mote_os_thread_self();
	*created = &vm->base;
	return MOTE_OK;
}

void poor_adopt(struct mote_hypervisor *hypervisor)
{
	struct mote_capabilities *capabilities = &hypervisor->capabilities;
	const unsigned kinds = poor_kinds();

	if (kinds == 0)
		return;
	hypervisor->backend = &poor_backend;
	if (kinds & POOR_EXITS) {
		capabilities->described_accesses = !poor_leaves_undescribed;
		capabilities->doorbell_calls += poor_doorbell_calls;
	}
	if (kinds & POOR_MEMORY) {
		capabilities->aliases = capabilities->read_only_host_memory = false;
		capabilities->host_cow = false;
	}
	if (kinds & POOR_ADDRESSES)
		capabilities->address_base = poor_address_base();
	if (kinds & POOR_THREADS)
		capabilities->thread_bound = true;
	if (kinds & POOR_PARTS)
		capabilities->slots /= 2;
}

static void poor_probe(const struct mote_system *const *systems, mote_probe_result *result)
{
	mote_backend_kvm.probe(systems, result);
}

static mote_status poor_open(const struct mote_hypervisor_options *options,
			     struct mote_hypervisor **hypervisor, mote_error *error)
{
	mote_status status = mote_backend_kvm.open(options, hypervisor, error);

	if (status == MOTE_OK)
		poor_adopt(*hypervisor);
	return status;
}

static void poor_close(struct mote_hypervisor *hypervisor)
{
	mote_backend_kvm.close(hypervisor);
}

static mote_status poor_check_thread(const struct mote_hypervisor *hypervisor, mote_error *error)
{
	return mote_backend_kvm.check_thread(hypervisor, error);
}

const struct mote_backend poor_backend = {
	.kind = MOTE_BACKEND_KVM,
	.probe = poor_probe,
	.open = poor_open,
	.close = poor_close,
	.check_thread = poor_check_thread,
	.create = poor_create,
};
