/* SPDX-License-Identifier: Apache-2.0
 *
 * driver PICTURE FORMAT: decodes PICTURE, and prints its size and then its pixels, or the picture
 * in another format.
 */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image.h>
#include <stb_image_write.h>
#include <stdio.h>
#include <string.h>

static void put(void *to, void *data, int size)
{
	fwrite(data, 1, (size_t)size, to);
}

static void write_pixels(const char *format, int width, int height, int parts,
			 const unsigned char *pixels)
{
	if (strcmp(format, "png") == 0)
		stbi_write_png_to_func(put, stdout, width, height, parts, pixels, width * parts);
	else if (strcmp(format, "jpg") == 0)
		stbi_write_jpg_to_func(put, stdout, width, height, parts, pixels, 80);
	else if (strcmp(format, "bmp") == 0)
		stbi_write_bmp_to_func(put, stdout, width, height, parts, pixels);
	else if (strcmp(format, "tga") == 0)
		stbi_write_tga_to_func(put, stdout, width, height, parts, pixels);
	else
		fwrite(pixels, (size_t)parts, (size_t)width * (size_t)height, stdout);
}

int main(int argc, char **argv)
{
	const char *format = argc > 2 ? argv[2] : "";
	int width, height, parts;
	unsigned char *pixels;
	float *linear;

	if (strcmp(format, "hdr") == 0) {
		linear = stbi_loadf(argv[1], &width, &height, &parts, 0);
		if (linear == NULL)
			return 1;
		stbi_write_hdr_to_func(put, stdout, width, height, parts, linear);
		stbi_image_free(linear);
		return 0;
	}
	pixels = stbi_load(argv[1], &width, &height, &parts, 0);
	if (pixels == NULL) {
		printf("%s\n", stbi_failure_reason());
		return 1;
	}
	printf("%d x %d, %d\n", width, height, parts);
	write_pixels(format, width, height, parts, pixels);
	stbi_image_free(pixels);
	return 0;
}
