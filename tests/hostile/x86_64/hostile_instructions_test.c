/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions that a guest has no right to, or that do something odd: each ends
 * in exactly the fault that the architecture demands, at its own address.  Those
 * that are harmless run on to the ud2 behind them.
 *
 * Where a bed differs from HARDWARE: PVM emulates what traps, without the
 * checks of some corner cases; SVM stands for qemu's emulation of it, which has
 * no UMIP, never checks alignment, and lets the saved pc of some software
 * interrupts stand behind them, but not if something else was translated before.
 */
#include <stdio.h>
#include <string.h>

#include "hostile.h"

/*
 * X(name, assembly, outcomes...).  at: bytes from the first instruction's begin; push $imm32 and
 * mov $imm32 have 5, popf 1.
 */
/* clang-format off */
#define PRIVILEGED(X) \
	X(hlt, "hlt", GP(EVERYWHERE, 0, 0)) \
	X(cli, "cli", GP(EVERYWHERE, 0, 0)) \
	X(sti, "sti", GP(EVERYWHERE, 0, 0)) \
	X(cli_loop, "cli; 1: jmp 1b", GP(EVERYWHERE, 0, 0)) \
	X(rdpmc, "xor %ecx, %ecx; rdpmc", GP(EVERYWHERE, 0, 2)) \
	X(rdmsr, "rdmsr", GP(EVERYWHERE, 0, 0)) \
	X(wrmsr, "wrmsr", GP(EVERYWHERE, 0, 0)) \
	X(xsetbv, "xor %ecx, %ecx; xor %edx, %edx; mov $7, %eax; xsetbv", GP(EVERYWHERE, 0, 9)) \
	X(swapgs, "swapgs", GP(EVERYWHERE, 0, 0)) \
	X(lldt, "xor %eax, %eax; lldt %ax", GP(EVERYWHERE, 0, 2)) \
	X(ltr, "xor %eax, %eax; ltr %ax", GP(EVERYWHERE, 0, 2)) \
	X(lgdt, "lgdt " DATA_TEXT, GP(EVERYWHERE, 0, 0)) \
	X(lidt, "lidt " DATA_TEXT, GP(EVERYWHERE, 0, 0)) \
	X(lmsw, "lmsw %ax", GP(EVERYWHERE, 0, 0)) \
	X(read_cr0, "mov %cr0, %rax", GP(EVERYWHERE, 0, 0)) \
	X(write_cr0, "mov %rax, %cr0", GP(EVERYWHERE, 0, 0)) \
	X(read_cr3, "mov %cr3, %rax", GP(EVERYWHERE, 0, 0)) \
	X(write_cr3, "mov %rax, %cr3", GP(EVERYWHERE, 0, 0)) \
	X(write_cr4, "mov %rax, %cr4", GP(EVERYWHERE, 0, 0)) \
	X(write_cr8, "mov %rax, %cr8", GP(EVERYWHERE, 0, 0)) \
	X(read_dr7, "mov %dr7, %rax", GP(EVERYWHERE, 0, 0)) \
	X(write_dr7, "mov %rax, %dr7", GP(EVERYWHERE, 0, 0)) \
	X(clts, "clts", GP(EVERYWHERE, 0, 0)) \
	X(invd, "invd", GP(EVERYWHERE, 0, 0)) \
	X(wbinvd, "wbinvd", GP(EVERYWHERE, 0, 0)) \
	X(invlpg, "invlpg " DATA_TEXT, GP(EVERYWHERE, 0, 0))

