/* SPDX-License-Identifier: Apache-2.0
 *
 * Decodes a picture.
 */
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "real.h"

uint64_t real_job(void)
{
	png_image image;
	unsigned char *pixels;
	uint64_t sum = 0;

	memset(&image, 0, sizeof(image));
	image.version = PNG_IMAGE_VERSION;
	if (!png_image_begin_read_from_memory(&image, real_input,
					      (size_t)(real_input_end - real_input)))
		return 0;
	image.format = PNG_FORMAT_RGBA;
	pixels = malloc(PNG_IMAGE_SIZE(image));
	if (pixels && png_image_finish_read(&image, NULL, pixels, 0, NULL))
		sum = real_sum(pixels, PNG_IMAGE_SIZE(image));
	png_image_free(&image);
	free(pixels);
	return sum;
}
