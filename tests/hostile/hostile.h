/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile guests without the SDK: a few instructions in an ELF file that is put
 * together in memory, run through the public API, and what must come of them.
 * <architecture>/hostile_arch.h has what differs between the architectures.
 */
#ifndef MOTE_TEST_HOSTILE_H
#define MOTE_TEST_HOSTILE_H

#include <elf.h>

#include <mote/mote.h>

#include "interrupt_state.h"
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

/* Where code of a guest that waits first begins, from HOSTILE_CODE on. */
#define HOSTILE_READY_OFFSET 0xfe0u
#define HOSTILE_READY_TEXT "0xfe0"

#include "hostile_arch.h"

/* How the assembler of this host goes to constants and back, and spells guest_; tests/macos.cmake
 * and tests/windows/posix.h have what is different there. */
#if !defined(GUEST_CODE_PREFIX)
#define GUEST_CODE_PREFIX "guest_"
#endif
#if !defined(GUEST_CODE_SECTION)
#define GUEST_CODE_SECTION ".pushsection .rodata"
#define GUEST_CODE_SECTION_END ".popsection"
#endif

/*
 * Assembles guest code at file scope, as guest_NAME up to guest_NAME_end.  An undefined instruction
 * behind it catches what should not have come so far.
 */
#define GUEST_CODE(name, assembly)                                                                 \
	__asm__(GUEST_CODE_SECTION                                                                 \
		"\n" GUEST_CODE_PRELUDE ".balign 16\n"                                             \
		".globl " GUEST_CODE_PREFIX #name "\n.globl " GUEST_CODE_PREFIX #name              \
		"_end\n" GUEST_CODE_PREFIX #name ":\n\t" assembly "\n\t" GUEST_CODE_TRAP           \
		"\n" GUEST_CODE_PREFIX #name "_end:\n" GUEST_CODE_SECTION_END "\n");               \
	extern const uint8_t guest_##name[], guest_##name##_end[]

/* The number of a code's bytes, without the trap. */
#define GUEST_CODE_BYTES(name) ((size_t)(guest_##name##_end - guest_##name) - GUEST_CODE_TRAP_BYTES)

struct hostile_guest {
	const uint8_t *code, *code_end;
	const void *data; /* what the writable segment begins with; may be NULL */
	size_t data_bytes;
	bool alias_code; /* instead: the writable segment is made of the code's bytes in the file */
	const char *export_signature;	     /* of the one exported function, "run"; NULL: none */
	const char *import_signature;	     /* of the one import, "host"; NULL: none */
	const mote_sandbox_options *options; /* NULL: the defaults */
	bool ready_first;		     /* waits at a doorbell before its code */
};

#define GUEST(name) .code = guest_##name, .code_end = guest_##name##_end

/* The guest as an ELF file; the caller frees it. */
void *hostile_image(const struct hostile_guest *guest, size_t *bytes);

/* One of the file's program headers. */
enum hostile_segment { HOSTILE_CODE_SEGMENT = 1, HOSTILE_DATA_SEGMENT = 2 };
Elf64_Phdr *hostile_segment(void *file, enum hostile_segment index);

/* ---- Machines ---------------------------------------------------------------------------- */

/* The kind of this machine: <architecture>/hostile_arch.h says where they differ. */
enum hostile_bed hostile_bed(void);

/* Whether an outcome's machines and conditions, from enum hostile_bed, hold here. */
bool hostile_applies(unsigned int where);

/* ---- Expectations ------------------------------------------------------------------------ */

struct hostile_outcome {
	unsigned int beds; /* of enum hostile_bed, machines and conditions; 0: no outcome */
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
#define DOORBELL(beds, at) OUTCOME(beds, DOORBELL, MOTE_FAULT_NO_VECTOR, 0, at)
#define MAILBOX(beds, at) OUTCOME(beds, MAILBOX, MOTE_FAULT_NO_VECTOR, 0, at)

#define HOSTILE_MAXIMUM_OUTCOMES 6

struct hostile_expectation {
	/* One of those for this machine must come; two for one machine: either. */
	struct hostile_outcome outcomes[HOSTILE_MAXIMUM_OUTCOMES];
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
	mote_snapshot *snapshot; /* NULL: none is taken */
};

/* Makes engine and sandbox; leaves the case on failure. */
void hostile_open(struct hostile_run *run, const struct hostile_guest *guest);

/* Calls "run" with zeros and empty strings as arguments, or starts the guest when it exports
 * nothing. */
void hostile_enter(struct hostile_run *run);

/* The same, killed from another thread when it runs. */
void hostile_enter_and_kill(struct hostile_run *run);

/* Checks what came of it. */
void hostile_check(struct hostile_run *run, const struct hostile_expectation *expectation);

/* Checks that a poisoned sandbox stays so and can be destroyed, and that nothing is left of it. */
void hostile_close(struct hostile_run *run);

/* All of it. */
void hostile_try_once(const struct hostile_guest *guest,
		      const struct hostile_expectation *expectation);

/* The same.  With MOTE_TEST_REVIVE in the environment the guest waits for a call first; it is put
 * back to that twice, must be as it was there, and must do the same again. */
void hostile_try(const struct hostile_guest *guest, const struct hostile_expectation *expectation);

/* For tables of X(name, assembly, outcomes...): a case of its own for each, and its row in
 * cases[]. */
/* clang-format off */
#define HOSTILE_DEFINE(name, assembly, ...) \
	GUEST_CODE(name, assembly); \
	static void run_##name(void) \
	{ \
		const struct hostile_guest guest = {GUEST(name)}; \
		const struct hostile_expectation expectation = {.outcomes = {__VA_ARGS__}}; \
		hostile_try(&guest, &expectation); \
	}
#define HOSTILE_RUN(name, ...) {#name, run_##name, NULL, NULL},
/* clang-format on */

#endif
