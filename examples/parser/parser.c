/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists tar archives of unknown origin with an unchecked parser.  A file that crashes
 * the parser, or keeps it busy, costs one sandbox.
 *
 *	parser GUEST FILE...
 */
#include <mote/mote.h>
#include <stdio.h>

enum { MAXIMUM_FILE = 1 << 20 };

static mote_sandbox *new_sandbox(mote_engine *engine, const char *guest)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	options.mailbox_bytes = MAXIMUM_FILE;
	options.cpu_ns = 1000000000; /* a second of CPU time for each file */
	if (mote_sandbox_create_from_file(engine, guest, &options, &sandbox, &error) != MOTE_OK)
		fprintf(stderr, "parser: %s\n", error.text);
	return sandbox;
}

/* Whether the archive could be listed. */
static bool list(mote_sandbox *sandbox, const void *archive, size_t length)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value argument = mote_value_bytes(archive, length), listing;
	mote_function function;

	if (mote_sandbox_find(sandbox, "list", "string(bytes)", &function, &error) != MOTE_OK ||
	    mote_sandbox_call(sandbox, function, &argument, 1, NULL, &listing, &error) != MOTE_OK) {
		printf("refused: %s\n", error.text);
		return false;
	}
	printf("%s\n", listing.as.string.data);
	return true;
}

int main(int argc, char **argv)
{
	static char archive[MAXIMUM_FILE];
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;
	mote_sandbox *sandbox = NULL;
	int refused = 0;

	if (argc < 3 || mote_engine_create(NULL, &engine, &error) != MOTE_OK) {
		fprintf(stderr, "parser: %s\n",
			argc < 3 ? "usage: parser GUEST FILE..." : error.text);
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t length;
		bool too_large;

		if (file == NULL) {
			perror(argv[i]);
			return 2;
		}
		length = fread(archive, 1, sizeof(archive), file);
		too_large = fgetc(file) != EOF;
		fclose(file);
		if (too_large) {
			printf("%s: refused: larger than %d bytes\n", argv[i], MAXIMUM_FILE);
			refused++;
			continue;
		}
		if (sandbox == NULL && (sandbox = new_sandbox(engine, argv[1])) == NULL)
			return 2;
		printf("%s: ", argv[i]);
		if (!list(sandbox, archive, length)) {
			refused++;
			mote_sandbox_destroy(sandbox); /* anything the file did to it is gone */
			sandbox = NULL;
		}
	}
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return refused != 0;
}
