/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's x86_64 vCPU: setup, CPUID, general, special and debug registers, reset.
 * Extended state is in kvm_x86_64_xsave.c.  Source: Linux,
 * Documentation/virt/kvm/api.rst.
 */
#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"

#include <errno.h>
#include <string.h>

#include "error_internal.h"

enum {
	FIRST_CPUID_ENTRIES = 128,
	MAXIMUM_CPUID_ENTRIES = 4096,
	MAXIMUM_RETIREMENTS = 16, /* an instruction makes a handful of accesses */
};

enum { SYNC_REGS = MOTE_KVM_X86_SYNC_REGS | MOTE_KVM_X86_SYNC_SREGS };

/* ---- The device -------------------------------------------------------------------------- */

const char mote_kvm_arch_remedy[] = "load the kernel module (modprobe kvm_intel or kvm_amd) and "
				    "enable virtualization in the firmware";

static mote_status read_cpuid(struct mote_kvm *kvm, struct mote_kvm_arch *arch, mote_error *error)
{
	int result = -E2BIG;

	for (uint32_t entries = FIRST_CPUID_ENTRIES;
	     result == -E2BIG && entries <= MAXIMUM_CPUID_ENTRIES; entries *= 2) {
		mote_release(kvm->base.allocator, arch->cpuid);
		arch->cpuid = mote_allocate(kvm->base.allocator,
					    sizeof(*arch->cpuid) +
						    entries * sizeof(arch->cpuid->entries[0]));
		if (arch->cpuid == NULL)
			return mote_fail_memory(error, "CPUID table");
		arch->cpuid->nent = entries;
		result = mote_kvm_ioctl(kvm, kvm->fd, MOTE_KVM_GET_SUPPORTED_CPUID, arch->cpuid);
	}
	return result < 0 ? mote_kvm_fail(error, -result, "KVM_GET_SUPPORTED_CPUID") : MOTE_OK;
}

static struct mote_x86_64_cpuid_leaf from_entry(const struct mote_kvm_x86_cpuid_entry *k)
{
	return (struct mote_x86_64_cpuid_leaf){
		.function = k->function,
		.index = k->index,
		.eax = k->eax,
		.ebx = k->ebx,
		.ecx = k->ecx,
		.edx = k->edx,
	};
}

/* KVM's flags and padding stay with the entry. */
static void to_entry(const struct mote_x86_64_cpuid_leaf *leaf, struct mote_kvm_x86_cpuid_entry *k)
{
	k->eax = leaf->eax;
	k->ebx = leaf->ebx;
	k->ecx = leaf->ecx;
	k->edx = leaf->edx;
}

static bool offers_pkru(const struct mote_x86_64_cpuid_leaf *leaf)
{
	return leaf->function == 0xd && leaf->index == 0 && (leaf->eax & MOTE_X86_64_XCR0_PKRU);
}

/* Makes KVM's table the guest's, in place. */
static void filter_cpuid(struct mote_kvm_arch *arch)
{
	struct mote_kvm_x86_cpuid *table = arch->cpuid;
	uint32_t kept = 0;

	arch->facts = MOTE_X86_64_CPUID_FACTS_INIT;
	for (uint32_t i = 0; i < table->nent; i++) {
		struct mote_x86_64_cpuid_leaf leaf = from_entry(&table->entries[i]);

		arch->pkru |= offers_pkru(&leaf); /* before it is hidden */
		if (!mote_x86_64_cpuid_filter(&leaf))
			continue;
		mote_x86_64_cpuid_learn(&arch->facts, &leaf);
		table->entries[kept] = table->entries[i];
		to_entry(&leaf, &table->entries[kept++]);
	}
	table->nent = kept;
}

mote_status mote_kvm_arch_open(struct mote_kvm *kvm, mote_error *error)
{
	struct mote_kvm_arch *arch = mote_allocate(kvm->base.allocator, sizeof(*arch));
	mote_status status;
	int value;

	if (arch == NULL)
		return mote_fail_memory(error, "hypervisor");
	kvm->arch = arch;
	if (!mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_XSAVE) ||
	    !mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_XCRS) ||
	    !mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_DEBUGREGS))
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "/dev/kvm: no KVM_CAP_XSAVE, KVM_CAP_XCRS or KVM_CAP_DEBUGREGS; "
				 "this processor or kernel is too old");
	value = mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_XSAVE2);
	arch->xsave_bytes =
		value > (int)MOTE_KVM_X86_XSAVE_BYTES ? (size_t)value : MOTE_KVM_X86_XSAVE_BYTES;
	value = mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_SYNC_REGS);
	arch->sync_regs = (value & SYNC_REGS) == SYNC_REGS;
	value = mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_DISABLE_QUIRKS2);
	arch->hypercall_quirk = (value & MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN) != 0;
	status = read_cpuid(kvm, arch, error);
	if (status != MOTE_OK)
		return status;
	filter_cpuid(arch);
	kvm->base.capabilities.address_bits = arch->facts.address_bits;
	kvm->base.capabilities.features = arch->facts.features;
	memcpy(kvm->base.capabilities.processor, arch->facts.processor,
	       sizeof(arch->facts.processor));
	return MOTE_OK;
}

