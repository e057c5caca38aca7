/* SPDX-License-Identifier: Apache-2.0
 *
 * One VM of the process for all sandboxes, a vCPU for each thread, ASIDs that are used again, and a
 * framework that refuses.
 */
#include "hvf_under_test.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "counted_hvf.h"
#include "hypervisor/backends/hvf/hvf.h"
#include "machine.h"
#include "sim/hvf/hvf.h"

const struct mote_system *const *hvf_systems(void)
{
	return sim_hvf_systems();
}

static void as_it_was(void)
{
	struct sim_hvf *sim = sim_hvf();

	sim->vcpus = 0;
	sim->denied = false;
	sim->keeps_identity = false;
	sim->pointless = 0;
	sim->table.last_asid = 0;
}

#define TOLD(function) CASE_WITHIN(function, NULL, as_it_was)

/* ---- What is refused ----------------------------------------------------------------------- */

static mote_status open_once(mote_error *error)
{
	const struct mote_hypervisor_options options = open_options(hvf_systems());
	struct mote_hypervisor *hypervisor;
	const mote_status status = mote_backend_hvf.open(&options, &hypervisor, error);

	if (status == MOTE_OK)
		mote_backend_hvf.close(hypervisor);
	return status;
}

static mote_probe_result probe(void)
{
	mote_probe_result result = MOTE_PROBE_RESULT_INIT;

	mote_backend_hvf.probe(hvf_systems(), &result);
	return result;
}

/* Opening fails so, probing says the same, and it works again afterwards. */
static void check_refusal(mote_status status, const char *subject, const char *text)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_probe_result result;
	size_t files = test_fd_count();

	CHECK_STATUS(open_once(&error), status, &error);
	CHECK_CONTAINS(error.text, subject);
	CHECK_CONTAINS(error.text, text);
	result = probe();
	CHECK(!result.usable);
	CHECK_STR(result.version, "");
	CHECK_CONTAINS(result.reason, subject);
	CHECK_CONTAINS(result.reason, text);
	CHECK_EQ(test_fd_count(), files);
	as_it_was();
	CHECK_OK(open_once(&error), &error);
	CHECK(probe().usable);
}

static void a_program_without_the_entitlement_is_told_its_name(void)
{
	backend_under_test()->need();
	sim_hvf()->denied = true;
	check_refusal(MOTE_NO_HYPERVISOR, "denied",
		      "sign the program with the entitlement com.apple.security.hypervisor");
}

static void features_that_cannot_be_hidden_are_named(void)
{
	backend_under_test()->need();
	sim_hvf()->keeps_identity = true;
	check_refusal(MOTE_UNSUPPORTED, "ID_AA64",
		      "features that guests must not have cannot be hidden");
}

static void the_limits_of_a_process_are_told(void)
{
	mote_probe_result result;

	backend_under_test()->need();
	result = probe();
	CHECK(result.usable);
	CHECK_STR(result.reason, "");
	CHECK_STR(result.version, "36 address bits, 64 vCPUs");
	sim_hvf()->vcpus = 3;
	result = probe();
	CHECK_STR(result.version, "36 address bits, 3 vCPUs");
}

static void a_vm_of_somebody_else_is_explained(void)
{
	const struct mote_hvf_system *table = &sim_hvf()->table;
	mote_error error = MOTE_ERROR_INIT;

	backend_under_test()->need();
	REQUIRE_EQ(table->vm_create(NULL), MOTE_HV_SUCCESS);
	CHECK_STATUS(open_once(&error), MOTE_NO_HYPERVISOR, &error);
	CHECK_CONTAINS(error.text, "this process has a virtual machine of its own");
	REQUIRE_EQ(table->vm_destroy(), MOTE_HV_SUCCESS);
	CHECK_OK(open_once(&error), &error);
}

