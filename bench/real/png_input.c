/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints a picture.
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "real.h"

enum { WIDTH = 1024, HEIGHT = 768 };

int main(void)
{
	unsigned char *pixels = malloc(WIDTH * HEIGHT * 3);
	uint32_t noise = 1;
	png_image image;

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			unsigned char *pixel = pixels + (y * WIDTH + x) * 3;

			noise = noise * 1664525u + 1013904223u;
			pixel[0] = (unsigned char)(x / 4 + (noise >> 30));
			pixel[1] = (unsigned char)(y / 3 + (noise >> 29 & 1));
			pixel[2] = (unsigned char)((x ^ y) / 8);
		}
	}
	memset(&image, 0, sizeof(image));
	image.version = PNG_IMAGE_VERSION;
	image.width = WIDTH;
	image.height = HEIGHT;
	image.format = PNG_FORMAT_RGB;
	return !png_image_write_to_stdio(&image, stdout, 0, pixels, 0, NULL);
}
