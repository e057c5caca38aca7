/* SPDX-License-Identifier: Apache-2.0
 *
 * mote debug and mote run --debug: where they wait, who comes, and how that ends.  This program is
 * also the gdb that the tool starts: when its name is gdb.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "tool.h"

/* ---- A debugger -------------------------------------------------------------------------- */

enum { PACKET_BYTES = 4096 };

/* Sends a packet of the protocol; the byte that interrupts goes without what is around packets. */
static void say(int fd, const char *packet)
{
	char frame[PACKET_BYTES];
	unsigned sum = 0;
	int length;

	for (const char *at = packet; *at != '\0'; at++)
		sum += (unsigned char)*at;
	length = snprintf(frame, sizeof(frame), "+$%s#%02x", packet, sum & 0xff);
	if (packet[0] == '\3')
		length = snprintf(frame, sizeof(frame), "\3");
	if (send(fd, frame, (size_t)length, MSG_NOSIGNAL) != length)
		perror("send");
}

/* The next packet; "" at the end. */
static const char *hear(int fd)
{
	static char packet[PACKET_BYTES];
	size_t length = 0;
	char byte = 0;

	while (byte != '$')
		if (read(fd, &byte, 1) != 1)
			return "";
	while (read(fd, &byte, 1) == 1 && byte != '#')
		if (length < sizeof(packet) - 1)
			packet[length++] = byte;
	packet[length] = '\0';
	return read(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1 ? packet : "";
}

static const char *ask(int fd, const char *packet)
{
	say(fd, packet);
	return hear(fd);
}

static int connect_path(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

static int connect_port(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

/* gdb -ex "target remote ADDRESS" -- GUEST.  What it does is in the environment. */
static int be_gdb(int argc, char **argv)
{
	static const char begin[] = "target remote ";
	const char *role = getenv("MOTE_TEST_ROLE"), *address;
	int fd;

	if (strcmp(role, "leaves") == 0)
		return 3;
	if (argc != 5 || strcmp(argv[1], "-ex") != 0 || strcmp(argv[3], "--") != 0 ||
	    strncmp(argv[2], begin, sizeof(begin) - 1) != 0)
		return 4;
	address = argv[2] + sizeof(begin) - 1;
	fd = address[0] == '/' ? connect_path(address) : connect_port(address);
	if (fd < 0 || strncmp(ask(fd, "?"), "T05", 3) != 0)
		return 5;
	if (strcmp(role, "detaches") == 0)
		fprintf(stderr, "gdb: %s\n", ask(fd, "D"));
	else if (strcmp(role, "continues") == 0)
		fprintf(stderr, "gdb: %s\n", ask(fd, "c"));
	else if (strcmp(role, "interrupts") == 0) { /* as Ctrl-C on their terminal */
		say(fd, "c");
		kill(getppid(), SIGINT);
		say(fd, "\3");
		fprintf(stderr, "gdb: %.3s\n", hear(fd));
		ask(fd, "vKill;1");
	}
	return 0;
}

/* ---- Refusals ---------------------------------------------------------------------------- */

static void wrong_lines_are_refused(void)
{
	static const struct {
		const char *words[5], *part;
	} cases[] = {
		{{"debug"}, "no guest given; see mote help debug"},
		{{"debug", "--gdb"}, "no guest given"},
		{{"debug", "--gdb", "--lldb", "x"}, "--gdb, --lldb and --stdio exclude each other"},
		{{"debug", "--gdb", "--stdio", "x"}, "exclude each other"},
		{{"debug", "--stdio", "--listen=127.0.0.1:0", "x"},
		 "--listen and --stdio exclude each other"},
		{{"debug", "--stdio", "--json", "x"}, "both need standard output"},
		{{"debug", "--stdio", "x", "f", "@-"}, "both need standard input"},
		{{"debug", "--listen", "", "x"}, "\"\" is not 127.0.0.1:PORT, [::1]:PORT or unix:"},
		{{"debug", "--listen", "fd:0,1", "x"}, "\"fd:0,1\" is not 127.0.0.1:PORT"},
		{{"run", "--debug", "fd:0,1", "x"}, "option --debug: \"fd:0,1\" is not"},
		{{"debug", "--listen"}, "option --listen needs a value"},
		{{"debug", "--debug", "x"}, "unknown option --debug"},
		{{"run", "--gdb", "x"}, "unknown option --gdb"},
	};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		TOOL_RUN(&tool, cases[i].words[0], cases[i].words[1], cases[i].words[2],
			 cases[i].words[3], cases[i].words[4]);
		tool_expect_error(&tool, cases[i].part, 2, cases[i].part);
		tool_clear(&tool);
	}
}

static void wrong_guests_are_refused(void)
{
	const char *path = test_file("other");
	struct tool tool;
	size_t length;
	char *image = test_read_file(test_guest("cli"), &length);

	TOOL_RUN(&tool, "debug", "/nowhere/at/all", "f");
	tool_expect_error(&tool, "no file", 1, "/nowhere/at/all: No such file");
	tool_clear(&tool);
	test_make_other_machine(image);
	test_write_file(path, image, length);
	free(image);
	TOOL_RUN(&tool, "debug", "--gdb", path, "spin");
	tool_expect_error(&tool, "other machine", 1, "rebuild it for this host");
	tool_clear(&tool);
	TOOL_RUN(&tool, "debug", test_guest("cli"), "nothing");
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors, "exports no function \"nothing\"; see mote help debug\n");
	tool_clear(&tool);
	TOOL_RUN(&tool, "debug", test_guest("cli"), "text");
	tool_expect_error(&tool, "arguments", 2, "it takes 1 argument");
	tool_clear(&tool);
}

#if MOTE_GDB

static void wrong_addresses_are_refused(void)
{
	static const char form[] = "not of the form 127.0.0.1:PORT, [::1]:PORT or unix:/PATH";
	static const char remote[] = "other machines reach it, and the protocol has no "
				     "authentication; use 127.0.0.1";
	static const struct {
		const char *address;
		int code;
		const char *part;
	} cases[] = {
		{"4711", 2, form},
		{"localhost:0", 2, form},
		{"127.0.0.1", 2, form},
		{"127.0.0.1:", 2, form},
		{"127.0.0.1:65536", 2, form},
		{"127.0.0.1:-1", 2, form},
		{"127.0.0.1:12x", 2, form},
		{"::1:0", 2, form},
		{"0.0.0.0:0", 2, remote},
		{"[::]:0", 2, remote},
		{"192.168.1.1:0", 2, remote},
		{"unix:here", 2, "the path of a socket begins with /"},
		{"unix:/nowhere/at/all", 1, "unix:/nowhere/at/all: No such file"},
		{"unix:/tmp", 1, "unix:/tmp: Address already in use"},
	};
	struct tool tool;

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		TOOL_RUN(&tool, "debug", "--listen", cases[i].address, test_guest("cli"), "text",
			 "0");
		tool_expect_error(&tool, cases[i].address, cases[i].code, cases[i].part);
		tool_clear(&tool);
	}
	TOOL_RUN(&tool, "run", "--debug", "0.0.0.0:0", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "run", 2, remote);
	tool_clear(&tool);
}