#define GATES(X) \
	/* PVM: enters at LSTAR, which is 0, still in user mode; told from a jump */ \
	X(syscall, "syscall", UD(EVERYWHERE, 0)) \
	/* Intel: #GP as the MSR holds no selector; AMD: not in 64-bit mode. PVM on Intel: refused
	 * by \ the host's kernel in a way of its own */ \
	X(sysenter, "sysenter", UD(EVERYWHERE | AMD, 0), GP(HARDWARE | SVM | INTEL, 0, 0), \
	  UD(PVM | INTEL, 0), GP(PVM | INTEL, 0, 0)) \
	X(sysret, "sysretq", GP(PVM, 0, 0), UD(SVM | HARDWARE, 0)) \
	/* the emulator looks at the privilege first */ \
	X(sysexit, "sysexitq", GP(PVM | SVM, 0, 0), GP(HARDWARE | INTEL, 0, 0), UD(HARDWARE | AMD, 0)) \
	/* PVM: no software interrupt but int3 */ \
	X(int_0x80, "int $0x80", UD(PVM, 0), GP(SVM | HARDWARE, 0x802, 0)) \
	X(int_0x20, "int $0x20", UD(PVM, 0), GP(SVM, 0x202, 2), GP(SVM | HARDWARE, 0x202, 0)) \
	X(int_2, "int $2", UD(PVM, 0), GP(SVM, 0x22, 2), GP(SVM | HARDWARE, 0x22, 0)) \
	X(int_8, "int $8", UD(PVM, 0), GP(SVM, 0x82, 2), GP(SVM | HARDWARE, 0x82, 0)) \
	X(int_14, "int $14", UD(PVM, 0), GP(SVM, 0xe2, 2), GP(SVM | HARDWARE, 0xe2, 0)) \
	X(int_0x81_again, "1: int $0x81; jmp 1b", UD(PVM, 0), GP(SVM | HARDWARE, 0x812, 0)) \
	X(int3, "int3", BP(EVERYWHERE, 1)) \
	X(int_3, ".byte 0xcd, 3", BP(EVERYWHERE, 2)) \
	/* a trap, as AMD's and Intel's manuals have it; KVM versions differ in whether pc is at
	 * it or \ behind it, on PVM too; SVM: the emulator does not know it */ \
	X(icebp, ".byte 0xf1", UD(SVM, 0), DB(PVM | HARDWARE, 1), DB(PVM | HARDWARE, 0)) \
	/* the hypercall of the processor's own vendor is refused by KVM, with -EPERM in rax; the
	 * other \ one is #UD, which KVM may take as a hypercall too */ \
	X(vmcall, "vmcall", GP(PVM | SVM, 0, 0), UD(HARDWARE | AMD, 0), UD(HARDWARE, 3), \
	  UD(PVM | INTEL, 3), UD(PVM | INTEL, 0)) \
	X(vmmcall, "vmmcall", UD(EVERYWHERE, 3), UD(EVERYWHERE | INTEL, 0)) \
	/* AMD: #GP by privilege; Intel has no such instruction */ \
	X(vmrun, "mov $0x20000, %eax; .byte 0x0f, 0x01, 0xd8", GP(EVERYWHERE | AMD, 0, 5), \
	  UD(EVERYWHERE | INTEL, 5)) \
	X(vmxon, "vmxon " DATA_TEXT, UD(EVERYWHERE, 0)) \
	/* PVM: KVM emulates them after a #GP */ \
	X(monitor, ".byte 0x0f, 0x01, 0xc8", GP(PVM, 0, 0), UD(SVM | HARDWARE, 0)) \
	X(mwait, ".byte 0x0f, 0x01, 0xc9", GP(PVM, 0, 0), UD(SVM | HARDWARE, 0))

/* Selectors: 8 and 0x10 are the monitor's, 0x23 and 0x2b the guest's, 0x40 its task's. */
#define SEGMENTS(X) \
	X(monitor_ss, "mov $8, %eax; mov %eax, %ss", GP(EVERYWHERE, 8, 5)) \
	X(monitor_ds, "mov $0x10, %eax; mov %eax, %ds", GP(EVERYWHERE, 0x10, 5)) \
	X(own_ds, "mov $0x23, %eax; mov %eax, %ds", UD(EVERYWHERE, 7)) \
	X(null_ss, "xor %eax, %eax; mov %eax, %ss", GP(EVERYWHERE, 0, 2)) \
	X(ds_beyond, "mov $0x73, %eax; mov %eax, %ds", GP(EVERYWHERE, 0x70, 5)) \
	X(local_ds, "mov $7, %eax; mov %eax, %ds", GP(EVERYWHERE, 4, 5)) \
	X(far_return_to_monitor, "sub $64, %rsp; push $8; push $" MONITOR_TEXT "; lretq", \
	  GP(EVERYWHERE, 8, 11)) \
	X(far_return_to_data, "sub $64, %rsp; push $0x23; push $" MONITOR_TEXT "; lretq", \
	  GP(EVERYWHERE, 0x20, 11)) \
	/* PVM: looks whether the descriptor is present first */ \
	X(iretq_to_empty, "push $0x23; push $" DATA_TEXT "; push $2; push $0x3b; push $" CODE_TEXT \
	  "; iretq", NP(PVM, 0x38, 16), GP(SVM | HARDWARE, 0x38, 16)) \
	X(iretq_to_monitor, "push $0x10; push $" DATA_TEXT "; push $2; push $8; push $" MONITOR_TEXT \
	  "; iretq", GP(EVERYWHERE, 8, 16)) \
	X(iretq_nested, "push $0x4002; popf; iretq", GP(EVERYWHERE, 0, 6)) \
	X(far_call, "push $0xb; push $" MONITOR_TEXT "; .byte 0x48; lcall *(%rsp)", GP(EVERYWHERE, 8, 7)) \
	/* PVM: such a jump is not emulated */ \
	X(far_jump, "push $0x40; push $" MONITOR_TEXT "; .byte 0x48; ljmp *(%rsp)", UD(PVM, 7), \
	  GP(SVM | HARDWARE, 0x40, 7)) \
	X(wrfsbase, "mov $" DATA_TEXT ", %eax; wrfsbase %rax", UD(EVERYWHERE | FSGSBASE, 10), \
	  UD(EVERYWHERE | NO_FSGSBASE, 5)) \
	/* SVM: the emulator does not look */ \
	X(wrgsbase_wild, "movabs $0x8000000000000000, %rax; wrgsbase %rax", \
	  GP(PVM | HARDWARE | FSGSBASE, 0, 10), UD(SVM | FSGSBASE, 15), \
	  UD(EVERYWHERE | NO_FSGSBASE, 10))

