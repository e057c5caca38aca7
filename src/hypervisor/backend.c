/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of backends, in order of preference.  MOTE_BACKEND_MAP has their names.  The build says
 * which there are for this operating system, MOTE_SYSTEM_BACKENDS is X(KVM) X(...), and which it
 * contains: MOTE_BUILT_BACKENDS is X(kvm) X(...).
 */
#include "hypervisor/backend.h"

#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "options.h"
#include "text/text.h"

#if !defined(MOTE_BUILT_BACKENDS)
#define MOTE_BUILT_BACKENDS /* none: where this file is only checked */
#endif

#if !defined(MOTE_SYSTEM_BACKENDS)
#define MOTE_SYSTEM_BACKENDS
#endif

/* What mote has a backend for on this operating system, the preferred one first.  AUTO ends it. */
static const mote_backend_kind kinds[] = {
#define X(NAME) MOTE_BACKEND_##NAME,
	MOTE_SYSTEM_BACKENDS
#undef X
		MOTE_BACKEND_AUTO,
};

static const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]) - 1;

#define X(name) extern const struct mote_backend mote_backend_##name;
MOTE_BUILT_BACKENDS
#undef X

#define X(name) " or " #name
static const char choices[] = "auto" MOTE_BUILT_BACKENDS;
#undef X

/* NULL: not part of this build. */
static const struct mote_backend *find(mote_backend_kind kind)
{
	static const struct mote_backend *const built[] = {
#define X(name) &mote_backend_##name,
		MOTE_BUILT_BACKENDS
#undef X
			NULL,
	};

	for (size_t i = 0; built[i] != NULL; i++)
		if (built[i]->kind == kind)
			return built[i];
	return NULL;
}

bool mote_backend_from_name(const char *name, mote_backend_kind *kind)
{
	static const mote_backend_kind all[] = {
#define X(NAME, number, name, text) MOTE_BACKEND_##NAME,
		MOTE_BACKEND_MAP(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(name, mote_backend_name(all[i])) == 0) {
			*kind = all[i];
			return true;
		}
	return false;
}

mote_status mote_probe(size_t index, mote_probe_result *result, mote_error *error)
{
	static const struct mote_structure structure = {"probe result", "MOTE_PROBE_RESULT_INIT",
							sizeof(*result)};
	mote_probe_result found = MOTE_PROBE_RESULT_INIT;
	const struct mote_backend *backend;

	if (index >= kind_count)
		return mote_fail(error, MOTE_NOT_FOUND, "backend %zu does not exist", index);
	found.kind = kinds[index];
	backend = find(found.kind);
	found.built = backend != NULL;
	if (backend != NULL)
		backend->probe(NULL, &found);
	else
		snprintf(found.reason, sizeof(found.reason),
			 "not part of this build of mote; build it with %s in MOTE_BACKENDS",
			 mote_backend_name(found.kind));
	return mote_structure_give(&structure, &found, result, error);
}

static mote_status open_named(mote_backend_kind kind, const struct mote_hypervisor_options *options,
			      struct mote_hypervisor **hypervisor, mote_error *error)
{
	const struct mote_backend *backend = find(kind);

	if (backend != NULL)
		return backend->open(options, hypervisor, error);
	return mote_fail(error, MOTE_NO_HYPERVISOR, "backend %s is not part of this build of mote",
			 mote_backend_name(kind));
}

static mote_status open_first(const struct mote_hypervisor_options *options,
			      struct mote_hypervisor **hypervisor, mote_error *error)
{
	mote_error attempt; /* the caller's error stays unchanged when a later one succeeds */

	mote_error_begin(&attempt);
	mote_fail(&attempt, MOTE_NO_HYPERVISOR, "this build of mote contains no backend");
	for (size_t i = 0; i < kind_count; i++) {
		const struct mote_backend *backend = find(kinds[i]);
		mote_status status;

		if (backend == NULL)
			continue;
		status = backend->open(options, hypervisor, &attempt);
		if (status == MOTE_OK)
			return MOTE_OK;
		if (status == MOTE_NO_MEMORY || status == MOTE_LIMIT)
			break;
	}
	return mote_fail_as(error, &attempt);
}

mote_status mote_backend_open(mote_backend_kind kind, const char *override,
			      const struct mote_hypervisor_options *options,
			      struct mote_hypervisor **hypervisor, mote_error *error)
{
	if (kind == MOTE_BACKEND_AUTO && override != NULL && override[0] != '\0' &&
	    !mote_backend_from_name(override, &kind))
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "MOTE_BACKEND=%s is not a backend; use %s, or unset it",
				 mote_text_short(override).text, choices);
	if (kind == MOTE_BACKEND_AUTO)
		return open_first(options, hypervisor, error);
	return open_named(kind, options, hypervisor, error);
}
