/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes up instructions: prefixes, opcodes of every map (VEX, EVEX and XOP
 * included), operands; idioms that reach what an opcode alone does not; and bytes
 * flipped afterwards.  Intel SDM volume 2, chapter 2 and appendix A; AMD APM volume 3.
 */
#include <stdbool.h>
#include <string.h>

#include <mote/abi.h>

#include "guest_image.h"
#include "instructions.h"

uint64_t prng_next(struct prng *prng)
{
	prng->state ^= prng->state >> 12;
	prng->state ^= prng->state << 25;
	prng->state ^= prng->state >> 27;
	return prng->state * 0x2545f4914f6cdd1dull;
}

uint32_t prng_below(struct prng *prng, uint32_t limit)
{
	return (uint32_t)((prng_next(prng) >> 32) * limit >> 32);
}

struct writer {
	struct prng *prng;
	const struct guest_map *map;
	uint8_t *bytes;
	size_t length;
};

static void put(struct writer *writer, const void *bytes, size_t count)
{
	if (writer->length + count > CASE_MAXIMUM_CODE)
		return;
	memcpy(writer->bytes + writer->length, bytes, count);
	writer->length += count;
}

static void put8(struct writer *writer, uint32_t byte)
{
	uint8_t value = (uint8_t)byte;

	put(writer, &value, 1);
}

static void put32(struct writer *writer, uint32_t value)
{
	put(writer, &value, sizeof(value));
}

static uint32_t below(struct writer *writer, uint32_t limit)
{
	return prng_below(writer->prng, limit);
}

static void put_random(struct writer *writer, uint32_t count)
{
	while (count-- > 0)
		put8(writer, below(writer, 256));
}

/* ---- Operands ---------------------------------------------------------------------------- */

/* An address that something is at, as a 32-bit displacement. */
static uint32_t any_address(struct writer *writer)
{
	const uint64_t places[] = {
		GUEST_DATA,
		GUEST_DATA,
		GUEST_DATA + 0x1000,
		GUEST_CODE,
		GUEST_TABLES,
		writer->map->stack,
		writer->map->stack_end,
		writer->map->mailbox,
		writer->map->mailbox + 4096,
		writer->map->heap,
		writer->map->monitor,
		writer->map->tables,
		writer->map->end,
		0,
		0xffffffff,
	};
	uint32_t place = (uint32_t)places[below(writer, sizeof(places) / sizeof(places[0]))];

	return place + (below(writer, 3) ? below(writer, 64) * 16 : below(writer, 4096));
}

/* ModRM, SIB, displacement; mostly of one of the forms that mean memory. */
static void put_operands(struct writer *writer, uint32_t register_field)
{
	uint32_t form = below(writer, 8), reg = register_field << 3;

	if (form < 2) { /* register */
		put8(writer, 0xc0 | reg | below(writer, 8));
	} else if (form < 4) { /* [disp32] */
		put8(writer, 0x04 | reg);
		put8(writer, 0x25);
		put32(writer, any_address(writer));
	} else if (form == 4) { /* [register + disp8] */
		put8(writer, 0x40 | reg | below(writer, 8));
		put_random(writer, 1);
	} else if (form == 5) { /* [base + index * scale], what VSIB takes as well */
		put8(writer, 0x04 | reg);
		put8(writer, below(writer, 256));
		if ((writer->bytes[writer->length - 1] & 7) == 5)
			put32(writer, any_address(writer));
	} else if (form == 6) { /* [rip + disp32] */
		put8(writer, 0x05 | reg);
		put32(writer, below(writer, 2) ? GUEST_DATA - GUEST_CODE : below(writer, 4096));
	} else {
		put_random(writer, 1 + below(writer, 6));
	}
}

static void put_immediate(struct writer *writer)
{
	static const uint8_t lengths[] = {0, 0, 0, 1, 1, 2, 4, 8};

	put_random(writer, lengths[below(writer, 8)]);
}

/* ---- Opcodes ----------------------------------------------------------------------------- */

static void put_prefixes(struct writer *writer)
{
	static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e,
					   0x36, 0x3e, 0x26, 0x64, 0x65, 0x66};

	for (uint32_t count = below(writer, 16); count >= 11; count--)
		put8(writer, prefixes[below(writer, sizeof(prefixes))]);
	if (below(writer, 3) == 0)
		put8(writer, 0x40 | below(writer, 16));
}

