/* SPDX-License-Identifier: Apache-2.0
 *
 * The root object: opens the hypervisor once and holds what sandboxes share.
 */
#include "engine_internal.h"

#include <stdatomic.h>
#include <string.h>

#include <mote/version.h>

#include "error_internal.h"
#include "hypervisor/backend.h"
#include "options.h"
#include "os/os_memory.h"
#include "os/os_process.h"
#include "os/os_random.h"

const char *mote_version(void)
{
	return MOTE_VERSION_STRING;
}

uint32_t mote_version_number(void)
{
	return MOTE_VERSION_NUMBER;
}

static mote_status check_allocator(const mote_allocator *allocator, mote_error *error)
{
	bool all = allocator->allocate && allocator->reallocate && allocator->release;
	bool none = !allocator->allocate && !allocator->reallocate && !allocator->release;

	if (all || none)
		return MOTE_OK;
	return mote_fail(error, MOTE_INVALID_ARGUMENT,
			 "engine options: set all three functions of the allocator or none");
}

static mote_status open_engine(mote_engine *engine, const mote_engine_options *options,
			       const struct mote_system *const *systems, mote_error *error)
{
	struct mote_hypervisor_options hypervisor = {
		.allocator = &engine->allocator,
		.kick_signal = options->kick_signal,
		.forbid_surrogates = options->forbid_surrogates,
		.surrogate_path = options->surrogate_path,
		.systems = systems,
	};
	mote_status status = mote_os_fork_mark_create(&engine->fork_mark, error);

	if (status == MOTE_OK)
		status = mote_deadlines_create(&engine->allocator, &engine->deadlines, error);
	if (status == MOTE_OK)
		status = mote_backend_open(options->backend, mote_os_environment("MOTE_BACKEND"),
					   &hypervisor, &engine->hypervisor, error);
	return status;
}

mote_status mote_engine_create_with_systems(const mote_engine_options *options,
					    const struct mote_system *const *systems,
					    mote_engine **engine, mote_error *error)
{
	static const struct mote_structure structure = {
		"engine options", "MOTE_ENGINE_OPTIONS_INIT", sizeof(mote_engine_options)};
	mote_engine_options taken = MOTE_ENGINE_OPTIONS_INIT;
	const mote_allocator *allocator = &mote_default_allocator;
	mote_status status = MOTE_OK;
	mote_engine *created;

	if (engine == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "engine is NULL");
	if (options != NULL)
		status = mote_structure_take(&structure, &taken, options, error);
	options = &taken;
	if (status == MOTE_OK)
		status = check_allocator(&options->allocator, error);
	if (status != MOTE_OK)
		return status;
	if (options->allocator.allocate != NULL)
		allocator = &options->allocator;
	created = mote_allocate(allocator, sizeof(*created));
	if (created == NULL)
		return mote_fail_memory(error, "engine");
	atomic_init(&created->references, 1);
	atomic_init(&created->cores, 0);
	created->allocator = *allocator;
	created->log = options->log;
	created->log_user = options->log_user;
	atomic_flag_clear(&created->random.busy);
	created->overcommits = mote_os_memory_overcommits();
	created->page_map = mote_os_page_map_open();
	status = open_engine(created, options, systems, error);
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
	return mote_engine_create_with_systems(options, NULL, engine, error);
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
	mote_os_fork_mark_destroy(engine->fork_mark);
	mote_os_page_map_close(engine->page_map);
	allocator = engine->allocator;
	mote_release(&allocator, engine);
}

static mote_status take_words(struct mote_random_words *random, uint64_t *words, size_t count,
			      mote_error *error)
{
	uint64_t *from;

	if (random->left < count) {
		mote_status status = mote_os_random(random->words, sizeof(random->words), error);

		if (status != MOTE_OK)
			return status;
		random->left = sizeof(random->words) / sizeof(random->words[0]);
	}
	random->left -= count;
	from = &random->words[random->left];
	memcpy(words, from, count * sizeof(*words));
	memset(from, 0, count * sizeof(*words));
	return MOTE_OK;
}

mote_status mote_engine_random(mote_engine *engine, uint64_t *words, size_t count,
			       mote_error *error)
{
	struct mote_random_words *random = &engine->random;
	mote_status status;

	/* Nobody waits for another thread. */
	if (atomic_flag_test_and_set_explicit(&random->busy, memory_order_acquire))
		return mote_os_random(words, count * sizeof(*words), error);
	status = take_words(random, words, count, error);
	atomic_flag_clear_explicit(&random->busy, memory_order_release);
	return status;
}

mote_backend_kind mote_engine_get_backend(const mote_engine *engine)
{
	return engine->hypervisor->backend->kind;
}
