/* SPDX-License-Identifier: Apache-2.0
 *
 * The measurements, through the contract alone.  None of them judges what it finds.
 */
#include "measure.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "hypervisor/interrupt/guest_clock.h"
#include "machine.h"
#include "os/os.h"

static const uint64_t MS = 1000000;

/* ---- What is printed --------------------------------------------------------------------- */

static void capability(const char *name, uint64_t value)
{
	printf("capability - %s %" PRIu64 "\n", name, value);
}

static void capability_bool(const char *name, bool value)
{
	printf("capability - %s %s\n", name, value ? "true" : "false");
}

static void measured(const char *name, uint64_t value)
{
	printf("measure - %s %" PRIu64 "\n", name, value);
}

static void measured_bool(const char *name, bool value)
{
	printf("measure - %s %s\n", name, value ? "true" : "false");
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The time that half of them took at most.  Sorts them. */
static uint64_t median(uint64_t *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare);
	return count == 0 ? 0 : times[count / 2];
}

/* ---- The backend ------------------------------------------------------------------------- */

static void capabilities(void)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(backend_under_test()->systems());
	const struct mote_capabilities *are = &hypervisor->capabilities;

	capability("slots", are->slots);
	capability("page_bytes", are->page_bytes);
	capability("address_bits", are->address_bits);
	capability("address_base", are->address_base);
	capability("features", are->features);
	capability("doorbell_calls", are->doorbell_calls);
	capability_bool("read_only_slots", are->read_only_slots);
	capability_bool("described_accesses", are->described_accesses);
	capability_bool("aliases", are->aliases);
	capability_bool("read_only_host_memory", are->read_only_host_memory);
	capability_bool("host_cow", are->host_cow);
	capability_bool("thread_bound", are->thread_bound);
	capability_bool("chooses_asids", are->chooses_asids);
	hypervisor->backend->close(hypervisor);
}

static void warm_exits(void)
{
	enum { MOST = 10000 };
	static uint64_t times[MOST];
	const size_t count = (size_t)test_scale(MOST);
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	for (unsigned i = 0; i < 100; i++)
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	for (size_t i = 0; i < count; i++) {
		const uint64_t begin = mote_os_monotonic_ns();

		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		times[i] = mote_os_monotonic_ns() - begin;
	}
	machine_destroy(&machine);
	measured("warm_exits", count);
	measured("warm_exit_ns", median(times, count));
}

/* ---- Time -------------------------------------------------------------------------------- */

enum { SPIN_MS = 50, SPINS = 5 };

static void kill_after_a_while(void *user)
{
	const uint64_t end = mote_os_monotonic_ns() + SPIN_MS * MS;

	for (uint64_t now; (now = mote_os_monotonic_ns()) < end;)
		mote_os_pause(end - now);
	mote_interrupt_kill(user);
}

/* What three clocks show of one spin. */
struct spin {
	uint64_t wall_ns, thread_ns, guest_ns;
	uint64_t unasked; /* ends of a run that nobody had asked for */
};

static mote_status run_until_killed(struct mote_vm *vm, struct spin *spin, mote_error *error)
{
	struct mote_vm_exit exit = {.kind = MOTE_EXIT_RETRY};
	mote_status status = MOTE_OK;

	while (status == MOTE_OK && exit.kind == MOTE_EXIT_RETRY) {
		status = mote_vcpu_run(vm, &exit, error);
		spin->unasked += status == MOTE_OK && exit.kind == MOTE_EXIT_RETRY;
	}
	return status;
}

