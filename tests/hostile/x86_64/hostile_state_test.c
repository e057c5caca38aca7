/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers: what a guest finds at its entry, and what a fault shows of it.
 */
#include <string.h>

#include "clean.h"
#include "hostile.h"

/* ---- At entry ---------------------------------------------------------------------------- */

/*
 * Everything goes to the call's data area, which begins a page behind the mailbox's header (rdi):
 * 16 general registers and flags, FS:0, FS:0x28, then an FXSAVE image at 512.
 */
GUEST_CODE(entry, "mov %rax, 0x1000(%rdi)\n\t"
		  "mov %rbx, 0x1008(%rdi)\n\t"
		  "mov %rcx, 0x1010(%rdi)\n\t"
		  "mov %rdx, 0x1018(%rdi)\n\t"
		  "mov %rsi, 0x1020(%rdi)\n\t"
		  "mov %rdi, 0x1028(%rdi)\n\t"
		  "mov %rsp, 0x1030(%rdi)\n\t"
		  "mov %rbp, 0x1038(%rdi)\n\t"
		  "mov %r8, 0x1040(%rdi)\n\t"
		  "mov %r9, 0x1048(%rdi)\n\t"
		  "mov %r10, 0x1050(%rdi)\n\t"
		  "mov %r11, 0x1058(%rdi)\n\t"
		  "mov %r12, 0x1060(%rdi)\n\t"
		  "mov %r13, 0x1068(%rdi)\n\t"
		  "mov %r14, 0x1070(%rdi)\n\t"
		  "mov %r15, 0x1078(%rdi)\n\t"
		  "pushf; popq 0x1080(%rdi)\n\t"
		  "mov %fs:0, %rax; mov %rax, 0x1088(%rdi)\n\t"
		  "mov %fs:0x28, %rax; mov %rax, 0x1090(%rdi)\n\t"
		  "fxsave64 0x1200(%rdi)\n\t"
		  "movl $9, 136(%rdi); movl $1024, 140(%rdi); movq $0, 144(%rdi)\n\t"
		  "out %eax, $0x50");

struct entry {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8_to_r15[8];
	uint64_t flags, own_address, canary;
	uint8_t padding[512 - 19 * 8];
	uint16_t fcw, fsw;
	uint8_t ftw, reserved;
	uint16_t opcode;
	uint64_t ip, dp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16], xmm[16][16], rest[96];
};

_Static_assert(sizeof(struct entry) == 1024, "what the guest says it wrote");

static const uint8_t zeros[256];

static void check_entry(const struct entry *entry, const mote_fault *layout)
{
	const mote_x86_64_regs *regs = &layout->registers.as.x86_64;

	CHECK_EQ(entry->rax | entry->rbx | entry->rcx | entry->rdx | entry->rsi | entry->rbp, 0);
	CHECK_MEM(entry->r8_to_r15, zeros, sizeof(entry->r8_to_r15));
	CHECK_EQ(entry->rdi, regs->rdi);
	CHECK_EQ(entry->rsp % 16, 0);
	CHECK_EQ(entry->rsp, regs->r10);
	/* Only the bit that is always set; PVM shows user code its own interrupt flag. */
	CHECK_EQ(entry->flags & ~0x200ull, 2);
	CHECK_EQ(entry->own_address, regs->r12);
	CHECK(entry->canary != 0);
	CHECK_EQ(entry->canary & 0xff, 0);
	CHECK_EQ(entry->fcw, 0x37f);
	CHECK_EQ(entry->fsw, 0);
	CHECK_EQ(entry->ftw, 0);
	CHECK_EQ(entry->mxcsr, 0x1f80);
	CHECK_MEM(entry->st, zeros, sizeof(entry->st));
	CHECK_MEM(entry->xmm, zeros, sizeof(entry->xmm));
}

/* Mailbox, end of the stack and thread pointer, from another sandbox with the same layout. */
GUEST_CODE(places, "mov 24(%rdi), %r10; add 32(%rdi), %r10; mov 40(%rdi), %r12");

static void entry_registers(void)
{
	const struct hostile_guest guest = {GUEST(entry), .export_signature = "bytes()"};
	const struct hostile_guest other = {GUEST(places)};
	struct hostile_run run, places;
	struct entry entry;

	hostile_open(&places, &other);
	hostile_enter(&places);
	REQUIRE(places.fault);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_OK(run.status, &run.error);
	REQUIRE_EQ(run.result.as.bytes.length, sizeof(entry));
	memcpy(&entry, run.result.as.bytes.data, sizeof(entry));
	check_entry(&entry, places.fault);
	mote_sandbox_destroy(run.sandbox);
	mote_engine_release(run.engine);
	hostile_close(&places);
}

