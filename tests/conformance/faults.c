/* SPDX-License-Identifier: Apache-2.0
 *
 * Every call of a backend's function table is made to fail once: a typed error
 * with a text comes out, the VM can be destroyed, and nothing is left behind.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "allocator.h"
#include "machine.h"

/* ---- What is done while calls fail -------------------------------------------------------- */

struct attempt {
	struct machine machine;
	mote_error error;
	uint8_t *more; /* for another slot */
};

#define TRY(operation, ...) (vm->ops->operation(vm, __VA_ARGS__, &attempt->error))

static mote_status read_and_write_state(struct attempt *attempt)
{
	struct mote_vm *vm = attempt->machine.vm;
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
	mote_status status = TRY(regs, &regs);

	status = status == MOTE_OK ? TRY(set_regs, &regs) : status;
	status = status == MOTE_OK ? TRY(sregs, &sregs) : status;
	status = status == MOTE_OK ? TRY(set_sregs, &sregs) : status;
	status = status == MOTE_OK ? TRY(fpu, &fpu) : status;
	status = status == MOTE_OK ? TRY(set_fpu, &fpu) : status;
	status = status == MOTE_OK ? TRY(debug_regs, &debug) : status;
	return status == MOTE_OK ? TRY(set_debug_regs, &debug) : status;
}

static mote_status use_vm(struct attempt *attempt)
{
	struct mote_vm *vm = attempt->machine.vm;
	struct mote_memory_region more = {
		.gpa = machine_gpa(&attempt->machine, EXTRA_GVA),
		.hva = attempt->more,
		.handle = test_memory_handle(attempt->more),
		.bytes = EXTRA_BYTES,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE,
		.kind = MOTE_REGION_RAM,
	};
	struct mote_vm_exit exit = {.kind = MOTE_EXIT_RETRY};
	mote_status status = mote_vm_map_memory(vm, 1, &more, &attempt->error);

	while (status == MOTE_OK && exit.kind == MOTE_EXIT_RETRY)
		status = mote_vcpu_run(vm, &exit, &attempt->error);
	status = status == MOTE_OK ? read_and_write_state(attempt) : status;
	status = status == MOTE_OK ? TRY(invalidate_translations,
					 machine_gpa(&attempt->machine, DATA_GVA), MOTE_PAGE_BYTES)
				   : status;
	status = status == MOTE_OK ? mote_vm_unmap_memory(vm, 1, &attempt->error) : status;
	if (attempt->machine.vm->hypervisor->capabilities.read_only_slots)
		more.flags = MOTE_REGION_READ;
	status = status == MOTE_OK ? mote_vm_map_memory(vm, 1, &more, &attempt->error) : status;
	status = status == MOTE_OK ? TRY(invalidate_translations, more.gpa, more.bytes) : status;
	exit.kind = MOTE_EXIT_RETRY;
	while (status == MOTE_OK && exit.kind == MOTE_EXIT_RETRY)
		status = mote_vcpu_run(vm, &exit, &attempt->error);
	return status == MOTE_OK ? mote_vcpu_reset(vm, &attempt->error) : status;
}

/* A whole life.  Gives the first failure. */
static mote_status live(struct attempt *attempt, const struct mote_system *const *systems,
			const mote_allocator *allocator)
{
	const struct mote_backend *backend = backend_under_test()->backend;
	struct mote_hypervisor_options options = open_options(systems);
	struct mote_hypervisor *hypervisor;
	mote_status status;

	options.allocator = allocator;
	status = backend->open(&options, &hypervisor, &attempt->error);
	if (status != MOTE_OK)
		return status;
	status = machine_create(&attempt->machine, hypervisor);
	if (status != MOTE_OK)
		attempt->error = attempt->machine.error;
	else
		status = use_vm(attempt);
	if (attempt->machine.vm != NULL)
		attempt->machine.vm->ops->destroy(attempt->machine.vm);
	attempt->machine.vm = NULL;
	backend->close(hypervisor);
	return status;
}