static void spin_once(struct machine *machine, struct spin *spin)
{
	struct mote_vm *vm = machine->vm;
	const struct mote_guest_clock *clock = vm->guest_clock;
	struct mote_os_cpu_clock thread_clock;
	struct mote_os_thread *killer;
	struct spin before, after;
	mote_status status;

	*spin = (struct spin){0};
	REQUIRE(mote_os_cpu_clock_self(&thread_clock));
	mote_interrupt_begin_call(vm->interrupt);
	REQUIRE_OK(mote_os_thread_start(&mote_default_allocator, "killer", kill_after_a_while,
					vm->interrupt, &killer, &machine->error),
		   &machine->error);
	CHECK(mote_os_cpu_clock_read(thread_clock, &before.thread_ns));
	CHECK(clock->read(clock, &before.guest_ns));
	before.wall_ns = mote_os_monotonic_ns();
	status = run_until_killed(vm, spin, &machine->error);
	after.wall_ns = mote_os_monotonic_ns();
	CHECK(clock->read(clock, &after.guest_ns));
	CHECK(mote_os_cpu_clock_read(thread_clock, &after.thread_ns));
	mote_os_thread_join(killer);
	mote_interrupt_end_call(vm->interrupt);
	REQUIRE_OK(status, &machine->error);
	spin->wall_ns = after.wall_ns - before.wall_ns;
	spin->thread_ns = after.thread_ns - before.thread_ns;
	spin->guest_ns = after.guest_ns - before.guest_ns;
}

/* Whether the clock of a thread counts the guest that it runs.  Of several spins the one that other
 * programs disturbed least; entering and leaving a guest takes far less than the 20th part. */
static void thread_time(void)
{
	struct spin best = {0};
	struct machine machine;

	machine_make(&machine, &code_spin);
	for (unsigned i = 0; i < SPINS; i++) {
		struct spin spin;

		spin_once(&machine, &spin);
		spin.unasked += best.unasked;
		if (spin.thread_ns + spin.guest_ns >= best.thread_ns + best.guest_ns)
			best = spin;
		else
			best.unasked = spin.unasked;
	}
	machine_destroy(&machine);
	measured("spin_wall_ns", best.wall_ns);
	measured("spin_thread_ns", best.thread_ns);
	measured("spin_guest_clock_ns", best.guest_ns);
	measured_bool("thread_time_includes_guest", best.thread_ns >= best.wall_ns / 20);
	measured("unasked_exits", best.unasked);
}

/* ---- Kicks ------------------------------------------------------------------------------- */

enum { KICKS = 1000, LOST_AFTER_MS = 1000 };

/* One thread runs a guest that never ends by itself, the other one kills its calls. */
struct kicker {
	mote_interrupt *interrupt;
	struct mote_os_event *begun, *over;
	_Atomic uint64_t returned_ns; /* 0: not yet */
	_Atomic bool stop;
	uint64_t times[KICKS];
	size_t kicks, lost;
};

/* A kick that has not arrived by then is lost; the next one is sent so that the call ends. */
static void wait_for_return(struct kicker *kicker, uint64_t begin)
{
	uint64_t end = begin + LOST_AFTER_MS * MS;
	bool lost = false;

	for (unsigned tries = 0; atomic_load(&kicker->returned_ns) == 0; tries++) {
		mote_os_yield(tries);
		if (mote_os_monotonic_ns() < end)
			continue;
		lost = true;
		end += MS;
		kicker->interrupt->kick->ops->send(kicker->interrupt->kick,
						   kicker->interrupt->thread);
	}
	kicker->lost += lost;
	kicker->times[kicker->kicks++] = atomic_load(&kicker->returned_ns) - begin;
}

static void kick_each_call(void *user)
{
	struct kicker *kicker = user;

	for (;;) {
		uint64_t begin;

		mote_os_event_wait(kicker->begun);
		if (atomic_load(&kicker->stop))
			return;
		for (unsigned tries = 0; !test_interrupt_state(kicker->interrupt).running &&
					 atomic_load(&kicker->returned_ns) == 0;
		     tries++)
			mote_os_yield(tries);
		begin = mote_os_monotonic_ns();
		mote_interrupt_kill(kicker->interrupt);
		wait_for_return(kicker, begin);
		mote_os_event_set(kicker->over);
	}
}

static mote_status run_kicked(struct machine *machine, struct kicker *kicker)
{
	struct spin spin = {0};
	mote_status status;

	atomic_store(&kicker->returned_ns, 0);
	mote_interrupt_begin_call(kicker->interrupt);
	mote_os_event_set(kicker->begun);
	status = run_until_killed(machine->vm, &spin, &machine->error);
	atomic_store(&kicker->returned_ns, mote_os_monotonic_ns());
	mote_os_event_wait(kicker->over);
	mote_interrupt_end_call(kicker->interrupt);
	return status;
}