void mote_kvm_arch_close(struct mote_kvm *kvm)
{
	if (kvm->arch == NULL)
		return;
	mote_release(kvm->base.allocator, kvm->arch->cpuid);
	mote_release(kvm->base.allocator, kvm->arch);
}

/* ---- Set-up ------------------------------------------------------------------------------ */

mote_status mote_kvm_arch_create_vm(struct mote_kvm_vm *vm, mote_error *error)
{
	/* KVM would otherwise patch the other vendor's hypercall instruction in guest memory. */
	struct mote_kvm_enable_cap quirks = {
		.cap = MOTE_KVM_CAP_DISABLE_QUIRKS2,
		.args = {MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN},
	};
	int result;

	if (!vm->kvm->arch->hypercall_quirk)
		return MOTE_OK;
	result = mote_kvm_ioctl(vm->kvm, vm->vm_fd, MOTE_KVM_ENABLE_CAP, &quirks);
	return result < 0 ? mote_kvm_fail(error, -result, "KVM_ENABLE_CAP") : MOTE_OK;
}

mote_status mote_kvm_set_xcr0(struct mote_kvm_vm *vm, mote_error *error)
{
	const struct mote_kvm_x86_xcrs xcrs = {
		.nr_xcrs = 1,
		.xcrs = {{.xcr = 0, .value = vm->kvm->arch->facts.xcr0}},
	};

	if (vm->kvm->arch->facts.xcr0 == 0)
		return MOTE_OK;
	return mote_kvm_vcpu_set(vm, MOTE_KVM_SET_XCRS, &xcrs, "KVM_SET_XCRS", error);
}

mote_status mote_kvm_arch_create_vcpu(struct mote_kvm_vm *vm, mote_error *error)
{
	mote_status status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_CPUID2, vm->kvm->arch->cpuid,
					       "KVM_SET_CPUID2", error);

	return status == MOTE_OK ? mote_kvm_set_xcr0(vm, error) : status;
}

uintptr_t mote_kvm_arch_vm_type(const struct mote_kvm *kvm)
{
	(void)kvm;
	return 0;
}

bool mote_kvm_arch_exit(const struct mote_kvm_run *run, struct mote_vm_exit *exit)
{
	if (run->exit_reason != MOTE_KVM_EXIT_DEBUG)
		return false;
	exit->kind = MOTE_EXIT_DEBUG;
	exit->as.debug.dr6 = run->as.debug.dr6;
	exit->as.debug.exception = run->as.debug.exception;
	return true;
}

bool mote_kvm_arch_in_gate(struct mote_kvm_vm *vm)
{
	mote_error ignored = MOTE_ERROR_INIT;
	struct mote_kvm_x86_regs k;

	return mote_kvm_vcpu_get(vm, MOTE_KVM_GET_REGS, &k, "KVM_GET_REGS", &ignored) == MOTE_OK &&
	       k.rip - vm->gate.code.pc < vm->gate.code.bytes;
}

bool mote_kvm_arch_run_error(int code, struct mote_vm_exit *exit)
{
	(void)code;
	(void)exit;
	return false;
}

/* Hosts with shadow paging keep what they derived from the guest's tables until it is invalidated,
 * and writing CR3 again does not do that. */
mote_status mote_kvm_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
					     mote_error *error)
{
	return mote_kvm_drop_memory((struct mote_kvm_vm *)base, gpa, bytes, error);
}

#define READ_SELECTOR(name, to) __asm__ volatile("mov %%" name ", %0" : "=r"(to))

/* The PVM kind neither loads a guest's selectors nor gives the thread's back (measured): what one
 * guest has in them would show in the next one on this thread.  In 64-bit programs they are 0. */
void mote_kvm_arch_clear_thread(void)
{
	unsigned ds, es, fs, gs;

	READ_SELECTOR("ds", ds);
	READ_SELECTOR("es", es);
	READ_SELECTOR("fs", fs);
	READ_SELECTOR("gs", gs);
	if ((ds | es | fs | gs) != 0)
		mote_kvm_clear_selectors();
}

