/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's table of functions, each entry of which can fail.  The failure itself
 * comes from the C library below the table, so that the way from errno to error
 * is the real one.  A request that has no row here fails the sweep: how it can
 * fail has to be written down.
 */
#include "sweep.h"

#include <errno.h>

#include "engine.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
#include "kvm_quirk.h"

/* clang-format off */
/* What every request can come to, and what those that make a descriptor can. */
#define ANY                                                                                        \
	{EIO, SWEEP(HYPERVISOR), NULL, false}, {EINVAL, SWEEP(HYPERVISOR), NULL, false},           \
	{ENOMEM, SWEEP(NO_MEMORY), NULL, false}
#define ANY_DESCRIPTOR                                                                             \
	ANY, {EMFILE, SWEEP(LIMIT), NULL, false}, {ENFILE, SWEEP(LIMIT), NULL, false}
/* clang-format on */

static struct sweep_entry open_entry = {
	.name = "open",
	.text = "/dev/kvm",
	.failures =
		{
			{EIO, SWEEP(HYPERVISOR), "open /dev/kvm", false},
			{ENOENT, SWEEP(NO_HYPERVISOR), "/dev/kvm: no such device; ", true},
			{EACCES, SWEEP(NO_HYPERVISOR), "permission denied; ", true},
			{EMFILE, SWEEP(LIMIT), "/dev/kvm: the process is limited to", false},
			{ENOMEM, SWEEP(NO_MEMORY), NULL, false},
			{EINTR, SWEEP(OK), NULL, false},
		},
};

/* Whatever they say, the descriptor and the mapping are gone. */
static struct sweep_entry close_entry = {
	.name = "close",
	.failures = {{EIO, SWEEP(OK), NULL, false}, {EINTR, SWEEP(OK), NULL, false}},
};

static struct sweep_entry unmap_entry = {
	.name = "munmap",
	.failures = {{ENOMEM, SWEEP(OK), NULL, false}, {EINVAL, SWEEP(OK), NULL, false}},
};

static struct sweep_entry map_entry = {
	.name = "mmap",
	.text = "mmap of the vCPU",
	.failures = {ANY},
};

static struct sweep_entry protect_entry = {
	.name = "mprotect",
	.text = "mprotect of guest memory",
	.failures = {ANY},
};

static struct request {
	unsigned long number;
	struct sweep_entry entry;
} requests[] = {
	{MOTE_KVM_GET_API_VERSION,
	 {.name = "KVM_GET_API_VERSION",
	  .failures = {{EIO, SWEEP(HYPERVISOR), NULL, false},
		       {ENOTTY, SWEEP(NO_HYPERVISOR), "/dev/kvm: not a KVM device", true}}}},
	{MOTE_KVM_CHECK_EXTENSION, {.name = "KVM_CHECK_EXTENSION", .failures = {ANY}}},
	{MOTE_KVM_GET_VCPU_MMAP_SIZE, {.name = "KVM_GET_VCPU_MMAP_SIZE", .failures = {ANY}}},
	{MOTE_KVM_CREATE_VM,
	 {.name = "KVM_CREATE_VM", .failures = {ANY_DESCRIPTOR, {EINTR, SWEEP(OK), NULL, false}}}},
	{MOTE_KVM_CREATE_VCPU, {.name = "KVM_CREATE_VCPU", .failures = {ANY_DESCRIPTOR}}},
	{MOTE_KVM_SET_USER_MEMORY_REGION,
	 {.name = "KVM_SET_USER_MEMORY_REGION", .failures = {ANY}}},
	{MOTE_KVM_ENABLE_CAP, {.name = "KVM_ENABLE_CAP", .failures = {ANY}}},
	{MOTE_KVM_RUN,
	 {.name = "KVM_RUN",
	  .failures = {ANY,
		       {EFAULT, SWEEP(NO_MEMORY), NULL, false},
		       {EINTR, SWEEP(OK), NULL, false},
		       {EAGAIN, SWEEP(OK), NULL, false}}}},
	/* x86_64 */
	{MOTE_KVM_GET_SUPPORTED_CPUID,
	 {.name = "KVM_GET_SUPPORTED_CPUID", .failures = {ANY, {E2BIG, SWEEP(OK), NULL, false}}}},
	{MOTE_KVM_SET_CPUID2, {.name = "KVM_SET_CPUID2", .failures = {ANY}}},
	{MOTE_KVM_SET_XCRS, {.name = "KVM_SET_XCRS", .failures = {ANY}}},
	{MOTE_KVM_GET_REGS, {.name = "KVM_GET_REGS", .failures = {ANY}}},
	{MOTE_KVM_SET_REGS, {.name = "KVM_SET_REGS", .failures = {ANY}}},
	{MOTE_KVM_GET_SREGS, {.name = "KVM_GET_SREGS", .failures = {ANY}}},
	{MOTE_KVM_SET_SREGS, {.name = "KVM_SET_SREGS", .failures = {ANY}}},
	/* aarch64 */
	{MOTE_KVM_ARM_PREFERRED_TARGET, {.name = "KVM_ARM_PREFERRED_TARGET", .failures = {ANY}}},
	{MOTE_KVM_ARM_VCPU_INIT, {.name = "KVM_ARM_VCPU_INIT", .failures = {ANY}}},
	{MOTE_KVM_GET_ONE_REG, {.name = "KVM_GET_ONE_REG", .failures = {ANY}}},
	{MOTE_KVM_SET_ONE_REG, {.name = "KVM_SET_ONE_REG", .failures = {ANY}}},
};

