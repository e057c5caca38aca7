/* SPDX-License-Identifier: Apache-2.0
 *
 * 32-bit code.  The monitor has no 32-bit code segment, so every way into one is #GP.  On the PVM
 * kind, an iretq may find the host kernel's own user segment instead, 0x23: the guest is in 32-bit
 * mode then, and the host kernel interprets its code or lets the processor execute it.  Nothing may
 * come of that but a fault, a doorbell or a kill; above all no system call of the host.
 */
#include "hostile.h"

/* The 32-bit code begins at IRETQ_TARGET or so; a system call that returned would end behind it. */
enum { IRETQ_AT = 16, T = 32 };

/* clang-format off */
#define TARGET(name) "1f - guest_" #name " + " CODE_TEXT
#define IRETQ(name) "push $0x2b; push $" DATA_TEXT "+0x800; push $2; push $0x23; push $" \
	TARGET(name) "; iretq;"
#define LRETQ(name) "push $0x23; push $" TARGET(name) "; lretq;"
#define LJMP(name) "movl $" TARGET(name) ", " DATA_TEXT "; movl $0x23, " DATA_TEXT "+4; ljmp *" \
	DATA_TEXT ";"
#define THEN(code) ".balign 16; 1: .code32; " code "; ud2; .code64"
#define REFUSED GP(EVERYWHERE, 0x20, IRETQ_AT)

/* X(name, 32-bit code, outcomes on PVM): interpreted first, then as the processor has it */
#define CODES(X) \
	X(nothing, "nop", UD(PVM, T + 1)) \
	X(int_0x80, "mov $20, %eax; int $0x80", UD(PVM, T + 5), GP(PVM, 0x802, T + 5)) \
	X(sysenter, "mov $20, %eax; sysenter", UD(PVM, T + 5), GP(PVM, 0, T + 5)) \
	/* or as in 64-bit mode: enters at LSTAR, which is 0, still in user mode */ \
	X(syscall, "mov $20, %eax; syscall", UD(PVM, T + 5)) \
	X(port, "out %eax, $0x80", GP(PVM, 0, T)) \
	X(hlt, "hlt", GP(PVM, 0, T)) \
	X(cli, "cli", GP(PVM, 0, T)) \
	X(wrmsr, "wrmsr", GP(PVM, 0, T)) \
	X(write_cr3, "mov %eax, %cr3", GP(PVM, 0, T), UD(PVM, T)) \
	X(lgdt, "lgdt " DATA_TEXT, GP(PVM, 0, T)) \
	X(int3, "int3", UD(PVM, T), BP(PVM, T + 1)) \
	X(into, "into", UD(PVM, T), UD(PVM, T + 1)) \
	X(divide, "xor %ecx, %ecx; div %ecx", DE(PVM, T + 2)) \
	X(null_read, "mov 0, %eax", PF(PVM, 4, T, READ, 0)) \
	X(high_read, "mov 0xfffffff0, %eax", PF(PVM, 4, T, READ, 0xfffffff0)) \
	X(monitor_read, "mov " MONITOR_TEXT ", %eax", PF(PVM, 5, T, READ, HOSTILE_MONITOR)) \
	X(code_write, "movb $7, " CODE_TEXT, PF(PVM, 7, T, WRITE, HOSTILE_CODE)) \
	X(data_write, "movl $7, " DATA_TEXT "; mov " DATA_TEXT ", %ebx", UD(PVM, T + 16)) \
	X(cpuid, "cpuid", UD(PVM, T + 2)) \
	X(vmcall, "vmcall", GP(PVM, 0, T), UD(PVM, T), UD(PVM, T + 3)) \
	/* #SS: the interpreted stack segment has no limit */ \
	X(trap, "push $0x102; popf; nop", SS(PVM, 0, T), DB(PVM, T + 7)) \
	/* with a hlt for the 64-bit code there */ \
	X(back, "ljmp $0x33, $(2f - guest_back + " CODE_TEXT "); 2: hlt", UD(PVM, T), \
	  GP(PVM, 0x30, T), GP(PVM, 0, T + 7))

#define WAYS(X) \
	/* PVM: a far return or jump is interpreted, against the guest's own descriptors */ \
	X(lretq, LRETQ(lretq) THEN("nop"), GP(EVERYWHERE, 0x20, 7), UD(PVM, 17)) \
	X(ljmp, LJMP(ljmp) THEN("nop"), GP(EVERYWHERE, 0x20, 22), UD(PVM, 33))
/* clang-format on */

#define DEFINE_CODE(name, code, ...)                                                               \
	HOSTILE_DEFINE(name, IRETQ(name) THEN(code), REFUSED, __VA_ARGS__)
CODES(DEFINE_CODE)
WAYS(HOSTILE_DEFINE)

/* Whether this machine lets a guest into 32-bit mode; it does not more than that. */
static bool enters(void)
{
	const struct hostile_guest guest = {GUEST(nothing)};
	struct hostile_run run;
	bool entered;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE(run.fault);
	entered = run.fault->vector == 6;
	hostile_close(&run);
	return entered;
}

#define NEED_32_BIT_MODE()                                                                         \
	do {                                                                                       \
		if (!enters())                                                                     \
			SKIP("no guest gets into 32-bit mode on this machine");                    \
	} while (0)

GUEST_CODE(loop, IRETQ(loop) THEN("2: jmp 2b"));
GUEST_CODE(doorbell, IRETQ(doorbell) THEN("out %eax, $0x50"));

static void endless_loop(void)
{
	const struct hostile_guest guest = {GUEST(loop)};
	const struct hostile_expectation expectation = {.killed = true, .part = "killed"};

	NEED_32_BIT_MODE();
	hostile_try(&guest, &expectation);
}

/* The guest may say that it is ready in 32-bit mode too. */
static void ready(void)
{
	const struct hostile_guest guest = {GUEST(doorbell)};
	struct hostile_run run;

	NEED_32_BIT_MODE();
	hostile_open(&run, &guest);
	hostile_enter(&run);
	CHECK_OK(run.status, &run.error);
	hostile_close(&run);
}

static const struct test_case cases[] = {
	/* clang-format off */
	CODES(HOSTILE_RUN)
	WAYS(HOSTILE_RUN)
	/* clang-format on */
	CASE(endless_loop),
	CASE(ready),
};

int main(int argc, char **argv)
{
	return test_main("hostile_compatibility", cases, TEST_COUNT(cases), argc, argv);
}
