/* SPDX-License-Identifier: Apache-2.0
 *
 * The platform of this machine, found when it is needed: a program that never uses it runs where
 * the feature is off.  Only the system's own folder is searched.
 */
#include <string.h>

#include "hypervisor/backends/whp/whp_abi.h"
#include "hypervisor/backends/whp/whp_surrogate.h"

/* After the others, whose names some of its macros have. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static struct mote_whp_system table;
static const char *reason_missing; /* NULL: nothing is */

/* A pointer to one function is one to another, of the same convention, once it is cast back. */
static void find(HMODULE library, const char *name, void *function, size_t bytes)
{
	const FARPROC found = GetProcAddress(library, name);

	memcpy(function, &found, bytes);
}

static BOOL CALLBACK fill(PINIT_ONCE this_once, void *parameter, void **context)
{
	const HMODULE library =
		LoadLibraryExW(L"WinHvPlatform.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

	(void)this_once;
	(void)parameter;
	(void)context;
	if (library == NULL) {
		reason_missing = "WinHvPlatform.dll is not there; turn on the Windows feature "
				 "\"Windows Hypervisor Platform\", and restart";
		return TRUE;
	}
	table.base.kind = MOTE_BACKEND_WHP;
	table.surrogates = &mote_whp_real_surrogates;
#define FIND(name, parameters, arguments)                                                          \
	find(library, "WHv" #name, &table.name, sizeof(table.name));
	MOTE_WHP_FUNCTION_MAP(FIND)
#undef FIND
#define CHECK(name, parameters, arguments)                                                         \
	if (table.name == NULL)                                                                    \
		reason_missing = "WinHvPlatform.dll has no WHv" #name "; update Windows";
	MOTE_WHP_COMMON_MAP(CHECK)
#undef CHECK
	return TRUE;
}

const struct mote_whp_system *mote_whp_real_system(const char **reason)
{
	InitOnceExecuteOnce(&once, fill, NULL, NULL);
	*reason = reason_missing != NULL ? reason_missing : "";
	return reason_missing == NULL ? &table : NULL;
}
