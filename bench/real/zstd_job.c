/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompresses.
 */
#include <stdlib.h>
#include <zstd.h>

#include "real.h"

uint64_t real_job(void)
{
	const size_t packed = (size_t)(real_input_end - real_input);
	const size_t bytes = (size_t)ZSTD_getFrameContentSize(real_input, packed);
	unsigned char *plain = malloc(bytes);
	uint64_t sum = 0;

	if (plain && ZSTD_decompress(plain, bytes, real_input, packed) == bytes)
		sum = real_sum(plain, bytes);
	free(plain);
	return sum;
}