/* Harmless, or forbidden by UMIP where the machine has it. */
#define INFORMATION(X) \
	X(sgdt, "sgdt " DATA_TEXT, GP(EVERYWHERE | UMIP, 0, 0), UD(EVERYWHERE | NO_UMIP, 8)) \
	X(sidt, "sidt " DATA_TEXT, GP(EVERYWHERE | UMIP, 0, 0), UD(EVERYWHERE | NO_UMIP, 8)) \
	X(sldt, "sldt %eax", GP(EVERYWHERE | UMIP, 0, 0), UD(EVERYWHERE | NO_UMIP, 3)) \
	X(smsw, "smsw %eax", GP(EVERYWHERE | UMIP, 0, 0), UD(EVERYWHERE | NO_UMIP, 3), \
	  /* Intel before UMIP: KVM can stop the others alone */ UD(HARDWARE | INTEL, 3)) \
	X(str, "str %eax", GP(EVERYWHERE | UMIP, 0, 0), UD(EVERYWHERE | NO_UMIP, 3)) \
	X(rdtsc, "rdtsc", UD(EVERYWHERE, 2)) \
	X(rdtscp, "rdtscp", UD(EVERYWHERE | RDTSCP, 3), UD(EVERYWHERE | NO_RDTSCP, 0)) \
	/* AMD has no way to stop them: an instruction that KVM hides may still execute */ \
	X(rdrand, "rdrand %eax", UD(EVERYWHERE | RDRAND, 3), UD(EVERYWHERE | NO_RDRAND, 0), \
	  UD(EVERYWHERE | AMD, 3)) \
	X(rdseed, "rdseed %eax", UD(EVERYWHERE | RDSEED, 3), UD(EVERYWHERE | NO_RDSEED, 0), \
	  UD(EVERYWHERE | AMD, 3)) \
	/* PVM: says the number of the host's CPU; elsewhere TSC_AUX is 0, and rdtscp gives it too
	 * */ \
	X(rdpid, ".byte 0xf3, 0x0f, 0xc7, 0xf8", UD(EVERYWHERE | RDPID, 4), UD(EVERYWHERE | NO_RDPID, 0)) \
	X(xgetbv, "xor %ecx, %ecx; xgetbv", UD(EVERYWHERE | OSXSAVE, 5), \
	  UD(EVERYWHERE | NO_OSXSAVE, 2)) \
	X(cpuid, "mov $0x40000000, %eax; cpuid", UD(EVERYWHERE, 7)) \
	X(rdfsbase, "rdfsbase %rax", UD(EVERYWHERE | FSGSBASE, 5), UD(EVERYWHERE | NO_FSGSBASE, 0)) \
	X(verr, "mov $8, %eax; verr %ax", UD(EVERYWHERE, 8)) \
	X(lsl, "mov $8, %eax; lsl %eax, %eax", UD(EVERYWHERE, 8)) \
	X(clflush, "clflush " DATA_TEXT, UD(EVERYWHERE, 8)) \
	/* Not for guests: #UD where the processor knows it, else an mfence on AMD and #UD on
	 * Intel. \ PVM: as the host's */ \
	X(tpause, ".byte 0x66, 0x0f, 0xae, 0xf0", UD(HARDWARE, 0), UD(EVERYWHERE | NO_WAITPKG, 4), \
	  UD(PVM | WAITPKG, 4), UD(PVM | INTEL, 0)) \
	/* Hidden, and CR4.PKE is clear; PVM: user code has the host's CR4 */ \
	X(rdpkru, "xor %ecx, %ecx; .byte 0x0f, 0x01, 0xee", UD(EVERYWHERE | NO_OSPKE, 2), \
	  UD(PVM | OSPKE, 5)) \
	X(wrpkru, "xor %ecx, %ecx; xor %edx, %edx; mov $-1, %eax; .byte 0x0f, 0x01, 0xef; mov " \
	  DATA_TEXT ", %ebx", UD(EVERYWHERE | NO_OSPKE, 9), \
	  /* nothing may be touched any more; or KVM sets PKRU back */ \
	  UD(PVM | OSPKE, 19), PF(PVM | OSPKE, 0x25, 12, READ, HOSTILE_DATA), \
	  PF(PVM | OSPKE, 5, 12, READ, HOSTILE_DATA))

