/* SPDX-License-Identifier: Apache-2.0
 *
 * What the jobs share.
 */
#include "real.h"

void real_text(unsigned char *to, size_t bytes)
{
	uint32_t state = 1;

	for (size_t i = 0; i < bytes;) {
		uint32_t word;

		state = state * 1664525u + 1013904223u;
		word = state >> 20 & (state >> 8 | 0x3f);
		for (uint32_t letter = 0; letter < 3 + word % 7 && i < bytes; letter++)
			to[i++] = (unsigned char)('a' + (word * 31 + letter * letter) % 26);
		if (i < bytes)
			to[i++] = ' ';
	}
}

/* Of every 64th byte, so that it costs nothing beside the job. */
uint64_t real_sum(const unsigned char *data, size_t bytes)
{
	uint64_t sum = 14695981039346656037u;

	for (size_t i = 0; i < bytes; i += 64)
		sum = (sum ^ data[i]) * 1099511628211u;
	return sum | 1;
}
