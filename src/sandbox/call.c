/* SPDX-License-Identifier: Apache-2.0
 *
 * One call: arguments into the mailbox, run the guest, serve its doorbells, take
 * the result out.  A warm call without host functions is one VM exit and one
 * system call.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "sandbox/sandbox_internal.h"

mote_status mote_sandbox_poison(mote_sandbox *sandbox, mote_status status, mote_error *error)
{
	sandbox->poisoned = true;
	sandbox->poison_status = status;
	if (error != NULL)
		snprintf(sandbox->poison_text, sizeof(sandbox->poison_text), "%.*s",
			 (int)sizeof(sandbox->poison_text) - 1, error->text);
	return status;
}

/* ---- Doorbells --------------------------------------------------------------------------- */

static mote_status call_host_function(mote_sandbox *sandbox,
				      const struct mote_registered_function *function,
				      const mote_value *arguments, mote_value *result,
				      mote_error *error)
{
	mote_error inner = MOTE_ERROR_INIT;
	mote_status status;

	sandbox->statistics.host_calls++;
	mote_deadlines_pause(&sandbox->watch);
	*result = (mote_value){.type = (mote_type)function->signature.result};
	status = function->call(function->user, arguments, function->signature.argument_count,
				result, &inner);
	mote_deadlines_resume(sandbox->engine->deadlines, &sandbox->watch);
	if (status != MOTE_OK)
		return mote_fail(error, MOTE_HOST_FUNCTION, "host function %s failed: %s",
				 function->name,
				 inner.text[0] != '\0' ? inner.text : mote_status_text(status));
	if (result->type != (mote_type)function->signature.result)
		return mote_fail(error, MOTE_HOST_FUNCTION,
				 "host function %s gave a result of type %s, its signature says %s",
				 function->name, mote_type_name(result->type),
				 mote_type_name((mote_type)function->signature.result));
	return MOTE_OK;
}

static mote_status serve_host_call(mote_sandbox *sandbox, mote_error *error)
{
	const struct mote_channel channel = mote_mailbox_host_call(&sandbox->mailbox);
	const struct mote_registered_function *function;
	uint32_t index = mote_channel_function(&channel);
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];
	mote_error inner = MOTE_ERROR_INIT;
	const char *problem = NULL;
	mote_value result;
	mote_status status;

	if (index >= sandbox->image->import_count)
		return mote_sandbox_report_mailbox(sandbox, "a host function that does not exist",
						   error);
	function = sandbox->imports[index];
	status = mote_channel_get_arguments(&channel, &function->signature,
					    &sandbox->engine->allocator, &sandbox->argument_space,
					    arguments, &problem, error);
	if (problem != NULL)
		return mote_sandbox_report_mailbox(sandbox, problem, error);
	if (status == MOTE_OK)
		status = call_host_function(sandbox, function, arguments, &result, error);
	if (status != MOTE_OK)
		return status;
	if (mote_channel_put_result(&channel, &result, &inner) != MOTE_OK)
		return mote_fail(error, MOTE_HOST_FUNCTION, "result of host function %s: %s",
				 function->name, inner.text);
	return MOTE_OK;
}

static mote_status serve_message(mote_sandbox *sandbox, uint32_t *level, mote_text *text,
				 mote_error *error)
{
	const char *problem = NULL;
	mote_status status =
		mote_mailbox_get_message(&sandbox->mailbox, &sandbox->engine->allocator,
					 &sandbox->message_space, level, text, &problem, error);

	return problem != NULL ? mote_sandbox_report_mailbox(sandbox, problem, error) : status;
}

static mote_status serve_log(mote_sandbox *sandbox, mote_error *error)
{
	const mote_engine *engine = sandbox->engine;
	mote_text text;
	uint32_t level;
	mote_status status = serve_message(sandbox, &level, &text, error);

	if (status != MOTE_OK)
		return status;
	if (level < MOTE_LOG_ERROR || level > MOTE_LOG_TRACE)
		return mote_sandbox_report_mailbox(sandbox, "a log level that does not exist",
						   error);
	sandbox->statistics.log_messages++;
	if (engine->log != NULL && level <= (uint32_t)sandbox->log_level)
		engine->log(engine->log_user, (mote_log_level)level, text.data, text.length);
	return MOTE_OK;
}