#define FLAGS(X) \
	X(popf_trap, "push $0x102; popf; nop", DB(EVERYWHERE, 7)) \
	X(popf_nested, "push $0x4002; popf; nop", UD(EVERYWHERE, 7)) \
	/* SVM: the emulator never checks alignment */ \
	X(popf_alignment, "push $0x40002; popf; mov " DATA_TEXT "+1, %ebx", \
	  AC(PVM | HARDWARE, 6), UD(SVM, 13)) \
	X(popf_privilege, "push $0x3202; popf; pushf; pop %rax", UD(EVERYWHERE, 8)) \
	X(popf_privilege_cli, "push $0x3202; popf; cli", GP(EVERYWHERE, 0, 6)) \
	X(popf_privilege_sti, "push $0x3202; popf; sti", GP(EVERYWHERE, 0, 6)) \
	X(popf_virtual, "push $0x20002; popf; nop", UD(EVERYWHERE, 7)) \
	X(popf_identification, "push $0x200002; popf; nop", UD(EVERYWHERE, 7)) \
	/* the instruction behind a mov to ss is in its shadow; PVM emulates neither of them */ \
	X(shadow_int3, "mov $0x23, %eax; mov %eax, %ss; int3", UD(PVM, 7), BP(SVM | HARDWARE, 8)) \
	X(shadow_syscall, "push $0x102; mov $0x23, %eax; popf; mov %eax, %ss; syscall", \
	  DB(PVM, 13), UD(SVM | HARDWARE, 13))

#define UNDEFINED(X) \
	X(ud0, ".byte 0x0f, 0xff, 0xc0", UD(EVERYWHERE, 0)) \
	X(ud1, ".byte 0x0f, 0xb9, 0xc0", UD(EVERYWHERE, 0)) \
	X(ud2_itself, "ud2", UD(EVERYWHERE, 0)) \
	X(push_es, ".byte 0x06", UD(EVERYWHERE, 0)) \
	X(into, ".byte 0xce", UD(EVERYWHERE, 0)) \
	X(far_call_direct, ".byte 0x9a, 0, 0, 0, 0, 8, 0", UD(EVERYWHERE, 0)) \
	X(lock_register, ".byte 0xf0, 0x0f, 0xc7, 0xc8", UD(EVERYWHERE, 0)) \
	X(lock_nothing, ".byte 0xf0, 0x90", UD(EVERYWHERE, 0)) \
	X(too_long, ".fill 15, 1, 0x66; nop", GP(EVERYWHERE, 0, 0)) \
	X(stac, "stac", UD(EVERYWHERE, 0))

#define ARITHMETIC(X) \
	X(divide_by_zero, "xor %ecx, %ecx; div %ecx", DE(EVERYWHERE, 2)) \
	X(divide_overflow, "mov $1, %edx; mov $1, %ecx; div %ecx", DE(EVERYWHERE, 10)) \
	X(fpu_divide, "fninit; push $0; push $0; fldcw (%rsp); fldz; fld1; fdivp; fwait", \
	  MF(EVERYWHERE, 15)) \
	/* SVM: the emulator has no such exceptions */ \
	X(sse_divide, "push $0; ldmxcsr (%rsp); xorps %xmm0, %xmm0; divss %xmm0, %xmm0", \
	  XM(PVM | HARDWARE, 9), UD(SVM, 13))

