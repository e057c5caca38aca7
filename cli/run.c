/* SPDX-License-Identifier: Apache-2.0
 *
 * mote run, mote debug, mote snapshot: one call of one guest function in a fresh sandbox.
 */
#include "arguments.h"
#include "cli_os.h"
#include "debugger.h"
#include "fault_report.h"
#include "limit.h"
#include "result.h"
#include "run_setup.h"
#include "run_snapshot.h"
#include "tool.h"
#include "watch.h"

struct run {
	const char *command; /* "run", "debug", "snapshot" */
	struct run_options options;
	struct limit limit;
	mote_engine *engine;
	mote_image *image;
	mote_sandbox *sandbox;
	mote_image_function function; /* name is NULL until it was chosen */
	struct arguments arguments;
	struct debugger debugger;
	mote_value result;
	int status; /* of a program */
	bool list;  /* the guest's functions */
	int signal; /* that ended the call, 0 if none did */
	struct problem problem;
};

static void on_log(void *user, mote_log_level level, const char *text, size_t length)
{
	struct output output;

	(void)user;
	output_messages(&output);
	output_format(&output, "guest %s: ", mote_log_level_name(level));
	output_escaped(&output, text, length, false);
	output_text(&output, "\n");
	output_flush(&output); /* a guest need not stop because nobody listens */
}

/* For messages: without a function the guest is started only. */
static const char *name_of(const struct run *run)
{
	if (run->options.is_program)
		return run->options.guest;
	return run->function.name != NULL ? run->function.name : "the start of the guest";
}

/* ---- Steps; each returns EXIT_FINE or fills in the problem ------------------------------- */

/* Reads the arguments; those of main may be an empty string. */
static int read_arguments(struct run *run)
{
	static char empty[] = "";
	char *none = empty, **words = run->options.words;
	int count = run->options.word_count;

	if (run->function.name == NULL)
		return EXIT_FINE;
	if (run->options.function == NULL) {
		words = &none;
		count = run->function.signature.argument_count;
	}
	return arguments_read(&run->function, words, count, run_mailbox_limit(&run->options),
			      &run->arguments, &run->problem);
}

/* Opens the guest, on the engine if there is one. */
static int open_guest(struct run *run, mote_error *engine_error)
{
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	int code = limit_begin(&run->limit, "opening", run->options.guest, &run->problem);

	if (code != EXIT_FINE)
		return code;
	engine_options.backend = run->options.backend;
	engine_options.log = on_log;
	if (mote_engine_create(&engine_options, &run->engine, engine_error) != MOTE_OK)
		run->engine = NULL;
	if (mote_image_open(run->engine, run->options.guest, &run->image, &error) != MOTE_OK)
		code = problem_from_error(&run->problem, &error);
	return limit_end(&run->limit, code, &run->problem);
}

/* What is wrong with the guest or the command line comes before what is wrong with the machine. */
static int prepare(struct run *run)
{
	mote_error engine_error = MOTE_ERROR_INIT;
	int code = open_guest(run, &engine_error);

	if (code == EXIT_FINE)
		code = run_take_guest(&run->options, run->image, &run->problem);
	if (code != EXIT_FINE)
		return code;
	if (run->options.is_program)
		code = run_check_machine(run->image, &run->problem);
	else
		code = run_choose_function(&run->options, run->image, &run->function, &run->list,
					   &run->problem);
	if (code != EXIT_FINE) {
		run->function.name = NULL;
		return code;
	}
	code = read_arguments(run);
	if (code == EXIT_FINE && run->options.output != NULL && !run->options.is_program &&
	    run->function.signature.result == MOTE_TYPE_VOID)
		code = problem_usage(&run->problem, "%s returns nothing that --output could write",
				     name_of(run));
	if (code == EXIT_FINE && run->engine == NULL)
		code = problem_from_error(&run->problem, &engine_error);
	return code;
}

