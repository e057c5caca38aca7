/* SPDX-License-Identifier: Apache-2.0
 *
 * What only the kernel can do for the calling thread's segments.
 * Source: arch_prctl(2).
 */
#define _GNU_SOURCE /* syscall */
#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"

/* Through the kernel, because the selector's load clears the base, which a signal handler may need
 * before it is set again. */
void mote_kvm_clear_selectors(void)
{
	unsigned long base;

	__asm__ volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(0));
	if (syscall(SYS_arch_prctl, ARCH_GET_FS, &base) == 0)
		syscall(SYS_arch_prctl, ARCH_SET_FS, base);
	if (syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0)
		syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}
