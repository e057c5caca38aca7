/* SPDX-License-Identifier: Apache-2.0
 *
 * What an x86_64 VP of the simulated /dev/mshv does: messages, registers, the register page, the
 * extended state.  Code runs in real mode, or in 64-bit mode at CPL 0.
 */
#include "sim/mshv/mshv_simulator.h"

#include <errno.h>
#include <string.h>

#include "hypervisor/backends/mshv/mshv_abi_x86_64.h"

#define X64(name) MOTE_MSHV_X64_##name

const uint32_t program_counter = X64(RIP);

/* ---- Modes ----------------------------------------------------------------------------------- */

static void set_segment(uint32_t name, uint16_t selector, uint32_t limit, uint16_t attributes)
{
	const struct mote_hyperv_x64_segment segment = {0, limit, selector, attributes};
	struct mote_hyperv_value value;

	memcpy(&value, &segment, sizeof(value));
	CHECK_EQ(set_register(name, value), 0);
}

/* Real mode, from address 0 on. */
void begin_code(void)
{
	set_segment(X64(CS), 0, 0xffff, 0x9b);
}

static void begin_real(void)
{
	begin_vp();
	begin_code();
}

/* 64-bit mode with 1 GiB mapped as it is. */
static void begin_long(void)
{
	uint64_t *tables;

	begin_vp();
	tables = (uint64_t *)(void *)(memory + TABLES);
	tables[0] = TABLES + PAGE + 7;
	tables[512] = TABLES + 2 * PAGE + 7;
	for (uint64_t i = 0; i < 512; i++)
		tables[1024 + i] = i << 21 | 0x87;
	set(X64(INTERMEDIATE_CR0), 0x80000031);
	set(X64(INTERMEDIATE_CR4), 0x620);
	set(X64(INTERMEDIATE_CR3), TABLES);
	set(X64(EFER), 0x500);
	set_segment(X64(CS), 8, 0xffffffff, 0xa09b);
	set_segment(X64(SS), 16, 0xffffffff, 0xc093);
	set_segment(X64(DS), 16, 0xffffffff, 0xc093);
	set_segment(X64(ES), 16, 0xffffffff, 0xc093);
}

/* The same at CPL 3. */
static void begin_user(void)
{
	begin_long();
	set_segment(X64(CS), 0x1b, 0xffffffff, 0xa0fb);
	set_segment(X64(SS), 0x23, 0xffffffff, 0xc0f3);
	set_segment(X64(DS), 0x23, 0xffffffff, 0xc0f3);
	set_segment(X64(ES), 0x23, 0xffffffff, 0xc0f3);
}

void put_loop(void)
{
	PUT_CODE(0xeb, 0xfe);
}

/* mov [address], al */
void put_store(uint64_t address)
{
	PUT_CODE(0xa2, (uint8_t)address, (uint8_t)(address >> 8), 0xf4);
}

bool set_up_store(int fd, bool (*set_to)(int fd, uint32_t name, struct mote_hyperv_value value),
		  uint8_t *page, uint64_t address)
{
	static const uint8_t store[] = {0x88, 0x07, 0xf4}; /* mov [bx], al */
	const struct mote_hyperv_x64_segment segment = {0, 0xffff, 0, 0x9b};
	struct mote_hyperv_value value;

	memcpy(page, store, sizeof(store));
	memcpy(&value, &segment, sizeof(value));
	return set_to(fd, X64(CS), value) &&
	       set_to(fd, X64(RIP), (struct mote_hyperv_value){CODE, 0}) &&
	       set_to(fd, X64(RAX) + 3, (struct mote_hyperv_value){address, 0});
}

uint64_t address_of(const struct mote_mshv_message *about)
{
	return ((const struct mote_mshv_x64_memory *)(const void *)about->payload)
		->physical_address;
}

/* ---- Ports ----------------------------------------------------------------------------------- */

static const struct mote_mshv_x64_port *run_to_port(uint16_t port, uint8_t bytes, uint8_t access,
						    uint64_t at, uint8_t length)
{
	const struct mote_mshv_x64_port *got = run_to(MOTE_MSHV_MESSAGE_X64_IO_PORT);

	CHECK_EQ(got->port, port);
	CHECK_EQ(got->information & 7, bytes);
	CHECK_EQ(got->header.access, access);
	CHECK_EQ(got->header.rip, at);
	CHECK_EQ(got->header.length_cr8 & 15, length);
	CHECK_EQ(get(X64(RIP)), at);
	return got;
}

