/* SPDX-License-Identifier: Apache-2.0
 *
 * Power-on values of x86_64 (Intel SDM volume 3, table 10-1) and printing.
 */
#include "hypervisor/arch/x86_64/x86_64_registers.h"

#include "../text_cases.h"

static void power_on_general_registers(void)
{
	mote_x86_64_regs expected, regs;

	memset(&expected, 0, sizeof(expected));
	memset(&regs, 0xa5, sizeof(regs));
	expected.rip = 0xfff0;
	expected.rflags = 2;
	expected.rdx = 0x600;
	mote_x86_64_power_on(&regs, NULL, NULL, NULL);
	REQUIRE_MEM(&regs, &expected, sizeof(regs));
}

static void check_segment(const struct mote_x86_64_segment *segment, uint16_t selector,
			  uint64_t base, uint8_t type, uint8_t s)
{
	REQUIRE_EQ(segment->selector, selector);
	REQUIRE_EQ(segment->base, base);
	REQUIRE_EQ(segment->limit, 0xffff);
	REQUIRE_EQ(segment->type, type);
	REQUIRE_EQ(segment->s, s);
	REQUIRE_EQ(segment->present, 1);
	REQUIRE_EQ(segment->dpl | segment->l | segment->db | segment->g | segment->avl |
			   segment->unusable,
		   0);
}

static void power_on_special_registers(void)
{
	struct mote_x86_64_sregs sregs;

	memset(&sregs, 0xa5, sizeof(sregs));
	mote_x86_64_power_on(NULL, &sregs, NULL, NULL);
	check_segment(&sregs.cs, 0xf000, 0xffff0000, 11, 1);
	check_segment(&sregs.ds, 0, 0, 3, 1);
	check_segment(&sregs.es, 0, 0, 3, 1);
	check_segment(&sregs.fs, 0, 0, 3, 1);
	check_segment(&sregs.gs, 0, 0, 3, 1);
	check_segment(&sregs.ss, 0, 0, 3, 1);
	check_segment(&sregs.tr, 0, 0, 11, 0);
	check_segment(&sregs.ldt, 0, 0, 2, 0);
	REQUIRE_EQ(sregs.gdt.base, 0);
	REQUIRE_EQ(sregs.gdt.limit, 0xffff);
	REQUIRE_EQ(sregs.idt.base, 0);
	REQUIRE_EQ(sregs.idt.limit, 0xffff);
	REQUIRE_EQ(sregs.cr0, 0x60000010);
	REQUIRE_EQ(sregs.cr2 | sregs.cr3 | sregs.cr4 | sregs.cr8 | sregs.efer, 0);
	REQUIRE_EQ(sregs.apic_base, 0xfee00900);
	for (unsigned i = 0; i < 4; i++)
		REQUIRE_EQ(sregs.interrupt_bitmap[i], 0);
}

static void power_on_fpu(void)
{
	static const uint8_t zeros[16][16];
	struct mote_x86_64_fpu fpu;

	memset(&fpu, 0xa5, sizeof(fpu));
	mote_x86_64_power_on(NULL, NULL, &fpu, NULL);
	REQUIRE_MEM(fpu.fpr, zeros, sizeof(fpu.fpr));
	REQUIRE_MEM(fpu.xmm, zeros, sizeof(fpu.xmm));
	REQUIRE_EQ(fpu.fcw, 0x37f);
	REQUIRE_EQ(fpu.fsw, 0);
	REQUIRE_EQ(fpu.ftwx, 0);
	REQUIRE_EQ(fpu.mxcsr, 0x1f80);
	REQUIRE_EQ(fpu.last_opcode, 0);
	REQUIRE_EQ(fpu.last_ip | fpu.last_dp, 0);
}

