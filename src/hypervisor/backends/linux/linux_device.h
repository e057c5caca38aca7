/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions through which a backend reaches a hypervisor that is a device file
 * of Linux (/dev/kvm, /dev/mshv).  Tests replace them with a counter, a fault injector or a
 * bed's quirk.
 *
 * Functions that return int return 0 or more on success and a negative errno on
 * failure; errno itself has no meaning for the caller.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_LINUX_DEVICE_H
#define MOTE_HYPERVISOR_BACKENDS_LINUX_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "hypervisor/virtual_machine.h"

struct mote_linux_device {
	struct mote_system base;
	/* Opens path read-write, close-on-exec; a file descriptor. */
	int (*open)(const struct mote_linux_device *device, const char *path);
	int (*close)(const struct mote_linux_device *device, int fd);
	/* argument: a pointer, or a small number cast to one. */
	int (*ioctl)(const struct mote_linux_device *device, int fd, unsigned long request,
		     void *argument);
	/* Maps bytes of fd shared and writable. */
	int (*map)(const struct mote_linux_device *device, int fd, size_t bytes, void **address);
	int (*unmap)(const struct mote_linux_device *device, void *address, size_t bytes);
	/* A new descriptor of the same file, close-on-exec.  This function and the next are for
	 * hypervisors whose runs end when their descriptor is another file's; the others' tables
	 * may lack them. */
	int (*duplicate)(const struct mote_linux_device *device, int fd);
	/* Makes fd, which is open, a descriptor of the file of another one, in one step. From any
	 * thread. */
	int (*replace)(const struct mote_linux_device *device, int fd, int by);
	/* Makes host memory read-only or writable. */
	int (*protect)(const struct mote_linux_device *device, void *address, size_t bytes,
		       bool writable);
};

/* The operating system's own, of no backend in particular. */
extern const struct mote_linux_device mote_linux_device_real;

/* The one that systems (as in mote_hypervisor_options) has for a backend, else the real one. */
const struct mote_linux_device *mote_linux_device_find(const struct mote_system *const *systems,
						       mote_backend_kind kind);

#endif