static void paths_are_left_alone(void)
{
	char address[400] = "unix:", data[4];
	const char *path = test_file("file");
	struct tool tool;
	size_t length;
	char *left;

	tool_need_vm();
	test_write_file(path, "data", sizeof(data));
	snprintf(address, sizeof(address), "unix:%s", path);
	TOOL_RUN(&tool, "debug", "--listen", address, test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "a file", 1, "Address already in use");
	tool_clear(&tool);
	left = test_read_file(path, &length);
	CHECK_EQ(length, sizeof(data));
	free(left);
	memset(address + 5, '/', 300);
	address[305] = '\0';
	TOOL_RUN(&tool, "debug", "--listen", address, test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "a long one", 2, "the path is too long for a socket");
	tool_clear(&tool);
}

static void ports_in_use_are_refused(void)
{
	struct sockaddr_in bound = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t bytes = sizeof(bound);
	struct tool tool;
	char address[64];

	tool_need_vm();
	bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&bound, bytes) != 0 || listen(fd, 1) != 0)
		SKIP("no network here");
	REQUIRE(getsockname(fd, (struct sockaddr *)&bound, &bytes) == 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(bound.sin_port));
	TOOL_RUN(&tool, "debug", "--listen", address, test_guest("cli"), "text", "0");
	tool_expect_error(&tool, address, 1, ": Address already in use");
	tool_clear(&tool);
	close(fd);
}