static void put_opcode(struct writer *writer)
{
	put_prefixes(writer);
	switch (below(writer, 8)) {
	case 0:
	case 1:
		break;
	case 2:
		put8(writer, 0x0f);
		put8(writer, 0x38);
		break;
	case 3:
		put8(writer, 0x0f);
		put8(writer, 0x3a);
		break;
	default:
		put8(writer, 0x0f);
	}
	put_random(writer, 1);
	put_operands(writer, below(writer, 8));
	put_immediate(writer);
}

static void put_vex(struct writer *writer)
{
	if (below(writer, 4) == 0)
		put8(writer, 0x66);
	if (below(writer, 2)) {
		put8(writer, 0xc5);
		put_random(writer, 1);
	} else {
		put8(writer, 0xc4);
		put8(writer, (below(writer, 8) << 5) | (1 + below(writer, 3)));
		put_random(writer, 1);
	}
	put_random(writer, 1);
	put_operands(writer, below(writer, 8));
	if (below(writer, 2))
		put_random(writer, 1);
}

static void put_evex(struct writer *writer)
{
	put8(writer, 0x62);
	put8(writer, (below(writer, 16) << 4) |
			     (below(writer, 4) ? 1 + below(writer, 3) : below(writer, 8)));
	put8(writer, below(writer, 256) | 4);
	put_random(writer, 2);
	put_operands(writer, below(writer, 8));
	if (below(writer, 2))
		put_random(writer, 1);
}

/* AMD's XOP and 3DNow. */
static void put_amd(struct writer *writer)
{
	if (below(writer, 2)) {
		put8(writer, 0x8f);
		put8(writer, (below(writer, 8) << 5) | (8 + below(writer, 3)));
		put_random(writer, 2);
		put_operands(writer, below(writer, 8));
		put_random(writer, below(writer, 5));
	} else {
		put8(writer, 0x0f);
		put8(writer, 0x0f);
		put_operands(writer, below(writer, 8));
		put_random(writer, 1);
	}
}

/* ---- Instructions with a history --------------------------------------------------------- */

/* clang-format off */
#define CODE(...) {sizeof((const uint8_t[]){__VA_ARGS__}), {__VA_ARGS__}}