static void port_writes_have_not_retired(void)
{
	const struct mote_mshv_x64_port *port;

	PUT_CODE(0xb0, 0x2a, 0xe6, 0x50, 0xf4); /* mov al, 42; out 0x50, al; hlt */
	port = run_to_port(0x50, 1, MOTE_HYPERV_WRITE, CODE + 2, 2);
	CHECK_EQ(port->rax & 0xff, 42);
	CHECK_EQ(port->instruction[0], 0xe6);
	CHECK(port->instruction_bytes >= 2);
	/* It is made again until the program moves on. */
	run_to_port(0x50, 1, MOTE_HYPERV_WRITE, CODE + 2, 2);
	set(X64(RIP), CODE + 4);
	run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	/* mov dx, 0x122; out dx, ax; out dx, eax */
	PUT_CODE(0xba, 0x22, 0x01, 0xef, 0x66, 0xef);
	run_to_port(0x122, 2, MOTE_HYPERV_WRITE, CODE + 3, 1);
	set(X64(RIP), CODE + 4);
	run_to_port(0x122, 4, MOTE_HYPERV_WRITE, CODE + 4, 2);
	/* mov al, 0x66; out dx, al: an immediate that looks like a prefix */
	PUT_CODE(0xb0, 0x66, 0xee, 0xf4);
	run_to_port(0x122, 1, MOTE_HYPERV_WRITE, CODE + 2, 1);
}

static void port_reads_leave_registers(void)
{
	/* mov ax, 0x1234; mov dx, 0x122; in al, dx; hlt */
	PUT_CODE(0xb8, 0x34, 0x12, 0xba, 0x22, 0x01, 0xec, 0xf4);
	run_to_port(0x122, 1, MOTE_HYPERV_READ, CODE + 6, 1);
	CHECK_EQ(get(X64(RAX)), 0x1234);
	set(X64(RAX), 0x1299);
	set(X64(RIP), CODE + 7);
	run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	CHECK_EQ(get(X64(RAX)), 0x1299);
}

enum { STRING = 8, REPEATED = 16 };

/* rsi, rdi, rcx */
static void set_string(uint64_t from, uint64_t to, uint64_t times)
{
	set(X64(RAX) + 6, from);
	set(X64(RAX) + 7, to);
	set(X64(RAX) + 1, times);
	set(X64(RAX) + 2, 0x122);
}

static void check_string(uint64_t from, uint64_t to, uint64_t times)
{
	CHECK_EQ(get(X64(RAX) + 6), from);
	CHECK_EQ(get(X64(RAX) + 7), to);
	CHECK_EQ(get(X64(RAX) + 1), times);
}

static void strings_go_out_one_by_one(void)
{
	const struct mote_mshv_x64_port *port;

	PUT_CODE(0xf3, 0x6e, 0xf4); /* rep outsb; hlt */
	set_string(DATA, 0, 3);
	for (uint64_t i = 0; i < 3; i++) {
		port = run_to_port(0x122, 1, MOTE_HYPERV_WRITE, CODE, 2);
		CHECK_EQ(port->information & (STRING | REPEATED), STRING | REPEATED);
		CHECK_EQ(port->rcx, 3 - i);
		CHECK_EQ(port->rsi, DATA + i);
		check_string(DATA + i, 0, 3 - i);
		set_string(DATA + i + 1, 0, 2 - i);
	}
	run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	PUT_CODE(0x6f, 0xf4);	 /* outsw */
	set(X64(RFLAGS), 0x402); /* down */
	set_string(DATA, 0, 3);
	port = run_to_port(0x122, 2, MOTE_HYPERV_WRITE, CODE, 1);
	CHECK_EQ(port->information & (STRING | REPEATED), STRING);
	check_string(DATA, 0, 3);
}

static void strings_that_come_in_store_nothing(void)
{
	const struct mote_mshv_x64_port *port;

	PUT_CODE(0xf3, 0x6c, 0xf4); /* rep insb; hlt */
	memset(memory + DATA, 0x5a, 16);
	set_string(0, DATA, 4);
	port = run_to_port(0x122, 1, MOTE_HYPERV_READ, CODE, 2);
	CHECK_EQ(port->information & (STRING | REPEATED), STRING | REPEATED);
	check_string(0, DATA, 4);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(memory[DATA + i], 0x5a);
	set_string(0, DATA, 0);
	run_to(MOTE_MSHV_MESSAGE_X64_HALT);
}