static struct attempt *new_attempt(void)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));

	REQUIRE(attempt != NULL);
	machine_prepare(&attempt->machine, &code_doorbell_loop);
	attempt->error.size = sizeof(attempt->error);
	attempt->more =
		mmap(NULL, EXTRA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(attempt->more != MAP_FAILED);
	return attempt;
}

static void delete_attempt(struct attempt *attempt)
{
	machine_destroy(&attempt->machine);
	munmap(attempt->more, EXTRA_BYTES);
	free(attempt);
}

/* ---- The sweeps --------------------------------------------------------------------------- */

static void check_failure(const struct hypervisor_calls *calls, mote_status expected,
			  mote_status status, const mote_error *error)
{
	if (calls->ignored && status == MOTE_OK)
		return;
	if (!CHECK(status == expected))
		test_note("call %llu, %s, fails with code %d: status %s, \"%s\"",
			  (unsigned long long)calls->fail_at, calls->what, calls->code,
			  mote_status_name(status), error->text);
	CHECK_EQ(error->status, status);
	if (!CHECK(error->text[0] != '\0'))
		test_note("call %llu, %s", (unsigned long long)calls->fail_at, calls->what);
}

/* A life without failures; what could not be given back before is given back with it. */
static void live_well(void)
{
	struct hypervisor_calls calls = {0};
	struct attempt *attempt = new_attempt();

	CHECK_OK(live(attempt, backend_under_test()->interpose(&calls), &mote_default_allocator),
		 &attempt->error);
	delete_attempt(attempt);
}

/* Makes the call number fail_at fail.  Returns whether there was such a call. */
static bool fail_once(uint64_t fail_at, const struct call_failure *failure)
{
	struct hypervisor_calls calls = {.fail_at = fail_at, .code = failure->code};
	struct attempt *attempt = new_attempt();
	size_t files = test_fd_count();
	mote_status status =
		live(attempt, backend_under_test()->interpose(&calls), &mote_default_allocator);

	if (calls.failed)
		check_failure(&calls, failure->status, status, &attempt->error);
	else
		CHECK_OK(status, &attempt->error);
	if (calls.ignored)
		live_well();
	if (!CHECK_EQ(test_fd_count(), files))
		test_note("after call %llu, %s, failed", (unsigned long long)fail_at, calls.what);
	delete_attempt(attempt);
	return calls.failed;
}

static void every_failing_call_is_a_typed_error(void)
{
	const struct call_failure *failure = backend_under_test()->failures;
	size_t mappings;

	backend_under_test()->need();
	live_well();
	mappings = test_mapping_count();
	for (; failure->code != 0; failure++) {
		uint64_t number = 1;

		/* An architecture may have a hundred registers, each moved by a call. */
		while (fail_once(number, failure))
			number += number <= 60 ? 1 : number / 12;
		/* The sweep went somewhere. */
		CHECK(number > backend_under_test()->fewest_calls);
	}
	CHECK(TEST_SANITIZED || test_mapping_count() <= mappings + 1);
}

/* An allocator that fails once and counts what is not given back. */
struct hungry {
	uint64_t calls, fail_at, live;
	bool failed;
};

static bool refuses(struct hungry *hungry)
{
	hungry->failed |= ++hungry->calls == hungry->fail_at;
	return hungry->calls == hungry->fail_at;
}

static void *hungry_allocate(void *user, size_t bytes)
{
	struct hungry *hungry = user;
	void *pointer = refuses(hungry) ? NULL : malloc(bytes);

	hungry->live += pointer != NULL;
	return pointer;
}

static void *hungry_reallocate(void *user, void *pointer, size_t bytes)
{
	struct hungry *hungry = user;
	void *grown = refuses(hungry) ? NULL : realloc(pointer, bytes);

	hungry->live += grown != NULL && pointer == NULL;
	return grown;
}

static void hungry_release(void *user, void *pointer)
{
	((struct hungry *)user)->live -= pointer != NULL;
	free(pointer);
}