static const struct {
	uint8_t length, bytes[10];
} known[] = {
	CODE(0xe7, 0x50), CODE(0xe7, 0x54), CODE(0xe7, 0x58), CODE(0xe7, 0x5c), CODE(0xe6, 0x50),
	CODE(0x66, 0xe7, 0x50), CODE(0xe5, 0x50), CODE(0xe4, 0x54), CODE(0xe7, 0x51), CODE(0xef),
	CODE(0xee), CODE(0xed), CODE(0x6f), CODE(0x6d), CODE(0xf3, 0x6f), CODE(0xf3, 0x6d),
	CODE(0xf3, 0x67, 0x6f), CODE(0xe7, 0x80), CODE(0xe6, 0x70), CODE(0xcc), CODE(0xf1),
	CODE(0xcd, 0x80), CODE(0xcd, 3), CODE(0xcd, 2), CODE(0xcd, 14), CODE(0xce),
	CODE(0x0f, 0x05), CODE(0x0f, 0x34), CODE(0x0f, 0x07), CODE(0x0f, 0x35),
	CODE(0x48, 0x0f, 0x07), CODE(0x48, 0xcf), CODE(0xcf), CODE(0xcb), CODE(0x48, 0xcb),
	CODE(0xca, 8, 0), CODE(0x9d), CODE(0xf4), CODE(0xfa), CODE(0xfb), CODE(0x0f, 0x0b),
	CODE(0x0f, 0xff, 0xc0), CODE(0x0f, 0x06), CODE(0x8e, 0xd0), CODE(0x8e, 0xd8),
	CODE(0x8e, 0xe0), CODE(0x8e, 0xe8), CODE(0x0f, 0xa9), CODE(0x0f, 0xa1),
	CODE(0x0f, 0xb2, 0x20), CODE(0x0f, 0x01, 0xf8), CODE(0x0f, 0x00, 0xd0),
	CODE(0x0f, 0x00, 0xd8), CODE(0x0f, 0x02, 0xc0), CODE(0x0f, 0x03, 0xc0),
	CODE(0x0f, 0x00, 0xe0), CODE(0x0f, 0x20, 0xc0), CODE(0x0f, 0x22, 0xd8),
	CODE(0x0f, 0x22, 0xe0), CODE(0x44, 0x0f, 0x22, 0xc0), CODE(0x0f, 0x23, 0xf8),
	CODE(0x0f, 0x21, 0xf8), CODE(0x0f, 0x30), CODE(0x0f, 0x32), CODE(0x0f, 0x33),
	CODE(0x0f, 0x31), CODE(0x0f, 0x01, 0xf9), CODE(0x0f, 0xa2), CODE(0x0f, 0x01, 0xd0),
	CODE(0x0f, 0x01, 0xd1), CODE(0x0f, 0x01, 0xc1), CODE(0x0f, 0x01, 0xd9),
	CODE(0x0f, 0x01, 0xd8), CODE(0x0f, 0x01, 0xda), CODE(0x0f, 0x01, 0xdb),
	CODE(0x0f, 0x01, 0xdc), CODE(0x0f, 0x01, 0xdd), CODE(0x0f, 0x01, 0xde),
	CODE(0x0f, 0x01, 0xdf), CODE(0x0f, 0x01, 0xc2), CODE(0x0f, 0x01, 0xc3),
	CODE(0x0f, 0x01, 0xc4), CODE(0x0f, 0x01, 0xc8), CODE(0x0f, 0x01, 0xc9),
	CODE(0x0f, 0x01, 0xfa), CODE(0x0f, 0x01, 0xfb), CODE(0x0f, 0x01, 0xca),
	CODE(0x0f, 0x01, 0xcb), CODE(0x0f, 0x01, 0xee), CODE(0x0f, 0x01, 0xef),
	CODE(0x0f, 0x01, 0xfc), CODE(0x0f, 0x01, 0xfd), CODE(0x0f, 0x01, 0xfe),
	CODE(0x0f, 0x01, 0xff), CODE(0x0f, 0x01, 0xd4), CODE(0x0f, 0x01, 0xd5),
	CODE(0x0f, 0x01, 0xd6), CODE(0x0f, 0x01, 0xcf), CODE(0x0f, 0x01, 0xd7),
	CODE(0x0f, 0x01, 0xc0), CODE(0x0f, 0x01, 0xe8), CODE(0x0f, 0x01, 0xe9), CODE(0x0f, 0x37),
	CODE(0x0f, 0x08), CODE(0x0f, 0x09), CODE(0xf3, 0x0f, 0x09), CODE(0x0f, 0x0e),
	CODE(0xf3, 0x48, 0x0f, 0xae, 0xd0), CODE(0xf3, 0x48, 0x0f, 0xae, 0xd8),
	CODE(0xf3, 0x48, 0x0f, 0xae, 0xc0), CODE(0xf3, 0x48, 0x0f, 0xae, 0xe8),
	CODE(0x66, 0x0f, 0xae, 0xf0), CODE(0xf2, 0x0f, 0xae, 0xf0), CODE(0xf3, 0x0f, 0xae, 0xf0),
	CODE(0x0f, 0xae, 0xe8), CODE(0xf3, 0x0f, 0x1e, 0xfa), CODE(0xf3, 0x0f, 0x01, 0xea),
	CODE(0xf3, 0x0f, 0x01, 0xe8), CODE(0xc7, 0xf8, 0, 0, 0, 0), CODE(0xc6, 0xf8, 1),
	CODE(0x0f, 0xc7, 0xf0), CODE(0x0f, 0xc7, 0xf8), CODE(0xf3, 0x0f, 0xc7, 0xf8),
	CODE(0xf0, 0x0f, 0xc7, 0xc8), CODE(0xf3, 0x90), CODE(0xeb, 0xfe),
	CODE(0xf3, 0x90, 0xeb, 0xfc), CODE(0xe2, 0xfe), CODE(0xe3, 0xfe), CODE(0x0f, 0x77),
	CODE(0xc5, 0xf8, 0x77), CODE(0xc5, 0xfc, 0x77), CODE(0xdb, 0xe3), CODE(0xdb, 0xe2),
	CODE(0x9b), CODE(0xd9, 0xeb), CODE(0xde, 0xf9), CODE(0xd9, 0xfe),
	CODE(0xc8, 0xff, 0xff, 31), CODE(0xc9), CODE(0x48, 0x0f, 0xc7, 0x08),
	CODE(0xf0, 0x48, 0x0f, 0xc7, 0x0b), CODE(0xf3, 0xa4), CODE(0xf3, 0x48, 0xab),
	CODE(0xfd, 0xf3, 0xaa), CODE(0xf2, 0xae), CODE(0xf3, 0xa6), CODE(0xf3, 0xac),
	CODE(0xc4, 0xe2, 0x7b, 0x49, 0xc0), CODE(0xc4, 0xe2, 0x78, 0x49, 0x00),
	CODE(0x41, 0xff, 0xe0), CODE(0xff, 0xd0), CODE(0x48, 0xff, 0x28), CODE(0x48, 0xff, 0x18),
	CODE(0xc3), CODE(0x0f, 0xb9, 0xc0), CODE(0x06), CODE(0x9a, 0, 0, 0, 0, 8, 0), CODE(0xf8),
	CODE(0xd6), CODE(0x82, 0, 0),
};
/* clang-format on */

