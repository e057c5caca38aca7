/* SPDX-License-Identifier: Apache-2.0
 *
 * Vector, x87 and control registers: a guest has them natively, keeps them
 * between its calls, and shares them with nobody.  x86_64.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define PATTERN 0x5a5a0000deadbe00u

/* The widest registers: their names, how many there are, and how wide. */
struct width {
	const char *fill, *read;
	unsigned int bytes, count;
};

static const struct width widths[] = {
	{"fill_xmm", "read_xmm", 16, 16},
	{"fill_ymm", "read_ymm", 32, 16},
	{"fill_zmm", "read_zmm", 64, 32},
};

/* How many of them this machine has. */
static size_t usable_widths(mote_engine *engine)
{
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);
	uint32_t bytes = CALL0(sandbox, "vector_bytes").as.u32;

	fixture_destroy(sandbox, NULL);
	return bytes == 64 ? 3 : bytes / 16;
}

/* What fill_... puts there. */
static void expected_image(const struct width *width, uint64_t pattern, uint64_t *image)
{
	for (unsigned int i = 0; i < width->count; i++, pattern++)
		for (unsigned int lane = 0; lane < width->bytes / 8; lane++)
			*image++ = pattern;
}

static void check_registers(mote_sandbox *sandbox, const struct width *width,
			    const uint64_t *expected)
{
	mote_value result = CALL0(sandbox, width->read);

	REQUIRE_EQ(result.as.bytes.length, width->count * width->bytes);
	CHECK_MEM(result.as.bytes.data, expected, width->count * width->bytes);
}

static const uint64_t zeros[256];

/* ---- Isolation --------------------------------------------------------------------------- */

/* Filled and destroyed, with and without the values being read back first. */
static void leave_behind(mote_engine *engine, const struct width *width)
{
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);

	CALL(sandbox, width->fill, mote_value_u64(PATTERN));
	fixture_destroy(sandbox, NULL);
}

static void new_sandbox_reads_zeros(void)
{
	mote_engine *engine = fixture_engine();
	size_t count = usable_widths(engine);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			mote_sandbox *sandbox;

			leave_behind(engine, &widths[i]);
			sandbox = fixture_sandbox(engine, "vectors", NULL);
			check_registers(sandbox, &widths[j], zeros);
			fixture_destroy(sandbox, NULL);
		}
	mote_engine_release(engine);
}

/* A neighbour that lives on has full registers. */
static void neighbour_is_not_seen(void)
{
	mote_engine *engine = fixture_engine();
	size_t count = usable_widths(engine);

	for (size_t i = 0; i < count; i++) {
		mote_sandbox *neighbour = fixture_sandbox(engine, "vectors", NULL);
		mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);

		CALL(neighbour, widths[i].fill, mote_value_u64(PATTERN));
		check_registers(sandbox, &widths[i], zeros);
		fixture_destroy(sandbox, NULL);
		fixture_destroy(neighbour, NULL);
	}
	mote_engine_release(engine);
}

/* Reading copies bytes, which may use vector registers, so each is read once after it was filled.
 */
static void alternating_sandboxes_keep_their_own(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *a = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *b = fixture_sandbox(engine, "vectors", NULL);
	size_t count = usable_widths(engine);
	uint64_t image[256];

	for (uint64_t round = 0; round < test_scale(100); round++)
		for (size_t i = 0; i < count; i++) {
			CALL(a, widths[i].fill, mote_value_u64(PATTERN + 256 * round));
			CALL(b, widths[i].fill, mote_value_u64(~PATTERN - 256 * round));
			expected_image(&widths[i], PATTERN + 256 * round, image);
			check_registers(a, &widths[i], image);
			expected_image(&widths[i], ~PATTERN - 256 * round, image);
			check_registers(b, &widths[i], image);
		}
	fixture_destroy(a, NULL);
	fixture_destroy(b, engine);
}

/* Host code between the calls uses vector registers of its own. */
static double use_vectors(double seed)
{
	volatile double values[64];
	double sum = 0;

	for (int i = 0; i < 64; i++)
		values[i] = seed * i;
	for (int i = 0; i < 64; i++)
		sum += values[i];
	return sum;
}

static void host_and_guest_do_not_share(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);
	const struct width *widest = &widths[usable_widths(engine) - 1];
	uint64_t image[256];

	for (int i = 0; i < 20; i++) {
		double before = use_vectors(i);

		CALL(sandbox, widest->fill, mote_value_u64(PATTERN));
		CHECK(use_vectors(i) == before);
		expected_image(widest, PATTERN, image);
		check_registers(sandbox, widest, image);
	}
	fixture_destroy(sandbox, engine);
}

