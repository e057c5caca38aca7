/* SPDX-License-Identifier: Apache-2.0
 *
 * A shop whose prices come from untrusted plugins.  A plugin may ask the shop for list
 * prices, and can do nothing else.
 *
 *	plugin PLUGIN...
 */
#include <mote/mote.h>
#include <stdio.h>
#include <string.h>

/* The only function of the shop that a plugin may call. */
static mote_status list_price(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	static const struct {
		const char *item;
		double price;
	} shop[] = {{"apple", 0.5}, {"melon", 2.5}};

	(void)user, (void)count, (void)error;
	for (size_t i = 0; i < sizeof(shop) / sizeof(shop[0]); i++)
		if (strcmp(arguments[0].as.string.data, shop[i].item) == 0)
			result->as.f64 = shop[i].price; /* 0 for an unknown item */
	return MOTE_OK;
}

static mote_status ask(mote_sandbox *sandbox, mote_error *error)
{
	mote_function price;
	mote_value order[] = {mote_value_string("melon"), mote_value_u32(200)}, answer;
	mote_status status = mote_sandbox_find(sandbox, "price", "f64(string,u32)", &price, error);

	if (status == MOTE_OK)
		status = mote_sandbox_call(sandbox, price, order, 2, NULL, &answer, error);
	if (status == MOTE_OK)
		printf("200 melons cost %.2f\n", answer.as.f64);
	return status;
}

static mote_status run_plugin(mote_engine *engine, const char *path, mote_error *error)
{
	const mote_host_function functions[] = {
		{.name = "list_price", .signature = "f64(string)", .call = list_price},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_sandbox *sandbox;
	mote_status status;

	options.host_functions = functions;
	options.host_function_count = 1;
	options.wall_ns = 1000000000; /* a plugin that loops is ended after a second */
	status = mote_sandbox_create_from_file(engine, path, &options, &sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = ask(sandbox, error);
	mote_sandbox_destroy(sandbox);
	return status;
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	if (argc < 2) {
		fputs("usage: plugin PLUGIN...\n", stderr);
		return 2;
	}
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK) {
		fprintf(stderr, "plugin: %s\n", error.text);
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		printf("%s: ", argv[i]);
		if (run_plugin(engine, argv[i], &error) != MOTE_OK)
			printf("plugin dropped: %s\n", error.text);
	}
	mote_engine_release(engine);
	return 0;
}