static bool starve_once(uint64_t fail_at)
{
	struct hungry hungry = {.fail_at = fail_at};
	const mote_allocator allocator = {hungry_allocate, hungry_reallocate, hungry_release,
					  &hungry};
	struct attempt *attempt = new_attempt();
	size_t files = test_fd_count();
	mote_status status = live(attempt, backend_under_test()->systems(), &allocator);

	if (hungry.failed)
		CHECK_STATUS(status, MOTE_NO_MEMORY, &attempt->error);
	else
		CHECK_OK(status, &attempt->error);
	CHECK(!hungry.failed || attempt->error.text[0] != '\0');
	CHECK_EQ(hungry.live, 0);
	CHECK_EQ(test_fd_count(), files);
	delete_attempt(attempt);
	return hungry.failed;
}

static void every_failing_allocation_is_out_of_memory(void)
{
	uint64_t number = 1;

	backend_under_test()->need();
	while (starve_once(number))
		number++;
	CHECK(number > 4);
}

/* At an exit, so that the registers are the hypervisor's. */
static void ring_then_fail(struct machine *machine, struct hypervisor_calls *calls)
{
	machine_expect(machine, MOTE_EXIT_IO_OUT);
	calls->fail_at = calls->calls + 1;
}

static void outputs_are_written_on_success_only(void)
{
	struct hypervisor_calls calls = {0};
	const struct mote_system *const *systems = backend_under_test()->interpose(&calls);
	struct machine machine;
	mote_regs regs, regs_before;
	mote_sregs sregs, sregs_before;
	mote_fpu fpu, fpu_before;
	mote_debug_regs debug, debug_before;

	machine_make_with(&machine, &code_doorbell_loop, systems);
	memset(&regs, 0x5a, sizeof(regs));
	memset(&sregs, 0x5a, sizeof(sregs));
	memset(&fpu, 0x5a, sizeof(fpu));
	memset(&debug, 0x5a, sizeof(debug));
	memset(&regs_before, 0x5a, sizeof(regs));
	memset(&sregs_before, 0x5a, sizeof(sregs));
	memset(&fpu_before, 0x5a, sizeof(fpu));
	memset(&debug_before, 0x5a, sizeof(debug));
	calls.code = ordinary_failure();
	ring_then_fail(&machine, &calls);
	CHECK(machine.vm->ops->regs(machine.vm, &regs, &machine.error) != MOTE_OK);
	ring_then_fail(&machine, &calls);
	CHECK(machine.vm->ops->sregs(machine.vm, &sregs, &machine.error) != MOTE_OK);
	ring_then_fail(&machine, &calls);
	CHECK(machine.vm->ops->fpu(machine.vm, &fpu, &machine.error) != MOTE_OK);
	ring_then_fail(&machine, &calls);
	CHECK(machine.vm->ops->debug_regs(machine.vm, &debug, &machine.error) != MOTE_OK);
	CHECK_MEM(&regs, &regs_before, sizeof(regs));
	CHECK_MEM(&sregs, &sregs_before, sizeof(sregs));
	CHECK_MEM(&fpu, &fpu_before, sizeof(fpu));
	CHECK_MEM(&debug, &debug_before, sizeof(debug));
	machine_destroy(&machine);
}

static void a_failed_run_can_be_repeated(void)
{
	struct hypervisor_calls calls = {0};
	const struct mote_system *const *systems = backend_under_test()->interpose(&calls);
	struct mote_vm_exit exit;
	struct machine machine;

	machine_make_with(&machine, &code_doorbell_loop, systems);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	calls.code = ordinary_failure();
	calls.fail_at = calls.calls + 1;
	CHECK_STATUS(mote_vcpu_run(machine.vm, &exit, &machine.error), MOTE_HYPERVISOR,
		     &machine.error);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(every_failing_call_is_a_typed_error),
	CASE(every_failing_allocation_is_out_of_memory),
	CASE(outputs_are_written_on_success_only),
	CASE(a_failed_run_can_be_repeated),
};

const struct case_list fault_cases = {cases, TEST_COUNT(cases)};
