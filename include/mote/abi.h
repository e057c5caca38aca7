/* SPDX-License-Identifier: Apache-2.0
 *
 * The ABI between a host and a guest: the ELF notes and tables in a guest
 * image, the mailbox in shared memory, the doorbell ports.  Fixed-width fields
 * only; every offset is asserted.  Both sides include this file, and a guest
 * in another language can be written from it alone.
 *
 * The host trusts none of this when it comes from a guest: each field is
 * copied once, checked, and only the copy is used.
 */
#ifndef MOTE_ABI_H
#define MOTE_ABI_H

#include <stddef.h>
#include <stdint.h>

/* Raised with every incompatible change; a guest image carries the one it was built for. */
#define MOTE_ABI_VERSION 1u

#define MOTE_ABI_MAXIMUM_ARGUMENTS 16
#define MOTE_ABI_NAME_BYTES 64 /* with the terminating NUL */

/* ---- Types and log levels ---------------------------------------------------------------- */

/* X(NAME, number, "name", "text"): the types that cross the border. */
#define MOTE_TYPE_MAP(X)                                                                           \
	X(VOID, 0, "void", "nothing")                                                              \
	X(I32, 1, "i32", "32-bit signed integer")                                                  \
	X(U32, 2, "u32", "32-bit unsigned integer")                                                \
	X(I64, 3, "i64", "64-bit signed integer")                                                  \
	X(U64, 4, "u64", "64-bit unsigned integer")                                                \
	X(F32, 5, "f32", "32-bit floating point")                                                  \
	X(F64, 6, "f64", "64-bit floating point")                                                  \
	X(BOOL, 7, "bool", "true or false")                                                        \
	X(STRING, 8, "string", "text without NUL")                                                 \
	X(BYTES, 9, "bytes", "any bytes")

typedef enum mote_type {
#define MOTE_TYPE_ENUM(NAME, number, name, text) MOTE_TYPE_##NAME = number,
	MOTE_TYPE_MAP(MOTE_TYPE_ENUM)
#undef MOTE_TYPE_ENUM
} mote_type;

#define MOTE_TYPE_COUNT 10u

/* X(NAME, number, "name", "text"): the more severe, the lower. */
#define MOTE_LOG_MAP(X)                                                                            \
	X(OFF, 0, "off", "no messages")                                                            \
	X(ERROR, 1, "error", "something failed")                                                   \
	X(WARNING, 2, "warning", "something may be wrong")                                         \
	X(INFO, 3, "info", "what happens")                                                         \
	X(DEBUG, 4, "debug", "details for debugging")                                              \
	X(TRACE, 5, "trace", "every step")

typedef enum mote_log_level {
#define MOTE_LOG_ENUM(NAME, number, name, text) MOTE_LOG_##NAME = number,
	MOTE_LOG_MAP(MOTE_LOG_ENUM)
#undef MOTE_LOG_ENUM
} mote_log_level;

/* ---- ELF notes, owner name "mote" -------------------------------------------------------- */

#define MOTE_ABI_NOTE_NAME "mote"
#define MOTE_ABI_NOTE_IMAGE 1u /* mandatory: struct mote_abi_image_note */
#define MOTE_ABI_NOTE_NEEDS 2u /* optional: struct mote_abi_needs_note */

/*
 * Where the tables are.  Each offset is the distance in bytes from the field that holds it to the
 * table (a link-time constant in position-independent code too); the table must lie within one
 * loadable segment's file contents.
 */
struct mote_abi_image_note {
	uint32_t abi_version;
	int32_t exports_begin;
	int32_t exports_end;
	int32_t imports_begin;
	int32_t imports_end;
};

/* The least that the guest can work with; 0 means no demand. */
struct mote_abi_needs_note {
	uint32_t reserved[2]; /* 0 */
	uint64_t heap_bytes;
	uint64_t stack_bytes;
};

/* A function that the guest offers.  entry belongs to the guest; the host never reads it. */
struct mote_abi_export {
	char name[MOTE_ABI_NAME_BYTES];
	uint8_t result;
	uint8_t argument_count;
	uint8_t arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
	uint8_t reserved[6]; /* 0 */
	uint64_t entry;
};

/* A function that the guest wants from the host. */
struct mote_abi_import {
	char name[MOTE_ABI_NAME_BYTES];
	uint8_t result;
	uint8_t argument_count;
	uint8_t arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
	uint8_t reserved[6]; /* 0 */
};

/* ---- Programs ---------------------------------------------------------------------------- */

/*
 * A guest that exports MOTE_ABI_PROGRAM_MAIN, "i32(bytes)", is a program: something with arguments
 * that reads and writes streams, ends with a status, and runs once.  Its argument is a struct
 * mote_abi_program and then as many strings, each with its NUL: arguments, environment, names of
 * files that it finds, names of files that are wanted from it when it has ended.  The result is its
 * status.  The host has the two functions for its streams.
 */