static void kicks(void)
{
	static struct kicker kicker;
	const size_t count = (size_t)test_scale(KICKS);
	struct mote_os_thread *thread;
	mote_status status = MOTE_OK;
	struct machine machine;

	if (TEST_THREAD_SANITIZER)
		SKIP("the thread sanitizer holds signals back");
	machine_make(&machine, &code_spin);
	kicker.interrupt = machine.vm->interrupt;
	REQUIRE_OK(mote_os_event_create(&mote_default_allocator, &kicker.begun, &machine.error),
		   &machine.error);
	REQUIRE_OK(mote_os_event_create(&mote_default_allocator, &kicker.over, &machine.error),
		   &machine.error);
	REQUIRE_OK(mote_os_thread_start(&mote_default_allocator, "kicker", kick_each_call, &kicker,
					&thread, &machine.error),
		   &machine.error);
	for (size_t i = 0; i < count && status == MOTE_OK; i++)
		status = run_kicked(&machine, &kicker);
	atomic_store(&kicker.stop, true);
	mote_os_event_set(kicker.begun);
	mote_os_thread_join(thread);
	mote_os_event_destroy(kicker.begun);
	mote_os_event_destroy(kicker.over);
	REQUIRE_OK(status, &machine.error);
	machine_destroy(&machine);
	measured("kicks", kicker.kicks);
	measured("kicks_lost", kicker.lost);
	measured("kick_ns", median(kicker.times, kicker.kicks));
}

static struct mote_vm_exit enter(struct machine *machine)
{
	struct mote_vm_exit exit;

	MACHINE_OK(machine, enter, &exit);
	return exit;
}

/* Sent before the vCPU is entered, and after it was left.  The guest rings, so that it comes back
 * without them. */
static void kicks_outside_a_run(void)
{
	const uint64_t count = test_scale(KICKS);
	uint64_t early_lost = 0, late_kept = 0;
	struct mote_kick *kick;
	struct machine machine;
	uintptr_t self = mote_os_thread_self();

	if (TEST_THREAD_SANITIZER)
		SKIP("the thread sanitizer holds signals back");
	machine_make(&machine, &code_doorbell_loop);
	kick = machine.vm->interrupt->kick;
	for (uint64_t i = 0; i < count; i++) {
		kick->ops->arm(kick);
		kick->ops->send(kick, self);
		early_lost += enter(&machine).kind != MOTE_EXIT_RETRY;
		kick->ops->take(kick);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		kick->ops->arm(kick);
		while (enter(&machine).kind == MOTE_EXIT_RETRY)
			;
		kick->ops->send(kick, self);
		kick->ops->take(kick);
		kick->ops->arm(kick);
		late_kept += enter(&machine).kind == MOTE_EXIT_RETRY;
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	}
	machine_destroy(&machine);
	measured("early_kicks", count);
	measured("early_kicks_lost", early_lost);
	measured("late_kicks", count);
	measured("late_kicks_that_end_the_next_run", late_kept);
}

/* ---- Where vCPUs belong to threads ------------------------------------------------------- */

enum { MOST_THREADS = 256 };

/* A thread that makes a call and keeps its vCPU until the others have made theirs. */
struct caller {
	struct machine machine;
	struct mote_os_thread *thread;
	struct mote_os_event *done, *end;
	mote_status status;
};

static void call_and_wait(void *user)
{
	struct caller *caller = user;
	struct mote_vm *vm = caller->machine.vm;
	mote_error *error = &caller->machine.error;
	struct mote_vm_exit exit;

	caller->status = vm->hypervisor->backend->check_thread(vm->hypervisor, error);
	if (caller->status == MOTE_OK)
		caller->status = mote_vcpu_run(vm, &exit, error);
	if (caller->status == MOTE_OK)
		caller->status = mote_vcpu_park(vm, error);
	mote_os_event_set(caller->done);
	mote_os_event_wait(caller->end);
}

static void start_caller(struct caller *caller)
{
	mote_error *error = &caller->machine.error;

	machine_make(&caller->machine, &code_doorbell_loop);
	REQUIRE_OK(mote_os_event_create(&mote_default_allocator, &caller->done, error), error);
	REQUIRE_OK(mote_os_event_create(&mote_default_allocator, &caller->end, error), error);
	REQUIRE_OK(mote_os_thread_start(&mote_default_allocator, "caller", call_and_wait, caller,
					&caller->thread, error),
		   error);
	mote_os_event_wait(caller->done);
}

