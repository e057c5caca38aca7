/* SPDX-License-Identifier: Apache-2.0
 *
 * What an aarch64 VP of the simulated /dev/mshv does: messages and registers.  Code runs at EL1
 * without translation.
 */
#include "sim/mshv/mshv_simulator.h"

#include <errno.h>
#include <string.h>

#include "hypervisor/backends/hyperv/hyperv_abi_aarch64.h"

#define A64(name) MOTE_HYPERV_A64_##name

const uint32_t program_counter = A64(PC);

enum { READ = MOTE_HYPERV_READ, WRITE = MOTE_HYPERV_WRITE };
enum { ABORT = 0x24 };

#define HVC 0xd4000002u
#define LOOP 0x14000000u
#define STORE 0xf9000001u /* str x1, [x0] */

void begin_code(void)
{
	set(A64(PC), CODE);
}

static void begin(void)
{
	begin_vp();
	begin_code();
}

#define PUT_WORDS(...)                                                                             \
	put_code((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}))

void put_loop(void)
{
	PUT_WORDS(LOOP);
}

void put_store(uint64_t address)
{
	PUT_WORDS(STORE);
	set(A64(X0), address);
}

bool set_up_store(int fd, bool (*set_to)(int fd, uint32_t name, struct mote_hyperv_value value),
		  uint8_t *page, uint64_t address)
{
	const uint32_t store = STORE;

	memcpy(page, &store, sizeof(store));
	__builtin___clear_cache((char *)page, (char *)page + sizeof(store));
	return set_to(fd, A64(PC), (struct mote_hyperv_value){CODE, 0}) &&
	       set_to(fd, A64(X0), (struct mote_hyperv_value){address, 0});
}

