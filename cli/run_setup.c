/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of `mote run`, `mote debug` and `mote snapshot`, sizes and the choice of the function.
 */
#include "run_setup.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "cli_os.h"
#include "options.h"
#include "tool.h"

static const uint64_t MAXIMUM_MAILBOX = 1ull << 30; /* the library's limits */
static const uint64_t MAXIMUM_MEMORY = 64ull << 30;

/* What an image may ask for by itself. */
static const uint64_t MAXIMUM_DEMAND = 1ull << 30;

#define OPTION(name, letter, reader, member)                                                       \
	{                                                                                          \
		name, letter, reader, offsetof(struct run_options, member)                         \
	}

/* clang-format off */
#define COMMON_OPTIONS                                                                             \
	OPTION("memory", 0, read_size, memory_bytes),                                              \
	OPTION("heap", 0, read_size, heap_bytes),                                                  \
	OPTION("stack", 0, read_size, stack_bytes),                                                \
	OPTION("mailbox", 0, read_size, mailbox_bytes),                                            \
	OPTION("timeout", 0, read_duration, wall_ns),                                              \
	OPTION("cpu-time", 0, read_duration, cpu_ns),                                              \
	OPTION("backend", 0, read_backend, backend),                                               \
	OPTION("log-level", 0, read_log_level, log_level),                                         \
	OPTION("core-dir", 0, read_path, core_folder),                                             \
	OPTION("clock", 0, NULL, clock),                                                           \
	OPTION("huge-pages", 0, NULL, huge_pages),                                                 \
	OPTION("json", 0, NULL, json),                                                             \
	OPTION("quiet", 'q', NULL, quiet),                                                         \
	OPTION("help", 'h', NULL, help)
/* clang-format on */

/* clang-format off */
#define PROGRAM_OPTIONS                                                                            \
	OPTION("file", 0, read_program_file, program),                                             \
	OPTION("out", 0, read_program_wanted, program),                                            \
	OPTION("env", 0, read_program_variable, program)
/* clang-format on */

static const struct option run_table[] = {
	COMMON_OPTIONS,
	PROGRAM_OPTIONS,
	OPTION("output", 'o', read_path, output),
	OPTION("debug", 0, read_debug_address, debug),
	OPTION("snapshot", 0, read_path, snapshot),
};

static const struct option debug_table[] = {
	COMMON_OPTIONS,
	PROGRAM_OPTIONS,
	OPTION("output", 'o', read_path, output),
	OPTION("listen", 0, read_debug_address, debug),
	OPTION("gdb", 0, NULL, gdb),
	OPTION("lldb", 0, NULL, lldb),
	OPTION("stdio", 0, NULL, stdio),
};

static const struct option snapshot_table[] = {
	COMMON_OPTIONS,
};

/* What run, debug and snapshot take. */
static const struct {
	const struct option *table;
	size_t count;
} commands[] = {
	{run_table, sizeof(run_table) / sizeof(run_table[0])},
	{debug_table, sizeof(debug_table) / sizeof(debug_table[0])},
	{snapshot_table, sizeof(snapshot_table) / sizeof(snapshot_table[0])},
};

/* Standard input and output are the debugger's. */
static int check_stdio(const struct run_options *options)
{
	if (options->json && options->output == NULL)
		return complain_usage("debug", "--json and --stdio both need standard output");
	for (int i = 0; i < options->word_count; i++)
		if (strcmp(options->words[i], "@-") == 0)
			return complain_usage("debug", "@- and --stdio both need standard input");
	return EXIT_FINE;
}

static int check_debug(struct run_options *options)
{
	const int ways = options->gdb + options->lldb + options->stdio;

	if (ways > 1)
		return complain_usage("debug", "--gdb, --lldb and --stdio exclude each other");
	if (options->stdio && options->debug != NULL)
		return complain_usage("debug", "--listen and --stdio exclude each other");
	if (options->debug == NULL)
		options->debug = options->stdio ? "fd:0,1" : "127.0.0.1:0";
	return options->stdio ? check_stdio(options) : EXIT_FINE;
}

/* The first word after GUEST. */
static int take_save(struct run_options *options)
{
	if (options->word_count == 0)
		return complain_usage("snapshot", "no file given to write the snapshot to");
	options->save = options->words[0];
	if (options->save[0] == '\0')
		return complain_usage("snapshot", "the name of the file is empty");
	options->words++;
	options->word_count--;
	return EXIT_FINE;
}