static const struct mote_kvm_system *real(void)
{
	const struct mote_kvm_system *system = test_kvm_system();

	return system != NULL ? system : &mote_kvm_system_linux;
}

/* Calls the real table.  Its own system calls are no uses of os/. */
#define THROUGH(entry, call)                                                                       \
	do {                                                                                       \
		bool before;                                                                       \
		int result;                                                                        \
                                                                                                   \
		sweep_force(sweep_use(SWEEP_KVM, entry));                                          \
		before = sweep_exempt(true);                                                       \
		result = real()->call;                                                             \
		(void)sweep_exempt(before);                                                        \
		sweep_force(0);                                                                    \
		return result;                                                                     \
	} while (0)

static int kvm_open(const struct mote_kvm_system *system, const char *path)
{
	(void)system;
	THROUGH(&open_entry, open(real(), path));
}

static int kvm_close(const struct mote_kvm_system *system, int fd)
{
	(void)system;
	THROUGH(&close_entry, close(real(), fd));
}

static int kvm_ioctl(const struct mote_kvm_system *system, int fd, unsigned long number,
		     void *argument)
{
	static struct sweep_entry unknown = {.name = "ioctl"};
	struct sweep_entry *entry = &unknown;

	(void)system;
	for (size_t i = 0; i < TEST_COUNT(requests); i++)
		if (requests[i].number == number)
			entry = &requests[i].entry;
	if (!CHECK(entry != &unknown))
		test_note("ioctl 0x%lx has no row in sweep_kvm.c", number);
	THROUGH(entry, ioctl(real(), fd, number, argument));
}

static int kvm_map(const struct mote_kvm_system *system, int fd, size_t bytes, void **address)
{
	(void)system;
	THROUGH(&map_entry, map(real(), fd, bytes, address));
}

static int kvm_unmap(const struct mote_kvm_system *system, void *address, size_t bytes)
{
	(void)system;
	THROUGH(&unmap_entry, unmap(real(), address, bytes));
}

static int kvm_protect(const struct mote_kvm_system *system, void *address, size_t bytes,
		       bool writable)
{
	(void)system;
	THROUGH(&protect_entry, protect(real(), address, bytes, writable));
}

static const struct mote_kvm_system failing = {
	.open = kvm_open,
	.close = kvm_close,
	.ioctl = kvm_ioctl,
	.map = kvm_map,
	.unmap = kvm_unmap,
	.protect = kvm_protect,
};

mote_status sweep_create_engine(const mote_engine_options *options, mote_engine **engine,
				mote_error *error)
{
	return mote_engine_create_with_system(options, &failing, engine, error);
}