static void a_halt_is_on_or_behind_its_instruction(void)
{
	const struct mote_mshv_x64_header *header;

	PUT_CODE(0x90, 0xf4, 0xf4);
	header = run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	CHECK_EQ(header->rip, CODE + 2);
	CHECK_EQ(header->length_cr8 & 15, 1);
	CHECK_EQ(get(X64(RIP)), CODE + 2);
	sim_mshv_rules()->halt_on = true;
	set(X64(RIP), CODE);
	header = run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	CHECK_EQ(header->rip, CODE + 1);
	CHECK_EQ(get(X64(RIP)), CODE + 1);
	run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	CHECK_EQ(get(X64(RIP)), CODE + 1);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

struct access {
	const char *what;
	uint8_t code[12], length;
	uint8_t access;
	uint64_t offset; /* from NOWHERE */
};

#define READ MOTE_HYPERV_READ
#define WRITE MOTE_HYPERV_WRITE

/* rax holds other bits than r8; rbx, r9 and rsp are NOWHERE; rcx is 0x10. */
static const struct access accesses[] = {
	{"mov [rbx], al", {0x88, 0x03}, 2, WRITE, 0},
	{"mov [rbx], ax", {0x66, 0x89, 0x03}, 3, WRITE, 0},
	{"mov [rbx], eax", {0x89, 0x03}, 2, WRITE, 0},
	{"mov [rbx], rax", {0x48, 0x89, 0x03}, 3, WRITE, 0},
	{"mov [rbx], r8b", {0x44, 0x88, 0x03}, 3, WRITE, 0},
	{"mov [rbx], sil", {0x40, 0x88, 0x33}, 3, WRITE, 0},
	{"mov [rbx], ah", {0x88, 0x23}, 2, WRITE, 0},
	{"mov [r9 + 8], r8d", {0x45, 0x89, 0x41, 0x08}, 4, WRITE, 8},
	{"mov [rbx + rcx * 4 + 0x100], rax", {0x48, 0x89, 0x84, 0x8b, 0, 1, 0, 0}, 8, WRITE, 0x140},
	{"mov [rip + 0x6ff9], eax", {0x89, 0x05, 0xfa, 0x6f, 0, 0}, 6, WRITE, 0},
	{"mov byte [rbx], 7", {0xc6, 0x03, 7}, 3, WRITE, 0},
	{"mov word [rbx], 7", {0x66, 0xc7, 0x03, 7, 0}, 5, WRITE, 0},
	{"mov dword [rbx], 7", {0xc7, 0x03, 7, 0, 0, 0}, 6, WRITE, 0},
	{"mov qword [rbx], -1", {0x48, 0xc7, 0x03, 0xff, 0xff, 0xff, 0xff}, 7, WRITE, 0},
	{"mov [0x8000], eax", {0xa3, 0, 0x80, 0, 0, 0, 0, 0, 0}, 9, WRITE, 0},
	{"mov [rsp], eax", {0x89, 0x04, 0x24}, 3, WRITE, 0},
	{"mov [ebx], eax", {0x67, 0x89, 0x03}, 3, WRITE, 0},
	{"push rax", {0x50}, 1, WRITE, -8ull},
	{"push r8", {0x41, 0x50}, 2, WRITE, -8ull},
	{"push rsp", {0x54}, 1, WRITE, -8ull},
	{"push 5", {0x6a, 5}, 2, WRITE, -8ull},
	{"push -0x80000000", {0x68, 0, 0, 0, 0x80}, 5, WRITE, -8ull},
	{"pushf", {0x9c}, 1, WRITE, -8ull},
	{"call", {0xe8, 0x10, 0, 0, 0}, 5, WRITE, -8ull},
	{"stosb", {0xaa}, 1, WRITE, 0},
	{"stosq", {0x48, 0xab}, 2, WRITE, 0},
	{"rep stosd", {0xf3, 0xab}, 2, WRITE, 0},
	{"movsb, from memory", {0xa4}, 1, WRITE, 0},
	{"setz [rbx]", {0x0f, 0x94, 0x03}, 3, WRITE, 0},
	{"two pages", {0x48, 0x89, 0x83, 0xfc, 0x0f, 0, 0}, 7, WRITE, 0xffc},
	{"mov al, [rbx]", {0x8a, 0x03}, 2, READ, 0},
	{"mov ax, [rbx]", {0x66, 0x8b, 0x03}, 3, READ, 0},
	{"mov eax, [rbx]", {0x8b, 0x03}, 2, READ, 0},
	{"mov rax, [rbx]", {0x48, 0x8b, 0x03}, 3, READ, 0},
	{"movzx eax, byte [rbx]", {0x0f, 0xb6, 0x03}, 3, READ, 0},
	{"movsx rax, word [rbx]", {0x48, 0x0f, 0xbf, 0x03}, 4, READ, 0},
	{"mov eax, [0x8000]", {0xa1, 0, 0x80, 0, 0, 0, 0, 0, 0}, 9, READ, 0},
	{"pop rax", {0x58}, 1, READ, 0},
	{"pop rsp", {0x5c}, 1, READ, 0},
	{"two pages", {0x48, 0x8b, 0x83, 0xfc, 0x0f, 0, 0}, 7, READ, 0xffc},
	{"add [rbx], eax", {0x01, 0x03}, 2, READ, 0},
	{"xchg [rbx], eax", {0x87, 0x03}, 2, READ, 0},
	{"cmp [rbx], eax", {0x39, 0x03}, 2, READ, 0},
};

enum { REGISTERS = 18 };

static void set_access_registers(const struct access *access)
{
	const uint64_t values[REGISTERS] = {
		0x1122334455667788, 0x10,    0x22, NOWHERE, NOWHERE, 0x55, DATA, NOWHERE,
		0x99aabbccddeeff00, NOWHERE, 1,	   2,	    3,	     4,	   5,	 6};

	for (uint32_t i = 0; i < 16; i++)
		set(X64(RAX) + i, values[i]);
	/* Behind the end of memory, not below it. */
	if (access->offset == -8ull)
		set(X64(RAX) + 4, NOWHERE + 8);
	set(X64(RFLAGS), 2);
}

static void get_registers(uint64_t registers[REGISTERS])
{
	for (uint32_t i = 0; i < REGISTERS; i++)
		registers[i] = get(X64(RAX) + i);
	registers[REGISTERS - 1] &= ~(1ull << 16); /* RF */
}

static void check_access(const struct access *access)
{
	const uint64_t offset = access->offset == -8ull ? 0 : access->offset;
	const struct mote_mshv_x64_memory *got;
	uint64_t before[REGISTERS], after[REGISTERS];

	test_note("%s", access->what);
	put_code(access->code, sizeof(access->code));
	set_access_registers(access);
	get_registers(before);
	for (int again = 0; again < 2; again++) {
		got = run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
		CHECK_EQ(got->physical_address, NOWHERE + offset);
		CHECK_EQ(got->header.access, access->access);
		CHECK_EQ(got->header.rip, CODE);
		CHECK_EQ(got->header.length_cr8 & 15, 0);
		CHECK(got->instruction_bytes >= access->length);
		CHECK_MEM(got->instruction, access->code, access->length);
		get_registers(after);
		CHECK_MEM(after, before, sizeof(after));
	}
}

static void accesses_have_not_retired(void)
{
	for (size_t i = 0; i < TEST_COUNT(accesses); i++)
		check_access(&accesses[i]);
}

/* From the last page of memory to one that is not there. */
static void an_access_may_be_half_in_memory(void)
{
	static const struct access halves[] = {
		{"mov [rbx - 4], rax", {0x48, 0x89, 0x43, 0xfc}, 4, WRITE, 0},
		{"mov [rbx - 4], r8", {0x4c, 0x89, 0x43, 0xfc}, 4, WRITE, 0},
		{"mov rax, [rbx - 4]", {0x48, 0x8b, 0x43, 0xfc}, 4, READ, 0},
	};

	for (size_t i = 0; i < TEST_COUNT(halves); i++)
		check_access(&halves[i]);
}

/* The guest's memory is as it was, too. */
static void what_is_read_goes_nowhere(void)
{
	PUT_CODE(0xa5, 0xf4); /* movsd */
	memset(memory + DATA, 0x5a, 16);
	set(X64(RAX) + 6, NOWHERE);
	set(X64(RAX) + 7, DATA);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(memory[DATA + i], 0x5a);
	CHECK_EQ(get(X64(RAX) + 6), NOWHERE);
}

/* The repetitions that have been made stay made. */
static void a_repeated_store_leaves_one_by_one(void)
{
	PUT_CODE(0xf3, 0xaa, 0xf4); /* rep stosb */
	set(X64(RAX) + 1, 4);
	set(X64(RAX) + 7, NOWHERE - 2);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(get(X64(RAX) + 1), 2);
	CHECK_EQ(get(X64(RAX) + 7), NOWHERE);
	CHECK_EQ(get(X64(RIP)), CODE);
	set(X64(RAX) + 1, 1);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(get(X64(RAX) + 1), 1);
	CHECK_EQ(get(X64(RAX) + 7), NOWHERE);
	CHECK_EQ(get(X64(RIP)), CODE);
}

static void a_fetch_from_nowhere_is_an_execution(void)
{
	const struct mote_mshv_x64_memory *got;

	PUT_CODE(0xff, 0xe3); /* jmp rbx */
	set(X64(RAX) + 3, NOWHERE);
	got = run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(got->header.access, MOTE_HYPERV_EXECUTE);
	CHECK_EQ(got->physical_address, NOWHERE);
	CHECK_EQ(got->header.rip, NOWHERE);
}

/* ---- Exceptions ------------------------------------------------------------------------------ */

static int intercept(uint16_t vector, uint32_t access)
{
	const struct mote_mshv_intercept in = {
		.access = access, .type = MOTE_MSHV_INTERCEPT_EXCEPTION, .parameter = vector};

	return call(partition, MOTE_MSHV_CALL_INSTALL_INTERCEPT, &in, sizeof(in), NULL, 0);
}

static void exceptions_are_intercepted(void)
{
	const struct mote_mshv_x64_exception *got;

	CHECK_EQ(intercept(3, 4), 0);
	CHECK_EQ(intercept(1, 4), 0);
	CHECK_EQ(intercept(40, 4), MOTE_MSHV_INVALID_PARAMETER);
	PUT_CODE(0x90, 0xcc);
	set(X64(RAX), 0x1234);
	REQUIRE_EQ(request(vp, MOTE_MSHV_RUN_VP, &message), 0);
	/* Neither the PVM kind nor the emulated SVM has exits for int3. */
	if (message.type == (uint32_t)MOTE_MSHV_MESSAGE_UNRECOVERABLE)
		SKIP("this kind of KVM has no exits for exceptions");
	REQUIRE_EQ(message.type, MOTE_MSHV_MESSAGE_X64_EXCEPTION);
	got = (const void *)message.payload;
	CHECK_EQ(got->vector, 3);
	CHECK_EQ(got->header.rip, CODE + 1);
	CHECK_EQ(got->header.length_cr8 & 15, 1);
	CHECK_EQ(got->registers[0], 0x1234);
	PUT_CODE(0x90, 0x90, 0xa2, 0, 0x80, 0, 0, 0, 0, 0, 0); /* mov [NOWHERE], al */
	set(X64(RFLAGS), 0x102);
	got = run_to(MOTE_MSHV_MESSAGE_X64_EXCEPTION);
	CHECK_EQ(got->vector, 1);
	CHECK_EQ(got->header.rip, CODE + 1);
	CHECK_EQ(get(X64(RFLAGS)) & 0x100, 0x100);
	CHECK_EQ(get(X64(DR6)) & 0x4000, 0x4000);
	set(X64(RFLAGS), 2);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(intercept(3, 0), 0);
	CHECK_EQ(intercept(1, 0), 0);
}

static void an_exception_without_a_table_is_the_end(void)
{
	const struct mote_hyperv_x64_table none = {.limit = 0};
	struct mote_hyperv_value value;

	memcpy(&value, &none, sizeof(value));
	CHECK_EQ(set_register(X64(IDTR), value), 0);
	PUT_CODE(0x0f, 0x0b); /* ud2 */
	run_to(MOTE_MSHV_MESSAGE_UNRECOVERABLE);
}

/* ---- Registers ------------------------------------------------------------------------------- */

static const struct {
	uint32_t name;
	struct mote_hyperv_value value;
} round_trip[] = {
	{X64(RAX), {0x123456789abcdef0, 0}},
	{X64(RAX) + 15, {~0ull, 0}},
	{X64(RIP), {0x7ffff000, 0}},
	{X64(RFLAGS), {0x246, 0}},
	{X64(XMM0) + 15, {0x1111, 0x2222}},
	{X64(FP0) + 7, {0x3333, 0x4444}},
	{X64(CR2), {0x5555, 0}},
	{X64(CR3), {0x7000, 0}},
	{X64(INTERMEDIATE_CR4), {0x20, 0}},
	{X64(CR8), {5, 0}},
	{X64(DR0) + 3, {0x6666, 0}},
	{X64(DR7), {0x401, 0}},
	{X64(TR), {0x100, 0x008b002800000067}},
	{X64(GDTR), {0x00ff000000000000, 0x7777}},
	{X64(KERNEL_GS_BASE), {0x8888, 0}},
	{X64(STAR), {0x9999, 0}},
	{X64(LSTAR), {0xaaaa, 0}},
	{X64(SYSENTER_EIP), {0xbbbb, 0}},
	{MOTE_MSHV_INTERNAL_ACTIVITY, {0, 0}},
	{MOTE_MSHV_PENDING_EVENT_0, {0, 0}},
	{MOTE_MSHV_INTERRUPT_STATE, {0, 0}},
	{MOTE_MSHV_PENDING_INTERRUPTION, {0, 0}},
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
}

static void values_that_no_processor_has_are_refused(void)
{
	const struct {
		uint32_t name;
		struct mote_hyperv_value value;
	} bad[] = {
		{X64(RFLAGS), {0, 0}},
		{X64(DR7), {1ull << 40, 0}},
		{X64(CR8), {16, 0}},
		{X64(XFEM), {6, 0}},
		{X64(XFEM), {1ull << 20 | 1, 0}},
		{X64(XMM_CONTROL), {0, 1u << 16}},
	};

	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		CHECK_EQ(set_register(bad[i].name, bad[i].value), MOTE_MSHV_INVALID_REGISTER_VALUE);
	CHECK_EQ(set_register(0x12345, (struct mote_hyperv_value){0, 0}),
		 MOTE_MSHV_INVALID_PARAMETER);
}

static void contradictions_are_for_the_run(void)
{
	set(X64(INTERMEDIATE_CR0), 0x80000031); /* paging, without what it needs */
	set(X64(EFER), 0x500);
	CHECK_EQ(get(X64(INTERMEDIATE_CR0)), 0x80000031);
	PUT_CODE(0xf4);
	run_to(MOTE_MSHV_MESSAGE_INVALID_REGISTER);
	CHECK_EQ(get(X64(CR0)), 0x80000031);
	set(X64(INTERMEDIATE_CR0), 0x30);
	set(X64(EFER), 0);
	run_to(MOTE_MSHV_MESSAGE_X64_HALT);
	sim_mshv_rules()->strict = true;
	CHECK_EQ(set_register(X64(CR0), (struct mote_hyperv_value){0x80000030, 0}),
		 MOTE_MSHV_INVALID_REGISTER_VALUE);
	CHECK_EQ(set_register(X64(INTERMEDIATE_CR0), (struct mote_hyperv_value){0x80000031, 0}), 0);
	set(X64(INTERMEDIATE_CR0), 0x30);
}

static void cpuid_has_its_own_input(void)
{
	const struct {
		struct mote_mshv_x64_cpuid_head head;
		struct mote_mshv_x64_cpuid_leaf leaves[2];
	} in = {.leaves = {{.function = 0}, {.function = 1}}};
	struct mote_mshv_x64_cpuid out[2] = {{0}};
	struct mote_mshv_hypercall hypercall = {.code = MOTE_MSHV_CALL_GET_CPUID,
						.count = 2,
						.in_bytes = sizeof(in),
						.out_bytes = sizeof(out),
						.in = (uintptr_t)&in,
						.out = (uintptr_t)out};

	CHECK_EQ(request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall), 0);
	CHECK_EQ(hypercall.count, 2);
	CHECK(out[0].eax >= 1);
	CHECK(out[0].ebx == 0x756e6547 || out[0].ebx == 0x68747541); /* Genu, Auth */
	CHECK(out[1].edx & 1);
}

