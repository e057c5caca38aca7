/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks the options that a sandbox is created with.
 */
#include "error_internal.h"
#include "sandbox/sandbox_internal.h"

static const uint64_t MINIMUM_MEMORY = 64ull << 10;
static const uint64_t MAXIMUM_MAILBOX = 1ull << 30;
static const size_t MAXIMUM_HOST_FUNCTIONS = 4096;

static mote_status check_range(const char *what, uint64_t value, uint64_t least, uint64_t most,
			       mote_error *error)
{
	char low[MOTE_SIZE_TEXT_BYTES], high[MOTE_SIZE_TEXT_BYTES];

	if (value >= least && value <= most)
		return MOTE_OK;
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "%s is %llu bytes; it must be %s to %s",
			 what, (unsigned long long)value, mote_size_text(least, low),
			 mote_size_text(most, high));
}

mote_status mote_sandbox_check_options(const mote_sandbox_options *options, mote_error *error)
{
	mote_status status = MOTE_OK;

	if (options->size != sizeof(*options))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "sandbox options: size is %zu, not %zu; start them with "
				 "MOTE_SANDBOX_OPTIONS_INIT",
				 options->size, sizeof(*options));
	if (options->memory_bytes != 0)
		status = check_range("memory_bytes", options->memory_bytes, MINIMUM_MEMORY,
				     MOTE_SANDBOX_MAXIMUM_BYTES, error);
	if (status == MOTE_OK)
		status = check_range("heap_bytes", options->heap_bytes, 0,
				     MOTE_SANDBOX_MAXIMUM_BYTES, error);
	if (status == MOTE_OK)
		status = check_range("stack_bytes", options->stack_bytes, 0,
				     MOTE_SANDBOX_MAXIMUM_BYTES, error);
	if (status == MOTE_OK)
		status = check_range("mailbox_bytes", options->mailbox_bytes, 0, MAXIMUM_MAILBOX,
				     error);
	if (status == MOTE_OK)
		status = check_range("buffer_space_bytes", options->buffer_space_bytes, 0,
				     MOTE_SANDBOX_MAXIMUM_BYTES, error);
	if (status == MOTE_OK && (unsigned)options->log_level > MOTE_LOG_TRACE)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT, "log_level %d does not exist",
				   (int)options->log_level);
	if (status == MOTE_OK && options->host_function_count > MAXIMUM_HOST_FUNCTIONS)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT, "more than %zu host functions",
				   MAXIMUM_HOST_FUNCTIONS);
	if (status == MOTE_OK && options->host_function_count > 0 &&
	    options->host_functions == NULL)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT, "host_functions is NULL");
	return status;
}
