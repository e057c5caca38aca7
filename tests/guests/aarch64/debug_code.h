/* SPDX-License-Identifier: Apache-2.0
 *
 * What debug.c cannot say in C.
 */
#ifndef DEBUG_CODE_H
#define DEBUG_CODE_H

#include <stdint.h>

static inline void debug_store(char *at, uint64_t value)
{
	__asm__ volatile("str %1, [%0]" : : "r"(at), "r"(value) : "memory");
}

static inline void debug_move(volatile uint64_t *to, volatile uint64_t *from)
{
	*to = *from;
}

static inline void debug_trap(void)
{
	__asm__ volatile("brk #7");
}

__asm__(".pushsection .text\n"
	".globl vectors_here\n"
	".type vectors_here, %function\n"
	"vectors_here: ret\n"
	".size vectors_here, 4\n"
	".popsection");

static inline double debug_vectors(void)
{
	double out;

	__asm__ volatile("fmov d3, #1.5\n\t"
			 "bl vectors_here\n\t"
			 "str d3, %0"
			 : "=m"(out)
			 :
			 : "v3", "x30", "memory");
	return out;
}

__asm__(".pushsection .text\n"
	".globl wide_here\n"
	".type wide_here, %function\n"
	"wide_here: ret\n"
	".size wide_here, 4\n"
	".popsection");

static inline double debug_wide(void)
{
	static const double values[2] = {1.5, 2.5};
	double out[2];

	__asm__ volatile("ldr q5, [%1]\n\t"
			 "bl wide_here\n\t"
			 "str q5, [%0]"
			 :
			 : "r"(out), "r"(values)
			 : "v5", "x30", "memory");
	return out[1];
}

/* No instruction reads the flags for single steps. */
static inline uint64_t debug_flags(void)
{
	return 0;
}

#endif
