/* SPDX-License-Identifier: Apache-2.0
 *
 * A library that was built without the debugger (MOTE_GDB=OFF).
 */
#include <mote/debug.h>

#include "error_internal.h"
#include "sandbox/sandbox_internal.h"

mote_status mote_sandbox_debug_listen(mote_sandbox *sandbox, const mote_debug_options *options,
				      mote_error *error)
{
	(void)sandbox;
	(void)options;
	return mote_fail(error, MOTE_UNSUPPORTED,
			 "this library was built without the debugger (MOTE_GDB)");
}

const char *mote_sandbox_get_debug_address(const mote_sandbox *sandbox)
{
	(void)sandbox;
	return NULL;
}

/* No sandbox listens. */
void mote_sandbox_debug_close(mote_sandbox *sandbox)
{
	(void)sandbox;
}

void mote_sandbox_debug_doom(mote_sandbox *sandbox)
{
	(void)sandbox;
}

bool mote_sandbox_debug_visit(mote_sandbox *sandbox, void (*work)(void *argument), void *argument)
{
	(void)sandbox;
	(void)work;
	(void)argument;
	return false;
}

void mote_sandbox_debug_free(mote_sandbox *sandbox)
{
	(void)sandbox;
}