#define MOTE_ABI_PROGRAM_MAIN "mote_program_main"
/* "bytes(u32,u32)": stream, maximum.  What is there, waiting for it; nothing at the end. */
#define MOTE_ABI_PROGRAM_READ "mote_program_read"
/* "void(u32,bytes)": stream, data; all of it.  A wanted file exists once it was written, if only
 * with no data. */
#define MOTE_ABI_PROGRAM_WRITE "mote_program_write"

struct mote_abi_program {
	uint32_t argument_count;
	uint32_t environment_count;
	uint32_t file_count;
	uint32_t wanted_count;
	uint32_t flags; /* MOTE_ABI_PROGRAM_...; others are 0 */
};

/* Somebody watches standard output: a program should not hold lines back. */
#define MOTE_ABI_PROGRAM_WATCHED (1u << 0)

#define MOTE_ABI_STREAM_INPUT 0u
#define MOTE_ABI_STREAM_OUTPUT 1u
#define MOTE_ABI_STREAM_ERRORS 2u
#define MOTE_ABI_STREAM_FILES 3u /* the first file; the first wanted one comes after the last */

/* ---- Doorbell ---------------------------------------------------------------------------- */

/*
 * x86_64: `out %eax, $port`, exactly 4 bytes; the value is ignored.
 * aarch64: `str xN, [doorbell page + 8 * port]`, exactly 8 bytes; the value is ignored.
 */
#define MOTE_ABI_PORT_READY 0x50u     /* parked: initialized, and the call's result is in place */
#define MOTE_ABI_PORT_HOST_CALL 0x54u /* host_call is filled in */
#define MOTE_ABI_PORT_LOG 0x58u	      /* message is filled in */
#define MOTE_ABI_PORT_ABORT 0x5cu     /* message is filled in; does not return */

#define MOTE_ABI_AARCH64_DOORBELL_GVA 0xe000u

/* ---- Mailbox ----------------------------------------------------------------------------- */

/*
 * A value. Scalars stand in bits, zero-extended (a bool is 0 or 1, an i32 keeps its 32 bits, an
 * f32 its IEEE bits). For a string or bytes, bits is the offset in the record's data area and
 * length counts bytes; a string has a NUL behind its length bytes and none within.
 *
 * In arguments of `call`, the bits of bytes may instead be MOTE_ABI_ADDRESS plus a guest virtual
 * address: they lie in a shared buffer, which may be read-only.
 */
#define MOTE_ABI_ADDRESS (UINT64_C(1) << 63)

struct mote_abi_value {
	uint32_t type; /* a MOTE_TYPE_ number */
	uint32_t length;
	uint64_t bits;
};

#define MOTE_ABI_NO_FUNCTION 0xffffffffu

/*
 * One call. `call` goes from host to guest, `host_call` from guest to host; each has a data area
 * of data_bytes of its own, so that neither's arguments are overwritten by the other. The
 * callee's result replaces the arguments.
 */
struct mote_abi_call {
	uint32_t function; /* index in the export or import table, or MOTE_ABI_NO_FUNCTION */
	uint32_t argument_count;
	struct mote_abi_value result;
	struct mote_abi_value arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
};

/* A log or abort message: length bytes at the start of host_call's data area. */
struct mote_abi_message {
	uint32_t level; /* a MOTE_LOG_ number; ignored for abort */
	uint32_t length;
};

/*
 * The first page of the mailbox.  At entry, the guest's first argument register (rdi, x0) holds its
 * address.  The stack pointer is aligned to 16 bytes; every other general register is 0.
 * On x86_64 FS.base holds thread_pointer at entry; on aarch64 the guest sets TPIDR_EL0 itself.
 */
struct mote_abi_mailbox {
	uint32_t abi_version;
	uint32_t log_level; /* less severe messages are dropped: do not send them */
	uint64_t heap_gva;  /* page-aligned */
	uint64_t heap_bytes;
	uint64_t stack_gva; /* lowest usable address */
	uint64_t stack_bytes;
	/* x86_64: 64 bytes from here; its own address at +0, the canary at +0x28; TLS below.
	 * aarch64: 16 bytes from here, the canary at +8; TLS above. */
	uint64_t thread_pointer;
	uint64_t random[2]; /* fresh for each sandbox and each generation */
	uint64_t call_data_gva;
	uint64_t host_call_data_gva;
	uint32_t data_bytes; /* size of either data area */
	uint32_t reserved;
	/* 0 until the host puts the guest back to an earlier state, or makes another one from it;
	 * then another number each time.  random and the canary are fresh then too, and are not
	 * what they were at that state. So no function that the guest is in when it rings
	 * MOTE_ABI_PORT_READY may compare the canary when it returns. */
	uint64_t generation;
	/* When the call in progress began: ns since 1970, UTC.  0: the host does not tell. */
	uint64_t entry_ns;
	uint64_t reserved2[3];
	struct mote_abi_call call;
	struct mote_abi_call host_call;
	struct mote_abi_message message;
	/*
	 * Not 0: instead of one call, the guest executes call.function this many times. call's
	 * data area begins with the arguments, argument_count values for each time; the results
	 * go to batch_results_offset in it, one value each. Only for scalar and void results.
	 */
	uint32_t batch_count;
	uint32_t batch_results_offset;
};