/* ---- Of another sandbox ------------------------------------------------------------------- */

GUEST_CODE(set_pkru, "xor %ecx, %ecx; xor %edx, %edx; mov $0x55555554, %eax\n\t"
		     ".byte 0x0f, 0x01, 0xef\n\t"
		     "out %eax, $0x50");
GUEST_CODE(get_pkru, "xor %ecx, %ecx; .byte 0x0f, 0x01, 0xee");

/* Ordinary KVM: the instructions are #UD. PVM: user code has the host's CR4.PKE; KVM makes PKRU 0
 * before each entry and gives the host's value back after it. */
static void protection_keys_of_another_sandbox(void)
{
	const struct hostile_guest writer = {GUEST(set_pkru)}, reader = {GUEST(get_pkru)};
	struct hostile_run first, second;
	mote_status written;

	hostile_open(&first, &writer);
	hostile_enter(&first);
	written = first.status;
	hostile_open(&second, &reader);
	hostile_enter(&second);
	REQUIRE(second.fault);
	CHECK_EQ(second.fault->vector, 6);
	if (second.fault->pc != HOSTILE_CODE + 2)
		CHECK_EQ(second.fault->registers.as.x86_64.rax, 0);
	hostile_close(&second);
	hostile_close(&first);
	if (written != MOTE_OK)
		SKIP("no guest on this machine can write PKRU");
}

/* ---- Of an earlier call ------------------------------------------------------------------- */

/* The doorbell retires with a step that is yet to be taken. */
GUEST_CODE(step_and_ring, "pushf; orl $0x100, (%rsp); popf; out %eax, $0x50");

static void a_step_is_not_left_behind(void)
{
	const struct hostile_guest guest = {GUEST(step_and_ring), .export_signature = "void()",
					    .ready_first = true};
	struct hostile_run run;

	hostile_open(&run, &guest);
	REQUIRE_OK(mote_snapshot_take(run.sandbox, NULL, &run.snapshot, &run.error), &run.error);
	for (unsigned int i = 0; i < 10; i++) {
		hostile_enter(&run);
		CHECK_OK(run.status, &run.error);
		clean_restore(run.sandbox, run.snapshot);
	}
	hostile_close(&run);
}

/* The trap comes behind the out, or one instruction later where the hypervisor emulates it. */
GUEST_CODE(step_behind_the_ring, "pushf; orl $0x100, (%rsp); popf; out %eax, $0x50; nop; nop");

/* What a snapshot has pending comes each time. */
static void a_step_of_the_snapshot_comes_again(void)
{
	const struct hostile_guest guest = {GUEST(step_behind_the_ring),
					    .export_signature = "void()"};
	struct hostile_run run;
	uint64_t pc = 0;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_OK(run.status, &run.error);
	REQUIRE_OK(mote_snapshot_take(run.sandbox, NULL, &run.snapshot, &run.error), &run.error);
	for (unsigned int i = 0; i < 6; i++) {
		/* The first return is from a death, the second one finds nothing to do. */
		for (unsigned int back = 0; i > 0 && back < 1 + i % 2; back++)
			clean_restore_unseen(run.sandbox, run.snapshot);
		hostile_enter(&run);
		REQUIRE(run.fault);
		CHECK_EQ(run.fault->vector, 1);
		CHECK(i == 0 || run.fault->pc == pc);
		pc = run.fault->pc;
	}
	hostile_close(&run);
}

/*
 * All that user code can change.  The call's result is MXCSR as it was before, and the selectors.
 */
GUEST_CODE(pollute, "stmxcsr 0x1000(%rdi); mov %ds, 0x1004(%rdi); mov %es, 0x1006(%rdi)\n\t"
		    "mov %fs, 0x1008(%rdi); mov %gs, 0x100a(%rdi); fnstcw 0x100c(%rdi)\n\t"
		    "fnstsw 0x100e(%rdi); pushf; popq 0x1010(%rdi); movq %xmm7, 0x1018(%rdi)\n\t"
		    "mov %rbx, 0x1020(%rdi); mov %r15, 0x1028(%rdi)\n\t"
		    "movl $9, 136(%rdi); movl $48, 140(%rdi); movq $0, 144(%rdi)\n\t"
		    "movl $0x7fa0, 0x1100(%rdi); ldmxcsr 0x1100(%rdi)\n\t"
		    "movw $0xf7f, 0x1104(%rdi); fldcw 0x1104(%rdi); fld1; fldpi\n\t"
		    "pcmpeqd %xmm7, %xmm7; pcmpeqd %xmm15, %xmm15\n\t"
		    "mov %ss, %eax; mov %eax, %ds; mov %eax, %es\n\t"
		    "mov %eax, %gs; xor %eax, %eax; mov %eax, %fs\n\t"
		    /* CF, PF, AF, ZF, SF, DF, OF, NT, AC, ID */
		    "pushf; orl $0x244cd5, (%rsp); popf\n\t"
		    "mov $-1, %rax; mov %rax, %rbx; mov %rax, %rcx; mov %rax, %rdx\n\t"
		    "mov %rax, %rsi; mov %rax, %rbp; mov %rax, %r8; mov %rax, %r9\n\t"
		    "mov %rax, %r10; mov %rax, %r11; mov %rax, %r12; mov %rax, %r13\n\t"
		    "mov %rax, %r14; mov %rax, %r15; mov %rax, %rdi; mov %rax, %rsp\n\t"
		    "out %eax, $0x50");

