/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes as an x86_64 instruction, with any registers.  What is unknown leaves
 * nothing behind.  What is known is all there, and nothing else changes when it retires; what a mov
 * has loaded, the opposite mov stores.
 */
#include "hypervisor/arch/x86_64/x86_64_access.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { MAXIMUM_CODE = 18, TOUCHED = 0xa5 };

#define RF (1ull << 16)

struct inputs {
	uint8_t code[MAXIMUM_CODE];
	size_t bytes;
	bool is_64_bit;
	uint64_t data, fs_base, gs_base;
	mote_x86_64_regs regs;
};

const char *fuzz_missing(void)
{
	return NULL;
}

/* The first byte: how many are the instruction, and in bit 7 that it is not of 64-bit code. */
static void take_inputs(struct fuzz_input *from, struct inputs *to)
{
	const uint8_t first = fuzz_u8(from);

	to->bytes = (first & 0x7f) % (MAXIMUM_CODE + 1);
	to->is_64_bit = first < 0x80;
	fuzz_bytes(from, to->code, to->bytes);
	to->data = fuzz_u64(from);
	to->fs_base = fuzz_edge(from);
	to->gs_base = fuzz_edge(from);
#define TAKE(name) to->regs.name = fuzz_edge(from);
	MOTE_X86_64_REGS_MAP(TAKE)
#undef TAKE
}

/* Decodes a block of its own, so that the sanitizer guards its end. */
static bool decode(const struct inputs *from, size_t bytes, struct mote_x86_64_access *access)
{
	uint8_t *exact = malloc(bytes > 0 ? bytes : 1);
	bool known;

	if (exact == NULL)
		abort();
	memcpy(exact, from->code, bytes);
	memset(access, TOUCHED, sizeof(*access));
	known = mote_x86_64_access_decode(exact, bytes, from->is_64_bit, access);
	free(exact);
	return known;
}

static void check_untouched(const struct mote_x86_64_access *access)
{
	const uint8_t *at = (const uint8_t *)access;

	for (size_t i = 0; i < sizeof(*access); i++)
		FUZZ_CHECK(at[i] == TOUCHED);
}

static bool is_size(uint8_t bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static bool is_register(uint8_t number)
{
	return number < 16 || number == MOTE_X86_64_NO_REGISTER;
}

static void check_fields(const struct mote_x86_64_access *access)
{
	FUZZ_CHECK(access->length > 0 && access->length <= MOTE_X86_64_INSTRUCTION_BYTES);
	FUZZ_CHECK(is_size(access->bytes) && is_size(access->register_bytes));
	FUZZ_CHECK(access->bytes <= access->register_bytes);
	FUZZ_CHECK(access->is_immediate == (access->register_index == MOTE_X86_64_NO_REGISTER));
	FUZZ_CHECK(access->write || !access->is_immediate);
	FUZZ_CHECK(is_register(access->register_index) && is_register(access->base) &&
		   is_register(access->index));
	FUZZ_CHECK(!access->high_byte || access->register_index < 4);
	FUZZ_CHECK(access->scale < 4 && access->segment <= MOTE_X86_64_GS);
	FUZZ_CHECK(access->stack_change == 0 || access->base == 4);
}

static void check_address(const struct inputs *from, const struct mote_x86_64_access *access)
{
	const uint64_t gva =
		mote_x86_64_access_address(access, &from->regs, from->fs_base, from->gs_base);
	const uint8_t part = mote_x86_64_access_first_bytes(access, gva);

	FUZZ_CHECK(part >= 1 && part <= access->bytes);
	FUZZ_CHECK((gva ^ (gva + part - 1)) < 4096);
	FUZZ_CHECK(part == access->bytes || (gva + part) % 4096 == 0);
	if (access->is_32_bit && access->segment == MOTE_X86_64_FLAT)
		FUZZ_CHECK(gva <= UINT32_MAX);
	if (access->stack_change != 0)
		FUZZ_CHECK(gva - from->regs.rsp ==
			   (access->write ? (uint64_t)(int64_t)access->stack_change : 0));
}

/* A mov that loads differs from the one that stores by a bit of its opcode.  loaded: after it. */
static void check_opposite(const struct inputs *from, const struct mote_x86_64_access *access,
			   const mote_x86_64_regs *loaded)
{
	struct inputs opposite = *from;
	struct mote_x86_64_access store;
	uint64_t mask = access->bytes < 8 ? (1ull << 8 * access->bytes) - 1 : ~0ull;

	for (size_t i = 0; i < access->length; i++) {
		uint8_t *at = &opposite.code[i];

		if (*at == 0x8a || *at == 0x8b || *at == 0xa0 || *at == 0xa1) {
			*at ^= 2;
			FUZZ_CHECK(decode(&opposite, from->bytes, &store));
			FUZZ_CHECK(store.write && store.length == access->length);
			FUZZ_CHECK(mote_x86_64_access_value(&store, loaded) == (from->data & mask));
			return;
		}
		if (*at == 0x0f || *at == 0x63 || (*at & 0xf8) == 0x58)
			return; /* other loads */
	}
	FUZZ_BROKEN("a load by no opcode");
}

static uint64_t *numbered(mote_x86_64_regs *regs, unsigned number)
{
	uint64_t *const registers[] = {
		&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx, &regs->rsp, &regs->rbp,
		&regs->rsi, &regs->rdi, &regs->r8,  &regs->r9,	&regs->r10, &regs->r11,
		&regs->r12, &regs->r13, &regs->r14, &regs->r15,
	};

	return registers[number];
}

/* The register that is loaded is checked by the opposite; no other has changed. */
static void check_retired(const struct inputs *from, const struct mote_x86_64_access *access)
{
	mote_x86_64_regs got = from->regs, expected = from->regs;

	mote_x86_64_access_complete(access, from->data, &got);
	expected.rip += access->length;
	expected.rflags &= ~RF;
	expected.rsp += (uint64_t)(int64_t)access->stack_change;
	if (!access->write) {
		check_opposite(from, access, &got);
		*numbered(&expected, access->register_index) =
			*numbered(&got, access->register_index);
	}
	FUZZ_CHECK(memcmp(&got, &expected, sizeof(got)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct mote_x86_64_access access, other;
	struct inputs inputs = {.bytes = 0};

	take_inputs(&input, &inputs);
	if (!decode(&inputs, inputs.bytes, &access)) {
		check_untouched(&access);
		return 0;
	}
	FUZZ_CHECK(inputs.is_64_bit && access.length <= inputs.bytes);
	check_fields(&access);
	for (size_t bytes = 0; bytes < access.length; bytes++) {
		FUZZ_CHECK(!decode(&inputs, bytes, &other));
		check_untouched(&other);
	}
	FUZZ_CHECK(decode(&inputs, access.length, &other));
	FUZZ_CHECK(other.length == access.length && other.displacement == access.displacement &&
		   other.immediate == access.immediate);
	check_address(&inputs, &access);
	if (access.write && access.bytes < 8)
		FUZZ_CHECK(mote_x86_64_access_value(&access, &inputs.regs) >> 8 * access.bytes ==
			   0);
	check_retired(&inputs, &access);
	return 0;
}
