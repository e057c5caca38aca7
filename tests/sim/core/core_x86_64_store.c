/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an instruction began that KVM has retired: each number of bytes before the program counter
 * is decoded, and the instruction is the one whose address, size and value are those of the write.
 * Intel SDM, volume 2, chapter 2 and appendix A.
 */
#define _GNU_SOURCE /* timer_t */
#include <string.h>

#include "sim/core/core_internal.h"
#include "sim/core/core_x86_64_internal.h"

enum { LONGEST = 15, PAGE = 4096 };
enum { RAX = 0, RCX = 1, RDX = 2, RSP = 4, RSI = 6, RDI = 7 };
enum { ES = 0, CS, SS, DS, FS, GS, NO_SEGMENT = -1 };
enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

/* What an opcode does with memory, as far as it writes. */
enum shape {
	SHAPE_NONE,
	SHAPE_REGISTER,	 /* ModRM: a register to memory */
	SHAPE_IMMEDIATE, /* ModRM: an immediate to memory */
	SHAPE_UNKNOWN,	 /* ModRM: some value to memory */
	SHAPE_OFFSET,	 /* rax to an absolute address */
	SHAPE_STORE_STRING,
	SHAPE_PORT_STRING,
	SHAPE_PORT_IMMEDIATE,
	SHAPE_PORT_REGISTER,
	SHAPE_PUSH_REGISTER,
	SHAPE_PUSH_IMMEDIATE,
	SHAPE_PUSH_FLAGS,
	SHAPE_POP,   /* ModRM */
	SHAPE_CALL,  /* relative */
	SHAPE_GROUP, /* ModRM: push, or call */
};

struct code {
	const uint8_t *at, *end;
	const struct kvm_sregs *special;
	uint64_t registers[16], flags,
		next; /* next: of the instruction, if it ends where it must */
	bool is_long, is_wide;
	/* Of the instruction. */
	bool operand, address, repeat;
	int segment;
	uint8_t rex, rex_used, modrm;
	bool has_memory, has_modrm, byte_register;
	unsigned size, address_bytes;
};

static void take_registers(struct sim_vcpu *vcpu, struct code *code)
{
	const struct kvm_regs *r = sim_general(vcpu);
	const uint64_t registers[16] = {r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp,
					r->rsi, r->rdi, r->r8,	r->r9,	r->r10, r->r11,
					r->r12, r->r13, r->r14, r->r15};

	memcpy(code->registers, registers, sizeof(registers));
	code->flags = r->rflags;
	code->next = r->rip;
	code->special = sim_special(vcpu);
	code->is_long = sim_is_long(vcpu);
	code->is_wide = code->is_long || code->special->cs.db;
}

static uint64_t mask_of(unsigned bytes)
{
	return bytes >= 8 ? ~0ull : (1ull << 8 * bytes) - 1;
}

static uint64_t segment_base(const struct code *code, int segment)
{
	const struct kvm_sregs *s = code->special;
	const struct kvm_segment *const segments[] = {&s->es, &s->cs, &s->ss,
						      &s->ds, &s->fs, &s->gs};

	if (code->is_long && segment < FS)
		return 0;
	return segments[segment]->base;
}

/* ---- Parts of an instruction --------------------------------------------------------------- */

static bool take(struct code *code, unsigned bytes, uint64_t *value)
{
	*value = 0;
	if ((size_t)(code->end - code->at) < bytes)
		return false;
	memcpy(value, code->at, bytes);
	code->at += bytes;
	return true;
}

static bool take_signed(struct code *code, unsigned bytes, uint64_t *value)
{
	if (!take(code, bytes, value))
		return false;
	if (bytes > 0 && bytes < 8 && *value >> (8 * bytes - 1))
		*value |= ~mask_of(bytes);
	return true;
}

static bool take_prefix(struct code *code, uint8_t byte)
{
	switch (byte) {
	case 0x66:
		code->operand = true;
		return true;
	case 0x67:
		code->address = true;
		return true;
	case 0xf2:
	case 0xf3:
		code->repeat = true;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		code->segment = (byte >> 3 & 3) + ES;
		return true;
	case 0x64:
	case 0x65:
		code->segment = byte - 0x64 + FS;
		return true;
	default:
		return false;
	}
}