/* ---- x87 and control words --------------------------------------------------------------- */

/* An 80-bit integer in the form of an x87 register. */
static void x87_of(uint64_t value, unsigned char to[16])
{
	uint16_t exponent = 0x3fff + 63;

	memset(to, 0, 16);
	if (value == 0)
		return;
	for (; !(value >> 63); value <<= 1)
		exponent--;
	memcpy(to, &value, 8);
	memcpy(to + 8, &exponent, 2);
}

static void check_x87(mote_sandbox *sandbox, uint64_t pattern)
{
	mote_value result = CALL0(sandbox, "read_x87");
	unsigned char expected[16];

	REQUIRE_EQ(result.as.bytes.length, 8 * 16);
	for (unsigned int i = 0; i < 8; i++) {
		x87_of(pattern ? pattern + 7 - i : 0, expected);
		CHECK_MEM((const unsigned char *)result.as.bytes.data + 16 * i, expected, 10);
	}
}

static void x87_registers(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *a = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *b = fixture_sandbox(engine, "vectors", NULL);

	check_x87(a, 0);
	CALL(a, "fill_x87", mote_value_u64(123456789));
	check_x87(b, 0);
	CALL(b, "fill_x87", mote_value_u64(987654321012));
	check_x87(a, 123456789);
	check_x87(b, 987654321012);
	fixture_destroy(a, NULL);
	fixture_destroy(b, NULL);
	a = fixture_sandbox(engine, "vectors", NULL);
	check_x87(a, 0);
	fixture_destroy(a, engine);
}

/* Rounding and masks of one guest are nobody else's, the host's neither. */
static void control_words(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *a = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *b = fixture_sandbox(engine, "vectors", NULL);
	volatile double one = 1, three = 3;
	double before = one / three;

	CHECK_EQ(CALL0(a, "get_mxcsr").as.u32, 0x1f80);
	CHECK_EQ(CALL0(a, "get_fcw").as.u32, 0x37f);
	CALL(a, "set_mxcsr", mote_value_u32(0x7f80)); /* round towards zero */
	CALL(a, "set_fcw", mote_value_u32(0xc7f));
	CHECK(one / three == before);
	CHECK(one / -three == -before);
	CHECK_EQ(CALL0(b, "get_mxcsr").as.u32, 0x1f80);
	CHECK_EQ(CALL0(b, "get_fcw").as.u32, 0x37f);
	CALL(b, "set_mxcsr", mote_value_u32(0x5f80));
	CHECK_EQ(CALL0(a, "get_mxcsr").as.u32, 0x7f80);
	CHECK_EQ(CALL0(a, "get_fcw").as.u32, 0xc7f);
	CHECK_EQ(CALL0(b, "get_mxcsr").as.u32, 0x5f80);
	fixture_destroy(a, NULL);
	fixture_destroy(b, NULL);
	a = fixture_sandbox(engine, "vectors", NULL);
	CHECK_EQ(CALL0(a, "get_mxcsr").as.u32, 0x1f80);
	CHECK_EQ(CALL0(a, "get_fcw").as.u32, 0x37f);
	fixture_destroy(a, engine);
}

/* ---- Natively ---------------------------------------------------------------------------- */

/*
 * SSE, and AVX where the machine has it, work in user mode: the emulated machine's processor has
 * none.  Calls with host functions and doubles go through xmm registers too.
 */
static void vectors_work(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);
	uint32_t bytes = CALL0(sandbox, "vector_bytes").as.u32;
	FILE *file = fopen("/proc/cpuinfo", "r");
	bool avx = false;
	char line[8192];

	while (file && fgets(line, sizeof(line), file))
		avx = avx || (!strncmp(line, "flags", 5) && strstr(line, " avx "));
	if (file)
		fclose(file);
	test_note("vectors of %u bytes", bytes);
	CHECK(bytes >= (avx ? 32u : 16u));
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(vectors_work),
	CASE(new_sandbox_reads_zeros),
	CASE(neighbour_is_not_seen),
	CASE(alternating_sandboxes_keep_their_own),
	CASE(host_and_guest_do_not_share),
	CASE(x87_registers),
	CASE(control_words),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_vectors", cases, TEST_COUNT(cases), argc, argv);
}
