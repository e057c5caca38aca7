/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated WinHvEmulation.dll for foreign programs: it does what an exit has left undone, with
 * the program's callbacks.  Port accesses, strings too, and plain moves between registers and
 * memory; of everything else it says, as the real one of what it does not know, that it has failed.
 * Source: Microsoft, "Windows Hypervisor Platform instruction emulator".
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor/backends/whp/whp_abi_x86_64.h"

#define WINDOWS __attribute__((ms_abi))

struct vp_context { /* WHV_VP_EXIT_CONTEXT */
	uint16_t state;
	uint8_t length_cr8, zero;
	uint32_t zero_2;
	struct mote_hyperv_x64_segment cs;
	uint64_t rip, rflags;
};
_Static_assert(sizeof(struct vp_context) == 40, "WHV_VP_EXIT_CONTEXT");

struct port_access { /* WHV_EMULATOR_IO_ACCESS_INFO */
	uint8_t is_output;
	uint16_t port, bytes;
	uint32_t data;
};
_Static_assert(sizeof(struct port_access) == 12, "WHV_EMULATOR_IO_ACCESS_INFO");

struct memory_access { /* WHV_EMULATOR_MEMORY_ACCESS_INFO */
	uint64_t gpa;
	uint8_t is_write, bytes, data[8];
};
_Static_assert(sizeof(struct memory_access) == 24, "WHV_EMULATOR_MEMORY_ACCESS_INFO");

struct emulator { /* WHV_EMULATOR_CALLBACKS */
	uint32_t bytes, zero;
	WINDOWS mote_whp_result (*port)(void *context, struct port_access *access);
	WINDOWS mote_whp_result (*memory)(void *context, struct memory_access *access);
	WINDOWS mote_whp_result (*get)(void *context, const uint32_t *names, uint32_t count,
				       struct mote_hyperv_value *values);
	WINDOWS mote_whp_result (*set)(void *context, const uint32_t *names, uint32_t count,
				       const struct mote_hyperv_value *values);
	WINDOWS mote_whp_result (*translate)(void *context, uint64_t gva, uint32_t flags,
					     uint32_t *code, uint64_t *gpa);
};
_Static_assert(sizeof(struct emulator) == 48, "WHV_EMULATOR_CALLBACKS");

/* WHV_EMULATOR_STATUS */
enum status {
	DONE = 1 << 0,
	FAILED = 1 << 1,
	PORT_FAILED = 1 << 2,
	MEMORY_FAILED = 1 << 3,
	TRANSLATE_FAILED = 1 << 4,
	NOT_ALIGNED = 1 << 5,
	GET_FAILED = 1 << 6,
	SET_FAILED = 1 << 7,
};

enum { PAGE_BYTES = 4096, BACKWARDS = 1 << 10 };

/* What is done for one exit. */
struct task {
	const struct emulator *emulator;
	void *context;
	const struct vp_context *vp;
};

WINDOWS mote_whp_result WHvEmulatorCreateEmulator(const struct emulator *callbacks,
						  struct emulator **emulator);
WINDOWS mote_whp_result WHvEmulatorDestroyEmulator(struct emulator *emulator);
WINDOWS mote_whp_result WHvEmulatorTryIoEmulation(const struct emulator *emulator, void *context,
						  const struct vp_context *vp,
						  const struct mote_whp_x64_port *port,
						  uint32_t *status);
WINDOWS mote_whp_result WHvEmulatorTryMmioEmulation(const struct emulator *emulator, void *context,
						    const struct vp_context *vp,
						    const struct mote_whp_x64_memory *memory,
						    uint32_t *status);

WINDOWS mote_whp_result WHvEmulatorCreateEmulator(const struct emulator *callbacks,
						  struct emulator **emulator)
{
	if (!callbacks || !emulator || callbacks->bytes != sizeof(*callbacks) || callbacks->zero)
		return MOTE_WHP_E_INVALIDARG;
	*emulator = malloc(sizeof(**emulator));
	if (!*emulator)
		return MOTE_WHP_E_OUTOFMEMORY;
	**emulator = *callbacks;
	return MOTE_WHP_OK;
}

WINDOWS mote_whp_result WHvEmulatorDestroyEmulator(struct emulator *emulator)
{
	if (!emulator)
		return MOTE_WHP_E_INVALIDARG;
	free(emulator);
	return MOTE_WHP_OK;
}

/* ---- The VP ---------------------------------------------------------------------------------- */

/* How wide addresses are where the code says nothing else. */
static unsigned address_bytes(const struct vp_context *vp)
{
	return vp->cs.attributes >> 13 & 1 ? 8 : vp->cs.attributes >> 14 & 1 ? 4 : 2;
}

