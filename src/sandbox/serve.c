/* SPDX-License-Identifier: Apache-2.0
 *
 * Serves a guest's doorbells other than "ready": host functions, log messages,
 * aborts.
 */
#include "error_internal.h"
#include "sandbox/sandbox_internal.h"

/* A callback may have forked and returned twice: the child has no guest to continue. */
static mote_status check_fork(const mote_sandbox *sandbox, const char *callback, const char *name,
			      mote_error *error)
{
	if (!mote_engine_forked(sandbox->engine))
		return MOTE_OK;
	return mote_fail(
		error, MOTE_FORKED,
		"%s%s returned in a forked child; the sandbox belongs to the parent process",
		callback, name);
}

static mote_status call_host_function(mote_sandbox *sandbox,
				      const struct mote_registered_function *function,
				      const mote_value *arguments, mote_value *result,
				      mote_error *error)
{
	bool cpu_deadline = mote_deadlines_cpu_set(&sandbox->watch);
	mote_error inner;
	mote_status status = MOTE_OK, forked;

	mote_error_begin(&inner);
	if (cpu_deadline)
		status = mote_deadlines_pause(&sandbox->watch, error);
	if (status != MOTE_OK)
		return status;
	sandbox->statistics.host_calls++;
	*result = (mote_value){.type = (mote_type)function->signature.result};
	status = function->call(function->user, arguments, function->signature.argument_count,
				result, &inner);
	forked = check_fork(sandbox, "host function ", function->name, error);
	if (forked != MOTE_OK)
		return forked;
	if (status != MOTE_OK)
		return mote_fail(error, MOTE_HOST_FUNCTION, "host function %s failed: %s",
				 function->name,
				 inner.text[0] != '\0' ? inner.text : mote_status_text(status));
	if (result->type != (mote_type)function->signature.result)
		return mote_fail(
			error, MOTE_HOST_FUNCTION,
			"host function %s returned a result of type %s, its signature says %s",
			function->name, mote_type_name(result->type),
			mote_type_name((mote_type)function->signature.result));
	if (!cpu_deadline)
		return MOTE_OK;
	return mote_deadlines_resume(sandbox->engine->deadlines, &sandbox->watch, error);
}

static mote_status serve_host_call(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_channel *channel = &sandbox->mailbox.host_call;
	const struct mote_registered_function *function;
	uint32_t index = mote_channel_function(channel);
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];
	mote_error inner;
	const char *problem = NULL;
	mote_value result;
	mote_status status;

	if (index >= sandbox->image->import_count)
		return mote_sandbox_report_mailbox(sandbox, "a host function that does not exist",
						   error);
	function = sandbox->imports[index];
	status = mote_channel_get_arguments(channel, &function->signature,
					    &sandbox->engine->allocator, &sandbox->host_call_space,
					    arguments, &problem, error);
	if (problem != NULL)
		return mote_sandbox_report_mailbox(sandbox, problem, error);
	if (status == MOTE_OK)
		status = call_host_function(sandbox, function, arguments, &result, error);
	if (status != MOTE_OK)
		return status;
	mote_error_begin(&inner);
	if (mote_channel_put_result(channel, &result, &inner) != MOTE_OK)
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
					 &sandbox->host_call_space, level, text, &problem, error);

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
	if (engine->log == NULL || level > (uint32_t)sandbox->log_level)
		return MOTE_OK;
	engine->log(engine->log_user, (mote_log_level)level, text.data, text.length);
	return check_fork(sandbox, "log callback", "", error);
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

mote_status mote_sandbox_serve(mote_sandbox *sandbox, uint16_t port, mote_error *error)
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
