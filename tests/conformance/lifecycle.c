/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables are complete, hypervisors and VMs come and go, and a VM is not bound
 * to the thread that made it.
 */
#include <pthread.h>
#include <string.h>

#include "machine.h"

static void no_operation_is_missing(void)
{
	const struct mote_backend *backend = backend_under_test()->backend;
	void (*operations[sizeof(struct mote_vm_ops) / sizeof(void (*)(void))])(void);
	struct machine machine;

	CHECK(backend->probe != NULL && backend->open != NULL);
	CHECK(backend->close != NULL && backend->create != NULL);
	CHECK_STR(backend_under_test()->name, mote_backend_name(backend->kind));
	machine_make(&machine, NULL);
	/* The structure holds function pointers and nothing else. */
	memcpy(operations, machine.vm->ops, sizeof(operations));
	for (size_t i = 0; i < TEST_COUNT(operations); i++)
		if (!CHECK(operations[i] != NULL))
			test_note("operation %zu", i);
	machine_destroy(&machine);
}

static void probe_agrees_that_vms_can_be_made(void)
{
	const struct test_backend *backend = backend_under_test();
	mote_probe_result result = {.built = true};

	backend->need();
	backend->backend->probe(backend->systems(), &result);
	CHECK(result.usable);
	CHECK_STR(result.reason, "");
}

static void probe_keeps_nothing(void)
{
	const struct test_backend *backend = backend_under_test();
	mote_probe_result result = {.built = true};
	size_t files = test_fd_count(), mappings;

	backend->need();
	backend->backend->probe(backend->systems(), &result);
	mappings = test_mapping_count();
	for (unsigned i = 0; i < 10; i++)
		backend->backend->probe(backend->systems(), &result);
	CHECK_EQ(test_fd_count(), files);
	CHECK(test_mapping_count() <= mappings);
}

static void capabilities_are_sane(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	const struct mote_capabilities capabilities = hypervisor->capabilities;
	struct mote_hypervisor *again;

	CHECK_EQ(hypervisor->backend->kind, backend_under_test()->backend->kind);
	CHECK(capabilities.slots >= 2);
	CHECK(capabilities.page_bytes >= MOTE_PAGE_BYTES);
	CHECK_EQ(capabilities.page_bytes & (capabilities.page_bytes - 1), 0);
	CHECK(capabilities.address_bits >= 36 && capabilities.address_bits <= 52);
	again = open_hypervisor(backend_under_test()->systems());
	CHECK_EQ(again->capabilities.slots, capabilities.slots);
	CHECK_EQ(again->capabilities.page_bytes, capabilities.page_bytes);
	CHECK_EQ(again->capabilities.address_bits, capabilities.address_bits);
	CHECK_EQ(again->capabilities.features, capabilities.features);
	again->backend->close(again);
	hypervisor->backend->close(hypervisor);
}

/* One has nothing but its kind: whoever takes it calls what is not there. */
static void tables_of_other_backends_are_ignored(void)
{
	struct hypervisor_calls calls = {0};
	const struct test_backend *backend = backend_under_test();
	const struct mote_system other = {MOTE_BACKEND_AUTO};
	const struct mote_system *const alone[] = {&other, NULL};
	const struct mote_system *const both[] = {&other, backend->interpose(&calls)[0], NULL};
	struct mote_hypervisor *hypervisor;

	if (!hypervisor_is_simulated()) {
		hypervisor = open_hypervisor(alone);
		hypervisor->backend->close(hypervisor);
	}
	CHECK_EQ(calls.calls, 0);
	hypervisor = open_hypervisor(both);
	hypervisor->backend->close(hypervisor);
	CHECK(calls.calls > 0);
}

static void nothing_can_be_closed(void)
{
	backend_under_test()->backend->close(NULL);
}

static void a_vm_without_memory_can_be_destroyed(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	size_t files = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_vm *vm;

	REQUIRE_OK(hypervisor->backend->create(hypervisor, &vm, &error), &error);
	vm->ops->destroy(vm);
	CHECK_EQ(test_fd_count(), files);
	hypervisor->backend->close(hypervisor);
}

static void a_life_leaves_nothing_behind(void)
{
	size_t files, mappings;
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	machine_destroy(&machine);
	files = test_fd_count();
	mappings = test_mapping_count();
	for (uint64_t i = test_scale(300); i > 0; i--) {
		machine_make(&machine, &code_doorbell_loop);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		if (i % 2)
			machine_regs(&machine);
		machine_destroy(&machine);
	}
	CHECK_EQ(test_fd_count(), files);
	CHECK(test_mapping_count() <= mappings + 1);
}

static void native_handles_are_the_hypervisors_own(void)
{
	const mote_native_handle_kind *kinds = backend_under_test()->native_handles;
	uintptr_t handle, other = UINTPTR_MAX, untouched = 0x1234;
	struct machine machine;

	machine_make(&machine, NULL);
	for (; *kinds != 0; kinds++) {
		handle = UINTPTR_MAX;
		MACHINE_OK(&machine, native_handle, *kinds, &handle);
		CHECK(handle != UINTPTR_MAX && handle != other);
		other = handle;
	}
	CHECK_STATUS(machine.vm->ops->native_handle(machine.vm, (mote_native_handle_kind)999,
						    &untouched, &machine.error),
		     MOTE_UNSUPPORTED, &machine.error);
	CHECK_EQ(untouched, 0x1234);
	machine_destroy(&machine);
}

