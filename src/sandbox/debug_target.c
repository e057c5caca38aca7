/* SPDX-License-Identifier: Apache-2.0
 *
 * What gdb does with a guest that has stopped: registers, memory, breakpoints, `monitor` commands.
 */
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "engine_internal.h"
#include "error_internal.h"
#include "sandbox/debug_server.h"
#include "text/text.h"

/* ---- Stops ---------------------------------------------------------------------------------- */

static enum mote_gdb_signal signal_of(mote_fault_kind kind)
{
	switch (kind) {
	case MOTE_FAULT_INSTRUCTION:
	case MOTE_FAULT_PRIVILEGE:
		return MOTE_GDB_SIGILL;
	case MOTE_FAULT_ARITHMETIC:
		return MOTE_GDB_SIGFPE;
	case MOTE_FAULT_ALIGNMENT:
	case MOTE_FAULT_DOORBELL:
	case MOTE_FAULT_MAILBOX:
		return MOTE_GDB_SIGBUS;
	case MOTE_FAULT_BREAKPOINT:
	case MOTE_FAULT_SINGLE_STEP:
		return MOTE_GDB_SIGTRAP;
	case MOTE_FAULT_MEMORY:
	case MOTE_FAULT_STACK_OVERFLOW:
	case MOTE_FAULT_PHYSICAL:
		return MOTE_GDB_SIGSEGV;
	default:
		return MOTE_GDB_SIGABRT;
	}
}

struct mote_gdb_stop mote_debug_describe_hold(struct mote_debug_vm *vm, enum mote_gdb_signal signal)
{
	struct mote_gdb_stop stop = {.kind = MOTE_GDB_STOP_SIGNAL, .signal = signal};
	mote_error ignored;
	mote_regs regs;

	mote_error_begin(&ignored);
	if (mote_debug_vm_registers(vm, &regs, &ignored) == MOTE_OK) {
		stop.pc = mote_regs_pc(&regs);
		stop.sp = mote_regs_sp(&regs);
	}
	return stop;
}

/* Linux gives the address of the access, or else of the instruction. */
static void describe_fault(const struct mote_exception *exception, struct mote_gdb_stop *stop)
{
	stop->signal = signal_of(exception->kind);
	stop->code = 1; /* SEGV_MAPERR, FPE_INTDIV, ILL_ILLOPC, ...: the first of its signal */
	stop->fault_address =
		exception->access != MOTE_ACCESS_NONE ? exception->address : exception->pc;
}

struct mote_gdb_stop mote_debug_describe(struct mote_debug_vm *vm,
					 const struct mote_debug_stop *from)
{
	static const enum mote_gdb_point watches[] = {
		[MOTE_WATCH_WRITE] = MOTE_GDB_WATCH_WRITE,
		[MOTE_WATCH_READ] = MOTE_GDB_WATCH_READ,
		[MOTE_WATCH_ACCESS] = MOTE_GDB_WATCH_ACCESS,
	};
	struct mote_gdb_stop stop = mote_debug_describe_hold(vm, MOTE_GDB_SIGTRAP);

	switch (from->kind) {
	case MOTE_STOP_INTERRUPT:
		stop.signal = MOTE_GDB_SIGINT;
		break;
	case MOTE_STOP_BREAKPOINT:
		stop.kind = MOTE_GDB_STOP_BREAKPOINT;
		break;
	case MOTE_STOP_WATCH:
		stop.kind = MOTE_GDB_STOP_WATCH;
		stop.watch = watches[from->watch];
		stop.watch_address = from->address;
		break;
	case MOTE_STOP_FAULT:
		describe_fault(&from->event.exception, &stop);
		break;
	case MOTE_STOP_ABORT:
		stop.signal = MOTE_GDB_SIGABRT;
		break;
	default:
		break;
	}
	return stop;
}

/* ---- Registers ------------------------------------------------------------------------------ */

static uint64_t features_of(const struct mote_debug_server *link)
{
	return link->sandbox->engine->hypervisor->capabilities.features;
}

static bool read_state(struct mote_debug_vm *vm, mote_user_state *state)
{
	mote_error ignored;

	mote_error_begin(&ignored);
	return vm != NULL && mote_debug_vm_registers(vm, &state->regs, &ignored) == MOTE_OK &&
	       mote_debug_vm_sregs(vm, &state->sregs, &ignored) == MOTE_OK &&
	       mote_debug_vm_fpu(vm, &state->fpu, &ignored) == MOTE_OK;
}

static mote_status write_state(struct mote_debug_vm *vm, const mote_user_state *state)
{
	mote_status status;
	mote_error ignored;

	mote_error_begin(&ignored);
	status = mote_debug_vm_set_registers(vm, &state->regs, &ignored);
	if (status == MOTE_OK)
		status = mote_debug_vm_set_thread(vm, &state->sregs, &ignored);
	if (status == MOTE_OK)
		status = mote_debug_vm_set_fpu(vm, &state->fpu, &ignored);
	return status;
}

enum mote_gdb_result mote_debug_read_registers(void *user, uint8_t *values)
{
	struct mote_debug_server *link = user;
	mote_user_state state;

