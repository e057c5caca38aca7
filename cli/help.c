/* SPDX-License-Identifier: Apache-2.0
 *
 * The help texts.
 */
#include <string.h>

#include "output.h"
#include "tool.h"

static const char tool_help[] =
	"mote runs untrusted native code in micro VMs, one function call at a time.\n"
	"\n"
	"  mote run GUEST [FUNCTION [ARG...]]  call a function of a guest\n"
	"  mote inspect GUEST                  what a guest offers and what it needs\n"
	"  mote doctor                         whether this machine can run guests\n"
	"  mote bench                          what calls and sandboxes cost on this machine\n"
	"  mote new NAME                       starts a guest of one's own in the folder NAME\n"
	"  mote version                        the version\n"
	"  mote help [COMMAND]                 this text, or that of a command\n"
	"\n"
	"A guest is an executable that was built with the guest SDK.  A first session:\n"
	"\n"
	"  $ mote doctor\n"
	"  $ mote inspect hello\n"
	"  $ mote run hello greet World\n"
	"  Hello, World!\n";

static const char run_help[] =
	"mote run [OPTION...] GUEST [FUNCTION [ARG...]]\n"
	"\n"
	"Starts GUEST in a new micro VM, calls FUNCTION and prints its result.  Without\n"
	"FUNCTION it calls `main`, if the guest has one that takes no arguments, or one\n"
	"string, which is then empty.  `mote inspect GUEST` lists the functions.\n"
	"\n"
	"ARG, by the type that the function declares:\n"
	"  i32 u32 i64 u64   decimal or 0x..., -5 as it is; the range is checked\n"
	"  f32 f64           1.5, 1e-3, 0x1p4, inf, nan\n"
	"  bool              true, false, 1 or 0\n"
	"  string            the text itself\n"
	"  bytes             the text itself, @FILE for the contents of a file or pipe,\n"
	"                    @- for standard input\n"
	"\n"
	"Options stand before FUNCTION; what follows it are arguments.  -- ends options.\n"
	"  --memory SIZE     all of the guest's memory (what the guest needs, and 16 MiB)\n"
	"  --heap SIZE       its heap (all that remains)\n"
	"  --stack SIZE      its stack (256K, or what the guest asks for)\n"
	"  --mailbox SIZE    room for strings and bytes, each way (1M, or what ARG take)\n"
	"                    SIZE is in bytes; K, M and G stand for KiB, MiB and GiB\n"
	"  --timeout DURATION\n"
	"                    ends the call when it took that long (no limit)\n"
	"  --cpu-time DURATION\n"
	"                    ends it when the guest used so much CPU time (no limit)\n"
	"                    DURATION: 10ms, 1.5s, 2m; without a unit, seconds\n"
	"  --backend NAME    the hypervisor (`mote doctor` lists them)\n"
	"  --log-level LEVEL off, error, warning, info, debug or trace; the guest's messages\n"
	"                    go to standard error as \"guest LEVEL: text\" (info)\n"
	"  --quiet, -q       the same as --log-level off\n"
	"  --output FILE, -o FILE\n"
	"                    writes the result to FILE: bytes and strings as they are\n"
	"  --json            prints one JSON object, also for a failure\n"
	"  --help, -h        this text\n"
	"\n"
	"A string is printed with a newline; control characters are escaped on a terminal.\n"
	"Bytes are printed as they are, on a terminal as a hex dump of the first ones.  In\n"
	"JSON, bytes and strings that are not UTF-8 are base64.  The guest can call no host\n"
	"functions; a guest that imports some needs a program of its own.\n"
	"\n"
	"Exit codes:\n"
	"  0      the function returned\n"
	"  1      a file cannot be used, the machine cannot run it, or output failed\n"
	"  2      the command line is wrong: option, function or arguments\n"
	"  3      guest fault: it did something that it must not\n"
	"  4      guest abort: it gave up, with a message\n"
	"  5      it took longer than --timeout or --cpu-time allow\n"
	"  128+N  ended by signal N: 130 for Ctrl-C, 143 for SIGTERM\n"
	"\n"
	"Examples:\n"
	"  mote run hello greet World\n"
	"  mote run calc add -5 0x10\n"
	"  mote run --timeout 100ms parser parse @untrusted\n"
	"  mote run --memory 64M --mailbox 8M inflate decompress @data.gz >data\n"
	"  curl -s URL | mote run --quiet --json parser parse @-\n";

