/* SPDX-License-Identifier: Apache-2.0
 *
 * Each system call of the debugger's server fails once: opening says which it was, or the client is
 * served, or sent away; nothing is left open, and the next server works.
 */
#define _GNU_SOURCE
#include "hypervisor/gdb/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../unit_test.h"
#include "allocator.h"
#include "fake_target.h"

/* ---- Calls that fail --------------------------------------------------------------------- */

enum call {
	CALL_EVENTFD,
	CALL_SOCKET,
	CALL_BIND,
	CALL_CHMOD,
	CALL_LISTEN,
	CALL_GETSOCKNAME,
	CALL_ACCEPT,
	CALL_SETSOCKOPT,
	CALL_DUPLICATE,
	CALL_POLL,
	CALL_READ,
	CALL_WRITE,
	CALL_SEND,
	CALL_THREAD,
	CALLS,
};

/* The use of a call that fails, from 1 on, and how; and how often each was used. */
static struct {
	enum call call;
	unsigned use;
	int code;
} failing;
static _Atomic unsigned uses[CALLS];
static _Atomic bool has_failed;

static bool fails(enum call call)
{
	if (++uses[call] != failing.use || call != failing.call)
		return false;
	has_failed = true;
	errno = failing.code;
	return true;
}

#define WRAP(type, name, call, parameters, arguments)                                              \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails(call) ? -1 : __real_##name arguments;                                 \
	}

WRAP(int, eventfd, CALL_EVENTFD, (unsigned value, int flags), (value, flags))
WRAP(int, socket, CALL_SOCKET, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, bind, CALL_BIND, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n))
WRAP(int, chmod, CALL_CHMOD, (const char *name, mode_t mode), (name, mode))
WRAP(int, listen, CALL_LISTEN, (int fd, int count), (fd, count))
WRAP(int, getsockname, CALL_GETSOCKNAME, (int fd, struct sockaddr *to, socklen_t *n), (fd, to, n))
WRAP(int, accept4, CALL_ACCEPT, (int fd, struct sockaddr *to, socklen_t *n, int flags),
     (fd, to, n, flags))
WRAP(int, setsockopt, CALL_SETSOCKOPT, (int fd, int level, int name, const void *to, socklen_t n),
     (fd, level, name, to, n))
WRAP(int, poll, CALL_POLL, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms))
WRAP(ssize_t, read, CALL_READ, (int fd, void *to, size_t bytes), (fd, to, bytes))
WRAP(ssize_t, write, CALL_WRITE, (int fd, const void *from, size_t bytes), (fd, from, bytes))
WRAP(ssize_t, send, CALL_SEND, (int fd, const void *from, size_t bytes, int flags),
     (fd, from, bytes, flags))

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list arguments;
	int argument;

	va_start(arguments, command);
	argument = va_arg(arguments, int);
	va_end(arguments);
	return fails(CALL_DUPLICATE) ? -1 : __real_fcntl(fd, command, argument);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument)
{
	return fails(CALL_THREAD) ? failing.code
				  : __real_pthread_create(thread, attributes, start, argument);
}

/* ---- A session --------------------------------------------------------------------------- */

static struct fake_target fake;
static char folder[32], path[64], address[80];

static mote_status open_server(const char *where, struct mote_gdb_server **server,
			       mote_error *error)
{
	const struct mote_gdb_server_options options = {.address = where};

	fake_target_x86_64(&fake, true);
	return mote_gdb_server_open(&mote_default_allocator, &options, &fake_target_functions,
				    &fake, &fake.guest, server, error);
}

/* The answer, or nothing when a failure came first. */
static void talk(int in, int out)
{
	static const char packets[] = "$qC#b4+$D#44";
	struct pollfd waiting = {.fd = in, .events = POLLIN};
	char byte;

	REQUIRE_EQ(__real_write(out, packets, strlen(packets)), (ssize_t)strlen(packets));
	while (!has_failed)
		if (__real_poll(&waiting, 1, 10) > 0 && __real_read(in, &byte, 1) <= 0)
			break;
}

static mote_status talk_over_a_socket(mote_error *error)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct mote_gdb_server *server;
	const mote_status status = open_server(address, &server, error);
	int fd;

	if (status != MOTE_OK)
		return status;
	fd = __real_socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(to.sun_path, path);
	REQUIRE_EQ(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	talk(fd, fd);
	mote_gdb_server_close(server);
	close(fd);
	return MOTE_OK;
}

static mote_status talk_over_pipes(mote_error *error)
{
	struct mote_gdb_server *server;
	mote_status status;
	int to[2], from[2];
	char where[32];

	REQUIRE(pipe(to) == 0 && pipe(from) == 0);
	snprintf(where, sizeof(where), "fd:%d,%d", to[0], from[1]);
	status = open_server(where, &server, error);
	close(to[0]);
	close(from[1]);
	if (status == MOTE_OK) {
		talk(from[0], to[1]);
		mote_gdb_server_close(server);
	}
	close(to[1]);
	close(from[0]);
	return status;
}

