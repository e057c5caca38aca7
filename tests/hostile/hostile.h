/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile guests without the SDK: a few instructions in an ELF file that is put
 * together in memory, run through the public API, and what must come of them.
 */
#ifndef MOTE_TEST_HOSTILE_H
#define MOTE_TEST_HOSTILE_H

#include <mote/mote.h>

#include "test.h"

/* ---- Code -------------------------------------------------------------------------------- */

/* Where the image has its parts.  Strings too, for use in assembly. */
#define HOSTILE_TABLES 0x400000u /* note, exports, imports; read-only */
#define HOSTILE_CODE 0x410000u
#define HOSTILE_DATA 0x420000u /* two pages, writable */
#define HOSTILE_DATA_BYTES 0x2000u
#define CODE_TEXT "0x410000"
#define DATA_TEXT "0x420000"

/* Where mote puts the monitor: at the beginning of guest memory (src/sandbox/layout.h). */
#define HOSTILE_MONITOR 0x10000u
#define MONITOR_TEXT "0x10000"

/*
 * Assembles guest code at file scope, as guest_NAME up to guest_NAME_end.  A ud2 behind it catches
 * what should not have come so far.
 */
#define GUEST_CODE(name, assembly)                                                                 \
	__asm__(".pushsection .rodata\n"                                                           \
		".balign 16\n"                                                                     \
		"guest_" #name ":\n\t" assembly "\n\tud2\n"                                        \
		"guest_" #name "_end:\n"                                                           \
		".popsection\n");                                                                  \
	extern const uint8_t guest_##name[], guest_##name##_end[]

/* The number of a code's bytes, without the ud2. */
#define GUEST_CODE_BYTES(name) ((size_t)(guest_##name##_end - guest_##name) - 2)

struct hostile_guest {
	const uint8_t *code, *code_end;
	const void *data; /* what the writable segment begins with; may be NULL */
	size_t data_bytes;
	const char *export_signature;	     /* of the one exported function, "run"; NULL: none */
	const char *import_signature;	     /* of the one import, "host"; NULL: none */
	const mote_sandbox_options *options; /* NULL: the defaults */
};

#define GUEST(name) .code = guest_##name, .code_end = guest_##name##_end

/* The guest as an ELF file; the caller frees it. */
void *hostile_image(const struct hostile_guest *guest, size_t *bytes);

/* ---- Machines ---------------------------------------------------------------------------- */

/* The kinds of machine that differ where the architecture leaves freedom, or an emulator errs. */
enum hostile_bed {
	PVM = 1,      /* KVM without hardware virtualization: module kvm_pvm */
	SVM = 2,      /* the emulated machine with SVM: MOTE_TEST_BED=svm */
	HARDWARE = 4, /* any other: what Intel's and AMD's manuals say */
	EVERYWHERE = PVM | SVM | HARDWARE,
};

enum hostile_bed hostile_bed(void);

/* ---- Expectations ------------------------------------------------------------------------ */

struct hostile_outcome {
	unsigned int beds; /* enum hostile_bed, or 0: no outcome */
	mote_fault_kind kind;
	uint32_t vector;
	uint64_t error_code;
	uint64_t pc;
	mote_access access;
	uint64_t address;
};

/* An outcome at `at` bytes from the begin of the code. */
#define OUTCOME(beds, kind, vector, code, at)                                                      \
	{                                                                                          \
		beds, MOTE_FAULT_##kind, vector, code, HOSTILE_CODE + (at), MOTE_ACCESS_NONE, 0    \
	}
#define DE(beds, at) OUTCOME(beds, ARITHMETIC, 0, 0, at)
#define DB(beds, at) OUTCOME(beds, SINGLE_STEP, 1, 0, at)
#define BP(beds, at) OUTCOME(beds, BREAKPOINT, 3, 0, at)
#define UD(beds, at) OUTCOME(beds, INSTRUCTION, 6, 0, at)
#define NP(beds, code, at) OUTCOME(beds, PRIVILEGE, 11, code, at)
#define SS(beds, code, at) OUTCOME(beds, PRIVILEGE, 12, code, at)
#define GP(beds, code, at) OUTCOME(beds, PRIVILEGE, 13, code, at)
#define MF(beds, at) OUTCOME(beds, ARITHMETIC, 16, 0, at)
#define AC(beds, at) OUTCOME(beds, ALIGNMENT, 17, 0, at)
#define XM(beds, at) OUTCOME(beds, ARITHMETIC, 19, 0, at)
#define DOORBELL(beds, at) OUTCOME(beds, DOORBELL, MOTE_FAULT_NO_VECTOR, 0, at)
#define MAILBOX(beds, at) OUTCOME(beds, MAILBOX, MOTE_FAULT_NO_VECTOR, 0, at)

/* A page fault, and one of a jump. */
#define PF(beds, code, at, access, address)                                                        \
	{                                                                                          \
		beds, MOTE_FAULT_MEMORY, 14, code, HOSTILE_CODE + (at), MOTE_ACCESS_##access,      \
			address                                                                    \
	}
#define FETCH(beds, code, address)                                                                 \
	{                                                                                          \
		beds, MOTE_FAULT_MEMORY, 14, code, address, MOTE_ACCESS_EXECUTE, address           \
	}

#define HOSTILE_MOST_OUTCOMES 4

struct hostile_expectation {
	/* One of those for this machine must come; two for one machine: either. */
	struct hostile_outcome outcomes[HOSTILE_MOST_OUTCOMES];
	bool killed;	  /* instead: runs until it is killed */
	const char *part; /* of the error's text; may be NULL */
};

/* ---- Running ----------------------------------------------------------------------------- */

/* A sandbox that is being tried.  Everything in it belongs to hostile_close. */
struct hostile_run {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_status status; /* of the call, or of the start */
	mote_value result;
	mote_error error;
	size_t files; /* open before */
	const mote_fault *fault;
};

/* Makes engine and sandbox; leaves the case on failure. */
void hostile_open(struct hostile_run *run, const struct hostile_guest *guest);

/* Calls "run" with zeros and empty strings as arguments, or starts the guest when it exports nothing. */
void hostile_enter(struct hostile_run *run);

/* The same, killed from another thread when it runs. */
void hostile_enter_and_kill(struct hostile_run *run);

/* Checks what came of it. */
void hostile_check(struct hostile_run *run, const struct hostile_expectation *expectation);

/* Checks that a poisoned sandbox stays so and can be destroyed, and that nothing is left of it. */
void hostile_close(struct hostile_run *run);

/* All of it. */
void hostile_try(const struct hostile_guest *guest, const struct hostile_expectation *expectation);

#endif
