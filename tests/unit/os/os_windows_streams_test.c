/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for pipes, files and connections on Windows, and what ends it.
 */
#include <winsock2.h>

#include <windows.h>

#include <ws2tcpip.h>

#include "os/os.h"

#include <stdatomic.h>

#include "../unit_test.h"
#include "allocator.h"

enum { PIPE_ROOM = 4096 };

static const uint64_t MS = 1000000;

static struct mote_os_wake wake;
static HANDLE reader, writer;

static void close_end(HANDLE *end)
{
	if (*end != NULL)
		CloseHandle(*end);
	*end = NULL;
}

static void before(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_os_wake_create(&wake, &error), &error);
	REQUIRE(CreatePipe(&reader, &writer, NULL, PIPE_ROOM));
}

static void after(void)
{
	close_end(&reader);
	close_end(&writer);
	mote_os_wake_destroy(&wake);
}

/* ---- Another thread that does something later -------------------------------------------- */

enum act { RING, WRITE, READ_ALL, END, SEND };

struct later {
	enum act act;
	uint64_t ns;
	struct mote_os_thread *thread;
};

static SOCKET client; /* of the case that runs */

static void act_later(void *user)
{
	struct later *later = user;
	char bytes[PIPE_ROOM];
	DWORD count;

	mote_os_pause(later->ns);
	switch (later->act) {
	case RING:
		mote_os_wake_ring(&wake);
		break;
	case WRITE:
		WriteFile(writer, "later", 5, &count, NULL);
		break;
	case READ_ALL:
		ReadFile(reader, bytes, sizeof(bytes), &count, NULL);
		break;
	case END:
		close_end(&writer);
		break;
	case SEND:
		send(client, "later", 5, 0);
		break;
	}
}

static struct later start_later(enum act act, uint64_t ns, struct later *later)
{
	mote_error error = MOTE_ERROR_INIT;

	*later = (struct later){.act = act, .ns = ns};
	check_ok(mote_os_thread_start(&mote_default_allocator, "later", act_later, later,
				      &later->thread, &error),
		 &error);
	return *later;
}

static bool wait_ready(HANDLE handle, enum mote_os_direction direction)
{
	mote_error error = MOTE_ERROR_INIT;
	bool ready = false;

	check_ok(mote_os_handle_wait((intptr_t)handle, direction, &wake, &ready, &error), &error);
	return ready;
}

/* ---- Input ------------------------------------------------------------------------------- */

static size_t read_some(HANDLE handle, char *data, size_t bytes)
{
	mote_error error = MOTE_ERROR_INIT;
	bool again = true;
	size_t got = 0;

	check_ok(mote_os_handle_read((intptr_t)handle, data, bytes, &got, &again, &error), &error);
	CHECK(!again);
	return got;
}

static void a_pipe_is_waited_for_until_it_has_input(void)
{
	struct later later;
	char data[16];

	CHECK(!mote_os_handle_is_ready((intptr_t)reader, MOTE_OS_INPUT));
	start_later(WRITE, 30 * MS, &later);
	CHECK(wait_ready(reader, MOTE_OS_INPUT));
	mote_os_thread_join(later.thread);
	CHECK(mote_os_handle_is_ready((intptr_t)reader, MOTE_OS_INPUT));
	CHECK_EQ(read_some(reader, data, 3), 3);
	CHECK_MEM(data, "lat", 3);
	/* The rest is there. */
	CHECK(mote_os_handle_is_ready((intptr_t)reader, MOTE_OS_INPUT));
	CHECK_EQ(read_some(reader, data, sizeof(data)), 2);
	CHECK(!mote_os_handle_is_ready((intptr_t)reader, MOTE_OS_INPUT));
}

static void the_end_of_a_pipe_is_input(void)
{
	struct later later;
	char data[16];

	start_later(END, 30 * MS, &later);
	CHECK(wait_ready(reader, MOTE_OS_INPUT));
	mote_os_thread_join(later.thread);
	CHECK(mote_os_handle_is_ready((intptr_t)reader, MOTE_OS_INPUT));
	CHECK_EQ(read_some(reader, data, sizeof(data)), 0);
}