static void addresses_are_translated(void)
{
	struct mote_mshv_translate in = {.flags = MOTE_MSHV_TRANSLATE_READ, .page = DATA / PAGE};
	struct mote_mshv_translated out;

	CHECK_EQ(call(vp, MOTE_MSHV_CALL_TRANSLATE, &in, sizeof(in), &out, sizeof(out)), 0);
	CHECK_EQ(out.result, 0);
	CHECK_EQ(out.frame, DATA / PAGE);
	in.page = 1ull << 30;
	CHECK_EQ(call(vp, MOTE_MSHV_CALL_TRANSLATE, &in, sizeof(in), &out, sizeof(out)), 0);
	CHECK(out.result != 0);
}

/* ---- The register page ----------------------------------------------------------------------- */

static struct mote_mshv_x64_page *page;

static void begin_page(void)
{
	void *mapped = NULL;

	begin_real();
	REQUIRE_EQ(sim->map(sim, vp, PAGE, &mapped), 0);
	page = mapped;
}

static void end_page(void)
{
	CHECK_EQ(sim->unmap(sim, page, PAGE), 0);
	end();
}

static void the_page_shows_registers(void)
{
	CHECK_EQ(page->version, 1);
	CHECK_EQ(page->valid, 1);
	CHECK_EQ(page->dirty, 0);
	PUT_CODE(0xb0, 0x2a, 0xe6, 0x50, 0xf4);
	CHECK_EQ(page->rip, CODE);
	run_to_port(0x50, 1, WRITE, CODE + 2, 2);
	CHECK_EQ(page->rip, CODE + 2);
	CHECK_EQ(page->registers[0] & 0xff, 42);
	CHECK_EQ(page->cr0, get(X64(CR0)));
	set(X64(RAX) + 3, 77);
	CHECK_EQ(page->registers[3], 77);
}

