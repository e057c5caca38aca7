/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and checks the options that a sandbox is created with; the layout that they ask for.
 */
#include <string.h>

#include <mote/version.h>

#include "error_internal.h"
#include "options.h"
#include "sandbox/sandbox_internal.h"
#include "text/text.h"

static const uint64_t DEFAULT_MEMORY = 16ull << 20;
static const uint64_t DEFAULT_STACK = 256ull << 10;
static const uint64_t DEFAULT_MAILBOX = 64ull << 10;
static const uint64_t DEFAULT_BUFFER_SPACE = 4ull << 30;
static const uint64_t MINIMUM_MEMORY = 64ull << 10;
static const uint64_t MAXIMUM_MAILBOX = 1ull << 30;
static const size_t MAXIMUM_HOST_FUNCTIONS = 4096;
static const size_t MAXIMUM_FUNCTION = 4096;
static const size_t MINIMUM_FUNCTION = sizeof(mote_host_function); /* of 0.1, the first version */

static mote_status check_range(mote_error_subject subject, uint64_t value, uint64_t least,
			       uint64_t most, mote_error *error)
{
	char low[MOTE_SIZE_TEXT_BYTES], high[MOTE_SIZE_TEXT_BYTES], given[MOTE_SIZE_TEXT_BYTES];
	const char *what = mote_error_subject_text(subject);

	if (value >= least && value <= most)
		return MOTE_OK;
	mote_size_text(value, given);
	mote_size_text(most, high);
	if (least == 0)
		return mote_fail_option(error, MOTE_INVALID_ARGUMENT, subject,
					"%s of %s: it must be at most %s; change", what, given,
					high);
	return mote_fail_option(error, MOTE_INVALID_ARGUMENT, subject,
				"%s of %s: it must be %s to %s; change", what, given,
				mote_size_text(least, low), high);
}

static mote_status check_sizes(const mote_sandbox_options *options, mote_error *error)
{
	const struct {
		mote_error_subject subject;
		uint64_t value, most;
	} sizes[] = {
		{MOTE_SUBJECT_HEAP_BYTES, options->heap_bytes, MOTE_SANDBOX_MAXIMUM_BYTES},
		{MOTE_SUBJECT_STACK_BYTES, options->stack_bytes, MOTE_SANDBOX_MAXIMUM_BYTES},
		{MOTE_SUBJECT_MAILBOX_BYTES, options->mailbox_bytes, MAXIMUM_MAILBOX},
		{MOTE_SUBJECT_BUFFER_SPACE_BYTES, options->buffer_space_bytes,
		 MOTE_SANDBOX_MAXIMUM_BYTES},
	};
	mote_status status = MOTE_OK;

	if (options->memory_bytes != 0)
		status = check_range(MOTE_SUBJECT_MEMORY_BYTES, options->memory_bytes,
				     MINIMUM_MEMORY, MOTE_SANDBOX_MAXIMUM_BYTES, error);
	for (size_t i = 0; status == MOTE_OK && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		status = check_range(sizes[i].subject, sizes[i].value, 0, sizes[i].most, error);
	return status;
}

static mote_status check(const mote_sandbox_options *options, mote_error *error)
{
	mote_status status = check_sizes(options, error);

	if (status == MOTE_OK && (unsigned)options->log_level > MOTE_LOG_TRACE)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT, "log_level %d does not exist",
				   (int)options->log_level);
	if (status == MOTE_OK && options->tell_time && options->forbid_timestamp)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT,
				   "tell_time and forbid_timestamp exclude each other");
	if (status == MOTE_OK && options->host_function_count > MAXIMUM_HOST_FUNCTIONS)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT, "more than %zu host functions",
				   MAXIMUM_HOST_FUNCTIONS);
	if (status == MOTE_OK && options->host_function_count > 0 &&
	    options->host_functions == NULL)
		status = mote_fail(error, MOTE_INVALID_ARGUMENT, "host_functions is NULL");
	if (status == MOTE_OK && options->host_function_count > 0 &&
	    (options->host_function_size < MINIMUM_FUNCTION ||
	     options->host_function_size > MAXIMUM_FUNCTION))
		status =
			mote_fail(error, MOTE_INVALID_ARGUMENT,
				  "host_function_size is %zu; set it to sizeof(mote_host_function)",
				  options->host_function_size);
	return status;
}

