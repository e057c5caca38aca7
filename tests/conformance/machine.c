/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine that the cases run guest code in.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "allocator.h"
#include "os/os.h"

static void ignore(int number)
{
	(void)number;
}

int kick_signal(void)
{
	const struct sigaction action = {.sa_handler = ignore};

	if (backend_under_test()->kick_signal != NULL)
		return backend_under_test()->kick_signal();
	if (!test_on_posix())
		return 0;
	sigaction(SIGUSR2, &action, NULL);
	return SIGUSR2;
}

struct mote_hypervisor_options open_options(const struct mote_system *const *systems)
{
	return (struct mote_hypervisor_options){
		.allocator = &mote_default_allocator,
		.kick_signal = backend_under_test()->kick_signal != NULL ? kick_signal() : 0,
		.systems = systems,
	};
}

struct mote_hypervisor *open_hypervisor(const struct mote_system *const *systems)
{
	const struct mote_hypervisor_options options = open_options(systems);
	mote_error error = MOTE_ERROR_INIT;
	struct mote_hypervisor *hypervisor = NULL;

	backend_under_test()->need();
	REQUIRE_OK(backend_under_test()->backend->open(&options, &hypervisor, &error), &error);
	return hypervisor;
}

uint64_t machine_gpa(const struct machine *machine, uint64_t gva)
{
	return machine->vm->address_base + gva;
}

void *machine_host(const struct machine *machine, uint64_t gva)
{
	return machine->ram + (gva - RAM_GVA);
}

void machine_put(struct machine *machine, uint64_t gva, const struct code *code)
{
	memcpy(machine_host(machine, gva), code->bytes, code->length);
	mote_os_memory_publish_code(machine_host(machine, gva), code->length);
}

void machine_prepare(struct machine *machine, const struct code *code)
{
	*machine = (struct machine){.code = code, .error = MOTE_ERROR_INIT};
	machine->ram =
		mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(machine->ram != MAP_FAILED);
}

static bool map_pages(struct machine *machine)
{
	static const struct {
		uint64_t gva, bytes;
		uint32_t flags;
	} maps[] = {
		{KERNEL_GVA, 0x1000, MOTE_PAGE_EXECUTE},
		{CODE_GVA, 0x4000, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE},
		{DATA_GVA, 0x4000, MOTE_PAGE_USER | MOTE_PAGE_WRITE},
		{STACK_GVA, 0x4000, MOTE_PAGE_USER | MOTE_PAGE_WRITE},
		{OUTSIDE_GVA, 0x2000, MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE},
		{EXTRA_GVA, EXTRA_BYTES, MOTE_PAGE_USER | MOTE_PAGE_WRITE},
	};

	for (size_t i = 0; i < TEST_COUNT(maps); i++)
		if (!mote_paging_map(&machine->tables, maps[i].gva,
				     machine_gpa(machine, maps[i].gva), maps[i].bytes,
				     maps[i].flags))
			return false;
	return true;
}

/* Monitor, tables and code, at the VM's addresses. */
static bool fill_ram(struct machine *machine)
{
	static const uint16_t ports[] = {CODE_PORT, CODE_OTHER_PORT};

	machine->monitor = (struct mote_monitor){
		.memory = machine_host(machine, MONITOR_GVA),
		.gva = MONITOR_GVA,
		.gpa = machine_gpa(machine, MONITOR_GVA),
	};
	if (!mote_paging_init(&machine->tables, machine_host(machine, TABLES_GVA),
			      machine_gpa(machine, TABLES_GVA), TABLES_BYTES))
		return false;
	mote_monitor_build(&machine->monitor, ports, TEST_COUNT(ports));
	mote_os_memory_publish_code(machine->monitor.memory, MOTE_MONITOR_BYTES);
	if (!mote_monitor_map(&machine->monitor, &machine->tables) || !map_pages(machine))
		return false;
	if (machine->code != NULL)
		machine_put(machine, CODE_GVA, machine->code);
	machine_put(machine, ELSEWHERE_GVA, &code_end);
	return true;
}

static mote_status start(struct machine *machine)
{
	struct mote_vm *vm = machine->vm;
	const struct mote_user_start start = {
		.entry = CODE_GVA,
		.stack = STACK_TOP_GVA,
		.root_gpa = machine->tables.gpa,
		.features = vm->hypervisor->capabilities.features,
		.address_bits = vm->hypervisor->capabilities.address_bits,
	};
	mote_regs regs;
	mote_sregs sregs;
	mote_status status;

	mote_power_on(&regs, &sregs, NULL, NULL);
	mote_monitor_start(&machine->monitor, &start, &regs, &sregs);
	status = vm->ops->set_sregs(vm, &sregs, &machine->error);
	return status == MOTE_OK ? vm->ops->set_regs(vm, &regs, &machine->error) : status;
}

mote_status machine_create(struct machine *machine, struct mote_hypervisor *hypervisor)
{
	struct mote_memory_region ram = {
		.hva = machine->ram,
		.handle = test_memory_handle(machine->ram),
		.bytes = RAM_BYTES,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE | MOTE_REGION_EXECUTE,
		.kind = MOTE_REGION_RAM,
	};
	mote_error *error = &machine->error;
	mote_status status = hypervisor->backend->create(hypervisor, &machine->vm, error);
	struct mote_vm *vm = machine->vm;

	machine->hypervisor = hypervisor;
	if (status == MOTE_OK)
		status = vm->ops->reserve_gpa(vm, 0, SPAN_BYTES, &vm->address_base, error);
	if (status != MOTE_OK)
		return status;
	CHECK(fill_ram(machine));
	ram.gpa = machine_gpa(machine, RAM_GVA);
	status = mote_vm_map_memory(vm, 0, &ram, error);
	return status == MOTE_OK ? start(machine) : status;
}

