/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and writes callers' structures, and provides every initializer as a function.
 */
#include "options.h"

#include <string.h>

#include <mote/mote.h>

#include "error_internal.h"

/* Every structure has a member besides its size, and none will ever be this large: any other size
 * was never set. */
static const size_t MINIMUM_BYTES = 2 * sizeof(size_t);
static const size_t MAXIMUM_BYTES = 4096;

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static mote_status read_size(const struct mote_structure *structure, const void *theirs,
			     size_t *size, mote_error *error)
{
	memcpy(size, theirs, sizeof(*size));
	if (*size >= MINIMUM_BYTES && *size <= MAXIMUM_BYTES && *size % sizeof(*size) == 0)
		return MOTE_OK;
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "%s: size is %zu; initialize them with %s",
			 structure->name, *size, structure->initializer);
}

mote_status mote_structure_take(const struct mote_structure *structure, void *ours,
				const void *theirs, mote_error *error)
{
	const unsigned char *bytes = theirs;
	size_t size;
	mote_status status = read_size(structure, theirs, &size, error);

	if (status != MOTE_OK)
		return status;
	for (size_t i = structure->bytes; i < size; i++)
		if (bytes[i] != 0)
			return mote_fail(
				error, MOTE_INVALID_ARGUMENT,
				"%s: size is %zu, and something is set beyond the %zu bytes "
				"that mote %s knows; use a newer library, or initialize them with "
				"%s",
				structure->name, size, structure->bytes, MOTE_VERSION_STRING,
				structure->initializer);
	memcpy(ours, theirs, smaller(size, structure->bytes));
	memcpy(ours, &structure->bytes, sizeof(structure->bytes));
	return MOTE_OK;
}

mote_status mote_structure_give(const struct mote_structure *structure, const void *ours,
				void *theirs, mote_error *error)
{
	size_t size;
	mote_status status;

	if (theirs == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "%s: NULL", structure->name);
	status = read_size(structure, theirs, &size, error);
	if (status == MOTE_OK)
		mote_structure_init(structure, ours, theirs, size);
	return status;
}

void mote_structure_init(const struct mote_structure *structure, const void *ours, void *theirs,
			 size_t bytes)
{
	memset(theirs, 0, bytes);
	memcpy(theirs, ours, smaller(bytes, structure->bytes));
	if (bytes >= sizeof(bytes))
		memcpy(theirs, &bytes, sizeof(bytes));
}

/* ---- The initializers -------------------------------------------------------------------- */

#define DEFINE_INIT(type, INITIALIZER)                                                             \
	void type##_init(type *structure, size_t size)                                             \
	{                                                                                          \
		static const type initial = INITIALIZER;                                           \
		const struct mote_structure description = {#type, #INITIALIZER, sizeof(type)};     \
                                                                                                   \
		mote_structure_init(&description, &initial, structure, size);                      \
	}

DEFINE_INIT(mote_error, MOTE_ERROR_INIT)
DEFINE_INIT(mote_core_options, MOTE_CORE_OPTIONS_INIT)
DEFINE_INIT(mote_debug_options, MOTE_DEBUG_OPTIONS_INIT)
DEFINE_INIT(mote_engine_options, MOTE_ENGINE_OPTIONS_INIT)
DEFINE_INIT(mote_probe_result, MOTE_PROBE_RESULT_INIT)
DEFINE_INIT(mote_image_information, MOTE_IMAGE_INFORMATION_INIT)
DEFINE_INIT(mote_image_function, MOTE_IMAGE_FUNCTION_INIT)
DEFINE_INIT(mote_image_segment, MOTE_IMAGE_SEGMENT_INIT)
DEFINE_INIT(mote_interrupt_state, MOTE_INTERRUPT_STATE_INIT)
DEFINE_INIT(mote_call_options, MOTE_CALL_OPTIONS_INIT)
DEFINE_INIT(mote_pool_options, MOTE_POOL_OPTIONS_INIT)
DEFINE_INIT(mote_pool_statistics, MOTE_POOL_STATISTICS_INIT)
DEFINE_INIT(mote_sandbox_statistics, MOTE_SANDBOX_STATISTICS_INIT)
DEFINE_INIT(mote_snapshot_information, MOTE_SNAPSHOT_INFORMATION_INIT)
DEFINE_INIT(mote_snapshot_options, MOTE_SNAPSHOT_OPTIONS_INIT)

/* Only the caller knows the size of its host functions. */
void mote_sandbox_options_init(mote_sandbox_options *options, size_t size)
{
	static const struct mote_structure structure = {
		"sandbox options", "MOTE_SANDBOX_OPTIONS_INIT", sizeof(*options)};
	mote_sandbox_options initial = MOTE_SANDBOX_OPTIONS_INIT;

	initial.host_function_size = 0;
	mote_structure_init(&structure, &initial, options, size);
}
