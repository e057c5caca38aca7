/* SPDX-License-Identifier: Apache-2.0
 *
 * A VM with memory, page tables and monitor in place, and guest code at its first
 * instruction in user mode: set up as src/hypervisor/sandbox_vm.c does it.
 */
#ifndef MOTE_TESTS_MACHINE_H
#define MOTE_TESTS_MACHINE_H

#include "bed_systems.h"
#include "code.h"
#include "conformance.h"
#include "poor.h"

/* Guest-virtual addresses.  Guest-physical ones are as far from the machine's first, which it
 * reserves for all of them at once; see machine_gpa. */
enum {
	RAM_GVA = 0x10000,
	RAM_BYTES = 0x60000,
	MONITOR_GVA = RAM_GVA,
	TABLES_GVA = 0x18000,
	TABLES_BYTES = 0x10000,
	KERNEL_GVA = 0x28000, /* executable in supervisor mode */
	CODE_GVA = 0x30000,   /* four pages, executable */
	ELSEWHERE_GVA = CODE_GVA + 0x1000,
	DATA_GVA = 0x40000, /* four pages, writable */
	STACK_GVA = 0x50000,
	STACK_TOP_GVA = 0x54000,
	OUTSIDE_GVA = 0x200000, /* two writable pages without memory behind them */
	EXTRA_GVA = 0x400000,	/* four writable pages for a second slot */
	EXTRA_BYTES = 0x4000,
	SPAN_BYTES = 0x1000000, /* of all addresses */
};

struct machine {
	struct mote_hypervisor *hypervisor;
	bool own_hypervisor;
	struct mote_vm *vm;
	uint8_t *ram;
	const struct code *code; /* for CODE_GVA; may be NULL */
	struct mote_page_tables tables;
	struct mote_monitor monitor;
	mote_error error; /* of the last operation that failed */
	const char *what; /* what runs in it, for messages; may be NULL */
};

/* CHECK_EQ that says which machine it was about. */
#define CHECK_IN(machine, actual, expected)                                                        \
	do {                                                                                       \
		if (!CHECK_EQ(actual, expected) && (machine)->what != NULL)                        \
			test_note("in %s", (machine)->what);                                       \
	} while (0)

/* Opens the hypervisor with a table of functions; leaves the case when that fails. */
struct mote_hypervisor *open_hypervisor(const struct mote_system *const *systems);

/* The number of a signal that does nothing but interrupt, if possible the one that kicks; installs
 * its handler.  0 where there are no signals. */
int kick_signal(void);
/* How the backend is opened. */
struct mote_hypervisor_options open_options(const struct mote_system *const *systems);

/* The guest-physical address of a guest-virtual one. */
uint64_t machine_gpa(const struct machine *machine, uint64_t gva);

/* Makes a machine; leaves the case when that fails. */
void machine_make(struct machine *machine, const struct code *code);
void machine_make_with(struct machine *machine, const struct code *code,
		       const struct mote_system *const *systems);
/* The same from steps: memory, then the VM in an open hypervisor, which may fail, and on any
 * thread. */
void machine_prepare(struct machine *machine, const struct code *code);
mote_status machine_create(struct machine *machine, struct mote_hypervisor *hypervisor);
/* Sets the registers, as that does: user code is at its first instruction. */
void machine_start(struct machine *machine);
void machine_destroy(struct machine *machine);

/* Puts code at an address in RAM. */
void machine_put(struct machine *machine, uint64_t gva, const struct code *code);
/* The host's view of RAM. */
void *machine_host(const struct machine *machine, uint64_t gva);

/* Runs until an exit that is not RETRY; leaves the case when the run fails. */
struct mote_vm_exit machine_run(struct machine *machine);
/* Runs, and demands this kind of exit; another one leaves the case. */
struct mote_vm_exit machine_expect(struct machine *machine, enum mote_vm_exit_kind kind);
/* Runs, and demands an exception of user code. */
struct mote_exception machine_expect_exception(struct machine *machine);
/* Runs, and demands that the guest gets to the code_end at an address. */
void machine_expect_end(struct machine *machine, uint64_t gva);
/* The same; gives the registers that user code had there. */
mote_regs machine_regs_at_end(struct machine *machine, uint64_t gva);
/* The exception behind a HALT exit; leaves the case when there is none. */
struct mote_exception machine_exception(struct machine *machine);
/* The registers of user code there. */
mote_regs machine_user_regs(struct machine *machine);

mote_regs machine_regs(struct machine *machine);
void machine_set_regs(struct machine *machine, const mote_regs *regs);
mote_sregs machine_sregs(struct machine *machine);
void machine_set_sregs(struct machine *machine, const mote_sregs *sregs);

/* "HALT" and the like. */
const char *exit_name(enum mote_vm_exit_kind kind);

/* Whether one of the machine's operations succeeds; leaves the case when it does not. */
#define MACHINE_OK(machine, operation, ...)                                                        \
	REQUIRE_OK((machine)->vm->ops->operation((machine)->vm, __VA_ARGS__, &(machine)->error),   \
		   &(machine)->error)
#define MACHINE_RUN(machine, exit)                                                                 \
	REQUIRE_OK(mote_vcpu_run((machine)->vm, exit, &(machine)->error), &(machine)->error)
#define MACHINE_MAP(machine, slot, region)                                                         \
	REQUIRE_OK(mote_vm_map_memory((machine)->vm, slot, region, &(machine)->error),             \
		   &(machine)->error)
#define MACHINE_UNMAP(machine, slot)                                                               \
	REQUIRE_OK(mote_vm_unmap_memory((machine)->vm, slot, &(machine)->error), &(machine)->error)
/* Leaves the case: this hypervisor cannot show it. */
#define MACHINE_SKIP(machine, ...)                                                                 \
	do {                                                                                       \
		machine_destroy(machine);                                                          \
		SKIP(__VA_ARGS__);                                                                 \
	} while (0)
/* This thread is done with the machine, for now. */
#define MACHINE_PARK(machine)                                                                      \
	REQUIRE_OK(mote_vcpu_park((machine)->vm, &(machine)->error), &(machine)->error)
#define MACHINE_RESET(machine)                                                                     \
	REQUIRE_OK(mote_vcpu_reset((machine)->vm, &(machine)->error), &(machine)->error)

#endif
