/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest, aarch64: puts patterns into the vector and control registers and
 * reads them, so that the host can tell whether they survive what they must
 * survive, and nothing else.  Between fill and read no other code uses them: this
 * file and the SDK's way of serving a call are compiled without vector registers.
 * (Copying the bytes that read returns uses some, after they were read.)
 */
#include <mote_guest.h>

static unsigned char image[32 * 16] __attribute__((aligned(16)));

#define PAIRS(X)                                                                                   \
	X(0, 1, 0)                                                                                 \
	X(2, 3, 32)                                                                                \
	X(4, 5, 64)                                                                                \
	X(6, 7, 96)                                                                                \
	X(8, 9, 128)                                                                               \
	X(10, 11, 160)                                                                             \
	X(12, 13, 192)                                                                             \
	X(14, 15, 224)                                                                             \
	X(16, 17, 256)                                                                             \
	X(18, 19, 288)                                                                             \
	X(20, 21, 320)                                                                             \
	X(22, 23, 352) X(24, 25, 384) X(26, 27, 416) X(28, 29, 448) X(30, 31, 480)
#define LOAD(a, b, at) "ldp q" #a ", q" #b ", [%0, #" #at "]\n\t"
#define SAVE(a, b, at) "stp q" #a ", q" #b ", [%0, #" #at "]\n\t"

/* Register n gets the pattern plus n in both halves. */
MOTE_EXPORT(void, fill_vectors, (uint64_t, pattern))
{
	volatile uint64_t *at = (uint64_t *)(void *)image;

	for (unsigned int i = 0; i < 64; i++)
		*at++ = pattern + i / 2;
	__asm__ volatile(".arch_extension simd\n\t" PAIRS(LOAD) : : "r"(image) : "memory");
}

MOTE_EXPORT(mote_bytes, read_vectors)
{
	mote_bytes result = {image, sizeof(image)};

	__asm__ volatile(".arch_extension simd\n\t" PAIRS(SAVE) : : "r"(image) : "memory");
	return result;
}

MOTE_EXPORT(void, set_fpcr, (uint32_t, value))
{
	__asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)value));
}

MOTE_EXPORT(uint32_t, get_fpcr)
{
	uint64_t value;

	__asm__ volatile("mrs %0, fpcr" : "=r"(value));
	return (uint32_t)value;
}

MOTE_EXPORT(void, set_fpsr, (uint32_t, value))
{
	__asm__ volatile("msr fpsr, %0" : : "r"((uint64_t)value));
}

MOTE_EXPORT(uint32_t, get_fpsr)
{
	uint64_t value;

	__asm__ volatile("mrs %0, fpsr" : "=r"(value));
	return (uint32_t)value;
}
