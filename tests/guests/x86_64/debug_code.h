/* SPDX-License-Identifier: Apache-2.0
 *
 * What debug.c cannot say in C.
 */
#ifndef DEBUG_CODE_H
#define DEBUG_CODE_H

#include <cpuid.h>
#include <stdint.h>

static inline void debug_store(char *at, uint64_t value)
{
	__asm__ volatile("movq %1, (%0)" : : "r"(at), "r"(value) : "memory");
}

static inline void debug_move(volatile uint64_t *to, volatile uint64_t *from)
{
	__asm__ volatile("movsq" : "+D"(to), "+S"(from) : : "memory");
}

static inline void debug_trap(void)
{
	__asm__ volatile("int3");
}

__asm__(".pushsection .text\n"
	".globl vectors_here\n"
	".type vectors_here, @function\n"
	"vectors_here: ret\n"
	".size vectors_here, 1\n"
	".popsection");

static inline double debug_vectors(void)
{
	static const double values[2] = {1.5, 2.5};
	double out;

	__asm__ volatile("movupd %1, %%xmm3\n\t"
			 "sub $128, %%rsp\n\t"
			 "call vectors_here\n\t"
			 "add $128, %%rsp\n\t"
			 "movsd %%xmm3, %0"
			 : "=m"(out)
			 : "m"(values)
			 : "xmm3", "memory");
	return out;
}

__asm__(".pushsection .text\n"
	".globl wide_here\n"
	".type wide_here, @function\n"
	"wide_here: ret\n"
	".size wide_here, 1\n"
	".popsection");

static inline double debug_wide(void)
{
	static const double values[4] = {1.5, 2.5, 3.5, 4.5};
	unsigned a, b, c, d;
	double out[4];

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
		return 0;
	__asm__ volatile("vmovupd %1, %%ymm5\n\t"
			 "sub $128, %%rsp\n\t"
			 "call wide_here\n\t"
			 "add $128, %%rsp\n\t"
			 "vmovupd %%ymm5, (%0)\n\t"
			 "vzeroupper"
			 :
			 : "r"(out), "m"(values)
			 : "xmm5", "memory");
	return out[3];
}

static inline uint64_t debug_flags(void)
{
	uint64_t flags;

	__asm__ volatile("sub $128, %%rsp\n\t"
			 "pushfq\n\t"
			 "popq %0\n\t"
			 "add $128, %%rsp"
			 : "=r"(flags)
			 :
			 : "memory");
	return flags;
}

#endif
