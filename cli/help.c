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
	"  mote debug GUEST [FUNCTION [ARG...]]\n"
	"                                      the same, with gdb or lldb\n"
	"  mote inspect GUEST                  show what a guest offers and what it needs\n"
	"  mote core FILE [GUEST]              show why a guest left a core, and where\n"
	"  mote doctor                         check whether this machine can run guests\n"
	"  mote bench                          measure what calls and sandboxes cost here\n"
	"  mote new NAME                       create a guest project in NAME\n"
	"  mote version                        print the version\n"
	"  mote help [COMMAND]                 print this text, or that of a command\n"
	"\n"
	"A guest is an executable built with the guest SDK.  A first session:\n"
	"\n"
	"  $ mote doctor\n"
	"  $ mote inspect hello\n"
	"  $ mote run hello greet World\n"
	"  Hello, World!\n";

static const char run_help[] =
	"mote run [OPTION...] GUEST [FUNCTION [ARG...]]\n"
	"\n"
	"Starts GUEST in a new micro VM, calls FUNCTION and prints its result.  Without\n"
	"FUNCTION it calls `main`, if the guest exports one that takes no arguments or one\n"
	"string, which is then empty.  `mote inspect GUEST` lists the functions.\n"
	"\n"
	"ARG is read by the type that the function declares:\n"
	"  i32 u32 i64 u64   decimal or 0x..., with - if negative; the range is checked\n"
	"  f32 f64           1.5, 1e-3, 0x1p4, inf, nan\n"
	"  bool              true, false, 1 or 0\n"
	"  string            the text itself\n"
	"  bytes             the text itself, @FILE for the contents of a file or pipe,\n"
	"                    @- for standard input\n"
	"\n"
	"Options must come before FUNCTION; everything after it is an argument.  -- ends\n"
	"the options.\n"
	"  --memory SIZE     total guest memory (what the guest needs plus 16 MiB; a guest\n"
	"                    that asks for more than 1 GiB is refused without this option)\n"
	"  --heap SIZE       guest heap (all that remains)\n"
	"  --stack SIZE      guest stack (256K, or what the guest asks for)\n"
	"  --mailbox SIZE    room for strings and bytes, each way (1M, or what ARG need)\n"
	"                    SIZE is in bytes; K, M and G stand for KiB, MiB and GiB\n"
	"  --timeout DURATION\n"
	"                    wall-clock limit for opening the guest, creating its sandbox\n"
	"                    and the call together (no limit)\n"
	"  --cpu-time DURATION\n"
	"                    CPU-time limit for the call (no limit)\n"
	"                    DURATION: 10ms, 1.5s, 2m; without a unit, seconds\n"
	"  --backend NAME    the hypervisor (`mote doctor` lists them)\n"
	"  --log-level LEVEL off, error, warning, info, debug or trace; the guest's messages\n"
	"                    go to standard error as \"guest LEVEL: text\" (info)\n"
	"  --quiet, -q       the same as --log-level off\n"
	"  --output FILE, -o FILE\n"
	"                    write the result to FILE: bytes and strings unchanged\n"
	"  --core-dir DIR    write a core to DIR if the call ends in a fault, abort, deadline\n"
	"                    or kill (`mote core` shows it)\n"
	"  --debug ADDRESS   wait for gdb or lldb before the first instruction of the guest,\n"
	"                    at ADDRESS (see `mote help debug`)\n"
	"  --json            print one JSON object, also after a failure\n"
	"  --help, -h        print this text\n"
	"\n"
	"A string is printed with a newline after it; on a terminal, unprintable characters\n"
	"are escaped.  Bytes are written unchanged, on a terminal as a hex dump of the first\n"
	"ones.  In JSON, bytes and strings that are not UTF-8 are base64.  mote run offers no\n"
	"host functions; a guest that imports some needs a host program of its own.\n"
	"\n"
	"Exit codes:\n"
	"  0      the function returned\n"
	"  1      a file cannot be used, the machine cannot run it, or output failed\n"
	"  2      the command line is wrong: option, function or arguments\n"
	"  3      guest fault: the guest performed a forbidden operation\n"
	"  4      guest abort: the guest gave up, with a message\n"
	"  5      --timeout or --cpu-time expired\n"
	"  128+N  ended by signal N: 130 for Ctrl-C, 143 for SIGTERM\n"
	"\n"
	"Examples:\n"
	"  mote run hello greet World\n"
	"  mote run calc add -5 0x10\n"
	"  mote run --timeout 100ms parser parse @untrusted\n"
	"  mote run --memory 64M --mailbox 8M inflate decompress @data.gz >data\n"
	"  curl -s URL | mote run --quiet --json parser parse @-\n";

