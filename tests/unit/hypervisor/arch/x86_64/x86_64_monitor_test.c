/* SPDX-License-Identifier: Apache-2.0
 *
 * The x86_64 monitor: stubs, descriptors, I/O bitmap, mappings, control registers, which exits are
 * exceptions.  Tables are found as the processor finds them, through the registers.
 */
#include "hypervisor/arch/x86_64/x86_64_exception.h"
#include "hypervisor/arch/x86_64/x86_64_instructions.h"
#include "hypervisor/arch/x86_64/x86_64_monitor.h"
#include "hypervisor/arch/x86_64/x86_64_paging.h"

#include <mote/abi.h>

#include "../../../unit_test.h"

/* All four parts of an address in a descriptor differ. */
#define MONITOR_GVA 0x123456789000ull
#define OFFSET 0x40000000ull
#define TOP (MONITOR_GVA + MOTE_X86_64_MONITOR_BYTES)

static const uint16_t ports[] = {MOTE_ABI_PORT_READY, MOTE_ABI_PORT_HOST_CALL, MOTE_ABI_PORT_LOG,
				 MOTE_ABI_PORT_ABORT};
static const struct mote_user_start user_start = {
	.entry = 0x212340,
	.stack = 0x300000,
	.argument = 0x400000,
	.thread_pointer = 0x500040,
	.root_gpa = 0x40100000,
};

#define BUILT(function) CASE_WITHIN(function, set_up, tear_down)

/* A built monitor and the registers that it starts with. */
struct fixture {
	struct mote_monitor monitor;
	mote_x86_64_regs regs;
	struct mote_x86_64_sregs sregs;
};

static struct fixture *fixture;

static void set_up(void)
{
	uint8_t *memory = malloc(MOTE_X86_64_MONITOR_BYTES);

	fixture = calloc(1, sizeof(*fixture));
	REQUIRE(fixture != NULL && memory != NULL);
	/* Of the stack page nothing is promised; the others are written whole. */
	memset(memory, 0xa5, MOTE_X86_64_MONITOR_BYTES);
	fixture->monitor = (struct mote_monitor){
		.memory = memory,
		.gva = MONITOR_GVA,
		.gpa = MONITOR_GVA + OFFSET,
	};
	mote_x86_64_monitor_build(&fixture->monitor, ports, COUNT(ports));
	mote_x86_64_power_on(&fixture->regs, &fixture->sregs, NULL, NULL);
	mote_x86_64_monitor_start(&fixture->monitor, &user_start, &fixture->regs, &fixture->sregs);
}

static void tear_down(void)
{
	free(fixture->monitor.memory);
	free(fixture);
}

/* The host view of bytes at a guest-virtual address of the monitor. */
static uint8_t *at_gva(uint64_t gva, uint64_t bytes)
{
	REQUIRE(gva >= MONITOR_GVA && gva <= TOP - bytes);
	return fixture->monitor.memory + (gva - MONITOR_GVA);
}

