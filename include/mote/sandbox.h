/* SPDX-License-Identifier: Apache-2.0
 *
 * The sandbox: one micro VM with a loaded guest.
 *
 * Life: options -> create -> call, call, ... -> destroy.  The guest initializes
 * itself when it is first entered: by the first call, or by mote_sandbox_start.
 * After a guest fault, an abort, a kill, a deadline or a failed host function
 * the sandbox is poisoned: every further call gives MOTE_POISONED, until it is put back to a
 * snapshot (mote/snapshot.h).
 *
 * A sandbox is used by one thread at a time and may move between threads.
 */
#ifndef MOTE_SANDBOX_H
#define MOTE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>
#include <mote/fault.h>
#include <mote/image.h>
#include <mote/interrupt.h>
#include <mote/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_sandbox mote_sandbox;

/* ---- Host functions ---------------------------------------------------------------------- */

/*
 * A function of the host that the guest may call.
 *
 * user       of mote_host_function
 * arguments  count values of the declared types; strings and bytes are copies that stay valid
 *            during this call, whatever the guest does
 * result     preset to a zero of the declared type; set its `as` member.  A string or bytes result
 *            is copied when the function returns, so it may point to memory of the function's own
 * error      never NULL; its text goes into the error of whoever called the sandbox
 *
 * Returns    MOTE_OK; anything else ends the guest's call with MOTE_HOST_FUNCTION and poisons the
 *            sandbox
 * Threads    the thread that called the sandbox.  The function must not call that sandbox
 *            (MOTE_BUSY), nor leave by longjmp, an exception or the cancellation of its thread.
 */
typedef mote_status (*mote_host_callback)(void *user, const mote_value *arguments, size_t count,
					  mote_value *result, mote_error *error);

typedef struct mote_host_function {
	const char *name;	 /* NUL-terminated, at most 63 bytes; copied */
	const char *signature;	 /* e.g. "bytes(u32)"; copied */
	mote_host_callback call; /* not NULL */
	void *user;
	/* May be NULL.  Called once, when the sandbox is destroyed; a creation that fails leaves
	 * user to the caller. */
	void (*destroy)(void *user);
} mote_host_function;

/* ---- Life -------------------------------------------------------------------------------- */

typedef struct mote_sandbox_options {
	size_t size; /* sizeof(mote_sandbox_options) of the caller */
	/* All of the guest's memory: image, heap, stack, mailbox.  Bytes, rounded up to pages;
	 * 0: 16 MiB; 64 KiB to 64 GiB.  Only touched pages cost host memory. */
	uint64_t memory_bytes;
	uint64_t heap_bytes;  /* 0: all that remains */
	uint64_t stack_bytes; /* 0: 256 KiB, or what the image asks for if that is more */
	/* The longest string or bytes, and the sum of those in one call, per direction.  Bytes,
	 * rounded up to pages; 0: 64 KiB; at most 1 GiB.  Takes twice that from memory_bytes. */
	uint64_t mailbox_bytes;
	const mote_host_function *host_functions; /* may be NULL when the count is 0; copied */
	size_t host_function_count;
	size_t host_function_size; /* sizeof(mote_host_function) of the caller */
	mote_log_level log_level;  /* less severe guest messages are dropped in the guest */
	/* x86_64: rdtsc and rdtscp fault in the guest.  Not enforced by hosts that run user code
	 * under their own CR4 (KVM without hardware virtualization). */
	bool forbid_timestamp;
	/* Core dumps of this process contain the guest's memory. Shared buffers are in them only
	 * if the application says madvise(MADV_DODUMP) of their data.  On macOS core dumps, which
	 * are off there unless somebody wants them, contain all of it in any case. */
	bool dump_guest_memory;
	/* The guest is told the time at which each call begins (entry_ns in mote/abi.h), which the
	 * clock of its C library shows.  Not together with forbid_timestamp. */
	bool tell_time;
	/* All of the guest's memory costs host memory from the creation on, and no call waits for a
	 * page of it.  Without effect in a sandbox that is made from a snapshot. */
	bool populate;
	/* Guest memory in pages of 2 MiB where the host has them, for heaps of many MiB: the first
	 * touch costs a fraction, but a byte takes 2 MiB of host memory.  Without effect where the
	 * host has none, and in a sandbox that is made from a snapshot.  Linux: transparent huge
	 * pages, unless the administrator has switched them off. */
	bool huge_pages;
	/* Deadlines of calls that set none themselves; see mote_call_options.  0: none. */
	uint64_t wall_ns;
	uint64_t cpu_ns;
	/* Room for shared buffers (mote/buffer.h), all that are mapped at one time.  Bytes;
	 * 0: 4 GiB; at most 64 GiB.  Address space, not memory. */
	uint64_t buffer_space_bytes;
} mote_sandbox_options;