static void power_on_debug_registers(void)
{
	struct mote_x86_64_debug_regs debug;

	memset(&debug, 0xa5, sizeof(debug));
	mote_x86_64_power_on(NULL, NULL, NULL, &debug);
	for (unsigned i = 0; i < 4; i++)
		REQUIRE_EQ(debug.dr[i], 0);
	REQUIRE_EQ(debug.dr6, 0xffff0ff0);
	REQUIRE_EQ(debug.dr7, 0x400);
}

static void power_on_accepts_no_destination(void)
{
	mote_x86_64_power_on(NULL, NULL, NULL, NULL);
}

static size_t print_regs(const void *registers, char *text, size_t capacity)
{
	return mote_x86_64_regs_print(registers, text, capacity);
}

static size_t print_sregs(const void *registers, char *text, size_t capacity)
{
	return mote_x86_64_sregs_print(registers, text, capacity);
}

static void prints_general_registers(void)
{
	const mote_x86_64_regs regs = {
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0xfedcba9876543210, 0x202};
	char text[1024];

	mote_x86_64_regs_print(&regs, text, sizeof(text));
	REQUIRE_STR(text, "rax=0000000000000001 rbx=0000000000000002 rcx=0000000000000003 "
			  "rdx=0000000000000004\n"
			  "rsi=0000000000000005 rdi=0000000000000006 rsp=0000000000000007 "
			  "rbp=0000000000000008\n"
			  "r8=0000000000000009 r9=000000000000000a r10=000000000000000b "
			  "r11=000000000000000c\n"
			  "r12=000000000000000d r13=000000000000000e r14=000000000000000f "
			  "r15=0000000000000010\n"
			  "rip=fedcba9876543210 rflags=0000000000000202\n");
	check_truncation(print_regs, &regs);
}

static void prints_special_registers(void)
{
	struct mote_x86_64_sregs sregs;
	char text[2048];

	mote_x86_64_power_on(NULL, &sregs, NULL, NULL);
	sregs.ss = (struct mote_x86_64_segment){.l = 1, .db = 1, .g = 1, .avl = 1, .unusable = 1};
	sregs.cr2 = 0x1122334455667788;
	sregs.interrupt_bitmap[3] = 9;
	mote_x86_64_sregs_print(&sregs, text, sizeof(text));
	REQUIRE_STR(
		text,
		"cs=f000 base=00000000ffff0000 limit=0000ffff type=b dpl=0 present s\n"
		"ds=0000 base=0000000000000000 limit=0000ffff type=3 dpl=0 present s\n"
		"es=0000 base=0000000000000000 limit=0000ffff type=3 dpl=0 present s\n"
		"fs=0000 base=0000000000000000 limit=0000ffff type=3 dpl=0 present s\n"
		"gs=0000 base=0000000000000000 limit=0000ffff type=3 dpl=0 present s\n"
		"ss=0000 base=0000000000000000 limit=00000000 type=0 dpl=0 l db g avl unusable\n"
		"tr=0000 base=0000000000000000 limit=0000ffff type=b dpl=0 present\n"
		"ldt=0000 base=0000000000000000 limit=0000ffff type=2 dpl=0 present\n"
		"gdt base=0000000000000000 limit=ffff\n"
		"idt base=0000000000000000 limit=ffff\n"
		"cr0=0000000060000010 cr2=1122334455667788 cr3=0000000000000000\n"
		"cr4=0000000000000000 cr8=0000000000000000 efer=0000000000000000\n"
		"apic_base=00000000fee00900\n"
		"interrupt_bitmap=0000000000000000 1=0000000000000000 2=0000000000000000 "
		"3=0000000000000009\n");
	check_truncation(print_sregs, &sregs);
}

static const struct test_case cases[] = {
	CASE(power_on_general_registers),
	CASE(power_on_special_registers),
	CASE(power_on_fpu),
	CASE(power_on_debug_registers),
	CASE(power_on_accepts_no_destination),
	CASE(prints_general_registers),
	CASE(prints_special_registers),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_registers", cases, TEST_COUNT(cases), argc, argv);
}
