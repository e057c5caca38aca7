/* SPDX-License-Identifier: Apache-2.0
 *
 * Fault sweeps of a debugged call: a debugger comes, stops it, looks, changes, steps, and leaves,
 * and each use of the system fails once meanwhile, or from one on.
 */
#include "sandbox/debug.h"
#include "sweep.h"

enum { STOPS = 20 };

struct debugged {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_function callout;
	unsigned stops;
	struct sweep_result *result; /* of the first step that failed */
};

/* ---- A debugger -------------------------------------------------------------------------- */

static bool took(struct debugged *debugged, const char *step, mote_status status,
		 const mote_error *error)
{
	if (status != MOTE_OK && debugged->result->status == MOTE_OK)
		*debugged->result =
			(struct sweep_result){.status = status, .error = *error, .step = step};
	return status == MOTE_OK;
}

#define TAKE(step, ...) took(debugged, step, __VA_ARGS__, &error)

/* Reads what there is, and writes it back. */
static void look(struct debugged *debugged, struct mote_debug_vm *vm)
{
	const struct mote_layout_region *stack =
		&debugged->sandbox->layout.regions[MOTE_LAYOUT_STACK];
	mote_error error = MOTE_ERROR_INIT;
	mote_sregs sregs;
	mote_regs regs;
	mote_fpu fpu;

	if (TAKE("registers", mote_debug_vm_registers(vm, &regs, &error))) {
		(void)TAKE("set registers", mote_debug_vm_set_registers(vm, &regs, &error));
		(void)TAKE("breakpoint",
			   mote_debug_vm_set_breakpoint(vm, mote_regs_pc(&regs), &error));
	}
	if (TAKE("system registers", mote_debug_vm_sregs(vm, &sregs, &error)))
		(void)TAKE("set the thread", mote_debug_vm_set_thread(vm, &sregs, &error));
	if (TAKE("vectors", mote_debug_vm_fpu(vm, &fpu, &error)))
		(void)TAKE("set vectors", mote_debug_vm_set_fpu(vm, &fpu, &error));
	(void)TAKE("watch", mote_debug_vm_set_watch(vm, stack->gva, stack->bytes, MOTE_WATCH_ACCESS,
						    &error));
}

static struct mote_debugger_answer stopped(void *user, struct mote_debug_vm *vm,
					   const struct mote_debug_stop *stop)
{
	struct debugged *debugged = user;
	struct mote_debugger_answer answer = {.action = MOTE_DEBUGGER_RESUME, .how.step = true};

	CHECK(stop->kind != MOTE_STOP_FAULT);
	if (debugged->stops++ == 0)
		look(debugged, vm);
	if (debugged->stops == STOPS)
		answer.action = MOTE_DEBUGGER_DETACH;
	return answer;
}

/* ---- A debugged call --------------------------------------------------------------------- */

static mote_status add_one(void *user, const mote_value *arguments, size_t count,
			   mote_value *result, mote_error *error)
{
	(void)user, (void)count, (void)error;
	*result = mote_value_u32(arguments[0].as.u32 + 1);
	return MOTE_OK;
}

static void begin_sandbox(struct debugged *debugged)
{
	const mote_host_function functions[] = {{"host_u32", "u32(u32)", add_one, NULL, NULL}};
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	engine_options.allocator = sweep_allocator;
	options.memory_bytes = 1 << 20;
	options.host_functions = functions;
	options.host_function_count = TEST_COUNT(functions);
	REQUIRE_OK(sweep_create_engine(&engine_options, &debugged->engine, &error), &error);
	REQUIRE_OK(mote_sandbox_create_from_file(debugged->engine, test_guest("debug_O0"), &options,
						 &debugged->sandbox, &error),
		   &error);
	REQUIRE_OK(mote_sandbox_start(debugged->sandbox, NULL, &error), &error);
	REQUIRE_OK(mote_sandbox_find(debugged->sandbox, "callout", NULL, &debugged->callout,
				     &error),
		   &error);
}

static mote_status attach(struct debugged *debugged, mote_error *error)
{
	const struct mote_debugger debugger = {.stopped = stopped, .user = debugged};

	return mote_sandbox_attach(debugged->sandbox, &debugger, error);
}

static mote_status call(struct debugged *debugged, mote_error *error)
{
	const mote_value argument = mote_value_u32(5);
	mote_value result = {0};
	mote_status status = mote_sandbox_call(debugged->sandbox, debugged->callout, &argument, 1,
					       NULL, &result, error);

	CHECK(status != MOTE_OK || result.as.u32 == 10);
	return status;
}

/* A sandbox whose call did not fail is as it was, and can be debugged. */
static void check_recovery(struct debugged *debugged)
{
	mote_error error = MOTE_ERROR_INIT;

	CHECK_OK(attach(debugged, &error), &error);
	debugged->stops = 0;
	CHECK_OK(call(debugged, &error), &error);
	CHECK_EQ(debugged->stops, STOPS);
}

static void debug_call(struct sweep_point *point, struct sweep_result *result)
{
	struct debugged debugged = {.result = result};
	mote_error error = MOTE_ERROR_INIT;
	bool attached;
	mote_status status;

	*result = (struct sweep_result){.error = MOTE_ERROR_INIT};
	begin_sandbox(&debugged);
	sweep_arm(point);
	attached = took(&debugged, "attach", attach(&debugged, &error), &error);
	status = call(&debugged, &error);
	(void)took(&debugged, "call", status, &error);
	sweep_arm(NULL);
	CHECK(attached || debugged.stops == 0);
	CHECK_EQ(mote_sandbox_is_poisoned(debugged.sandbox), status != MOTE_OK);
	if (status == MOTE_OK)
		check_recovery(&debugged);
	mote_sandbox_destroy(debugged.sandbox);
	mote_engine_release(debugged.engine);
}

/* ---- Cases ------------------------------------------------------------------------------- */

static void every_call_of_the_hypervisor_fails_once(void)
{
	sweep_every_use(debug_call, SWEEP_HYPERVISOR, false, 40);
}

static void every_call_of_the_hypervisor_fails_from_one_on(void)
{
	sweep_every_use(debug_call, SWEEP_HYPERVISOR, true, 40);
}

/* The lock and the events of a debugger. */
static void every_call_of_the_system_fails_once(void)
{
	sweep_every_use(debug_call, SWEEP_OS, false, 5);
}

static void every_call_of_the_system_fails_from_one_on(void)
{
	sweep_every_use(debug_call, SWEEP_OS, true, 5);
}

static void every_allocation_fails_once(void)
{
	sweep_every_use(debug_call, SWEEP_ALLOCATOR, false, 5);
}

static void every_allocation_fails_from_one_on(void)
{
	sweep_every_use(debug_call, SWEEP_ALLOCATOR, true, 5);
}

static const struct test_case cases[] = {
	CASE(every_call_of_the_hypervisor_fails_once),
	CASE(every_call_of_the_hypervisor_fails_from_one_on),
	CASE(every_call_of_the_system_fails_once),
	CASE(every_call_of_the_system_fails_from_one_on),
	CASE(every_allocation_fails_once),
	CASE(every_allocation_fails_from_one_on),
};

int main(int argc, char **argv)
{
	return test_main("sweep_debug", cases, TEST_COUNT(cases), argc, argv);
}