static int create_sandbox(struct run *run, mote_function *function)
{
	mote_sandbox_options options;
	mote_error error = MOTE_ERROR_INIT;
	int code = run_sandbox_options(&run->options, run->image, &run->arguments, &options,
				       &run->problem);

	if (code == EXIT_FINE)
		code = limit_begin(&run->limit, "creating a sandbox for", run->options.guest,
				   &run->problem);
	if (code != EXIT_FINE)
		return code;
	if (run->options.snapshot != NULL)
		code = run_load_snapshot(&run->options, run->engine, run->image, &options,
					 &run->sandbox, &run->problem);
	else if (mote_sandbox_create(run->engine, run->image, &options, &run->sandbox, &error) !=
		 MOTE_OK)
		code = problem_from_error(&run->problem, &error);
	if (code == EXIT_FINE && run->function.name != NULL &&
	    mote_sandbox_find(run->sandbox, run->function.name, NULL, function, &error) != MOTE_OK)
		code = problem_from_error(&run->problem, &error);
	return limit_end(&run->limit, code, &run->problem);
}

static int ask_for_cores(struct run *run)
{
	mote_core_options options = MOTE_CORE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.directory = run->options.core_folder;
	if (options.directory == NULL ||
	    mote_sandbox_set_core_options(run->sandbox, &options, &error) == MOTE_OK)
		return EXIT_FINE;
	return problem_from_error(&run->problem, &error);
}

/* Calls the function, or only starts the guest. */
static mote_status enter(struct run *run, mote_function function, mote_error *error)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;

	options.wall_ns = run->limit.left_ns;
	options.cpu_ns = run->options.cpu_ns;
	if (run->function.name == NULL)
		return mote_sandbox_start(run->sandbox, &options, error);
	return mote_sandbox_call(run->sandbox, function, run->arguments.values,
				 run->arguments.count, &options, &run->result, error);
}

/* What is wrong with the files of a program comes as a problem. */
static int enter_program(struct run *run, mote_status *status, mote_error *error)
{
	return run_program(&run->options, run->sandbox, run->limit.left_ns, &run->status, status,
			   error, &run->problem);
}

static int call(struct run *run, mote_function function)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_status status = MOTE_OK;
	struct watch watch;
	int code = watch_start(&watch, mote_sandbox_get_interrupt(run->sandbox));

	if (code != 0)
		return problem_set(&run->problem, EXIT_PROBLEM, "os", "thread for signals: %s",
				   cli_os_error_text(code));
	if (run->options.is_program)
		code = enter_program(run, &status, &error);
	else
		status = enter(run, function, &error);
	run->signal = watch_stop(&watch);
	if (run->signal != 0)
		return problem_set(&run->problem, EXIT_SIGNAL + run->signal, "killed",
				   "%s: the call was ended by %s", name_of(run),
				   cli_os_stop_name(run->signal));
	if (status == MOTE_KILLED || status == MOTE_POISONED)
		return problem_set(&run->problem, EXIT_PROBLEM, "killed",
				   "%s: the call was ended by the debugger", name_of(run));
	return status != MOTE_OK ? problem_from_error(&run->problem, &error) : code;
}

/* ---- What is printed --------------------------------------------------------------------- */

static void core_json(const struct run *run, struct json *json)
{
	if (run->sandbox == NULL)
		return;
	if (mote_sandbox_get_core_path(run->sandbox) != NULL)
		json_string(json, "core", mote_sandbox_get_core_path(run->sandbox));
	if (mote_sandbox_get_core_error(run->sandbox) != NULL)
		json_string(json, "core_error", mote_sandbox_get_core_error(run->sandbox)->text);
}