static void a_kick_signal_is_refused(void)
{
	struct mote_hypervisor_options options = open_options(hvf_systems());
	mote_error error = MOTE_ERROR_INIT;
	struct mote_hypervisor *hypervisor;

	options.kick_signal = kick_signal();
	CHECK_STATUS(mote_backend_hvf.open(&options, &hypervisor, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_CONTAINS(error.text, "kick_signal");
}

/* ---- Runs that end without a reason -------------------------------------------------------- */

static void runs_that_end_without_a_reason_are_repeated_so_often(void)
{
	struct mote_vm_exit exit;
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	sim_hvf()->pointless = 999;
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	sim_hvf()->pointless = 1000;
	exit = machine_expect(&machine, MOTE_EXIT_UNKNOWN);
	CHECK_CONTAINS(exit.as.text, "HVF exit 3");
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

/* ---- Threads ------------------------------------------------------------------------------- */

/* A thread that rings once and then keeps its vCPU until it is told to end. */
struct caller {
	struct machine *machine;
	bool parks;
	mote_status status;
	mote_error error;
	sem_t rung, leave;
	pthread_t thread;
};

static void *call_once(void *user)
{
	struct caller *caller = user;
	struct mote_vm_exit exit = {.kind = MOTE_EXIT_RETRY};
	struct mote_hypervisor *hypervisor = caller->machine->hypervisor;

	caller->error = (mote_error)MOTE_ERROR_INIT;
	caller->status = hypervisor->backend->check_thread(hypervisor, &caller->error);
	while (caller->status == MOTE_OK && exit.kind == MOTE_EXIT_RETRY)
		caller->status = mote_vcpu_run(caller->machine->vm, &exit, &caller->error);
	if (caller->status == MOTE_OK && caller->parks)
		caller->status = mote_vcpu_park(caller->machine->vm, &caller->error);
	sem_post(&caller->rung);
	while (sem_wait(&caller->leave) != 0)
		;
	return NULL;
}

static void start_caller(struct caller *caller, struct machine *machine, bool parks)
{
	*caller = (struct caller){.machine = machine, .parks = parks};
	REQUIRE_EQ(sem_init(&caller->rung, 0, 0), 0);
	REQUIRE_EQ(sem_init(&caller->leave, 0, 0), 0);
	REQUIRE_EQ(pthread_create(&caller->thread, NULL, call_once, caller), 0);
	while (sem_wait(&caller->rung) != 0)
		;
}

static void end_caller(struct caller *caller)
{
	sem_post(&caller->leave);
	pthread_join(caller->thread, NULL);
	sem_destroy(&caller->rung);
	sem_destroy(&caller->leave);
}

static void threads_beyond_the_limit_are_told_so(void)
{
	struct machine machines[3];
	struct caller callers[3];

	for (unsigned i = 0; i < 3; i++) {
		machine_make(&machines[i], &code_doorbell_loop);
		MACHINE_PARK(&machines[i]);
	}
	sim_hvf()->vcpus = 3; /* one is this thread's */
	for (unsigned i = 0; i < 3; i++)
		start_caller(&callers[i], &machines[i], true);
	CHECK_OK(callers[0].status, &callers[0].error);
	CHECK_OK(callers[1].status, &callers[1].error);
	CHECK_STATUS(callers[2].status, MOTE_LIMIT, &callers[2].error);
	CHECK_CONTAINS(callers[2].error.text, "3 threads");
	for (unsigned i = 0; i < 3; i++)
		end_caller(&callers[i]);
	start_caller(&callers[0], &machines[2], true);
	CHECK_OK(callers[0].status, &callers[0].error);
	end_caller(&callers[0]);
	for (unsigned i = 0; i < 3; i++)
		machine_destroy(&machines[i]);
}

/* A thread ends while its vCPU alone has the registers: they are saved first. */
static void a_thread_may_end_without_parking(void)
{
	struct machine machine;
	struct caller caller;
	mote_regs regs;

	machine_make(&machine, &code_store_loop);
	regs = machine_regs(&machine);
	*code_address(&regs) = DATA_GVA;
	*code_value(&regs) = 0x1234;
	machine_set_regs(&machine, &regs);
	MACHINE_PARK(&machine);
	start_caller(&caller, &machine, false);
	CHECK_OK(caller.status, &caller.error);
	/* Until then they are where nobody else can get them. */
	CHECK_STATUS(machine.vm->ops->regs(machine.vm, &regs, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	CHECK_CONTAINS(machine.error.text, "another thread");
	end_caller(&caller);
	regs = machine_regs(&machine);
	CHECK_EQ(*code_value(&regs), 0x1234);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static void a_vm_is_destroyed_while_another_thread_has_it(void)
{
	struct machine machine, next;
	struct caller caller;

	machine_make(&next, &code_doorbell_loop);
	machine_make(&machine, &code_doorbell_loop);
	MACHINE_PARK(&machine);
	start_caller(&caller, &machine, false);
	CHECK_OK(caller.status, &caller.error);
	machine_destroy(&machine);
	end_caller(&caller);
	machine_expect(&next, MOTE_EXIT_IO_OUT);
	machine_destroy(&next);
}

/* The process's VM cannot be destroyed then: the next hypervisor uses it. */
static void a_hypervisor_is_closed_while_another_thread_has_a_vcpu(void)
{
	size_t files = test_fd_count();
	struct machine machine;
	struct caller caller;

	machine_make(&machine, &code_doorbell_loop);
	MACHINE_PARK(&machine);
	start_caller(&caller, &machine, true);
	CHECK_OK(caller.status, &caller.error);
	machine_destroy(&machine);
	for (unsigned i = 0; i < 3; i++) {
		machine_make(&machine, &code_doorbell_loop);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		machine_destroy(&machine);
	}
	end_caller(&caller);
	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
	CHECK_EQ(test_fd_count(), files);
}

/* ---- What cannot be given back ------------------------------------------------------------- */

/* Destroys a machine while the call number `at` of the destruction fails. */
static void destroy_badly(struct machine *machine, struct hypervisor_calls *calls, uint64_t at)
{
	calls->fail_at = calls->calls + at;
	calls->code = MOTE_HV_ERROR;
	machine->vm->ops->destroy(machine->vm);
	CHECK(calls->failed);
	machine->vm = NULL;
	calls->fail_at = 0;
}

/* Memory that the framework does not let go of: nobody else gets its addresses. */
static void addresses_that_stay_mapped_are_not_used_again(void)
{
	struct hypervisor_calls calls = {0};
	const struct mote_system *const *systems = backend_under_test()->interpose(&calls);
	struct machine machine, next;
	uint64_t gpa;

	machine_make_with(&machine, &code_doorbell_loop, systems);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	gpa = machine_gpa(&machine, RAM_GVA);
	destroy_badly(&machine, &calls, 1);
	machine_prepare(&next, &code_doorbell_loop);
	REQUIRE_OK(machine_create(&next, machine.hypervisor), &next.error);
	CHECK(machine_gpa(&next, RAM_GVA) != gpa);
	machine_expect(&next, MOTE_EXIT_IO_OUT);
	machine_destroy(&next);
	machine_destroy(&machine);
}

static void a_vm_that_cannot_be_destroyed_is_used_again(void)
{
	static const char *const calls_that_fail[] = {"hv_vcpu_destroy", "hv_vm_destroy"};
	const size_t files = test_fd_count();

	for (size_t i = 0; i < TEST_COUNT(calls_that_fail); i++) {
		struct hypervisor_calls calls = {0};
		const struct mote_system *const *systems = backend_under_test()->interpose(&calls);
		struct machine machine;

		machine_make_with(&machine, &code_doorbell_loop, systems);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		/* After it: hv_vm_unmap, and then these. */
		calls.fail_at = calls.calls + 2 + i;
		calls.code = MOTE_HV_ERROR;
		machine_destroy(&machine);
		CHECK(calls.failed);
		CHECK_STR(calls.what, calls_that_fail[i]);
		calls = (struct hypervisor_calls){0};
		machine_make_with(&machine, &code_doorbell_loop, systems);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		machine_destroy(&machine);
		CHECK_EQ(test_fd_count(), files);
	}
}

/* ---- ASIDs --------------------------------------------------------------------------------- */

static void sandboxes_beyond_the_asids_are_told_so(void)
{
	struct mote_hypervisor *hypervisor;
	struct machine machines[4];
	unsigned made = 0;

	sim_hvf()->table.last_asid = 3;
	hypervisor = open_hypervisor(backend_under_test()->systems());
	for (unsigned i = 0; i < 4; i++) {
		machine_prepare(&machines[i], &code_doorbell_loop);
		if (machine_create(&machines[i], hypervisor) == MOTE_OK)
			made++;
	}
	CHECK_EQ(made, 3);
	CHECK_EQ(machines[3].error.status, MOTE_LIMIT);
	CHECK_CONTAINS(machines[3].error.text, "3 sandboxes");
	for (unsigned i = 0; i < 3; i++)
		machine_expect(&machines[i], MOTE_EXIT_IO_OUT);
	for (unsigned i = 0; i < 4; i++)
		machine_destroy(&machines[i]);
	hypervisor->backend->close(hypervisor);
}

/* Its tables and the first one's say different things about the same addresses: without a flush the
 * simulated TLB ends the process. */
static void asids_are_used_again_after_a_flush(void)
{
	struct machine machine, witness;
	mote_regs regs;

	sim_hvf()->table.last_asid = 4;
	machine_make(&witness, &code_store_loop);
	regs = machine_regs(&witness);
	*code_address(&regs) = DATA_GVA;
	*code_value(&regs) = 0x77;
	machine_set_regs(&witness, &regs);
	for (unsigned i = 0; i < 40; i++) {
		machine_make(&machine, i % 2 ? &code_doorbell_loop : &code_load_loop);
		regs = machine_regs(&machine);
		*code_address(&regs) = DATA_GVA;
		*(uint64_t *)machine_host(&machine, DATA_GVA) = i;
		machine_set_regs(&machine, &regs);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		if (i % 2 == 0) {
			regs = machine_regs(&machine);
			CHECK_EQ(*code_value(&regs), i);
		}
		/* The flush runs on this thread's vCPU, which the witness's registers are on. */
		machine_expect(&witness, MOTE_EXIT_IO_OUT);
		machine_destroy(&machine);
	}
	regs = machine_regs(&witness);
	CHECK_EQ(*code_value(&regs), 0x77);
	machine_destroy(&witness);
}

static const struct test_case cases[] = {
	TOLD(a_program_without_the_entitlement_is_told_its_name),
	TOLD(features_that_cannot_be_hidden_are_named),
	TOLD(the_limits_of_a_process_are_told),
	CASE(a_vm_of_somebody_else_is_explained),
	CASE(a_kick_signal_is_refused),
	TOLD(runs_that_end_without_a_reason_are_repeated_so_often),
	TOLD(threads_beyond_the_limit_are_told_so),
	CASE(a_thread_may_end_without_parking),
	CASE(a_vm_is_destroyed_while_another_thread_has_it),
	CASE(a_hypervisor_is_closed_while_another_thread_has_a_vcpu),
	CASE(addresses_that_stay_mapped_are_not_used_again),
	CASE(a_vm_that_cannot_be_destroyed_is_used_again),
	TOLD(sandboxes_beyond_the_asids_are_told_so),
	TOLD(asids_are_used_again_after_a_flush),
};

const struct case_list hvf_cases = {cases, TEST_COUNT(cases)};