static void debuggers_that_are_not_there(void)
{
	struct tool tool = TOOL_INIT;

	tool_need_vm();
	tool.variable = "PATH=/nowhere/at/all";
	TOOL_RUN_PREPARED(&tool, "debug", "--gdb", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "gdb", 1, "gdb cannot be started: No such file");
	tool_clear(&tool);
	tool.variable = "PATH=/nowhere/at/all";
	TOOL_RUN_PREPARED(&tool, "debug", "--lldb", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "lldb", 1, "lldb cannot be started: No such file");
	tool_clear(&tool);
}

/* ---- Standard input and output ----------------------------------------------------------- */

/* Starts the tool as gdb does for `target remote |`. */
static int start_stdio(struct tool *tool, const char *guest, const char *function,
		       const char *argument)
{
	int ends[2];

	*tool = (struct tool)TOOL_INIT;
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	tool->in = tool->out = ends[1];
	TOOL_START(tool, "debug", "--stdio", guest, function, argument);
	close(ends[1]);
	return ends[0];
}

static void results_go_to_standard_error(void)
{
	struct tool tool;
	int fd;

	tool_need_vm();
	fd = start_stdio(&tool, test_guest("cli"), "text", "0");
	CHECK_CONTAINS(ask(fd, "?"), "T05");
	CHECK_STR(ask(fd, "c"), "W00");
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "plain\n");
	CHECK_STR(hear(fd), "");
	tool_clear(&tool);
	close(fd);
}

static void a_client_that_goes_lets_the_guest_go_on(void)
{
	struct tool tool;
	int fd;

	tool_need_vm();
	fd = start_stdio(&tool, test_guest("cli"), "text", "0");
	CHECK_CONTAINS(ask(fd, "?"), "T05");
	CHECK_STR(ask(fd, "D"), "OK");
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "plain\n");
	tool_clear(&tool);
	close(fd);
	fd = start_stdio(&tool, test_guest("cli"), "text", "0");
	close(fd);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "plain\n");
	tool_clear(&tool);
}

static void a_kill_ends_the_call(void)
{
	struct tool tool;
	int fd;

	tool_need_vm();
	fd = start_stdio(&tool, test_guest("cli"), "spin", NULL);
	CHECK_CONTAINS(ask(fd, "?"), "T05");
	CHECK_STR(ask(fd, "vKill;1"), "OK");
	tool_finish(&tool);
	tool_expect_error(&tool, "kill", 1, "spin: the call was ended by the debugger\n");
	tool_clear(&tool);
	close(fd);
}

static void faults_stop_and_then_end(void)
{
	struct tool tool;
	int fd;

	tool_need_vm();
	fd = start_stdio(&tool, test_guest("cli"), "read_at", "16");
	CHECK_CONTAINS(ask(fd, "?"), "T05");
	CHECK_CONTAINS(ask(fd, "c"), "T0b");
	CHECK_STR(ask(fd, "C0b"), "X0b");
	tool_finish(&tool);
	tool_expect_error(&tool, "fault", 3, "guest fault: memory access: ");
	tool_clear(&tool);
	close(fd);
}

