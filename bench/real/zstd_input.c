/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints compressed text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "real.h"

enum { BYTES = 8 << 20 };

int main(void)
{
	unsigned char *plain = malloc(BYTES), *packed = malloc(ZSTD_compressBound(BYTES));

	real_text(plain, BYTES);
	return fwrite(packed, 1, ZSTD_compress(packed, ZSTD_compressBound(BYTES), plain, BYTES, 6),
		      stdout) == 0;
}
