/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a pool's sandboxes: checked once, and copied with all texts that they point to.
 */
#include <string.h>

#include "error_internal.h"
#include "sandbox/pool_internal.h"

/* Whether a sandbox could have these host functions.  All texts are well-formed then. */
static mote_status check_functions(const mote_pool *pool, const mote_sandbox_options *options,
				   mote_error *error)
{
	mote_sandbox tried = {.engine = pool->snapshot->engine, .image = pool->snapshot->image};
	mote_status status = mote_sandbox_register_functions(&tried, options, error);

	if (status == MOTE_OK)
		status = mote_sandbox_resolve_imports(&tried, error);
	mote_release(&tried.engine->allocator, tried.imports);
	mote_release(&tried.engine->allocator, tried.functions);
	return status;
}

static char *copy_text(char *to, const char **text)
{
	const size_t bytes = strlen(*text) + 1;

	memcpy(to, *text, bytes);
	*text = to;
	return to + bytes;
}

static mote_status copy_functions(mote_pool *pool, const mote_sandbox_options *options,
				  mote_error *error)
{
	const size_t count = options->host_function_count;
	size_t bytes = count * sizeof(mote_host_function);
	mote_host_function function;
	char *texts;

	for (size_t i = 0; i < count; i++)
		if (mote_sandbox_take_host_function(options, i, &function, NULL) == MOTE_OK)
			bytes += strlen(function.name) + strlen(function.signature) + 2;
	pool->functions = mote_allocate(&pool->snapshot->engine->allocator, bytes);
	if (pool->functions == NULL)
		return mote_fail_memory(error, "host functions");
	texts = (char *)(pool->functions + count);
	for (size_t i = 0; i < count; i++) {
		mote_host_function *copy = &pool->functions[i];

		(void)mote_sandbox_take_host_function(options, i, copy, NULL);
		texts = copy_text(texts, &copy->name);
		texts = copy_text(texts, &copy->signature);
	}
	return MOTE_OK;
}

mote_status mote_pool_take_options(mote_pool *pool, const mote_sandbox_options *options,
				   mote_error *error)
{
	mote_sandbox_options taken;
	mote_status status = mote_sandbox_take_options(options, &taken, error);

	if (status == MOTE_OK)
		status = mote_snapshot_check_options(pool->snapshot, &taken, error);
	if (status == MOTE_OK)
		status = check_functions(pool, &taken, error);
	if (status == MOTE_OK)
		status = copy_functions(pool, &taken, error);
	if (status != MOTE_OK)
		return status;
	pool->options = taken;
	pool->options.host_functions = pool->functions;
	pool->options.host_function_size = sizeof(*pool->functions);
	return MOTE_OK;
}

void mote_pool_free_options(mote_pool *pool)
{
	mote_release(&pool->snapshot->engine->allocator, pool->functions);
}