static void take_prefixes(struct code *code)
{
	code->segment = NO_SEGMENT;
	while (code->at < code->end && take_prefix(code, *code->at))
		code->at++;
	if (code->is_long && code->at < code->end && (*code->at & 0xf0) == 0x40)
		code->rex = *code->at++;
	if (code->is_long)
		code->address_bytes = code->address ? 4 : 8;
	else
		code->address_bytes = code->is_wide != code->address ? 4 : 2;
	if (code->rex & REX_W)
		code->size = 8;
	else
		code->size = code->is_wide != code->operand ? 4 : 2;
}

static uint64_t get_register(const struct code *code, unsigned number, unsigned bytes)
{
	if (bytes == 1 && code->rex == 0 && number >= 4)
		return code->registers[number - 4] >> 8 & 0xff;
	return code->registers[number] & mask_of(bytes);
}

static unsigned number_of(struct code *code, unsigned low, unsigned bit)
{
	code->rex_used |= (uint8_t)bit;
	return low | (code->rex & bit ? 8 : 0);
}

static bool take_address_16(struct code *code, unsigned mod, unsigned rm, uint64_t *at,
			    int *segment)
{
	static const int8_t pairs[8][2] = {{3, 6},  {3, 7},  {5, 6},  {5, 7},
					   {6, -1}, {7, -1}, {5, -1}, {3, -1}};
	uint64_t offset = 0;
	const bool absolute = mod == 0 && rm == 6;

	if (!take_signed(code, absolute || mod == 2 ? 2 : mod, &offset))
		return false;
	*at = offset;
	if (!absolute)
		for (int i = 0; i < 2 && pairs[rm][i] >= 0; i++)
			*at += code->registers[pairs[rm][i]];
	*segment = !absolute && (rm == 2 || rm == 3 || rm == 6) ? SS : DS;
	return true;
}

static bool take_address_32(struct code *code, unsigned mod, unsigned rm, uint64_t *at,
			    int *segment)
{
	unsigned base = rm, low = rm;
	uint64_t offset, sib = 0;
	bool has_base;

	*at = 0;
	*segment = DS;
	if (rm == 4) {
		if (!take(code, 1, &sib))
			return false;
		low = sib & 7;
	}
	has_base = !(mod == 0 && low == 5);
	if (!take_signed(code, mod == 1 ? 1 : mod == 2 || !has_base ? 4 : 0, &offset))
		return false;
	if (rm == 4) {
		const unsigned index = number_of(code, sib >> 3 & 7, REX_X);

		if (index != RSP)
			*at += code->registers[index] << (sib >> 6);
	}
	if (has_base) {
		base = number_of(code, low, REX_B);
		*at += code->registers[base];
		if (base == RSP || base == 5)
			*segment = SS;
	} else if (code->is_long && rm != 4) {
		*at += code->next;
	}
	*at += offset;
	return true;
}

/* Memory alone; false for a register. */
static bool take_modrm(struct code *code, uint64_t *va)
{
	uint64_t byte;
	unsigned mod, rm;
	int segment;

	if (!take(code, 1, &byte))
		return false;
	code->modrm = (uint8_t)byte;
	code->has_modrm = code->has_memory = true;
	mod = byte >> 6;
	rm = byte & 7;
	if (mod == 3)
		return false;
	if (code->address_bytes == 2 ? !take_address_16(code, mod, rm, va, &segment)
				     : !take_address_32(code, mod, rm, va, &segment))
		return false;
	if (code->segment != NO_SEGMENT)
		segment = code->segment;
	*va = segment_base(code, segment) + (*va & mask_of(code->address_bytes));
	return true;
}

/* ---- Opcodes ------------------------------------------------------------------------------- */

/* bytes: of the access; 0: by prefixes. */
struct opcode {
	unsigned opcode, last; /* a range */
	enum shape shape;
	unsigned bytes;
	int extension; /* in ModRM; -1: any */
};

