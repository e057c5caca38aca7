/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest did wrong.  A guest fault ends the call in progress and poisons
 * the sandbox; nothing of it reaches the host but this description.
 */
#ifndef MOTE_FAULT_H
#define MOTE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/registers.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, number, "text") */
/* clang-format off */
#define MOTE_FAULT_MAP(X)                                                                          \
	X(MEMORY, 1, "memory access")	    /* page tables forbid the access */                    \
	X(STACK_OVERFLOW, 2, "stack overflow") /* an access to a guard page of the stack */        \
	X(INSTRUCTION, 3, "invalid instruction")                                                   \
	X(PRIVILEGE, 4, "forbidden operation") /* x86_64 #GP, #SS, #NP, #TS; aarch64 traps */      \
	X(ARITHMETIC, 5, "arithmetic error")                                                       \
	X(ALIGNMENT, 6, "misaligned access")                                                       \
	X(BREAKPOINT, 7, "breakpoint")                                                             \
	X(SINGLE_STEP, 8, "debug trap")                                                            \
	X(DOORBELL, 9, "malformed doorbell") /* wrong size, port, direction or moment */           \
	X(MAILBOX, 10, "invalid mailbox contents")                                                 \
	X(PHYSICAL, 11, "access to unbacked memory")                                               \
	X(SHUTDOWN, 12, "processor shutdown") /* triple fault or reset */                          \
	X(OTHER, 13, "unexpected exit")
/* clang-format on */

typedef enum mote_fault_kind {
#define MOTE_FAULT_ENUM(name, number, text) MOTE_FAULT_##name = number,
	MOTE_FAULT_MAP(MOTE_FAULT_ENUM)
#undef MOTE_FAULT_ENUM
} mote_fault_kind;

typedef enum mote_access {
	MOTE_ACCESS_NONE = 0,
	MOTE_ACCESS_READ = 1,
	MOTE_ACCESS_WRITE = 2,
	MOTE_ACCESS_EXECUTE = 3,
} mote_access;

#define MOTE_FAULT_SYMBOL_BYTES 96
#define MOTE_FAULT_NO_VECTOR 0xffffffffu

typedef struct mote_fault {
	mote_fault_kind kind;
	/* x86_64: exception vector (0-31).  aarch64: exception class (ESR_EL1.EC).
	 * MOTE_FAULT_NO_VECTOR when no exception was involved. */
	uint32_t vector;
	uint64_t error_code; /* x86_64: error code, 0 if none.  aarch64: ESR_EL1 */
	uint64_t pc;	     /* guest virtual address of the instruction, or behind it for traps */
	uint64_t address;    /* accessed guest virtual address; 0 unless access is set */
	mote_access access;
	mote_registers registers; /* of the guest program, not of the monitor */
	char region[24];	  /* where address lies: "heap", "stack guard", ...; may be empty */
	char symbol[MOTE_FAULT_SYMBOL_BYTES]; /* function that pc lies in, or empty */
	uint64_t symbol_offset;		      /* pc minus that function's address */
} mote_fault;

/* A short text for a kind; never NULL.  Any thread. */
const char *mote_fault_kind_text(mote_fault_kind kind);

#ifdef __cplusplus
}
#endif
#endif
