/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated /dev/mshv, over /dev/kvm: behind a table of functions of Linux's device files
 * (hypervisor/backends/linux/linux_device.h), or under foreign programs (mshv_preload.c).
 */
#ifndef MOTE_SIM_MSHV_H
#define MOTE_SIM_MSHV_H

#include <stdbool.h>
#include <stddef.h>

#include "hypervisor/virtual_machine.h"

enum sim_mshv_kernel {
	SIM_MSHV_6_15 = 615, /* to 6.18: memory is pinned, hypercalls stop half way */
	SIM_MSHV_6_19 = 619, /* to 7.0-rc7: a write to a read-only region loops until a signal */
	SIM_MSHV_7_0 = 700,
};

/* What differs between real machines.  MOTE_TEST_MSHV sets it, a list of the words in brackets,
 * e.g. "615,partial=3,no-page". */
struct sim_mshv_rules {
	enum sim_mshv_kernel kernel; /* [615] [619] [700]; the last is the default */
	int open_error;		     /* [no-device]: ENOENT; 0: there is a device */
	bool no_page;		     /* [no-page] there is no register page */
	bool halt_on;		     /* [halt-on] RIP of a halt is that of the instruction */
	/* [partial=N] Every N-th call for registers or CPUID stops half way, on 6.15; 0: none. */
	unsigned partial;
	/* [strict] A register that is touched by hypercall while its class is dirty in the page,
	 * ends the program; control registers by their plain names must agree with each other. */
	bool strict;
	/* [window=N] So many microseconds pass between a program's call of RUN_VP and the kernel,
	 * where signals are lost. */
	unsigned window_us;
};

/* Of the process: read from the environment at the first call, and a test may change them. */
struct sim_mshv_rules *sim_mshv_rules(void);

/* For mote_hypervisor_options.systems: a struct mote_linux_device. */
const struct mote_system *const *sim_mshv_systems(void);

/* Partitions that have not been destroyed: something holds them. */
size_t sim_mshv_partitions(void);

#endif