static void dirty_registers_are_taken_by_the_run(void)
{
	PUT_CODE(0xf4, 0xe6, 0x50, 0xf4); /* hlt; out 0x50, al; hlt */
	page->rip = CODE + 1;
	page->registers[0] = 0x99;
	page->dirty = MOTE_MSHV_X64_PAGE_RIP | MOTE_MSHV_X64_PAGE_GENERAL;
	CHECK_EQ(run_to_port(0x50, 1, WRITE, CODE + 1, 2)->rax, 0x99);
	CHECK_EQ(page->dirty, 0);
	page->rip = CODE + 3; /* nobody is told */
	run_to_port(0x50, 1, WRITE, CODE + 1, 2);
}

static void a_hypercall_takes_dirty_registers_over(void)
{
	page->registers[1] = 0x11;
	page->registers[2] = 0x22;
	page->rip = CODE + 1;
	page->dirty = MOTE_MSHV_X64_PAGE_RIP | MOTE_MSHV_X64_PAGE_GENERAL;
	set(X64(CR2), 0x1234); /* of no class */
	CHECK_EQ(page->dirty, MOTE_MSHV_X64_PAGE_RIP | MOTE_MSHV_X64_PAGE_GENERAL);
	CHECK_EQ(page->registers[1], 0x11);
	set(X64(RAX) + 1, 0x33);
	CHECK_EQ(page->dirty, 0);
	CHECK_EQ(page->registers[1], 0x33);
	CHECK_EQ(get(X64(RAX) + 2), 0x22);
	CHECK_EQ(get(X64(RIP)), CODE + 1);
}

