/* SPDX-License-Identifier: Apache-2.0
 *
 * With MOTE_TEST_SIM=hvf, mshv or whp, engines of a test are on the backend for that hypervisor,
 * over the simulated one, and no other: what --wrap makes of mote_backend_open, and of what the
 * harness counts of this process.
 */
#include "sim/systems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backend.h"
#include "sim/core/core.h"

static const struct sim_system *const all[] = {
#ifdef SIM_HAS_HVF
	&sim_system_hvf,
#endif
#ifdef SIM_HAS_MSHV
	&sim_system_mshv,
#endif
#ifdef SIM_HAS_WHP
	&sim_system_whp,
#endif
	NULL,
};

const struct sim_system *sim_wanted(void)
{
	const char *name = getenv("MOTE_TEST_SIM");

	if (name == NULL)
		return NULL;
	for (size_t i = 0; all[i] != NULL; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	fprintf(stderr, "MOTE_TEST_SIM: this program has no simulated %s\n", name);
	exit(2);
}

__attribute__((constructor)) static void begin(void)
{
	if (sim_wanted() != NULL)
		sim_wanted()->systems();
}

mote_status __real_mote_backend_open(mote_backend_kind kind, const char *override,
				     const struct mote_hypervisor_options *options,
				     struct mote_hypervisor **hypervisor, mote_error *error);
mote_status __wrap_mote_backend_open(mote_backend_kind kind, const char *override,
				     const struct mote_hypervisor_options *options,
				     struct mote_hypervisor **hypervisor, mote_error *error);

mote_status __wrap_mote_backend_open(mote_backend_kind kind, const char *override,
				     const struct mote_hypervisor_options *options,
				     struct mote_hypervisor **hypervisor, mote_error *error)
{
	const bool overridden =
		kind == MOTE_BACKEND_AUTO && override != NULL && override[0] != '\0';
	struct mote_hypervisor_options simulated = *options;
	const struct sim_system *wanted = sim_wanted();

	if (wanted == NULL || (overridden && !mote_backend_from_name(override, &kind)))
		return __real_mote_backend_open(kind, override, options, hypervisor, error);
	if (kind != MOTE_BACKEND_AUTO && kind != wanted->backend->kind)
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "backend %s is not part of this build of mote",
				 mote_backend_name(kind));
	if (mote_system_find(options->systems, wanted->backend->kind) == NULL)
		simulated.systems = wanted->systems();
	return wanted->backend->open(&simulated, hypervisor, error);
}

/* ---- What the simulator has of this process ------------------------------------------------ */

size_t __real_test_fd_count(void);
size_t __wrap_test_fd_count(void);
size_t __real_test_mapping_count(void);
size_t __wrap_test_mapping_count(void);
size_t __real_test_resident_kib(void);
size_t __wrap_test_resident_kib(void);

/* What the backend still closes on a thread of its own is not there any more. */
static void settle(void)
{
	if (sim_wanted() != NULL && sim_wanted()->settle != NULL)
		sim_wanted()->settle();
}

size_t __wrap_test_fd_count(void)
{
	settle();
	return __real_test_fd_count() - sim_descriptors();
}

size_t __wrap_test_mapping_count(void)
{
	settle();
	return __real_test_mapping_count() - sim_mappings();
}

size_t __wrap_test_resident_kib(void)
{
	const struct sim_system *wanted = sim_wanted();
	const size_t bytes = wanted != NULL && wanted->bytes != NULL ? wanted->bytes() : 0;

	return __real_test_resident_kib() - bytes / 1024;
}
