/* SPDX-License-Identifier: Apache-2.0
 *
 * The mote tool: finds the command.
 */
#include <string.h>

#include "cli_os.h"
#include "output.h"
#include "tool.h"

static int print_version(void)
{
	struct output output;

	output_standard(&output);
	output_format(&output, "mote %s\n", mote_version());
	return output_finish(&output);
}

static int command_version(int argc, char **argv)
{
	if (argc > 1)
		return complain_usage(NULL, "%s takes no arguments", argv[0]);
	return print_version();
}

static int command_help(int argc, char **argv)
{
	if (argc > 2)
		return complain_usage(NULL, "help takes one command");
	return print_help(argc > 1 ? argv[1] : NULL);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", command_run},	   {"debug", command_run},	   {"core", command_core},
	{"snapshot", command_run}, {"inspect", command_inspect},   {"doctor", command_doctor},
	{"bench", command_bench},  {"new", command_new},	   {"version", command_version},
	{"help", command_help},	   {"--version", command_version}, {"-V", command_version},
	{"--help", command_help},  {"-h", command_help},
};

int main(int argc, char **argv)
{
	if (!cli_os_start(&argc, &argv))
		return EXIT_PROBLEM;
	if (argc < 2)
		return complain_usage(NULL, "no command");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return complain_usage(NULL, "unknown %s %s", argv[1][0] == '-' ? "option" : "command",
			      argv[1][0] == '\0' ? "\"\"" : argv[1]);
}