#ifdef __cplusplus
#define MOTE_ABI_ASSERT static_assert
#else
#define MOTE_ABI_ASSERT _Static_assert
#endif
#define MOTE_ABI_OFFSET(type, field, offset)                                                       \
	MOTE_ABI_ASSERT(offsetof(struct type, field) == (offset), #type "." #field)
#define MOTE_ABI_SIZE(type, bytes) MOTE_ABI_ASSERT(sizeof(struct type) == (bytes), #type)

MOTE_ABI_OFFSET(mote_abi_image_note, abi_version, 0);
MOTE_ABI_OFFSET(mote_abi_image_note, exports_begin, 4);
MOTE_ABI_OFFSET(mote_abi_image_note, exports_end, 8);
MOTE_ABI_OFFSET(mote_abi_image_note, imports_begin, 12);
MOTE_ABI_OFFSET(mote_abi_image_note, imports_end, 16);
MOTE_ABI_SIZE(mote_abi_image_note, 20);
MOTE_ABI_OFFSET(mote_abi_needs_note, heap_bytes, 8);
MOTE_ABI_OFFSET(mote_abi_needs_note, stack_bytes, 16);
MOTE_ABI_SIZE(mote_abi_needs_note, 24);
MOTE_ABI_OFFSET(mote_abi_export, result, 64);
MOTE_ABI_OFFSET(mote_abi_export, argument_count, 65);
MOTE_ABI_OFFSET(mote_abi_export, arguments, 66);
MOTE_ABI_OFFSET(mote_abi_export, entry, 88);
MOTE_ABI_SIZE(mote_abi_export, 96);
MOTE_ABI_OFFSET(mote_abi_import, result, 64);
MOTE_ABI_OFFSET(mote_abi_import, argument_count, 65);
MOTE_ABI_OFFSET(mote_abi_import, arguments, 66);
MOTE_ABI_SIZE(mote_abi_import, 88);
MOTE_ABI_OFFSET(mote_abi_program, environment_count, 4);
MOTE_ABI_OFFSET(mote_abi_program, file_count, 8);
MOTE_ABI_OFFSET(mote_abi_program, wanted_count, 12);
MOTE_ABI_OFFSET(mote_abi_program, flags, 16);
MOTE_ABI_SIZE(mote_abi_program, 20);
MOTE_ABI_OFFSET(mote_abi_value, length, 4);
MOTE_ABI_OFFSET(mote_abi_value, bits, 8);
MOTE_ABI_SIZE(mote_abi_value, 16);
MOTE_ABI_OFFSET(mote_abi_call, argument_count, 4);
MOTE_ABI_OFFSET(mote_abi_call, result, 8);
MOTE_ABI_OFFSET(mote_abi_call, arguments, 24);
MOTE_ABI_SIZE(mote_abi_call, 280);
MOTE_ABI_OFFSET(mote_abi_message, length, 4);
MOTE_ABI_SIZE(mote_abi_message, 8);
MOTE_ABI_OFFSET(mote_abi_mailbox, log_level, 4);
MOTE_ABI_OFFSET(mote_abi_mailbox, heap_gva, 8);
MOTE_ABI_OFFSET(mote_abi_mailbox, heap_bytes, 16);
MOTE_ABI_OFFSET(mote_abi_mailbox, stack_gva, 24);
MOTE_ABI_OFFSET(mote_abi_mailbox, stack_bytes, 32);
MOTE_ABI_OFFSET(mote_abi_mailbox, thread_pointer, 40);
MOTE_ABI_OFFSET(mote_abi_mailbox, random, 48);
MOTE_ABI_OFFSET(mote_abi_mailbox, call_data_gva, 64);
MOTE_ABI_OFFSET(mote_abi_mailbox, host_call_data_gva, 72);
MOTE_ABI_OFFSET(mote_abi_mailbox, data_bytes, 80);
MOTE_ABI_OFFSET(mote_abi_mailbox, generation, 88);
MOTE_ABI_OFFSET(mote_abi_mailbox, entry_ns, 96);
MOTE_ABI_OFFSET(mote_abi_mailbox, call, 128);
MOTE_ABI_OFFSET(mote_abi_mailbox, host_call, 408);
MOTE_ABI_OFFSET(mote_abi_mailbox, message, 688);
MOTE_ABI_OFFSET(mote_abi_mailbox, batch_count, 696);
MOTE_ABI_OFFSET(mote_abi_mailbox, batch_results_offset, 700);
MOTE_ABI_SIZE(mote_abi_mailbox, 704);

#endif