/* ---- General-purpose and special registers ----------------------------------------------- */

mote_status mote_kvm_touch(struct mote_vm *base, struct mote_kvm_vm **vm, mote_error *error)
{
	*vm = (struct mote_kvm_vm *)base;
	return mote_kvm_retire(*vm, error);
}

/* In all of these k is KVM's structure and m is mote's; the members have the same names. */
#define FROM_KVM(name) .name = k.name,
#define TO_KVM(name) .name = m->name,

mote_status mote_kvm_regs(struct mote_vm *base, mote_regs *regs, mote_error *error)
{
	struct mote_kvm_vm *vm;
	struct mote_kvm_x86_regs k;
	mote_status status = mote_kvm_touch(base, &vm, error);

	if (status == MOTE_OK)
		status = mote_kvm_vcpu_get(vm, MOTE_KVM_GET_REGS, &k, "KVM_GET_REGS", error);
	if (status != MOTE_OK)
		return status;
	*regs = (mote_regs){MOTE_X86_64_REGS_MAP(FROM_KVM)};
	return MOTE_OK;
}

/* A read in several parts, e.g. of a word on two pages, would overwrite registers when its last
 * part completes, so the parts that were not reported yet are dropped. */
static mote_status give_up_reads(struct mote_kvm_vm *vm, mote_error *error)
{
	mote_status status = MOTE_OK;

	while (status == MOTE_OK && vm->pending == MOTE_KVM_EXIT_STASHED &&
	       vm->run->exit_reason == MOTE_KVM_EXIT_MMIO && !vm->run->as.mmio.is_write) {
		memset(vm->run->as.mmio.data, 0, sizeof(vm->run->as.mmio.data));
		vm->pending = MOTE_KVM_ACCESS_PENDING;
		status = mote_kvm_retire(vm, error);
	}
	return status;
}

mote_status mote_kvm_set_regs(struct mote_vm *base, const mote_regs *m, mote_error *error)
{
	struct mote_kvm_vm *vm;
	const struct mote_kvm_x86_regs k = {MOTE_X86_64_REGS_MAP(TO_KVM)};
	mote_status status = mote_kvm_touch(base, &vm, error);

	if (status == MOTE_OK)
		status = give_up_reads(vm, error);
	if (status == MOTE_OK)
		status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_REGS, &k, "KVM_SET_REGS", error);
	return status;
}

static struct mote_x86_64_segment from_segment(const struct mote_kvm_x86_segment *k)
{
	return (struct mote_x86_64_segment){
		.base = k->base,
		.limit = k->limit,
		.selector = k->selector,
		.type = k->type,
		.dpl = k->dpl,
		.present = k->present,
		.s = k->s,
		.l = k->l,
		.db = k->db,
		.g = k->g,
		.avl = k->avl,
		.unusable = k->unusable,
	};
}

static struct mote_kvm_x86_segment to_segment(const struct mote_x86_64_segment *m)
{
	return (struct mote_kvm_x86_segment){
		.base = m->base,
		.limit = m->limit,
		.selector = m->selector,
		.type = m->type,
		.dpl = m->dpl,
		.present = m->present,
		.s = m->s,
		.l = m->l,
		.db = m->db,
		.g = m->g,
		.avl = m->avl,
		.unusable = m->unusable,
	};
}

#define SEGMENT_FROM_KVM(name) .name = from_segment(&k.name),
#define SEGMENT_TO_KVM(name) .name = to_segment(&m->name),
#define TABLE_FROM_KVM(name) .name = {k.name.base, k.name.limit},
#define TABLE_TO_KVM(name) .name = {.base = m->name.base, .limit = m->name.limit},

mote_status mote_kvm_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error)
{
	struct mote_kvm_vm *vm;
	struct mote_kvm_x86_sregs k;
	mote_status status = mote_kvm_touch(base, &vm, error);

	if (status == MOTE_OK)
		status = mote_kvm_vcpu_get(vm, MOTE_KVM_GET_SREGS, &k, "KVM_GET_SREGS", error);
	if (status != MOTE_OK)
		return status;
	*sregs = (mote_sregs){MOTE_X86_64_SREGS_MAP(SEGMENT_FROM_KVM, TABLE_FROM_KVM, FROM_KVM)};
	memcpy(sregs->interrupt_bitmap, k.interrupt_bitmap, sizeof(k.interrupt_bitmap));
	return MOTE_OK;
}

