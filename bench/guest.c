/* SPDX-License-Identifier: Apache-2.0
 *
 * mote's side of a measurement: images, sandboxes, calls.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

mote_status bench_host_nothing(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	(void)user;
	(void)arguments;
	(void)count;
	(void)result;
	(void)error;
	return MOTE_OK;
}

static bool failed(struct bench *bench, const char *what, const mote_error *error)
{
	return bench_fail(bench, "%s: %s", what, error->text);
}

bool bench_guest_open(struct bench *bench, struct bench_guest *guest, const char *image,
		      const char *export_name, const char *signature)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", bench->options.guests, image);
	return bench_guest_open_at(bench, guest, path, export_name, signature);
}

bool bench_guest_open_at(struct bench *bench, struct bench_guest *guest, const char *path,
			 const char *export_name, const char *signature)
{
	const mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	memset(guest, 0, sizeof(*guest));
	guest->bench = bench;
	guest->error = error;
	guest->export_name = export_name;
	guest->signature = signature;
	guest->options = options;
	guest->options.memory_bytes = BENCH_SMALL_MEMORY;
	if (mote_image_open(bench->engine, path, &guest->image, &error) != MOTE_OK)
		return failed(bench, "image", &error);
	return true;
}

bool bench_guest_create(struct bench_guest *guest)
{
	mote_error error = MOTE_ERROR_INIT;

	if (mote_sandbox_create(guest->bench->engine, guest->image, &guest->options,
				&guest->sandbox, &error) != MOTE_OK ||
	    mote_sandbox_find(guest->sandbox, guest->export_name, guest->signature,
			      &guest->function, &error) != MOTE_OK)
		return failed(guest->bench, "create", &error);
	return true;
}

bool bench_guest_call(struct bench_guest *guest, const mote_value *arguments, size_t count,
		      const mote_call_options *options, mote_value *result)
{
	if (mote_sandbox_call(guest->sandbox, guest->function, arguments, count, options, result,
			      &guest->error) == MOTE_OK)
		return true;
	return failed(guest->bench, guest->export_name, &guest->error);
}

void bench_guest_destroy(struct bench_guest *guest)
{
	mote_sandbox_destroy(guest->sandbox);
	guest->sandbox = NULL;
}

void bench_guest_close(struct bench_guest *guest)
{
	bench_guest_destroy(guest);
	mote_image_release(guest->image);
	guest->image = NULL;
}