static void pollution_is_not_left_behind(void)
{
	const struct hostile_guest guest = {GUEST(pollute), .export_signature = "bytes()",
					    .ready_first = true};
	struct hostile_run run;
	uint8_t first[48];

	hostile_open(&run, &guest);
	REQUIRE_OK(mote_snapshot_take(run.sandbox, NULL, &run.snapshot, &run.error), &run.error);
	for (unsigned int i = 0; i < 5; i++) {
		hostile_enter(&run);
		REQUIRE_OK(run.status, &run.error);
		REQUIRE_EQ(run.result.as.bytes.length, sizeof(first));
		if (i == 0)
			memcpy(first, run.result.as.bytes.data, sizeof(first));
		CHECK_MEM(run.result.as.bytes.data, first, sizeof(first));
		if (i % 2)
			clean_restore(run.sandbox, run.snapshot);
		else
			clean_restore_unseen(run.sandbox, run.snapshot);
	}
	hostile_close(&run);
}

/* ---- Of an earlier guest on the same thread ----------------------------------------------- */

GUEST_CODE(read_selectors, "mov %ds, 0x1000(%rdi); mov %es, 0x1002(%rdi)\n\t"
			   "mov %fs, 0x1004(%rdi); mov %gs, 0x1006(%rdi)\n\t"
			   "movl $9, 136(%rdi); movl $8, 140(%rdi); movq $0, 144(%rdi)\n\t"
			   "out %eax, $0x50");
GUEST_CODE(die_with_selectors, "mov %ss, %eax; mov %eax, %ds; mov %eax, %es\n\t"
			       "mov %eax, %fs; mov %eax, %gs");

static void read_selectors_of_a_new_guest(uint8_t selectors[8])
{
	const struct hostile_guest guest = {GUEST(read_selectors), .export_signature = "bytes()"};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE_OK(run.status, &run.error);
	REQUIRE_EQ(run.result.as.bytes.length, 8);
	memcpy(selectors, run.result.as.bytes.data, 8);
	hostile_close(&run);
}

static void selectors_of_a_dead_guest_are_gone(void)
{
	const struct hostile_guest guest = {GUEST(die_with_selectors)};
	uint8_t before[8], after[8];
	struct hostile_run run;

	read_selectors_of_a_new_guest(before);
	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE(run.fault);
	read_selectors_of_a_new_guest(after);
	CHECK_MEM(after, before, sizeof(after));
	hostile_close(&run);
}

/* ---- In a fault -------------------------------------------------------------------------- */

#define PATTERN "0x1111111111111111"
#define LOAD(n, register) "movabs $" PATTERN " * " #n ", %" register "\n\t"
/* clang-format off */
#define LOAD_ALL \
	LOAD(1, "rax") LOAD(2, "rbx") LOAD(3, "rcx") LOAD(4, "rdx") LOAD(5, "rsi") LOAD(6, "rdi") \
	LOAD(7, "rbp") LOAD(8, "r8") LOAD(9, "r9") LOAD(10, "r10") LOAD(11, "r11") LOAD(12, "r12") \
	LOAD(13, "r13") LOAD(14, "r14") LOAD(15, "r15") \
	"mov $" DATA_TEXT "+0x800, %rsp; stc; std\n\t"
/* clang-format on */

GUEST_CODE(fault_exception, LOAD_ALL);
GUEST_CODE(fault_error_code, LOAD_ALL "hlt");
GUEST_CODE(fault_doorbell, LOAD_ALL "out %al, $0x50");
GUEST_CODE(fault_mailbox, LOAD_ALL "out %eax, $0x54");

