/* SPDX-License-Identifier: Apache-2.0
 *
 * A debugger's view of an x86_64 vCPU: where it is, what the user program's registers are, what of
 * them may be set.
 */
#include "hypervisor/arch/x86_64/x86_64_debug.h"
#include "hypervisor/arch/x86_64/x86_64_exception.h"

#include "../../../unit_test.h"
#include "bytes.h"

#define MONITOR_GVA 0x10000ull
#define TOP (MONITOR_GVA + MOTE_X86_64_MONITOR_BYTES)
#define CARRY 1ull
#define TF (1ull << 8)
#define RF (1ull << 16)

static uint8_t memory[MOTE_X86_64_MONITOR_BYTES];
static const struct mote_monitor monitor = {.memory = memory, .gva = MONITOR_GVA};
static uint8_t *const frame = memory + MOTE_X86_64_MONITOR_BYTES - 40;

static const struct mote_x86_64_sregs user_mode = {.cs = {.selector = 0x2b}};
static const struct mote_x86_64_sregs supervisor = {.cs = {.selector = 0x08}};

/* Behind the hlt of the stub for a vector. */
static mote_x86_64_regs behind_halt(unsigned vector)
{
	memset(memory, 0, sizeof(memory));
	mote_put64(frame, 0x400123);
	mote_put64(frame + 16, 2 | CARRY | TF | RF);
	mote_put64(frame + 24, 0x7000);
	return (mote_x86_64_regs){
		.rax = 1,
		.rip = MONITOR_GVA + 16 * vector + 1,
		.rsp = TOP - 40 - (mote_x86_64_vector_has_error_code(vector) ? 8 : 0),
		.rflags = 2,
	};
}

static void user_code_has_the_registers_of_the_vcpu(void)
{
	mote_x86_64_regs regs = {.rax = 7, .rip = 0x400000, .rsp = 0x8000, .rflags = 2 | TF}, user;
	struct mote_x86_64_sregs sregs = user_mode;

	REQUIRE_EQ(mote_x86_64_debug_settle(&monitor, &sregs, &regs), MOTE_DEBUG_USER);
	mote_x86_64_debug_get(&monitor, &regs, &sregs, &user);
	REQUIRE_EQ(user.rax, 7);
	REQUIRE_EQ(user.rip, 0x400000);
	REQUIRE_EQ(user.rflags, 2);
	user.rip++;
	REQUIRE(!mote_x86_64_debug_put(&user, true, &sregs, &regs));
	REQUIRE_EQ(regs.rip, 0x400001);
	REQUIRE_EQ(regs.rflags, 2 | TF);
	REQUIRE_EQ(regs.rsp, 0x8000);
}

static void the_monitor_has_them_in_its_frame(void)
{
	mote_x86_64_regs regs = behind_halt(14), user;
	const mote_x86_64_regs vcpu = regs;
	struct mote_x86_64_exception_state state = {0};
	struct mote_x86_64_sregs sregs = supervisor;

	mote_x86_64_debug_get(&monitor, &regs, &sregs, &user);
	REQUIRE_EQ(user.rip, 0x400123);
	REQUIRE_EQ(user.rsp, 0x7000);
	REQUIRE_EQ(user.rflags, 2 | CARRY);
	user.rip = 0x500000;
	user.rsp = 0x6ff8;
	user.rax = 2;
	REQUIRE(mote_x86_64_debug_put(&user, true, &sregs, &regs));
	mote_x86_64_debug_put_return(&monitor, &user, true, &state);
	REQUIRE_EQ(mote_get64(frame), 0x500000);
	REQUIRE_EQ(mote_get64(frame + 16), 2 | CARRY | TF);
	REQUIRE_EQ(mote_get64(frame + 24), 0x6ff8);
	REQUIRE_EQ(regs.rax, 2);
	REQUIRE_EQ(regs.rip, vcpu.rip);
	REQUIRE_EQ(regs.rsp, vcpu.rsp);
	REQUIRE_EQ(regs.rflags, vcpu.rflags);
}

static void an_interrupted_return_begins_again(void)
{
	static const unsigned vectors[] = {1, 3, 14};

	for (size_t i = 0; i < COUNT(vectors); i++) {
		const mote_x86_64_regs before = behind_halt(vectors[i]);
		mote_x86_64_regs regs = before;

		REQUIRE_EQ(mote_x86_64_debug_settle(&monitor, &supervisor, &regs),
			   MOTE_DEBUG_SAVED);
		REQUIRE_MEM(&regs, &before, sizeof(regs));
		/* An error code that is dropped already, or not yet. */
		regs.rip = before.rip + 4;
		regs.rsp = TOP - 40;
		REQUIRE_EQ(mote_x86_64_debug_settle(&monitor, &supervisor, &regs),
			   MOTE_DEBUG_SAVED);
		REQUIRE_MEM(&regs, &before, sizeof(regs));
		regs.rip = before.rip - 1;
		REQUIRE_EQ(mote_x86_64_debug_settle(&monitor, &supervisor, &regs),
			   MOTE_DEBUG_ENTERING);
		regs.rip = MONITOR_GVA + 32 * 16;
		REQUIRE_EQ(mote_x86_64_debug_settle(&monitor, &supervisor, &regs), MOTE_DEBUG_LOST);
	}
}