/* Listening by TCP, which needs no client. */
static mote_status listen_at_a_port(mote_error *error)
{
	struct mote_gdb_server *server;
	const mote_status status = open_server("127.0.0.1:0", &server, error);

	if (status == MOTE_OK)
		mote_gdb_server_close(server);
	return status;
}

/* ---- The sweep --------------------------------------------------------------------------- */

struct failure {
	enum call call;
	int code;
	const char *text; /* that opening fails with; NULL: it does not */
};

static const struct failure failures[] = {
	{CALL_EVENTFD, EMFILE, "eventfd: the process is limited to"},
	{CALL_SOCKET, EMFILE, "socket for "},
	{CALL_SOCKET, EAFNOSUPPORT, "socket for "},
	{CALL_BIND, EACCES, "bind for "},
	{CALL_BIND, EADDRINUSE, "bind for "},
	{CALL_CHMOD, EPERM, "chmod for "},
	{CALL_LISTEN, EADDRINUSE, "listen for "},
	{CALL_GETSOCKNAME, ENOBUFS, "getsockname for "},
	{CALL_ACCEPT, EMFILE, NULL},
	{CALL_ACCEPT, EINTR, NULL},
	{CALL_ACCEPT, ECONNABORTED, NULL},
	{CALL_SETSOCKOPT, ENOMEM, "setsockopt for "},
	{CALL_DUPLICATE, EMFILE, "duplicate of descriptor "},
	{CALL_POLL, EINTR, NULL},
	{CALL_POLL, ENOMEM, NULL},
	{CALL_READ, EINTR, NULL},
	{CALL_READ, ECONNRESET, NULL},
	{CALL_WRITE, EINTR, NULL},
	{CALL_WRITE, EPIPE, NULL},
	{CALL_SEND, EINTR, NULL},
	{CALL_SEND, EAGAIN, NULL},
	{CALL_SEND, ECONNRESET, NULL},
	{CALL_THREAD, EAGAIN, "thread mote-debugger cannot be started"},
	{CALL_THREAD, EPERM, "pthread_create"},
};

static void begin_run(enum call call, unsigned use, int code)
{
	failing.call = call;
	failing.use = use;
	failing.code = code;
	has_failed = false;
	for (unsigned i = 0; i < CALLS; i++)
		uses[i] = 0;
}

static void check_run(mote_status (*run)(mote_error *error), const struct failure *failure,
		      unsigned use, size_t open_files)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	begin_run(failure->call, use, failure->code);
	status = run(&error);
	CHECK_EQ(test_fd_count(), open_files);
	CHECK(access(path, F_OK) != 0);
	CHECK_EQ(fake.attached, fake.detached);
	if (status != MOTE_OK && failure->text != NULL) {
		CHECK_CONTAINS(error.text, failure->text);
		CHECK_EQ(error.os_code, failure->code);
	} else {
		check_ok(status, &error);
	}
}

/* No use of a call is the last one that fails: one that did not take place ends the row. */
static void sweep(mote_status (*run)(mote_error *error))
{
	const size_t open_files = test_fd_count();
	unsigned failed = 0;

	for (size_t i = 0; i < COUNT(failures); i++)
		for (unsigned use = 1;; use++) {
			check_run(run, &failures[i], use, open_files);
			if (!has_failed)
				break;
			failed++;
		}
	test_note("%u failures", failed);
	begin_run(CALLS, 0, 0);
	check_ok(run(NULL), NULL);
}

static void each_call_over_a_socket_fails(void)
{
	sweep(talk_over_a_socket);
}

static void each_call_over_pipes_fails(void)
{
	sweep(talk_over_pipes);
}

static void each_call_of_listening_by_port_fails(void)
{
	const size_t open_files = test_fd_count();

	sweep(listen_at_a_port);
	CHECK_EQ(test_fd_count(), open_files);
}

static void before(void)
{
	strcpy(folder, "/tmp/mote-gdb-XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(address, sizeof(address), "unix:%s", path);
}

static void after(void)
{
	begin_run(CALLS, 0, 0);
	unlink(path);
	rmdir(folder);
}

static const struct test_case cases[] = {
	CASE_WITHIN(each_call_over_a_socket_fails, before, after),
	CASE_WITHIN(each_call_over_pipes_fails, before, after),
	CASE_WITHIN(each_call_of_listening_by_port_fails, before, after),
};

int main(int argc, char **argv)
{
	return test_main("server_sweep", cases, TEST_COUNT(cases), argc, argv);
}