static void closed_standard_files_are_refused(void)
{
	static const char *const parts[] = {"standard input: Bad file descriptor",
					    "standard output: Bad file descriptor"};

	tool_need_vm();
	for (int i = 0; i < 2; i++) {
		struct tool tool = TOOL_INIT;

		tool.closes[i] = true;
		TOOL_RUN_PREPARED(&tool, "debug", "--stdio", test_guest("cli"), "text", "0");
		tool_expect_error(&tool, "closed", 1, parts[i]);
		tool_clear(&tool);
	}
}

/* ---- Which function ---------------------------------------------------------------------- */

static void without_a_function_the_guest_starts(void)
{
	struct tool tool;
	int fd;

	tool_need_vm();
	fd = start_stdio(&tool, test_guest("main_number"), NULL, NULL);
	CHECK_CONTAINS(ask(fd, "?"), "T05");
	CHECK_STR(ask(fd, "c"), "W00");
	tool_finish(&tool);
	tool_expect(&tool, "start", 0, "");
	tool_clear(&tool);
	close(fd);
	fd = start_stdio(&tool, test_guest("main_string"), NULL, NULL);
	CHECK_STR(ask(fd, "c"), "W00");
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "42\n");
	tool_clear(&tool);
	close(fd);
	TOOL_RUN(&tool, "debug", "-o", test_file("out"), test_guest("main_number"));
	tool_expect_error(&tool, "output", 2, "the start of the guest returns nothing");
	tool_clear(&tool);
}

/* ---- A socket ---------------------------------------------------------------------------- */

/* Starts the tool, which waits at a path, and connects. */
static int start_path(struct tool *tool, const char *command, const char *option,
		      const char *function)
{
	const char *path = test_file("socket");
	char address[300], line[600];
	int fd;

	snprintf(address, sizeof(address), "unix:%s", path);
	*tool = (struct tool)TOOL_INIT;
	TOOL_START(tool, command, option, address, test_guest("cli"), function);
	snprintf(line, sizeof(line),
		 "mote: waiting for a debugger: gdb -ex 'target remote %s' '%s'\n", path,
		 test_guest("cli"));
	tool_await(tool, line);
	fd = connect_path(path);
	REQUIRE(fd >= 0);
	CHECK_CONTAINS(ask(fd, "?"), "T05");
	return fd;
}

static void both_commands_wait_at_a_path(void)
{
	static const char *const commands[][2] = {{"debug", "--listen"}, {"run", "--debug"}};

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(commands); i++) {
		struct tool tool;
		int fd = start_path(&tool, commands[i][0], commands[i][1], "log_all");

		CHECK_STR(ask(fd, "c"), "W00");
		tool_finish(&tool);
		CHECK_EQ(tool.code, 0);
		CHECK_CONTAINS(tool.errors, "\nguest error: e\n");
		CHECK_EQ(access(test_file("socket"), F_OK), -1);
		tool_clear(&tool);
		close(fd);
	}
}

/* While it is stopped, and while it runs. */
static void signals_end_the_call(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(numbers); i++) {
		struct tool tool;
		int fd = start_path(&tool, "debug", "--listen", "spin");

		if (i > 0) {
			say(fd, "c");
			tool_await(&tool, "guest info: spinning\n");
		}
		kill(tool.process, numbers[i]);
		tool_finish(&tool);
		CHECK_EQ(tool.code, 128 + numbers[i]);
		CHECK_CONTAINS(tool.errors, "\nmote: spin: the call was ended by SIG");
		CHECK_EQ(access(test_file("socket"), F_OK), -1);
		tool_clear(&tool);
		close(fd);
	}
}

/* ---- A debugger that the tool starts ----------------------------------------------------- */