static void a_ring_ends_the_waiting(void)
{
	struct later later;

	start_later(RING, 30 * MS, &later);
	CHECK(!wait_ready(reader, MOTE_OS_INPUT));
	mote_os_thread_join(later.thread);
	/* It was taken.  The next ones are remembered, and are one. */
	mote_os_wake_ring(&wake);
	mote_os_wake_ring(&wake);
	CHECK(!wait_ready(reader, MOTE_OS_INPUT));
	start_later(WRITE, 30 * MS, &later);
	CHECK(wait_ready(reader, MOTE_OS_INPUT));
	mote_os_thread_join(later.thread);
	/* Rings are taken without waiting. */
	mote_os_wake_ring(&wake);
	mote_os_wake_take(&wake);
	mote_os_wake_take(&wake);
	CHECK(wait_ready(reader, MOTE_OS_INPUT));
}

static void a_pipe_that_does_not_wait_says_again(void)
{
	DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
	mote_error error = MOTE_ERROR_INIT;
	bool again = false;
	char data[16];
	size_t got = 1;

	REQUIRE(SetNamedPipeHandleState(reader, &mode, NULL, NULL));
	check_ok(mote_os_handle_read((intptr_t)reader, data, sizeof(data), &got, &again, &error),
		 &error);
	CHECK(again);
	CHECK_EQ(got, 0);
}

/* ---- Output ------------------------------------------------------------------------------ */

/* How much it takes until it has no room. */
static size_t fill(void)
{
	mote_error error = MOTE_ERROR_INIT;
	size_t sum = 0, put = 0;
	bool again = false;

	for (unsigned i = 0; i < 100 && !again; i++) {
		check_ok(mote_os_handle_write((intptr_t)writer, "0123456789", 10, &put, &again,
					      &error),
			 &error);
		sum += put;
		if (!again && put == 0)
			FAIL("nothing was written, and it may not be tried again");
		if (sum > 2 * PIPE_ROOM)
			FAIL("a pipe takes more than it holds");
	}
	return sum;
}

static void a_pipe_that_is_full_says_again(void)
{
	static const char large[3 * PIPE_ROOM];
	mote_error error = MOTE_ERROR_INIT;
	struct later later;
	DWORD mode = PIPE_NOWAIT;
	bool again = false;
	size_t put = 1;

	CHECK(mote_os_handle_is_ready((intptr_t)writer, MOTE_OS_OUTPUT));
	/* More than it holds. */
	check_ok(mote_os_handle_write((intptr_t)writer, large, sizeof(large), &put, &again, &error),
		 &error);
	CHECK(!again);
	CHECK(put > 0 && put <= PIPE_ROOM);
	while (!again)
		check_ok(mote_os_handle_write((intptr_t)writer, large, sizeof(large), &put, &again,
					      &error),
			 &error);
	CHECK_EQ(put, 0);
	/* Its mode is what it was. */
	REQUIRE(GetNamedPipeHandleStateW(writer, &mode, NULL, NULL, NULL, NULL, 0));
	CHECK_EQ(mode & PIPE_NOWAIT, PIPE_WAIT);
	/* It may have room soon. */
	start_later(READ_ALL, 20 * MS, &later);
	for (unsigned i = 0; again && i < 10000; i++) {
		CHECK(wait_ready(writer, MOTE_OS_OUTPUT));
		check_ok(mote_os_handle_write((intptr_t)writer, "x", 1, &put, &again, &error),
			 &error);
	}
	CHECK(!again);
	CHECK_EQ(put, 1);
	mote_os_thread_join(later.thread);
	(void)fill();
	/* And a ring ends the waiting for it. */
	mote_os_wake_ring(&wake);
	CHECK(!wait_ready(writer, MOTE_OS_OUTPUT));
}

static void a_pipe_that_nobody_reads_is_an_error(void)
{
	mote_error error = MOTE_ERROR_INIT;
	bool again = false;
	size_t put = 1;

	close_end(&reader);
	CHECK(mote_os_handle_is_ready((intptr_t)writer, MOTE_OS_OUTPUT));
	check_error(mote_os_handle_write((intptr_t)writer, "x", 1, &put, &again, &error), &error,
		    MOTE_OS, "write: ");
	CHECK_EQ(put, 0);
	CHECK(!again);
}

