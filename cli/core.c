/* SPDX-License-Identifier: Apache-2.0
 *
 * mote core: what a core says about the end of a guest.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "core_file.h"
#include "fault_report.h"
#include "options.h"
#include "output.h"
#include "problem.h"
#include "tool.h"

struct core_options {
	const char *path;
	bool json, help;
};

/* What the report may say, with the names for people and for programs. */
static const struct {
	const char *key, *text, *json;
} members[] = {
	{"status", "status", "end"},
	{"reason", "reason", "reason"},
	{"kind", "fault", "kind"},
	{"vector", "vector", "vector"},
	{"error-code", "error code", "error_code"},
	{"access", "access", "access"},
	{"address", "address", "address"},
	{"region", "region", "region"},
	{"guest", "guest", "guest"},
	{"build-id", "build id", "build_id"},
	{"call", "call", "call"},
	{"time", "time", "time"},
	{"backend", "backend", "backend"},
	{"version", "mote", "version"},
};

static bool is_key(const struct core_line *line, const char *key)
{
	return line->key_bytes == strlen(key) && memcmp(line->key, key, line->key_bytes) == 0;
}

/* The first line with a key. */
static bool find_line(const struct core_file *core, const char *key, struct core_line *line)
{
	size_t at = 0;

	while (core_file_line(core, &at, line))
		if (is_key(line, key))
			return true;
	return false;
}

/* ---- For people -------------------------------------------------------------------------- */

static void print_register(struct output *output, const char *name, uint64_t value,
			   unsigned *column)
{
	output_format(output, "  %-7s 0x%016" PRIx64, name, value);
	if (++*column % 3 == 0)
		output_text(output, "\n");
}

static void print_registers(struct output *output, const mote_registers *registers)
{
	unsigned column = 0;

	output_text(output, "registers\n");
#define PRINT_X86_64(name) print_register(output, #name, registers->as.x86_64.name, &column);
#define PRINT_AARCH64(name, member)                                                                \
	print_register(output, #name, registers->as.aarch64.member, &column);
	if (registers->machine == MOTE_MACHINE_X86_64) {
		MOTE_X86_64_REGS_MAP(PRINT_X86_64)
	} else {
		MOTE_AARCH64_REGS_MAP(PRINT_AARCH64)
	}
	if (column % 3 != 0)
		output_text(output, "\n");
}

static void print_frames(struct output *output, const struct core_file *core)
{
	struct core_line line;
	unsigned frame = 0;
	size_t at = 0;

	output_text(output, "backtrace\n");
	while (core_file_line(core, &at, &line)) {
		if (!is_key(&line, "frame"))
			continue;
		output_format(output, "  #%-3u ", frame++);
		output_escaped(output, line.value, line.value_bytes, false);
		output_text(output, "\n");
	}
}

static void print_regions(struct output *output, const struct core_file *core)
{
	struct core_region region;

	output_text(output, "memory\n");
	for (size_t i = 0; i < core->header_count; i++)
		if (core_file_region(core, i, &region))
			output_format(output, "  0x%08" PRIx64 "  %10" PRIu64 " KiB  r%c%c\n",
				      region.address, region.bytes >> 10,
				      region.writable ? 'w' : '-', region.executable ? 'x' : '-');
}

static int print_text(const struct core_file *core)
{
	struct core_line line;
	struct output output;

	output_standard(&output);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!find_line(core, members[i].key, &line))
			continue;
		output_format(&output, "%-10s  ", members[i].text);
		output_escaped(&output, line.value, line.value_bytes, false);
		output_text(&output, "\n");
	}
	output_format(&output, "%-10s  %s\n", "machine",
		      mote_machine_name(core->registers.machine));
	print_frames(&output, core);
	print_registers(&output, &core->registers);
	print_regions(&output, core);
	return output_finish(&output);
}

/* ---- For programs ------------------------------------------------------------------------ */

static void json_regions(struct json *json, const struct core_file *core)
{
	struct core_region region;

	json_open_array(json, "memory");
	for (size_t i = 0; i < core->header_count; i++) {
		if (!core_file_region(core, i, &region))
			continue;
		json_open_object(json, NULL);
		json_address(json, "address", region.address);
		json_unsigned(json, "bytes", region.bytes);
		json_bool(json, "writable", region.writable);
		json_bool(json, "executable", region.executable);
		json_close_object(json);
	}
	json_close_array(json);
}

static int print_json(const struct core_file *core)
{
	struct core_line line;
	struct output output;
	struct json json;
	size_t at = 0;

	output_standard(&output);
	json_begin(&json, &output);
	json_string(&json, "status", "ok");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (find_line(core, members[i].key, &line))
			json_string_bytes(&json, members[i].json, line.value, line.value_bytes);
	json_open_array(&json, "backtrace");
	while (core_file_line(core, &at, &line))
		if (is_key(&line, "frame"))
			json_string_bytes(&json, NULL, line.value, line.value_bytes);
	json_close_array(&json);
	registers_json(&json, &core->registers);
	json_regions(&json, core);
	json_end(&json);
	return output_finish(&output);
}

/* ---- The command ------------------------------------------------------------------------- */

/* Reads the beginning of the file.  A code of cli_os.h. */
static int read_start(const char *path, uint8_t *data, size_t *length)
{
	size_t got = 1;
	int file, code = cli_os_open(path, &file);

	*length = 0;
	if (code != 0)
		return code;
	while (code == 0 && got > 0 && *length < CORE_FILE_BYTES) {
		code = cli_os_read(file, data + *length, CORE_FILE_BYTES - *length, &got);
		if (code == 0)
			*length += got;
	}
	cli_os_close(file);
	return code;
}

static int show(const struct core_options *options, uint8_t *data, struct problem *problem)
{
	struct core_file core;
	const char *what;
	size_t length;
	int code = read_start(options->path, data, &length);

	if (code != 0)
		return problem_set(problem, EXIT_PROBLEM, "file", "%s: %s", options->path,
				   cli_os_error_text(code));
	what = core_file_parse(data, length, &core);
	if (what != NULL)
		return problem_set(problem, EXIT_PROBLEM, "bad_core", "%s: %s", options->path,
				   what);
	return options->json ? print_json(&core) : print_text(&core);
}

static int read_options(int argc, char **argv, struct core_options *options)
{
	static const struct option table[] = {
		{"json", 0, NULL, offsetof(struct core_options, json)},
		{"help", 'h', NULL, offsetof(struct core_options, help)},
	};
	struct operands operands;
	int code = parse_options(argc, argv, table, sizeof(table) / sizeof(table[0]), options,
				 &operands);

	if (code != EXIT_FINE || options->help)
		return code;
	if (operands.count == 0)
		return complain_usage("core", "no core given");
	if (operands.count > 1)
		return complain_usage("core", "more than one core");
	options->path = operands.operand[0];
	return EXIT_FINE;
}

int command_core(int argc, char **argv)
{
	struct core_options options = {.path = NULL};
	struct problem problem = {.exit_code = EXIT_FINE};
	uint8_t *data;
	int code = read_options(argc, argv, &options);

	if (code != EXIT_FINE)
		return code;
	if (options.help)
		return print_help("core");
	data = malloc(CORE_FILE_BYTES);
	if (data == NULL)
		code = problem_set(&problem, EXIT_PROBLEM, "no_memory", "out of memory");
	else
		code = show(&options, data, &problem);
	free(data);
	return problem.exit_code != EXIT_FINE ? problem_report(&problem, "core", options.json)
					      : code;
}
