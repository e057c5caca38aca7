/* SPDX-License-Identifier: Apache-2.0
 *
 * A library that was built without cores (MOTE_CRASHDUMP=OFF).
 */
#include <mote/core.h>

#include "error_internal.h"
#include "sandbox/sandbox_internal.h"

static mote_status fail_unsupported(mote_error *error)
{
	return mote_fail(error, MOTE_UNSUPPORTED,
			 "this library was built without cores (MOTE_CRASHDUMP)");
}

mote_status mote_sandbox_set_core_options(mote_sandbox *sandbox, const mote_core_options *options,
					  mote_error *error)
{
	(void)sandbox;
	return options == NULL ? MOTE_OK : fail_unsupported(error);
}

mote_status mote_sandbox_dump_core(mote_sandbox *sandbox, const char *path, mote_error *error)
{
	(void)sandbox;
	(void)path;
	return fail_unsupported(error);
}

const char *mote_sandbox_get_core_path(const mote_sandbox *sandbox)
{
	(void)sandbox;
	return NULL;
}

const mote_error *mote_sandbox_get_core_error(const mote_sandbox *sandbox)
{
	(void)sandbox;
	return NULL;
}

/* Never called: no sandbox has settings. */
void mote_sandbox_core_failed(mote_sandbox *sandbox, mote_status ended, const mote_error *reason)
{
	(void)sandbox;
	(void)ended;
	(void)reason;
}
