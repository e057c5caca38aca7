/* SPDX-License-Identifier: Apache-2.0
 *
 * The framework of this machine, found when it is needed: a program that never uses it runs where
 * it is missing.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "hypervisor/backends/hvf/hvf_abi.h"

#define FRAMEWORK "/System/Library/Frameworks/Hypervisor.framework/Hypervisor"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct mote_hvf_system table;
static const char *missing; /* NULL: nothing */

/* A pointer to data is no pointer to a function in C; POSIX says that it can be copied to one. */
static void find(void *framework, const char *name, void *function, size_t bytes, bool optional)
{
	void *found = dlsym(framework, name);

	if (found == NULL && !optional && missing == NULL)
		missing = name;
	memcpy(function, &found, bytes);
}

static void fill(void)
{
	void *framework = dlopen(FRAMEWORK, RTLD_LAZY | RTLD_LOCAL);

	if (framework == NULL) {
		missing = FRAMEWORK;
		return;
	}
	table.base.kind = MOTE_BACKEND_HVF;
#define FIND(name, parameters) find(framework, "hv_" #name, &table.name, sizeof(table.name), false);
	MOTE_HV_FUNCTION_MAP(FIND)
#undef FIND
#define FIND(name, parameters) find(framework, "hv_" #name, &table.name, sizeof(table.name), true);
	MOTE_HV_OPTIONAL_MAP(FIND)
#undef FIND
}

const struct mote_hvf_system *mote_hvf_real_system(const char **reason)
{
	pthread_once(&once, fill);
	*reason = missing != NULL ? missing : "";
	return missing == NULL ? &table : NULL;
}