static int check_options(const char *command, const struct run_options *options)
{
	if (options->snapshot != NULL && options->debug != NULL)
		return complain_usage(command, "--snapshot and --debug exclude each other");
	return EXIT_FINE;
}

void run_options_release(struct run_options *options)
{
	program_options_release(&options->program);
}

int run_options_read(int argc, char **argv, struct run_options *options)
{
	const bool debugs = strcmp(argv[0], "debug") == 0, saves = strcmp(argv[0], "snapshot") == 0;
	const size_t which = debugs ? 1 : saves ? 2 : 0;
	struct operands operands = {.limit = 1};
	int code;

	*options = (struct run_options){.log_level = MOTE_LOG_INFO};
	code = parse_options(argc, argv, commands[which].table, commands[which].count, options,
			     &operands);
	if (code != EXIT_FINE || options->help)
		return code;
	if (operands.count == 0)
		return complain_usage(argv[0], "no guest given");
	options->guest = operands.operand[0];
	options->words = operands.rest;
	options->word_count = operands.rest_count;
	code = saves ? take_save(options) : check_options(argv[0], options);
	if (code != EXIT_FINE)
		return code;
	if (options->quiet)
		options->log_level = MOTE_LOG_OFF;
	options->starts = debugs || saves;
	return debugs ? check_debug(options) : EXIT_FINE;
}

static int check_program(const struct run_options *options, struct problem *problem)
{
	if (options->json && options->output == NULL)
		return problem_usage(problem, "--json and the program both need standard output; "
					      "give it a file with --output");
	return EXIT_FINE;
}

static int check_function(const struct run_options *options, struct problem *problem)
{
	const struct program_options *program = &options->program;

	if (options->json && options->output != NULL)
		return problem_usage(problem, "--json and --output exclude each other");
	if (program->file_count + program->wanted_count + program->environment_count == 0)
		return EXIT_FINE;
	return problem_usage(problem,
			     "--file, --out and --env are for programs, and %s is none: it has no "
			     "main",
			     options->guest);
}

int run_take_guest(struct run_options *options, const mote_image *image, struct problem *problem)
{
	options->is_program = options->save == NULL && is_program(image);
	if (options->is_program)
		return check_program(options, problem);
	if (options->word_count > 0) {
		options->function = options->words[0];
		options->words++;
		options->word_count--;
	}
	return check_function(options, problem);
}

/* ---- Sizes ------------------------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t run_mailbox_limit(const struct run_options *options)
{
	if (options->mailbox_bytes == 0)
		return MAXIMUM_MAILBOX;
	return smaller(options->mailbox_bytes, MAXIMUM_MAILBOX);
}

/* Room for results, where that costs nothing; more when the arguments need it. */
static uint64_t choose_mailbox(const struct run_options *options,
			       const mote_image_information *information,
			       const struct arguments *arguments)
{
	uint64_t room = 1ull << 20;

	if (options->mailbox_bytes != 0)
		return options->mailbox_bytes;
	/* An image with a fixed address may leave little space before it. */
	if (!information->position_independent)
		room = 64ull << 10;
	if (options->memory_bytes != 0)
		room = smaller(room, larger(options->memory_bytes / 16, 4096));
	return larger(room, arguments->mailbox_bytes);
}

/* The end of the image: its size, or its address when that is fixed. */
static uint64_t image_end(const mote_image *image)
{
	mote_image_segment segment = MOTE_IMAGE_SEGMENT_INIT;
	uint64_t end = 0;

	for (size_t i = 0; mote_image_get_segment(image, i, &segment, NULL) == MOTE_OK; i++)
		end = larger(end, segment.address + segment.memory_bytes);
	return end;
}

