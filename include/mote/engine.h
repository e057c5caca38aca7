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

typedef enum mote_backend_kind {
	MOTE_BACKEND_AUTO = 0, /* MOTE_BACKEND in the environment, else the first usable one */
	MOTE_BACKEND_KVM = 1,
	MOTE_BACKEND_MSHV = 2,
	MOTE_BACKEND_WHP = 3,
	MOTE_BACKEND_HVF = 4,
} mote_backend_kind;

/*
 * Receives log messages of guests.  text: NUL-terminated, length bytes, valid during the call; it
 * comes from the guest, so any byte but NUL may be in it.  Runs on the thread that calls the
 * sandbox; must not call or destroy that sandbox.
 */
typedef void (*mote_log_callback)(void *user, mote_log_level level, const char *text,
				  size_t length);

/*
 * Host memory for the library's own objects.  All three are set, or all are NULL for malloc,
 * realloc and free.  Called from any thread.  Guest memory comes from the operating system instead.
 */
typedef struct mote_allocator {
	void *(*allocate)(void *user, size_t bytes);
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
	 * application already handles it.  Real-time signals are MOTE_INVALID_ARGUMENT: they are lost
	 * when too many signals are pending.  The last engine that uses a signal sets it back to
	 * SIG_DFL.
	 */
	int kick_signal;
	mote_log_callback log; /* may be NULL */
	void *log_user;
	mote_allocator allocator;
} mote_engine_options;

/* clang-format off */
#define MOTE_ENGINE_OPTIONS_INIT                                                                   \
	{sizeof(mote_engine_options), MOTE_BACKEND_AUTO, 0, NULL, NULL, {NULL, NULL, NULL, NULL}}
/* clang-format on */

/*
 * Opens the hypervisor.
 * options: may be NULL for the defaults.  engine: written on success; release it with
 * mote_engine_release.  error: may be NULL.
 * Returns MOTE_OK, MOTE_NO_HYPERVISOR (the text says why and what to do), MOTE_SIGNAL_TAKEN,
 * MOTE_NO_MEMORY, MOTE_INVALID_ARGUMENT, MOTE_OS, MOTE_HYPERVISOR or MOTE_LIMIT.  Any thread.
 */
mote_status mote_engine_create(const mote_engine_options *options, mote_engine **engine,
			       mote_error *error);

/* Gives up the caller's reference; the engine ends with its last image and sandbox.
 * engine: may be NULL.  Any thread. */
void mote_engine_release(mote_engine *engine);

/* The backend in use.  Any thread. */
mote_backend_kind mote_engine_get_backend(const mote_engine *engine);

/* "kvm", "mshv", "whp", "hvf", "auto"; never NULL.  Any thread. */
const char *mote_backend_name(mote_backend_kind kind);

/* Reads a backend's name.  kind: written on success.  False for an unknown name. Any thread. */
bool mote_backend_from_name(const char *name, mote_backend_kind *kind);

#define MOTE_PROBE_TEXT_BYTES 240

/* What mote_probe found out about one backend. */
typedef struct mote_probe_result {
	mote_backend_kind kind;
	bool built;			    /* part of this build of the library */
	bool usable;			    /* a VM could be created */
	char reason[MOTE_PROBE_TEXT_BYTES]; /* why not, and what to do; empty when usable */
	char version[64];		    /* e.g. "KVM API 12"; may be empty */
} mote_probe_result;

/*
 * Looks at every backend that mote knows, in order of preference, without changing anything.
 * results: room for capacity entries; may be NULL when capacity is 0.
 * Returns how many backends there are.  Any thread.
 */
size_t mote_probe(mote_probe_result *results, size_t capacity);

/* The library's version, "MAJOR.MINOR.PATCH".  Any thread. */
const char *mote_version(void);

#ifdef __cplusplus
}
#endif
#endif
