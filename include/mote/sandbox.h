/* SPDX-License-Identifier: Apache-2.0
 *
 * The sandbox: one micro VM with a loaded guest.
 *
 * Life: options -> create -> call, call, ... -> destroy.  The guest initialises
 * itself when it is first entered: by the first call, or by mote_sandbox_start.
 * After a guest fault, an abort, a kill, a deadline or a failed host function
 * the sandbox is poisoned: every further call gives MOTE_POISONED.
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

/*
 * A function of the host that the guest may call.
 * arguments: count values of the declared types; strings and bytes are copies that are valid
 * during this call, whatever the guest does.  result: preset to a zero of the declared type; set
 * its `as` member.  A string or bytes result is copied when the function returns, so it may point to
 * memory that the function owns.
 * Returns MOTE_OK; anything else ends the guest's call with MOTE_HOST_FUNCTION and poisons the
 * sandbox.  error: never NULL; its text goes into the caller's error.
 * Runs on the thread that called the sandbox.  Must not call or destroy that sandbox (MOTE_BUSY),
 * nor leave by longjmp or an exception.
 */
typedef mote_status (*mote_host_callback)(void *user, const mote_value *arguments, size_t count,
					  mote_value *result, mote_error *error);

typedef struct mote_host_function {
	const char *name;	 /* NUL-terminated, at most 63 bytes; copied */
	const char *signature;	 /* e.g. "bytes(u32)"; copied */
	mote_host_callback call; /* not NULL */
	void *user;
	/* May be NULL.  Called once, when the sandbox is destroyed; a creation that fails leaves user
	 * to the caller. */
	void (*destroy)(void *user);
} mote_host_function;

typedef struct mote_sandbox_options {
	size_t size; /* sizeof(mote_sandbox_options) of the caller */
	/* All of the guest's memory: image, heap, stack, mailbox, page tables.  Bytes, rounded up to
	 * pages; 0: 16 MiB; 64 KiB to 64 GiB.  Only touched pages cost host memory. */
	uint64_t memory_bytes;
	uint64_t heap_bytes;  /* 0: all that remains */
	uint64_t stack_bytes; /* 0: 256 KiB, or what the image asks for if that is more */
	/* The longest string or bytes, and the sum of those in one call, per direction.  Bytes,
	 * rounded up to pages; 0: 64 KiB; at most 1 GiB.  Takes twice that from memory_bytes. */
	uint64_t mailbox_bytes;
	const mote_host_function *host_functions; /* may be NULL when the count is 0; copied */
	size_t host_function_count;
	mote_log_level log_level; /* less severe guest messages are dropped in the guest */
	/* x86_64: rdtsc and rdtscp fault in the guest.  Not enforced by hosts that run user code under
	 * their own CR4 (KVM without hardware virtualization). */
	bool forbid_timestamp;
	/* Deadlines of calls that set none themselves; see mote_call_options.  0: none. */
	uint64_t wall_ns;
	uint64_t cpu_ns;
	/* Room for shared buffers (mote/buffer.h), all that are mapped at one time.  Bytes; 0: 4 GiB; at
	 * most 64 GiB.  Address space, not memory. */
	uint64_t buffer_space_bytes;
	/* Core dumps of this process contain the guest's memory.  Shared buffers are never in them, unless
	 * the application says madvise(MADV_DODUMP) of their data. */
	bool dump_guest_memory;
} mote_sandbox_options;

/* clang-format off */
#define MOTE_SANDBOX_OPTIONS_INIT                                                                  \
	{sizeof(mote_sandbox_options), 0, 0, 0, 0, NULL, 0, MOTE_LOG_INFO, false, 0, 0, 0, false}
/* clang-format on */