static const struct opcode opcodes[] = {
	{0x50, 0x57, SHAPE_PUSH_REGISTER, 0, -1},
	{0x68, 0x68, SHAPE_PUSH_IMMEDIATE, 0, -1},
	{0x6a, 0x6a, SHAPE_PUSH_IMMEDIATE, 0, -1},
	{0x6c, 0x6c, SHAPE_PORT_STRING, 1, -1},
	{0x6d, 0x6d, SHAPE_PORT_STRING, 0, -1},
	{0x6e, 0x6e, SHAPE_PORT_STRING, 1, -1},
	{0x6f, 0x6f, SHAPE_PORT_STRING, 0, -1},
	{0x88, 0x88, SHAPE_REGISTER, 1, -1},
	{0x89, 0x89, SHAPE_REGISTER, 0, -1},
	{0x8c, 0x8c, SHAPE_UNKNOWN, 2, -1},
	{0x8f, 0x8f, SHAPE_POP, 0, 0},
	{0x9c, 0x9c, SHAPE_PUSH_FLAGS, 0, -1},
	{0xa2, 0xa2, SHAPE_OFFSET, 1, -1},
	{0xa3, 0xa3, SHAPE_OFFSET, 0, -1},
	{0xa4, 0xa4, SHAPE_STORE_STRING, 1, -1},
	{0xa5, 0xa5, SHAPE_STORE_STRING, 0, -1},
	{0xaa, 0xaa, SHAPE_STORE_STRING, 1, -1},
	{0xab, 0xab, SHAPE_STORE_STRING, 0, -1},
	{0xc6, 0xc6, SHAPE_IMMEDIATE, 1, 0},
	{0xc7, 0xc7, SHAPE_IMMEDIATE, 0, 0},
	{0xe6, 0xe6, SHAPE_PORT_IMMEDIATE, 1, -1},
	{0xe7, 0xe7, SHAPE_PORT_IMMEDIATE, 0, -1},
	{0xe8, 0xe8, SHAPE_CALL, 0, -1},
	{0xee, 0xee, SHAPE_PORT_REGISTER, 1, -1},
	{0xef, 0xef, SHAPE_PORT_REGISTER, 0, -1},
	{0xff, 0xff, SHAPE_GROUP, 0, 6},
	{0xf11, 0xf11, SHAPE_UNKNOWN, 16, -1}, /* movups and the like, of 16 bytes or fewer */
	{0xf13, 0xf13, SHAPE_UNKNOWN, 8, -1},
	{0xf17, 0xf17, SHAPE_UNKNOWN, 8, -1},
	{0xf29, 0xf29, SHAPE_UNKNOWN, 16, -1},
	{0xf2b, 0xf2b, SHAPE_UNKNOWN, 16, -1},
	{0xf7e, 0xf7e, SHAPE_UNKNOWN, 0, -1},
	{0xf7f, 0xf7f, SHAPE_UNKNOWN, 16, -1},
	{0xf90, 0xf9f, SHAPE_UNKNOWN, 1, -1}, /* setcc */
	{0xfc3, 0xfc3, SHAPE_REGISTER, 0, -1},
	{0xfd6, 0xfd6, SHAPE_UNKNOWN, 8, -1},
	{0xfe7, 0xfe7, SHAPE_UNKNOWN, 16, -1},
};

static const struct opcode *find_opcode(unsigned number)
{
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		if (number >= opcodes[i].opcode && number <= opcodes[i].last)
			return &opcodes[i];
	return NULL;
}

static void set_value(struct sim_instruction *in, uint64_t value)
{
	in->has_value = true;
	in->value = value;
}

static void set_push(struct code *code, struct sim_instruction *in)
{
	const unsigned bytes = code->is_long ? code->operand ? 2 : 8 : code->size;

	code->rex_used |= code->rex & REX_W ? 0 : REX_W;
	in->bytes = in->stack_bytes = bytes;
	in->va = segment_base(code, SS) + code->registers[RSP];
	in->writes = true;
}

