/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools: sandboxes of one snapshot that wait for requests, put back by those who release them.
 */
#include "sandbox/pool_internal.h"

#include "error_internal.h"
#include "options.h"

enum { DEFAULT_MOST = 256, MAXIMUM_MOST = (1 << MOTE_POOL_LINK_BITS) - 1 };

/* ---- Stacks ------------------------------------------------------------------------------ */

static uint64_t changed(uint64_t head, uint32_t link)
{
	return ((head >> MOTE_POOL_LINK_BITS) + 1) << MOTE_POOL_LINK_BITS | link;
}

static uint32_t link_of(uint64_t head)
{
	return head & MAXIMUM_MOST;
}

static void push(struct mote_pool_stack *stack, struct mote_pool_place *place)
{
	const uint32_t link = (uint32_t)(place - place->pool->places) + 1;
	uint64_t head = atomic_load(&stack->head);

	do
		atomic_store(&place->next_link, link_of(head));
	while (!atomic_compare_exchange_weak(&stack->head, &head, changed(head, link)));
}

/* NULL: there is none. */
static struct mote_pool_place *pop(mote_pool *pool, struct mote_pool_stack *stack)
{
	uint64_t head = atomic_load(&stack->head);
	struct mote_pool_place *place;
	uint32_t next;

	do {
		if (link_of(head) == 0)
			return NULL;
		place = &pool->places[link_of(head) - 1];
		/* If somebody takes it meanwhile, this is anything, and the head has changed. */
		next = atomic_load(&place->next_link);
	} while (!atomic_compare_exchange_weak(&stack->head, &head, changed(head, next)));
	return place;
}

/* ---- Life -------------------------------------------------------------------------------- */

static mote_pool *retain(mote_pool *pool)
{
	atomic_fetch_add(&pool->references, 1);
	return pool;
}

static void drop(mote_pool *pool)
{
	mote_snapshot *snapshot = pool->snapshot;

	if (atomic_fetch_sub(&pool->references, 1) != 1)
		return;
	for (size_t i = 0; i < pool->options.host_function_count; i++)
		if (pool->functions[i].destroy != NULL)
			pool->functions[i].destroy(pool->functions[i].user);
	mote_pool_free_options(pool);
	mote_release(&snapshot->engine->allocator, pool);
	mote_snapshot_destroy(snapshot);
}

static struct mote_pool_place *take_place(mote_pool *pool)
{
	struct mote_pool_place *place = pop(pool, &pool->vacant);

	if (place == NULL)
		return NULL;
	atomic_fetch_add(&pool->taken, 1);
	retain(pool);
	return place;
}

void mote_pool_vacate(struct mote_pool_place *place)
{
	mote_pool *pool = place->pool;

	atomic_fetch_sub(&pool->taken, 1);
	push(&pool->vacant, place);
	drop(pool);
}

/* The idle sandbox that was put there last; NULL: none waits. */
static mote_sandbox *take_idle(mote_pool *pool)
{
	struct mote_pool_place *place = pop(pool, &pool->idle);

	if (place == NULL)
		return NULL;
	atomic_fetch_sub(&pool->idle_count, 1);
	return place->sandbox;
}

/* Announces that one more will wait, unless as many do. */
static bool announce_idle(mote_pool *pool, size_t most)
{
	size_t count = atomic_load(&pool->idle_count);

	do {
		if (count >= most)
			return false;
	} while (!atomic_compare_exchange_weak(&pool->idle_count, &count, count + 1));
	return true;
}

static void destroy_idle(mote_pool *pool, size_t left)
{
	mote_sandbox *sandbox;

	while (atomic_load(&pool->idle_count) > left && (sandbox = take_idle(pool)) != NULL)
		mote_sandbox_destroy(sandbox);
}

/* It was announced.  The caller has a reference: at once it may be acquired and destroyed. */
static void put_idle(mote_pool *pool, mote_sandbox *sandbox)
{
	push(&pool->idle, sandbox->place);
	/* Whoever closes the pool looks for idle ones afterwards; if not that one, then this. */
	if (atomic_load(&pool->closed))
		destroy_idle(pool, 0);
}

static mote_status check_options(const mote_pool_options *options, mote_error *error)
{
	if (options->most > MAXIMUM_MOST)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "pool options: most is %zu; it must be at most %d", options->most,
				 MAXIMUM_MOST);
	if (options->most_idle > options->most || options->least_idle > options->most_idle)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "pool options: least_idle %zu, most_idle %zu, most %zu; they must "
				 "ascend",
				 options->least_idle, options->most_idle, options->most);
	return MOTE_OK;
}

