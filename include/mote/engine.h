/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine: the root object.  It owns the connection to the hypervisor, the
 * kick signal, the allocator and the log callback.  Images and sandboxes are
 * made from it and keep it alive.  Several engines in one process work.
 */
#ifndef MOTE_ENGINE_H
#define MOTE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/abi.h>
#include <mote/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_engine mote_engine;

/* X(NAME, number, "name", "text") */
#define MOTE_BACKEND_MAP(X)                                                                        \
	X(AUTO, 0, "auto", "the first that can be used")                                           \
	X(KVM, 1, "kvm", "KVM (Linux)")                                                            \
	X(MSHV, 2, "mshv", "Microsoft hypervisor (Linux)")                                         \
	X(WHP, 3, "whp", "Windows Hypervisor Platform")                                            \
	X(HVF, 4, "hvf", "Hypervisor.framework (macOS)")

/* MOTE_BACKEND_AUTO: the one that MOTE_BACKEND in the environment names, else the first usable. */
typedef enum mote_backend_kind {
#define MOTE_BACKEND_ENUM(NAME, number, name, text) MOTE_BACKEND_##NAME = number,
	MOTE_BACKEND_MAP(MOTE_BACKEND_ENUM)
#undef MOTE_BACKEND_ENUM
} mote_backend_kind;

/*
 * Receives log messages of guests.
 *
 * user       log_user of the engine's options
 * text       length bytes and a NUL, valid during the call; it comes from the guest, so any byte
 *            but NUL may be in it
 *
 * Threads    the thread that calls the sandbox.  It must not call that sandbox; it may destroy it
 *            (mote_sandbox_destroy).
 */
typedef void (*mote_log_callback)(void *user, mote_log_level level, const char *text,
				  size_t length);

/*
 * Host memory for the library's own objects.  All three functions are set, or all are NULL for
 * malloc, realloc and free.  Called from any thread.  Guest memory comes from the operating system
 * instead.
 */
typedef struct mote_allocator {
	void *(*allocate)(void *user, size_t bytes);		      /* may return NULL */
	void *(*reallocate)(void *user, void *pointer, size_t bytes); /* pointer may be NULL */
	void (*release)(void *user, void *pointer);		      /* pointer may be NULL */
	void *user;
} mote_allocator;

typedef struct mote_engine_options {
	size_t size; /* sizeof(mote_engine_options) of the caller */
	mote_backend_kind backend;
	/*
	 * The signal that interrupts a running guest (Linux).  0: the first of SIGURG, SIGSTKFLT,
	 * SIGPWR and SIGIO that nobody handles.  1 to 31: that one; MOTE_SIGNAL_TAKEN when the
	 * application already handles it.  Real-time signals are MOTE_INVALID_ARGUMENT: they are
	 * lost when too many signals are pending.  The last engine that uses a signal sets it back
	 * to SIG_DFL.  Apart from this one, an engine with deadlines sends SIGRTMAX to a thread of
	 * its own: the application must not wait for that signal (sigwaitinfo, signalfd).
	 */
	int kick_signal;
	mote_log_callback log; /* may be NULL */
	void *log_user;
	mote_allocator allocator;
	/*
	 * Windows: no surrogate process is started.  Then a process has one sandbox at a time;
	 * a second one is MOTE_LIMIT.  Without effect on other systems.
	 */
	bool forbid_surrogates;
	/*
	 * Windows: the program whose suspended copies are the surrogates, as an absolute path in
	 * UTF-8; copied.  It never runs an instruction.  NULL: the program of this process, which
	 * serves unless it cannot be started again, as that of a packaged application.  Without
	 * effect on other systems.
	 */
	const char *surrogate_path;
} mote_engine_options;

/* clang-format off */
#define MOTE_ENGINE_OPTIONS_INIT                                                                   \
	{sizeof(mote_engine_options), MOTE_BACKEND_AUTO, 0, NULL, NULL,                            \
	 {NULL, NULL, NULL, NULL}, false, NULL}
/* clang-format on */