static void put_known(struct writer *writer)
{
	uint32_t index = below(writer, sizeof(known) / sizeof(known[0]));

	if (below(writer, 6) == 0)
		put_prefixes(writer);
	put(writer, known[index].bytes, known[index].length);
}

/* The groups behind 0f 00, 01, ae, c7, 18, 0d and 1c: system instructions and saved state. */
static void put_group(struct writer *writer)
{
	static const uint8_t opcodes[] = {0x00, 0x01, 0xae, 0xae, 0xc7,
					  0xc7, 0x18, 0x0d, 0x1c, 0xba};

	put_prefixes(writer);
	put8(writer, 0x0f);
	put8(writer, opcodes[below(writer, sizeof(opcodes))]);
	put_operands(writer, below(writer, 8));
}

/* ---- Idioms ------------------------------------------------------------------------------ */

/* movl $value, address */
static void put_store(struct writer *writer, uint32_t address, uint32_t value)
{
	put8(writer, 0xc7);
	put8(writer, 0x04);
	put8(writer, 0x25);
	put32(writer, address);
	put32(writer, value);
}

static uint32_t edge(struct writer *writer)
{
	static const uint32_t values[] = {0,  1,    2,	  3,	8,	    9,
					  16, 4095, 4096, 4097, 0x7fffffff, 0xffffffff};

	return below(writer, 3) ? values[below(writer, sizeof(values) / sizeof(values[0]))]
				: below(writer, 8192);
}

/* A value in the mailbox: type, length, offset. */
static void put_value(struct writer *writer, uint32_t at, uint32_t type)
{
	if (below(writer, 12) == 0)
		type = edge(writer);
	put_store(writer, at, type);
	put_store(writer, at + 4, below(writer, 3) ? below(writer, 64) : edge(writer));
	put_store(writer, at + 8, below(writer, 3) ? below(writer, 64) : edge(writer));
}

/* A mailbox that is nearly right, and a doorbell. */
static void put_doorbell(struct writer *writer)
{
	uint32_t mailbox = (uint32_t)writer->map->mailbox;
	uint32_t call = mailbox + offsetof(struct mote_abi_mailbox, call);
	uint32_t host_call = mailbox + offsetof(struct mote_abi_mailbox, host_call);
	uint32_t message = mailbox + offsetof(struct mote_abi_mailbox, message);

	switch (below(writer, 4)) {
	case 0:
		put_value(writer, call + offsetof(struct mote_abi_call, result), MOTE_TYPE_BYTES);
		put8(writer, 0xe7);
		put8(writer, MOTE_ABI_PORT_READY);
		break;
	case 1:
		put_store(writer, host_call, below(writer, 8) ? 0 : edge(writer));
		put_store(writer, host_call + 4, below(writer, 8) ? 3 : edge(writer));
		put_value(writer, host_call + 24, MOTE_TYPE_STRING);
		put_value(writer, host_call + 40, MOTE_TYPE_BYTES);
		put_value(writer, host_call + 56, MOTE_TYPE_U32);
		put8(writer, 0xe7);
		put8(writer, MOTE_ABI_PORT_HOST_CALL);
		break;
	default:
		put_store(writer, message, 1 + below(writer, 5));
		put_store(writer, message + 4, edge(writer));
		put8(writer, 0xe7);
		put8(writer, below(writer, 4) ? MOTE_ABI_PORT_LOG : MOTE_ABI_PORT_ABORT);
	}
}

