/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated WinHvEmulation.dll for foreign programs: it does what an exit has left undone, with
 * the program's callbacks.  Port accesses but for strings; of everything else it says, as the real
 * one of what it does not know, that it has failed.  Source: Microsoft, "Windows Hypervisor
 * Platform instruction emulator".
 */
#include <stdlib.h>

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

struct memory_access; /* WHV_EMULATOR_MEMORY_ACCESS_INFO */

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

enum status { /* WHV_EMULATOR_STATUS */
	      DONE = 1 << 0,
	      FAILED = 1 << 1,
	      PORT_FAILED = 1 << 2,
	      SET_FAILED = 1 << 7,
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

/* What a write of so many bytes leaves of a register: 4 clear the rest. */
static uint64_t replace(uint64_t old, uint64_t value, unsigned bytes)
{
	const uint64_t mask = bytes == 8 ? ~0ull : (1ull << 8 * bytes) - 1;

	return bytes >= 4 ? value & mask : (old & ~mask) | (value & mask);
}

WINDOWS mote_whp_result WHvEmulatorTryIoEmulation(const struct emulator *emulator, void *context,
						  const struct vp_context *vp,
						  const struct mote_whp_x64_port *port,
						  uint32_t *status)
{
	static const uint32_t names[] = {MOTE_WHP_X64_RIP, MOTE_WHP_X64_RAX};
	const unsigned bytes = port->information >> 1 & 7, length = vp->length_cr8 & 15;
	struct port_access access = {
		.is_output = port->information & 1, .port = port->port, .bytes = (uint16_t)bytes};
	struct mote_hyperv_value values[2] = {{.low = vp->rip + length}};

	if (length == 0)
		return MOTE_WHP_E_INVALIDARG;
	*status = FAILED;
	if ((bytes != 1 && bytes != 2 && bytes != 4) || port->information >> 4)
		return MOTE_WHP_OK;
	access.data = (uint32_t)replace(0, port->rax, bytes);
	if (emulator->port(context, &access) < 0) {
		*status = PORT_FAILED;
		return MOTE_WHP_OK;
	}
	values[1].low = replace(port->rax, access.data, bytes);
	*status = emulator->set(context, names, access.is_output ? 1 : 2, values) < 0 ? SET_FAILED
										      : DONE;
	return MOTE_WHP_OK;
}

WINDOWS mote_whp_result WHvEmulatorTryMmioEmulation(const struct emulator *emulator, void *context,
						    const struct vp_context *vp,
						    const struct mote_whp_x64_memory *memory,
						    uint32_t *status)
{
	(void)emulator;
	(void)context;
	(void)vp;
	(void)memory;
	*status = FAILED;
	return MOTE_WHP_OK;
}