/*
 * Creates a sandbox from an image.  No guest code runs yet.
 * engine and image: not NULL; the sandbox keeps both alive.  options: may be NULL for the defaults.
 * sandbox: written on success; release it with mote_sandbox_destroy.  error: may be NULL.
 * Returns MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_WRONG_MACHINE, MOTE_NO_GUEST_MEMORY,
 * MOTE_MISSING_IMPORT, MOTE_SIGNATURE, MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_OS, MOTE_HYPERVISOR or
 * MOTE_FORKED.  Any thread.
 */
mote_status mote_sandbox_create(mote_engine *engine, mote_image *image,
				const mote_sandbox_options *options, mote_sandbox **sandbox,
				mote_error *error);

/* mote_image_open and mote_sandbox_create in one. */
mote_status mote_sandbox_create_from_file(mote_engine *engine, const char *path,
					  const mote_sandbox_options *options,
					  mote_sandbox **sandbox, mote_error *error);

/* mote_image_from_bytes and mote_sandbox_create in one. */
mote_status mote_sandbox_create_from_bytes(mote_engine *engine, const void *data, size_t length,
					   const mote_sandbox_options *options,
					   mote_sandbox **sandbox, mote_error *error);

/*
 * Destroys a sandbox and everything in it.  sandbox: may be NULL.  Any thread, not only the one that
 * made the calls.  From inside one of its own host functions it does nothing and returns MOTE_BUSY.
 * After fork() the child only gives up its copy of the bookkeeping.
 */
mote_status mote_sandbox_destroy(mote_sandbox *sandbox);

/* A guest function, resolved and type-checked once.  Valid for the sandbox that it was found in,
 * and for every other sandbox of the same image. */
typedef struct mote_function {
	uint32_t index;
	mote_signature signature;
} mote_function;

/*
 * Finds an exported guest function.
 * signature: what the caller expects, e.g. "i64(bytes,u32)"; NULL accepts any.  function: written on
 * success.  error: may be NULL.
 * Returns MOTE_OK, MOTE_NOT_FOUND, MOTE_SIGNATURE or MOTE_INVALID_ARGUMENT.  One thread at a time.
 */
mote_status mote_sandbox_find(const mote_sandbox *sandbox, const char *name, const char *signature,
			      mote_function *function, mote_error *error);

#define MOTE_NO_DEADLINE UINT64_MAX

/* Options of one call. */
typedef struct mote_call_options {
	size_t size; /* sizeof(mote_call_options) of the caller */
	/* Where a string or bytes result goes (a string with its NUL).  NULL: memory of the sandbox,
	 * valid until its next call. */
	void *result_buffer;
	size_t result_capacity; /* bytes */
	/*
	 * The call ends with MOTE_WALL_DEADLINE this many nanoseconds after it began, host functions
	 * included (one that is running is not interrupted).  0: the sandbox's; MOTE_NO_DEADLINE: none.
	 */
	uint64_t wall_ns;
	/*
	 * The call ends with MOTE_CPU_DEADLINE when its thread has spent this many nanoseconds of CPU
	 * time on the guest; time in host functions does not count.  Values as above.  With both, the
	 * first that passes ends the call; a batch has one of each for all its calls.
	 */
	uint64_t cpu_ns;
} mote_call_options;

/* clang-format off */
#define MOTE_CALL_OPTIONS_INIT {sizeof(mote_call_options), NULL, 0, 0, 0}
/* clang-format on */

