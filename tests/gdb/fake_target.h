/* SPDX-License-Identifier: Apache-2.0
 *
 * A pretended guest for tests of the debugger's protocol: a piece of memory, registers of either
 * architecture, and a program whose every eighth instruction adds one to a counter in memory.
 */
#ifndef MOTE_TESTS_FAKE_TARGET_H
#define MOTE_TESTS_FAKE_TARGET_H

#include "hypervisor/gdb/target.h"

#define FAKE_BASE 0x400000ull
#define FAKE_CODE 0x401000ull	 /* where the program begins, */
#define FAKE_COUNTER 0x402000ull /* a 32-bit number, */
#define FAKE_STACK 0x403f00ull
#define FAKE_THREAD 0x403000ull
enum { FAKE_BYTES = 0x4000, FAKE_POINTS = 16, FAKE_INSTRUCTIONS = 64, FAKE_STORE_EVERY = 8 };

struct fake_point {
	enum mote_gdb_point point;
	uint64_t address, bytes;
};

struct fake_target {
	struct mote_gdb_guest guest;
	bool stops_before_access; /* as aarch64 does */
	unsigned instruction_bytes;
	bool is_endless; /* the program begins again at its end, instead of ending the guest */
	bool fails;	 /* whatever it is asked */

	uint8_t memory[FAKE_BYTES];
	uint8_t values[MOTE_GDB_VALUE_BYTES];
	uint64_t auxv[8];
	struct fake_point points[FAKE_POINTS];
	size_t point_count;

	_Atomic bool has_stopped; /* take_stop has something to tell */
	bool is_running;
	struct mote_gdb_stop stop;
	struct mote_gdb_resume resume; /* the last one */
	unsigned attached, detached, killed, broken_in;
	_Atomic unsigned resumed, performed;
	_Atomic bool keeps_waiting; /* an answer takes as long as this is set */
};

extern const struct mote_gdb_target fake_target_functions;

/* avx: of x86_64 only. */
void fake_target_x86_64(struct fake_target *fake, bool avx);
void fake_target_aarch64(struct fake_target *fake);

uint64_t fake_register(const struct fake_target *fake, unsigned number);
void fake_set_register(struct fake_target *fake, unsigned number, uint64_t value);

/* The guest stops, or ends, as if by itself.  Any thread, while the session waits. */
void fake_stop(struct fake_target *fake, enum mote_gdb_stop_kind kind, enum mote_gdb_signal signal);

#endif
