/* SPDX-License-Identifier: Apache-2.0
 *
 * The sandbox's internals.  sandbox.c creates and destroys it, call.c runs calls in it, fault.c
 * describes what went wrong.
 */
#ifndef MOTE_SANDBOX_INTERNAL_H
#define MOTE_SANDBOX_INTERNAL_H

#include <stdatomic.h>

#include <mote/sandbox.h>

#include "engine_internal.h"
#include "hypervisor/sandbox_vm.h"
#include "os/os_memory.h"
#include "sandbox/image_internal.h"
#include "sandbox/layout.h"
#include "sandbox/mailbox.h"

/* A host function as registered: its own copy of name and signature. */
struct mote_registered_function {
	char name[MOTE_ABI_NAME_BYTES];
	mote_signature signature;
	mote_host_callback call;
	void *user;
	void (*destroy)(void *user);
};

/* Whether a call is in progress, and what happens after it. */
enum mote_sandbox_use {
	MOTE_SANDBOX_IDLE,
	MOTE_SANDBOX_BUSY,
	MOTE_SANDBOX_DOOMED,  /* destroyed during the call: freed when the call ends */
	MOTE_SANDBOX_HELD,    /* by its debugger: a call waits */
	MOTE_SANDBOX_AWAITED, /* HELD, and a call waits: it is BUSY with that afterwards */
	MOTE_SANDBOX_WANTED,  /* a call is in progress, after which its debugger holds it */
};

/* What a sandbox can be put back to: restore.c. */
struct mote_origin;

/* A run of a program: program.c. */
struct mote_program;

/* Where it is in a pool: pool.c. */
struct mote_pool_place;

/* What a debugger adds to a sandbox: debug.c, which not every build has. */
struct mote_sandbox_debug;
struct mote_debug_server;
struct mote_sandbox_debug_ops {
	/* After MOTE_EVENT_BREAK: runs on until another event. */
	mote_status (*run)(mote_sandbox *sandbox, struct mote_guest_event *event,
			   mote_error *error);
	/* While it is AWAITED.  MOTE_OK: it is this thread's; MOTE_KILLED: the wait was ended. */
	mote_status (*wait_for_release)(mote_sandbox *sandbox, mote_error *error);
	void (*hand_over)(mote_sandbox *sandbox); /* it was WANTED and is HELD now */
	bool (*is_attached)(const struct mote_sandbox_debug *debug);
	void (*free)(struct mote_sandbox_debug *debug); /* the vCPU is gone */

	/* For cores: the guest without what the debugger put into it. */
	void (*hide)(struct mote_sandbox_debug *debug, bool hidden);
	bool (*translate)(struct mote_sandbox_debug *debug, uint64_t gva,
			  struct mote_translation *translation);
	/* Of a call that the debugger has stopped, or while it holds the sandbox. */
	mote_status (*registers)(struct mote_sandbox_debug *debug, mote_regs *regs,
				 mote_sregs *sregs, mote_fpu *fpu, mote_error *error);
};

struct mote_sandbox {
	mote_engine *engine;
	mote_image *image;
	struct mote_layout layout;
	struct mote_os_memory ram;
	struct mote_sandbox_vm vm;
	struct mote_page_tables tables;
	struct mote_mailbox mailbox;
	struct mote_origin *origin; /* NULL: there is no snapshot */

	struct mote_registered_function *functions;
	size_t function_count, own_function_count;	 /* the library's own come last */
	const struct mote_registered_function **imports; /* one per import of the image */

	/* Copies out of the two data areas.  The second is for arguments of the host function that
	 * runs or the message that is served, never for both: neither may enter the guest. */
	struct mote_buffer_space result_space; /* of the last call */
	struct mote_buffer_space host_call_space;

	/* NULL: it never had a debugger, which may come at any time, on another thread. */
	struct mote_sandbox_debug *_Atomic debug;
	const struct mote_sandbox_debug_ops *debug_ops; /* valid when there is one */
	struct mote_debug_server *debug_server;		/* NULL: it does not listen */

	struct mote_pool_place *place; /* NULL: it is in no pool */
	struct mote_program *program;  /* whose streams the call in progress uses; NULL: none */

	struct mote_watch watch;
	uint64_t wall_ns, cpu_ns; /* deadlines for calls that set none; 0: none */
	_Atomic uint8_t use;	  /* an enum mote_sandbox_use */
	bool poisoned;
	bool has_fault;
	bool forbid_timestamp, dump_guest_memory, tell_time; /* options */
	mote_log_level log_level;
	mote_fault fault;		     /* its registers are read on demand */
	struct mote_guest_event fault_event; /* what they are read with */
	bool fault_registers_read;
	mote_status poison_status;
	char poison_text[256];		    /* why, for later calls */
	mote_sandbox_statistics statistics; /* its exits are those of the VM */
	struct mote_core_settings *core;    /* NULL: calls write no cores */
};