static mote_status make(mote_snapshot *snapshot, const mote_pool_options *options, mote_pool **pool,
			mote_error *error)
{
	const mote_allocator *allocator = &snapshot->engine->allocator;
	mote_pool *made =
		mote_allocate(allocator, sizeof(*made) + options->most * sizeof(made->places[0]));
	mote_status status;

	if (made == NULL)
		return mote_fail_memory(error, "pool");
	atomic_init(&made->references, 1);
	made->snapshot = snapshot;
	made->most = options->most;
	made->least_idle = options->least_idle;
	made->most_idle = options->most_idle;
	made->trim_bytes = options->trim_bytes;
	made->strict = options->strict;
	for (size_t i = options->most; i > 0; i--) {
		made->places[i - 1].pool = made;
		push(&made->vacant, &made->places[i - 1]);
	}
	status = mote_pool_take_options(made, options->sandbox, error);
	if (status != MOTE_OK) {
		mote_release(allocator, made);
		return status;
	}
	mote_snapshot_retain(snapshot);
	*pool = made;
	return MOTE_OK;
}

mote_status mote_pool_create(mote_snapshot *snapshot, const mote_pool_options *options,
			     mote_pool **pool, mote_error *error)
{
	static const struct mote_structure structure = {"pool options", "MOTE_POOL_OPTIONS_INIT",
							sizeof(*options)};
	mote_pool_options taken = MOTE_POOL_OPTIONS_INIT;
	mote_status status = MOTE_OK;

	if (snapshot == NULL || pool == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "pool: NULL argument");
	if (mote_engine_forked(snapshot->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this snapshot belongs to the parent process; take one after fork");
	if (options != NULL)
		status = mote_structure_take(&structure, &taken, options, error);
	if (taken.most == 0)
		taken.most = DEFAULT_MOST;
	if (taken.most_idle == 0)
		taken.most_idle = taken.most;
	if (status == MOTE_OK)
		status = check_options(&taken, error);
	return status == MOTE_OK ? make(snapshot, &taken, pool, error) : status;
}

void mote_pool_destroy(mote_pool *pool)
{
	if (pool == NULL)
		return;
	atomic_store(&pool->closed, true);
	destroy_idle(pool, 0);
	drop(pool);
}

/* ---- New sandboxes ----------------------------------------------------------------------- */

/* place: its sandbox's from here on, or vacant. */
static mote_status create(struct mote_pool_place *place, mote_sandbox **sandbox, mote_error *error)
{
	mote_pool *pool = place->pool;
	mote_sandbox *created;
	mote_status status =
		mote_sandbox_create_from_snapshot(pool->snapshot, &pool->options, &created, error);

	if (status != MOTE_OK) {
		atomic_fetch_add(&pool->failed_creations, 1);
		mote_pool_vacate(place);
		return status;
	}
	/* Users are the pool's. */
	for (size_t i = 0; i < created->function_count; i++)
		created->functions[i].destroy = NULL;
	created->place = place;
	place->sandbox = created;
	atomic_fetch_add(&pool->created, 1);
	*sandbox = created;
	return MOTE_OK;
}

static mote_status check_pool(const mote_pool *pool, mote_error *error)
{
	if (pool == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "pool is NULL");
	if (mote_engine_forked(pool->snapshot->engine))
		return mote_fail(error, MOTE_FORKED,
				 "this pool belongs to the parent process; create one after fork");
	return MOTE_OK;
}

mote_status mote_pool_acquire(mote_pool *pool, mote_sandbox **sandbox, mote_error *error)
{
	struct mote_pool_place *place;
	mote_sandbox *idle;
	mote_status status = check_pool(pool, error);
	uint64_t head;

	if (status != MOTE_OK)
		return status;
	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "pool: NULL argument");
	do {
		head = atomic_load(&pool->idle.head);
		idle = take_idle(pool);
		if (idle != NULL) {
			atomic_fetch_add(&pool->reused, 1);
			*sandbox = idle;
			return MOTE_OK;
		}
		place = take_place(pool);
		if (place != NULL)
			return create(place, sandbox, error);
	} while (atomic_load(&pool->idle.head) != head); /* one came between the two looks */
	return mote_fail(error, MOTE_LIMIT, "pool: all of its %zu sandboxes are in use; raise most",
			 pool->most);
}

mote_status mote_pool_refill(mote_pool *pool, mote_error *error)
{
	mote_status status = check_pool(pool, error);

	while (status == MOTE_OK && announce_idle(pool, pool->least_idle)) {
		struct mote_pool_place *place = take_place(pool);
		mote_sandbox *sandbox = NULL;

		if (place != NULL)
			status = create(place, &sandbox, error);
		if (sandbox != NULL) {
			put_idle(pool, sandbox);
			continue;
		}
		atomic_fetch_sub(&pool->idle_count, 1);
		if (place == NULL)
			break;
	}
	return status;
}

void mote_pool_trim(mote_pool *pool, size_t idle)
{
	if (pool != NULL)
		destroy_idle(pool, idle);
}

/* ---- Release ----------------------------------------------------------------------------- */

/* What a call may have left in it that the next user must not find. */
static bool put_back(mote_pool *pool, mote_sandbox *sandbox)
{
	struct mote_channel *call = &sandbox->mailbox.call;

	if (mote_sandbox_restore(sandbox, pool->snapshot, NULL) != MOTE_OK)
		return false;
	while (call->buffer_count > 0)
		if (mote_sandbox_unmap_buffer(sandbox, call->buffers[call->buffer_count - 1].buffer,
					      NULL) != MOTE_OK)
			return false;
	mote_release(&sandbox->engine->allocator, sandbox->core);
	sandbox->core = NULL;
	return true;
}

/* A debugger may come, or its hardware and patches may still be in the guest. */
static bool is_debugged(const mote_sandbox *sandbox)
{
	return sandbox->debug != NULL || sandbox->debug_server != NULL;
}

/* Whether its memory says more of earlier calls, or takes more, than it may while it waits. */
static bool must_be_anew(const mote_pool *pool, const mote_sandbox *sandbox)
{
	return pool->strict || (pool->trim_bytes != 0 &&
				mote_os_memory_holds_more(&sandbox->ram, pool->trim_bytes));
}

/* Memory that is shareable keeps its pages as long as its sandbox lives. */
static bool make_anew(mote_pool *pool, mote_sandbox *sandbox)
{
	if (!sandbox->ram.is_private ||
	    mote_sandbox_make_anew(sandbox, pool->snapshot, NULL) != MOTE_OK)
		return false;
	atomic_fetch_add(&pool->trimmed, 1);
	return true;
}

static bool make_clean(mote_pool *pool, mote_sandbox *sandbox)
{
	if (is_debugged(sandbox))
		return false;
	if (put_back(pool, sandbox))
		return !must_be_anew(pool, sandbox) || make_anew(pool, sandbox);
	atomic_fetch_add(&pool->failed_restores, 1);
	return false;
}

static void release(mote_pool *pool, mote_sandbox *sandbox)
{
	bool announced;

	if (atomic_load(&pool->closed))
		announced = false;
	else
		announced = announce_idle(pool, pool->most_idle);
	if (announced && make_clean(pool, sandbox)) {
		atomic_fetch_add(&pool->restored, 1);
		put_idle(pool, sandbox);
		return;
	}
	if (announced)
		atomic_fetch_sub(&pool->idle_count, 1);
	atomic_fetch_add(&pool->discarded, 1);
	mote_sandbox_destroy(sandbox);
}

void mote_pool_release(mote_pool *pool, mote_sandbox *sandbox)
{
	if (sandbox == NULL)
		return;
	if (pool == NULL || sandbox->place == NULL || sandbox->place->pool != pool ||
	    mote_engine_forked(sandbox->engine)) {
		mote_sandbox_destroy(sandbox);
		return;
	}
	retain(pool);
	release(pool, sandbox);
	drop(pool);
}

/* ---- Questions --------------------------------------------------------------------------- */

mote_status mote_pool_get_statistics(const mote_pool *pool, mote_pool_statistics *statistics,
				     mote_error *error)
{
	static const struct mote_structure structure = {
		"pool statistics", "MOTE_POOL_STATISTICS_INIT", sizeof(*statistics)};
	mote_pool_statistics ours = MOTE_POOL_STATISTICS_INIT;
	uint64_t taken;

	if (pool == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "pool is NULL");
	ours.idle = atomic_load(&pool->idle_count);
	taken = atomic_load(&pool->taken);
	ours.in_use = taken > ours.idle ? taken - ours.idle : 0;
	ours.created = atomic_load(&pool->created);
	ours.failed_creations = atomic_load(&pool->failed_creations);
	ours.reused = atomic_load(&pool->reused);
	ours.restored = atomic_load(&pool->restored);
	ours.trimmed = atomic_load(&pool->trimmed);
	ours.failed_restores = atomic_load(&pool->failed_restores);
	ours.discarded = atomic_load(&pool->discarded);
	return mote_structure_give(&structure, &ours, statistics, error);
}