/* Such pipes come from programs that wait for many. */
static void pipes_for_overlapped_use_are_used_too(void)
{
	mote_error error = MOTE_ERROR_INIT;
	wchar_t name[64];
	char data[16] = "";
	size_t put = 0;
	bool again = true;

	close_end(&reader);
	close_end(&writer);
	_snwprintf(name, 64, L"\\\\.\\pipe\\mote test %lu", GetCurrentProcessId());
	reader = CreateNamedPipeW(name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE,
				  1, PIPE_ROOM, PIPE_ROOM, 0, NULL);
	writer = CreateFileW(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED,
			     NULL);
	REQUIRE(reader != INVALID_HANDLE_VALUE && writer != INVALID_HANDLE_VALUE);
	CHECK(!mote_os_handle_is_ready((intptr_t)reader, MOTE_OS_INPUT));
	check_ok(mote_os_handle_write((intptr_t)writer, "overlapped", 10, &put, &again, &error),
		 &error);
	CHECK(!again);
	CHECK_EQ(put, 10);
	CHECK(wait_ready(reader, MOTE_OS_INPUT));
	CHECK_EQ(read_some(reader, data, sizeof(data)), 10);
	CHECK_MEM(data, "overlapped", 10);
	CHECK(fill() <= 2 * PIPE_ROOM);
	close_end(&reader);
	check_error(mote_os_handle_write((intptr_t)writer, "x", 1, &put, &again, &error), &error,
		    MOTE_OS, "write: ");
}

/* ---- Files and devices ------------------------------------------------------------------- */

static void files_are_always_ready(void)
{
	wchar_t folder[MAX_PATH], path[MAX_PATH];
	mote_error error = MOTE_ERROR_INIT;
	char data[16];
	size_t put = 0;
	bool again = true;
	HANDLE file;

	REQUIRE(GetTempPathW(MAX_PATH, folder) > 0);
	REQUIRE(GetTempFileNameW(folder, L"mot", 0, path) > 0);
	file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE | DELETE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_DELETE_ON_CLOSE, NULL);
	REQUIRE(file != INVALID_HANDLE_VALUE);
	CHECK(!mote_os_handle_is_terminal((intptr_t)file));
	CHECK(mote_os_handle_is_ready((intptr_t)file, MOTE_OS_OUTPUT));
	check_ok(mote_os_handle_write((intptr_t)file, "0123456789", 10, &put, &again, &error),
		 &error);
	CHECK(!again);
	CHECK_EQ(put, 10);
	SetFilePointer(file, 2, NULL, FILE_BEGIN);
	CHECK(mote_os_handle_is_ready((intptr_t)file, MOTE_OS_INPUT));
	CHECK(wait_ready(file, MOTE_OS_INPUT));
	/* In order. */
	CHECK_EQ(read_some(file, data, 3), 3);
	CHECK_EQ(read_some(file, data, sizeof(data)), 5);
	CHECK_MEM(data, "56789", 5);
	CHECK_EQ(read_some(file, data, sizeof(data)), 0);
	CloseHandle(file);
}

static void the_null_device_takes_all_and_gives_nothing(void)
{
	const HANDLE null =
		CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	mote_error error = MOTE_ERROR_INIT;
	char data[16];
	size_t put = 0;
	bool again = true;

	REQUIRE(null != INVALID_HANDLE_VALUE);
	CHECK(!mote_os_handle_is_terminal((intptr_t)null));
	check_ok(mote_os_handle_write((intptr_t)null, "x", 1, &put, &again, &error), &error);
	CHECK_EQ(put, 1);
	CHECK(wait_ready(null, MOTE_OS_INPUT));
	CHECK_EQ(read_some(null, data, sizeof(data)), 0);
	CloseHandle(null);
}

static void a_handle_that_is_not_open_is_an_error(void)
{
	mote_error error = MOTE_ERROR_INIT;
	bool again;
	char data[16];
	size_t got;

	CHECK(mote_os_handle_is_ready(-1, MOTE_OS_INPUT));
	CHECK(!mote_os_handle_is_terminal(-1));
	check_error(mote_os_handle_read(0x7ffffff0, data, 1, &got, &again, &error), &error, MOTE_OS,
		    "read: ");
	check_error(mote_os_handle_write(0x7ffffff0, data, 1, &got, &again, &error), &error,
		    MOTE_OS, "write: ");
}