/* The maximum of memory, heap, stack and buffer space. */
#define MOTE_SANDBOX_MAXIMUM_BYTES (64ull << 30)

/* Reads a caller's options, or the defaults for NULL, and checks them. */
mote_status mote_sandbox_take_options(const mote_sandbox_options *options,
				      mote_sandbox_options *taken, mote_error *error);
/* The host function with this index, in options that were taken. */
mote_status mote_sandbox_take_host_function(const mote_sandbox_options *options, size_t index,
					    mote_host_function *taken, mote_error *error);

/* The layout that options which were taken ask for; granule_bytes: of what is mapped. */
mote_status mote_sandbox_compute_layout(const mote_image *image,
					const mote_sandbox_options *options, uint64_t granule_bytes,
					struct mote_layout *layout, mote_error *error);

/* As mote_sandbox_create, but without the host functions that the image imports: it may never
 * run. */
mote_status mote_sandbox_create_unlinked(mote_engine *engine, mote_image *image,
					 const mote_sandbox_options *options,
					 mote_sandbox **sandbox, mote_error *error);

/* Host functions.  Copies those of options that were taken; resolve finds the image's imports among
 * them; from own on the sandbox owns their user pointers. */
mote_status mote_sandbox_register_functions(mote_sandbox *sandbox,
					    const mote_sandbox_options *options, mote_error *error);
mote_status mote_sandbox_resolve_imports(mote_sandbox *sandbox, mote_error *error);
void mote_sandbox_own_users(mote_sandbox *sandbox, const mote_sandbox_options *options);

/* Marks the sandbox as in use by a call; MOTE_BUSY when it already is. */
mote_status mote_sandbox_claim(mote_sandbox *sandbox, mote_error *error);
/* Ends a use that was claimed.  If the sandbox was destroyed meanwhile, there is no result. */
mote_status mote_sandbox_end_use(mote_sandbox *sandbox, mote_status status, mote_error *error);
/* Fails with MOTE_POISONED. */
mote_status mote_sandbox_fail_poisoned(const mote_sandbox *sandbox, mote_error *error);
/* Frees the sandbox and all that it holds. */
void mote_sandbox_free(mote_sandbox *sandbox);

/* What mote_sandbox_park does where vCPUs belong to threads. */
void mote_sandbox_park_vcpu(mote_sandbox *sandbox);

/* This thread is done with the vCPU, and another one may use it; a failure poisons the sandbox. */
static inline void mote_sandbox_park(mote_sandbox *sandbox)
{
	if (sandbox->vm.parks)
		mote_sandbox_park_vcpu(sandbox);
}

/* The end of a claim when somebody waits for it.  True: the sandbox was freed. */
bool mote_sandbox_unclaim_later(mote_sandbox *sandbox);

/* Ends a claim.  True when the sandbox was destroyed during the call: it is freed now. */
static inline bool mote_sandbox_unclaim(mote_sandbox *sandbox)
{
	uint8_t use = MOTE_SANDBOX_BUSY;

	mote_sandbox_park(sandbox);
	if (atomic_compare_exchange_strong(&sandbox->use, &use, MOTE_SANDBOX_IDLE))
		return false;
	return mote_sandbox_unclaim_later(sandbox);
}

/* Marks the sandbox for destruction.  True when a call is in progress, which frees it when it
 * ends. */
bool mote_sandbox_doom(mote_sandbox *sandbox);

/* Ends the listening for a debugger, and a call that it has stopped; frees what listening took.
 * Both also for a sandbox that does not listen. */
void mote_sandbox_debug_doom(mote_sandbox *sandbox);
void mote_sandbox_debug_free(mote_sandbox *sandbox);

/* Has work done on the thread that may use the guest, while a debugger has stopped the call or
 * holds the sandbox, and waits for it.  False: neither is so, or somebody else asks for it. */
bool mote_sandbox_debug_visit(mote_sandbox *sandbox, void (*work)(void *argument), void *argument);

/* Releases all shared buffers of a sandbox whose VM is gone. */
void mote_sandbox_release_buffers(mote_sandbox *sandbox);

/* Poisons the sandbox, with error's text as the reason; returns status. */
mote_status mote_sandbox_poison(mote_sandbox *sandbox, mote_status status, mote_error *error);

/* Writes a core of a call that ends so, if the settings of core ask for it. */
void mote_sandbox_core_failed(mote_sandbox *sandbox, mote_status ended, const mote_error *reason);

/* Serves a doorbell other than MOTE_ABI_PORT_READY. */
mote_status mote_sandbox_serve(mote_sandbox *sandbox, uint16_t port, mote_error *error);

/* Describes a guest fault in sandbox->fault and in error; returns MOTE_GUEST_FAULT. */
mote_status mote_sandbox_report_fault(mote_sandbox *sandbox, const struct mote_guest_event *event,
				      mote_error *error);

/* The same for invalid contents of the mailbox. */
mote_status mote_sandbox_report_mailbox(mote_sandbox *sandbox, const char *problem,
					mote_error *error);

#endif