static void only_a_programs_own_flags_are_set(void)
{
	mote_x86_64_regs user = {.rflags = UINT64_MAX}, regs = {0};
	struct mote_x86_64_sregs sregs = user_mode;

	mote_x86_64_debug_put(&user, false, &sregs, &regs);
	REQUIRE_EQ(regs.rflags, 0x240cd7);
	user.rflags = 0;
	mote_x86_64_debug_put(&user, false, &sregs, &regs);
	REQUIRE_EQ(regs.rflags, 2);
}

static void addresses_that_are_not_canonical_are_refused(void)
{
	const uint64_t limit = 1ull << 47;
	struct mote_x86_64_sregs sregs = user_mode, wanted = user_mode;

	REQUIRE(mote_x86_64_debug_accepts(&(mote_x86_64_regs){.rip = limit - 1}));
	REQUIRE(!mote_x86_64_debug_accepts(&(mote_x86_64_regs){.rip = limit}));
	wanted.fs.base = limit - 1;
	wanted.gs.base = 5;
	wanted.cs.selector = 8;
	REQUIRE(mote_x86_64_debug_put_thread(&wanted, &sregs));
	REQUIRE_EQ(sregs.fs.base, limit - 1);
	REQUIRE_EQ(sregs.gs.base, 5);
	REQUIRE_EQ(sregs.cs.selector, 0x2b);
	wanted.fs.base = limit;
	REQUIRE(!mote_x86_64_debug_put_thread(&wanted, &sregs));
	wanted.fs.base = 0;
	wanted.gs.base = limit;
	REQUIRE(!mote_x86_64_debug_put_thread(&wanted, &sregs));
	REQUIRE_EQ(sregs.fs.base, limit - 1);
	REQUIRE(mote_x86_64_debug_accepts_fpu(&(struct mote_x86_64_fpu){.mxcsr = 0xffff}));
	REQUIRE(!mote_x86_64_debug_accepts_fpu(&(struct mote_x86_64_fpu){.mxcsr = 0x10000}));
}

static void traps_are_told_apart(void)
{
	const struct mote_exception step = {.vector = 1}, breakpoint = {.vector = 3, .pc = 11},
				    other = {.vector = 14}, none = {.vector = MOTE_FAULT_NO_VECTOR};

	REQUIRE_EQ(mote_x86_64_debug_trap(&step), MOTE_DEBUG_TRAP_STEP);
	REQUIRE_EQ(mote_x86_64_debug_trap(&breakpoint), MOTE_DEBUG_TRAP_BREAKPOINT);
	REQUIRE_EQ(mote_x86_64_debug_trap_pc(&breakpoint), 10);
	REQUIRE_EQ(mote_x86_64_debug_trap(&other), MOTE_DEBUG_NO_TRAP);
	REQUIRE_EQ(mote_x86_64_debug_trap(&none), MOTE_DEBUG_NO_TRAP);
}

static void an_instruction_that_stores_the_flags_is_recognized(void)
{
	static const uint8_t plain[] = {0x9c}, word[] = {0x66, 0x9c}, wide[] = {0x48, 0x9c},
			     other[] = {0x48, 0x89}, prefixes[] = {0x66, 0x48};

	REQUIRE(mote_x86_64_debug_stores_flags(plain, 1));
	REQUIRE(mote_x86_64_debug_stores_flags(word, 2));
	REQUIRE(mote_x86_64_debug_stores_flags(wide, 2));
	REQUIRE(!mote_x86_64_debug_stores_flags(other, 2));
	REQUIRE(!mote_x86_64_debug_stores_flags(prefixes, 2));
	REQUIRE(!mote_x86_64_debug_stores_flags(plain, 0));
	REQUIRE_EQ(0x103 >> 8 & MOTE_X86_64_PUSHED_FLAGS_MASK, 0);
}

static const struct test_case cases[] = {
	CASE(user_code_has_the_registers_of_the_vcpu),
	CASE(the_monitor_has_them_in_its_frame),
	CASE(an_interrupted_return_begins_again),
	CASE(only_a_programs_own_flags_are_set),
	CASE(addresses_that_are_not_canonical_are_refused),
	CASE(traps_are_told_apart),
	CASE(an_instruction_that_stores_the_flags_is_recognized),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_debug", cases, TEST_COUNT(cases), argc, argv);
}