static bool take_string(struct code *code, struct sim_instruction *in, bool port)
{
	const uint64_t mask = mask_of(code->address_bytes);
	const uint64_t back = code->flags & 1u << 10 ? in->bytes : (uint64_t)0 - in->bytes;

	in->is_string = true;
	in->is_repeated = code->repeat;
	in->writes = !port || in->opcode >= 0x6e;
	in->va = in->es_base + ((code->registers[RDI] + back) & mask);
	in->port = (uint16_t)code->registers[RDX];
	if (in->opcode >= 0xaa)
		set_value(in, code->registers[RAX]);
	code->has_memory = true;
	return true;
}

static bool take_immediate_push(struct code *code, struct sim_instruction *in)
{
	uint64_t value;

	set_push(code, in);
	if (!take_signed(code, in->opcode == 0x6a ? 1 : code->size == 2 ? 2 : 4, &value))
		return false;
	set_value(in, value);
	return true;
}

static bool take_port(struct code *code, struct sim_instruction *in, bool immediate)
{
	uint64_t port = code->registers[RDX];

	if (immediate && !take(code, 1, &port))
		return false;
	if (in->bytes == 8)
		in->bytes = 4;
	in->port = (uint16_t)port;
	in->writes = true;
	set_value(in, code->registers[RAX]);
	return true;
}

static bool take_to_memory(struct code *code, struct sim_instruction *in, enum shape shape)
{
	uint64_t value;

	in->writes = true;
	if (!take_modrm(code, &in->va))
		return false;
	if (shape == SHAPE_REGISTER) {
		const unsigned number = number_of(code, code->modrm >> 3 & 7, REX_R);

		code->byte_register = in->bytes == 1 && number >= 4;
		set_value(in, get_register(code, number, in->bytes));
	} else if (shape == SHAPE_IMMEDIATE) {
		if (!take_signed(code, in->bytes == 8 ? 4 : in->bytes, &value))
			return false;
		set_value(in, value);
	} else {
		number_of(code, 0, REX_R);
	}
	return true;
}

static bool take_operands(struct code *code, const struct opcode *opcode,
			  struct sim_instruction *in)
{
	uint64_t value;

	switch (opcode->shape) {
	case SHAPE_REGISTER:
	case SHAPE_IMMEDIATE:
	case SHAPE_UNKNOWN:
		return take_to_memory(code, in, opcode->shape);
	case SHAPE_OFFSET:
		if (!take(code, code->address_bytes, &value))
			return false;
		in->writes = code->has_memory = true;
		in->va = value + segment_base(code, code->segment < 0 ? DS : code->segment);
		set_value(in, code->registers[RAX]);
		return true;
	case SHAPE_STORE_STRING:
		return take_string(code, in, false);
	case SHAPE_PORT_STRING:
		return take_string(code, in, true);
	case SHAPE_PORT_IMMEDIATE:
		return take_port(code, in, true);
	case SHAPE_PORT_REGISTER:
		return take_port(code, in, false);
	case SHAPE_PUSH_REGISTER: {
		const unsigned number = number_of(code, in->opcode & 7, REX_B);

		set_push(code, in);
		value = code->registers[number] + (number == RSP ? in->bytes : 0);
		set_value(in, value);
		return true;
	}
	case SHAPE_PUSH_IMMEDIATE:
		return take_immediate_push(code, in);
	case SHAPE_PUSH_FLAGS:
		set_push(code, in);
		return true;
	case SHAPE_POP:
		if (!take_to_memory(code, in, SHAPE_UNKNOWN) || code->modrm >> 3 & 7)
			return false;
		in->bytes = in->stack_bytes = code->is_long ? code->operand ? 2 : 8 : code->size;
		in->pops = true;
		return true;
	case SHAPE_CALL:
		if (!take_signed(code, code->size == 2 ? 2 : 4, &value))
			return false;
		set_push(code, in);
		in->calls = true;
		return true;
	case SHAPE_GROUP: /* the operand's own address does not matter */
		if (!take(code, 1, &value))
			return false;
		code->at--;
		if ((value >> 3 & 7) != 6 && (value >> 3 & 7) != 2)
			return false;
		in->calls = (value >> 3 & 7) == 2;
		if (value >> 6 == 3) {
			code->at++;
			number_of(code, 0, REX_B);
			code->has_modrm = true;
		} else if (!take_modrm(code, &in->va)) {
			return false;
		}
		set_push(code, in);
		return true;
	case SHAPE_NONE:
		break;
	}
	return false;
}