static uint64_t mask_of(unsigned bytes)
{
	return bytes == 8 ? ~0ull : (1ull << 8 * bytes) - 1;
}

/* What a write of so many bytes leaves of a register: 4 clear the rest. */
static uint64_t replace(uint64_t old, uint64_t value, unsigned bytes)
{
	const uint64_t mask = mask_of(bytes);

	return bytes >= 4 ? value & mask : (old & ~mask) | (value & mask);
}

static enum status set(const struct task *task, const uint32_t *names, uint32_t count,
		       const struct mote_hyperv_value *values)
{
	return task->emulator->set(task->context, names, count, values) < 0 ? SET_FAILED : DONE;
}

static enum status access_gpa(const struct task *task, uint64_t gpa, bool is_write, unsigned bytes,
			      uint64_t *data)
{
	struct memory_access access = {.gpa = gpa, .is_write = is_write, .bytes = (uint8_t)bytes};

	if (is_write)
		memcpy(access.data, data, sizeof(access.data));
	if (task->emulator->memory(task->context, &access) < 0)
		return MEMORY_FAILED;
	if (!is_write) {
		*data = 0;
		memcpy(data, access.data, bytes);
	}
	return DONE;
}

/* The program translates pages. */
static enum status access_gva(const struct task *task, uint64_t gva, bool is_write, unsigned bytes,
			      uint64_t *data)
{
	const uint64_t offset = gva % PAGE_BYTES;
	uint64_t gpa;
	uint32_t code = 1;

	if (offset + bytes > PAGE_BYTES)
		return FAILED;
	if (task->emulator->translate(task->context, gva - offset,
				      is_write ? MOTE_WHP_TRANSLATE_WRITE : MOTE_WHP_TRANSLATE_READ,
				      &code, &gpa) < 0 ||
	    code != 0)
		return TRANSLATE_FAILED;
	if (gpa % PAGE_BYTES != 0)
		return NOT_ALIGNED;
	return access_gpa(task, gpa + offset, is_write, bytes, data);
}

/* ---- Ports ----------------------------------------------------------------------------------- */

static enum status do_item(const struct task *task, struct port_access *access, uint64_t gva)
{
	enum status status = DONE;
	uint64_t data = 0;

	if (access->is_output)
		status = access_gva(task, gva, false, access->bytes, &data);
	access->data = (uint32_t)data;
	if (status == DONE && task->emulator->port(task->context, access) < 0)
		status = PORT_FAILED;
	data = access->data;
	if (status == DONE && !access->is_output)
		status = access_gva(task, gva, true, access->bytes, &data);
	return status;
}

/* All items at once. */
static enum status do_string(const struct task *task, const struct mote_whp_x64_port *port,
			     struct port_access *access, uint64_t next)
{
	const uint32_t names[] = {MOTE_WHP_X64_RIP,
				  MOTE_WHP_X64_RAX + (access->is_output ? 6u : 7u),
				  MOTE_WHP_X64_RAX + 1};
	const bool is_repeated = port->information >> 5 & 1;
	const unsigned width = address_bytes(task->vp);
	const uint64_t base = access->is_output ? port->ds.base : port->es.base;
	const uint64_t step =
		task->vp->rflags & BACKWARDS ? 0 - (uint64_t)access->bytes : access->bytes;
	uint64_t index = access->is_output ? port->rsi : port->rdi;
	uint64_t count = is_repeated ? port->rcx & mask_of(width) : 1;
	enum status status = DONE;

	for (; count != 0 && status == DONE; count--) {
		status = do_item(task, access, base + (index & mask_of(width)));
		index = replace(index, index + step, width);
	}
	if (status != DONE)
		return status;
	return set(task, names, is_repeated ? 3 : 2,
		   (const struct mote_hyperv_value[]){
			   {.low = next}, {.low = index}, {.low = replace(port->rcx, 0, width)}});
}

static enum status do_port(const struct task *task, const struct mote_whp_x64_port *port)
{
	static const uint32_t names[] = {MOTE_WHP_X64_RIP, MOTE_WHP_X64_RAX};
	const unsigned bytes = port->information >> 1 & 7;
	const uint64_t next = task->vp->rip + (task->vp->length_cr8 & 15);
	struct port_access access = {
		.is_output = port->information & 1, .port = port->port, .bytes = (uint16_t)bytes};