static mote_status serve_abort(mote_sandbox *sandbox, mote_error *error)
{
	mote_text text;
	uint32_t level;
	mote_status status = serve_message(sandbox, &level, &text, error);

	if (status != MOTE_OK)
		return status;
	return mote_fail(error, MOTE_GUEST_ABORT, "guest aborted: %s",
			 text.length > 0 ? text.data : "no message");
}

/* ---- The run ----------------------------------------------------------------------------- */

static mote_status serve(mote_sandbox *sandbox, uint16_t port, mote_error *error)
{
	switch (port) {
	case MOTE_ABI_PORT_HOST_CALL:
		return serve_host_call(sandbox, error);
	case MOTE_ABI_PORT_LOG:
		return serve_log(sandbox, error);
	default:
		return serve_abort(sandbox, error);
	}
}

static mote_status cancelled(mote_sandbox *sandbox, mote_error *error)
{
	uint64_t cause = mote_interrupt_cause(mote_sandbox_interrupt(sandbox));

	if (cause & MOTE_INTERRUPT_WALL_DEADLINE)
		return mote_fail(error, MOTE_WALL_DEADLINE,
				 "guest call ended by its wall-clock deadline");
	if (cause & MOTE_INTERRUPT_CPU_DEADLINE)
		return mote_fail(error, MOTE_CPU_DEADLINE, "guest call ended by its CPU-time deadline");
	return mote_fail(error, MOTE_KILLED, "guest call killed");
}

/* Runs the guest until it is ready for the next call. */
static mote_status run(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_guest_event event;
	mote_status status;

	for (;;) {
		status = mote_sandbox_vm_run(&sandbox->vm, &event, error);
		if (status != MOTE_OK)
			return status;
		switch (event.kind) {
		case MOTE_EVENT_DOORBELL:
			if (event.port == MOTE_ABI_PORT_READY)
				return MOTE_OK;
			status = serve(sandbox, event.port, error);
			if (status != MOTE_OK)
				return status;
			break;
		case MOTE_EVENT_FAULT:
			return mote_sandbox_report_fault(sandbox, &event, error);
		case MOTE_EVENT_CANCELLED:
			return cancelled(sandbox, error);
		}
	}
}

static mote_status take_result(mote_sandbox *sandbox, mote_type type,
			       const mote_call_options *options, mote_value *result,
			       mote_error *error)
{
	const struct mote_channel channel = mote_mailbox_call(&sandbox->mailbox);
	const char *problem = NULL;
	mote_status status = mote_channel_get_result(
		&channel, type, options != NULL ? options->result_buffer : NULL,
		options != NULL ? options->result_capacity : 0, &sandbox->engine->allocator,
		&sandbox->result_space, result, &problem, error);

	if (problem == NULL)
		return status;
	return mote_sandbox_poison(sandbox, mote_sandbox_report_mailbox(sandbox, problem, error),
				   error);
}

