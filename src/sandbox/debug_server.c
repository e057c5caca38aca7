/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox that listens for gdb: beginning and end.
 */
#include "sandbox/debug_server.h"

#include <string.h>

#include <mote/debug.h>

#include "error_internal.h"
#include "options.h"
#include "text/text.h"

static void close_server(mote_sandbox *sandbox, bool is_doomed)
{
	struct mote_debug_server *link = sandbox->debug_server;

	if (link == NULL)
		return;
	if (mote_engine_forked(sandbox->engine)) { /* the lock may be anybody's */
		mote_gdb_server_forget(link->server);
		link->server = NULL;
		return;
	}
	mote_gdb_server_close(mote_debug_begin_close(link, is_doomed));
	mote_debug_end_close(link);
}

void mote_sandbox_debug_close(mote_sandbox *sandbox)
{
	if (sandbox != NULL)
		close_server(sandbox, false);
}

void mote_sandbox_debug_doom(mote_sandbox *sandbox)
{
	close_server(sandbox, true);
}

static void free_link(struct mote_debug_server *link)
{
	const mote_allocator *allocator = &link->sandbox->engine->allocator;

	if (mote_engine_forked(link->sandbox->engine)) {
		mote_os_event_forget(link->done);
		mote_os_event_forget(link->left);
		mote_os_lock_forget(link->lock);
	} else {
		mote_os_event_destroy(link->done);
		mote_os_event_destroy(link->left);
		mote_os_lock_destroy(link->lock);
	}
	mote_release(allocator, link);
}

void mote_sandbox_debug_free(mote_sandbox *sandbox)
{
	if (sandbox->debug_server == NULL)
		return;
	close_server(sandbox, true);
	free_link(sandbox->debug_server);
	sandbox->debug_server = NULL;
}

static mote_status open_server(struct mote_debug_server *link, const mote_debug_options *options,
			       mote_error *error)
{
	const struct mote_gdb_server_options server_options = {
		.address = options->address != NULL ? options->address : "127.0.0.1:0",
		.allow_remote = options->allow_remote,
	};
	struct mote_gdb_server *server;
	mote_status status =
		mote_gdb_server_open(&link->sandbox->engine->allocator, &server_options,
				     &mote_debug_target, link, &link->guest, &server, error);

	if (status != MOTE_OK)
		return status;
	mote_text_copy(link->address, sizeof(link->address), mote_gdb_server_address(server),
		       strlen(mote_gdb_server_address(server)));
	mote_os_lock_acquire(link->lock);
	link->server = server;
	mote_os_lock_release(link->lock);
	return MOTE_OK;
}

/* Calls come to the debugger although there is no client yet. */
static mote_status open_attached(struct mote_debug_server *link, const mote_debug_options *options,
				 mote_error *error)
{
	const struct mote_debugger debugger = mote_debug_debugger(link);
	mote_error ignored;
	mote_status status = mote_sandbox_attach(link->sandbox, &debugger, error);

	if (status != MOTE_OK)
		return status;
	status = open_server(link, options, error);
	mote_error_begin(&ignored);
	if (status != MOTE_OK)
		(void)mote_sandbox_detach(link->sandbox, &ignored);
	return status;
}

static mote_status make_link(mote_sandbox *sandbox, const mote_debug_options *options,
			     struct mote_debug_server **made, mote_error *error)
{
	const mote_allocator *allocator = &sandbox->engine->allocator;
	struct mote_debug_server *link = mote_allocate(allocator, sizeof(*link));
	mote_status status;

	if (link == NULL)
		return mote_fail_memory(error, "debugger");
	link->sandbox = sandbox;
	link->is_awaited = options->wait;
	link->waits_on_fault = options->wait_on_fault;
	link->break_signal = MOTE_GDB_SIGTRAP;
	mote_debug_describe_guest(link);
	status = mote_os_lock_create(allocator, &link->lock, error);
	if (status == MOTE_OK)
		status = mote_os_event_create(allocator, &link->done, error);
	if (status == MOTE_OK)
		status = mote_os_event_create(allocator, &link->left, error);
	if (status == MOTE_OK)
		*made = link;
	else
		free_link(link);
	return status;
}

static mote_status listen(mote_sandbox *sandbox, const mote_debug_options *options,
			  mote_error *error)
{
	struct mote_debug_server *link = NULL;
	mote_status status = make_link(sandbox, options, &link, error);

	if (status != MOTE_OK)
		return status;
	status = options->wait || options->wait_on_fault ? open_attached(link, options, error)
							 : open_server(link, options, error);
	if (status == MOTE_OK)
		sandbox->debug_server = link;
	else
		free_link(link);
	return status;
}

mote_status mote_sandbox_debug_listen(mote_sandbox *sandbox, const mote_debug_options *options,
				      mote_error *error)
{
	static const struct mote_structure structure = {"debug options", "MOTE_DEBUG_OPTIONS_INIT",
							sizeof(mote_debug_options)};
	mote_debug_options taken = MOTE_DEBUG_OPTIONS_INIT;
	mote_status status = MOTE_OK;

	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "debugger: sandbox is NULL");
	if (mote_engine_forked(sandbox->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this sandbox belongs to the parent process; create one after fork");
	if (sandbox->debug_server != NULL)
		return mote_fail(error, MOTE_BUSY, "the sandbox listens for a debugger already");
	if (options != NULL)
		status = mote_structure_take(&structure, &taken, options, error);
	if (status == MOTE_OK)
		status = mote_sandbox_claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = listen(sandbox, &taken, error);
	(void)mote_sandbox_unclaim(sandbox);
	return status;
}

const char *mote_sandbox_get_debug_address(const mote_sandbox *sandbox)
{
	const struct mote_debug_server *link = sandbox->debug_server;

	return link != NULL ? link->address : NULL;
}
