/* SPDX-License-Identifier: Apache-2.0
 *
 * The debugger's server on Windows, over loopback TCP and over two pipes: one client at a time,
 * clients that vanish or do not listen.
 */
#include <winsock2.h>

#include <windows.h>

#include "hypervisor/gdb/server.h"

#include "../../unit_test.h"
#include "allocator.h"
#include "fake_target.h"

static struct fake_target fake;
static struct mote_gdb_server *server;

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
}

static void close_server(void)
{
	mote_gdb_server_close(server);
	server = NULL;
}

static SOCKET connect_to_server(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

	REQUIRE(client != INVALID_SOCKET);
	to.sin_port = htons((uint16_t)atoi(strrchr(mote_gdb_server_address(server), ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	REQUIRE_EQ(connect(client, (const struct sockaddr *)&to, sizeof(to)), 0);
	return client;
}

static void send_text(SOCKET client, const char *text)
{
	REQUIRE_EQ(send(client, text, (int)strlen(text), 0), (int)strlen(text));
}

/* That exactly this comes next. */
static void expect(SOCKET client, const char *text)
{
	char got[256] = "";
	int length = 0;

	while (length < (int)strlen(text)) {
		const int count = recv(client, got + length, (int)strlen(text) - length, 0);

		if (count <= 0)
			break;
		length += count;
	}
	got[length] = '\0';
	REQUIRE_STR(got, text);
}

/* A connection that is closed before all was read may be reset. */
static void expect_end(SOCKET client)
{
	char byte;

	CHECK(recv(client, &byte, 1, 0) <= 0);
	closesocket(client);
}

static void wait_until_it_runs(void)
{
	while (fake.resumed == 0)
		SwitchToThread();
}

#define STOPPED "$T0510:0010400000000000;07:003f400000000000;thread:1;#cb"

/* ---- Clients ----------------------------------------------------------------------------- */

static void a_client_talks_over_a_port_that_was_chosen(void)
{
	SOCKET client;

	open_at("127.0.0.1:0");
	REQUIRE(strncmp(mote_gdb_server_address(server), "127.0.0.1:", 10) == 0);
	CHECK(atoi(mote_gdb_server_address(server) + 10) > 0);
	client = connect_to_server();
	send_text(client, "$?#3f");
	expect(client, "+" STOPPED);
	send_text(client, "+$D#44");
	expect(client, "+$OK#9a");
	expect_end(client);
	close_server();
	CHECK_EQ(fake.attached, 1);
	CHECK_EQ(fake.detached, 1);
}

static void a_second_client_is_sent_away(void)
{
	SOCKET first, second;

	open_at("127.0.0.1:0");
	first = connect_to_server();
	send_text(first, "$qC#b4");
	expect(first, "+$QC1#c5");
	second = connect_to_server();
	expect_end(second);
	send_text(first, "+$qC#b4");
	expect(first, "+$QC1#c5");
	send_text(first, "$k#6b");
	expect(first, "+$X09#c1");
	expect_end(first);
	/* The next one is welcome. */
	second = connect_to_server();
	send_text(second, "$qC#b4");
	expect(second, "+$QC1#c5");
	closesocket(second);
}

static void a_client_that_leaves_makes_room_at_once(void)
{
	SOCKET first, second;

	open_at("127.0.0.1:0");
	first = connect_to_server();
	fake.keeps_waiting = true;
	send_text(first, "$c#63");
	while (fake.performed == 0)
		SwitchToThread();
	expect(first, "+");
	send_text(first, "+");
	closesocket(first);
	second = connect_to_server();
	fake.keeps_waiting = false;
	send_text(second, "$qC#b4");
	expect(second, "+$QC1#c5");
	closesocket(second);
}

/* A session of many packets, as gdb would send them. */
static const char session_text[] =
	"+$qSupported:multiprocess+;swbreak+;#56+$QStartNoAckMode#b0+$Hgp1.1#af$qC#b4$?#3f"
	"$m401000,10#1f$Z0,401010,1#39$vCont;c#a8\3$z0,401010,1#59$vCont;c#a8$D;1#b0";

static void clients_may_vanish(void)
{
	const size_t length = sizeof(session_text) - 1, step = 7;
	unsigned count = 0;

	open_at("127.0.0.1:0");
	for (size_t i = 0; i <= length; i += step, count++) {
		const SOCKET client = connect_to_server();
		char bytes[4096];

		REQUIRE_EQ(send(client, session_text, (int)i, 0), (int)i);
		shutdown(client, SD_SEND);
		while (recv(client, bytes, sizeof(bytes), 0) > 0)
			continue;
		closesocket(client);
	}
	close_server();
	CHECK_EQ(fake.attached, count);
	CHECK_EQ(fake.detached, count);
	CHECK_EQ(fake.point_count, 0);
}

static void a_client_that_does_not_read_is_sent_away_when_the_server_closes(void)
{
	SOCKET client;
	char byte;

	open_at("127.0.0.1:0");
	client = connect_to_server();
	send_text(client, "$QStartNoAckMode#b0");
	expect(client, "+$OK#9a");
	for (unsigned i = 0; i < 400; i++)
		send_text(client, "$m400000,4000#81");
	/* The first of its answers is there; all of them have no room. */
	REQUIRE_EQ(recv(client, &byte, 1, MSG_PEEK), 1);
	mote_gdb_server_ring(server);
	close_server();
	CHECK_EQ(fake.detached, 1);
	closesocket(client);
}

static void a_stop_is_told_when_the_target_rings(void)
{
	SOCKET client;

	open_at("127.0.0.1:0");
	client = connect_to_server();
	send_text(client, "$vCont;c#a8");
	expect(client, "+");
	wait_until_it_runs();
	fake_stop(&fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGSEGV);
	mote_gdb_server_ring(server);
	expect(client, "$T0b10:0010400000000000;07:003f400000000000;thread:1;#f8");
	closesocket(client);
}

static void an_end_is_told_when_the_server_closes(void)
{
	SOCKET client;

	open_at("127.0.0.1:0");
	client = connect_to_server();
	send_text(client, "$vCont;c#a8");
	expect(client, "+");
	wait_until_it_runs();
	fake_stop(&fake, MOTE_GDB_STOP_EXITED, MOTE_GDB_SIGNAL_NONE);
	close_server();
	expect(client, "$W00#b7");
	expect_end(client);
	CHECK_EQ(fake.detached, 1);
}

/* ---- Transports and addresses ------------------------------------------------------------ */

static void a_client_talks_over_two_pipes(void)
{
	HANDLE to[2], from[2];
	char where[64], got[16] = "";
	DWORD count = 0, sum = 0;

	REQUIRE(CreatePipe(&to[0], &to[1], NULL, 0) && CreatePipe(&from[0], &from[1], NULL, 0));
	snprintf(where, sizeof(where), "fd:%ld,%ld", (long)(intptr_t)to[0],
		 (long)(intptr_t)from[1]);
	open_at(where);
	CHECK_STR(mote_gdb_server_address(server), where);
	CloseHandle(to[0]);
	CloseHandle(from[1]);
	REQUIRE(WriteFile(to[1], "$m400000,4000#81", 16, &count, NULL));
	for (; sum < 6; sum += count)
		REQUIRE(ReadFile(from[0], got + sum, 6 - sum, &count, NULL));
	CHECK_STR(got, "+$0000");
	/* The rest goes nowhere. */
	CloseHandle(from[0]);
	(void)WriteFile(to[1], "$qC#b4", 6, &count, NULL);
	CloseHandle(to[1]);
	close_server();
	CHECK_EQ(fake.detached, 1);
}

static void addresses_that_make_no_sense_are_refused(void)
{
	static const struct {
		const char *address;
		mote_status status;
		const char *part;
	} rows[] = {
		{"", MOTE_INVALID_ARGUMENT, "not of the form 127.0.0.1:PORT"},
		{"1234", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"127.0.0.1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"127.0.0.1:", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"127.0.0.1:65536", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"127.0.0.1:1x", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"127.0.0.1:-1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"localhost:1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"::1:1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"[::1:1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"[127.0.0.1]:1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"fd:1", MOTE_INVALID_ARGUMENT, "not of the form"},
		{"0.0.0.0:0", MOTE_INVALID_ARGUMENT, "other machines reach it"},
		{"192.0.2.1:0", MOTE_INVALID_ARGUMENT, "other machines reach it"},
		{"[::]:0", MOTE_INVALID_ARGUMENT, "other machines reach it"},
		{"unix:/socket", MOTE_UNSUPPORTED, "use 127.0.0.1:PORT"},
		{"fd:2147483632,1", MOTE_OS, "duplicate of handle 2147483632"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		mote_error error = MOTE_ERROR_INIT;

		check_error(try_open(rows[i].address, &error), &error, rows[i].status,
			    rows[i].part);
	}
}

static void nothing_is_left_open(void)
{
	size_t handles = 0;

	for (unsigned i = 0; i < 8; i++) {
		open_at("127.0.0.1:0");
		closesocket(connect_to_server());
		close_server();
		/* The first use of all opens what Winsock keeps. */
		if (i == 1)
			handles = test_fd_count();
	}
	mote_gdb_server_close(NULL);
	mote_gdb_server_forget(NULL);
	CHECK_EQ(test_fd_count(), handles);
}

#define SERVED(function) CASE_WITHIN(function, before, close_server)

static const struct test_case cases[] = {
	SERVED(a_client_talks_over_a_port_that_was_chosen),
	SERVED(a_second_client_is_sent_away),
	SERVED(a_client_that_leaves_makes_room_at_once),
	SERVED(clients_may_vanish),
	SERVED(a_client_that_does_not_read_is_sent_away_when_the_server_closes),
	SERVED(a_stop_is_told_when_the_target_rings),
	SERVED(an_end_is_told_when_the_server_closes),
	SERVED(a_client_talks_over_two_pipes),
	SERVED(addresses_that_make_no_sense_are_refused),
	SERVED(nothing_is_left_open),
};

int main(int argc, char **argv)
{
	WSADATA data;
	int code;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return 2;
	code = test_main("server_windows", cases, TEST_COUNT(cases), argc, argv);
	WSACleanup();
	return code;
}
