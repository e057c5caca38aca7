/* SPDX-License-Identifier: Apache-2.0
 *
 * Vector and control registers: a guest has them natively, keeps them between its
 * calls, and shares them with nobody.  aarch64.
 */
#include <string.h>

#include "fixture.h"

#define PATTERN 0x5a5a0000deadbe00u
#define LANES 64 /* of 8 bytes: 32 registers of 16 bytes */

/* What fill_vectors puts there; pattern 0: nothing was put there. */
static void check_vectors(mote_sandbox *sandbox, uint64_t pattern)
{
	mote_value result = CALL0(sandbox, "read_vectors");
	uint64_t expected[LANES];

	for (unsigned int i = 0; i < LANES; i++)
		expected[i] = pattern ? pattern + i / 2 : 0;
	REQUIRE_EQ(result.as.bytes.length, sizeof(expected));
	CHECK_MEM(result.as.bytes.data, expected, sizeof(expected));
}

static void new_sandbox_reads_zeros(void)
{
	mote_engine *engine = fixture_engine();

	for (int i = 0; i < 3; i++) {
		mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);

		check_vectors(sandbox, 0);
		CALL(sandbox, "fill_vectors", mote_value_u64(PATTERN));
		fixture_destroy(sandbox, NULL);
	}
	mote_engine_release(engine);
}

/* A neighbour that lives on has full registers. */
static void neighbour_is_not_seen(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *neighbour = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);

	CALL(neighbour, "fill_vectors", mote_value_u64(PATTERN));
	check_vectors(sandbox, 0);
	fixture_destroy(sandbox, NULL);
	fixture_destroy(neighbour, engine);
}

/* Reading copies bytes, which may use vector registers, so each is read once after it was filled.
 */
static void alternating_sandboxes_keep_their_own(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *a = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *b = fixture_sandbox(engine, "vectors", NULL);

	for (uint64_t round = 0; round < test_scale(100); round++) {
		CALL(a, "fill_vectors", mote_value_u64(PATTERN + 256 * round));
		CALL(b, "fill_vectors", mote_value_u64(~PATTERN - 256 * round));
		check_vectors(a, PATTERN + 256 * round);
		check_vectors(b, ~PATTERN - 256 * round);
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

	for (int i = 0; i < 20; i++) {
		double before = use_vectors(i);

		CALL(sandbox, "fill_vectors", mote_value_u64(PATTERN));
		CHECK(use_vectors(i) == before);
		check_vectors(sandbox, PATTERN);
	}
	fixture_destroy(sandbox, engine);
}

/* Rounding and sticky bits of one guest are nobody else's, the host's neither. */
static void control_words(void)
{
	const uint32_t towards_zero = 3u << 22, upwards = 1u << 22, inexact = 1u << 4;
	mote_engine *engine = fixture_engine();
	mote_sandbox *a = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *b = fixture_sandbox(engine, "vectors", NULL);
	volatile double one = 1, three = 3;
	double before = one / three;

	CHECK_EQ(CALL0(a, "get_fpcr").as.u32, 0);
	CHECK_EQ(CALL0(a, "get_fpsr").as.u32, 0);
	CALL(a, "set_fpcr", mote_value_u32(towards_zero));
	CALL(a, "set_fpsr", mote_value_u32(inexact));
	CHECK(one / three == before);
	CHECK(one / -three == -before);
	CHECK_EQ(CALL0(b, "get_fpcr").as.u32, 0);
	CHECK_EQ(CALL0(b, "get_fpsr").as.u32, 0);
	CALL(b, "set_fpcr", mote_value_u32(upwards));
	CHECK_EQ(CALL0(a, "get_fpcr").as.u32, towards_zero);
	CHECK_EQ(CALL0(a, "get_fpsr").as.u32, inexact);
	CHECK_EQ(CALL0(b, "get_fpcr").as.u32, upwards);
	fixture_destroy(a, NULL);
	fixture_destroy(b, NULL);
	a = fixture_sandbox(engine, "vectors", NULL);
	CHECK_EQ(CALL0(a, "get_fpcr").as.u32, 0);
	CHECK_EQ(CALL0(a, "get_fpsr").as.u32, 0);
	fixture_destroy(a, engine);
}

static const struct test_case cases[] = {
	CASE(new_sandbox_reads_zeros),
	CASE(neighbour_is_not_seen),
	CASE(alternating_sandboxes_keep_their_own),
	CASE(host_and_guest_do_not_share),
	CASE(control_words),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_vectors", cases, TEST_COUNT(cases), argc, argv);
}