static void check_registers(const mote_fault *fault, uint64_t pc)
{
	const mote_x86_64_regs *r = &fault->registers.as.x86_64;
	const uint64_t values[] = {r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8,
				   r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15};

	for (uint64_t i = 0; i < TEST_COUNT(values); i++)
		CHECK_EQ(values[i], 0x1111111111111111u * (i + 1));
	CHECK_EQ(r->rsp, HOSTILE_DATA + 0x800);
	CHECK_EQ(r->rip, HOSTILE_CODE + pc);
	CHECK_EQ(r->rflags & 0x401, 0x401);
	CHECK_EQ(r->rflags & 0x3000, 0);
}

static void try_registers(struct hostile_guest guest, struct hostile_outcome outcome)
{
	const struct hostile_expectation expectation = {.outcomes = {outcome}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	check_registers(run.fault, outcome.pc - HOSTILE_CODE);
	hostile_close(&run);
}

static void registers_of_an_exception(void)
{
	try_registers((struct hostile_guest){GUEST(fault_exception)},
		      (struct hostile_outcome)UD(EVERYWHERE, GUEST_CODE_BYTES(fault_exception)));
}

/* The monitor's stack has one word more then. */
static void registers_of_an_exception_with_error_code(void)
{
	try_registers((struct hostile_guest){GUEST(fault_error_code)},
		      (struct hostile_outcome)GP(EVERYWHERE, 0,
						 GUEST_CODE_BYTES(fault_error_code) - 1));
}

static void registers_of_a_malformed_doorbell(void)
{
	try_registers((struct hostile_guest){GUEST(fault_doorbell)},
		      (struct hostile_outcome)DOORBELL(EVERYWHERE,
						       GUEST_CODE_BYTES(fault_doorbell)));
}

static void registers_of_a_lying_mailbox(void)
{
	try_registers((struct hostile_guest){GUEST(fault_mailbox)},
		      (struct hostile_outcome)MAILBOX(EVERYWHERE, GUEST_CODE_BYTES(fault_mailbox)));
}

/* ---- Flags ------------------------------------------------------------------------------- */

GUEST_CODE(privileged_flags, "push $0x1f3202; popf; pushf; pop %rax");

/* A guest cannot give itself I/O privilege, nor virtual interrupts. */
static void flags_without_privilege(void)
{
	const struct hostile_guest guest = {GUEST(privileged_flags)};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, GUEST_CODE_BYTES(privileged_flags))}};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_EQ(run.fault->registers.as.x86_64.rax & 0x1a3000, 0);
	CHECK_EQ(run.fault->registers.as.x86_64.rflags & 0x1a3000, 0);
	hostile_close(&run);
}

/* The step traps behind each instruction; the first one ends it. */
GUEST_CODE(stepping, "mov $7, %eax; push $0x102; popf; inc %eax; inc %eax");

static void single_step_stops_at_once(void)
{
	const struct hostile_guest guest = {GUEST(stepping)};
	const struct hostile_expectation expectation = {.outcomes = {DB(EVERYWHERE, 13)},
							.part = "debug trap"};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_EQ(run.fault->registers.as.x86_64.rax, 8);
	hostile_close(&run);
}

/* ---- Texts ------------------------------------------------------------------------------- */

GUEST_CODE(undefined, "");
GUEST_CODE(null_write, "xor %eax, %eax; movb $1, (%rax)");

static void fault_without_symbols(void)
{
	const struct hostile_guest guest = {GUEST(undefined)};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, 0)},
		.part = "guest fault: invalid instruction: #UD, code 0x0, at 0x410000",
	};
	struct hostile_run run;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	hostile_check(&run, &expectation);
	CHECK_STR(run.fault->symbol, "");
	hostile_close(&run);
}

static void fault_names_the_place(void)
{
	const struct hostile_guest guest = {GUEST(null_write)};
	const struct hostile_expectation expectation = {
		.outcomes = {PF(EVERYWHERE, 6, 2, WRITE, 0)},
		.part = "guest fault: memory access: write to 0x0 (null page) at 0x410002",
	};

	hostile_try(&guest, &expectation);
}

static const struct test_case cases[] = {
	CASE(entry_registers),
	CASE(protection_keys_of_another_sandbox),
	CASE(a_step_is_not_left_behind),
	CASE(a_step_of_the_snapshot_comes_again),
	CASE(pollution_is_not_left_behind),
	CASE(selectors_of_a_dead_guest_are_gone),
	CASE(registers_of_an_exception),
	CASE(registers_of_an_exception_with_error_code),
	CASE(registers_of_a_malformed_doorbell),
	CASE(registers_of_a_lying_mailbox),
	CASE(flags_without_privilege),
	CASE(single_step_stops_at_once),
	CASE(fault_without_symbols),
	CASE(fault_names_the_place),
};

int main(int argc, char **argv)
{
	return test_main("hostile_state", cases, TEST_COUNT(cases), argc, argv);
}
