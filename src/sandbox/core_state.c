/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a core of a sandbox: registers, reason, memory.  Shared buffers are not.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mote/version.h>

#include "bytes.h"
#include "error_internal.h"
#include "sandbox/content.h"
#include "sandbox/core_internal.h"
#include "sandbox/elf_format.h"
#include "text/text.h"

enum { REPORT_BYTES = 4096, NOTE_ROOM = 64 };

/* ---- Registers --------------------------------------------------------------------------- */

static mote_status read_registers(struct mote_core_dump *dump, mote_error *error)
{
	const mote_sandbox *sandbox = dump->sandbox;
	struct mote_sandbox_vm *vm = &dump->sandbox->vm;
	const struct mote_vm_ops *ops = vm->vm->ops;
	struct mote_guest_event event;
	mote_registers registers;
	mote_status status;

	if (dump->is_stopped)
		return sandbox->debug_ops->registers(sandbox->debug, &dump->registers.regs,
						     &dump->registers.sregs, &dump->registers.fpu,
						     error);
	status = mote_sandbox_vm_locate(vm, &event, error);
	if (status == MOTE_OK)
		status = mote_sandbox_vm_user_registers(vm, &event, &registers, error);
	if (status == MOTE_OK)
		status = ops->sregs(vm->vm, &dump->registers.sregs, error);
	if (status == MOTE_OK)
		status = ops->fpu(vm->vm, &dump->registers.fpu, error);
	if (status == MOTE_OK)
		dump->registers.regs = mote_arch_registers(&registers);
	return status;
}

/* The signals of Linux that would have ended a process for it. */
enum {
	LINUX_ILL = 4,
	LINUX_TRAP,
	LINUX_ABRT,
	LINUX_BUS,
	LINUX_FPE,
	LINUX_KILL,
	LINUX_SEGV = 11,
	LINUX_XCPU = 24
};

static uint32_t fault_signal(mote_fault_kind kind)
{
	static const uint8_t signals[] = {
		[MOTE_FAULT_MEMORY] = LINUX_SEGV,     [MOTE_FAULT_STACK_OVERFLOW] = LINUX_SEGV,
		[MOTE_FAULT_INSTRUCTION] = LINUX_ILL, [MOTE_FAULT_PRIVILEGE] = LINUX_ILL,
		[MOTE_FAULT_ARITHMETIC] = LINUX_FPE,  [MOTE_FAULT_ALIGNMENT] = LINUX_BUS,
		[MOTE_FAULT_BREAKPOINT] = LINUX_TRAP, [MOTE_FAULT_SINGLE_STEP] = LINUX_TRAP,
		[MOTE_FAULT_DOORBELL] = LINUX_BUS,    [MOTE_FAULT_MAILBOX] = LINUX_BUS,
		[MOTE_FAULT_PHYSICAL] = LINUX_SEGV,   [MOTE_FAULT_SHUTDOWN] = LINUX_ABRT,
		[MOTE_FAULT_OTHER] = LINUX_ABRT,
	};

	return signals[kind];
}

static struct mote_core_signal find_signal(const struct mote_core_dump *dump)
{
	const mote_fault *fault = &dump->sandbox->fault;

	switch (dump->status) {
	case MOTE_GUEST_FAULT:
		return (struct mote_core_signal){fault_signal(fault->kind), 1, fault->address};
	case MOTE_GUEST_ABORT:
		return (struct mote_core_signal){.number = LINUX_ABRT};
	case MOTE_WALL_DEADLINE:
	case MOTE_CPU_DEADLINE:
		return (struct mote_core_signal){.number = LINUX_XCPU};
	case MOTE_KILLED:
		return (struct mote_core_signal){.number = LINUX_KILL};
	default:
		return (struct mote_core_signal){.number = 0};
	}
}

/* ---- The report: mote's own note, lines of "key value" -------------------------------------- */

struct report {
	char text[REPORT_BYTES];
	size_t used;
};

MOTE_PRINTF(3, 4)
static void add_line(struct report *report, const char *key, const char *format, ...)
{
	char value[MOTE_ERROR_TEXT_BYTES];
	va_list arguments;
	int length;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	mote_text_copy(value, sizeof(value), value, strlen(value));
	length = snprintf(report->text + report->used, sizeof(report->text) - report->used,
			  "%s %s\n", key, value);
	if ((size_t)length < sizeof(report->text) - report->used)
		report->used += (size_t)length;
}

/* The date of days since 1970 (proleptic Gregorian calendar, in eras of 400 years from March on);
 * gmtime may not be called from several threads. */