/* push selector, push address, then a far return; or a whole frame and iretq. */
static void put_far(struct writer *writer)
{
	static const uint8_t selectors[] = {0x00, 0x03, 0x08, 0x0b, 0x10, 0x13,
					    0x23, 0x2b, 0x33, 0x40, 0x43};
	uint32_t words = below(writer, 2) ? 2 : 5;

	for (uint32_t i = 0; i < words; i++) {
		bool selector = words == 2 ? i == 0 : i == 0 || i == 3;

		put8(writer, 0x68);
		if (selector)
			put32(writer, selectors[below(writer, sizeof(selectors))]);
		else if (words == 5 && i == 2)
			put32(writer, below(writer, 2) ? 2 : (uint32_t)prng_next(writer->prng));
		else
			put32(writer, any_address(writer));
	}
	put8(writer, 0x48);
	put8(writer, words == 2 ? 0xcb : 0xcf);
}

/* xrstor and its kind, of an area made of whatever is in the data. */
static void put_state(struct writer *writer)
{
	static const uint8_t codes[][3] = {
		{0x0f, 0xae, 0x2c}, {0x0f, 0xae, 0x24}, {0x0f, 0xae, 0x34}, {0x0f, 0xc7, 0x24},
		{0x0f, 0xc7, 0x2c}, {0x0f, 0xc7, 0x1c}, {0x0f, 0xae, 0x0c}, {0x0f, 0xae, 0x04},
		{0x0f, 0xae, 0x14}, {0x0f, 0xae, 0x1c},
	};
	uint32_t area = GUEST_DATA + 0x1000 + 64 * below(writer, 4);

	/* XSTATE_BV and XCOMP_BV of the header. */
	put_store(writer, area + 512, below(writer, 4) ? below(writer, 256) : edge(writer));
	if (below(writer, 3) == 0)
		put_store(writer, area + 520 + 4 * below(writer, 4), edge(writer));
	put8(writer, 0xb8); /* mov $mask, %eax; xor %edx, %edx */
	put32(writer, below(writer, 2) ? 0xffffffff : below(writer, 1024));
	put8(writer, 0x31);
	put8(writer, 0xd2);
	if (below(writer, 2))
		put8(writer, 0x48);
	put(writer, codes[below(writer, sizeof(codes) / sizeof(codes[0]))], 3);
	put8(writer, 0x25);
	put32(writer, area + (below(writer, 8) == 0));
}

/* ---- The case ---------------------------------------------------------------------------- */

static void put_instruction(struct writer *writer)
{
	uint32_t choice = below(writer, 100);

	if (choice < 34)
		put_opcode(writer);
	else if (choice < 46)
		put_vex(writer);
	else if (choice < 54)
		put_evex(writer);
	else if (choice < 58)
		put_amd(writer);
	else if (choice < 76)
		put_known(writer);
	else if (choice < 84)
		put_group(writer);
	else if (choice < 90)
		put_doorbell(writer);
	else if (choice < 93)
		put_far(writer);
	else if (choice < 97)
		put_state(writer);
	else
		put_random(writer, 1 + below(writer, 15));
}

size_t instructions_generate(struct prng *prng, const struct guest_map *map, uint8_t *bytes)
{
	struct writer writer = {.prng = prng, .map = map, .bytes = bytes + CASE_CODE};
	uint64_t seed = prng_next(prng);
	uint32_t count = 1 + prng_below(prng, prng_below(prng, 4) ? 6 : 16);

	bytes[CASE_FLAGS] = (uint8_t)prng_next(prng);
	/* An endless loop costs a whole deadline. */
	if (prng_below(prng, 4))
		bytes[CASE_FLAGS] &= (uint8_t) ~(CASE_LOOP | CASE_READY | CASE_CPU);
	bytes[CASE_RFLAGS] = (uint8_t)prng_next(prng);
	memcpy(bytes + CASE_SEED, &seed, sizeof(seed));
	while (count-- > 0)
		put_instruction(&writer);
	if (prng_below(prng, 8) == 0)
		for (uint32_t flips = 1 + prng_below(prng, 4); flips > 0; flips--)
			writer.bytes[prng_below(prng, (uint32_t)writer.length)] ^=
				(uint8_t)(1u << prng_below(prng, 8));
	return CASE_CODE + writer.length;
}
