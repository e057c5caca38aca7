/* SPDX-License-Identifier: Apache-2.0
 *
 * mote core: why a guest left a core, and where.
 */
#include <stddef.h>
#include <string.h>

#include "cli_os.h"
#include "core_report.h"
#include "options.h"
#include "problem.h"
#include "tool.h"

struct core_options {
	bool json, help;
};

/* ---- Files ------------------------------------------------------------------------------- */

static bool read_at(void *user, uint64_t offset, void *to, size_t bytes)
{
	const int *file = user;
	size_t got;

	while (bytes > 0) {
		if (cli_os_read_at(*file, offset, to, bytes, &got) != 0 || got == 0)
			return false;
		to = (char *)to + got;
		offset += got;
		bytes -= got;
	}
	return true;
}

/* file: what the source reads from; the source borrows it. */
static int open_source(const char *path, int *file, struct file_source *source,
		       struct problem *problem)
{
	int code = cli_os_open_regular(path, file, &source->bytes);

	source->read = read_at;
	source->user = file;
	if (code == 0)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "file", "%s: %s", path, cli_os_error_text(code));
}

/* ---- The guest --------------------------------------------------------------------------- */

/* Whether the file is what ran; only build ids can tell. */
static int compare(const struct core_file *core, const struct core_guest *guest, const char *path,
		   struct problem *problem)
{
	const char *id;
	size_t length;

	if (guest->elf.machine != core->elf.machine)
		return problem_set(problem, EXIT_PROBLEM, "wrong_guest",
				   "guest %s is for %s, the core is of one for %s; give its guest",
				   path, mote_machine_name(guest->elf.machine),
				   mote_machine_name(core->elf.machine));
	if (!core->has_entry)
		return problem_set(problem, EXIT_PROBLEM, "bad_core",
				   "the core does not tell where guest %s was; use gdb", path);
	if (!core_file_value(core, "build-id", &id, &length))
		return EXIT_FINE;
	if (strlen(guest->build_id) == length && memcmp(guest->build_id, id, length) == 0)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "wrong_guest",
			   "guest %s has build id %s, the core is of %.*s; give the guest that ran",
			   path, guest->build_id[0] != '\0' ? guest->build_id : "(none)",
			   length < CORE_BUILD_ID_BYTES ? (int)length : CORE_BUILD_ID_BYTES, id);
}

static int read_guest(struct core_report *report, const struct file_source *source,
		      struct core_backtrace *backtrace, struct problem *problem)
{
	struct core_guest guest;
	const char *how = core_guest_open(source, &guest);
	int code;

	if (how != NULL)
		return problem_set(problem, EXIT_PROBLEM, "bad_image",
				   "guest %s %s; give the guest that ran", report->guest, how);
	code = compare(report->core, &guest, report->guest, problem);
	if (code != EXIT_FINE)
		return code;
	report->is_guest_used = true;
	if (guest.symbol_count == 0)
		report->no_names = "the guest is stripped; give its copy with symbols";
	core_backtrace_read(report->core, &guest, backtrace);
	return EXIT_FINE;
}

/* The backtrace, with names if the guest is there; missing: why not. */
static void read_backtrace(struct core_report *report, struct core_backtrace *backtrace,
			   struct problem *missing)
{
	struct file_source source;
	int file;

	core_backtrace_read(report->core, NULL, backtrace);
	if (report->guest == NULL) {
		problem_set(missing, EXIT_PROBLEM, "file",
			    "the core names no guest; give it after the core");
	} else if (open_source(report->guest, &file, &source, missing) == EXIT_FINE) {
		read_guest(report, &source, backtrace, missing);
		cli_os_close(file);
	}
	if (!report->is_guest_used)
		report->no_names = missing->text;
}

/* ---- The command ------------------------------------------------------------------------- */

static const char *debugger(const struct core_file *core)
{
	char text[CLI_OS_MACHINE_BYTES];
	const char *host = cli_os_machine(text);

	return host != NULL && strcmp(host, mote_machine_name(core->elf.machine)) == 0
		       ? "gdb"
		       : "gdb-multiarch";
}

static int report(const char *path, const char *guest, const struct core_file *core, bool json)
{
	const bool is_named = guest == NULL;
	struct problem missing = {.exit_code = EXIT_FINE};
	struct core_backtrace backtrace;
	struct core_report report = {.path = path, .core = core, .debugger = debugger(core)};
	struct output output;

	report.guest = !is_named ? guest : core->mapping_count > 0 ? core->mappings[0].path : NULL;
	report.backtrace = &backtrace;
	read_backtrace(&report, &backtrace, &missing);
	if (!is_named && missing.exit_code != EXIT_FINE)
		return problem_report(&missing, "core", json);
	output_standard(&output);
	if (json)
		core_report_json(&report, &output);
	else
		core_report_text(&report, &output);
	return output_finish(&output);
}

static int show(const char *path, const char *guest, bool json)
{
	struct file_source source;
	struct problem problem;
	struct core_file core;
	const char *how;
	int file, code = open_source(path, &file, &source, &problem);

	if (code != EXIT_FINE)
		return problem_report(&problem, "core", json);
	how = core_file_open(&source, &core);
	if (how == NULL) {
		code = report(path, guest, &core, json);
		core_file_close(&core);
	} else {
		problem_set(&problem, EXIT_PROBLEM, "bad_core",
			    "file %s %s; give a core that mote wrote", path, how);
		code = problem_report(&problem, "core", json);
	}
	cli_os_close(file);
	return code;
}

int command_core(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", 0, NULL, offsetof(struct core_options, json)},
		{"help", 'h', NULL, offsetof(struct core_options, help)},
	};
	struct core_options options = {.json = false};
	struct operands operands = {.limit = 3};
	int code = parse_options(argc, argv, table, sizeof(table) / sizeof(table[0]), &options,
				 &operands);

	if (code != EXIT_FINE)
		return code;
	if (options.help)
		return print_help("core");
	if (operands.count == 0)
		return complain_usage("core", "no core given");
	if (operands.count > 2)
		return complain_usage("core", "more than one guest given");
	return show(operands.operand[0], operands.count == 2 ? operands.operand[1] : NULL,
		    options.json);
}