static void mix(void)
{
	struct mote_hyperv_value value;

	page->dirty = MOTE_MSHV_X64_PAGE_RIP;
	get_register(X64(RAX), &value);
	get_register(X64(RIP), &value);
}

static void mark_reserved_bits(void)
{
	page->dirty = 1u << 5;
	request(vp, MOTE_MSHV_RUN_VP, &message);
}

static void the_page_may_be_misused_only_once(void)
{
	sim_mshv_rules()->strict = true;
	check_violation(mix, "register 0x20010 by hypercall while its class is dirty");
	check_violation(mark_reserved_bits, "reserved bits in the register page are dirty: 0x20");
}

static void a_machine_may_have_no_page(void)
{
	void *mapped;

	sim_mshv_rules()->no_page = true;
	CHECK_EQ(sim->map(sim, vp, PAGE, &mapped), -ENODEV);
	CHECK_EQ(sim->map(sim, partition, PAGE, &mapped), -ENODEV);
}

static void a_mapped_page_holds_its_partition(void)
{
	void *mapped = NULL;

	REQUIRE_EQ(sim->map(sim, vp, PAGE, &mapped), 0);
	CHECK_EQ(sim->close(sim, vp), 0);
	CHECK_EQ(sim->close(sim, partition), 0);
	vp = partition = -1;
	CHECK_EQ(sim_mshv_partitions(), 1);
	CHECK_EQ(sim->unmap(sim, mapped, PAGE), 0);
	CHECK_EQ(sim_mshv_partitions(), 0);
}