static void end_caller(struct caller *caller)
{
	mote_os_event_set(caller->end);
	mote_os_thread_join(caller->thread);
	mote_os_event_destroy(caller->done);
	mote_os_event_destroy(caller->end);
	machine_destroy(&caller->machine);
}

/* How many threads have a vCPU at a time, with the one that opened the hypervisor. */
static void threads(void)
{
	static struct caller callers[MOST_THREADS];
	struct machine machine;
	mote_status status = MOTE_OK;
	size_t count = 0;

	machine_make(&machine, &code_doorbell_loop);
	if (!machine.hypervisor->capabilities.thread_bound)
		MACHINE_SKIP(&machine, "vCPUs belong to no thread here");
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	for (; count < MOST_THREADS && status == MOTE_OK; count++) {
		start_caller(&callers[count]);
		status = callers[count].status;
	}
	measured("threads_with_a_vcpu", count + (status == MOTE_OK));
	measured_bool("threads_are_limited", status != MOTE_OK);
	if (status != MOTE_OK)
		CHECK_STATUS(status, MOTE_LIMIT, &callers[count - 1].machine.error);
	for (size_t i = 0; i < count; i++)
		end_caller(&callers[i]);
	machine_destroy(&machine);
}

/* ---- Translations ------------------------------------------------------------------------ */

enum { SLOT = 1, STORE_GVA = CODE_GVA + 0x2000 };

static void aim(struct machine *machine, uint64_t pc)
{
	mote_regs regs = machine_regs(machine);

	mote_regs_pc(&regs) = pc;
	*code_address(&regs) = EXTRA_GVA;
	machine_set_regs(machine, &regs);
}

static void map_extra(struct machine *machine, const struct mote_os_memory *memory, uint32_t flags)
{
	const struct mote_memory_region region = {
		.gpa = machine_gpa(machine, EXTRA_GVA),
		.hva = memory->hva,
		.bytes = EXTRA_BYTES,
		.handle = memory->handle,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE,
		.kind = MOTE_REGION_RAM,
	};

	REQUIRE(mote_paging_map(&machine->tables, EXTRA_GVA, machine_gpa(machine, EXTRA_GVA),
				EXTRA_BYTES, MOTE_PAGE_USER | flags));
	MACHINE_MAP(machine, SLOT, &region);
}

/* A page that was read-only is unmapped and mapped writable at the same place, and nobody
 * invalidates translations: does the guest's write meet the old one? */
static bool is_stale(const struct mote_os_memory *memory)
{
	struct machine machine;
	bool stale;

	machine_make(&machine, &code_load_loop);
	machine_put(&machine, STORE_GVA, &code_store_loop);
	map_extra(&machine, memory, 0);
	MACHINE_OK(&machine, invalidate_translations, machine_gpa(&machine, EXTRA_GVA),
		   EXTRA_BYTES);
	aim(&machine, CODE_GVA);
	for (unsigned i = 0; i < 3; i++)
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	MACHINE_UNMAP(&machine, SLOT);
	map_extra(&machine, memory, MOTE_PAGE_WRITE);
	aim(&machine, STORE_GVA);
	stale = machine_run(&machine).kind != MOTE_EXIT_IO_OUT;
	machine_destroy(&machine);
	return stale;
}

static void remaps(void)
{
	const uint64_t count = test_scale(100);
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;
	uint64_t stale = 0;

	if (backend_under_test()->backend->kind != MOTE_BACKEND_HVF || hypervisor_is_simulated())
		SKIP("a question to Hypervisor.framework itself");
	REQUIRE_OK(mote_os_memory_create(EXTRA_BYTES, 0, "memory", &memory, &error), &error);
	for (uint64_t i = 0; i < count; i++)
		stale += is_stale(&memory);
	mote_os_memory_destroy(&memory);
	measured("remaps", count);
	measured("remaps_that_need_another_asid", stale);
}

static const struct test_case cases[] = {
	CASE(capabilities),	   CASE(warm_exits), CASE(thread_time), CASE(kicks),
	CASE(kicks_outside_a_run), CASE(threads),    CASE(remaps),
};

const struct case_list measure_cases = {cases, TEST_COUNT(cases)};