void mote_core_time_text(char text[MOTE_CORE_TIME_BYTES])
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t days = now / 86400 + 719468, second = now % 86400;
	uint64_t era = days / 146097, day = days % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t in_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * in_year + 2) / 153;

	snprintf(text, MOTE_CORE_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		 (unsigned)(year + era * 400 + (month >= 10)) % 10000,
		 (unsigned)(month < 10 ? month + 3 : month - 9) % 100,
		 (unsigned)(in_year - (153 * month + 2) / 5 + 1) % 100, (unsigned)(second / 3600),
		 (unsigned)(second / 60 % 60), (unsigned)(second % 60));
}

static bool add_build_id(void *user, const struct mote_elf_note *note)
{
	enum { NT_GNU_BUILD_ID = 3, MAXIMUM = 64 };
	char text[2 * MAXIMUM + 1];

	if (note->type != NT_GNU_BUILD_ID || note->owner_bytes != 4 ||
	    memcmp(note->owner, "GNU", 4) != 0 || note->contents_bytes > MAXIMUM)
		return true;
	for (uint32_t i = 0; i < note->contents_bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", note->contents[i]);
	if (note->contents_bytes > 0)
		add_line(user, "build-id", "%s", text);
	return false;
}

static void add_fault(struct report *report, const mote_fault *fault)
{
	add_line(report, "kind", "%s", mote_fault_kind_name(fault->kind));
	if (fault->vector != MOTE_FAULT_NO_VECTOR) {
		add_line(report, "vector", "%u", fault->vector);
		add_line(report, "error-code", "0x%llx", (unsigned long long)fault->error_code);
	}
	if (fault->access == MOTE_ACCESS_NONE)
		return;
	add_line(report, "access", "%s", mote_access_name(fault->access));
	add_line(report, "address", "0x%llx", (unsigned long long)fault->address);
	add_line(report, "region", "%s", fault->region);
}

/* The call in progress, else the last one.  The guest can write over the function's number. */
static void add_call(struct report *report, const mote_sandbox *sandbox)
{
	uint64_t id = mote_interrupt_call_id(sandbox->watch.interrupt);
	uint32_t function = mote_channel_function(&sandbox->mailbox.call);

	add_line(report, "call-id", "%llu", (unsigned long long)id);
	if (id > 0 && function < sandbox->image->export_count)
		add_line(report, "function", "%s", sandbox->image->exports[function].name);
}

static void write_report(const struct mote_core_dump *dump, struct report *report)
{
	const mote_sandbox *sandbox = dump->sandbox;
	struct mote_elf elf = sandbox->image->elf;
	char now[MOTE_CORE_TIME_BYTES];

	report->used = 0;
	add_line(report, "version", "%s", MOTE_VERSION_STRING);
	add_line(report, "backend", "%s",
		 mote_backend_name(mote_engine_get_backend(sandbox->engine)));
	(void)mote_elf_each_note(&elf, add_build_id, report);
	mote_core_time_text(now);
	add_line(report, "host-time", "%s", now);
	add_call(report, sandbox);
	add_line(report, "status", "%s", mote_status_name(dump->status));
	if (dump->reason[0] != '\0')
		add_line(report, "reason", "%s", dump->reason);
	if (dump->status == MOTE_GUEST_FAULT)
		add_fault(report, &sandbox->fault);
}

/* ---- The program and its memory ------------------------------------------------------------- */

static void find_program(const mote_sandbox *sandbox, struct mote_core_program *program,
			 struct mote_core_mapping mappings[MOTE_ELF_MAXIMUM_SEGMENTS])
{
	const struct mote_elf *elf = &sandbox->image->elf;
	const uint64_t bias = sandbox->layout.image_bias;
	const uint64_t headers = mote_elf_headers_address(elf);

	*program = (struct mote_core_program){
		.path = sandbox->image->path[0] != '\0' ? sandbox->image->path
							: sandbox->image->given_name,
		.entry_gva = elf->entry + bias,
		.headers_gva = headers != 0 ? headers + bias : 0,
		.header_count = mote_elf_header_count(elf),
		.mappings = mappings,
		.mapping_count = elf->segment_count,
	};
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];
		uint64_t end = segment->address + segment->file_bytes;

		mappings[i] = (struct mote_core_mapping){
			.begin = (segment->address & MOTE_PAGE_MASK) + bias,
			.end = ((end + MOTE_PAGE_BYTES - 1) & MOTE_PAGE_MASK) + bias,
			.file_offset = segment->file_offset & MOTE_PAGE_MASK,
		};
	}
}