/* ---- The extended state ---------------------------------------------------------------------- */

static _Alignas(PAGE) uint8_t buffer[2 * PAGE];

static int move_state(unsigned long number, uint32_t bytes, uint32_t *needed)
{
	struct mote_mshv_state state = {
		.type = MOTE_MSHV_STATE_XSAVE, .bytes = bytes, .buffer = (uintptr_t)buffer};
	const int result = request(vp, number, &state);

	*needed = state.bytes;
	return result;
}

enum { STATES = 512, COMPACTION = 520, XMM = 160 };

static void extended_state_is_compacted(void)
{
	uint32_t needed;
	uint64_t states;

	CHECK_EQ(move_state(MOTE_MSHV_GET_VP_STATE, 100, &needed), -EINVAL);
	CHECK_EQ(move_state(MOTE_MSHV_GET_VP_STATE, PAGE, &needed), 0);
	CHECK(needed >= 576 && needed <= PAGE);
	memcpy(&states, buffer + COMPACTION, sizeof(states));
	CHECK_EQ(states >> 63, 1);
	buffer[XMM] = 0x5a;
	buffer[STATES] |= 3;
	CHECK_EQ(move_state(MOTE_MSHV_SET_VP_STATE, PAGE, &needed), 0);
	CHECK_EQ(get(X64(XMM0)) & 0xff, 0x5a);
	buffer[COMPACTION] ^= 4;
	CHECK_EQ(move_state(MOTE_MSHV_SET_VP_STATE, PAGE, &needed), -EINVAL);
	buffer[COMPACTION] ^= 4;
	buffer[STATES + 16] = 1;
	CHECK_EQ(move_state(MOTE_MSHV_SET_VP_STATE, PAGE, &needed), -EINVAL);
}