static void start_gdb(struct tool *tool, const char *role, const char *function,
		      const char *argument)
{
	static char path[300];
	char self[4096], link[300];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	REQUIRE(length > 0);
	self[length] = '\0';
	snprintf(link, sizeof(link), "%s", test_file("gdb"));
	REQUIRE(symlink(self, link) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "PATH=%s", test_folder());
	setenv("MOTE_TEST_ROLE", role, 1);
	*tool = (struct tool)TOOL_INIT;
	tool->variable = path;
	TOOL_START(tool, "debug", "--gdb", test_guest("cli"), function, argument);
}

static void gdb_is_started(void)
{
	struct tool tool;

	tool_need_vm();
	start_gdb(&tool, "continues", "text", "0");
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.output, "plain\n");
	CHECK_STR(tool.errors, "gdb: W00\n");
	tool_clear(&tool);
	start_gdb(&tool, "detaches", "text", "0");
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.output, "plain\n");
	tool_clear(&tool);
}

static void gdb_that_leaves_ends_the_call(void)
{
	struct tool tool;

	tool_need_vm();
	start_gdb(&tool, "leaves", "text", "0");
	tool_finish(&tool);
	tool_expect_error(&tool, "call", 1, "text: the call was ended by the debugger");
	tool_clear(&tool);
	start_gdb(&tool, "leaves", NULL, NULL);
	tool_finish(&tool);
	tool_expect_error(&tool, "start", 1,
			  "the start of the guest: the call was ended by the debugger");
	tool_clear(&tool);
}

static void ctrl_c_is_gdbs(void)
{
	struct tool tool;

	tool_need_vm();
	start_gdb(&tool, "interrupts", "spin", NULL);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 1);
	CHECK_CONTAINS(tool.errors, "gdb: T02\n");
	CHECK_CONTAINS(tool.errors, "mote: spin: the call was ended by the debugger\n");
	tool_clear(&tool);
}

/* And the tool's again, when gdb has gone.  Until then it means nothing. */
static void ctrl_c_comes_back(void)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	siginfo_t ended = {.si_pid = 0};
	struct tool tool;

	tool_need_vm();
	start_gdb(&tool, "detaches", "spin", NULL);
	tool_await(&tool, "gdb: OK\n");
	while (waitid(P_PID, (id_t)tool.process, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       ended.si_pid == 0) {
		kill(tool.process, SIGINT);
		nanosleep(&moment, NULL);
	}
	tool_finish(&tool);
	CHECK_EQ(tool.code, TOOL_DIED + SIGINT);
	tool_clear(&tool);
}

#else

static void a_library_without_it_says_so(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "debug", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "debug", 1, "built without the debugger");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--debug", "127.0.0.1:0", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "run", 1, "built without the debugger");
	tool_clear(&tool);
}

#endif

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(wrong_lines_are_refused),
		CASE(wrong_guests_are_refused),
#if MOTE_GDB
		CASE(wrong_addresses_are_refused),
		CASE(paths_are_left_alone),
		CASE(ports_in_use_are_refused),
		CASE(debuggers_that_are_not_there),
		CASE(results_go_to_standard_error),
		CASE(a_client_that_goes_lets_the_guest_go_on),
		CASE(a_kill_ends_the_call),
		CASE(faults_stop_and_then_end),
		CASE(closed_standard_files_are_refused),
		CASE(without_a_function_the_guest_starts),
		CASE(both_commands_wait_at_a_path),
		CASE(signals_end_the_call),
		CASE(gdb_is_started),
		CASE(gdb_that_leaves_ends_the_call),
		CASE(ctrl_c_is_gdbs),
		CASE(ctrl_c_comes_back),
#else
		CASE(a_library_without_it_says_so),
#endif
	};
	const char *name = strrchr(argv[0], '/');

	if (strcmp(name != NULL ? name + 1 : argv[0], "gdb") == 0)
		return be_gdb(argc, argv);
	return test_main("cli_debug", cases, TEST_COUNT(cases), argc, argv);
}
