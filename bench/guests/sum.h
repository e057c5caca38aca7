/* SPDX-License-Identifier: Apache-2.0
 *
 * Adds up 64-bit words: the same code in the guest and in the host.
 */
#ifndef MOTE_BENCH_SUM_H
#define MOTE_BENCH_SUM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t sum_words(const void *data, size_t bytes)
{
	const uint64_t *words = data;
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		sum += words[i];
	return sum;
}

#endif
