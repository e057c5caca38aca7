/* SPDX-License-Identifier: Apache-2.0
 *
 * The debugger's server over real connections: one client at a time, clients that vanish or do not
 * listen, and every kind of address.
 */
#define _POSIX_C_SOURCE 200809L
#include "hypervisor/gdb/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../unit_test.h"
#include "allocator.h"
#include "fake_target.h"

static struct fake_target fake;
static struct mote_gdb_server *server;
static char folder[32], path[64], address[80];

static mote_status try_open(const char *where, mote_error *error)
{
	const struct mote_gdb_server_options options = {.address = where};

	return mote_gdb_server_open(&mote_default_allocator, &options, &fake_target_functions,
				    &fake, &fake.guest, &server, error);
}

static void open_at(const char *where)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(try_open(where, &error), &error);
}

static void before(void)
{
	server = NULL;
	fake_target_x86_64(&fake, true);
	fake.is_endless = true;
	strcpy(folder, "/tmp/mote-gdb-XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(address, sizeof(address), "unix:%s", path);
}

static void after(void)
{
	mote_gdb_server_close(server);
	unlink(path);
	rmdir(folder);
}

static int connect_to(const char *where)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	REQUIRE(fd >= 0);
	strcpy(to.sun_path, where);
	REQUIRE_EQ(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	REQUIRE_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* That exactly this comes next. */
static void expect(int fd, const char *text)
{
	char got[256] = "";
	size_t length = 0;

	while (length < strlen(text)) {
		const ssize_t count = read(fd, got + length, strlen(text) - length);

		if (count <= 0)
			break;
		length += (size_t)count;
	}
	got[length] = '\0';
	REQUIRE_STR(got, text);
}

static void expect_end(int fd)
{
	char byte;

	CHECK_EQ(read(fd, &byte, 1), 0);
	close(fd);
}

static void wait_until_it_runs(void)
{
	while (fake.resumed == 0)
		sched_yield();
}

#define STOPPED "$T0510:0010400000000000;07:003f400000000000;thread:1;#cb"

/* ---- Clients ----------------------------------------------------------------------------- */

static void a_client_talks_over_a_socket_that_is_the_users_alone(void)
{
	struct stat information;
	int fd;

	open_at(address);
	CHECK_STR(mote_gdb_server_address(server), address);
	REQUIRE_EQ(stat(path, &information), 0);
	CHECK_EQ(information.st_mode & 0777, 0600);
	fd = connect_to(path);
	send_text(fd, "$?#3f");
	expect(fd, "+" STOPPED);
	send_text(fd, "+$D#44");
	expect(fd, "+$OK#9a");
	expect_end(fd);
	mote_gdb_server_close(server);
	server = NULL;
	CHECK_EQ(fake.attached, 1);
	CHECK_EQ(fake.detached, 1);
	CHECK(stat(path, &information) != 0);
}

static void a_second_client_is_sent_away(void)
{
	int first, second;

	open_at(address);
	first = connect_to(path);
	send_text(first, "$qC#b4");
	expect(first, "+$QC1#c5");
	second = connect_to(path);
	expect_end(second);
	send_text(first, "+$qC#b4");
	expect(first, "+$QC1#c5");
	send_text(first, "$k#6b");
	expect(first, "+$X09#c1");
	expect_end(first);
	/* The next one is welcome. */
	second = connect_to(path);
	send_text(second, "$qC#b4");
	expect(second, "+$QC1#c5");
	close(second);
}

/* A session of many packets, as gdb would send them. */
/* The server finds the last bytes of the one and the other at the same time. */
static void a_client_that_leaves_makes_room_at_once(void)
{
	int first, second;

	open_at(address);
	first = connect_to(path);
	fake.keeps_waiting = true;
	send_text(first, "$c#63");
	while (fake.performed == 0)
		sched_yield();
	expect(first, "+");
	send_text(first, "+");
	close(first);
	second = connect_to(path);
	fake.keeps_waiting = false;
	send_text(second, "$qC#b4");
	expect(second, "+$QC1#c5");
	close(second);
}

static const char session_text[] =
	"+$qSupported:multiprocess+;swbreak+;#56+$QStartNoAckMode#b0+$Hgp1.1#af$qC#b4$?#3f"
	"$qfThreadInfo#bb$qsThreadInfo#c8$g#67$m401000,10#1f$Z0,401010,1#39$vCont;c#a8"
	"$X402000,2:}\x03}]#70$Z2,402000,4#3e$vCont;s:p1.1;c:p1.-1#f7$p10#d1\3$z0,401010,1#59"
	"$vCont;c#a8$vFile:open:2f,0,0#6c$qRcmd,78#92$qXfer:auxv:read::0,100#3b$D;1#b0";

static void read_to_the_end(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		continue;
	close(fd);
}

static void clients_may_vanish_at_each_byte(void)
{
	const size_t length = sizeof(session_text) - 1;

	open_at(address);
	for (size_t i = 0; i <= length; i++) {
		const int fd = connect_to(path);

		REQUIRE_EQ(write(fd, session_text, i), (ssize_t)i);
		shutdown(fd, SHUT_WR);
		read_to_the_end(fd);
	}
	mote_gdb_server_close(server);
	server = NULL;
	CHECK_EQ(fake.attached, length + 1);
	CHECK_EQ(fake.detached, length + 1);
	CHECK_EQ(fake.point_count, 0);
}

static void a_client_that_does_not_read_is_sent_away_when_the_server_closes(void)
{
	char byte;
	int fd;

	open_at(address);
	fd = connect_to(path);
	send_text(fd, "$QStartNoAckMode#b0");
	expect(fd, "+$OK#9a");
	for (unsigned i = 0; i < 200; i++)
		send_text(fd, "$m400000,4000#81");
	/* The first of its answers is there; all of them have no room. */
	REQUIRE_EQ(recv(fd, &byte, 1, MSG_PEEK), 1);
	mote_gdb_server_ring(server);
	mote_gdb_server_close(server);
	server = NULL;
	CHECK_EQ(fake.detached, 1);
	close(fd);
}

static void a_stop_is_told_when_the_target_rings(void)
{
	int fd;

	open_at(address);
	fd = connect_to(path);
	send_text(fd, "$vCont;c#a8");
	expect(fd, "+");
	wait_until_it_runs();
	fake_stop(&fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGSEGV);
	mote_gdb_server_ring(server);
	expect(fd, "$T0b10:0010400000000000;07:003f400000000000;thread:1;#f8");
	close(fd);
}

static void an_end_is_told_when_the_server_closes(void)
{
	int fd;

	open_at(address);
	fd = connect_to(path);
	send_text(fd, "$vCont;c#a8");
	expect(fd, "+");
	wait_until_it_runs();
	fake_stop(&fake, MOTE_GDB_STOP_EXITED, MOTE_GDB_SIGNAL_NONE);
	mote_gdb_server_close(server);
	server = NULL;
	expect(fd, "$W00#b7");
	expect_end(fd);
	CHECK_EQ(fake.detached, 1);
}

/* ---- Transports -------------------------------------------------------------------------- */

static void a_client_talks_over_two_pipes(void)
{
	int to[2], from[2];
	char where[32];

	REQUIRE(pipe(to) == 0 && pipe(from) == 0);
	snprintf(where, sizeof(where), "fd:%d,%d", to[0], from[1]);
	open_at(where);
	CHECK_STR(mote_gdb_server_address(server), where);
	close(to[0]);
	close(from[1]);
	send_text(to[1], "$m400000,4000#81");
	expect(from[0], "+$0000");
	/* The rest goes nowhere: no signal may end this process. */
	close(from[0]);
	send_text(to[1], "$qC#b4");
	close(to[1]);
	mote_gdb_server_close(server);
	server = NULL;
	CHECK_EQ(fake.detached, 1);
}

static int connect_to_port(const char *where)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	REQUIRE(fd >= 0);
	to.sin_port = htons((uint16_t)atoi(strrchr(where, ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	if (errno == ENETUNREACH)
		SKIP("this machine has no loopback interface");
	FAIL("connect to %s: %s", where, strerror(errno));
}

static void a_client_talks_over_a_port_that_was_chosen(void)
{
	int fd;

	open_at("127.0.0.1:0");
	REQUIRE(strncmp(mote_gdb_server_address(server), "127.0.0.1:", 10) == 0);
	CHECK(atoi(mote_gdb_server_address(server) + 10) > 0);
	fd = connect_to_port(mote_gdb_server_address(server));
	send_text(fd, "$?#3f");
	expect(fd, "+" STOPPED);
	close(fd);
}

/* ---- Addresses --------------------------------------------------------------------------- */

static void addresses_that_make_no_sense_are_refused(void)
{
	static const struct {
		const char *address, *part;
	} rows[] = {
		{"", "not of the form 127.0.0.1:PORT"},
		{"1234", "not of the form"},
		{"127.0.0.1", "not of the form"},
		{"127.0.0.1:", "not of the form"},
		{"127.0.0.1:65536", "not of the form"},
		{"127.0.0.1:1x", "not of the form"},
		{"127.0.0.1:-1", "not of the form"},
		{"localhost:1", "not of the form"},
		{"::1:1", "not of the form"},
		{"[::1:1", "not of the form"},
		{"[127.0.0.1]:1", "not of the form"},
		{"fd:1", "not of the form"},
		{"fd:1,", "not of the form"},
		{"fd:1,2x", "not of the form"},
		{"0.0.0.0:0", "other machines reach it"},
		{"192.0.2.1:0", "other machines reach it"},
		{"[::]:0", "other machines reach it"},
		{"unix:relative", "begins with /"},
		{"unix:", "begins with /"},
		{"unix:/12345678901234567890123456789012345678901234567890123456789012345678901234"
		 "567890123456789012345678901234567890",
		 "too long"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		mote_error error = MOTE_ERROR_INIT;

		check_error(try_open(rows[i].address, &error), &error, MOTE_INVALID_ARGUMENT,
			    rows[i].part);
	}
}

static void descriptors_that_are_not_open_are_refused(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_error(try_open("fd:1000000,1", &error), &error, MOTE_OS,
		    "duplicate of descriptor 1000000");
	check_error(try_open("fd:0,1000000", &error), &error, MOTE_OS,
		    "duplicate of descriptor 1000000");
}

static void only_a_stale_socket_is_replaced(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_gdb_server *first;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	FILE *file = fopen(path, "w");
	int fd;

	/* A file is left alone, */
	REQUIRE(file != NULL);
	fclose(file);
	check_error(try_open(address, &error), &error, MOTE_OS, "bind for unix:");
	REQUIRE_EQ(unlink(path), 0);
	/* a socket that somebody listens at, too, */
	open_at(address);
	first = server;
	check_error(try_open(address, &error), &error, MOTE_OS, "bind for unix:");
	server = first;
	mote_gdb_server_close(server);
	server = NULL;
	/* and what a process left behind is replaced. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(at.sun_path, path);
	REQUIRE_EQ(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	open_at(address);
}

static void a_forked_child_leaves_the_parents_server_alone(void)
{
	int fd, status = 0;
	pid_t child;

	open_at(address);
	fd = connect_to(path);
	send_text(fd, "$qC#b4");
	expect(fd, "+$QC1#c5");
	child = fork();
	if (child == 0) {
		mote_gdb_server_forget(server);
		_exit(0);
	}
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	send_text(fd, "$qC#b4");
	expect(fd, "+$QC1#c5");
	close(fd);
}

static void nothing_is_left_open(void)
{
	size_t open_files;

	open_at(address);
	close(connect_to(path));
	mote_gdb_server_close(server);
	open_files = test_fd_count();
	open_at(address);
	close(connect_to(path));
	mote_gdb_server_close(server);
	server = NULL;
	mote_gdb_server_close(NULL);
	mote_gdb_server_forget(NULL);
	CHECK_EQ(test_fd_count(), open_files);
}

#define SERVED(function) CASE_WITHIN(function, before, after)

static const struct test_case cases[] = {
	SERVED(a_client_talks_over_a_socket_that_is_the_users_alone),
	SERVED(a_second_client_is_sent_away),
	SERVED(a_client_that_leaves_makes_room_at_once),
	SERVED(clients_may_vanish_at_each_byte),
	SERVED(a_client_that_does_not_read_is_sent_away_when_the_server_closes),
	SERVED(a_stop_is_told_when_the_target_rings),
	SERVED(an_end_is_told_when_the_server_closes),
	SERVED(a_client_talks_over_two_pipes),
	SERVED(a_client_talks_over_a_port_that_was_chosen),
	SERVED(addresses_that_make_no_sense_are_refused),
	SERVED(descriptors_that_are_not_open_are_refused),
	SERVED(only_a_stale_socket_is_replaced),
	SERVED(a_forked_child_leaves_the_parents_server_alone),
	SERVED(nothing_is_left_open),
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a client that was sent away is a failure to tell of */
	return test_main("server", cases, TEST_COUNT(cases), argc, argv);
}
