/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest, x86_64: puts patterns into the vector, x87 and control registers
 * and reads them, so that the host can tell whether they survive what they must
 * survive, and nothing else.  Between fill and read no other code uses them: this
 * file and the SDK's way of serving a call are compiled without vector registers.
 * (Copying the bytes that read returns uses some, after they were read.)
 */
#include <cpuid.h>
#include <mote_guest.h>

/* What the read functions return: 16 or 32 registers of 16, 32 or 64 bytes each. */
static unsigned char image[32 * 64 + 64] __attribute__((aligned(64)));

#define SIXTEEN(X)                                                                                 \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define SIXTEEN_MORE(X)                                                                            \
	X(16)                                                                                      \
	X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)

/* Register n gets the 8-byte pattern plus n, in every lane. */
static void prepare(uint64_t pattern, unsigned int count, unsigned int bytes)
{
	volatile uint64_t *at = (uint64_t *)(void *)image;

	for (unsigned int i = 0; i < count; i++)
		for (unsigned int lane = 0; lane < bytes / 8; lane++)
			*at++ = pattern + i;
}

static uint64_t enabled_state(void)
{
	uint32_t a, b, c, d, low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 3;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* The widest vectors that may be used here: 16, 32 or 64 bytes. */
MOTE_EXPORT(uint32_t, vector_bytes)
{
	uint32_t a, b, c, d;
	uint64_t state = enabled_state();

	if ((state & 6) != 6 || !__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_AVX))
		return 16;
	if ((state & 0xe6) != 0xe6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
	    !(b & bit_AVX512F))
		return 32;
	return 64;
}

#define LOAD_XMM(n) "movdqa " #n "*16(%0), %%xmm" #n "\n\t"
#define SAVE_XMM(n) "movdqa %%xmm" #n ", " #n "*16(%0)\n\t"
#define LOAD_YMM(n) "vmovdqa " #n "*32(%0), %%ymm" #n "\n\t"
#define SAVE_YMM(n) "vmovdqa %%ymm" #n ", " #n "*32(%0)\n\t"
#define LOAD_ZMM(n) "vmovdqa64 " #n "*64(%0), %%zmm" #n "\n\t"
#define SAVE_ZMM(n) "vmovdqa64 %%zmm" #n ", " #n "*64(%0)\n\t"

MOTE_EXPORT(void, fill_xmm, (uint64_t, pattern))
{
	prepare(pattern, 16, 16);
	__asm__ volatile(SIXTEEN(LOAD_XMM) : : "r"(image) : "memory");
}

MOTE_EXPORT(mote_bytes, read_xmm)
{
	mote_bytes result = {image, 16 * 16};

	__asm__ volatile(SIXTEEN(SAVE_XMM) : : "r"(image) : "memory");
	return result;
}

MOTE_EXPORT(void, fill_ymm, (uint64_t, pattern))
{
	prepare(pattern, 16, 32);
	__asm__ volatile(SIXTEEN(LOAD_YMM) : : "r"(image) : "memory");
}

MOTE_EXPORT(mote_bytes, read_ymm)
{
	mote_bytes result = {image, 16 * 32};

	__asm__ volatile(SIXTEEN(SAVE_YMM) : : "r"(image) : "memory");
	return result;
}

MOTE_EXPORT(void, fill_zmm, (uint64_t, pattern))
{
	prepare(pattern, 32, 64);
	__asm__ volatile(SIXTEEN(LOAD_ZMM) SIXTEEN_MORE(LOAD_ZMM) : : "r"(image) : "memory");
}

MOTE_EXPORT(mote_bytes, read_zmm)
{
	mote_bytes result = {image, 32 * 64};

	__asm__ volatile(SIXTEEN(SAVE_ZMM) SIXTEEN_MORE(SAVE_ZMM) : : "r"(image) : "memory");
	return result;
}

/* Eight x87 registers with the integers pattern .. pattern + 7 (the last one pushed is on top). */
MOTE_EXPORT(void, fill_x87, (uint64_t, pattern))
{
	volatile int64_t value;

	__asm__ volatile("fninit");
	for (int i = 0; i < 8; i++) {
		value = (int64_t)(pattern + (uint64_t)i);
		__asm__ volatile("fildll %0" : : "m"(value));
	}
}

/* The registers as they are, without changing them: eight of 16 bytes, st(0) first. */
MOTE_EXPORT(mote_bytes, read_x87)
{
	static unsigned char area[512] __attribute__((aligned(16)));
	mote_bytes result = {area + 32, 8 * 16};

	__asm__ volatile("fxsave64 %0" : "=m"(area));
	return result;
}

MOTE_EXPORT(void, set_mxcsr, (uint32_t, value))
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value));
}

MOTE_EXPORT(uint32_t, get_mxcsr)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

MOTE_EXPORT(void, set_fcw, (uint32_t, value))
{
	uint16_t word = (uint16_t)value;

	__asm__ volatile("fldcw %0" : : "m"(word));
}

MOTE_EXPORT(uint32_t, get_fcw)
{
	uint16_t word;

	__asm__ volatile("fnstcw %0" : "=m"(word));
	return word;
}