mote_status mote_sandbox_take_options(const mote_sandbox_options *options,
				      mote_sandbox_options *taken, mote_error *error)
{
	static const struct mote_structure structure = {
		"sandbox options", "MOTE_SANDBOX_OPTIONS_INIT", sizeof(*taken)};
	mote_status status = MOTE_OK;

	*taken = (mote_sandbox_options)MOTE_SANDBOX_OPTIONS_INIT;
	if (options != NULL)
		status = mote_structure_take(&structure, taken, options, error);
	return status == MOTE_OK ? check(taken, error) : status;
}

/* All elements of an array have the same size, which is a member next to it. */
mote_status mote_sandbox_take_host_function(const mote_sandbox_options *options, size_t index,
					    mote_host_function *taken, mote_error *error)
{
	size_t theirs = options->host_function_size;
	const unsigned char *bytes =
		(const unsigned char *)options->host_functions + index * theirs;

	for (size_t i = sizeof(*taken); i < theirs; i++)
		if (bytes[i] != 0)
			return mote_fail(
				error, MOTE_INVALID_ARGUMENT,
				"host function %zu: something is set beyond the %zu bytes that "
				"mote %s knows; use a newer library",
				index, sizeof(*taken), MOTE_VERSION_STRING);
	*taken = (mote_host_function){0};
	memcpy(taken, bytes, theirs < sizeof(*taken) ? theirs : sizeof(*taken));
	return MOTE_OK;
}

/* ---- Layout -------------------------------------------------------------------------------- */

static uint64_t whole_pages(uint64_t bytes)
{
	return (bytes + MOTE_PAGE_BYTES - 1) & MOTE_PAGE_MASK;
}

static uint64_t image_alignment(const struct mote_elf *elf)
{
	uint64_t alignment = MOTE_PAGE_BYTES;

	for (size_t i = 0; i < elf->segment_count; i++)
		if (elf->segments[i].alignment > alignment)
			alignment = elf->segments[i].alignment;
	return alignment;
}

mote_status mote_sandbox_compute_layout(const mote_image *image,
					const mote_sandbox_options *options, uint64_t granule_bytes,
					struct mote_layout *layout, mote_error *error)
{
	struct mote_layout_request request = {
		.image_name = image->name,
		.memory_bytes = whole_pages(options->memory_bytes != 0 ? options->memory_bytes
								       : DEFAULT_MEMORY),
		.heap_bytes = whole_pages(options->heap_bytes),
		.stack_bytes = whole_pages(options->stack_bytes),
		.data_bytes = whole_pages(options->mailbox_bytes != 0 ? options->mailbox_bytes
								      : DEFAULT_MAILBOX),
		.least_heap_bytes = image->heap_bytes,
		.buffer_bytes =
			whole_pages(options->buffer_space_bytes != 0 ? options->buffer_space_bytes
								     : DEFAULT_BUFFER_SPACE),
		.image = mote_image_extent(image),
		.position_independent = image->elf.position_independent,
		.image_alignment = image_alignment(&image->elf),
		.tls_bytes = image->elf.tls.memory_bytes,
		.tls_alignment = image->elf.tls.alignment,
		.tls_address = image->elf.tls.address,
		.granule_bytes = granule_bytes,
	};
	mote_status status = MOTE_OK;

	/* The image's requests have the same limits as the caller's options. */
	if (image->heap_bytes > MOTE_SANDBOX_MAXIMUM_BYTES ||
	    image->stack_bytes > MOTE_SANDBOX_MAXIMUM_BYTES)
		return mote_fail(error, MOTE_NO_GUEST_MEMORY,
				 "guest image %s asks for an absurd heap or stack", image->name);
	if (options->stack_bytes == 0)
		request.stack_bytes = whole_pages(
			image->stack_bytes > DEFAULT_STACK ? image->stack_bytes : DEFAULT_STACK);
	else if (request.stack_bytes < image->stack_bytes)
		status = mote_fail_option(
			error, MOTE_NO_GUEST_MEMORY, MOTE_SUBJECT_STACK_BYTES,
			"guest image %s asks for a stack of %llu bytes and has %llu; "
			"leave out or raise",
			image->name, (unsigned long long)image->stack_bytes,
			(unsigned long long)options->stack_bytes);
	return status == MOTE_OK ? mote_layout_compute(&request, layout, error) : status;
}
