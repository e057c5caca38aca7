/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints a core.  All text in it is foreign: it goes through output_escaped or JSON strings.
 */
#include "core_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fault_report.h"
#include "shell.h"
#include "tool.h"

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_ADDRESS };

/* Keys of mote's note, in the order in which they are shown. */
static const struct {
	const char *key, *member;
	enum value_kind kind;
} values[] = {
	{"status", "status", VALUE_TEXT},
	{"reason", "reason", VALUE_TEXT},
	{"kind", "kind", VALUE_TEXT},
	{"vector", "vector", VALUE_NUMBER},
	{"error-code", "error_code", VALUE_ADDRESS},
	{"access", "access", VALUE_TEXT},
	{"address", "address", VALUE_ADDRESS},
	{"region", "region", VALUE_TEXT},
	{"function", "function", VALUE_TEXT},
	{"call-id", "call_id", VALUE_NUMBER},
	{"host-time", "host_time", VALUE_TEXT},
	{"version", "version", VALUE_TEXT},
	{"backend", "backend", VALUE_TEXT},
	{"build-id", "build_id", VALUE_TEXT},
};

enum { VALUE_COUNT = sizeof(values) / sizeof(values[0]) };

/* ---- The line for gdb -------------------------------------------------------------------- */

/* False when a path cannot be pasted. */
static bool debugger_line(const struct core_report *report, char line[SHELL_LINE_BYTES])
{
	size_t used;

	if (!shell_can_paste(report->path) ||
	    (report->is_guest_used && !shell_can_paste(report->guest)))
		return false;
	used = (size_t)snprintf(line, SHELL_LINE_BYTES, "%s -ex bt -c", report->debugger);
	used = shell_add_path(line, used, report->path);
	if (report->is_guest_used)
		shell_add_path(line, used, report->guest);
	return true;
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_row(struct output *output, const char *name, const char *text, size_t length)
{
	output_format(output, "%-11s", name);
	output_escaped(output, text, length, false);
	output_text(output, "\n");
}

static void print_reason(const struct core_report *report, struct output *output)
{
	const char *text;
	size_t length;

	for (size_t i = 0; i < VALUE_COUNT; i++)
		if (core_file_value(report->core, values[i].key, &text, &length))
			print_row(output, values[i].key, text, length);
}

static void print_frames(const struct core_report *report, struct output *output)
{
	output_format(output, "\nbacktrace (%zu)\n", report->backtrace->count);
	for (size_t i = 0; i < report->backtrace->count; i++) {
		const struct core_frame *frame = &report->backtrace->frames[i];

		output_format(output, "  #%-2zu 0x%08" PRIx64, i, frame->pc);
		if (frame->symbol[0] != '\0') {
			output_text(output, "  ");
			output_escaped(output, frame->symbol, strlen(frame->symbol), false);
			output_format(output, "+0x%" PRIx64, frame->symbol_offset);
		}
		output_text(output, "\n");
	}
	if (!report->backtrace->complete)
		output_text(output, "  code without frame pointers ends it here; gdb goes on\n");
}

struct register_row {
	const char *name;
	uint64_t value;
};

#define X86_64_ROW(name) {#name, registers->as.x86_64.name},
#define AARCH64_ROW(name, member) {#name, registers->as.aarch64.member},

static void print_rows(struct output *output, const struct register_row *rows, size_t count)
{
	enum { COLUMNS = 3 };

	for (size_t i = 0; i < count; i++)
		output_format(output, "  %-6s 0x%016" PRIx64 "%s", rows[i].name, rows[i].value,
			      i % COLUMNS == COLUMNS - 1 || i + 1 == count ? "\n" : "");
}

static void print_registers(const mote_registers *registers, struct output *output)
{
	output_text(output, "\nregisters\n");
	if (registers->machine == MOTE_MACHINE_X86_64) {
		const struct register_row rows[] = {MOTE_X86_64_REGS_MAP(X86_64_ROW)};

		print_rows(output, rows, sizeof(rows) / sizeof(rows[0]));
	} else {
		const struct register_row rows[] = {MOTE_AARCH64_REGS_MAP(AARCH64_ROW)};

		print_rows(output, rows, sizeof(rows) / sizeof(rows[0]));
	}
}

static void print_segments(const struct core_file *core, struct output *output)
{
	output_format(output, "\nsegments (%zu)\n", core->segment_count);
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct elf_segment *segment = &core->segments[i];
		const char *path = core_file_mapped(core, segment);

		output_format(output,
			      "  0x%08" PRIx64 "  %c%c%c  %" PRIu64 " bytes, %" PRIu64
			      " of them in the file",
			      segment->address, segment->flags & ELF_READ ? 'r' : '-',
			      segment->flags & ELF_WRITE ? 'w' : '-',
			      segment->flags & ELF_EXECUTE ? 'x' : '-', segment->memory_bytes,
			      segment->file_bytes);
		if (path != NULL) {
			output_text(output, "  ");
			output_escaped(output, path, strlen(path), false);
		}
		output_text(output, "\n");
	}
}

