/* SPDX-License-Identifier: Apache-2.0
 *
 * The host functions of a sandbox: copies of what the caller registers, and which of them the image
 * imports.
 */
#include <string.h>

#include "error_internal.h"
#include "sandbox/program_internal.h"
#include "text/text.h"

static mote_status register_function(const mote_host_function *from,
				     struct mote_registered_function *to, mote_error *error)
{
	mote_error inner = MOTE_ERROR_INIT;

	if (from->name == NULL || from->name[0] == '\0' || from->call == NULL ||
	    strlen(from->name) >= sizeof(to->name))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "host function %s: needs a name of 1 to 63 bytes and a callback",
				 mote_text_short(from->name != NULL ? from->name : "(NULL)").text);
	if (mote_signature_parse(from->signature, &to->signature, &inner) != MOTE_OK)
		return mote_fail(error, MOTE_SIGNATURE, "host function %s: %s", from->name,
				 inner.text);
	memcpy(to->name, from->name, strlen(from->name) + 1);
	to->call = from->call;
	to->user = from->user;
	return MOTE_OK;
}

static bool is_program(const mote_image *image)
{
	for (size_t i = 0; i < image->export_count; i++)
		if (strcmp(image->exports[i].name, MOTE_ABI_PROGRAM_MAIN) == 0)
			return true;
	return false;
}

mote_status mote_sandbox_register_functions(mote_sandbox *sandbox,
					    const mote_sandbox_options *options, mote_error *error)
{
	const size_t count = options->host_function_count;
	const size_t own = is_program(sandbox->image) ? MOTE_PROGRAM_FUNCTIONS : 0;
	mote_host_function function;
	mote_status status = MOTE_OK;

	sandbox->functions = mote_allocate(&sandbox->engine->allocator,
					   (count + own) * sizeof(*sandbox->functions));
	if (sandbox->functions == NULL)
		return mote_fail_memory(error, "host functions");
	sandbox->function_count = count + own;
	sandbox->own_function_count = own;
	if (own > 0)
		mote_program_functions(sandbox, sandbox->functions + count);
	for (size_t i = 0; status == MOTE_OK && i < count; i++) {
		status = mote_sandbox_take_host_function(options, i, &function, error);
		if (status == MOTE_OK)
			status = register_function(&function, &sandbox->functions[i], error);
	}
	return status;
}

/* All of them were taken before. */
void mote_sandbox_own_users(mote_sandbox *sandbox, const mote_sandbox_options *options)
{
	mote_host_function function;

	for (size_t i = 0; i < sandbox->function_count - sandbox->own_function_count; i++)
		if (mote_sandbox_take_host_function(options, i, &function, NULL) == MOTE_OK)
			sandbox->functions[i].destroy = function.destroy;
}

static mote_status resolve_import(mote_sandbox *sandbox, size_t index, mote_error *error)
{
	const mote_image_function *import = &sandbox->image->imports[index];
	char wanted[MOTE_SIGNATURE_TEXT_BYTES], has[MOTE_SIGNATURE_TEXT_BYTES];

	mote_signature_format(&import->signature, wanted);
	for (size_t i = 0; i < sandbox->function_count; i++) {
		const struct mote_registered_function *function = &sandbox->functions[i];

		if (strcmp(function->name, import->name) != 0)
			continue;
		if (mote_signature_is_equal(&function->signature, &import->signature)) {
			sandbox->imports[index] = function;
			return MOTE_OK;
		}
		mote_signature_format(&function->signature, has);
		return mote_fail(error, MOTE_SIGNATURE,
				 "guest image %s imports %s as %s, the host function is %s",
				 sandbox->image->name, import->name, wanted, has);
	}
	return mote_fail_option(error, MOTE_MISSING_IMPORT, MOTE_SUBJECT_HOST_FUNCTIONS,
				"guest image %s needs host function %s, %s; register it in",
				sandbox->image->name, import->name, wanted);
}

mote_status mote_sandbox_resolve_imports(mote_sandbox *sandbox, mote_error *error)
{
	const size_t bytes = sizeof(const struct mote_registered_function *);
	mote_status status = MOTE_OK;

	sandbox->imports =
		mote_allocate(&sandbox->engine->allocator, sandbox->image->import_count * bytes);
	if (sandbox->imports == NULL)
		return mote_fail_memory(error, "imports");
	for (size_t i = 0; status == MOTE_OK && i < sandbox->image->import_count; i++)
		status = resolve_import(sandbox, i, error);
	return status;
}
