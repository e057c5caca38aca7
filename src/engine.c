/* SPDX-License-Identifier: Apache-2.0
 *
 * The root object: opens the hypervisor once and holds what sandboxes share.
 */
#include "engine.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "error_internal.h"
#include "hypervisor/backend.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "os/os.h"

static void *default_allocate(void *user, size_t bytes)
{
	(void)user;
	return malloc(bytes);
}

static void *default_reallocate(void *user, void *pointer, size_t bytes)
{
	(void)user;
	return realloc(pointer, bytes);
}

static void default_release(void *user, void *pointer)
{
	(void)user;
	free(pointer);
}

const mote_allocator mote_default_allocator = {
	.allocate = default_allocate,
	.reallocate = default_reallocate,
	.release = default_release,
};

const char *mote_version(void)
{
	return MOTE_VERSION;
}

static mote_status check_options(const mote_engine_options *options, mote_error *error)
{
	const mote_allocator *allocator = &options->allocator;
	bool all = allocator->allocate && allocator->reallocate && allocator->release;
	bool none = !allocator->allocate && !allocator->reallocate && !allocator->release;

	if (options->size != sizeof(*options))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "engine options: size is %zu, not %zu; start them with "
				 "MOTE_ENGINE_OPTIONS_INIT",
				 options->size, sizeof(*options));
	if (!all && !none)
		return mote_fail(
			error, MOTE_INVALID_ARGUMENT,
			"engine options: set all three functions of the allocator or none");
	return MOTE_OK;
}

static mote_status open_engine(mote_engine *engine, const mote_engine_options *options,
			       const void *system, mote_error *error)
{
	struct mote_hypervisor_options hypervisor = {
		.allocator = &engine->allocator,
		.system = system,
	};
	mote_status status = mote_os_fork_mark_create(&engine->fork_mark, error);

	if (status == MOTE_OK)
		status = mote_deadlines_create(&engine->allocator, &engine->deadlines, error);
	if (status == MOTE_OK)
		status = mote_kick_install(&engine->kick_signal, error);
	engine->kick_installed = status == MOTE_OK;
	hypervisor.kick_signal = engine->kick_signal;
	if (status == MOTE_OK)
		status = mote_backend_open(options->backend, mote_os_environment("MOTE_BACKEND"),
					   &hypervisor, &engine->hypervisor, error);
	return status;
}

mote_status mote_engine_create_with_system(const mote_engine_options *options, const void *system,
					   mote_engine **engine, mote_error *error)
{
	static const mote_engine_options defaults = MOTE_ENGINE_OPTIONS_INIT;
	const mote_allocator *allocator = &mote_default_allocator;
	mote_engine *created;
	mote_status status;

	if (engine == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "engine is NULL");
	if (options == NULL)
		options = &defaults;
	status = check_options(options, error);
	if (status != MOTE_OK)
		return status;
	if (options->allocator.allocate != NULL)
		allocator = &options->allocator;
	created = mote_allocate(allocator, sizeof(*created));
	if (created == NULL)
		return mote_fail_memory(error, "engine");
	atomic_init(&created->references, 1);
	created->allocator = *allocator;
	created->log = options->log;
	created->log_user = options->log_user;
	created->kick_signal = options->kick_signal;
	created->overcommits = mote_os_memory_overcommits();
	status = open_engine(created, options, system, error);
	if (status != MOTE_OK) {
		mote_engine_release(created);
		return status;
	}
	*engine = created;
	return MOTE_OK;
}

mote_status mote_engine_create(const mote_engine_options *options, mote_engine **engine,
			       mote_error *error)
{
	return mote_engine_create_with_system(options, NULL, engine, error);
}

mote_engine *mote_engine_retain(mote_engine *engine)
{
	atomic_fetch_add_explicit(&engine->references, 1, memory_order_relaxed);
	return engine;
}

void mote_engine_release(mote_engine *engine)
{
	mote_allocator allocator;

	if (engine == NULL ||
	    atomic_fetch_sub_explicit(&engine->references, 1, memory_order_acq_rel) != 1)
		return;
	mote_deadlines_destroy(engine->deadlines,
			       engine->fork_mark != NULL && mote_engine_forked(engine));
	if (engine->hypervisor != NULL)
		engine->hypervisor->backend->close(engine->hypervisor);
	if (engine->kick_installed)
		mote_kick_uninstall(engine->kick_signal);
	mote_os_fork_mark_destroy(engine->fork_mark);
	allocator = engine->allocator;
	mote_release(&allocator, engine);
}

mote_backend_kind mote_engine_get_backend(const mote_engine *engine)
{
	return engine->hypervisor->backend->kind;
}
