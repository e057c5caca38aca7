/* SPDX-License-Identifier: Apache-2.0
 *
 * Vector registers with known values: v5 holds 1.5 and 2.5.
 */
#ifndef CRASH_VECTORS_H
#define CRASH_VECTORS_H

static inline void set_vectors(void)
{
	static const double values[2] __attribute__((aligned(16))) = {1.5, 2.5};

	__asm__ volatile("ldr q5, %0" : : "m"(values) : "v5");
}

#endif
