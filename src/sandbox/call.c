/* SPDX-License-Identifier: Apache-2.0
 *
 * One call: writes the arguments into the mailbox, runs the guest, serves its doorbells, reads the
 * result.  A warm call without host functions is one VM exit and one system call.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "options.h"
#include "os/os_clock.h"
#include "sandbox/program_internal.h"
#include "sandbox/snapshot_internal.h"
#include "value_internal.h"

/* ---- The run ----------------------------------------------------------------------------- */

static mote_status cancelled(mote_sandbox *sandbox, mote_error *error)
{
	uint64_t cause = mote_interrupt_cause(sandbox->watch.interrupt);

	if (cause & MOTE_INTERRUPT_WALL_DEADLINE)
		return mote_fail(error, MOTE_WALL_DEADLINE,
				 "guest call ended by its wall-clock deadline");
	if (cause & MOTE_INTERRUPT_CPU_DEADLINE)
		return mote_fail(error, MOTE_CPU_DEADLINE,
				 "guest call ended by its CPU-time deadline");
	return mote_fail(error, MOTE_KILLED, "guest call killed");
}

/* Anything but a doorbell.  Under a debugger a doorbell may follow. */
MOTE_COLD static mote_status no_doorbell(mote_sandbox *sandbox, struct mote_guest_event *event,
					 mote_error *error)
{
	mote_status status = MOTE_OK;

	if (event->kind == MOTE_EVENT_BREAK)
		status = sandbox->debug_ops->run(sandbox, event, error);
	if (status != MOTE_OK || event->kind == MOTE_EVENT_DOORBELL)
		return status;
	if (event->kind == MOTE_EVENT_CANCELLED)
		return cancelled(sandbox, error);
	return mote_sandbox_report_fault(sandbox, event, error);
}

/* Runs the guest until it is ready for the next call. */
static mote_status run(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_guest_event event;
	mote_status status;

	for (;;) {
		status = mote_sandbox_vm_run(&sandbox->vm, &event, error);
		if (status == MOTE_OK && event.kind != MOTE_EVENT_DOORBELL)
			status = no_doorbell(sandbox, &event, error);
		if (status != MOTE_OK)
			return status;
		if (event.port == MOTE_ABI_PORT_READY)
			return MOTE_OK;
		/* No host function begins after a kill has returned true. */
		if (mote_interrupt_cancelled(sandbox->watch.interrupt))
			return cancelled(sandbox, error);
		status = mote_sandbox_serve(sandbox, event.port, error);
		/* A host function may have failed because the call was ended. */
		if (status == MOTE_HOST_FUNCTION &&
		    mote_interrupt_cancelled(sandbox->watch.interrupt))
			return cancelled(sandbox, error);
		if (status != MOTE_OK)
			return status;
	}
}

/* A call that fails after the guest was entered poisons the sandbox. */
MOTE_COLD static mote_status fail_call(mote_sandbox *sandbox, mote_status status, mote_error *error)
{
	if (sandbox->core != NULL && !mote_engine_forked(sandbox->engine))
		mote_sandbox_core_failed(sandbox, status, error);
	return mote_sandbox_poison(sandbox, status, error);
}

static mote_status invalid_result(mote_sandbox *sandbox, const char *problem, mote_error *error)
{
	return fail_call(sandbox, mote_sandbox_report_mailbox(sandbox, problem, error), error);
}

static mote_status take_result(mote_sandbox *sandbox, mote_type type,
			       const mote_call_options *options, mote_value *result,
			       mote_error *error)
{
	const struct mote_channel *channel = &sandbox->mailbox.call;
	const char *problem;
	mote_status status;

	if (!mote_type_has_data(type)) {
		problem = mote_channel_get_scalar(channel, type, result);
		return problem == NULL ? MOTE_OK : invalid_result(sandbox, problem, error);
	}
	problem = NULL;
	status = mote_channel_get_result(channel, type,
					 options != NULL ? options->result_buffer : NULL,
					 options != NULL ? options->result_capacity : 0,
					 &sandbox->engine->allocator, &sandbox->result_space,
					 result, &problem, error);
	return problem == NULL ? status : invalid_result(sandbox, problem, error);
}

MOTE_COLD mote_status mote_sandbox_fail_poisoned(const mote_sandbox *sandbox, mote_error *error)
{
	return mote_fail(error, MOTE_POISONED,
			 "sandbox is poisoned (%s); put it back to a snapshot "
			 "(mote_sandbox_restore) or create a new one",
			 sandbox->poison_text[0] != '\0'
				 ? sandbox->poison_text
				 : mote_status_text(sandbox->poison_status));
}