static void features_are_the_same_for_every_vm(void)
{
	struct machine machine, other;
	size_t bytes, other_bytes;

	machine_make(&machine, NULL);
	machine_make(&other, NULL);
	CHECK_EQ(machine.vm->hypervisor->capabilities.features,
		 other.vm->hypervisor->capabilities.features);
	MACHINE_OK(&machine, state_bytes, &bytes);
	MACHINE_OK(&other, state_bytes, &other_bytes);
	CHECK_EQ(bytes, other_bytes);
	machine_destroy(&machine);
	machine_destroy(&other);
}

static void two_hypervisors_work_side_by_side(void)
{
	struct machine first, second, third;

	/* Each machine opens its own. */
	machine_make(&first, &code_doorbell_loop);
	machine_make(&second, &code_doorbell_loop);
	machine_expect(&first, MOTE_EXIT_IO_OUT);
	machine_expect(&second, MOTE_EXIT_IO_OUT);
	machine_destroy(&first);
	machine_expect(&second, MOTE_EXIT_IO_OUT);
	machine_make(&third, &code_doorbell_loop);
	machine_expect(&third, MOTE_EXIT_IO_OUT);
	machine_expect(&second, MOTE_EXIT_IO_OUT);
	machine_destroy(&second);
	machine_destroy(&third);
}

/* ---- Threads ------------------------------------------------------------------------------ */

/* What a thread does with a machine; CHECK only, as it may not leave the case. */
struct errand {
	struct machine *machine;
	bool create, destroy;
	unsigned rings;
};

static void *run_errand(void *user)
{
	struct errand *errand = user;
	struct machine *machine = errand->machine;

	if (errand->create)
		CHECK_OK(machine_create(machine, machine->hypervisor), &machine->error);
	for (unsigned i = 0; i < errand->rings; i++) {
		struct mote_vm_exit exit = {.kind = MOTE_EXIT_RETRY};
		mote_regs regs;

		while (exit.kind == MOTE_EXIT_RETRY)
			if (mote_vcpu_run(machine->vm, &exit, &machine->error) != MOTE_OK)
				break;
		CHECK_EQ(exit.kind, MOTE_EXIT_IO_OUT);
		/* What is pending moves to the next thread every other time. */
		if (i % 2)
			CHECK_OK(machine->vm->ops->regs(machine->vm, &regs, &machine->error),
				 &machine->error);
	}
	CHECK_OK(mote_vcpu_park(machine->vm, &machine->error), &machine->error);
	if (errand->destroy) {
		machine->vm->ops->destroy(machine->vm);
		machine->vm = NULL;
	}
	return NULL;
}

static void on_another_thread(struct errand errand)
{
	pthread_t thread;

	REQUIRE_EQ(pthread_create(&thread, NULL, run_errand, &errand), 0);
	pthread_join(thread, NULL);
}

static void a_vm_moves_between_threads(void)
{
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	for (uint64_t i = test_scale(100); i > 0; i--) {
		MACHINE_PARK(&machine);
		on_another_thread((struct errand){.machine = &machine, .rings = 1 + i % 3});
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
}

static void a_vm_is_made_and_destroyed_on_any_thread(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	struct machine machine;

	machine_prepare(&machine, &code_doorbell_loop);
	machine.hypervisor = hypervisor;
	on_another_thread((struct errand){.machine = &machine, .create = true});
	REQUIRE(machine.vm != NULL);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	MACHINE_PARK(&machine);
	on_another_thread((struct errand){.machine = &machine, .rings = 2, .destroy = true});
	machine_destroy(&machine);
	hypervisor->backend->close(hypervisor);
}

static void vms_run_on_many_threads_at_once(void)
{
	enum { THREADS = 8 };
	struct machine machines[THREADS];
	struct errand errands[THREADS];
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		machine_make(&machines[i], &code_doorbell_loop);
		MACHINE_PARK(&machines[i]);
		errands[i] = (struct errand){
			.machine = &machines[i],
			.rings = (unsigned)test_scale(1000),
		};
	}
	for (unsigned i = 0; i < THREADS; i++)
		REQUIRE_EQ(pthread_create(&threads[i], NULL, run_errand, &errands[i]), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < THREADS; i++)
		machine_destroy(&machines[i]);
}

static const struct test_case cases[] = {
	CASE(no_operation_is_missing),
	CASE(probe_agrees_that_vms_can_be_made),
	CASE(probe_keeps_nothing),
	CASE(capabilities_are_sane),
	CASE(tables_of_other_backends_are_ignored),
	CASE(nothing_can_be_closed),
	CASE(a_vm_without_memory_can_be_destroyed),
	CASE(a_life_leaves_nothing_behind),
	CASE(native_handles_are_the_hypervisors_own),
	CASE(features_are_the_same_for_every_vm),
	CASE(two_hypervisors_work_side_by_side),
	CASE(a_vm_moves_between_threads),
	CASE(a_vm_is_made_and_destroyed_on_any_thread),
	CASE(vms_run_on_many_threads_at_once),
};

const struct case_list lifecycle_cases = {cases, TEST_COUNT(cases)};