void machine_make_with(struct machine *machine, const struct code *code,
		       const struct mote_system *const *systems)
{
	struct mote_hypervisor *hypervisor = open_hypervisor(systems);

	machine_prepare(machine, code);
	machine->own_hypervisor = true;
	REQUIRE_OK(machine_create(machine, hypervisor), &machine->error);
}

void machine_make(struct machine *machine, const struct code *code)
{
	machine_make_with(machine, code, backend_under_test()->systems());
}

void machine_start(struct machine *machine)
{
	REQUIRE_OK(start(machine), &machine->error);
}

void machine_destroy(struct machine *machine)
{
	if (machine->vm != NULL)
		machine->vm->ops->destroy(machine->vm);
	if (machine->own_hypervisor)
		machine->hypervisor->backend->close(machine->hypervisor);
	if (machine->ram != NULL)
		munmap(machine->ram, RAM_BYTES);
	memset(machine, 0, sizeof(*machine));
}

const char *exit_name(enum mote_vm_exit_kind kind)
{
	static const char *const names[] = {
		[MOTE_EXIT_HALT] = "HALT",
		[MOTE_EXIT_IO_OUT] = "IO_OUT",
		[MOTE_EXIT_IO_IN] = "IO_IN",
		[MOTE_EXIT_MMIO_READ] = "MMIO_READ",
		[MOTE_EXIT_MMIO_WRITE] = "MMIO_WRITE",
		[MOTE_EXIT_CANCELLED] = "CANCELLED",
		[MOTE_EXIT_RETRY] = "RETRY",
		[MOTE_EXIT_SHUTDOWN] = "SHUTDOWN",
		[MOTE_EXIT_DEBUG] = "DEBUG",
		[MOTE_EXIT_UNKNOWN] = "UNKNOWN",
	};

	return (size_t)kind < TEST_COUNT(names) && names[kind] != NULL ? names[kind] : "no exit";
}

static const char *name_of(const struct machine *machine)
{
	return machine->what != NULL ? machine->what : "guest";
}

struct mote_vm_exit machine_run(struct machine *machine)
{
	struct mote_vm_exit exit;

	do
		MACHINE_RUN(machine, &exit);
	while (exit.kind == MOTE_EXIT_RETRY);
	return exit;
}

struct mote_vm_exit machine_expect(struct machine *machine, enum mote_vm_exit_kind kind)
{
	struct mote_vm_exit exit = machine_run(machine);
	mote_regs regs;

	if (exit.kind == kind)
		return exit;
	regs = machine_regs(machine);
	FAIL("%s: the exit is %s at 0x%llx, not %s: %.*s", name_of(machine), exit_name(exit.kind),
	     (unsigned long long)mote_regs_pc(&regs), exit_name(kind), MOTE_EXIT_TEXT_BYTES,
	     exit.kind == MOTE_EXIT_UNKNOWN ? exit.as.text : "");
}

struct mote_exception machine_exception(struct machine *machine)
{
	mote_exception_state state;
	struct mote_exception exception;

	MACHINE_OK(machine, exception_state, &state);
	if (!mote_monitor_exception(&machine->monitor, &state, &exception))
		FAIL("%s: the halt at 0x%llx is no exception", name_of(machine),
		     (unsigned long long)mote_exception_state_pc(&state));
	return exception;
}

struct mote_exception machine_expect_exception(struct machine *machine)
{
	machine_expect(machine, MOTE_EXIT_HALT);
	return machine_exception(machine);
}

void machine_expect_end(struct machine *machine, uint64_t gva)
{
	struct mote_exception exception = machine_expect_exception(machine);

	if (!code_is_end(&exception))
		FAIL("%s: exception %s at 0x%llx, not the end of the code", name_of(machine),
		     mote_vector_name(exception.vector), (unsigned long long)exception.pc);
	CHECK_IN(machine, exception.pc, gva);
}

mote_regs machine_regs_at_end(struct machine *machine, uint64_t gva)
{
	machine_expect_end(machine, gva);
	return machine_user_regs(machine);
}

mote_regs machine_user_regs(struct machine *machine)
{
	struct mote_exception exception = machine_exception(machine);
	mote_regs regs = machine_regs(machine);

	mote_regs_pc(&regs) = exception.pc;
	mote_regs_sp(&regs) = exception.sp;
	mote_regs_flags(&regs) = exception.flags;
	return regs;
}

mote_regs machine_regs(struct machine *machine)
{
	mote_regs regs;

	MACHINE_OK(machine, regs, &regs);
	return regs;
}

void machine_set_regs(struct machine *machine, const mote_regs *regs)
{
	MACHINE_OK(machine, set_regs, regs);
}

mote_sregs machine_sregs(struct machine *machine)
{
	mote_sregs sregs;

	MACHINE_OK(machine, sregs, &sregs);
	return sregs;
}

void machine_set_sregs(struct machine *machine, const mote_sregs *sregs)
{
	MACHINE_OK(machine, set_sregs, sregs);
}