static const char debug_help[] =
	"mote debug [OPTION...] GUEST [FUNCTION [ARG...]]\n"
	"\n"
	"Does what `mote run` does, under a debugger: the guest waits for one before its first\n"
	"instruction.  The line that starts gdb is printed, to be pasted into another\n"
	"terminal; or the debugger is started here.  Without FUNCTION, and without a `main`\n"
	"that `mote run` would call, the guest only starts, so that its constructors can be\n"
	"debugged.\n"
	"\n"
	"  --listen ADDRESS  where to wait: 127.0.0.1:PORT or [::1]:PORT (0: any free port),\n"
	"                    or unix:/PATH, which only you can connect to (127.0.0.1:0)\n"
	"  --gdb             start gdb, in this terminal\n"
	"  --lldb            start lldb, in this terminal\n"
	"  --stdio           speak to the debugger over standard input and output; the result\n"
	"                    goes to standard error\n"
	"\n"
	"and all other options of `mote run` (`mote help run`) except --debug.  Limits of time\n"
	"stand still while the guest is stopped.\n"
	"\n"
	"A debugger that detaches or vanishes lets the guest go on; its command `kill` ends the\n"
	"call.  So does a gdb or lldb started here that ends before it has connected; while it\n"
	"runs, Ctrl-C is its own affair: it stops the guest.  Otherwise Ctrl-C ends the call,\n"
	"also while it is stopped.\n"
	"\n"
	"The protocol has no passwords: whoever can connect controls the guest, but nothing\n"
	"else.  Addresses that other machines reach are refused.\n"
	"\n"
	"Exit codes: those of `mote run`; 1 also if the debugger ended the call or cannot be\n"
	"started.\n"
	"\n"
	"Examples:\n"
	"  mote debug --gdb parser parse @bad\n"
	"  mote debug --listen 127.0.0.1:4711 parser parse @bad\n"
	"  gdb -ex 'target remote | mote debug --stdio parser parse @bad' parser\n"
	"  gdb -ex 'break my_constructor' -ex 'target remote | mote debug --stdio parser' parser\n";

static const char inspect_help[] =
	"mote inspect [--json | --names] GUEST\n"
	"\n"
	"Shows the machine and ABI of GUEST, its exported functions with their signatures,\n"
	"the host functions it needs, its segments with their permissions, and the minimum\n"
	"heap and stack it asks for.  No code of the guest runs.  Guests of either\n"
	"architecture can be inspected on every machine.\n"
	"\n"
	"A signature has the form RESULT(ARGUMENT,...), for example i64(bytes,u32).\n"
	"\n"
	"  --json      print one JSON object\n"
	"  --names     print the exports for programs such as shell completions: name, tab\n"
	"              and signature on each line; names that are not plain words of\n"
	"              letters, digits, _, . and - are left out\n"
	"  --help, -h  print this text\n"
	"\n"
	"Exit codes: 0; 1 if GUEST is not a guest; 2 if the command line is wrong.\n"
	"\n"
	"Examples:\n"
	"  mote inspect hello\n"
	"  mote inspect --json hello | jq -r '.exports[].name'\n";