/* Each part is at most MAXIMUM_MEMORY in a sum that fits 64 bits; the library judges the rest. */
static uint64_t choose_memory(const mote_sandbox_options *sandbox, const mote_image *image,
			      const mote_image_information *information)
{
	const uint64_t parts[] = {
		16ull << 20,
		image_end(image),
		2 * smaller(sandbox->mailbox_bytes, MAXIMUM_MAILBOX),
		larger(sandbox->heap_bytes, information->heap_bytes),
		larger(sandbox->stack_bytes, information->stack_bytes),
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sum += smaller(parts[i], MAXIMUM_MEMORY);
	return smaller(sum, MAXIMUM_MEMORY);
}

/* What the user chose is the user's affair; the rest is what the image asks for. */
static int check_demand(const struct run_options *options, const mote_image *image,
			const mote_image_information *information, struct problem *problem)
{
	uint64_t heap = options->heap_bytes != 0 ? 0 : information->heap_bytes;
	uint64_t stack = options->stack_bytes != 0 ? 0 : information->stack_bytes;
	uint64_t demand = smaller(image_end(image), MAXIMUM_MEMORY) +
			  smaller(heap, MAXIMUM_MEMORY) + smaller(stack, MAXIMUM_MEMORY);

	if (options->memory_bytes != 0 || demand <= MAXIMUM_DEMAND)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "no_guest_memory",
			   "guest image %s asks for %s%" PRIu64
			   " MiB of memory, more than the 1 GiB that mote run gives without being "
			   "told; if you trust it with more, set --memory",
			   information->name, demand > MAXIMUM_MEMORY ? "more than " : "",
			   (smaller(demand, MAXIMUM_MEMORY) + (1u << 20) - 1) >> 20);
}

int run_sandbox_options(const struct run_options *options, const mote_image *image,
			const struct arguments *arguments, mote_sandbox_options *sandbox,
			struct problem *problem)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	int code;

	mote_image_get_information(image, &information, NULL);
	code = check_demand(options, image, &information, problem);
	if (code != EXIT_FINE)
		return code;
	*sandbox = (mote_sandbox_options)MOTE_SANDBOX_OPTIONS_INIT;
	sandbox->heap_bytes = options->heap_bytes;
	sandbox->stack_bytes = options->stack_bytes;
	sandbox->log_level = options->log_level;
	sandbox->tell_time = options->clock;
	sandbox->huge_pages = options->huge_pages;
	sandbox->mailbox_bytes = choose_mailbox(options, &information, arguments);
	sandbox->memory_bytes = options->memory_bytes != 0
					? options->memory_bytes
					: choose_memory(sandbox, image, &information);
	return EXIT_FINE;
}

/* ---- The function ------------------------------------------------------------------------ */

static bool find_export(const mote_image *image, const char *name, mote_image_function *function)
{
	*function = (mote_image_function)MOTE_IMAGE_FUNCTION_INIT;
	for (size_t i = 0; mote_image_get_export(image, i, function, NULL) == MOTE_OK; i++)
		if (strcmp(function->name, name) == 0)
			return true;
	return false;
}

/* Whether main can be called without arguments from the command line. */
static bool is_callable_main(const mote_signature *signature)
{
	return signature->argument_count == 0 ||
	       (signature->argument_count == 1 && signature->arguments[0] == MOTE_TYPE_STRING);
}

int run_check_machine(const mote_image *image, struct problem *problem)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	char text[CLI_OS_MACHINE_BYTES];
	const char *host = cli_os_machine(text);

	mote_image_get_information(image, &information, NULL);
	if (host == NULL || strcmp(host, mote_machine_name(information.machine)) == 0)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "wrong_machine",
			   "guest image %s is for %s, this host is %s; rebuild it for this host",
			   information.name, mote_machine_name(information.machine), host);
}

static bool exports_nothing(const mote_image *image)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;

	mote_image_get_information(image, &information, NULL);
	return information.export_count == 0 && information.import_count == 0;
}

int run_choose_function(const struct run_options *options, const mote_image *image,
			mote_image_function *function, bool *list, struct problem *problem)
{
	int code = run_check_machine(image, problem);

	if (code != EXIT_FINE)
		return code;
	if (exports_nothing(image))
		return problem_usage(
			problem,
			"%s exports no function and imports none: the linker dropped "
			"them, or could not read the objects; use the linker that belongs "
			"to the compiler (lld cannot read those of gcc -flto)",
			options->guest);
	if (options->function != NULL) {
		if (find_export(image, options->function, function))
			return EXIT_FINE;
		*list = true;
		return problem_usage(problem, "%s exports no function \"%s\"%s", options->guest,
				     options->function,
				     options->function[0] == '-' ? "; options come before the guest"
								 : "");
	}
	if (options->save == NULL && find_export(image, "main", function) &&
	    is_callable_main(&function->signature))
		return EXIT_FINE;
	*function = (mote_image_function)MOTE_IMAGE_FUNCTION_INIT;
	if (options->starts)
		return EXIT_FINE;
	*list = true;
	return problem_usage(problem,
			     "no function given, and %s has no main that takes no arguments",
			     options->guest);
}