/* Prefixes that compilers do not make belong to the instruction before. */
static bool is_plain(const struct code *code, const struct sim_instruction *in)
{
	const bool is_sse = in->opcode > 0xff;

	if (code->operand && in->bytes == 1 && !is_sse)
		return false;
	if (code->repeat && !in->is_string && !is_sse)
		return false;
	if (code->address && !code->has_memory)
		return false;
	if (code->segment != NO_SEGMENT &&
	    (!code->has_memory || (code->is_long && code->segment < FS)))
		return false;
	if (code->rex & REX_W && in->bytes != 8 && !is_sse)
		return false;
	if (code->rex & ~code->rex_used & (REX_R | REX_X | REX_B))
		return false;
	return code->rex != 0x40 || code->byte_register;
}

/* The bytes of an instruction, from code->at on. */
static bool decode(struct code *code, struct sim_instruction *in)
{
	const uint8_t *begin = code->at;
	const struct opcode *opcode;
	uint64_t byte;

	*in = (struct sim_instruction){0};
	take_prefixes(code);
	if (!take(code, 1, &byte))
		return false;
	in->opcode = (unsigned)byte;
	if (byte == 0x0f && code->at < code->end)
		in->opcode = 0xf00 | *code->at++;
	in->address_mask = mask_of(code->address_bytes);
	in->es_base = segment_base(code, ES);
	opcode = find_opcode(in->opcode);
	if (!opcode)
		return false;
	in->bytes = opcode->bytes != 0 ? opcode->bytes : code->size;
	if (opcode->shape == SHAPE_PORT_STRING && in->bytes == 8)
		in->bytes = 4;
	if (!take_operands(code, opcode, in))
		return false;
	in->length = (uint8_t)(code->at - begin);
	return true;
}

bool sim_decode(struct sim_vcpu *vcpu, uint64_t rip, struct sim_instruction *instruction)
{
	struct code code = {0};
	uint8_t bytes[LONGEST];

	take_registers(vcpu, &code);
	code.at = bytes;
	code.end =
		bytes + sim_copy_guest(vcpu, segment_base(&code, CS) + rip, bytes, LONGEST, false);
	if (code.end == bytes)
		return false;
	code.next = rip;
	decode(&code, instruction);
	return true;
}

/* ---- The write ----------------------------------------------------------------------------- */

struct sim_access sim_access_of(const struct sim_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	struct sim_access access = {0};

	if (run->exit_reason == KVM_EXIT_IO) {
		access.is_port = true;
		access.writes = run->io.direction == KVM_EXIT_IO_OUT;
		access.port = run->io.port;
		access.bytes = run->io.size;
		access.count = run->io.count;
		memcpy(access.data, (const char *)run + run->io.data_offset, run->io.size);
		return access;
	}
	access.writes = run->mmio.is_write;
	access.gpa = run->mmio.phys_addr;
	access.bytes = run->mmio.len;
	access.count = 1;
	memcpy(access.data, run->mmio.data, sizeof(access.data));
	return access;
}

/* Whether bytes from offset on are those that were written. */
static bool has_data(const struct sim_instruction *in, const struct sim_access *access,
		     uint64_t offset)
{
	const uint8_t *value = (const uint8_t *)&in->value;

	if (!in->has_value || in->bytes > 8)
		return true;
	return memcmp(value + offset, access->data, access->bytes) == 0;
}

static bool wrote_memory(const struct sim_vcpu *vcpu, const struct sim_instruction *in,
			 const struct sim_access *access)
{
	for (uint64_t offset = 0; offset < in->bytes;) {
		const uint64_t va = in->va + offset, on_page = PAGE - va % PAGE;
		uint64_t gpa, part = in->bytes - offset;

		if (part > on_page)
			part = on_page;
		if (part > 8)
			part = 8;
		if (sim_translate(vcpu, va, &gpa) && gpa == access->gpa && part >= access->bytes)
			return has_data(in, access, offset);
		offset += part;
	}
	return false;
}