	if (bytes != 1 && bytes != 2 && bytes != 4)
		return FAILED;
	if (port->information >> 4 & 1)
		return do_string(task, port, &access, next);
	access.data = (uint32_t)(port->rax & mask_of(bytes));
	if (task->emulator->port(task->context, &access) < 0)
		return PORT_FAILED;
	return set(task, names, access.is_output ? 1 : 2,
		   (const struct mote_hyperv_value[]){
			   {.low = next}, {.low = replace(port->rax, access.data, bytes)}});
}

WINDOWS mote_whp_result WHvEmulatorTryIoEmulation(const struct emulator *emulator, void *context,
						  const struct vp_context *vp,
						  const struct mote_whp_x64_port *port,
						  uint32_t *status)
{
	if ((vp->length_cr8 & 15) == 0)
		return MOTE_WHP_E_INVALIDARG;
	*status = do_port(&(struct task){emulator, context, vp}, port);
	return MOTE_WHP_OK;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

struct move {
	bool is_store;
	uint32_t name; /* of the register */
	unsigned bytes, length;
};

struct code {
	const uint8_t *bytes;
	unsigned count, next;
};

static uint8_t take(struct code *code)
{
	const unsigned at = code->next++;

	return at < code->count ? code->bytes[at] : 0;
}

/* True, and takes it, if it is a prefix without a part in the length. */
static bool take_segment(struct code *code)
{
	static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

	if (code->next >= code->count ||
	    !memchr(prefixes, code->bytes[code->next], sizeof(prefixes)))
		return false;
	code->next++;
	return true;
}

/* What follows the ModRM byte; where the address is, the exit has said. */
static void skip_address(struct code *code, unsigned modrm, unsigned width)
{
	const unsigned mode = modrm >> 6;
	unsigned base = modrm & 7;

	if (width == 2) {
		code->next += mode == 1 ? 1 : mode == 2 || base == 6 ? 2 : 0;
		return;
	}
	if (base == 4)
		base = take(code) & 7;
	code->next += mode == 1 ? 1 : mode == 2 || base == 5 ? 4 : 0;
}

/* MOV between a register and memory. */
static bool decode(const struct vp_context *vp, struct code *code, struct move *move)
{
	unsigned width = address_bytes(vp), wide = width == 2 ? 2 : 4, rex = 0, operation, modrm;

	for (;;) {
		const unsigned byte = code->next < code->count ? code->bytes[code->next] : 0;

		if (byte == 0x66)
			wide = wide == 2 ? 4 : 2;
		else if (byte == 0x67)
			width = width == 4 ? 2 : 4;
		else if (take_segment(code))
			continue;
		else
			break;
		code->next++;
	}
	operation = take(code);
	if (vp->cs.attributes >> 13 & 1 && operation >> 4 == 4) {
		rex = operation;
		operation = take(code);
	}
	modrm = take(code);
	if (operation < 0x88 || operation > 0x8b || modrm >> 6 == 3)
		return false;
	skip_address(code, modrm, width);
	move->is_store = operation < 0x8a;
	move->bytes = !(operation & 1) ? 1 : rex & 8 ? 8 : wide;
	move->name = MOTE_WHP_X64_RAX + (modrm >> 3 & 7) + (rex & 4 ? 8 : 0);
	move->length = code->next;
	/* Without REX the byte registers 4 to 7 are ah and its like. */
	return code->next <= code->count &&
	       (move->bytes != 1 || rex != 0 || move->name < MOTE_WHP_X64_RAX + 4);
}

static enum status do_memory(const struct task *task, const struct mote_whp_x64_memory *memory)
{
	struct code code = {memory->instruction, memory->instruction_bytes, 0};
	struct move move;
	struct mote_hyperv_value value = {0};
	uint64_t data;
	enum status status;

	if (!decode(task->vp, &code, &move))
		return FAILED;
	if (task->emulator->get(task->context, &move.name, 1, &value) < 0)
		return GET_FAILED;
	data = value.low & mask_of(move.bytes);
	status = access_gpa(task, memory->gpa, move.is_store, move.bytes, &data);
	if (status != DONE)
		return status;
	return set(
		task, (const uint32_t[]){MOTE_WHP_X64_RIP, move.name}, move.is_store ? 1 : 2,
		(const struct mote_hyperv_value[]){{.low = task->vp->rip + move.length},
						   {.low = replace(value.low, data, move.bytes)}});
}

WINDOWS mote_whp_result WHvEmulatorTryMmioEmulation(const struct emulator *emulator, void *context,
						    const struct vp_context *vp,
						    const struct mote_whp_x64_memory *memory,
						    uint32_t *status)
{
	*status = do_memory(&(struct task){emulator, context, vp}, memory);
	return MOTE_WHP_OK;
}