	if (!read_state(link->vm, &state))
		return MOTE_GDB_FAILED;
	mote_gdb_pack(&state, features_of(link), values);
	return MOTE_GDB_OK;
}

enum mote_gdb_result mote_debug_write_registers(void *user, const uint8_t *values)
{
	struct mote_debug_server *link = user;
	mote_user_state before, after;
	mote_status status;

	if (!read_state(link->vm, &before))
		return MOTE_GDB_FAILED;
	after = before;
	mote_gdb_unpack(values, features_of(link), &after);
	status = write_state(link->vm, &after);
	link->is_changed = link->is_changed || status == MOTE_OK;
	if (status == MOTE_OK)
		return MOTE_GDB_OK;
	(void)write_state(link->vm, &before);
	return status == MOTE_INVALID_ARGUMENT ? MOTE_GDB_REFUSED : MOTE_GDB_FAILED;
}

/* ---- Memory --------------------------------------------------------------------------------- */

size_t mote_debug_read_memory(void *user, uint64_t address, void *to, size_t bytes)
{
	struct mote_debug_server *link = user;

	return link->vm != NULL ? mote_debug_vm_read(link->vm, address, to, bytes) : 0;
}

enum mote_gdb_result mote_debug_write_memory(void *user, uint64_t address, const void *from,
					     size_t bytes)
{
	struct mote_debug_server *link = user;

	if (link->vm == NULL)
		return MOTE_GDB_FAILED;
	if (!mote_debug_vm_write(link->vm, address, from, bytes))
		return MOTE_GDB_NO_MEMORY;
	link->is_changed = true;
	return MOTE_GDB_OK;
}

/* ---- Breakpoints and watchpoints ------------------------------------------------------------ */

static enum mote_gdb_result result_of(mote_status status)
{
	switch (status) {
	case MOTE_OK:
	case MOTE_NOT_FOUND:
		return MOTE_GDB_OK;
	case MOTE_LIMIT:
		return MOTE_GDB_TABLE_FULL;
	case MOTE_INVALID_ARGUMENT:
		return MOTE_GDB_NO_MEMORY;
	default:
		return MOTE_GDB_FAILED;
	}
}

static enum mote_watch_kind watch_of(enum mote_gdb_point point)
{
	switch (point) {
	case MOTE_GDB_WATCH_WRITE:
		return MOTE_WATCH_WRITE;
	case MOTE_GDB_WATCH_READ:
		return MOTE_WATCH_READ;
	case MOTE_GDB_WATCH_ACCESS:
		return MOTE_WATCH_ACCESS;
	default:
		return MOTE_WATCH_NONE;
	}
}

enum mote_gdb_result mote_debug_insert(void *user, enum mote_gdb_point point, uint64_t address,
				       uint64_t bytes)
{
	struct mote_debug_server *link = user;
	const enum mote_watch_kind kind = watch_of(point);
	mote_error ignored;

	if (link->vm == NULL)
		return MOTE_GDB_FAILED;
	mote_error_begin(&ignored);
	if (kind == MOTE_WATCH_NONE)
		return result_of(mote_debug_vm_set_breakpoint(link->vm, address, &ignored));
	return result_of(mote_debug_vm_set_watch(link->vm, address, bytes, kind, &ignored));
}

enum mote_gdb_result mote_debug_remove(void *user, enum mote_gdb_point point, uint64_t address,
				       uint64_t bytes)
{
	struct mote_debug_server *link = user;
	const enum mote_watch_kind kind = watch_of(point);
	mote_error ignored;

	if (link->vm == NULL)
		return MOTE_GDB_FAILED;
	mote_error_begin(&ignored);
	if (kind != MOTE_WATCH_NONE)
		return result_of(
			mote_debug_vm_clear_watch(link->vm, address, bytes, kind, &ignored));
	mote_debug_vm_clear_breakpoint(link->vm, address);
	return MOTE_GDB_OK;
}

/* ---- `monitor` ------------------------------------------------------------------------------ */

static size_t print_registers(struct mote_debug_server *link, char *text, size_t capacity)
{
	mote_user_state state;

	if (!read_state(link->vm, &state))
		return (size_t)snprintf(text, capacity, "the hypervisor does not say\n");
	return mote_sregs_print(&state.sregs, text, capacity);
}

static size_t print_regions(struct mote_debug_server *link, char *text, size_t capacity)
{
	const struct mote_layout *layout = &link->sandbox->layout;
	size_t used = 0;

	for (unsigned i = 0; i < MOTE_LAYOUT_REGIONS; i++) {
		const struct mote_layout_region *region = &layout->regions[i];

		if (region->bytes != 0 && used < capacity)
			used += (size_t)snprintf(text + used, capacity - used,
						 "%#14llx %#14llx  %s\n",
						 (unsigned long long)region->gva,
						 (unsigned long long)(region->gva + region->bytes),
						 mote_layout_name(layout, region->gva));
	}
	return used;
}

static size_t print_exits(struct mote_debug_server *link, char *text, size_t capacity)
{
	return (size_t)snprintf(text, capacity, "%llu exits\n",
				(unsigned long long)link->sandbox->vm.exits);
}