/* Exceptions while the stack is no stack: the monitor has its own. */
#define STACK(X) \
	/* SVM: the emulator raises #GP instead */ \
	X(wild_stack_push, "movabs $0x8000000000000000, %rsp; push %rax", SS(PVM | HARDWARE, 0, 10), \
	  GP(SVM, 0, 10)) \
	X(wild_stack_ud2, "movabs $0x8000000000000000, %rsp; ud2", UD(EVERYWHERE, 10)) \
	X(null_stack_int3, "xor %rsp, %rsp; int3", BP(EVERYWHERE, 4)) \
	X(null_stack_push, "xor %esp, %esp; push %rax", PF(EVERYWHERE, 6, 2, WRITE, ~7ull)) \
	X(monitor_stack_ud2, "mov $" MONITOR_TEXT "+0x3000, %esp; ud2", UD(EVERYWHERE, 5)) \
	X(monitor_stack_push, "mov $" MONITOR_TEXT "+0x3000, %esp; push %rax", \
	  PF(EVERYWHERE, 7, 5, WRITE, HOSTILE_MONITOR + 0x2ff8)) \
	X(high_stack_call, "movabs $0xffffffffffffffff, %rsp; call 1f; 1:", \
	  PF(EVERYWHERE, 6, 10, WRITE, ~8ull))

#define ALL(X) PRIVILEGED(X) GATES(X) SEGMENTS(X) INFORMATION(X) FLAGS(X) UNDEFINED(X) \
	ARITHMETIC(X) STACK(X)
/* clang-format on */

ALL(HOSTILE_DEFINE)

/* ---- Split locks -------------------------------------------------------------------------- */

/* Whether a file has a line with this word in it; gives whether it could be read, too. */
static bool has_word(const char *path, const char *word, bool *readable)
{
	static char line[8192];
	FILE *file = fopen(path, "r");
	bool found = false;

	*readable = file != NULL;
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strstr(line, word) != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

/*
 * Whether a split lock may end this process. Where the processor detects them, the kernel can be
 * told to send SIGBUS to whoever makes one, and that means the thread that runs a guest too.
 */
static bool split_locks_may_kill(void)
{
	bool readable, known;

	if (!has_word("/proc/cpuinfo", " split_lock_detect", &readable) && readable &&
	    !has_word("/proc/cpuinfo", " bus_lock_detect", &readable))
		return false;
	return has_word("/proc/cmdline", "split_lock_detect=fatal", &known) || !known;
}

GUEST_CODE(split_lock, "lock incl " DATA_TEXT "+0x3e");

/* HARDWARE may hand the #AC on to the guest. */
static void split_lock(void)
{
	const struct hostile_guest guest = {GUEST(split_lock)};
	const struct hostile_expectation expectation = {
		.outcomes = {UD(EVERYWHERE, 8), AC(HARDWARE, 0)}};

	if (split_locks_may_kill())
		SKIP("split_lock_detect is fatal or not known: the kernel may end this program");
	hostile_try(&guest, &expectation);
}

/* ---- Loops: only a kill ends them -------------------------------------------------------- */

GUEST_CODE(endless_loop, "1: jmp 1b");
GUEST_CODE(endless_pause, "1: pause; jmp 1b");
GUEST_CODE(endless_faultless, "1: incl " DATA_TEXT "; cpuid; jmp 1b");

static void try_kill(struct hostile_guest guest)
{
	const struct hostile_expectation expectation = {.killed = true, .part = "killed"};

	hostile_try(&guest, &expectation);
}

static void endless_loop(void)
{
	try_kill((struct hostile_guest){GUEST(endless_loop)});
}

static void endless_pause(void)
{
	try_kill((struct hostile_guest){GUEST(endless_pause)});
}

static void endless_faultless(void)
{
	try_kill((struct hostile_guest){GUEST(endless_faultless)});
}

/* ---- The time stamp ---------------------------------------------------------------------- */

/* bytes: of the instruction.  PVM: user code runs under the host's own CR4, where it is allowed. */
static void forbidden(struct hostile_guest guest, uint64_t bytes)
{
	const struct hostile_expectation expectation = {
		.outcomes = {GP(SVM | HARDWARE, 0, 0), UD(PVM, bytes)}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	options.forbid_timestamp = true;
	guest.options = &options;
	hostile_try(&guest, &expectation);
}

static void forbidden_rdtsc(void)
{
	forbidden((struct hostile_guest){GUEST(rdtsc)}, 2);
}

static void forbidden_rdtscp(void)
{
	forbidden((struct hostile_guest){GUEST(rdtscp)}, 3);
}

static const struct test_case cases[] = {
	/* clang-format off */
	ALL(HOSTILE_RUN)
	/* clang-format on */
	CASE(split_lock),
	CASE(endless_loop),
	CASE(endless_pause),
	CASE(endless_faultless),
	CASE(forbidden_rdtsc),
	CASE(forbidden_rdtscp),
};

int main(int argc, char **argv)
{
	return test_main("hostile_instructions", cases, TEST_COUNT(cases), argc, argv);
}
