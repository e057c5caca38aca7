/* SPDX-License-Identifier: Apache-2.0
 *
 * XSAVE areas: the FPU registers in them, both formats, and areas that lie about themselves.
 * Intel SDM volume 1, 13.4 and 13.8; table 10-2.
 */
#include "hypervisor/arch/x86_64/x86_64_xsave.h"

#include "../../../unit_test.h"

enum {
	BASE = MOTE_X86_64_XSAVE_BASE_BYTES,
	MXCSR = 24,
	XSTATE_BV = 512,
	XCOMP_BV = 520,
	AVX_END = 832,
	X87 = 1 << 0,
	SSE = 1 << 1,
	AVX = 1 << 2,
	OPMASK = 1 << 5,
	PKRU = 1 << 9,
	CET_U = 1 << 11,
	TILECFG = 1 << 17,
	TILEDATA = 1 << 18,
	WITH_A_PLACE = X87 | SSE | AVX | OPMASK | PKRU | TILECFG | TILEDATA,
	STANDARD_BYTES = 11008,
	MOST_BYTES = 12288,
};

/* As a processor with AMX says; component 11 is for supervisors. */
static const struct mote_x86_64_xsave_component components[] = {
	[0] = {160, 0, false},	 [1] = {256, 160, false},   [2] = {256, 576, false},
	[5] = {64, 1088, false}, [9] = {8, 2688, false},    [11] = {16, 0, false},
	[17] = {64, 2752, true}, [18] = {8192, 2816, true},
};
static const struct mote_x86_64_xsave_layout layout = {components, COUNT(components)};

static uint64_t seed = 7;

static void put(uint8_t *area, size_t offset, uint64_t value)
{
	memcpy(area + offset, &value, sizeof(value));
}

static uint64_t get(const uint8_t *area, size_t offset)
{
	uint64_t value;

	memcpy(&value, area + offset, sizeof(value));
	return value;
}

static uint32_t get_mxcsr(const uint8_t *area)
{
	return (uint32_t)get(area, MXCSR);
}

/* In a block of just its size, so that a sanitizer sees every access behind it. */
static uint8_t *make_area(size_t bytes)
{
	uint8_t *area = malloc(bytes > 0 ? bytes : 1);

	REQUIRE(area != NULL);
	memset(area, 0, bytes);
	return area;
}

static void fill(uint8_t *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		from[i] = (uint8_t)(1 + random_below(&seed, 255));
}

/* ---- The FPU ------------------------------------------------------------------------------- */

static struct mote_x86_64_fpu busy_fpu(void)
{
	struct mote_x86_64_fpu fpu = {
		.fcw = 0x1234,
		.fsw = 0x5678,
		.ftwx = 0x9a,
		.last_opcode = 0x0bcd,
		.last_ip = 0x1122334455667788,
		.last_dp = 0x99aabbccddeeff01,
		.mxcsr = 0x00001fa5,
	};

	for (unsigned i = 0; i < 8; i++)
		fill(fpu.fpr[i], 10);
	fill(fpu.xmm[0], sizeof(fpu.xmm));
	return fpu;
}

static void compare(const struct mote_x86_64_fpu *fpu, const struct mote_x86_64_fpu *expected)
{
	REQUIRE_EQ(fpu->fcw, expected->fcw);
	REQUIRE_EQ(fpu->fsw, expected->fsw);
	REQUIRE_EQ(fpu->ftwx, expected->ftwx);
	REQUIRE_EQ(fpu->last_opcode, expected->last_opcode);
	REQUIRE_EQ(fpu->last_ip, expected->last_ip);
	REQUIRE_EQ(fpu->last_dp, expected->last_dp);
	REQUIRE_EQ(fpu->mxcsr, expected->mxcsr);
	REQUIRE_MEM(fpu->fpr, expected->fpr, sizeof(fpu->fpr));
	REQUIRE_MEM(fpu->xmm, expected->xmm, sizeof(fpu->xmm));
}