void core_report_text(const struct core_report *report, struct output *output)
{
	const char *machine = mote_machine_name(report->core->registers.machine);
	char line[SHELL_LINE_BYTES];

	print_row(output, "core", report->path, strlen(report->path));
	print_row(output, "machine", machine, strlen(machine));
	print_reason(report, output);
	if (report->guest != NULL)
		print_row(output, "guest", report->guest, strlen(report->guest));
	if (report->no_names != NULL)
		print_row(output, "no names", report->no_names, strlen(report->no_names));
	print_frames(report, output);
	print_registers(&report->core->registers, output);
	print_segments(report->core, output);
	output_text(output, "\n");
	output_text(output, debugger_line(report, line)
				    ? line
				    : "gdb: rename the files, so that their names can be pasted");
	output_text(output, "\n");
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* Decimal, or hexadecimal with 0x. */
static bool read_number(const char *text, size_t length, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned base = length > 2 && memcmp(text, "0x", 2) == 0 ? 16 : 10;
	uint64_t value = 0;
	size_t at = base == 16 ? 2 : 0;

	if (length == 0)
		return false;
	for (; at < length; at++) {
		const char *digit = text[at] != '\0' ? strchr(digits, text[at]) : NULL;

		if (digit == NULL || (unsigned)(digit - digits) >= base ||
		    value > (UINT64_MAX - 15) / base)
			return false;
		value = value * base + (unsigned)(digit - digits);
	}
	*number = value;
	return true;
}

static void json_value(struct json *json, const struct core_file *core, size_t index)
{
	const char *member = values[index].member, *text;
	uint64_t number = 0;
	size_t length;
	bool known = core_file_value(core, values[index].key, &text, &length);

	if (known && values[index].kind != VALUE_TEXT)
		known = read_number(text, length, &number);
	if (!known)
		json_null(json, member);
	else if (values[index].kind == VALUE_TEXT)
		json_string_bytes(json, member, text, length);
	else if (values[index].kind == VALUE_NUMBER)
		json_unsigned(json, member, number);
	else
		json_address(json, member, number);
}

static void json_text_or_null(struct json *json, const char *name, const char *text)
{
	if (text != NULL)
		json_string(json, name, text);
	else
		json_null(json, name);
}

static void json_frames(const struct core_report *report, struct json *json)
{
	json_open_array(json, "backtrace");
	for (size_t i = 0; i < report->backtrace->count; i++) {
		const struct core_frame *frame = &report->backtrace->frames[i];

		json_open_object(json, NULL);
		json_address(json, "pc", frame->pc);
		if (frame->symbol[0] != '\0') {
			json_string(json, "symbol", frame->symbol);
			json_unsigned(json, "symbol_offset", frame->symbol_offset);
		} else {
			json_null(json, "symbol");
			json_null(json, "symbol_offset");
		}
		json_close_object(json);
	}
	json_close_array(json);
}

static void json_segments(const struct core_file *core, struct json *json)
{
	json_open_array(json, "segments");
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct elf_segment *segment = &core->segments[i];

		json_open_object(json, NULL);
		json_address(json, "address", segment->address);
		json_unsigned(json, "memory_bytes", segment->memory_bytes);
		json_unsigned(json, "file_bytes", segment->file_bytes);
		json_bool(json, "readable", segment->flags & ELF_READ);
		json_bool(json, "writable", segment->flags & ELF_WRITE);
		json_bool(json, "executable", segment->flags & ELF_EXECUTE);
		json_text_or_null(json, "file", core_file_mapped(core, segment));
		json_close_object(json);
	}
	json_close_array(json);
}

void core_report_json(const struct core_report *report, struct output *output)
{
	char line[SHELL_LINE_BYTES];
	struct json json;

	json_begin(&json, output);
	json_string(&json, "status", "ok");
	json_string(&json, "core", report->path);
	json_string(&json, "machine", mote_machine_name(report->core->registers.machine));
	json_unsigned(&json, "signal", report->core->signal);
	json_open_object(&json, "why");
	for (size_t i = 0; i < VALUE_COUNT; i++)
		json_value(&json, report->core, i);
	json_close_object(&json);
	json_text_or_null(&json, "guest", report->guest);
	json_text_or_null(&json, "no_names", report->no_names);
	json_frames(report, &json);
	json_bool(&json, "backtrace_complete", report->backtrace->complete);
	registers_json(&json, &report->core->registers);
	json_segments(report->core, &json);
	json_text_or_null(&json, "gdb", debugger_line(report, line) ? line : NULL);
	json_end(&json);
}