static const char core_help[] =
	"mote core [--json] FILE [GUEST]\n"
	"\n"
	"Shows what is in FILE, the core of a guest: why and when it was written, where the\n"
	"guest stopped and who had called that, its registers and its memory; and the line\n"
	"that opens it in gdb.  Nothing of it runs.  Cores of either architecture can be read\n"
	"on every machine.  `mote run --core-dir` writes cores.\n"
	"\n"
	"Names of functions come from GUEST; without it from the file that the core names, if\n"
	"that still is the guest, by its build id.  Callers are found by frame pointers: code\n"
	"that was built without ends the backtrace; gdb goes on.\n"
	"\n"
	"  --json      print one JSON object\n"
	"  --help, -h  print this text\n"
	"\n"
	"Exit codes: 0; 1 if FILE is not a core, or GUEST is not its guest; 2 if the\n"
	"command line is wrong.\n"
	"\n"
	"Examples:\n"
	"  mote run --core-dir /tmp parser parse @bad || mote core /tmp/core.parser.*\n"
	"  mote core --json core.parser.4711.1 build/parser | jq -r '.backtrace[].symbol'\n";

static const char doctor_help[] =
	"mote doctor [--json]\n"
	"\n"
	"Checks each hypervisor that mote knows: whether it can be used here, and if not, why\n"
	"and what to do.  Then it shows the CPU speculation mitigations of the host (guests\n"
	"share the CPU with it), and what the host does about split locks, with which a guest\n"
	"can slow the whole machine.\n"
	"\n"
	"The environment variable MOTE_BACKEND, or --backend of `mote run`, chooses a\n"
	"hypervisor.\n"
	"\n"
	"  --json      print one JSON object\n"
	"  --help, -h  print this text\n"
	"\n"
	"Exit codes: 0 if `mote run` finds a usable hypervisor; 1 if it finds none; 2 if the\n"
	"command line is wrong.\n";

static const char bench_help[] =
	"mote bench [OPTION...]\n"
	"\n"
	"Measures what mote costs on this machine, with a small guest that is built into the\n"
	"tool: a call, a call in which the guest calls the host, the life of a sandbox of\n"
	"1 MiB with one call, blocks of 64 KiB into a guest and out of it, and the time from\n"
	"a kill until the killed call has returned.\n"
	"\n"
	"Times are in us, less is better; the throughput of blocks is in MiB/s, more is\n"
	"better.  99 of 100 samples reach the figure in the column \"99 %\".  For comparison,\n"
	"the last column shows what every program pays, measured in turn with it: a system\n"
	"call, a process that does nothing (fork, exit, wait), memcpy of such a block.\n"
	"\n"
	"  --quick         measure for one second in total instead of ten\n"
	"  --seconds DURATION\n"
	"                  total time to measure, e.g. 30 or 1.5s\n"
	"  --backend NAME  the hypervisor (`mote doctor` lists them)\n"
	"  --json FILE     write the figures to FILE as one JSON object; -: to standard\n"
	"                  output, and nothing else there\n"
	"  --help, -h      print this text\n"
	"\n"
	"Other programs that run at the same time make the figures worse.\n"
	"\n"
	"Exit codes: 0; 1 if this machine cannot run guests or output failed; 2 if the\n"
	"command line is wrong.\n"
	"\n"
	"Examples:\n"
	"  mote bench\n"
	"  mote bench --quick --json - | jq '.figures[] | {name, median, unit}'\n";

static const char new_help[] =
	"mote new NAME\n"
	"\n"
	"Creates a guest project in the folder NAME: CMakeLists.txt, NAME.c with two example\n"
	"functions, README.md with the commands, .gitignore.  It builds and runs as it is;\n"
	"building it needs the guest SDK.\n"
	"\n"
	"NAME is also the name of the guest: a letter, then up to 62 letters, digits, - and\n"
	"_.  A folder of that name may exist if it is empty.\n"
	"\n"
	"  --help, -h  print this text\n"
	"\n"
	"Exit codes: 0; 1 if a file cannot be written or the folder is not empty; 2 if the\n"
	"command line is wrong.\n"
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
	{"run", run_help},   {"debug", debug_help},	{"inspect", inspect_help},
	{"core", core_help}, {"doctor", doctor_help},	{"bench", bench_help},
	{"new", new_help},   {"version", version_help}, {"help", tool_help},
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