static void what_is_initial_is_left_out(void)
{
	uint32_t needed;
	uint16_t fcw;

	REQUIRE_EQ(move_state(MOTE_MSHV_GET_VP_STATE, PAGE, &needed), 0);
	buffer[STATES] = 2;
	REQUIRE_EQ(move_state(MOTE_MSHV_SET_VP_STATE, PAGE, &needed), 0);
	REQUIRE_EQ(move_state(MOTE_MSHV_GET_VP_STATE, PAGE, &needed), 0);
	memcpy(&fcw, buffer, sizeof(fcw));
	CHECK_EQ(buffer[STATES] & 1, 0);
	CHECK_EQ(fcw, 0);
	CHECK_EQ(get(X64(FP_CONTROL)) & 0xffff, 0x37f);
}

const struct test_case arch_cases[] = {
	CASE_WITHIN(port_writes_have_not_retired, begin_real, end),
	CASE_WITHIN(port_reads_leave_registers, begin_real, end),
	CASE_WITHIN(strings_go_out_one_by_one, begin_real, end),
	CASE_WITHIN(strings_that_come_in_store_nothing, begin_real, end),
	CASE_WITHIN(a_halt_is_on_or_behind_its_instruction, begin_real, end),
	CASE_WITHIN(accesses_have_not_retired, begin_long, end),
	CASE_WITHIN(an_access_may_be_half_in_memory, begin_long, end),
	CASE_WITHIN(what_is_read_goes_nowhere, begin_long, end),
	CASE_WITHIN(a_repeated_store_leaves_one_by_one, begin_long, end),
	CASE_WITHIN(a_fetch_from_nowhere_is_an_execution, begin_long, end),
	CASE_WITHIN(exceptions_are_intercepted, begin_user, end),
	CASE_WITHIN(an_exception_without_a_table_is_the_end, begin_long, end),
	CASE_WITHIN(registers_are_read_as_they_were_set, begin_vp, end),
	CASE_WITHIN(values_that_no_processor_has_are_refused, begin_vp, end),
	CASE_WITHIN(contradictions_are_for_the_run, begin_real, end),
	CASE_WITHIN(cpuid_has_its_own_input, begin_vp, end),
	CASE_WITHIN(addresses_are_translated, begin_long, end),
	CASE_WITHIN(the_page_shows_registers, begin_page, end_page),
	CASE_WITHIN(dirty_registers_are_taken_by_the_run, begin_page, end_page),
	CASE_WITHIN(a_hypercall_takes_dirty_registers_over, begin_page, end_page),
	CASE_WITHIN(the_page_may_be_misused_only_once, begin_page, end_page),
	CASE_WITHIN(a_machine_may_have_no_page, begin_vp, end),
	CASE_WITHIN(a_mapped_page_holds_its_partition, begin_vp, end),
	CASE_WITHIN(extended_state_is_compacted, begin_vp, end),
	CASE_WITHIN(what_is_initial_is_left_out, begin_vp, end),
};

const size_t arch_case_count = TEST_COUNT(arch_cases);
