/* SPDX-License-Identifier: Apache-2.0
 *
 * Exits of x86_64 as a hypervisor gives them that does not decode instructions: the access has not
 * happened.  KVM emulates it before it exits, so a store and a string instruction are taken back.
 * Only what the suites' guests do is known here.
 */
#include <stddef.h>

#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"
#include "poor.h"

const bool poor_leaves_undescribed = true;
const uint32_t poor_doorbell_calls = 1; /* for the registers */

enum { MAXIMUM_INSTRUCTION = 15, RAM_GVA = 0x10000 };

/* The host's view of guest code, which is in slot 0; NULL: not there. */
static const uint8_t *code_at(const struct mote_vm *kvm, uint64_t gva)
{
	const struct mote_memory_region *ram = &kvm->slots[0];

	if (gva < RAM_GVA || gva - RAM_GVA >= ram->bytes)
		return NULL;
	return (const uint8_t *)ram->hva + (gva - RAM_GVA);
}

static size_t operand_bytes(const uint8_t *modrm)
{
	const unsigned mode = modrm[0] >> 6, rm = modrm[0] & 7;
	const size_t sib = mode != 3 && rm == 4;

	if (mode == 1)
		return 2 + sib;
	if (mode == 2 || (mode == 0 && (rm == 5 || (sib && (modrm[1] & 7) == 5))))
		return 5 + sib;
	return 1 + sib;
}

/* The length of a mov to memory or a push that begins here; 0: it is neither. */
static size_t store_bytes(const uint8_t *code, bool *push)
{
	size_t at = 0;

	if (code[at] == 0x66)
		at++;
	if ((code[at] & 0xf0) == 0x40)
		at++;
	*push = (code[at] & 0xf8) == 0x50;
	if (*push)
		return at + 1;
	if (code[at] != 0x88 && code[at] != 0x89)
		return 0;
	return at + 1 + operand_bytes(code + at + 1);
}

/* Goes back to the longest store that ends at RIP. */
static void take_store_back(const struct mote_vm *kvm, mote_regs *regs)
{
	for (size_t bytes = MAXIMUM_INSTRUCTION; bytes > 0; bytes--) {
		const uint8_t *code = code_at(kvm, regs->rip - bytes);
		bool push;

		if (code == NULL || store_bytes(code, &push) != bytes)
			continue;
		regs->rip -= bytes;
		regs->rsp += push ? 8 : 0;
		return;
	}
}

/* The length of a string instruction for ports that begins here; 0: there is none. */
static size_t string_bytes(const uint8_t *code)
{
	const size_t prefix = code[0] == 0xf3;

	return code[prefix] >= 0x6c && code[prefix] <= 0x6f ? prefix + 1 : 0;
}

/* Where the string instruction of this exit begins; 0: it is no string instruction. */
static uint64_t string_start(const struct mote_vm *kvm, uint64_t rip)
{
	const uint8_t *code = code_at(kvm, rip);

	if (code == NULL)
		return 0;
	if (string_bytes(code - 2) == 2)
		return rip - 2;
	if (string_bytes(code - 1) == 1)
		return rip - 1;
	return string_bytes(code) != 0 ? rip : 0;
}

/* An output has moved RSI and RCX already; an input moves its registers when it retires. */
static void take_output_back(const struct mote_vm_exit *exit, const uint8_t *code, mote_regs *regs)
{
	regs->rsi -= (uint64_t)exit->as.io.size * exit->as.io.count;
	if (code[0] == 0xf3)
		regs->rcx += exit->as.io.count;
}

static mote_status put_back(struct mote_vm *kvm, const mote_regs *regs, mote_error *error)
{
	mote_status status = mote_kvm_forget_pending((struct mote_kvm_vm *)kvm, error);

	return status == MOTE_OK ? kvm->ops->set_regs(kvm, regs, error) : status;
}

/* The registers as KVM has them now, before anything retires. */
static mote_status read_regs(struct mote_vm *kvm, mote_regs *regs, mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)kvm;
	const enum mote_kvm_pending pending = vm->pending;
	mote_status status;

	vm->pending = MOTE_KVM_NOTHING_PENDING;
	status = kvm->ops->regs(kvm, regs, error);
	vm->pending = pending;
	return status;
}

static mote_status undescribe_memory(struct mote_vm *kvm, struct mote_vm_exit *exit,
				     mote_error *error)
{
	mote_regs regs;
	mote_status status = read_regs(kvm, &regs, error);

	if (status != MOTE_OK)
		return status;
	if (exit->kind == MOTE_EXIT_MMIO_WRITE)
		take_store_back(kvm, &regs);
	exit->as.mmio.size = 0;
	exit->as.mmio.data = NULL;
	return put_back(kvm, &regs, error);
}

static mote_status undescribe_port(struct mote_vm *kvm, struct mote_vm_exit *exit,
				   mote_error *error)
{
	mote_regs regs;
	mote_status status = read_regs(kvm, &regs, error);
	uint64_t start;

	if (status != MOTE_OK)
		return status;
	start = string_start(kvm, regs.rip);
	if (start == 0)
		return MOTE_OK;
	if (exit->kind == MOTE_EXIT_IO_OUT)
		take_output_back(exit, code_at(kvm, start), &regs);
	regs.rip = start;
	exit->as.io.count = 0;
	exit->as.io.data = NULL;
	return put_back(kvm, &regs, error);
}

mote_status poor_exit(struct mote_vm *kvm, struct mote_vm_exit *exit, mote_error *error)
{
	switch (exit->kind) {
	case MOTE_EXIT_MMIO_READ:
	case MOTE_EXIT_MMIO_WRITE:
		return undescribe_memory(kvm, exit, error);
	case MOTE_EXIT_IO_OUT:
	case MOTE_EXIT_IO_IN:
		return undescribe_port(kvm, exit, error);
	default:
		return MOTE_OK;
	}
}