static void fpu_round_trips(void)
{
	const struct mote_x86_64_fpu expected = busy_fpu();
	struct mote_x86_64_fpu fpu;
	uint8_t *area = make_area(BASE);

	REQUIRE(mote_x86_64_fpu_to_xsave(&expected, area, BASE));
	/* The reserved bytes behind each register of 80 bits do not count. */
	for (unsigned i = 0; i < 8; i++)
		memset(area + 32 + 16 * i + 10, 0xee, 6);
	memset(&fpu, 0xa5, sizeof(fpu));
	REQUIRE(mote_x86_64_fpu_from_xsave(area, BASE, &fpu));
	compare(&fpu, &expected);
	free(area);
}

static void every_field_has_its_place(void)
{
	const struct mote_x86_64_fpu fpu = busy_fpu();
	uint8_t *area = make_area(BASE);

	REQUIRE(mote_x86_64_fpu_to_xsave(&fpu, area, BASE));
	REQUIRE_EQ(get(area, 0), 0x0bcd009a56781234); /* FOP, reserved, FTW, FSW, FCW */
	REQUIRE_EQ(get(area, 8), fpu.last_ip);
	REQUIRE_EQ(get(area, 16), fpu.last_dp);
	REQUIRE_EQ(get(area, MXCSR), fpu.mxcsr); /* and no MXCSR_MASK */
	for (unsigned i = 0; i < 8; i++)
		REQUIRE_MEM(area + 32 + 16 * i, fpu.fpr[i], 16);
	for (unsigned i = 0; i < 16; i++)
		REQUIRE_MEM(area + 160 + 16 * i, fpu.xmm[i], 16);
	REQUIRE_EQ(get(area, XSTATE_BV), X87 | SSE);
	REQUIRE_EQ(get(area, XCOMP_BV), 0);
	free(area);
}

static void other_components_are_left_alone(void)
{
	const struct mote_x86_64_fpu fpu = busy_fpu();
	uint8_t *area = make_area(STANDARD_BYTES), *before = make_area(STANDARD_BYTES);

	fill(area, STANDARD_BYTES);
	put(area, XSTATE_BV, AVX | PKRU);
	put(area, XCOMP_BV, 0);
	put(area, 528, 0);
	memcpy(before, area, STANDARD_BYTES);
	REQUIRE(mote_x86_64_fpu_to_xsave(&fpu, area, STANDARD_BYTES));
	REQUIRE_EQ(get(area, XSTATE_BV), X87 | SSE | AVX | PKRU);
	REQUIRE_MEM(area + 28, before + 28, 4); /* MXCSR_MASK */
	REQUIRE_MEM(area + 416, before + 416, XSTATE_BV - 416);
	REQUIRE_MEM(area + XCOMP_BV, before + XCOMP_BV, BASE - XCOMP_BV);
	REQUIRE_MEM(area + AVX_END, before + AVX_END, STANDARD_BYTES - AVX_END);
	free(area);
	free(before);
}

static void upper_vector_halves_go_both_ways(void)
{
	struct mote_x86_64_fpu expected = busy_fpu(), fpu;
	uint8_t *area = make_area(AVX_END);

	/* Zeros are the initial state: not marked, also where there is no AVX. */
	REQUIRE(mote_x86_64_fpu_to_xsave(&expected, area, AVX_END));
	REQUIRE_EQ(get(area, XSTATE_BV), X87 | SSE);
	fill(expected.ymm_high[0], sizeof(expected.ymm_high));
	REQUIRE(mote_x86_64_fpu_to_xsave(&expected, area, AVX_END));
	REQUIRE_EQ(get(area, XSTATE_BV), X87 | SSE | AVX);
	REQUIRE_MEM(area + BASE, expected.ymm_high, sizeof(expected.ymm_high));
	REQUIRE(mote_x86_64_fpu_from_xsave(area, AVX_END, &fpu));
	REQUIRE_MEM(fpu.ymm_high, expected.ymm_high, sizeof(fpu.ymm_high));
	memset(expected.ymm_high, 0, sizeof(expected.ymm_high));
	REQUIRE(mote_x86_64_fpu_to_xsave(&expected, area, AVX_END));
	REQUIRE_MEM(area + BASE, expected.ymm_high, sizeof(expected.ymm_high));
	free(area);
}