static int print_json(const struct run *run)
{
	const mote_fault *fault =
		run->sandbox != NULL ? mote_sandbox_get_fault(run->sandbox) : NULL;
	struct output output;
	struct json json;

	output_standard(&output);
	json_begin(&json, &output);
	if (run->problem.exit_code == EXIT_FINE)
		json_string(&json, "status", "ok");
	else
		problem_json(&run->problem, &json);
	if (run->function.name != NULL)
		json_string(&json, "function", run->function.name);
	if (run->problem.exit_code == EXIT_FINE && run->options.is_program)
		json_signed(&json, "exit_status", run->status);
	else if (run->problem.exit_code == EXIT_FINE)
		result_json(&json, &run->result);
	if (run->signal != 0)
		json_signed(&json, "signal", run->signal);
	else if (fault != NULL)
		fault_json(&json, fault);
	if (run->problem.exit_code == EXIT_FINE && run->options.save != NULL)
		json_string(&json, "snapshot", run->options.save);
	core_json(run, &json);
	json_end(&json);
	return output_finish(&output);
}

static int print_result(const struct run *run)
{
	struct output output;
	enum result_style style = RESULT_PLAIN;

	if (run->options.output != NULL) {
		if (output_create(&output, run->options.output) != 0)
			return EXIT_PROBLEM;
		style = RESULT_RAW;
	} else {
		if (run->options.stdio)
			output_messages(&output); /* the other one is the debugger's */
		else
			output_standard(&output);
		if (cli_os_is_terminal(output.fd))
			style = RESULT_TERMINAL;
	}
	result_print(&output, &run->result, style);
	return output_finish(&output);
}

static void list_functions(const mote_image *image)
{
	char signature[MOTE_SIGNATURE_TEXT_BYTES];
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;
	struct output output;

	output_messages(&output);
	for (size_t i = 0; mote_image_get_export(image, i, &function, NULL) == MOTE_OK; i++) {
		mote_signature_format(&function.signature, signature);
		output_format(&output, "  %s: %s\n", function.name, signature);
	}
	output_flush(&output);
}

/* Where the core is, or why there is none. */
static void report_core(const struct run *run)
{
	const char *path = mote_sandbox_get_core_path(run->sandbox);
	const mote_error *error = mote_sandbox_get_core_error(run->sandbox);

	if (path != NULL)
		complain("core: %s", path);
	if (error != NULL)
		complain("no core: %s", error->text);
}

/* Returns the exit code of the tool. */
static int report(const struct run *run)
{
	int code = EXIT_FINE;

	if (run->problem.exit_code != EXIT_FINE) {
		problem_complain(&run->problem, run->command);
		if (run->list)
			list_functions(run->image);
		if (run->sandbox != NULL)
			report_core(run);
	}
	if (run->options.json)
		code = print_json(run);
	else if (run->problem.exit_code == EXIT_FINE && !run->options.is_program &&
		 run->options.save == NULL)
		code = print_result(run);
	if (run->problem.exit_code == EXIT_FINE && code == EXIT_FINE)
		code = run->status;
	return run->problem.exit_code != EXIT_FINE ? run->problem.exit_code : code;
}

int command_run(int argc, char **argv)
{
	struct run run = {.command = argv[0]};
	mote_function function = {0};
	int code = run_options_read(argc, argv, &run.options);

	if (code != EXIT_FINE || run.options.help) {
		run_options_release(&run.options);
		return code != EXIT_FINE ? code : print_help(argv[0]);
	}
	run.limit = (struct limit){.limited = run.options.wall_ns != 0,
				   .left_ns = run.options.wall_ns,
				   .as_json = run.options.json};
	code = prepare(&run);
	if (code == EXIT_FINE)
		code = create_sandbox(&run, &function);
	if (code == EXIT_FINE)
		code = ask_for_cores(&run);
	if (code == EXIT_FINE)
		code = debugger_begin(&run.debugger, &run.options, run.sandbox, &run.problem);
	if (code == EXIT_FINE)
		code = call(&run, function);
	if (code == EXIT_FINE && run.options.save != NULL)
		run_save_snapshot(&run.options, run.sandbox, &run.problem);
	code = report(&run);
	debugger_leave(&run.debugger);
	mote_sandbox_destroy(run.sandbox);
	debugger_end(&run.debugger);
	mote_image_release(run.image);
	mote_engine_release(run.engine);
	arguments_release(&run.arguments);
	run_options_release(&run.options);
	return code;
}