/*
 * Calls a guest function and waits for its result.
 * arguments: count values of the function's argument types; may be NULL when count is 0.
 * options: may be NULL.  result: written on success, may be NULL.  error: may be NULL.
 * Returns MOTE_OK; MOTE_INVALID_ARGUMENT, MOTE_NOT_FOUND, MOTE_SIGNATURE, MOTE_TOO_LARGE, MOTE_BUSY,
 * MOTE_FORKED, MOTE_SIGNAL_BLOCKED, MOTE_POISONED or MOTE_OS before the guest was entered, and MOTE_LIMIT,
 * MOTE_NO_MEMORY or MOTE_OS when a deadline cannot be set; MOTE_GUEST_FAULT (see mote_sandbox_get_fault),
 * MOTE_GUEST_ABORT, MOTE_HOST_FUNCTION, MOTE_KILLED, MOTE_WALL_DEADLINE, MOTE_CPU_DEADLINE, MOTE_OS,
 * MOTE_HYPERVISOR, MOTE_LIMIT (the kernel may not start KVM's thread), MOTE_NO_MEMORY or (in a child that a callback forked) MOTE_FORKED after, and
 * then the sandbox is poisoned.  MOTE_TOO_LARGE or MOTE_NO_MEMORY for a result that cannot be taken in
 * leaves the sandbox usable.  mote_sandbox_is_poisoned tells.
 * One thread at a time.
 */
mote_status mote_sandbox_call(mote_sandbox *sandbox, mote_function function,
			      const mote_value *arguments, size_t count,
			      const mote_call_options *options, mote_value *result,
			      mote_error *error);

/*
 * Calls one guest function many times, as many times per VM exit as the mailbox holds arguments for.
 * arguments: calls times as many values as the function takes, call after call; may be NULL when it
 * takes none.  results: room for calls values, or NULL.  The function's result must not be a string or
 * bytes (MOTE_SIGNATURE).  options: deadlines hold for the whole batch; result_buffer is not used.
 * After a failure the results of calls that came before it may be written, or not.  Otherwise as
 * mote_sandbox_call; MOTE_INVALID_ARGUMENT also after the guest was entered, when a string that lies
 * in a shared buffer has got a NUL meanwhile.
 */
mote_status mote_sandbox_call_batch(mote_sandbox *sandbox, mote_function function,
				    const mote_value *arguments, size_t calls,
				    const mote_call_options *options, mote_value *results,
				    mote_error *error);

/* Enters the guest so that it initialises itself, when it has not yet.  Statuses as for a call. */
mote_status mote_sandbox_start(mote_sandbox *sandbox, const mote_call_options *options,
			       mote_error *error);

/* Whether further calls give MOTE_POISONED.  One thread at a time. */
bool mote_sandbox_is_poisoned(const mote_sandbox *sandbox);

/* The guest fault that poisoned the sandbox, or NULL.  Lives as long as the sandbox.  One thread
 * at a time. */
const mote_fault *mote_sandbox_get_fault(const mote_sandbox *sandbox);

/* The interrupt handle.  Borrowed: mote_interrupt_retain it to keep it longer than the sandbox, or
 * to use it while another thread may destroy the sandbox. */
mote_interrupt *mote_sandbox_get_interrupt(mote_sandbox *sandbox);

/* The image that the sandbox was created from.  Borrowed. */
const mote_image *mote_sandbox_get_image(const mote_sandbox *sandbox);

/* What the hypervisor knows a VM by. */
typedef enum mote_native_handle_kind {
	MOTE_NATIVE_KVM_VM = 1,	  /* file descriptor */
	MOTE_NATIVE_KVM_VCPU = 2, /* file descriptor */
} mote_native_handle_kind;

/* For embedders that know their hypervisor.  handle: written on success, borrowed.  Returns MOTE_OK
 * or MOTE_UNSUPPORTED. */
mote_status mote_sandbox_get_native_handle(const mote_sandbox *sandbox,
					   mote_native_handle_kind kind, uintptr_t *handle,
					   mote_error *error);

/* Counters of one sandbox, since its creation. */
typedef struct mote_sandbox_statistics {
	uint64_t calls;
	uint64_t exits;	     /* VM exits */
	uint64_t host_calls; /* host functions called by the guest */
	uint64_t log_messages;
} mote_sandbox_statistics;

/* statistics: not NULL.  One thread at a time. */
void mote_sandbox_get_statistics(const mote_sandbox *sandbox, mote_sandbox_statistics *statistics);

#ifdef __cplusplus
}
#endif
#endif