static const char inspect_help[] =
	"mote inspect [--json] GUEST\n"
	"\n"
	"Shows what GUEST is made of: machine and ABI, its exported functions with their\n"
	"signatures, the host functions that it needs, its segments with their permissions,\n"
	"the least heap and stack that it asks for.  Nothing of it runs.  Guests of either\n"
	"architecture can be inspected on every machine.\n"
	"\n"
	"A signature reads RESULT(ARGUMENT,...), for example i64(bytes,u32).\n"
	"\n"
	"  --json      prints one JSON object\n"
	"  --help, -h  this text\n"
	"\n"
	"Exit codes: 0, 1 when GUEST is not a guest, 2 for a wrong command line.\n"
	"\n"
	"Examples:\n"
	"  mote inspect hello\n"
	"  mote inspect --json hello | jq -r '.exports[].name'\n";

static const char doctor_help[] =
	"mote doctor [--json]\n"
	"\n"
	"Says for each hypervisor that mote knows whether it can be used here, and if not,\n"
	"why and what to do.  Then what the host does against speculation attacks: a guest\n"
	"shares the processor with the program that calls it.\n"
	"\n"
	"The environment variable MOTE_BACKEND, or --backend of `mote run`, chooses one.\n"
	"\n"
	"  --json      prints one JSON object\n"
	"  --help, -h  this text\n"
	"\n"
	"Exit codes: 0 when at least one hypervisor is usable, 1 when none is, 2 for a wrong\n"
	"command line.\n";

static const char bench_help[] =
	"mote bench [OPTION...]\n"
	"\n"
	"Measures what mote costs on this machine, with a small guest that is a part of the\n"
	"tool: a call, a call in which the guest calls the host, the life of a sandbox of\n"
	"1 MiB with one call, blocks of 64 KiB into a guest and out of it, and the time from\n"
	"a kill until the killed call has returned.\n"
	"\n"
	"Times are in us, less is better; the throughput of blocks is in MiB/s, more is\n"
	"better.  \"99 %\" is what 99 of 100 samples reach.  Beside it stands, by turns with\n"
	"it, what every program pays for: a system call, a process that does nothing (fork,\n"
	"exit, wait), memcpy of such a block.\n"
	"\n"
	"  --quick         one second in all instead of ten\n"
	"  --seconds DURATION\n"
	"                  so long in all: 30, 1.5s, 500ms, 2m\n"
	"  --backend NAME  the hypervisor (`mote doctor` lists them)\n"
	"  --json FILE     writes the figures to FILE as one JSON object, -: to standard\n"
	"                  output and nothing else there\n"
	"  --help, -h      this text\n"
	"\n"
	"Other programs that run meanwhile make the figures worse.\n"
	"\n"
	"Exit codes: 0, 1 when this machine cannot run guests or output failed, 2 for a wrong\n"
	"command line.\n"
	"\n"
	"Examples:\n"
	"  mote bench\n"
	"  mote bench --quick --json - | jq '.figures[] | {name, median, unit}'\n";

static const char new_help[] =
	"mote new NAME\n"
	"\n"
	"Makes the folder NAME with a guest that builds and runs as it is: CMakeLists.txt,\n"
	"NAME.c with two example functions, README.md with the commands, .gitignore.  The\n"
	"guest SDK must be installed to build it.\n"
	"\n"
	"NAME is also the name of the guest: a letter, then up to 62 letters, digits, - and\n"
	"_.  A folder of that name may exist if it is empty.\n"
	"\n"
	"  --help, -h  this text\n"
	"\n"
	"Exit codes: 0, 1 when a file cannot be written or the folder is not empty, 2 for a\n"
	"wrong command line.\n"
	"\n"
	"Example:\n"
	"  mote new parser && cd parser\n"
	"  cmake -B build && cmake --build build\n"
	"  mote run build/parser greet World\n";

static const char version_help[] = "mote version\n"
				   "\n"
				   "Prints the version of the tool and of the library in it.\n";

static const struct {
	const char *command, *text;
} topics[] = {
	{"run", run_help},     {"inspect", inspect_help}, {"doctor", doctor_help},
	{"bench", bench_help}, {"new", new_help},	  {"version", version_help},
	{"help", tool_help},
};

int print_help(const char *command)
{
	const char *text = command == NULL ? tool_help : NULL;
	struct output output;

	for (size_t i = 0; text == NULL && i < sizeof(topics) / sizeof(topics[0]); i++)
		if (strcmp(command, topics[i].command) == 0)
			text = topics[i].text;
	if (text == NULL)
		return complain_usage(NULL, "no help about %s", command);
	output_standard(&output);
	output_text(&output, text);
	return output_finish(&output);
}