mote_status mote_kvm_set_sregs(struct mote_vm *base, const mote_sregs *m, mote_error *error)
{
	struct mote_kvm_vm *vm;
	struct mote_kvm_x86_sregs k = {MOTE_X86_64_SREGS_MAP(SEGMENT_TO_KVM, TABLE_TO_KVM, TO_KVM)};
	mote_status status = mote_kvm_touch(base, &vm, error);

	memcpy(k.interrupt_bitmap, m->interrupt_bitmap, sizeof(k.interrupt_bitmap));
	if (status == MOTE_OK)
		status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_SREGS, &k, "KVM_SET_SREGS", error);
	return status;
}

/* KVM's structures are read whole, as one call each. */
mote_status mote_kvm_exception_state(struct mote_vm *base, mote_exception_state *state,
				     mote_error *error)
{
	mote_regs regs;
	mote_sregs sregs;
	mote_status status = mote_kvm_regs(base, &regs, error);

	if (status == MOTE_OK)
		status = mote_kvm_sregs(base, &sregs, error);
	if (status != MOTE_OK)
		return status;
	*state = (mote_exception_state){
		.rip = regs.rip,
		.rsp = regs.rsp,
		.cr2 = sregs.cr2,
		.cs = sregs.cs.selector,
	};
	return MOTE_OK;
}

/* The processor keeps it in the frame on the stack, which is memory. */
mote_status mote_kvm_set_exception_return(struct mote_vm *base, const mote_exception_state *state,
					  mote_error *error)
{
	(void)base;
	(void)state;
	(void)error;
	return MOTE_OK;
}

/* ---- Debug registers --------------------------------------------------------------------- */

mote_status mote_kvm_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error)
{
	struct mote_kvm_vm *vm;
	struct mote_kvm_x86_debugregs k;
	mote_status status = mote_kvm_touch(base, &vm, error);

	if (status == MOTE_OK)
		status = mote_kvm_vcpu_get(vm, MOTE_KVM_GET_DEBUGREGS, &k, "KVM_GET_DEBUGREGS",
					   error);
	if (status != MOTE_OK)
		return status;
	memcpy(debug->dr, k.db, sizeof(k.db));
	debug->dr6 = k.dr6;
	debug->dr7 = k.dr7;
	return MOTE_OK;
}

mote_status mote_kvm_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				    mote_error *error)
{
	struct mote_kvm_vm *vm;
	struct mote_kvm_x86_debugregs k = {.dr6 = debug->dr6, .dr7 = debug->dr7};
	mote_status status = mote_kvm_touch(base, &vm, error);

	memcpy(k.db, debug->dr, sizeof(k.db));
	if (status == MOTE_OK)
		status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_DEBUGREGS, &k, "KVM_SET_DEBUGREGS",
					   error);
	return status;
}

/* ---- Reset ------------------------------------------------------------------------------- */

/* A string instruction may have further accesses to make: setting RCX to 0 ends it. */
mote_status mote_kvm_forget_pending(struct mote_kvm_vm *vm, mote_error *error)
{
	const struct mote_kvm_x86_regs none = {.rflags = MOTE_X86_64_RFLAGS_FIXED};
	mote_status status = mote_kvm_retire(vm, error);

	for (int i = 0; i < MAXIMUM_RETIREMENTS; i++) {
		if (status != MOTE_OK || vm->pending != MOTE_KVM_EXIT_STASHED)
			return status;
		status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_REGS, &none, "KVM_SET_REGS", error);
		vm->pending = MOTE_KVM_ACCESS_PENDING;
		if (status == MOTE_OK)
			status = mote_kvm_retire(vm, error);
	}
	return mote_fail(error, MOTE_HYPERVISOR, "reset: the last instruction does not complete");
}

mote_status mote_kvm_set_runnable(struct mote_kvm_vm *vm, mote_error *error)
{
	static const struct mote_kvm_x86_mp_state runnable;

	return mote_kvm_vcpu_set(vm, MOTE_KVM_SET_MP_STATE, &runnable, "KVM_SET_MP_STATE", error);
}

mote_status mote_kvm_begin_reset(struct mote_vm *base, mote_error *error)
{
	static const struct mote_kvm_x86_vcpu_events none;
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	mote_status status = mote_kvm_forget_pending(vm, error);

	if (status == MOTE_OK)
		status = mote_kvm_set_runnable(vm, error);
	if (status == MOTE_OK)
		status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_VCPU_EVENTS, &none,
					   "KVM_SET_VCPU_EVENTS", error);
	if (status == MOTE_OK)
		status = mote_kvm_reset_xsave(base, error);
	return status;
}
