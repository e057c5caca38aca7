/* SPDX-License-Identifier: Apache-2.0
 *
 * A job as a program of this machine: does it once for each line that it reads, and prints how long
 * that took in nanoseconds, and the checksum.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "real.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(void)
{
	for (int c; (c = getchar()) != EOF;) {
		const uint64_t begin = now_ns(), sum = real_job();

		printf("%" PRIu64 " %" PRIu64 "\n", now_ns() - begin, sum);
		fflush(stdout);
	}
	return 0;
}
