/* SPDX-License-Identifier: Apache-2.0
 *
 * What a debugger's session needs of a guest: a table of functions, and what never changes about
 * the guest.  The session knows the protocol, the target knows the guest; neither knows the other's
 * subject.
 *
 * Threads: the server's own thread calls attach, detach, break_in, take_stop and perform.  It calls
 * all others inside perform only, with the guest stopped: on the thread that may touch the guest.
 */
#ifndef MOTE_HYPERVISOR_GDB_TARGET_H
#define MOTE_HYPERVISOR_GDB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/arch/gdb_registers.h"

/* gdb's numbers of signals, which are its own. */
enum mote_gdb_signal {
	MOTE_GDB_SIGNAL_NONE = 0,
	MOTE_GDB_SIGINT = 2,
	MOTE_GDB_SIGILL = 4,
	MOTE_GDB_SIGTRAP = 5,
	MOTE_GDB_SIGABRT = 6,
	MOTE_GDB_SIGFPE = 8,
	MOTE_GDB_SIGKILL = 9,
	MOTE_GDB_SIGBUS = 10,
	MOTE_GDB_SIGSEGV = 11,
};

/* What a packet that failed is answered with: error numbers as Linux has them. */
enum mote_gdb_result {
	MOTE_GDB_OK = 0,
	MOTE_GDB_FAILED = 5,	  /* the hypervisor said so, or the guest has ended */
	MOTE_GDB_NO_MEMORY = 14,  /* no memory of the guest's there */
	MOTE_GDB_REFUSED = 22,	  /* a value that a debugger may not set, or no sense */
	MOTE_GDB_TABLE_FULL = 28, /* too many breakpoints */
};

/* The numbers of Z and z packets. */
enum mote_gdb_point {
	MOTE_GDB_BREAKPOINT = 0,
	MOTE_GDB_HARDWARE_BREAKPOINT = 1,
	MOTE_GDB_WATCH_WRITE = 2,
	MOTE_GDB_WATCH_READ = 3,
	MOTE_GDB_WATCH_ACCESS = 4,
};

enum mote_gdb_stop_kind {
	MOTE_GDB_STOP_SIGNAL,	  /* a fault, a step that is over, a break-in, a trap of its own */
	MOTE_GDB_STOP_BREAKPOINT, /* a breakpoint of the debugger's at pc */
	MOTE_GDB_STOP_WATCH,	  /* a watchpoint */
	MOTE_GDB_STOP_EXITED,	  /* the sandbox is no more */
	MOTE_GDB_STOP_TERMINATED, /* the guest ended, by signal */
};

struct mote_gdb_stop {
	enum mote_gdb_stop_kind kind;
	enum mote_gdb_signal signal;
	enum mote_gdb_point watch; /* STOP_WATCH: which kind, */
	uint64_t watch_address;	   /* and the address that was accessed */
	uint64_t pc, sp;
	int32_t code;		/* siginfo's, of a fault: si_code, */
	uint64_t fault_address; /* and si_addr */
};

enum mote_gdb_resume_kind {
	MOTE_GDB_CONTINUE,
	MOTE_GDB_STEP,
	MOTE_GDB_STEP_RANGE, /* until pc is outside [begin, end) */
};

struct mote_gdb_resume {
	enum mote_gdb_resume_kind kind;
	enum mote_gdb_signal signal; /* to deliver; NONE: as if nothing had happened */
	uint64_t begin, end;
};

struct mote_gdb_target {
	/* A debugger is there: the guest is to stop, wherever it is; take_stop tells. */
	void (*attach)(void *user);
	/* It has gone, in any state: no breakpoint, watchpoint or step is left, and the guest goes
	 * on. */
	void (*detach)(void *user);
	/* It wants the guest to end.  detach follows. */
	void (*kill)(void *user);

	/* The guest is to stop soon.  No effect when it has stopped already. */
	void (*break_in)(void *user);
	/* True, once per stop: the guest has stopped since attach or resume, or has ended. */
	bool (*take_stop)(void *user, struct mote_gdb_stop *stop);
	/* Calls work(argument) on the thread that may touch the guest, and returns after it.  When
	 * the guest has ended, on any: the functions below fail then. */
	void (*perform)(void *user, void (*work)(void *argument), void *argument);
	void (*resume)(void *user, const struct mote_gdb_resume *resume);

	/* Values of all registers, as the description places them.  Writing changes what differs
	 * and may be set; when it refuses something, nothing is changed. */
	enum mote_gdb_result (*read_registers)(void *user, uint8_t *values);
	enum mote_gdb_result (*write_registers)(void *user, const uint8_t *values);

	/* Reading returns how many bytes are there in one piece, without breakpoints; writing is
	 * all or nothing.  The range may lie anywhere, and may wrap around. */
	size_t (*read_memory)(void *user, uint64_t address, void *to, size_t bytes);
	enum mote_gdb_result (*write_memory)(void *user, uint64_t address, const void *from,
					     size_t bytes);

	/* bytes: the length of a watched range, or gdb's kind of a breakpoint.  Inserting what is
	 * there and removing what is not is no failure. */
	enum mote_gdb_result (*insert)(void *user, enum mote_gdb_point point, uint64_t address,
				       uint64_t bytes);
	enum mote_gdb_result (*remove)(void *user, enum mote_gdb_point point, uint64_t address,
				       uint64_t bytes);

	/* The text that answers `monitor COMMAND`; returns as snprintf does. */
	size_t (*monitor)(void *user, const char *command, char *text, size_t capacity);
};

/* What never changes about a guest.  All it points to outlives the session. */
struct mote_gdb_guest {
	const struct mote_gdb_description *registers;
	uint64_t text_address;	 /* where the image's first segment is */
	uint64_t thread_address; /* where its thread-local variables are; 0: it has none */
	const uint8_t *auxv;	 /* the auxiliary vector, of 64-bit words */
	size_t auxv_bytes;
	const char *file_name; /* of the image, absolute; NULL: it has none */
	const uint8_t *file;   /* its bytes */
	size_t file_bytes;
};

#endif
