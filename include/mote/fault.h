/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest did wrong.  A guest fault ends the call in progress and poisons
 * the sandbox.  The host is unaffected; mote_fault describes what happened.
 */
#ifndef MOTE_FAULT_H
#define MOTE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/registers.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, number, "name", "text") */
/* clang-format off */
#define MOTE_FAULT_MAP(X)                                                                          \
	X(MEMORY, 1, "memory", "memory access")	    /* page tables forbid the access */            \
	X(STACK_OVERFLOW, 2, "stack_overflow", "stack overflow") /* a guard page of the stack */   \
	X(INSTRUCTION, 3, "instruction", "invalid instruction")                                    \
	X(PRIVILEGE, 4, "privilege", "forbidden operation") /* #GP, #SS, #NP, #TS; Arm traps */    \
	X(ARITHMETIC, 5, "arithmetic", "arithmetic error")                                         \
	X(ALIGNMENT, 6, "alignment", "misaligned access")                                          \
	X(BREAKPOINT, 7, "breakpoint", "breakpoint")                                               \
	X(SINGLE_STEP, 8, "single_step", "debug trap")                                             \
	X(DOORBELL, 9, "doorbell", "malformed doorbell") /* size, port, direction or moment */     \
	X(MAILBOX, 10, "mailbox", "invalid mailbox contents")                                      \
	X(PHYSICAL, 11, "physical", "access to unbacked memory")                                   \
	X(SHUTDOWN, 12, "shutdown", "processor shutdown") /* triple fault or reset */              \
	X(OTHER, 13, "other", "unexpected exit")
/* clang-format on */

typedef enum mote_fault_kind {
#define MOTE_FAULT_ENUM(NAME, number, name, text) MOTE_FAULT_##NAME = number,
	MOTE_FAULT_MAP(MOTE_FAULT_ENUM)
#undef MOTE_FAULT_ENUM
} mote_fault_kind;

/* X(NAME, number, "name", "text") */
#define MOTE_ACCESS_MAP(X)                                                                         \
	X(NONE, 0, "none", "no access")                                                            \
	X(READ, 1, "read", "read of")                                                              \
	X(WRITE, 2, "write", "write to")                                                           \
	X(EXECUTE, 3, "execute", "jump to")

typedef enum mote_access {
#define MOTE_ACCESS_ENUM(NAME, number, name, text) MOTE_ACCESS_##NAME = number,
	MOTE_ACCESS_MAP(MOTE_ACCESS_ENUM)
#undef MOTE_ACCESS_ENUM
} mote_access;

#define MOTE_FAULT_SYMBOL_BYTES 96
#define MOTE_FAULT_NO_VECTOR 0xffffffffu

/* Handed out by mote_sandbox_get_fault; the library owns it. */
typedef struct mote_fault {
	size_t size; /* of what the library has filled; members beyond it do not exist */
	mote_fault_kind kind;
	/* x86_64: exception vector (0-31).  aarch64: exception class (ESR_EL1.EC).
	 * MOTE_FAULT_NO_VECTOR when no exception was involved. */
	uint32_t vector;
	uint64_t error_code; /* x86_64: error code, 0 if none.  aarch64: ESR_EL1 */
	uint64_t pc;	  /* guest-virtual address of the instruction; of the next one for traps */
	uint64_t address; /* accessed guest-virtual address; 0 unless access is set */
	mote_access access;
	mote_registers registers; /* of the guest program, not of the monitor */
	char region[24];	  /* where address lies: "heap", "stack guard", ...; may be empty */
	char symbol[MOTE_FAULT_SYMBOL_BYTES]; /* function that pc lies in, or empty */
	uint64_t symbol_offset;		      /* pc minus that function's address */
} mote_fault;

/*
 * The identifier of a kind of fault ("stack_overflow"), and what it means.
 *
 * Returns    never NULL; "unknown" for a value that is not in the list
 * Threads    any
 * Since      0.1
 */
MOTE_API const char *mote_fault_kind_name(mote_fault_kind kind);
MOTE_API const char *mote_fault_kind_text(mote_fault_kind kind);

/* The same for an access: "write", "write to" (an address). */
MOTE_API const char *mote_access_name(mote_access access);
MOTE_API const char *mote_access_text(mote_access access);

#ifdef __cplusplus
}
#endif
#endif