static uint64_t quad(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void stubs_halt_drop_the_error_code_and_return(void)
{
	static const uint8_t plain[] = {0xf4, 0x48, 0xcf};
	static const uint8_t with_code[] = {0xf4, 0x48, 0x83, 0xc4, 0x08, 0x48, 0xcf};

	for (uint32_t vector = 0; vector < 32; vector++) {
		const uint8_t *stub = fixture->monitor.memory + 16 * vector;
		bool code = mote_x86_64_vector_has_error_code(vector);
		size_t bytes = code ? sizeof(with_code) : sizeof(plain);

		REQUIRE_MEM(stub, code ? with_code : plain, bytes);
		for (size_t i = bytes; i < 16; i++)
			REQUIRE_EQ(stub[i], 0xf4);
	}
	for (unsigned i = 32 * 16; i < MOTE_PAGE_BYTES; i++)
		REQUIRE_EQ(fixture->monitor.memory[i], 0xf4);
}

static void gdt_has_these_descriptors_and_no_others(void)
{
	const struct mote_x86_64_table *table = &fixture->sregs.gdt;
	const uint8_t *gdt = at_gva(table->base, table->limit + 1u);
	unsigned descriptors = 0;

	REQUIRE_EQ(table->limit % 8, 7);
	REQUIRE_EQ(quad(gdt), 0);
	REQUIRE_EQ(quad(gdt + 0x08), 0x00af9b000000ffff); /* code, DPL 0, accessed */
	REQUIRE_EQ(quad(gdt + 0x10), 0x00cf93000000ffff); /* data, DPL 0, accessed */
	REQUIRE_EQ(quad(gdt + 0x20), 0x00cff3000000ffff); /* data, DPL 3, accessed */
	REQUIRE_EQ(quad(gdt + 0x28), 0x00affb000000ffff); /* code, DPL 3, accessed */
	for (unsigned i = 0; i <= table->limit; i += 8)
		descriptors += quad(gdt + i) != 0;
	REQUIRE_EQ(descriptors, 4 + 2); /* the TSS has two */
}

static void tss_descriptor_and_register_agree(void)
{
	const struct mote_x86_64_segment *tr = &fixture->sregs.tr;
	const uint8_t *gdt = at_gva(fixture->sregs.gdt.base, 8);
	uint64_t low = quad(gdt + tr->selector), high = quad(gdt + tr->selector + 8);

	REQUIRE(tr->selector + 15u <= fixture->sregs.gdt.limit);
	REQUIRE_EQ((low >> 16 & 0xffffff) | (low >> 56) << 24 | high << 32, tr->base);
	REQUIRE_EQ(high >> 32, 0);
	REQUIRE_EQ((low & 0xffff) | (low >> 32 & 0xf0000), tr->limit);
	REQUIRE_EQ(low >> 40 & 0xff, 0x8b); /* present, DPL 0, busy 64-bit TSS */
	REQUIRE_EQ(low >> 52 & 0xf, 0);
	REQUIRE_EQ(tr->type, 11);
	REQUIRE_EQ(tr->present, 1);
	REQUIRE_EQ(tr->s | tr->dpl | tr->g | tr->unusable, 0);
	REQUIRE(fixture->sregs.ldt.unusable || !fixture->sregs.ldt.present);
	REQUIRE_EQ(fixture->sregs.ldt.selector, 0);
}

static void tss_has_a_stack_for_ring_0_alone(void)
{
	const uint8_t *tss = at_gva(fixture->sregs.tr.base, fixture->sregs.tr.limit + 1u);

	REQUIRE_EQ(quad(tss + 4), TOP);
	for (unsigned i = 0; i < 102; i++)
		if (i < 4 || i >= 12)
			REQUIRE_EQ(tss[i], 0);
	REQUIRE_EQ(tss[102] | tss[103] << 8, 0x68);
}

/* As the processor looks: the two bytes of the bitmap at port / 8 must lie within the limit. */
static bool port_open(unsigned port, unsigned bytes)
{
	const struct mote_x86_64_segment *tr = &fixture->sregs.tr;
	const uint8_t *tss = at_gva(tr->base, tr->limit + 1u);
	unsigned at = (unsigned)(tss[102] | tss[103] << 8) + port / 8;
	unsigned mask = ((1u << bytes) - 1) << port % 8;

	return at + 1 <= tr->limit && ((tss[at] | tss[at + 1] << 8) & (int)mask) == 0;
}

static void bitmap_opens_the_doorbells_and_nothing_else(void)
{
	const uint8_t *tss = at_gva(fixture->sregs.tr.base, fixture->sregs.tr.limit + 1u);
	unsigned open = 0;

	for (unsigned port = 0; port < 0x10000; port++) {
		bool doorbell = port >= 0x50 && port <= 0x5f;

		REQUIRE_EQ(port_open(port, 1), doorbell);
		REQUIRE_EQ(port_open(port, 4), port >= 0x50 && port <= 0x5c);
		open += doorbell;
	}
	REQUIRE_EQ(open, 16);
	/* The byte that the processor reads behind the last one. */
	REQUIRE_EQ(tss[fixture->sregs.tr.limit], 0xff);
}

static void no_ports_means_none_open(void)
{
	mote_x86_64_monitor_build(&fixture->monitor, NULL, 0);
	for (unsigned port = 0; port < 0x10000; port++)
		REQUIRE(!port_open(port, 1));
}

static void gates_lead_to_the_stubs(void)
{
	const uint8_t *idt = at_gva(fixture->sregs.idt.base, 512);

	REQUIRE_EQ(fixture->sregs.idt.limit, 511);
	for (unsigned vector = 0; vector < 32; vector++) {
		uint64_t low = quad(idt + 16 * vector), high = quad(idt + 16 * vector + 8);
		uint64_t target = (low & 0xffff) | (low >> 48) << 16 | high << 32;

		REQUIRE_EQ(target, MONITOR_GVA + 16 * vector);
		REQUIRE_EQ(high >> 32, 0);
		REQUIRE_EQ(low >> 16 & 0xffff, 0x08);
		REQUIRE_EQ(low >> 32 & 0xff, 0); /* no interrupt stack table */
		/* Present interrupt gate; the guest itself may raise #BP alone. */
		REQUIRE_EQ(low >> 40 & 0xff, vector == 3 ? 0xee : 0x8e);
	}
}

static void map_gives_the_guest_nothing(void)
{
	static const uint32_t flags[] = {MOTE_PAGE_EXECUTE, 0, MOTE_PAGE_WRITE};
	uint8_t *pool = calloc(5, MOTE_PAGE_BYTES);
	struct mote_page_tables tables;
	struct mote_translation found;
	unsigned mapped = 0;

	REQUIRE(mote_x86_64_paging_init(&tables, pool, 0x100000, 5 * MOTE_PAGE_BYTES));
	REQUIRE(mote_x86_64_monitor_map(&fixture->monitor, &tables));
	for (uint64_t page = 0; page < 3; page++) {
		uint64_t gva = MONITOR_GVA + page * MOTE_PAGE_BYTES;

		REQUIRE(mote_x86_64_paging_walk(&tables, gva, &found));
		REQUIRE_EQ(found.gpa, gva + OFFSET);
		REQUIRE_EQ(found.flags, flags[page]);
	}
	for (uint64_t page = 0; page < 1024; page++)
		mapped += mote_x86_64_paging_walk(
			&tables, MONITOR_GVA + (page - 512) * MOTE_PAGE_BYTES, &found);
	REQUIRE_EQ(mapped, 3);
	REQUIRE(mote_x86_64_paging_init(&tables, pool, 0x100000, 3 * MOTE_PAGE_BYTES));
	memset(pool, 0, 5 * MOTE_PAGE_BYTES);
	REQUIRE(!mote_x86_64_monitor_map(&fixture->monitor, &tables));
	free(pool);
}

static void check_user_segment(const struct mote_x86_64_segment *segment, uint16_t selector,
			       uint8_t type, uint64_t base)
{
	bool code = type == 11;

	REQUIRE_EQ(segment->selector, selector);
	REQUIRE_EQ(segment->type, type);
	REQUIRE_EQ(segment->base, base);
	REQUIRE_EQ(segment->limit, 0xffffffff);
	REQUIRE_EQ(segment->dpl, 3);
	REQUIRE_EQ(segment->present, 1);
	REQUIRE_EQ(segment->s, 1);
	REQUIRE_EQ(segment->l, code);
	REQUIRE_EQ(segment->db, !code);
	REQUIRE_EQ(segment->g, 1);
	REQUIRE_EQ(segment->unusable, 0);
}

static void start_enters_ring_3_with_everything_closed(void)
{
	const struct mote_x86_64_sregs *sregs = &fixture->sregs;
	mote_x86_64_regs expected;

	memset(&expected, 0, sizeof(expected));
	expected.rip = 0x212340;
	expected.rsp = 0x300000;
	expected.rdi = 0x400000;
	expected.rflags = 2; /* no IF, IOPL 0 */
	REQUIRE_MEM(&fixture->regs, &expected, sizeof(expected));
	check_user_segment(&sregs->cs, 0x2b, 11, 0);
	check_user_segment(&sregs->ss, 0x23, 3, 0);
	check_user_segment(&sregs->ds, 0x23, 3, 0);
	check_user_segment(&sregs->es, 0x23, 3, 0);
	check_user_segment(&sregs->gs, 0x23, 3, 0);
	check_user_segment(&sregs->fs, 0x23, 3, 0x500040);
	REQUIRE_EQ(sregs->cr0, 0x80050033); /* PG AM WP NE ET MP PE */
	REQUIRE_EQ(sregs->cr2, 0);
	REQUIRE_EQ(sregs->cr3, 0x40100000);
	REQUIRE_EQ(sregs->cr4, 0x620);	/* OSXMMEXCPT OSFXSR PAE */
	REQUIRE_EQ(sregs->efer, 0xd00); /* NXE LMA LME, no SCE */
}

static void start_turns_on_what_the_vcpu_has(void)
{
	static const struct {
		uint64_t features;
		bool forbid_timestamp;
		uint64_t cr4;
	} cases[] = {
		{MOTE_X86_64_FEATURE_UMIP, false, 0xe20},
		{MOTE_X86_64_FEATURE_FSGSBASE, false, 0x10620},
		{MOTE_X86_64_FEATURE_XSAVE, false, 0x40620},
		{0, true, 0x624},
		{MOTE_X86_64_FEATURE_UMIP | MOTE_X86_64_FEATURE_FSGSBASE |
			 MOTE_X86_64_FEATURE_XSAVE,
		 true, 0x50e24},
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct mote_user_start start = user_start;
		struct mote_x86_64_sregs sregs;
		mote_x86_64_regs regs;

		start.features = cases[i].features;
		start.forbid_timestamp = cases[i].forbid_timestamp;
		mote_x86_64_power_on(&regs, &sregs, NULL, NULL);
		mote_x86_64_monitor_start(&fixture->monitor, &start, &regs, &sregs);
		REQUIRE_EQ(sregs.cr4, cases[i].cr4);
	}
}

/* Puts the vCPU behind a stub's hlt, with the frame that an exception of user code leaves. */
static void raise_vector(uint32_t vector, uint64_t error_code)
{
	const uint64_t frame[] = {0x212344, 0x2b, 0x10202, 0x2fff88, 0x23};
	uint64_t rsp = TOP - sizeof(frame);

	memcpy(at_gva(rsp, sizeof(frame)), frame, sizeof(frame));
	if (mote_x86_64_vector_has_error_code(vector)) {
		rsp -= 8;
		memcpy(at_gva(rsp, 8), &error_code, 8);
	}
	fixture->regs = (mote_x86_64_regs){
		.rax = 11,
		.r15 = 22,
		.rsp = rsp,
		.rip = MONITOR_GVA + 16 * vector + 1,
		.rflags = 0x10002,
	};
	fixture->sregs.cs.selector = 0x08;
	fixture->sregs.cs.dpl = 0;
	fixture->sregs.ss.selector = 0;
	fixture->sregs.cr2 = 0x9128;
}

static bool decode(struct mote_exception *exception)
{
	const struct mote_x86_64_exception_state state = {
		.rip = fixture->regs.rip,
		.rsp = fixture->regs.rsp,
		.cr2 = fixture->sregs.cr2,
		.cs = fixture->sregs.cs.selector,
	};

	return mote_x86_64_monitor_exception(&fixture->monitor, &state, exception);
}

static void every_exception_is_decoded(void)
{
	for (uint32_t vector = 0; vector < 32; vector++) {
		bool has_code = mote_x86_64_vector_has_error_code(vector);
		struct mote_exception got;

		raise_vector(vector, 0x1237);
		memset(&got, 0xa5, sizeof(got));
		REQUIRE(decode(&got));
		REQUIRE_EQ(got.vector, vector);
		REQUIRE_EQ(got.kind, mote_x86_64_vector_fault_kind(vector));
		REQUIRE_EQ(got.error_code, has_code ? 0x1237 : 0);
		REQUIRE_EQ(got.pc, 0x212344);
		REQUIRE_EQ(got.address, vector == 14 ? 0x9128 : 0);
		REQUIRE_EQ(got.access, vector == 14 ? MOTE_ACCESS_EXECUTE : MOTE_ACCESS_NONE);
		REQUIRE_EQ(got.sp, 0x2fff88);
		REQUIRE_EQ(got.flags, 0x10202);
	}
}

static void page_faults_tell_the_access(void)
{
	static const struct {
		uint64_t error_code;
		mote_access access;
	} cases[] = {
		{4, MOTE_ACCESS_READ},	{5, MOTE_ACCESS_READ},	     {6, MOTE_ACCESS_WRITE},
		{7, MOTE_ACCESS_WRITE}, {0x14, MOTE_ACCESS_EXECUTE}, {0x15, MOTE_ACCESS_EXECUTE},
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct mote_exception got;

		raise_vector(14, cases[i].error_code);
		REQUIRE(decode(&got));
		REQUIRE_EQ(got.access, cases[i].access);
		REQUIRE_EQ(got.error_code, cases[i].error_code);
	}
}

static void only_behind_a_stubs_hlt_counts(void)
{
	struct mote_exception got;

	memset(&got, 0xa5, sizeof(got));
	for (uint64_t rip = MONITOR_GVA - 0x1000; rip < TOP + 0x1000; rip++) {
		uint64_t offset = rip - MONITOR_GVA;

		raise_vector(0, 0);
		if (offset < 512 && offset % 16 == 1)
			continue;
		fixture->regs.rip = rip;
		REQUIRE(!decode(&got));
	}
	fixture->regs.rip = 0;
	REQUIRE(!decode(&got));
	fixture->regs.rip = UINT64_MAX;
	REQUIRE(!decode(&got));
	REQUIRE_EQ(got.vector, 0xa5a5a5a5);
}

static void only_ring_0_counts(void)
{
	struct mote_exception got;

	for (unsigned ring = 0; ring < 4; ring++) {
		raise_vector(6, 0);
		fixture->sregs.cs.selector |= ring;
		REQUIRE_EQ(decode(&got), ring == 0);
	}
}

static void only_the_one_place_of_the_frame_counts(void)
{
	struct mote_exception got;

	for (uint32_t vector = 0; vector < 32; vector++) {
		raise_vector(vector, 0);
		for (uint64_t rsp = TOP - 0x1100; rsp < TOP + 0x100; rsp++) {
			uint64_t depth = mote_x86_64_vector_has_error_code(vector) ? 48 : 40;

			fixture->regs.rsp = rsp;
			REQUIRE_EQ(decode(&got), rsp == TOP - depth);
		}
		fixture->regs.rsp = 0;
		REQUIRE(!decode(&got));
		fixture->regs.rsp = UINT64_MAX;
		REQUIRE(!decode(&got));
	}
}

static const struct test_case cases[] = {
	BUILT(stubs_halt_drop_the_error_code_and_return),
	BUILT(gdt_has_these_descriptors_and_no_others),
	BUILT(tss_descriptor_and_register_agree),
	BUILT(tss_has_a_stack_for_ring_0_alone),
	BUILT(bitmap_opens_the_doorbells_and_nothing_else),
	BUILT(no_ports_means_none_open),
	BUILT(gates_lead_to_the_stubs),
	BUILT(map_gives_the_guest_nothing),
	BUILT(start_enters_ring_3_with_everything_closed),
	BUILT(start_turns_on_what_the_vcpu_has),
	BUILT(every_exception_is_decoded),
	BUILT(page_faults_tell_the_access),
	BUILT(only_behind_a_stubs_hlt_counts),
	BUILT(only_ring_0_counts),
	BUILT(only_the_one_place_of_the_frame_counts),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_monitor", cases, TEST_COUNT(cases), argc, argv);
}
