/* SPDX-License-Identifier: Apache-2.0
 *
 * What mote is for, in three acts: a real library processes a real file inside a micro VM, hostile
 * guests are stopped, and an interpreter runs the scripts of strangers.
 *
 *	demo INFLATE-GUEST HOSTILE-GUEST FILE.gz FILE [LUA]
 */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_file(const char *path, struct bytes *bytes)
{
	FILE *file = fopen(path, "rb");
	long length;

	if (file == NULL) {
		perror(path);
		return false;
	}
	if (fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET) != 0) {
		perror(path);
		fclose(file);
		return false;
	}
	bytes->length = (size_t)length;
	bytes->data = malloc(bytes->length + 1);
	if (bytes->data == NULL || fread(bytes->data, 1, bytes->length, file) != bytes->length) {
		fprintf(stderr, "%s: cannot be read\n", path);
		fclose(file);
		return false;
	}
	fclose(file);
	return true;
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;
	struct bytes packed = {NULL, 0}, original = {NULL, 0};
	mote_engine *engine = NULL;
	bool good = false;

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: %s INFLATE-GUEST HOSTILE-GUEST FILE.gz FILE [LUA]\n",
			argv[0]);
		return 2;
	}
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK) {
		fprintf(stderr, "demo: %s\n", error.text);
		return 1;
	}
	printf("mote %s, backend %s\n", mote_version(),
	       mote_backend_name(mote_engine_get_backend(engine)));
	if (read_file(argv[3], &packed) && read_file(argv[4], &original)) {
		good = demo_inflate(engine, argv[1], packed, original);
		good = demo_hostile(engine, argv[2]) && good;
		if (argc == 6)
			good = demo_scripts(engine, argv[5]) && good;
	}
	printf("%s\n", good ? "all checks passed" : "A CHECK FAILED");
	free(packed.data);
	free(original.data);
	mote_engine_release(engine);
	return good ? 0 : 1;
}
