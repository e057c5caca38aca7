/* SPDX-License-Identifier: Apache-2.0
 *
 * The version of the running kernel, for what no request tells.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_LINUX_RELEASE_H
#define MOTE_HYPERVISOR_BACKENDS_LINUX_RELEASE_H

struct mote_linux_release {
	unsigned major, minor; /* 0: unknown */
};

struct mote_linux_release mote_linux_release(void);

#endif