/* ---- Connections ------------------------------------------------------------------------- */

static struct mote_os_listener listen_at(const char *address)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_listener listener;

	check_ok(mote_os_listener_open(address, false, &listener, &error), &error);
	return listener;
}

static SOCKET connect_to(const struct mote_os_listener *listener)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const SOCKET made = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

	REQUIRE(made != INVALID_SOCKET);
	to.sin_port = htons((uint16_t)atoi(strrchr(listener->address, ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	REQUIRE_EQ(connect(made, (const struct sockaddr *)&to, sizeof(to)), 0);
	return made;
}

static unsigned wait_for(const struct mote_os_listener *listener,
			 const struct mote_os_stream *stream, uint64_t ns)
{
	const uint64_t until_ns = ns == MOTE_OS_FOREVER ? ns : mote_os_monotonic_ns() + ns;
	mote_error error = MOTE_ERROR_INIT;
	unsigned ready = 99;

	check_ok(mote_os_wait(&wake, listener, stream, until_ns, &ready, &error), &error);
	return ready;
}

static struct mote_os_stream accept_one(const struct mote_os_listener *listener)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_stream stream = {0};
	bool accepted = false;

	REQUIRE_EQ(wait_for(listener, NULL, MOTE_OS_FOREVER), MOTE_OS_READY_LISTENER);
	check_ok(mote_os_listener_accept(listener, &accepted, &stream, &error), &error);
	REQUIRE(accepted);
	return stream;
}

static void a_connection_is_waited_for(void)
{
	struct mote_os_listener listener = listen_at("127.0.0.1:0");
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_stream stream;
	bool accepted = true;
	struct later later;
	char data[16];
	DWORD flags = HANDLE_FLAG_INHERIT;

	CHECK_EQ(wait_for(&listener, NULL, 20 * MS), 0);
	check_ok(mote_os_listener_accept(&listener, &accepted, &stream, &error), &error);
	CHECK(!accepted);
	client = connect_to(&listener);
	stream = accept_one(&listener);
	REQUIRE(GetHandleInformation((HANDLE)stream.in, &flags));
	CHECK_EQ(flags & HANDLE_FLAG_INHERIT, 0);
	CHECK_EQ(wait_for(&listener, &stream, 20 * MS), 0);
	send(client, "hello", 5, 0);
	/* As long as something is there. */
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(wait_for(&listener, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_STREAM);
	CHECK_EQ(mote_os_stream_read(&stream, data, 2), 2);
	CHECK_EQ(wait_for(NULL, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_STREAM);
	CHECK_EQ(mote_os_stream_read(&stream, data, sizeof(data)), 3);
	CHECK_EQ(wait_for(NULL, &stream, 20 * MS), 0);
	CHECK_EQ(mote_os_stream_write(&stream, &wake, "answer", 6), 6);
	CHECK_EQ(recv(client, data, sizeof(data), 0), 6);
	start_later(SEND, 50 * MS, &later);
	CHECK_EQ(wait_for(&listener, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_STREAM);
	mote_os_thread_join(later.thread);
	CHECK_EQ(mote_os_stream_read(&stream, data, sizeof(data)), 5);
	/* Reading waits too. */
	start_later(SEND, 50 * MS, &later);
	CHECK_EQ(mote_os_stream_read(&stream, data, sizeof(data)), 5);
	mote_os_thread_join(later.thread);
	/* The end, also again and again. */
	closesocket(client);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(wait_for(NULL, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_STREAM);
		CHECK_EQ(mote_os_stream_read(&stream, data, sizeof(data)), 0);
	}
	mote_os_stream_close(&stream);
	mote_os_listener_close(&listener);
}

static void a_ring_and_the_time_end_the_waiting_for_connections(void)
{
	struct mote_os_listener listener = listen_at("127.0.0.1:0");
	const uint64_t begin = mote_os_monotonic_ns();
	struct later later;

	CHECK_EQ(wait_for(&listener, NULL, 50 * MS), 0);
	CHECK(mote_os_monotonic_ns() - begin >= 50 * MS);
	CHECK_EQ(wait_for(NULL, NULL, 0), 0);
	start_later(RING, 30 * MS, &later);
	CHECK_EQ(wait_for(&listener, NULL, MOTE_OS_FOREVER), MOTE_OS_READY_WAKE);
	mote_os_thread_join(later.thread);
	CHECK_EQ(wait_for(&listener, NULL, 0), 0);
	mote_os_listener_close(&listener);
}

static void a_peer_that_does_not_read_makes_a_ring_end_the_writing(void)
{
	static const char data[1 << 20];
	struct mote_os_listener listener = listen_at("127.0.0.1:0");
	struct mote_os_stream stream;
	struct later later;
	size_t sum = 0, sent = sizeof(data);

	client = connect_to(&listener);
	stream = accept_one(&listener);
	start_later(RING, 300 * MS, &later);
	while (sent == sizeof(data)) {
		sent = mote_os_stream_write(&stream, &wake, data, sizeof(data));
		sum += sent;
		REQUIRE(sum < 1ull << 30);
	}
	mote_os_thread_join(later.thread);
	/* The ring is for the next wait. */
	CHECK_EQ(wait_for(NULL, NULL, 0), MOTE_OS_READY_WAKE);
	/* When there is room, the rest goes. */
	while (sum > 0) {
		char *const into = malloc(1 << 16);
		const int got = recv(client, into, 1 << 16, 0);

		free(into);
		REQUIRE(got > 0);
		sum -= (size_t)got;
	}
	CHECK_EQ(mote_os_stream_write(&stream, &wake, data, 10), 10);
	closesocket(client);
	mote_os_stream_close(&stream);
	mote_os_listener_close(&listener);
}

static void an_address_is_nobody_elses(void)
{
	struct mote_os_listener listener = listen_at("127.0.0.1:0"), other;
	const SOCKET thief = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	struct sockaddr_in to = {.sin_family = AF_INET};
	mote_error error = MOTE_ERROR_INIT;
	const BOOL yes = TRUE;
	const size_t handles = test_fd_count();

	check_error(mote_os_listener_open(listener.address, false, &other, &error), &error, MOTE_OS,
		    "bind for 127.0.0.1:");
	CHECK(error.os_code == WSAEADDRINUSE || error.os_code == WSAEACCES);
	CHECK_EQ(test_fd_count(), handles);
	to.sin_port = htons((uint16_t)atoi(strrchr(listener.address, ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(thief, SOL_SOCKET, SO_REUSEADDR, (const char *)&yes, sizeof(yes));
	CHECK(bind(thief, (const struct sockaddr *)&to, sizeof(to)) != 0);
	closesocket(thief);
	mote_os_listener_close(&listener);
	/* Once it is closed, it is free, whatever its clients did. */
	listener = listen_at("127.0.0.1:0");
	for (unsigned i = 0; i < 3; i++) {
		struct mote_os_stream stream;

		client = connect_to(&listener);
		stream = accept_one(&listener);
		mote_os_stream_close(&stream);
		closesocket(client);
		mote_os_listener_close(&listener);
		listener = listen_at(listener.address);
	}
	mote_os_listener_close(&listener);
}

static void two_pipes_are_a_stream(void)
{
	const size_t handles = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_stream stream;
	HANDLE in, out;
	struct later later;
	char data[PIPE_ROOM * 2] = "";
	DWORD got;

	REQUIRE(CreatePipe(&in, &out, NULL, PIPE_ROOM));
	check_ok(mote_os_stream_adopt((intptr_t)reader, (intptr_t)out, &stream, &error), &error);
	CloseHandle(out);
	CHECK_EQ(wait_for(NULL, &stream, 20 * MS), 0);
	start_later(WRITE, 30 * MS, &later);
	CHECK_EQ(wait_for(NULL, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_STREAM);
	mote_os_thread_join(later.thread);
	CHECK_EQ(mote_os_stream_read(&stream, data, sizeof(data)), 5);
	start_later(RING, 30 * MS, &later);
	CHECK_EQ(wait_for(NULL, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_WAKE);
	mote_os_thread_join(later.thread);
	CHECK_EQ(mote_os_stream_write(&stream, &wake, "answer", 6), 6);
	REQUIRE(ReadFile(in, data, sizeof(data), &got, NULL));
	CHECK_EQ(got, 6);
	/* No room, and a ring. */
	start_later(RING, 100 * MS, &later);
	CHECK(mote_os_stream_write(&stream, &wake, data, sizeof(data)) < sizeof(data));
	mote_os_thread_join(later.thread);
	mote_os_wake_take(&wake);
	/* Nobody reads any more; nobody writes any more. */
	CloseHandle(in);
	CHECK_EQ(mote_os_stream_write(&stream, &wake, "x", 1), 0);
	close_end(&writer);
	CHECK_EQ(wait_for(NULL, &stream, MOTE_OS_FOREVER), MOTE_OS_READY_STREAM);
	CHECK_EQ(mote_os_stream_read(&stream, data, sizeof(data)), 0);
	mote_os_stream_close(&stream);
	/* One end less than at the beginning. */
	CHECK_EQ(test_fd_count(), handles - 1);
	check_error(mote_os_stream_adopt((intptr_t)reader, 0x7ffffff0, &stream, &error), &error,
		    MOTE_OS, "duplicate of handle 2147483632");
	check_error(mote_os_stream_adopt(-1, (intptr_t)reader, &stream, &error), &error, MOTE_OS,
		    "duplicate of handle -1");
	CHECK_EQ(test_fd_count(), handles - 1);
}

static void the_standard_handles_have_numbers(void)
{
	const HANDLE input = GetStdHandle(STD_INPUT_HANDLE),
		     output = GetStdHandle(STD_OUTPUT_HANDLE);
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_stream stream;
	DWORD got = 0;
	char data[8];

	SetStdHandle(STD_INPUT_HANDLE, reader);
	SetStdHandle(STD_OUTPUT_HANDLE, writer);
	check_ok(mote_os_stream_adopt(0, 1, &stream, &error), &error);
	SetStdHandle(STD_INPUT_HANDLE, input);
	SetStdHandle(STD_OUTPUT_HANDLE, output);
	CHECK_EQ(mote_os_stream_write(&stream, &wake, "x", 1), 1);
	REQUIRE(ReadFile(reader, data, sizeof(data), &got, NULL));
	CHECK_EQ(got, 1);
	mote_os_stream_close(&stream);
}

static void nothing_is_left_open(void)
{
	size_t handles = 0;

	for (unsigned i = 0; i < 12; i++) {
		struct mote_os_listener listener = listen_at(i % 2 ? "127.0.0.1:0" : "[::1]:0");
		struct mote_os_stream stream;

		if (i % 2) {
			client = connect_to(&listener);
			stream = accept_one(&listener);
			closesocket(client);
			mote_os_stream_close(&stream);
		}
		mote_os_listener_close(&listener);
		/* The first use of all opens what Winsock keeps. */
		if (i == 1)
			handles = test_fd_count();
	}
	CHECK_EQ(test_fd_count(), handles);
}

#define WITH_PIPE(function) CASE_WITHIN(function, before, after)

static const struct test_case cases[] = {
	WITH_PIPE(a_pipe_is_waited_for_until_it_has_input),
	WITH_PIPE(the_end_of_a_pipe_is_input),
	WITH_PIPE(a_ring_ends_the_waiting),
	WITH_PIPE(a_pipe_that_does_not_wait_says_again),
	WITH_PIPE(a_pipe_that_is_full_says_again),
	WITH_PIPE(a_pipe_that_nobody_reads_is_an_error),
	WITH_PIPE(pipes_for_overlapped_use_are_used_too),
	WITH_PIPE(files_are_always_ready),
	WITH_PIPE(the_null_device_takes_all_and_gives_nothing),
	WITH_PIPE(a_handle_that_is_not_open_is_an_error),
	WITH_PIPE(a_connection_is_waited_for),
	WITH_PIPE(a_ring_and_the_time_end_the_waiting_for_connections),
	WITH_PIPE(a_peer_that_does_not_read_makes_a_ring_end_the_writing),
	WITH_PIPE(an_address_is_nobody_elses),
	WITH_PIPE(two_pipes_are_a_stream),
	WITH_PIPE(the_standard_handles_have_numbers),
	WITH_PIPE(nothing_is_left_open),
};

int main(int argc, char **argv)
{
	WSADATA data;
	int code;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return 2;
	code = test_main("os_windows_streams", cases, TEST_COUNT(cases), argc, argv);
	WSACleanup();
	return code;
}
