/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters a picture in place: the pixels lie in a buffer that host and guest share, so nothing is
 * copied however large the picture is.
 *
 *	filter GUEST IN.ppm OUT.ppm
 */
#include <mote/mote.h>
#include <stdio.h>

struct picture {
	unsigned width, height;
	size_t bytes;
};

/* Reads "P6 width height 255", up to the first pixel; false for anything else. */
static bool read_header(FILE *file, struct picture *picture)
{
	if (fscanf(file, "P6 %5u %5u 255", &picture->width, &picture->height) != 2 ||
	    fgetc(file) == EOF)
		return false;
	picture->bytes = (size_t)picture->width * picture->height * 3;
	return picture->bytes > 0;
}

static mote_status filter(mote_engine *engine, const char *guest, mote_buffer *buffer,
			  const struct picture *picture, mote_error *error)
{
	mote_value argument = mote_value_bytes(mote_buffer_get_data(buffer), picture->bytes);
	mote_function gray;
	mote_sandbox *sandbox;
	mote_status status = mote_sandbox_create_from_file(engine, guest, NULL, &sandbox, error);

	if (status != MOTE_OK)
		return status;
	status = mote_sandbox_map_buffer(sandbox, buffer, true, error);
	if (status == MOTE_OK)
		status = mote_sandbox_find(sandbox, "gray", "void(bytes)", &gray, error);
	if (status == MOTE_OK)
		status = mote_sandbox_call(sandbox, gray, &argument, 1, NULL, NULL, error);
	mote_sandbox_destroy(sandbox);
	return status;
}

int main(int argc, char **argv)
{
	mote_error error = MOTE_ERROR_INIT;
	struct picture picture;
	mote_engine *engine = NULL;
	mote_buffer *buffer = NULL;
	FILE *in = argc == 4 ? fopen(argv[2], "rb") : NULL, *out;
	bool done = false;

	if (argc != 4) {
		fputs("usage: filter GUEST IN.ppm OUT.ppm\n", stderr);
		return 2;
	}
	if (in == NULL) {
		perror(argv[2]);
		return 2;
	}
	if (!read_header(in, &picture)) {
		fprintf(stderr, "filter: %s: not a binary PPM with 8 bits\n", argv[2]);
		fclose(in);
		return 2;
	}
	if (mote_engine_create(NULL, &engine, &error) == MOTE_OK &&
	    mote_buffer_create(engine, picture.bytes, &buffer, &error) == MOTE_OK &&
	    fread(mote_buffer_get_data(buffer), 1, picture.bytes, in) == picture.bytes &&
	    filter(engine, argv[1], buffer, &picture, &error) == MOTE_OK &&
	    (out = fopen(argv[3], "wb")) != NULL) {
		fprintf(out, "P6\n%u %u\n255\n", picture.width, picture.height);
		fwrite(mote_buffer_get_data(buffer), 1, picture.bytes, out);
		done = fclose(out) == 0;
	}
	if (!done)
		fprintf(stderr, "filter: %s\n",
			error.text[0] ? error.text : "file too short, or not writable");
	fclose(in);
	mote_buffer_release(buffer);
	mote_engine_release(engine);
	return !done;
}
