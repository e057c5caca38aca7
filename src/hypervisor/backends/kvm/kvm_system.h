/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions through which the KVM backend reaches KVM.  Tests replace
 * them with a counter, a fault injector or a bed's quirk.
 *
 * Functions that return int return 0 or more on success and a negative errno on
 * failure; errno itself has no meaning for the caller.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_SYSTEM_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

struct mote_kvm_system {
	/* Opens path read-write, close-on-exec; a file descriptor. */
	int (*open)(const struct mote_kvm_system *system, const char *path);
	int (*close)(const struct mote_kvm_system *system, int fd);
	/* argument: a pointer, or a small number cast to one. */
	int (*ioctl)(const struct mote_kvm_system *system, int fd, unsigned long request,
		     void *argument);
	/* Maps bytes of fd shared and writable. */
	int (*map)(const struct mote_kvm_system *system, int fd, size_t bytes, void **address);
	int (*unmap)(const struct mote_kvm_system *system, void *address, size_t bytes);
	/* Makes host memory read-only or writable. */
	int (*protect)(const struct mote_kvm_system *system, void *address, size_t bytes,
		       bool writable);
};

/* The operating system's own. */
extern const struct mote_kvm_system mote_kvm_system_linux;

#endif