/* What user code has at a page, without watchpoints. */
static bool translate(const mote_sandbox *sandbox, uint64_t gva, struct mote_translation *page)
{
	if (sandbox->debug != NULL)
		return sandbox->debug_ops->translate(sandbox->debug, gva, page);
	return mote_paging_walk(&sandbox->tables, gva, page) && (page->flags & MOTE_PAGE_USER);
}

/* The pages of [gva, gva+bytes) that user code has, by permission. */
static void add_segments(struct mote_core_dump *dump, uint64_t gva, uint64_t bytes)
{
	const mote_sandbox *sandbox = dump->sandbox;
	struct mote_core *core = &dump->core;
	struct mote_core_segment *last = NULL;

	for (uint64_t at = gva; at < gva + bytes; at += MOTE_PAGE_BYTES) {
		struct mote_translation page;

		if (!translate(sandbox, at, &page)) {
			last = NULL;
		} else if (last != NULL && last->flags == page.flags) {
			last->bytes += MOTE_PAGE_BYTES;
		} else if (core->segment_count < MOTE_CORE_SEGMENTS) {
			last = &core->segments[core->segment_count++];
			*last = (struct mote_core_segment){
				.gva = at,
				.bytes = MOTE_PAGE_BYTES,
				.flags = page.flags,
				.memory = mote_layout_host(&sandbox->layout, sandbox->ram.hva, at,
							   MOTE_PAGE_BYTES),
			};
		}
	}
}

/* All pages of such a region are alike, and there may be many. */
static void add_region(struct mote_core_dump *dump, enum mote_layout_region_id id)
{
	const struct mote_layout_region *region = &dump->sandbox->layout.regions[id];

	if (region->bytes == 0)
		return;
	add_segments(dump, region->gva, MOTE_PAGE_BYTES);
	dump->core.segments[dump->core.segment_count - 1].bytes = region->bytes;
}

static void find_segments(struct mote_core_dump *dump)
{
	const struct mote_layout_region *image = &dump->sandbox->layout.regions[MOTE_LAYOUT_IMAGE];

	add_region(dump, MOTE_LAYOUT_STACK);
	add_region(dump, MOTE_LAYOUT_MAILBOX);
	add_region(dump, MOTE_LAYOUT_THREAD);
	add_segments(dump, image->gva, image->bytes);
	add_region(dump, MOTE_LAYOUT_HEAP);
}

static mote_status next_data(void *user, uint64_t gva, uint64_t limit, uint64_t *begin,
			     uint64_t *end, mote_error *error)
{
	const mote_sandbox *sandbox = user;
	struct mote_content content = {
		.memory = &sandbox->ram, .at = gva - MOTE_RAM_GVA, .limit = limit - MOTE_RAM_GVA};
	mote_status status = mote_content_next(&content, begin, end, error);

	if (status != MOTE_OK)
		return status;
	*begin += MOTE_RAM_GVA;
	*end += MOTE_RAM_GVA;
	return MOTE_OK;
}

/* ---- All of it ---------------------------------------------------------------------------- */

static mote_status write_notes(struct mote_core_dump *dump, mote_error *error)
{
	struct mote_core_mapping mappings[MOTE_ELF_MAXIMUM_SEGMENTS];
	struct mote_core_signal signal = find_signal(dump);
	struct mote_core_program program;
	struct report report;

	find_program(dump->sandbox, &program, mappings);
	write_report(dump, &report);
	dump->notes.capacity = mote_core_notes_bytes(&program) + report.used + NOTE_ROOM;
	dump->notes.bytes = mote_allocate(&dump->sandbox->engine->allocator, dump->notes.capacity);
	if (dump->notes.bytes == NULL)
		return mote_fail_memory(error, "core");
	mote_core_notes_standard(&dump->notes, &dump->registers, &signal, &program);
	mote_core_notes_add(&dump->notes, MOTE_CORE_NOTE_OWNER, MOTE_CORE_NOTE_TYPE, report.text,
			    report.used);
	return MOTE_OK;
}

mote_status mote_core_dump_gather(struct mote_core_dump *dump, mote_error *error)
{
	mote_status status = read_registers(dump, error);

	if (status == MOTE_OK)
		status = write_notes(dump, error);
	if (status != MOTE_OK)
		return status;
	dump->core = (struct mote_core){
		.notes = &dump->notes,
		.segments = dump->segments,
		.next_data = next_data,
		.user = dump->sandbox,
	};
	find_segments(dump);
	return MOTE_OK;
}