static void what_is_not_marked_is_initial(void)
{
	static const struct {
		uint64_t present;
		uint32_t mxcsr, expected;
	} rows[] = {
		{0, 0, 0x1f80},	       {0, 0x1fa0, 0x1fa0},   {X87, 0, 0x1f80},
		{SSE, 0, 0},	       {SSE, 0x1fa0, 0x1fa0}, {AVX, 0, 0},
		{AVX, 0x1fa0, 0x1fa0}, {PKRU, 0, 0x1f80},     {X87 | SSE, 0x1fa0, 0x1fa0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mote_x86_64_fpu busy = busy_fpu();
		struct mote_x86_64_fpu expected = busy, fpu;
		uint8_t *area = make_area(BASE);

		REQUIRE(mote_x86_64_fpu_to_xsave(&busy, area, BASE));
		put(area, MXCSR, rows[i].mxcsr);
		put(area, XSTATE_BV, rows[i].present);
		if (!(rows[i].present & X87))
			expected = (struct mote_x86_64_fpu){.fcw = 0x37f};
		memset(expected.xmm, 0, sizeof(expected.xmm));
		if (rows[i].present & SSE)
			memcpy(expected.xmm, busy.xmm, sizeof(expected.xmm));
		expected.mxcsr = rows[i].expected;
		REQUIRE(mote_x86_64_fpu_from_xsave(area, BASE, &fpu));
		compare(&fpu, &expected);
		free(area);
	}
}

static void check_fpu_refused(uint8_t *area, size_t bytes)
{
	uint8_t *before = make_area(bytes);
	struct mote_x86_64_fpu fpu, untouched;

	memcpy(before, area, bytes);
	memset(&fpu, 0xa5, sizeof(fpu));
	untouched = fpu;
	REQUIRE(!mote_x86_64_fpu_from_xsave(area, bytes, &fpu));
	REQUIRE_MEM(&fpu, &untouched, sizeof(fpu));
	REQUIRE(!mote_x86_64_fpu_to_xsave(&fpu, area, bytes));
	REQUIRE_MEM(area, before, bytes);
	free(before);
}

static void short_areas_and_other_formats_are_refused(void)
{
	uint8_t *area;

	for (size_t bytes = 0; bytes < BASE; bytes++) {
		area = make_area(bytes);
		check_fpu_refused(area, bytes);
		free(area);
	}
	/* Bytes 8 to 23 of the header must be zeros. */
	for (size_t i = XCOMP_BV; i < XCOMP_BV + 16; i++) {
		area = make_area(BASE);
		area[i] = 0x80;
		check_fpu_refused(area, BASE);
		free(area);
	}
}

static void marks_add_up(void)
{
	uint8_t *area = make_area(BASE);

	mote_x86_64_xsave_mark(area, PKRU);
	mote_x86_64_xsave_mark(area, AVX | PKRU);
	REQUIRE_EQ(get(area, XSTATE_BV), AVX | PKRU);
	free(area);
}

/* Linux takes MXCSR from an area in which x87, SSE or AVX is marked. */
static void a_completed_area_loads_mxcsr(void)
{
	static const struct {
		uint64_t present, marked;
		uint32_t mxcsr, expected;
	} rows[] = {
		{0, SSE, 0, 0x1f80},
		{0, SSE, 0x1f80, 0x1f80},
		{PKRU, PKRU | SSE, 0, 0x1f80},
		{X87, X87, 0, 0x1f80},
		{SSE, SSE, 0x1fa0, 0x1fa0},
		{AVX, AVX, 0, 0},
		{AVX | X87, AVX | X87, 0x1fa0, 0x1fa0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t *area = make_area(BASE);

		put(area, XSTATE_BV, rows[i].present);
		put(area, MXCSR, rows[i].mxcsr | 0xffffull << 32);
		mote_x86_64_xsave_complete_mxcsr(area);
		REQUIRE_EQ(get(area, XSTATE_BV), rows[i].marked);
		REQUIRE_EQ(get(area, MXCSR), rows[i].expected | 0xffffull << 32);
		free(area);
	}
}

/* ---- Formats ------------------------------------------------------------------------------- */

static void compacted_sizes(void)
{
	static const struct {
		uint64_t components, bytes;
	} rows[] = {
		{0, 576},
		{X87 | SSE, 576},
		{AVX, 832},
		{X87 | SSE | AVX, 832},
		{PKRU, 584},
		{AVX | PKRU, 840},
		{AVX | PKRU | CET_U, 856},
		{AVX | PKRU | TILECFG, 960}, /* 840, to a multiple of 64 */
		{PKRU | TILECFG | TILEDATA, 8896},
		{TILEDATA, 8768},
		{1 << 3, 0}, /* not in the layout */
		{1 << 10, 0},
		{1 << 19, 0}, /* behind its end */
		{1ull << 62, 0},
		{1ull << 63, 0}, /* no component */
		{1ull << 63 | AVX, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		REQUIRE_EQ(mote_x86_64_xsave_compacted_bytes(&layout, rows[i].components),
			   rows[i].bytes);
	REQUIRE_EQ(mote_x86_64_xsave_compacted_bytes(&(struct mote_x86_64_xsave_layout){0}, AVX),
		   0);
}

/* An area in the standard format in which these components are busy. */
static uint8_t *busy_standard(uint64_t present)
{
	const struct mote_x86_64_fpu fpu = busy_fpu();
	uint8_t *area = make_area(STANDARD_BYTES);

	REQUIRE(mote_x86_64_fpu_to_xsave(&fpu, area, STANDARD_BYTES));
	if (!(present & X87)) {
		memset(area, 0, MXCSR);
		memset(area + 32, 0, 128);
	}
	if (!(present & SSE)) {
		memset(area + 160, 0, 256);
		put(area, MXCSR, 0x1f80);
	}
	for (size_t i = 2; i < COUNT(components); i++)
		if (present >> i & 1)
			fill(area + components[i].offset, components[i].bytes);
	put(area, XSTATE_BV, present);
	return area;
}

static void components_move_to_their_places(void)
{
	const uint64_t all = X87 | SSE | AVX | PKRU | TILECFG;
	uint8_t *standard = busy_standard(all), *compacted = make_area(960);

	memset(compacted, 0xa5, 960);
	REQUIRE(mote_x86_64_xsave_compact(&layout, all, standard, STANDARD_BYTES, compacted, 960));
	REQUIRE_MEM(compacted, standard, 416);
	REQUIRE_EQ(get(compacted, XSTATE_BV), all);
	REQUIRE_EQ(get(compacted, XCOMP_BV), 1ull << 63 | all);
	for (size_t i = 528; i < BASE; i += 8)
		REQUIRE_EQ(get(compacted, i), 0);
	REQUIRE_MEM(compacted + 576, standard + 576, 256); /* AVX */
	REQUIRE_MEM(compacted + 832, standard + 2688, 8);  /* PKRU */
	REQUIRE_MEM(compacted + 896, standard + 2752, 64); /* TILECFG */
	for (size_t i = 840; i < 896; i += 8)
		REQUIRE_EQ(get(compacted, i), 0);
	free(standard);
	free(compacted);
}

static void check_round_trip(uint64_t format, uint64_t present)
{
	const size_t bytes = (size_t)mote_x86_64_xsave_compacted_bytes(&layout, format);
	uint8_t *standard = busy_standard(present), *again = make_area(STANDARD_BYTES);
	uint8_t *compacted = make_area(bytes);

	memset(again, 0xa5, STANDARD_BYTES);
	REQUIRE(mote_x86_64_xsave_compact(&layout, format, standard, STANDARD_BYTES, compacted,
					  bytes));
	REQUIRE(mote_x86_64_xsave_expand(&layout, compacted, bytes, again, STANDARD_BYTES));
	REQUIRE_MEM(again, standard, STANDARD_BYTES);
	free(standard);
	free(compacted);
	free(again);
}

static void formats_round_trip(void)
{
	check_round_trip(WITH_A_PLACE, WITH_A_PLACE);
	check_round_trip(WITH_A_PLACE | CET_U, WITH_A_PLACE);
	check_round_trip(0, 0);
	for (unsigned i = 0; i < 500; i++) {
		const uint64_t format = random_next(&seed) & (WITH_A_PLACE | CET_U);

		check_round_trip(format, format & WITH_A_PLACE & random_next(&seed));
	}
}

static void check_zeros(const uint8_t *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		REQUIRE_EQ(from[i], 0);
}

/* What lies in an area without a mark, e.g. another guest's registers, stays behind. */
static void what_is_not_marked_is_not_copied(void)
{
	const uint64_t format = X87 | SSE | AVX;
	uint8_t *from = make_area(832), *to = make_area(832);

	fill(from, 416);
	fill(from + BASE, 256);
	put(from, MXCSR, 0x1f80);
	REQUIRE(mote_x86_64_xsave_compact(&layout, format, from, 832, to, 832));
	check_zeros(to, MXCSR);
	check_zeros(to + 32, XSTATE_BV - 32);
	check_zeros(to + BASE, 256);
	put(from, XCOMP_BV, 1ull << 63 | format);
	memset(to, 0xa5, 832);
	REQUIRE(mote_x86_64_xsave_expand(&layout, from, 832, to, 832));
	check_zeros(to, MXCSR);
	check_zeros(to + 32, 832 - 32);
	free(from);
	free(to);
}

/* In the standard format MXCSR counts without a mark of SSE, in the compacted one it does not. */
static void mxcsr_belongs_to_sse_when_compacted(void)
{
	uint8_t *standard = make_area(BASE), *compacted = make_area(BASE);

	put(standard, MXCSR, 0x1fa0);
	REQUIRE(!mote_x86_64_xsave_compact(&layout, 0, standard, BASE, compacted, BASE));
	REQUIRE(mote_x86_64_xsave_compact(&layout, SSE, standard, BASE, compacted, BASE));
	REQUIRE_EQ(get(compacted, XSTATE_BV), SSE);
	REQUIRE_EQ(get_mxcsr(compacted), 0x1fa0);
	/* XMM registers without a mark are zeros. */
	memset(standard + 160, 0x5a, 256);
	REQUIRE(mote_x86_64_xsave_compact(&layout, SSE, standard, BASE, compacted, BASE));
	for (size_t i = 160; i < 416; i += 8)
		REQUIRE_EQ(get(compacted, i), 0);
	/* And back: without a mark it is the initial one. */
	put(compacted, XSTATE_BV, 0);
	REQUIRE(mote_x86_64_xsave_expand(&layout, compacted, BASE, standard, BASE));
	REQUIRE_EQ(get_mxcsr(standard), 0x1f80);
	free(standard);
	free(compacted);
}

static void supervisor_state_has_no_place_in_the_standard_format(void)
{
	const uint64_t format = AVX | CET_U;
	uint8_t *compacted = make_area(848), *standard = make_area(STANDARD_BYTES);

	put(compacted, XCOMP_BV, 1ull << 63 | format);
	REQUIRE(mote_x86_64_xsave_expand(&layout, compacted, 848, standard, STANDARD_BYTES));
	put(compacted, XSTATE_BV, CET_U);
	REQUIRE(!mote_x86_64_xsave_expand(&layout, compacted, 848, standard, STANDARD_BYTES));
	put(standard, XSTATE_BV, CET_U);
	REQUIRE(!mote_x86_64_xsave_compact(&layout, format, standard, STANDARD_BYTES, compacted,
					   848));
	free(compacted);
	free(standard);
}

/* ---- Hostile areas ------------------------------------------------------------------------- */

static void check_not_expanded(const uint8_t *compacted, size_t bytes, size_t standard_bytes)
{
	uint8_t *standard = make_area(standard_bytes), *before = make_area(standard_bytes);

	memset(standard, 0xa5, standard_bytes);
	memset(before, 0xa5, standard_bytes);
	REQUIRE(!mote_x86_64_xsave_expand(&layout, compacted, bytes, standard, standard_bytes));
	REQUIRE_MEM(standard, before, standard_bytes);
	free(standard);
	free(before);
}

static void lying_headers_are_refused(void)
{
	static const struct {
		uint64_t present, format;
	} rows[] = {
		{AVX, AVX},	   /* not compacted */
		{AVX, 1ull << 63}, /* present without a place */
		{AVX | PKRU, 1ull << 63 | AVX},
		{X87, 1ull << 63 | SSE},
		{0, 1ull << 63 | 1 << 3}, /* no such component */
		{0, 1ull << 63 | 1 << 19},
		{0, 1ull << 63 | 1ull << 62},
		{0, ~0ull},
		{1ull << 63, 1ull << 63}, /* no component at all */
		{~0ull, ~0ull},
	};
	uint8_t *area = make_area(MOST_BYTES);

	for (size_t i = 0; i < COUNT(rows); i++) {
		put(area, XSTATE_BV, rows[i].present);
		put(area, XCOMP_BV, rows[i].format);
		check_not_expanded(area, MOST_BYTES, STANDARD_BYTES);
	}
	put(area, XSTATE_BV, AVX);
	put(area, XCOMP_BV, 1ull << 63 | AVX);
	for (size_t i = 528; i < BASE; i++) {
		area[i] = 1;
		check_not_expanded(area, MOST_BYTES, STANDARD_BYTES);
		area[i] = 0;
	}
	free(area);
}

static void truncated_areas_are_refused(void)
{
	const uint64_t format = X87 | AVX | PKRU;
	uint8_t *whole = make_area(840), *standard = make_area(STANDARD_BYTES), *again;

	put(whole, XSTATE_BV, X87 | AVX);
	put(whole, XCOMP_BV, 1ull << 63 | format);
	/* Also when what is missing is not present: the format has it. */
	for (size_t bytes = 0; bytes < 840; bytes++) {
		uint8_t *area = make_area(bytes);

		memcpy(area, whole, bytes);
		check_not_expanded(area, bytes, STANDARD_BYTES);
		free(area);
	}
	for (size_t bytes = 0; bytes < 832; bytes++)
		check_not_expanded(whole, 840, bytes);
	REQUIRE(mote_x86_64_xsave_expand(&layout, whole, 840, standard, 832));
	for (size_t bytes = 0; bytes < 840; bytes++) {
		again = make_area(bytes);
		REQUIRE(!mote_x86_64_xsave_compact(&layout, format, standard, STANDARD_BYTES, again,
						   bytes));
		free(again);
	}
	again = make_area(840);
	for (size_t bytes = 0; bytes < 832; bytes++)
		REQUIRE(!mote_x86_64_xsave_compact(&layout, format, standard, bytes, again, 840));
	REQUIRE(mote_x86_64_xsave_compact(&layout, format, standard, 832, again, 840));
	free(whole);
	free(standard);
	free(again);
}

static void random_headers_do_no_harm(void)
{
	for (unsigned i = 0; i < 20000; i++) {
		const size_t bytes = random_below(&seed, 1200);
		const size_t standard_bytes = random_below(&seed, 3200);
		uint8_t *area = make_area(bytes), *standard = make_area(standard_bytes);
		const uint64_t format = random_next(&seed) & random_next(&seed) & 0x60e27;

		if (bytes >= BASE) {
			put(area, XCOMP_BV, (i % 8 != 0 ? 1ull << 63 : 0) | format);
			put(area, XSTATE_BV, format & random_next(&seed));
		}
		mote_x86_64_xsave_expand(&layout, area, bytes, standard, standard_bytes);
		mote_x86_64_xsave_compact(&layout, format, area, bytes, standard, standard_bytes);
		free(area);
		free(standard);
	}
}

static const struct test_case cases[] = {
	CASE(fpu_round_trips),
	CASE(every_field_has_its_place),
	CASE(other_components_are_left_alone),
	CASE(upper_vector_halves_go_both_ways),
	CASE(what_is_not_marked_is_initial),
	CASE(short_areas_and_other_formats_are_refused),
	CASE(marks_add_up),
	CASE(a_completed_area_loads_mxcsr),
	CASE(compacted_sizes),
	CASE(components_move_to_their_places),
	CASE(formats_round_trip),
	CASE(what_is_not_marked_is_not_copied),
	CASE(mxcsr_belongs_to_sse_when_compacted),
	CASE(supervisor_state_has_no_place_in_the_standard_format),
	CASE(lying_headers_are_refused),
	CASE(truncated_areas_are_refused),
	CASE(random_headers_do_no_harm),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_xsave", cases, TEST_COUNT(cases), argc, argv);
}
