/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of a case: registers and flags as its seed says, then its code.
 */
#include <string.h>

#include <mote/abi.h>

#include "instructions.h"

struct emitter {
	uint8_t *code;
	size_t at;
};

static void emit(struct emitter *emitter, const void *bytes, size_t count)
{
	memcpy(emitter->code + emitter->at, bytes, count);
	emitter->at += count;
}

static void emit8(struct emitter *emitter, unsigned byte)
{
	emitter->code[emitter->at++] = (uint8_t)byte;
}

static void emit32(struct emitter *emitter, uint32_t value)
{
	emit(emitter, &value, sizeof(value));
}

static void emit_jump(struct emitter *emitter, size_t target)
{
	emit8(emitter, 0xe9);
	emit32(emitter, (uint32_t)(target - (emitter->at + 4)));
}

/* What a register may hold: an address that means something, a small or a large number, anything.
 */
static uint64_t register_value(struct prng *prng, const struct guest_map *map)
{
	const uint64_t places[] = {
		GUEST_DATA,
		GUEST_DATA,
		GUEST_DATA,
		map->stack,
		map->stack_end,
		GUEST_CODE,
		GUEST_TABLES,
		map->mailbox,
		map->mailbox + 4096,
		map->mailbox + 8192,
		map->thread,
		map->heap,
		map->monitor,
		map->monitor + 4096,
		map->monitor + 8192,
		map->tables,
		map->end,
		0,
		0x7ffffffff000,
		0x800000000000,
		0xffff800000000000,
		0xffffffff81000000,
		0xfee00000,
	};

	switch (prng_below(prng, 8)) {
	case 0:
		return prng_next(prng);
	case 1:
		return prng_below(prng, 256);
	case 2:
		return (uint64_t)0 - prng_below(prng, 64);
	case 3:
		return 0x50 + 4 * prng_below(prng, 4);
	default:
		return places[prng_below(prng, sizeof(places) / sizeof(places[0]))] +
		       (prng_below(prng, 2) ? prng_below(prng, 4096) : 0);
	}
}

static uint32_t flags_value(struct prng *prng, uint8_t kind)
{
	static const uint32_t values[] = {0x002, 0x402,	 0x40002, 0x102,    0x4002,
					  0x8d7, 0x3202, 0x10002, 0x200002, 0x20002};

	if (kind < 160)
		return 2;
	return kind < 240 ? values[kind % 10] : (uint32_t)prng_next(prng);
}

static void emit_vectors(struct emitter *emitter)
{
	for (unsigned i = 0; i < 16; i++) { /* movups DATA+16*i, %xmm<i> */
		if (i >= 8)
			emit8(emitter, 0x44);
		emit8(emitter, 0x0f);
		emit8(emitter, 0x10);
		emit8(emitter, 0x04 | (i & 7) << 3);
		emit8(emitter, 0x25);
		emit32(emitter, GUEST_DATA + 16 * i);
	}
}

/* ldmxcsr and fldcw of words in the data, which instructions_prepare makes valid. */
static void emit_control_words(struct emitter *emitter)
{
	static const uint8_t load[] = {0x0f, 0xae, 0x14, 0x25, 0x00, 0x0f, 0x0a, 0x00,
				       0xd9, 0x2c, 0x25, 0x04, 0x0f, 0x0a, 0x00};

	_Static_assert(GUEST_DATA == 0xa0000, "");
	emit(emitter, load, sizeof(load));
}

/* General registers; rsp last, behind the flags, which need a stack. */
static void emit_registers(struct emitter *emitter, struct prng *prng, const struct guest_map *map,
			   uint8_t rflags)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned number = i == 15 ? 4 : i < 4 ? i : i + 1;
		uint64_t value = register_value(prng, map);

		if (number == 4) {
			emit8(emitter, 0x68);
			emit32(emitter, flags_value(prng, rflags));
			emit8(emitter, 0x9d);
			if (prng_below(prng, 2))
				value = map->stack_end - 256;
		}
		emit8(emitter, number >= 8 ? 0x49 : 0x48);
		emit8(emitter, 0xb8 + (number & 7));
		emit(emitter, &value, sizeof(value));
	}
}

/* Writes the case's code and data into the image. */
void instructions_prepare(struct guest_image *image, const struct guest_map *map,
			  const uint8_t *bytes, size_t length)
{
	struct emitter emitter = {image->code, 0};
	struct prng prng = {1};
	uint8_t flags = bytes[CASE_FLAGS];
	size_t code_bytes = length - CASE_CODE, begin;
	uint32_t mxcsr;
	uint16_t control;

	memcpy(&prng.state, bytes + CASE_SEED, sizeof(prng.state));
	prng.state |= 1;
	memset(image->code, 0xcc, sizeof(image->code));
	for (size_t i = 0; i < sizeof(image->data); i += 8) {
		uint64_t value = i % 64 ? prng_next(&prng) : register_value(&prng, map);

		memcpy(image->data + i, &value, 8);
	}
	mxcsr = (uint32_t)prng_next(&prng) & 0xffff;
	control = (uint16_t)prng_next(&prng);
	memcpy(image->data + 0xf00, &mxcsr, sizeof(mxcsr));
	memcpy(image->data + 0xf04, &control, sizeof(control));
	if (flags & CASE_VECTORS)
		emit_vectors(&emitter);
	if (flags & CASE_X87)
		emit_control_words(&emitter);
	emit_registers(&emitter, &prng, map, bytes[CASE_RFLAGS]);
	begin = flags & CASE_PAGE_END ? GUEST_CODE_BYTES - code_bytes : emitter.at + 5;
	emit_jump(&emitter, begin);
	emitter.at = begin;
	emit(&emitter, bytes + CASE_CODE, code_bytes);
	if (flags & CASE_PAGE_END)
		return;
	if (flags & CASE_READY) {
		emit8(&emitter, 0xe7);
		emit8(&emitter, MOTE_ABI_PORT_READY);
	}
	if (flags & (CASE_READY | CASE_LOOP))
		emit_jump(&emitter, begin);
	emit8(&emitter, 0x0f);
	emit8(&emitter, 0x0b);
}
