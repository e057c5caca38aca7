/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest code, as bytes: what it does is the same on every architecture, how it
 * does it stands in code_<architecture>.c.
 */
#ifndef MOTE_TESTS_CODE_H
#define MOTE_TESTS_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "hypervisor/arch/arch.h"
#include "hypervisor/virtual_machine.h"

struct code {
	uint8_t bytes[256];
	size_t length;
};

/* The ports that the monitor opens to user code, 4 bytes each. */
#define CODE_PORT 0x50
#define CODE_OTHER_PORT 0x54

/* An undefined instruction: where test programs end. */
extern const struct code code_end;
/* Returns to the caller. */
extern const struct code code_return;
/* Rings CODE_PORT for ever; once, then ends; loops without an exit. */
extern const struct code code_doorbell_loop, code_doorbell, code_spin;
/* Rings CODE_PORT three times, without an instruction in between; then ends. */
extern const struct code code_doorbells;
/* Halts; in supervisor mode that is an exit. */
extern const struct code code_halt;
/* For ever: stores the value register to the address register's target and rings; loads; calls. */
extern const struct code code_store_loop, code_load_loop, code_call_loop;
/* Counts the value register up without an exit. */
extern const struct code code_count;

/* The register that accesses carry their value in; the one that addresses are taken from. */
uint64_t *code_value(mote_regs *regs);
uint64_t *code_address(mote_regs *regs);

/* One instruction that leaves the guest. */
struct code_access {
	const char *name;
	enum mote_vm_exit_kind exit;
	uint8_t size;
	uint64_t target; /* port or guest-physical address */
	struct code code;
	uint64_t stack; /* stack pointer before it; 0: any */
};

extern const struct code_access code_accesses[];
extern const size_t code_access_count;

/* Whether exits carry an access's size and value; if not, it does not retire. */
bool code_is_described(const struct code_access *access,
		       const struct mote_capabilities *capabilities);

/* Sets the registers that an access needs. */
void code_prepare(const struct code_access *access, mote_regs *regs);

/* The value register after a read of size bytes gave `value` where `before` stood. */
uint64_t code_read_result(const struct code_access *access, uint64_t before, uint64_t value);

/* Makes the vCPU, with the system registers that monitor_start gives, execute user code at pc. */
void code_enter_user(mote_regs *regs, uint64_t pc);

/* Makes the vCPU execute supervisor code at pc.  regs, sregs: as monitor_start leaves them. */
void code_enter_supervisor(mote_regs *regs, mote_sregs *sregs, uint64_t pc);

/* Makes a machine whose next run ends in a shutdown. */
struct machine;
void code_make_shutdown(struct machine *machine);

/* Whether an exception is that of code_end. */
bool code_is_end(const struct mote_exception *exception);

#endif
