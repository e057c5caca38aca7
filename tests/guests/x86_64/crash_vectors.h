/* SPDX-License-Identifier: Apache-2.0
 *
 * Vector registers with known values: ymm5 holds 1.5, 2.5, 3.5 and 4.5, or without AVX xmm5 the
 * first two.
 */
#ifndef CRASH_VECTORS_H
#define CRASH_VECTORS_H

/* The processor has AVX, and its registers are switched on: CPUID leaf 1. */
static inline int has_avx(void)
{
	const unsigned needed = 1u << 27 | 1u << 28;
	unsigned leaf = 1, features = 0;

	__asm__("cpuid" : "+a"(leaf), "+c"(features) : : "rbx", "rdx");
	return (features & needed) == needed;
}

static inline void set_vectors(void)
{
	static const double values[4] __attribute__((aligned(32))) = {1.5, 2.5, 3.5, 4.5};

	if (has_avx())
		__asm__ volatile("vmovapd %0, %%ymm5" : : "m"(values) : "xmm5");
	else
		__asm__ volatile("movapd %0, %%xmm5" : : "m"(values) : "xmm5");
}

#endif