/* clang-format off */
#define MOTE_SANDBOX_OPTIONS_INIT                                                                  \
	{sizeof(mote_sandbox_options), 0, 0, 0, 0, NULL, 0, sizeof(mote_host_function),            \
	 MOTE_LOG_INFO, false, false, false, false, false, 0, 0, 0}
/* clang-format on */

/*
 * MOTE_SANDBOX_OPTIONS_INIT as a function, except that host_function_size is 0: a caller with host
 * functions sets it to its own sizeof(mote_host_function).
 *
 * options    not NULL
 * size       the caller's sizeof(mote_sandbox_options)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_sandbox_options_init(mote_sandbox_options *options, size_t size);

/*
 * Creates a sandbox from an image.  No guest code runs yet.
 *
 * engine, image  not NULL; the sandbox keeps both alive
 * options    may be NULL for the defaults
 * sandbox    written on success; end it with mote_sandbox_destroy
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_WRONG_MACHINE, MOTE_NO_GUEST_MEMORY,
 *            MOTE_MISSING_IMPORT, MOTE_SIGNATURE, MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_OS,
 *            MOTE_HYPERVISOR, MOTE_FORKED
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_create(mote_engine *engine, mote_image *image,
					 const mote_sandbox_options *options,
					 mote_sandbox **sandbox, mote_error *error);

/* mote_image_open and mote_sandbox_create in one. */
MOTE_API mote_status mote_sandbox_create_from_file(mote_engine *engine, const char *path,
						   const mote_sandbox_options *options,
						   mote_sandbox **sandbox, mote_error *error);

/* mote_image_from_bytes and mote_sandbox_create in one. */
MOTE_API mote_status mote_sandbox_create_from_bytes(mote_engine *engine, const void *data,
						    size_t length,
						    const mote_sandbox_options *options,
						    mote_sandbox **sandbox, mote_error *error);

/*
 * Destroys a sandbox and everything in it.  Always succeeds.
 *
 * While a call is in progress, on another thread or because one of the sandbox's own host functions
 * asks for it, that call is killed and destroys the sandbox when it ends; it returns MOTE_KILLED,
 * or the failure that came first, and no result. Either way the pointer is invalid from here on.
 * After fork() the child only gives up its copy of the bookkeeping.
 *
 * sandbox    may be NULL
 *
 * Threads    any, not only the one that made the calls
 * Since      0.1
 */
MOTE_API void mote_sandbox_destroy(mote_sandbox *sandbox);

/* ---- Calls ------------------------------------------------------------------------------- */

/* A guest function, resolved and type-checked once.  Valid for every sandbox of the same image. */
typedef struct mote_function {
	uint64_t image; /* of which image; a zeroed structure names no function */
	uint32_t index;
	mote_signature signature;
} mote_function;

/*
 * Finds an exported guest function.
 *
 * name       NUL-terminated
 * signature  what the caller expects, e.g. "i64(bytes,u32)"; NULL accepts any
 * function   written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_NOT_FOUND, MOTE_SIGNATURE, MOTE_INVALID_ARGUMENT
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_find(const mote_sandbox *sandbox, const char *name,
				       const char *signature, mote_function *function,
				       mote_error *error);

#define MOTE_NO_DEADLINE UINT64_MAX

/* Options of one call. */
typedef struct mote_call_options {
	size_t size; /* sizeof(mote_call_options) of the caller */
	/* Where a string or bytes result goes (a string with its NUL).  NULL: memory of the
	 * sandbox, valid until its next call. */
	void *result_buffer;
	size_t result_capacity; /* bytes */
	/*
	 * The call ends with MOTE_WALL_DEADLINE this many nanoseconds after it began, host
	 * functions included (one that is running is not interrupted).  0: the sandbox's;
	 * MOTE_NO_DEADLINE: none.
	 */
	uint64_t wall_ns;
	/*
	 * The call ends with MOTE_CPU_DEADLINE when its thread has spent this many nanoseconds of
	 * CPU time on the guest; time in host functions does not count.  Values as above.  With
	 * both, the first that passes ends the call; a batch has one of each for all its calls.
	 */
	uint64_t cpu_ns;
} mote_call_options;

/* clang-format off */
#define MOTE_CALL_OPTIONS_INIT {sizeof(mote_call_options), NULL, 0, 0, 0}
/* clang-format on */