/*
 * MOTE_ENGINE_OPTIONS_INIT as a function.
 *
 * options    not NULL
 * size       the caller's sizeof(mote_engine_options)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_engine_options_init(mote_engine_options *options, size_t size);

/*
 * Opens the hypervisor.
 *
 * options    may be NULL for the defaults
 * engine     written on success; release it with mote_engine_release
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_NO_HYPERVISOR (the text says why, and what to do), MOTE_SIGNAL_TAKEN,
 *            MOTE_NO_MEMORY, MOTE_INVALID_ARGUMENT, MOTE_OS, MOTE_HYPERVISOR, MOTE_LIMIT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_engine_create(const mote_engine_options *options, mote_engine **engine,
					mote_error *error);

/*
 * Takes one more reference.
 *
 * Returns    engine
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_engine *mote_engine_retain(mote_engine *engine);

/*
 * Gives up one reference.  The engine ends with the last one; images, buffers and sandboxes hold
 * one each.
 *
 * engine     may be NULL
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_engine_release(mote_engine *engine);

/*
 * The backend in use; never MOTE_BACKEND_AUTO.
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_backend_kind mote_engine_get_backend(const mote_engine *engine);

/*
 * The identifier of a backend ("kvm").
 *
 * Returns    never NULL; "unknown" for a value that is not in the list
 * Threads    any
 * Since      0.1
 */
MOTE_API const char *mote_backend_name(mote_backend_kind kind);

/* What a backend is ("KVM (Linux)"), for people.  Otherwise as mote_backend_name. */
MOTE_API const char *mote_backend_text(mote_backend_kind kind);

/*
 * Reads a backend's identifier.
 *
 * name       not NULL
 * kind       written on success
 *
 * Returns    false for an unknown name
 * Threads    any
 * Since      0.1
 */
MOTE_API bool mote_backend_from_name(const char *name, mote_backend_kind *kind);

/* The identifier of a log level ("info"), and what it means.  As mote_backend_name. */
MOTE_API const char *mote_log_level_name(mote_log_level level);
MOTE_API const char *mote_log_level_text(mote_log_level level);

#define MOTE_PROBE_TEXT_BYTES 240

/* What mote_probe found out about one backend. */
typedef struct mote_probe_result {
	size_t size; /* sizeof(mote_probe_result) of the caller */
	mote_backend_kind kind;
	bool built;			    /* part of this build of the library */
	bool usable;			    /* a VM could be created */
	char reason[MOTE_PROBE_TEXT_BYTES]; /* why not, and what to do; empty when usable */
	char version[64];		    /* e.g. "KVM API 12"; may be empty */
} mote_probe_result;

/* clang-format off */
#define MOTE_PROBE_RESULT_INIT                                                                     \
	{sizeof(mote_probe_result), MOTE_BACKEND_AUTO, false, false, {0}, {0}}
/* clang-format on */

/* MOTE_PROBE_RESULT_INIT as a function.  As mote_engine_options_init. */
MOTE_API void mote_probe_result_init(mote_probe_result *result, size_t size);

/*
 * Looks whether a backend could be used, without changing anything.
 *
 * index      0 for the backend that is preferred, 1 for the next, and so on
 * result     result->size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_NOT_FOUND when there are no more, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_probe(size_t index, mote_probe_result *result, mote_error *error);

/* X(NAME, number, "name", "text"): what a hypervisor knows a VM by. */
#define MOTE_NATIVE_MAP(X)                                                                         \
	X(KVM_VM, 1, "kvm_vm", "file descriptor of the VM")                                        \
	X(KVM_VCPU, 2, "kvm_vcpu", "file descriptor of the vCPU")                                  \
	X(HVF_VCPU, 3, "hvf_vcpu", "hv_vcpu_t of the calling thread")                              \
	X(MSHV_PARTITION, 4, "mshv_partition", "file descriptor of the partition")                 \
	X(MSHV_VP, 5, "mshv_vp", "file descriptor of the virtual processor")                       \
	X(WHP_PARTITION, 6, "whp_partition", "WHV_PARTITION_HANDLE; its processor has index 0")

/*
 * For mote_sandbox_get_native_handle.  On macOS the whole process has one VM, without a handle, and
 * each thread has a vCPU: MOTE_NATIVE_HVF_VCPU is that of the calling thread, for it alone.  Within
 * a host function it has the registers of the sandbox that called; at other times it tells nothing
 * of a sandbox.
 */
typedef enum mote_native_handle_kind {
#define MOTE_NATIVE_ENUM(NAME, number, name, text) MOTE_NATIVE_##NAME = number,
	MOTE_NATIVE_MAP(MOTE_NATIVE_ENUM)
#undef MOTE_NATIVE_ENUM
} mote_native_handle_kind;

/* The identifier of a kind ("kvm_vm"), and what it means.  As mote_backend_name. */
MOTE_API const char *mote_native_handle_kind_name(mote_native_handle_kind kind);
MOTE_API const char *mote_native_handle_kind_text(mote_native_handle_kind kind);

#ifdef __cplusplus
}
#endif
#endif