uint64_t address_of(const struct mote_mshv_message *about)
{
	return ((const struct mote_hyperv_a64_memory *)(const void *)about->payload)
		->physical_address;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

struct access {
	const char *what;
	uint32_t word;
	uint8_t access;
	bool is_described;
	uint8_t size; /* as in the syndrome */
	bool is_signed, is_wide;
	uint8_t reg;
	uint64_t offset; /* from NOWHERE */
};

static const struct access accesses[] = {
	{"str x1, [x0]", 0xf9000001, WRITE, true, 3, false, true, 1, 0},
	{"str w1, [x0]", 0xb9000001, WRITE, true, 2, false, false, 1, 0},
	{"strh w1, [x0, #2]", 0x79000401, WRITE, true, 1, false, false, 1, 2},
	{"strb w1, [x0, #1]", 0x39000401, WRITE, true, 0, false, false, 1, 1},
	{"str xzr, [x0, #8]", 0xf900041f, WRITE, true, 3, false, true, 31, 8},
	{"stur x1, [x0, #8]", 0xf8008001, WRITE, true, 3, false, true, 1, 8},
	{"stlr x1, [x0]", 0xc89ffc01, WRITE, true, 3, false, true, 1, 0},
	{"ldr x2, [x0]", 0xf9400002, READ, true, 3, false, true, 2, 0},
	{"ldr w2, [x0]", 0xb9400002, READ, true, 2, false, false, 2, 0},
	{"ldrsw x2, [x0]", 0xb9800002, READ, true, 2, true, true, 2, 0},
	{"ldrsb w2, [x0]", 0x39c00002, READ, true, 0, true, false, 2, 0},
	{"ldrh w2, [x0]", 0x79400002, READ, true, 1, false, false, 2, 0},
	{"ldr xzr, [x0]", 0xf940001f, READ, true, 3, false, true, 31, 0},
	{"stp x1, x1, [x0]", 0xa9000401, WRITE, false, 0, false, false, 0, 0},
	{"ldp x1, x2, [x0]", 0xa9400801, READ, false, 0, false, false, 0, 0},
	{"str x1, [x0], #8", 0xf8008401, WRITE, false, 0, false, false, 0, 0},
};

static void check_syndrome(const struct access *access, uint64_t syndrome)
{
	CHECK_EQ(syndrome >> 26, ABORT);
	CHECK_EQ(syndrome >> 25 & 1, 1);
	CHECK_EQ(syndrome >> 24 & 1, access->is_described);
	CHECK_EQ(syndrome >> 6 & 1, access->access == WRITE);
	if (!access->is_described)
		return;
	CHECK_EQ(syndrome >> 22 & 3, access->size);
	CHECK_EQ(syndrome >> 21 & 1, access->is_signed);
	CHECK_EQ(syndrome >> 16 & 31, access->reg);
	CHECK_EQ(syndrome >> 15 & 1, access->is_wide);
}

static void accesses_have_not_retired(void)
{
	for (size_t i = 0; i < TEST_COUNT(accesses); i++) {
		const struct access *access = &accesses[i];
		const struct mote_hyperv_a64_memory *got;

		test_note("%s", access->what);
		PUT_WORDS(access->word);
		set(A64(X0), NOWHERE);
		set(A64(X0) + 1, 0x11);
		set(A64(X0) + 2, 0x5555555555555555);
		for (int again = 0; again < 2; again++) {
			got = run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
			CHECK_EQ(got->physical_address, NOWHERE + access->offset);
			CHECK_EQ(got->header.access, access->access);
			CHECK_EQ(got->header.pc, CODE);
			CHECK_EQ(got->header.length, 4);
			CHECK_EQ(got->header.state & 3, 1);
			CHECK_EQ(got->instruction_bytes, 4);
			CHECK_MEM(got->instruction, &access->word, sizeof(access->word));
			check_syndrome(access, got->syndrome);
			CHECK_EQ(get(A64(PC)), CODE);
			CHECK_EQ(get(A64(X0)), NOWHERE);
			CHECK_EQ(get(A64(X0) + 1), 0x11);
			CHECK_EQ(get(A64(X0) + 2), 0x5555555555555555);
		}
	}
}

static void the_program_makes_an_access_happen(void)
{
	PUT_WORDS(0xf9400002, STORE); /* ldr x2, [x0] */
	set(A64(X0), NOWHERE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	set(A64(X0) + 2, 7);
	set(A64(PC), CODE + 4);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(get(A64(X0) + 2), 7);
	CHECK_EQ(get(A64(PC)), CODE + 4);
}

/* ---- Resets ---------------------------------------------------------------------------------- */

static void calls_of_the_firmware_are_resets(void)
{
	const struct mote_hyperv_a64_reset *got;

	PUT_WORDS(HVC, STORE);
	set(A64(X0), 0x84000008); /* SYSTEM_OFF */
	got = run_to(MOTE_MSHV_MESSAGE_ARM64_RESET);
	CHECK_EQ(got->type, MOTE_HYPERV_A64_POWER_OFF);
	PUT_WORDS(HVC, STORE);
	set(A64(X0), 0x84000009); /* SYSTEM_RESET */
	got = run_to(MOTE_MSHV_MESSAGE_ARM64_RESET);
	CHECK_EQ(got->type, MOTE_HYPERV_A64_REBOOT);
	/* It runs on when it is told to. */
	put_store(NOWHERE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
}

/* ---- Registers ------------------------------------------------------------------------------- */

static const struct {
	uint32_t name;
	struct mote_hyperv_value value;
} round_trip[] = {
	{A64(X0), {0x123456789abcdef0, 0}},
	{A64(X0) + 30, {~0ull, 0}},
	{A64(SP_EL0), {0x1000, 0}},
	{A64(SP_EL1), {0x2000, 0}},
	{A64(SP), {0x2010, 0}},
	{A64(PC), {0x3000, 0}},
	{A64(PSTATE), {0x600003c5, 0}},
	{A64(Q0) + 31, {0x1111, 0x2222}},
	{A64(SCTLR), {0x30d00800, 0}},
	{A64(CPACR), {0x300000, 0}},
	{A64(TTBR0), {0x4000, 0}},
	{A64(TTBR1), {0x5000, 0}},
	{A64(TCR), {0x19, 0}},
	{A64(ESR), {0x92000045, 0}},
	{A64(FAR), {0x6000, 0}},
	{A64(MAIR), {0xff, 0}},
	{A64(VBAR), {0x8000, 0}},
	{A64(CONTEXTIDR), {0x33, 0}},
	{A64(TPIDR_EL1), {0x44, 0}},
	{A64(TPIDRRO_EL0), {0x55, 0}},
	{A64(TPIDR_EL0), {0x66, 0}},
	{A64(FPCR), {0x400000, 0}},
	{A64(FPSR), {0x10, 0}},
	{A64(SPSR), {0x3c5, 0}},
	{A64(ELR), {0x7000, 0}},
	{A64(AMAIR), {0, 0}},
	{A64(DBGBVR0), {0x1000, 0}},
	{A64(DBGWVR0) + 1, {0x2000, 0}},
	{A64(MDSCR), {0x1000, 0}},
	{A64(CNTKCTL), {3, 0}},
	{A64(GICR_BASE), {0x80a0000, 0}},
	{MOTE_MSHV_INTERNAL_ACTIVITY, {0, 0}},
	{MOTE_MSHV_PENDING_EVENT_0, {0, 0}},
};

static void registers_are_read_as_they_were_set(void)
{
	for (size_t i = 0; i < TEST_COUNT(round_trip); i++) {
		struct mote_hyperv_value got = {1, 1};

		test_note("register %#x", round_trip[i].name);
		CHECK_EQ(set_register(round_trip[i].name, round_trip[i].value), 0);
		CHECK_EQ(get_register(round_trip[i].name, &got), 0);
		CHECK_MEM(&got, &round_trip[i].value, sizeof(got));
	}
	CHECK_EQ(get(A64(SP_EL1)), 0x2010);
	CHECK(get(A64(ID_AA64MMFR0)) != 0);
	CHECK_EQ(set_register(0x12345, (struct mote_hyperv_value){0, 0}),
		 MOTE_MSHV_INVALID_PARAMETER);
	CHECK_EQ(set_register(A64(PSTATE), (struct mote_hyperv_value){0x3cf, 0}),
		 MOTE_MSHV_INVALID_REGISTER_VALUE);
}

static void there_is_no_page_and_no_extended_state(void)
{
	static _Alignas(PAGE) uint8_t buffer[PAGE];
	struct mote_mshv_state state = {
		.type = MOTE_MSHV_STATE_XSAVE, .bytes = PAGE, .buffer = (uintptr_t)buffer};
	void *mapped;

	CHECK_EQ(sim->map(sim, vp, PAGE, &mapped), -ENODEV);
	CHECK_EQ(request(vp, MOTE_MSHV_GET_VP_STATE, &state), -EINVAL);
}

static void gic_properties_are_early(void)
{
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_GICD_BASE, 0x8000000), 0);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_GIC_PPI_TIMER, 27), 0);
	CHECK_EQ(request(partition, MOTE_MSHV_INITIALIZE_PARTITION, NULL), 0);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_GICD_BASE, 0x8000000),
		 MOTE_MSHV_INVALID_PARTITION_STATE);
}

const struct test_case arch_cases[] = {
	CASE_WITHIN(accesses_have_not_retired, begin, end),
	CASE_WITHIN(the_program_makes_an_access_happen, begin, end),
	CASE_WITHIN(calls_of_the_firmware_are_resets, begin, end),
	CASE_WITHIN(registers_are_read_as_they_were_set, begin, end),
	CASE_WITHIN(there_is_no_page_and_no_extended_state, begin, end),
	CASE_WITHIN(gic_properties_are_early, begin_partition, end),
};

const size_t arch_case_count = TEST_COUNT(arch_cases);