static bool made(const struct sim_vcpu *vcpu, const struct sim_instruction *in,
		 const struct sim_access *access)
{
	const bool is_port = in->opcode == 0x6e || in->opcode == 0x6f || in->opcode == 0xe6 ||
			     in->opcode == 0xe7 || in->opcode == 0xee || in->opcode == 0xef;

	if (!in->writes || is_port != access->is_port)
		return false;
	if (!is_port)
		return wrote_memory(vcpu, in, access);
	return in->port == access->port && in->bytes == access->bytes && has_data(in, access, 0);
}

static void rewind_string(struct kvm_regs *general, const struct sim_instruction *in,
			  uint32_t count)
{
	const uint64_t bytes = (uint64_t)in->bytes * count, mask = in->address_mask;
	const uint64_t step = general->rflags & 1u << 10 ? bytes : (uint64_t)0 - bytes;
	const bool reads = in->opcode == 0x6e || in->opcode == 0x6f || in->opcode == 0xa4 ||
			   in->opcode == 0xa5;
	const bool stores = in->opcode >= 0xa4;

	if (stores)
		general->rdi = (general->rdi & ~mask) | ((general->rdi + step) & mask);
	if (reads)
		general->rsi = (general->rsi & ~mask) | ((general->rsi + step) & mask);
	if (in->is_repeated)
		general->rcx = (general->rcx & ~mask) | ((general->rcx + count) & mask);
}

static void rewind_registers(struct sim_vcpu *vcpu, const struct sim_instruction *in,
			     const struct sim_access *access)
{
	struct kvm_regs *general = sim_change_general(vcpu);

	if (in->is_string)
		rewind_string(general, in, access->count);
	if (in->pops)
		general->rsp -= in->stack_bytes;
	else
		general->rsp += in->stack_bytes;
}

/* The instruction of exactly so many bytes before an address. */
static bool decode_before(const struct code *from, const uint8_t *end, size_t bytes,
			  struct sim_instruction *in)
{
	struct code code = *from;

	code.at = end - bytes;
	code.end = end;
	return decode(&code, in) && in->length == bytes && is_plain(&code, in);
}

/* The longest instruction that ends at an address and made the write; 0: none. */
static size_t find_before(struct sim_vcpu *vcpu, const struct sim_access *access, uint64_t end,
			  bool calls, struct sim_instruction *in)
{
	uint8_t bytes[LONGEST];
	struct code code = {0};
	size_t count = LONGEST;

	take_registers(vcpu, &code);
	code.next = end;
	while (count > 0 && sim_copy_guest(vcpu, segment_base(&code, CS) + end - count, bytes,
					   count, false) != count)
		count--;
	for (size_t length = count; length > 0; length--)
		if (decode_before(&code, bytes + count, length, in) && in->calls == calls &&
		    made(vcpu, in, access))
			return length;
	return 0;
}

/* A repeated instruction that has more to do: the program counter is on it. */
static bool is_unfinished(struct sim_vcpu *vcpu, const struct sim_access *access,
			  struct sim_instruction *in)
{
	return sim_decode(vcpu, sim_general(vcpu)->rip, in) && in->length != 0 && in->is_string &&
	       in->is_repeated && made(vcpu, in, access);
}

bool sim_find_store(struct sim_vcpu *vcpu, const struct sim_access *access,
		    struct sim_instruction *in)
{
	uint64_t end = sim_general(vcpu)->rip;
	size_t length = 0;

	if (is_unfinished(vcpu, access, in)) {
		rewind_registers(vcpu, in, access);
		return true;
	}
	length = find_before(vcpu, access, end, false, in);
	if (length == 0 && !access->is_port && access->bytes == 8) { /* a return address */
		memcpy(&end, access->data, sizeof(end));
		length = find_before(vcpu, access, end, true, in);
	}
	if (length == 0)
		return false;
	rewind_registers(vcpu, in, access);
	sim_change_general(vcpu)->rip = end - length;
	return true;
}