/* MOTE_CALL_OPTIONS_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_call_options_init(mote_call_options *options, size_t size);

/*
 * Calls a guest function and waits for its result.
 *
 * function   from mote_sandbox_find, of this sandbox's image
 * arguments  count values of the function's argument types; may be NULL when count is 0
 * options    may be NULL
 * result     written on success; may be NULL
 * error      may be NULL
 *
 * Returns    MOTE_OK.
 *            Before the guest was entered, and the sandbox is as it was: MOTE_INVALID_ARGUMENT,
 *            MOTE_SIGNATURE, MOTE_TOO_LARGE, MOTE_BUSY, MOTE_FORKED, MOTE_SIGNAL_BLOCKED,
 * MOTE_POISONED, MOTE_OS; MOTE_LIMIT, MOTE_NO_MEMORY or MOTE_OS when a deadline cannot be
 *            set.
 *            After, and the sandbox is poisoned: MOTE_GUEST_FAULT (see mote_sandbox_get_fault),
 *            MOTE_GUEST_ABORT, MOTE_HOST_FUNCTION, MOTE_KILLED, MOTE_WALL_DEADLINE,
 * MOTE_CPU_DEADLINE, MOTE_OS, MOTE_HYPERVISOR, MOTE_LIMIT, MOTE_NO_MEMORY; MOTE_FORKED in a
 *            child that a callback forked.
 *            MOTE_TOO_LARGE or MOTE_NO_MEMORY for a result that cannot be taken in leaves the
 *            sandbox usable.  Call mote_sandbox_is_poisoned to find out.
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_call(mote_sandbox *sandbox, mote_function function,
				       const mote_value *arguments, size_t count,
				       const mote_call_options *options, mote_value *result,
				       mote_error *error);

/*
 * Calls one guest function many times, as many times per VM exit as the mailbox holds arguments
 * for. After a failure the results of calls that came before it may be written, or not.
 *
 * function   its result must not be a string or bytes (MOTE_SIGNATURE)
 * arguments  calls times as many values as the function takes, call after call; may be NULL when it
 *            takes none
 * options    deadlines hold for the whole batch; result_buffer is not used
 * results    room for calls values, or NULL
 *
 * Returns    as mote_sandbox_call; also MOTE_INVALID_ARGUMENT after the guest was entered, if the
 *            guest wrote a NUL into a string argument in a shared buffer during the batch
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_call_batch(mote_sandbox *sandbox, mote_function function,
					     const mote_value *arguments, size_t calls,
					     const mote_call_options *options, mote_value *results,
					     mote_error *error);

/*
 * Enters the guest so that it initializes itself, when it has not yet.
 *
 * options, error  may be NULL
 *
 * Returns    as mote_sandbox_call
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_start(mote_sandbox *sandbox, const mote_call_options *options,
					mote_error *error);

/* ---- Questions --------------------------------------------------------------------------- */

/*
 * Whether further calls give MOTE_POISONED.
 *
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API bool mote_sandbox_is_poisoned(const mote_sandbox *sandbox);

/*
 * The guest fault that poisoned the sandbox.  The first call reads the registers; they are zeros
 * where the hypervisor cannot give them any more, e.g. in a forked child.
 *
 * Returns    NULL when there was none; lives as long as the sandbox
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API const mote_fault *mote_sandbox_get_fault(mote_sandbox *sandbox);

/*
 * The interrupt handle.
 *
 * Returns    borrowed: mote_interrupt_retain it to keep it longer than the sandbox, or to use it
 *            while another thread may destroy the sandbox
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_interrupt *mote_sandbox_get_interrupt(mote_sandbox *sandbox);

/*
 * The image that the sandbox was created from.
 *
 * Returns    borrowed: mote_image_retain it to keep it longer than the sandbox
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_image *mote_sandbox_get_image(const mote_sandbox *sandbox);

/*
 * What the hypervisor knows the sandbox's VM by, for embedders that know their hypervisor.
 *
 * handle     written on success; borrowed
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_UNSUPPORTED; macOS: MOTE_LIMIT too, where the thread can have no vCPU
 * Threads    one at a time per sandbox; macOS: a handle is of use to the calling thread alone
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_get_native_handle(const mote_sandbox *sandbox,
						    mote_native_handle_kind kind, uintptr_t *handle,
						    mote_error *error);

/* Counters of one sandbox, since its creation. */
typedef struct mote_sandbox_statistics {
	size_t size; /* sizeof(mote_sandbox_statistics) of the caller */
	uint64_t calls;
	uint64_t exits;	     /* VM exits */
	uint64_t host_calls; /* host functions called by the guest */
	uint64_t log_messages;
	uint64_t restores;	 /* mote_sandbox_restore */
	uint64_t pages_restored; /* of 4096 bytes, copied by them */
	/* VM exits by which first writes to memory were noticed, since there is a snapshot; each
	 * part of memory has one.  They are among the exits. */
	uint64_t traps;
} mote_sandbox_statistics;

/* clang-format off */
#define MOTE_SANDBOX_STATISTICS_INIT {sizeof(mote_sandbox_statistics), 0, 0, 0, 0, 0, 0, 0}
/* clang-format on */

/* MOTE_SANDBOX_STATISTICS_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_sandbox_statistics_init(mote_sandbox_statistics *statistics, size_t size);

/*
 * Reads the counters of a sandbox.
 *
 * statistics  its size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_get_statistics(const mote_sandbox *sandbox,
						 mote_sandbox_statistics *statistics,
						 mote_error *error);

#ifdef __cplusplus
}
#endif
#endif
