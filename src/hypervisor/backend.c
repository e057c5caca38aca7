/* SPDX-License-Identifier: Apache-2.0
 *
 * The only list of backends, in order of preference.  The only file that names one, and besides
 * arch.h the only one with an #if on a platform: the build defines which backends it contains
 * (MOTE_WITH_<KIND>).
 */
#include "hypervisor/backend.h"

#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "options.h"
#include "text/text.h"

#if defined(MOTE_WITH_KVM)
#include "hypervisor/backends/kvm/kvm.h"
#define KVM_BACKEND (&mote_backend_kvm)
#else
#define KVM_BACKEND NULL
#endif

struct entry {
	mote_backend_kind kind;
	const char *name;
	const struct mote_backend *backend; /* NULL: not part of this build */
};

static const struct entry entries[] = {
	{MOTE_BACKEND_KVM, "kvm", KVM_BACKEND},
};

enum { ENTRY_COUNT = sizeof(entries) / sizeof(entries[0]) };

bool mote_backend_from_name(const char *name, mote_backend_kind *kind)
{
	for (int i = MOTE_BACKEND_AUTO; i <= MOTE_BACKEND_HVF; i++)
		if (strcmp(name, mote_backend_name((mote_backend_kind)i)) == 0) {
			*kind = (mote_backend_kind)i;
			return true;
		}
	return false;
}

mote_status mote_probe(size_t index, mote_probe_result *result, mote_error *error)
{
	static const struct mote_structure structure = {"probe result", "MOTE_PROBE_RESULT_INIT",
							sizeof(*result)};
	mote_probe_result found = MOTE_PROBE_RESULT_INIT;
	const struct entry *entry;

	if (index >= ENTRY_COUNT)
		return mote_fail(error, MOTE_NOT_FOUND, "backend %zu does not exist", index);
	entry = &entries[index];
	found.kind = entry->kind;
	found.built = entry->backend != NULL;
	if (entry->backend != NULL)
		entry->backend->probe(NULL, &found);
	else
		snprintf(found.reason, sizeof(found.reason),
			 "not part of this build of mote; build it with %s in MOTE_BACKENDS",
			 entry->name);
	return mote_structure_give(&structure, &found, result, error);
}

static mote_status open_named(mote_backend_kind kind, const struct mote_hypervisor_options *options,
			      struct mote_hypervisor **hypervisor, mote_error *error)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		if (entries[i].kind == kind && entries[i].backend != NULL)
			return entries[i].backend->open(options, hypervisor, error);
	return mote_fail(error, MOTE_NO_HYPERVISOR, "backend %s is not part of this build of mote",
			 mote_backend_name(kind));
}

static mote_status open_first(const struct mote_hypervisor_options *options,
			      struct mote_hypervisor **hypervisor, mote_error *error)
{
	mote_error attempt; /* the caller's error stays unchanged when a later one succeeds */

	mote_error_begin(&attempt);
	mote_fail(&attempt, MOTE_NO_HYPERVISOR, "this build of mote contains no backend");
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		mote_status status;

		if (entries[i].backend == NULL)
			continue;
		status = entries[i].backend->open(options, hypervisor, &attempt);
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
				 "MOTE_BACKEND=%s is not a backend; use kvm, or unset it",
				 mote_text_short(override).text);
	if (kind == MOTE_BACKEND_AUTO)
		return open_first(options, hypervisor, error);
	return open_named(kind, options, hypervisor, error);
}