static inline mote_status check_usable(mote_sandbox *sandbox, mote_error *error)
{
	const struct mote_hypervisor *hypervisor = sandbox->engine->hypervisor;

	if (mote_engine_forked(sandbox->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this sandbox belongs to the parent process; create one after fork");
	if (sandbox->poisoned)
		return mote_sandbox_fail_poisoned(sandbox, error);
	return hypervisor->backend->check_thread(hypervisor, error);
}

/* The call's value, or else the sandbox's; 0 for none. */
static uint64_t limit(uint64_t call, uint64_t sandbox)
{
	if (call == 0)
		return sandbox;
	return call != MOTE_NO_DEADLINE ? call : 0;
}

/* A batch: each exit serves as many of its calls as the mailbox holds. */
struct batch_run {
	struct mote_batch batch;
	mote_value *results; /* may be NULL */
	size_t done;	     /* calls whose results were taken in */
	size_t put;	     /* calls in the mailbox */
};

static mote_status put_part(mote_sandbox *sandbox, struct batch_run *batch, mote_error *error)
{
	mote_status status = mote_mailbox_put_batch(&sandbox->mailbox, &batch->batch, batch->done,
						    &batch->put, error);

	if (status == MOTE_OK)
		sandbox->statistics.calls += batch->put;
	return status;
}

/* Reads the results of a part that has run and writes the next part; false when there is none. */
static bool next_part(mote_sandbox *sandbox, struct batch_run *batch, mote_status *status,
		      mote_error *error)
{
	const char *problem = NULL;

	if (batch->results != NULL)
		mote_mailbox_get_batch(&sandbox->mailbox, &batch->batch, batch->put,
				       batch->results + batch->done, &problem);
	if (problem != NULL) {
		*status = mote_sandbox_report_mailbox(sandbox, problem, error);
		return false;
	}
	batch->done += batch->put;
	if (batch->done == batch->batch.calls)
		return false;
	*status = put_part(sandbox, batch, error);
	return *status == MOTE_OK;
}

static mote_status run_all(mote_sandbox *sandbox, struct batch_run *batch, mote_error *error)
{
	mote_status status;

	do
		status = run(sandbox, error);
	while (status == MOTE_OK && batch != NULL && next_part(sandbox, batch, &status, error));
	return status == MOTE_OK ? MOTE_OK : fail_call(sandbox, status, error);
}

/* Enters the guest for what is in the mailbox: one call, or the first part of a batch.  From then
 * on a failure poisons the sandbox.  If the requested deadlines cannot be set, no guest code runs
 * and the sandbox is unchanged.  Deadlines cost nothing if none is set. */
static mote_status enter(mote_sandbox *sandbox, const mote_call_options *options,
			 struct batch_run *batch, mote_error *error)
{
	uint64_t wall =
		options == NULL ? sandbox->wall_ns : limit(options->wall_ns, sandbox->wall_ns);
	uint64_t cpu = options == NULL ? sandbox->cpu_ns : limit(options->cpu_ns, sandbox->cpu_ns);
	bool watched = (wall | cpu) != 0;
	mote_status status = MOTE_OK;
	mote_error own;

	if (error == NULL) {
		mote_error_begin(&own);
		error = &own;
	}
	if (watched)
		status = mote_deadlines_prepare(sandbox->engine->deadlines, &sandbox->watch, error);
	if (status != MOTE_OK)
		return status;
	if (sandbox->tell_time)
		sandbox->mailbox.shared->entry_ns = mote_os_real_ns();
	mote_interrupt_begin_call(sandbox->watch.interrupt);
	/* A kill before this had no call to end, but a destroy was meant to end this one. */
	if (atomic_load(&sandbox->use) == MOTE_SANDBOX_DOOMED)
		mote_interrupt_kill(sandbox->watch.interrupt);
	if (watched)
		status = mote_deadlines_begin(sandbox->engine->deadlines, &sandbox->watch, wall,
					      cpu, error);
	if (status == MOTE_OK)
		status = run_all(sandbox, batch, error);
	if (watched)
		mote_deadlines_end(&sandbox->watch);
	mote_interrupt_end_call(sandbox->watch.interrupt);
	return status;
}

/* ---- The public functions ---------------------------------------------------------------- */

/* Something else uses the sandbox.  A debugger that holds it lets one call wait. */
MOTE_COLD static mote_status claim_later(mote_sandbox *sandbox, mote_error *error)
{
	uint8_t use = MOTE_SANDBOX_IDLE, wanted = MOTE_SANDBOX_BUSY;

	while (!atomic_compare_exchange_strong(&sandbox->use, &use, wanted)) {
		if (use != MOTE_SANDBOX_IDLE && use != MOTE_SANDBOX_HELD)
			return mote_fail(error, MOTE_BUSY,
					 "sandbox is already in a call (a host function may not "
					 "use its own sandbox)");
		wanted = use == MOTE_SANDBOX_IDLE ? MOTE_SANDBOX_BUSY : MOTE_SANDBOX_AWAITED;
	}
	if (wanted == MOTE_SANDBOX_AWAITED)
		return sandbox->debug_ops->wait_for_release(sandbox, error);
	return MOTE_OK;
}

mote_status mote_sandbox_claim(mote_sandbox *sandbox, mote_error *error)
{
	uint8_t use = MOTE_SANDBOX_IDLE;

	if (atomic_compare_exchange_strong(&sandbox->use, &use, MOTE_SANDBOX_BUSY))
		return MOTE_OK;
	return claim_later(sandbox, error);
}

MOTE_COLD void mote_sandbox_park_vcpu(mote_sandbox *sandbox)
{
	mote_error error;
	mote_status status;

	mote_error_begin(&error);
	if (mote_engine_forked(sandbox->engine))
		return;
	status = mote_vcpu_park(sandbox->vm.vm, &error);
	if (status != MOTE_OK && !sandbox->poisoned)
		(void)mote_sandbox_poison(sandbox, status, &error);
}

MOTE_COLD bool mote_sandbox_unclaim_later(mote_sandbox *sandbox)
{
	uint8_t use = MOTE_SANDBOX_WANTED;

	if (atomic_compare_exchange_strong(&sandbox->use, &use, MOTE_SANDBOX_HELD)) {
		sandbox->debug_ops->hand_over(sandbox);
		return false;
	}
	mote_sandbox_free(sandbox);
	return true;
}

bool mote_sandbox_doom(mote_sandbox *sandbox)
{
	/* A call that another thread was making when this process was forked never ends here. */
	bool ends = !mote_engine_forked(sandbox->engine) ||
		    mote_interrupt_is_in_this_thread(sandbox->watch.interrupt);

	return atomic_exchange(&sandbox->use, MOTE_SANDBOX_DOOMED) != MOTE_SANDBOX_IDLE && ends;
}

/* Reads the options of a caller that may be of another version. */
MOTE_COLD static mote_status take_options(const mote_call_options **options,
					  mote_call_options *taken, mote_error *error)
{
	static const struct mote_structure structure = {"call options", "MOTE_CALL_OPTIONS_INIT",
							sizeof(*taken)};
	const mote_call_options *theirs = *options;

	*taken = (mote_call_options)MOTE_CALL_OPTIONS_INIT;
	*options = taken;
	return mote_structure_take(&structure, taken, theirs, error);
}

/* Checks that a call may be made and claims the sandbox.  options: the caller's, or taken from
 * them. */
static inline mote_status begin(mote_sandbox *sandbox, const mote_call_options **options,
				mote_call_options *taken, mote_error *error)
{
	mote_status status;

	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox is NULL");
	status = mote_sandbox_claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = check_usable(sandbox, error);
	if (status == MOTE_OK && *options != NULL && (*options)->size != sizeof(**options))
		status = take_options(options, taken, error);
	if (status != MOTE_OK)
		(void)mote_sandbox_unclaim(sandbox);
	return status;
}

/* Ends the call.  If the sandbox was destroyed during the call, there is no result. */
static inline mote_status end(mote_sandbox *sandbox, mote_status status, mote_error *error)
{
	if (!mote_sandbox_unclaim(sandbox) || status != MOTE_OK)
		return status;
	return mote_fail(error, MOTE_KILLED, "the sandbox was destroyed during this call");
}

mote_status mote_sandbox_end_use(mote_sandbox *sandbox, mote_status status, mote_error *error)
{
	return end(sandbox, status, error);
}

static mote_status fail_function(const mote_sandbox *sandbox, mote_function function,
				 mote_error *error)
{
	if (function.image == 0)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "the function handle is empty; mote_sandbox_find fills it");
	return mote_fail(error, MOTE_INVALID_ARGUMENT,
			 "the function handle does not belong to guest image %s; find the function "
			 "in a sandbox of this image",
			 sandbox->image->name);
}

/* NULL when the handle belongs to another image. */
static const mote_signature *find_signature(const mote_sandbox *sandbox, mote_function function,
					    mote_error *error)
{
	if (function.image == sandbox->image->serial &&
	    function.index < sandbox->image->export_count)
		return &sandbox->image->exports[function.index].signature;
	fail_function(sandbox, function, error);
	return NULL;
}

static mote_status call_one(mote_sandbox *sandbox, mote_function function,
			    const mote_value *arguments, size_t count,
			    const mote_call_options *options, mote_value *result, mote_error *error)
{
	const mote_signature *signature = find_signature(sandbox, function, error);
	mote_status status;

	if (signature == NULL)
		return MOTE_INVALID_ARGUMENT;
	status = mote_channel_put_call(&sandbox->mailbox.call, signature, function.index, arguments,
				       count, error);
	if (status != MOTE_OK)
		return status;
	sandbox->statistics.calls++;
	status = enter(sandbox, options, NULL, error);
	if (status != MOTE_OK)
		return status;
	return take_result(sandbox, (mote_type)signature->result, options, result, error);
}

mote_status mote_sandbox_call(mote_sandbox *sandbox, mote_function function,
			      const mote_value *arguments, size_t count,
			      const mote_call_options *options, mote_value *result,
			      mote_error *error)
{
	mote_call_options taken;
	mote_value value;
	mote_status status = begin(sandbox, &options, &taken, error);

	if (status != MOTE_OK)
		return status;
	status = call_one(sandbox, function, arguments, count, options, &value, error);
	status = end(sandbox, status, error);
	if (status == MOTE_OK && result != NULL)
		*result = value;
	return status;
}

mote_status mote_sandbox_call_program(mote_sandbox *sandbox, struct mote_program *program,
				      mote_function function, const mote_value *argument,
				      const mote_call_options *options, mote_value *result,
				      mote_error *error)
{
	mote_call_options taken;
	mote_status status = begin(sandbox, &options, &taken, error);

	if (status != MOTE_OK)
		return status;
	sandbox->program = program;
	status = call_one(sandbox, function, argument, 1, options, result, error);
	sandbox->program = NULL;
	return end(sandbox, status, error);
}

/* All errors in the arguments are found before the guest is entered. */
static mote_status check_batch(const mote_sandbox *sandbox, const mote_signature *signature,
			       const mote_value *arguments, size_t calls, mote_error *error)
{
	size_t count = signature->argument_count;
	size_t records = (count + 1) * sizeof(struct mote_abi_value);
	mote_status status = MOTE_OK;

	if (mote_type_has_data((mote_type)signature->result))
		return mote_fail(error, MOTE_SIGNATURE,
				 "a batch cannot return %s; use single calls",
				 mote_type_name((mote_type)signature->result));
	for (size_t i = 0; status == MOTE_OK && i < calls; i++) {
		const mote_value *values = arguments != NULL ? arguments + i * count : NULL;
		size_t bytes;

		status = mote_signature_check(signature, values, count, error);
		if (status == MOTE_OK)
			status = mote_channel_measure(&sandbox->mailbox.call, values, count,
						      records, &bytes, error);
	}
	return status;
}

static mote_status call_batch(mote_sandbox *sandbox, mote_function function,
			      const mote_value *arguments, size_t calls,
			      const mote_call_options *options, mote_value *results,
			      mote_error *error)
{
	const mote_signature *signature = find_signature(sandbox, function, error);
	struct batch_run run = {.results = results};
	mote_status status;

	if (signature == NULL)
		return MOTE_INVALID_ARGUMENT;
	status = check_batch(sandbox, signature, arguments, calls, error);
	if (status != MOTE_OK || calls == 0)
		return status;
	run.batch = (struct mote_batch){
		.function = function.index,
		.result = (mote_type)signature->result,
		.argument_count = signature->argument_count,
		.arguments = arguments,
		.calls = calls,
	};
	status = put_part(sandbox, &run, error);
	if (status != MOTE_OK)
		return status;
	status = enter(sandbox, options, &run, error);
	if (!sandbox->poisoned) /* a forked child has no mailbox */
		sandbox->mailbox.shared->batch_count = 0;
	return status;
}

mote_status mote_sandbox_call_batch(mote_sandbox *sandbox, mote_function function,
				    const mote_value *arguments, size_t calls,
				    const mote_call_options *options, mote_value *results,
				    mote_error *error)
{
	mote_call_options taken;
	mote_status status = begin(sandbox, &options, &taken, error);

	if (status != MOTE_OK)
		return status;
	status = call_batch(sandbox, function, arguments, calls, options, results, error);
	return end(sandbox, status, error);
}

/* A guest that was put into the state of a snapshot has, though not here. */
static bool has_started(const mote_sandbox *sandbox)
{
	return sandbox->vm.exits != 0 || mote_origin_is_set(sandbox);
}

mote_status mote_sandbox_start(mote_sandbox *sandbox, const mote_call_options *options,
			       mote_error *error)
{
	mote_call_options taken;
	mote_status status = begin(sandbox, &options, &taken, error);

	if (status != MOTE_OK)
		return status;
	if (!has_started(sandbox)) {
		sandbox->mailbox.shared->call.function = MOTE_ABI_NO_FUNCTION;
		sandbox->statistics.calls++;
		status = enter(sandbox, options, NULL, error);
	}
	return end(sandbox, status, error);
}
