/* SPDX-License-Identifier: Apache-2.0
 *
 * Which hypervisor a test's engines are on.
 */
#ifndef MOTE_SIM_SYSTEMS_H
#define MOTE_SIM_SYSTEMS_H

#include "hypervisor/virtual_machine.h"

struct sim_system {
	const char *name; /* of MOTE_TEST_SIM */
	const struct mote_backend *backend;
	/* For mote_hypervisor_options.systems; prepared before a test lowers a limit or counts. */
	const struct mote_system *const *(*systems)(void);
	/* NULL, or what it takes of this process's memory. */
	size_t (*bytes)(void);
	/* Waits until the backend has given back what it does by itself; may be NULL. */
	void (*settle)(void);
};

/* The one that MOTE_TEST_SIM names; NULL: none is wanted.  Another name ends the program. */
const struct sim_system *sim_wanted(void);

#ifdef SIM_HAS_HVF
extern const struct sim_system sim_system_hvf;
#endif
#ifdef SIM_HAS_WHP
extern const struct sim_system sim_system_whp;
#endif
#ifdef SIM_HAS_MSHV
extern const struct sim_system sim_system_mshv;
#endif

#endif
