/* SPDX-License-Identifier: Apache-2.0
 *
 * Accesses that the processor does not describe (pairs, atomics, updates of the
 * address, vectors): exits of their own, which do not retire.  And doorbells that
 * are none.
 */
#include <string.h>

#include "code_aarch64.h"
#include "machine.h"

/* Each goes to the address in x2. */
static const struct {
	const char *name;
	uint32_t instruction;
	bool write; /* as the processor says: it calls atomics reads */
} undescribed[] = {
	{"stp x0, x1, [x2]", 0xa9000440u, true},  {"ldp x0, x1, [x2]", 0xa9400440u, false},
	{"str x0, [x2], #8", 0xf8008440u, true},  {"str x0, [x2, #0]!", 0xf8000c40u, true},
	{"str q0, [x2]", 0x3d800040u, true},	  {"ldr q0, [x2]", 0x3dc00040u, false},
	{"ldxr x0, [x2]", 0xc85f7c40u, false},	  {"ldadd x0, x1, [x2]", 0xf8200041u, false},
	{"swp x0, x1, [x2]", 0xf8208041u, false},
};

static struct mote_vm_exit run_undescribed(struct machine *machine, size_t i, uint64_t gva)
{
	struct code code = {.length = 0};
	mote_regs regs;

	code_aarch64_add(&code, undescribed[i].instruction);
	code_aarch64_add(&code, A64_UDF);
	machine_make(machine, &code);
	machine->what = undescribed[i].name;
	regs = machine_regs(machine);
	regs.x[2] = gva;
	machine_set_regs(machine, &regs);
	return machine_expect(machine,
			      undescribed[i].write ? MOTE_EXIT_MMIO_WRITE : MOTE_EXIT_MMIO_READ);
}

static void undescribed_accesses_are_exits_without_size(void)
{
	struct machine machine;

	for (size_t i = 0; i < TEST_COUNT(undescribed); i++) {
		struct mote_vm_exit exit = run_undescribed(&machine, i, OUTSIDE_GVA + 0x40);

		CHECK_IN(&machine, exit.as.mmio.gpa, machine_gpa(&machine, OUTSIDE_GVA + 0x40));
		CHECK_IN(&machine, exit.as.mmio.size, 0);
		CHECK(exit.as.mmio.data == NULL);
		machine_destroy(&machine);
	}
}

static void undescribed_accesses_ring_no_doorbell(void)
{
	const uint64_t gva = MOTE_ABI_AARCH64_DOORBELL_GVA + 8 * CODE_PORT;
	struct machine machine;

	for (size_t i = 0; i < TEST_COUNT(undescribed); i++) {
		struct mote_vm_exit exit = run_undescribed(&machine, i, gva);

		CHECK_IN(&machine, exit.as.mmio.gpa, machine_gpa(&machine, gva));
		CHECK_IN(&machine, exit.as.mmio.size, 0);
		machine_destroy(&machine);
	}
}

/* The instruction stays where it is, whatever is touched; the host may go round it. */
static void undescribed_accesses_do_not_retire(void)
{
	struct machine machine;
	mote_regs regs, again;

	for (size_t i = 0; i < TEST_COUNT(undescribed); i++) {
		run_undescribed(&machine, i, OUTSIDE_GVA);
		regs = machine_regs(&machine);
		CHECK_IN(&machine, regs.pc, CODE_GVA);
		again = machine_regs(&machine);
		CHECK_MEM(&again, &regs, sizeof(regs));
		machine_run(&machine);
		CHECK_IN(&machine, machine_regs(&machine).pc, CODE_GVA);
		regs.pc += 4;
		machine_set_regs(&machine, &regs);
		machine_expect_end(&machine, CODE_GVA + 4);
		machine_destroy(&machine);
	}
}

static void only_aligned_words_of_eight_bytes_ring(void)
{
	static const uint64_t none[] = {
		MOTE_ABI_AARCH64_DOORBELL_GVA - 8,
		MOTE_AARCH64_MONITOR_DOORBELL_GVA + MOTE_PAGE_BYTES,
	};

	for (uint64_t at = 0; at < MOTE_PAGE_BYTES; at++) {
		const uint64_t gpa = MOTE_ABI_AARCH64_DOORBELL_GVA + at;
		bool rings = mote_aarch64_monitor_store(gpa, 8) == MOTE_STORE_DOORBELL;

		CHECK_EQ(rings, at % 8 == 0);
		CHECK_EQ(mote_aarch64_monitor_store(gpa, 4), MOTE_STORE_PLAIN);
		CHECK_EQ(mote_aarch64_monitor_store(gpa, 1), MOTE_STORE_PLAIN);
	}
	for (size_t i = 0; i < TEST_COUNT(none); i++)
		CHECK_EQ(mote_aarch64_monitor_store(none[i], 8), MOTE_STORE_PLAIN);
}

static const struct test_case cases[] = {
	CASE(undescribed_accesses_are_exits_without_size),
	CASE(undescribed_accesses_ring_no_doorbell),
	CASE(undescribed_accesses_do_not_retire),
	CASE(only_aligned_words_of_eight_bytes_ring),
};

const struct case_list retired_arch_cases = {cases, TEST_COUNT(cases)};
