/* SPDX-License-Identifier: Apache-2.0
 *
 * mote_random: a small generator (splitmix64) over the seed that the host gave.
 */
#include "runtime.h"

uint64_t mote_random(void)
{
	uint64_t *seed = mote_guest_runtime.random;
	uint64_t z = seed[0] += UINT64_C(0x9e3779b97f4a7c15);

	z ^= seed[1];
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