static mote_status check_usable(mote_sandbox *sandbox, const mote_call_options *options,
				mote_error *error)
{
	if (mote_engine_forked(sandbox->engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this sandbox belongs to the parent process; create one after fork");
	if (sandbox->poisoned)
		return mote_fail(error, MOTE_POISONED, "sandbox is poisoned (%s); create a new one",
				 sandbox->poison_text[0] != '\0'
					 ? sandbox->poison_text
					 : mote_status_text(sandbox->poison_status));
	if (options != NULL && options->size != sizeof(*options))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "call options: size is %zu, not %zu; start them with "
				 "MOTE_CALL_OPTIONS_INIT",
				 options->size, sizeof(*options));
	return mote_kick_check_thread(sandbox->engine->kick_signal, error);
}

static mote_status check_arguments(const mote_signature *signature, const mote_value *arguments,
				   size_t count, mote_error *error)
{
	if (count != signature->argument_count || (count > 0 && arguments == NULL))
		return mote_fail(error, MOTE_SIGNATURE,
				 "%zu arguments given, the function takes %u", count,
				 signature->argument_count);
	for (size_t i = 0; i < count; i++)
		if (arguments[i].type != (mote_type)signature->arguments[i])
			return mote_fail(error, MOTE_SIGNATURE,
					 "argument %zu is %s, the function takes %s", i,
					 mote_type_name(arguments[i].type),
					 mote_type_name((mote_type)signature->arguments[i]));
	return MOTE_OK;
}

/* What a call sets, else what the sandbox sets; 0 for none. */
static uint64_t limit(uint64_t call, uint64_t sandbox)
{
	uint64_t chosen = call != 0 ? call : sandbox;

	return chosen != MOTE_NO_DEADLINE ? chosen : 0;
}

/* Deadlines cost nothing where there are none. */
static mote_status run_within(mote_sandbox *sandbox, const mote_call_options *options,
			      mote_error *error)
{
	uint64_t wall = limit(options != NULL ? options->wall_ns : 0, sandbox->wall_ns);
	uint64_t cpu = limit(options != NULL ? options->cpu_ns : 0, sandbox->cpu_ns);
	mote_status status;

	if (wall == 0 && cpu == 0)
		return run(sandbox, error);
	status = mote_deadlines_begin(sandbox->engine->deadlines, &sandbox->watch, wall, cpu, error);
	if (status == MOTE_OK)
		status = run(sandbox, error);
	mote_deadlines_end(&sandbox->watch);
	return status;
}

/* The request is in the mailbox: runs the guest.  A failure poisons the sandbox. */
static mote_status enter(mote_sandbox *sandbox, const mote_call_options *options,
			 mote_error *error)
{
	mote_interrupt *interrupt = mote_sandbox_interrupt(sandbox);
	mote_error own = MOTE_ERROR_INIT;
	mote_status status;

	if (error == NULL)
		error = &own;
	mote_interrupt_begin_call(interrupt);
	status = run_within(sandbox, options, error);
	mote_interrupt_end_call(interrupt);
	return status == MOTE_OK ? MOTE_OK : mote_sandbox_poison(sandbox, status, error);
}

static mote_status claim(mote_sandbox *sandbox, mote_error *error)
{
	if (!atomic_exchange_explicit(&sandbox->busy, true, memory_order_acquire))
		return MOTE_OK;
	return mote_fail(
		error, MOTE_BUSY,
		"sandbox is in a call already (a host function may not use its own sandbox)");
}

static mote_status call_claimed(mote_sandbox *sandbox, mote_function function,
				const mote_value *arguments, size_t count,
				const mote_call_options *options, mote_value *result,
				mote_error *error)
{
	const struct mote_channel channel = mote_mailbox_call(&sandbox->mailbox);
	const mote_signature *signature;
	mote_value ignored;
	mote_status status = check_usable(sandbox, options, error);

	if (status != MOTE_OK)
		return status;
	if (function.index >= sandbox->image->export_count)
		return mote_fail(error, MOTE_NOT_FOUND, "guest function %u does not exist",
				 function.index);
	signature = &sandbox->image->exports[function.index].signature;
	status = check_arguments(signature, arguments, count, error);
	if (status == MOTE_OK)
		status = mote_channel_put_call(&channel, function.index, arguments, count, error);
	if (status != MOTE_OK)
		return status;
	sandbox->statistics.calls++;
	status = enter(sandbox, options, error);
	if (status != MOTE_OK)
		return status;
	return take_result(sandbox, (mote_type)signature->result, options,
			   result != NULL ? result : &ignored, error);
}

mote_status mote_sandbox_call(mote_sandbox *sandbox, mote_function function,
			      const mote_value *arguments, size_t count,
			      const mote_call_options *options, mote_value *result,
			      mote_error *error)
{
	mote_status status;

	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox is NULL");
	status = claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = call_claimed(sandbox, function, arguments, count, options, result, error);
	atomic_store_explicit(&sandbox->busy, false, memory_order_release);
	return status;
}

mote_status mote_sandbox_start(mote_sandbox *sandbox, const mote_call_options *options,
			       mote_error *error)
{
	mote_status status;

	if (sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox is NULL");
	status = claim(sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = check_usable(sandbox, options, error);
	if (status == MOTE_OK && sandbox->statistics.calls == 0) {
		sandbox->statistics.calls++;
		sandbox->mailbox.shared->call.function = MOTE_ABI_NO_FUNCTION;
		status = enter(sandbox, options, error);
	}
	atomic_store_explicit(&sandbox->busy, false, memory_order_release);
	return status;
}