static size_t print_backend(struct mote_debug_server *link, char *text, size_t capacity)
{
	return (size_t)snprintf(text, capacity, "%s\n",
				mote_backend_text(mote_engine_get_backend(link->sandbox->engine)));
}

static size_t print_image(struct mote_debug_server *link, char *text, size_t capacity)
{
	const mote_sandbox *sandbox = link->sandbox;

	return (size_t)snprintf(
		text, capacity, "%s, entry %#llx, loaded at %#llx\n", sandbox->image->name,
		(unsigned long long)(sandbox->image->elf.entry + sandbox->layout.image_bias),
		(unsigned long long)sandbox->layout.regions[MOTE_LAYOUT_IMAGE].gva);
}

static size_t print_statistics(struct mote_debug_server *link, char *text, size_t capacity)
{
	const mote_sandbox_statistics *statistics = &link->sandbox->statistics;

	return (size_t)snprintf(text, capacity, "%llu calls, %llu host calls, %llu exits\n",
				(unsigned long long)statistics->calls,
				(unsigned long long)statistics->host_calls,
				(unsigned long long)link->sandbox->vm.exits);
}

static size_t print_commands(struct mote_debug_server *link, char *text, size_t capacity);

static const struct command {
	const char *name, *text;
	size_t (*print)(struct mote_debug_server *link, char *text, size_t capacity);
} commands[] = {
	{"help", "this list", print_commands},
	{"regs", "system registers", print_registers},
	{"regions", "what is where in the guest's memory", print_regions},
	{"exits", "how often the guest has left the processor", print_exits},
	{"backend", "the hypervisor", print_backend},
	{"image", "the guest's file", print_image},
	{"stats", "calls and exits so far", print_statistics},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static size_t print_commands(struct mote_debug_server *link, char *text, size_t capacity)
{
	size_t used = 0;

	(void)link;
	for (unsigned i = 0; i < COMMANDS && used < capacity; i++)
		used += (size_t)snprintf(text + used, capacity - used, "%-9s%s\n", commands[i].name,
					 commands[i].text);
	return used;
}

size_t mote_debug_monitor(void *user, const char *command, char *text, size_t capacity)
{
	struct mote_debug_server *link = user;

	if (link->vm == NULL)
		return (size_t)snprintf(text, capacity, "the guest has ended\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		if (strcmp(command, commands[i].name) == 0)
			return commands[i].print(link, text, capacity);
	return (size_t)snprintf(text, capacity, "no command %s; monitor help lists them\n",
				mote_text_short(command).text);
}

/* ---- What never changes --------------------------------------------------------------------- */

/* Types of the auxiliary vector (System V ABI, AMD64 supplement, 3.4.3). */
enum { AT_NULL, AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_ENTRY = 9 };
enum { PROGRAM_HEADER_BYTES = 56 };

/* With AT_ENTRY gdb finds out where a static PIE is; with AT_PHDR, its thread-local variables. */
static void fill_auxv(struct mote_debug_server *link)
{
	const struct mote_elf *elf = &link->sandbox->image->elf;
	const uint64_t bias = link->sandbox->layout.image_bias;
	const uint64_t headers = mote_elf_headers_address(elf);
	size_t used = 0;
	const uint64_t pairs[] = {
		AT_PHDR,   headers + bias,
		AT_PHENT,  PROGRAM_HEADER_BYTES,
		AT_PHNUM,  mote_elf_header_count(elf),
		AT_PAGESZ, MOTE_PAGE_BYTES,
		AT_BASE,   0,
		AT_ENTRY,  elf->entry + bias,
		AT_NULL,   0,
	};
	_Static_assert(sizeof(pairs) == sizeof(link->auxv), "all of it");

	for (size_t i = headers != 0 ? 0 : 2; i < MOTE_DEBUG_AUXV_WORDS; i++, used += 8)
		mote_put64(link->auxv + used, pairs[i]);
	link->guest.auxv = link->auxv;
	link->guest.auxv_bytes = used;
}

/* gdb asks the server for files of absolute names only. */
static void fill_name(struct mote_debug_server *link)
{
	const char *name = link->sandbox->image->given_name;
	size_t slash = name[0] == '/' ? 0 : 1;

	link->file_name[0] = '/';
	mote_text_copy(link->file_name + slash, sizeof(link->file_name) - slash, name,
		       strlen(name));
	link->guest.file_name = link->file_name;
}

void mote_debug_describe_guest(struct mote_debug_server *link)
{
	const mote_sandbox *sandbox = link->sandbox;
	const struct mote_elf *elf = &sandbox->image->elf;
	const struct mote_layout *layout = &sandbox->layout;

	link->guest = (struct mote_gdb_guest){
		.registers = mote_gdb_describe(features_of(link)),
		.text_address = elf->segments[0].address + layout->image_bias,
		.file = elf->bytes,
		.file_bytes = elf->length,
	};
	if (elf->tls.memory_bytes != 0)
		link->guest.thread_address =
			layout->regions[MOTE_LAYOUT_THREAD].gva + layout->thread.variables;
	fill_auxv(link);
	fill_name(link);
}
