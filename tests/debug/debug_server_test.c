/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox that listens for a debugger: who comes when, what each finds, and how each goes.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "fixture.h"
#include "machine.h"
#include "sandbox/debug_server.h"

static mote_engine *engine;
static mote_sandbox *sandbox;
static mote_error error;
static struct client client;

static void begin(void)
{
	error = (mote_error)MOTE_ERROR_INIT;
	client.fd = -1;
	sandbox = NULL;
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "debug_O0", NULL);
}

static void end(void)
{
	if (client.fd >= 0)
		client_close(&client);
	fixture_destroy(sandbox, engine);
	sandbox = NULL;
	engine = NULL;
}

static void listen_to_clients(const mote_debug_options *options)
{
	REQUIRE_OK(client_listen(sandbox, options, &error), &error);
}

/* A client that has stopped the guest, or holds the sandbox. */
static void begin_session(void)
{
	listen_to_clients(NULL);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
}

static mote_value work(void)
{
	return CALL(sandbox, "work", mote_value_u64(6));
}

/* A packet about the address of the guest's function leaf. */
static const char *about_leaf(const char *before, const char *after)
{
	static char packet[64];
	const struct mote_elf *elf = &sandbox->image->elf;
	const char *name;
	uint64_t offset, address = 0;

	for (uint64_t at = elf->entry & ~0xfffull; address == 0 && at < elf->entry + 0x10000; at++)
		if (mote_elf_nearest_symbol(elf, at, &name, &offset) && strcmp(name, "leaf") == 0)
			address = at - offset;
	for (uint64_t at = elf->segments[0].address; address == 0 && at < elf->entry; at++)
		if (mote_elf_nearest_symbol(elf, at, &name, &offset) && strcmp(name, "leaf") == 0)
			address = at - offset;
	REQUIRE(address != 0);
	snprintf(packet, sizeof(packet), "%s%llx%s", before,
		 (unsigned long long)(address + sandbox->layout.image_bias), after);
	return packet;
}

/* ---- A call on a thread of its own --------------------------------------------------------- */

struct caller {
	pthread_t thread;
	const char *function;
	uint64_t argument;
	mote_status status;
	mote_error error;
	mote_value result;
};

static void *make_call(void *user)
{
	struct caller *caller = user;
	mote_value argument = mote_value_u64(caller->argument);
	mote_function function;

	caller->status =
		mote_sandbox_find(sandbox, caller->function, NULL, &function, &caller->error);
	if (strcmp(caller->function, "callout") == 0)
		argument = mote_value_u32((uint32_t)caller->argument);
	if (caller->status == MOTE_OK)
		caller->status = mote_sandbox_call(sandbox, function, &argument,
						   function.signature.argument_count, NULL,
						   &caller->result, &caller->error);
	return NULL;
}

static struct caller *start_call(struct caller *caller, const char *function, uint64_t argument)
{
	*caller = (struct caller){
		.function = function, .argument = argument, .error = MOTE_ERROR_INIT};
	REQUIRE(pthread_create(&caller->thread, NULL, make_call, caller) == 0);
	return caller;
}

static mote_status join_call(struct caller *caller)
{
	pthread_join(caller->thread, NULL);
	return caller->status;
}

static void wait_until_it_runs(void)
{
	while (!test_interrupt_state(mote_sandbox_get_interrupt(sandbox)).running)
		sched_yield();
}

/* A call waits for a client. */
static void wait_until_it_waits(void)
{
	struct mote_debug_server *link = sandbox->debug_server;
	bool waits;

	do {
		mote_os_lock_acquire(link->lock);
		waits = link->use == MOTE_DEBUG_STOPPED;
		mote_os_lock_release(link->lock);
		sched_yield();
	} while (!waits);
}

/* ---- Attaching in each state ----------------------------------------------------------------- */

static void a_parked_sandbox_is_attached_to(void)
{
	struct caller caller;

	work();
	begin_session();
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	start_call(&caller, "work", 6);
	for (unsigned i = 0; i < 6; i++)
		CHECK_CONTAINS(client_ask(&client, "c"), "T05");
	CHECK_STR(client_ask(&client, about_leaf("z0,", ",1")), "OK");
	client_send(&client, "c");
	CHECK_EQ(join_call(&caller), MOTE_OK);
	CHECK_EQ(caller.result.as.u64, 25);
	/* The session goes on with no call. */
	client_send_bytes(&client, "\003", 1);
	CHECK_CONTAINS(client_receive(&client), "T02");
	CHECK_STR(client_ask(&client, "D"), "OK");
	CHECK(client_is_closed(&client));
	CHECK_EQ(work().as.u64, 25);
}

static void one_that_never_ran_is_attached_to(void)
{
	begin_session();
	client_send(&client, "c");
	CHECK_EQ(work().as.u64, 25);
}

static void a_running_call_is_attached_to(void)
{
	struct caller caller;

	listen_to_clients(NULL);
	start_call(&caller, "spin", 0);
	wait_until_it_runs();
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	CHECK_CONTAINS(client_ask(&client, "s"), "T05");
	client_send(&client, "c");
	client_send_bytes(&client, "\003", 1);
	CHECK_CONTAINS(client_receive(&client), "T02");
	CHECK_STR(client_ask(&client, "vKill;1"), "OK");
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
	CHECK(mote_sandbox_is_poisoned(sandbox));
	/* It can still be looked at. */
	client_close(&client);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	CHECK(strlen(client_ask(&client, "g")) > 1000);
}

static void a_call_waits_for_its_debugger(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	struct caller caller;

	listen_to_clients(&options);
	start_call(&caller, "work", 6);
	wait_until_it_waits();
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	client_send(&client, "c");
	CHECK_EQ(join_call(&caller), MOTE_OK);
	CHECK_EQ(caller.result.as.u64, 25);
	CHECK_EQ(work().as.u64, 25);
}

static void the_debugger_may_be_there_first(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};

	listen_to_clients(&options);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	CHECK_STR(client_ask(&client, "D"), "OK");
	CHECK_EQ(work().as.u64, 25);
}

static atomic_bool has_come;

static mote_status attach_from_inside(void *user, const mote_value *arguments, size_t count,
				      mote_value *result, mote_error *failure)
{
	(void)user;
	(void)count;
	CHECK_STATUS(mote_sandbox_debug_listen(sandbox, NULL, failure), MOTE_BUSY, failure);
	if (!atomic_load(&has_come)) {
		client_open(&client, sandbox);
		atomic_store(&has_come, true);
	}
	*result = arguments[0];
	return MOTE_OK;
}

static void a_host_function_runs_to_its_end_first(void)
{
	const mote_host_function functions[] = {
		{.name = "host_u32", .signature = "u32(u32)", .call = attach_from_inside},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	struct caller caller;

	atomic_store(&has_come, false);
	mote_sandbox_destroy(sandbox);
	options.host_functions = functions;
	options.host_function_count = 1;
	sandbox = fixture_sandbox(engine, "debug_O0", &options);
	listen_to_clients(NULL);
	start_call(&caller, "callout", 5);
	while (!atomic_load(&has_come))
		sched_yield();
	CHECK_STR(client_ask(&client, "QStartNoAckMode"), "OK");
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	client_send(&client, "c");
	CHECK_EQ(join_call(&caller), MOTE_OK);
	CHECK_EQ(caller.result.as.u32, 8);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void a_fault_stops_before_the_sandbox_is_poisoned(void)
{
	struct caller caller;

	begin_session();
	start_call(&caller, "faulty", 16);
	CHECK_CONTAINS(client_ask(&client, "c"), "T0b");
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK_CONTAINS(client_ask(&client, "c"), "T0b"); /* again */
	CHECK_STR(client_ask(&client, "C0b"), "X0b");
	CHECK_STATUS(join_call(&caller), MOTE_GUEST_FAULT, &caller.error);
	CHECK(mote_sandbox_is_poisoned(sandbox));
	CHECK(client_is_closed(&client));
}

/* With the signal of the fault, as gdb goes on by itself; the second time without a change. */
static void after_a_change_the_guest_tries_again(void)
{
	struct caller caller;
	char change[8], byte[3];

	listen_to_clients(NULL);
	client_connect(&client, sandbox);
	snprintf(byte, sizeof(byte), "%s", client_ask(&client, about_leaf("m", ",1")));
	snprintf(change, sizeof(change), ",1:%s", byte);
	start_call(&caller, "faulty", 16);
	CHECK_CONTAINS(client_ask(&client, "c"), "T0b");
	CHECK_STR(client_ask(&client, about_leaf("M", change)), "OK");
	CHECK_CONTAINS(client_ask(&client, "C0b"), "T0b");
	CHECK_STR(client_ask(&client, "C0b"), "X0b");
	CHECK_STATUS(join_call(&caller), MOTE_GUEST_FAULT, &caller.error);
}

static void a_fault_waits_for_a_debugger(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait_on_fault = true};
	struct caller caller;

	listen_to_clients(&options);
	CHECK_EQ(work().as.u64, 25);
	start_call(&caller, "faulty", 16);
	wait_until_it_waits();
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T0b");
	CHECK_STR(client_ask(&client, "C0b"), "X0b");
	CHECK_STATUS(join_call(&caller), MOTE_GUEST_FAULT, &caller.error);
}

static void a_kill_ends_the_waiting(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait_on_fault = true};
	struct caller caller;

	listen_to_clients(&options);
	start_call(&caller, "faulty", 16);
	wait_until_it_waits();
	CHECK(mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)));
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
}

/* A call that waits because the debugger holds the sandbox. */
static void start_waiting_call(struct caller *caller)
{
	work();
	begin_session();
	start_call(caller, "work", 6);
	wait_until_it_runs();
}

static void a_kill_ends_the_waiting_for_a_hold(void)
{
	struct caller caller;

	start_waiting_call(&caller);
	CHECK_STATUS(fixture_try(sandbox, "work", NULL, 0, NULL, &error), MOTE_BUSY, &error);
	CHECK(mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)));
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK_STR(client_ask(&client, "D"), "OK");
	CHECK_EQ(work().as.u64, 25);
}

static void a_sandbox_is_destroyed_that_a_call_waits_for(void)
{
	struct caller caller;

	start_waiting_call(&caller);
	mote_sandbox_destroy(sandbox);
	sandbox = NULL;
	join_call(&caller); /* it may come to its end first */
	CHECK(caller.status == MOTE_OK || caller.status == MOTE_KILLED);
	CHECK(client_is_closed(&client));
}

static void after_a_client_faults_wait_for_the_next(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait_on_fault = true};
	struct caller caller;

	listen_to_clients(&options);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	CHECK_STR(client_ask(&client, "D"), "OK");
	client_close(&client);
	CHECK_EQ(work().as.u64, 25);
	start_call(&caller, "faulty", 16);
	wait_until_it_waits();
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T0b");
	CHECK_STR(client_ask(&client, "k"), "X09");
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
}

static void an_abort_stops(void)
{
	struct caller caller;

	begin_session();
	start_call(&caller, "gives_up", 0);
	CHECK_CONTAINS(client_ask(&client, "c"), "T06");
	client_send(&client, "c");
	CHECK_STATUS(join_call(&caller), MOTE_GUEST_ABORT, &caller.error);
	CHECK_CONTAINS(caller.error.text, "no more");
}

/* ---- Leaving --------------------------------------------------------------------------------- */

static void the_next_client_finds_nothing_of_the_last(void)
{
	char before[9], after[9];

	work();
	listen_to_clients(NULL);
	client_connect(&client, sandbox);
	snprintf(before, sizeof(before), "%s", client_ask(&client, about_leaf("m", ",4")));
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	CHECK_STR(client_ask(&client, about_leaf("m", ",4")), before);
	client_close(&client);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	snprintf(after, sizeof(after), "%s", client_ask(&client, about_leaf("m", ",4")));
	CHECK_STR(after, before);
	client_send(&client, "c");
	CHECK_EQ(work().as.u64, 25);
}

/* A breakpoint is in the guest while the client vanishes from a run. */
static void a_client_vanishes_while_the_guest_runs(void)
{
	struct caller caller;

	begin_session();
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	start_call(&caller, "spin", 0);
	client_send(&client, "c");
	wait_until_it_runs();
	client_close(&client);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	CHECK_STR(client_ask(&client, "D"), "OK");
	while (!mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)))
		sched_yield();
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
}

static const char session_bytes[] =
	"+$qSupported:multiprocess+;swbreak+#c6+$?#3f+$g#67+$m10000,10#e1+$vCont?#49+$Hg0#df"
	"+$s#73+$s#73+$qXfer:features:read:target.xml:0,ffb#79+$qC#b4+$Z2,57000,8#c3+$z2,57000,8#e3"
	"+$p10#d1+$P0=0000000000000000#88+$vMustReplyEmpty#3a+$qOffsets#4b+$c#63\003+$?#3f+$D#44";

/* After each byte of a session. */
static void a_client_vanishes_at_each_byte(void)
{
	const size_t step = test_scale(50) < 50 || TEST_SANITIZED ? 7 : 1;

	work();
	listen_to_clients(NULL);
	for (size_t length = 0; length < sizeof(session_bytes); length += step) {
		client_open(&client, sandbox);
		client_send_bytes(&client, session_bytes, length);
		client_close(&client);
		CHECK_EQ(work().as.u64, 25);
	}
}

static void a_second_client_is_refused(void)
{
	struct client second = {.fd = -1};

	begin_session();
	client_open(&second, sandbox);
	CHECK(client_is_closed(&second));
	client_close(&second);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void a_killed_call_tells_its_client(void)
{
	struct caller caller;

	begin_session();
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	start_call(&caller, "work", 6);
	CHECK_CONTAINS(client_ask(&client, "c"), "T05");
	CHECK(mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)));
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
	CHECK_STR(client_ask(&client, "c"), "X09");
}

static void a_parked_sandbox_is_killed(void)
{
	work();
	begin_session();
	CHECK_STR(client_ask(&client, "vKill;1"), "OK");
	CHECK(client_is_closed(&client));
	CHECK_STATUS(fixture_try(sandbox, "spin", NULL, 0, NULL, &error), MOTE_POISONED, &error);
	CHECK_CONTAINS(error.text, "killed by the debugger");
}

static void destruction_tells_who_waits(void)
{
	work();
	begin_session();
	client_send(&client, "c");
	CHECK_EQ(work().as.u64, 25);
	mote_sandbox_destroy(sandbox);
	sandbox = NULL;
	CHECK_STR(client_receive(&client), "W00");
	CHECK(client_is_closed(&client));
}

static void a_held_sandbox_is_destroyed(void)
{
	work();
	begin_session();
	mote_sandbox_destroy(sandbox);
	sandbox = NULL;
	CHECK(client_is_closed(&client));
}

static void a_stopped_call_ends_when_its_sandbox_is_destroyed(void)
{
	struct caller caller;

	begin_session();
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	start_call(&caller, "work", 6);
	CHECK_CONTAINS(client_ask(&client, "c"), "T05");
	mote_sandbox_destroy(sandbox);
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
	sandbox = NULL;
	CHECK(client_is_closed(&client));
}

static void one_that_waits_for_a_client_is_destroyed(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	struct caller caller;

	listen_to_clients(&options);
	start_call(&caller, "work", 6);
	wait_until_it_waits();
	mote_sandbox_destroy(sandbox);
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
	sandbox = NULL;
}

/* ---- The end of listening --------------------------------------------------------------- */

static void a_call_that_waits_ends_when_listening_does(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	struct caller caller;

	listen_to_clients(&options);
	start_call(&caller, "work", 6);
	wait_until_it_waits();
	mote_sandbox_debug_close(sandbox);
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
}

static void a_call_that_would_wait_ends_too(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	struct caller caller;

	listen_to_clients(&options);
	mote_sandbox_debug_close(sandbox);
	mote_sandbox_debug_close(sandbox);
	start_call(&caller, "work", 6);
	CHECK_STATUS(join_call(&caller), MOTE_KILLED, &caller.error);
}

static void a_call_that_has_stopped_goes_on_when_listening_ends(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	struct caller caller;

	listen_to_clients(&options);
	start_call(&caller, "work", 6);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	mote_sandbox_debug_close(sandbox);
	CHECK_STATUS(join_call(&caller), MOTE_OK, &caller.error);
	CHECK_EQ(caller.result.as.u64, 25);
	CHECK(client_is_closed(&client));
	CHECK(mote_sandbox_get_debug_address(sandbox) != NULL);
	CHECK_EQ(work().as.u64, 25);
	CHECK_STATUS(client_listen(sandbox, NULL, &error), MOTE_BUSY, &error);
}

static void a_held_sandbox_is_let_go_when_listening_ends(void)
{
	work();
	begin_session();
	mote_sandbox_debug_close(sandbox);
	CHECK_EQ(work().as.u64, 25);
}

/* ---- More than one ---------------------------------------------------------------------- */

static void two_debuggers_of_two_sandboxes(void)
{
	mote_sandbox *first = sandbox;
	struct client second = {.fd = -1};

	work();
	listen_to_clients(NULL);
	client_connect(&client, first);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	sandbox = fixture_sandbox(engine, "debug_O0", NULL);
	listen_to_clients(NULL);
	client_connect(&second, sandbox);
	CHECK_CONTAINS(client_ask(&second, "?"), "T05");
	client_send(&second, "c");
	CHECK_EQ(work().as.u64, 25); /* while the first one is held */
	client_close(&second);
	mote_sandbox_destroy(sandbox);
	sandbox = first;
	CHECK_STR(client_ask(&client, "D"), "OK");
	CHECK_EQ(work().as.u64, 25);
}

static void a_forked_child_leaves_the_session_alone(void)
{
	pid_t child;

	test_need_fork();
	work();
	begin_session();
	child = fork();
	if (child == 0) {
		const bool refused =
			mote_sandbox_debug_listen(sandbox, NULL, &error) == MOTE_FORKED;

		mote_sandbox_destroy(sandbox);
		_exit(refused ? 0 : 1);
	}
	fixture_check_child(child);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	CHECK_STR(client_ask(&client, "D"), "OK");
	CHECK_EQ(work().as.u64, 25);
	client_close(&client);
	client_connect(&client, sandbox); /* it still listens */
}

/* ---- Hostile clients, and wrong use ---------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 16;
}

/* Beginnings of packets that mean something, and numbers that overflow. */
static void random_packet(uint64_t *seed, char packet[64])
{
	static const char *const begins[] = {"m",
					     "M",
					     "x",
					     "X",
					     "Z0,",
					     "Z2,",
					     "Z4,",
					     "z0,",
					     "z2,",
					     "g",
					     "G",
					     "p",
					     "P",
					     "qRcmd,",
					     "vFile:",
					     "Hg",
					     "qGetTLSAddr:",
					     "T",
					     "?",
					     "qXfer:auxv:read::",
					     "vCont;",
					     "c0",
					     "C0x"};
	static const char *const parts[] = {"0",
					    "ffffffffffffffff",
					    "8000000000000000",
					    ",",
					    ":",
					    "-1",
					    "7fffffff",
					    "57000",
					    ";",
					    "=",
					    "1",
					    "81000",
					    "10000",
					    "@",
					    "p1.1"};
	uint64_t bits = next_random(seed);
	size_t used = (size_t)snprintf(packet, 64, "%s", begins[bits % TEST_COUNT(begins)]);

	for (bits >>= 8; used < 40 && bits % 4 != 0; bits >>= 6)
		used += (size_t)snprintf(packet + used, 64 - used, "%s",
					 parts[bits / 4 % TEST_COUNT(parts)]);
}

static void random_packets_do_no_harm(void)
{
	const uint64_t count = test_scale(TEST_SANITIZED ? 2000 : 20000);
	struct caller caller;
	uint64_t seed = 7;
	char packet[64];

	work();
	begin_session();
	CHECK_STR(client_ask(&client, about_leaf("Z0,", ",1")), "OK");
	start_call(&caller, "work", 6);
	CHECK_CONTAINS(client_ask(&client, "c"), "T05");
	for (uint64_t i = 0; i < count; i++) {
		random_packet(&seed, packet);
		client_ask(&client, packet);
	}
	client_close(&client);
	join_call(&caller); /* who may set registers can make it fault, but nothing else */
	CHECK(caller.status == MOTE_OK || caller.status == MOTE_GUEST_FAULT ||
	      caller.status == MOTE_GUEST_ABORT);
	mote_sandbox_destroy(sandbox);
	sandbox = fixture_sandbox(engine, "debug_O0", NULL);
	CHECK_EQ(work().as.u64, 25);
}

static void check_listen(const char *address, mote_status expected, const char *says)
{
	mote_debug_options options = MOTE_DEBUG_OPTIONS_INIT;

	options.address = address;
	CHECK_STATUS(mote_sandbox_debug_listen(sandbox, &options, &error), expected, &error);
	CHECK_CONTAINS(error.text, says);
	CHECK(mote_sandbox_get_debug_address(sandbox) == NULL);
}

static void wrong_addresses_are_refused(void)
{
	check_listen("", MOTE_INVALID_ARGUMENT, "");
	check_listen("nowhere", MOTE_INVALID_ARGUMENT, "nowhere");
	check_listen("127.0.0.1:99999", MOTE_INVALID_ARGUMENT, "99999");
	check_listen("0.0.0.0:0", MOTE_INVALID_ARGUMENT, "0.0.0.0");
	if (test_on_posix()) {
		check_listen("unix:", MOTE_INVALID_ARGUMENT, "unix:");
		check_listen("unix:/nowhere/socket", MOTE_OS, "/nowhere/socket");
		check_listen("fd:1000,1000", MOTE_OS, "1000");
	} else {
		check_listen("unix:/nowhere/socket", MOTE_UNSUPPORTED, "unix:");
	}
	check_listen("fd:x", MOTE_INVALID_ARGUMENT, "fd:x");
	CHECK_EQ(work().as.u64, 25);
}

static void a_sandbox_listens_once(void)
{
	mote_debug_options options = MOTE_DEBUG_OPTIONS_INIT;

	CHECK(mote_sandbox_get_debug_address(sandbox) == NULL);
	listen_to_clients(NULL);
	CHECK_CONTAINS(mote_sandbox_get_debug_address(sandbox),
		       test_on_posix() ? "unix:/tmp/mote-debug-" : "127.0.0.1:");
	CHECK_STATUS(mote_sandbox_debug_listen(sandbox, &options, &error), MOTE_BUSY, &error);
	CHECK_STATUS(mote_sandbox_debug_listen(NULL, &options, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	options.size = 3;
	mote_sandbox_destroy(sandbox);
	sandbox = fixture_sandbox(engine, "debug_O0", NULL);
	CHECK_STATUS(mote_sandbox_debug_listen(sandbox, &options, &error), MOTE_INVALID_ARGUMENT,
		     &error);
}

static void sessions_leave_no_descriptor(void)
{
	size_t before = 0;

	for (unsigned i = 0; i < 5; i++) {
		if (i == 1)
			before = test_fd_count();
		listen_to_clients(NULL);
		client_connect(&client, sandbox);
		CHECK_CONTAINS(client_ask(&client, "?"), "T05");
		client_close(&client);
		mote_sandbox_destroy(sandbox);
		sandbox = fixture_sandbox(engine, "debug_O0", NULL);
	}
	CHECK_EQ(test_fd_count(), before);
}

#define SERVER_CASE(name) CASE_WITHIN(name, begin, end)

static const struct test_case cases[] = {
	SERVER_CASE(a_parked_sandbox_is_attached_to),
	SERVER_CASE(one_that_never_ran_is_attached_to),
	SERVER_CASE(a_running_call_is_attached_to),
	SERVER_CASE(a_call_waits_for_its_debugger),
	SERVER_CASE(the_debugger_may_be_there_first),
	SERVER_CASE(a_host_function_runs_to_its_end_first),
	SERVER_CASE(a_fault_stops_before_the_sandbox_is_poisoned),
	SERVER_CASE(after_a_change_the_guest_tries_again),
	SERVER_CASE(a_fault_waits_for_a_debugger),
	SERVER_CASE(a_kill_ends_the_waiting),
	SERVER_CASE(a_kill_ends_the_waiting_for_a_hold),
	SERVER_CASE(a_sandbox_is_destroyed_that_a_call_waits_for),
	SERVER_CASE(after_a_client_faults_wait_for_the_next),
	SERVER_CASE(an_abort_stops),
	SERVER_CASE(the_next_client_finds_nothing_of_the_last),
	SERVER_CASE(a_client_vanishes_while_the_guest_runs),
	SERVER_CASE(a_client_vanishes_at_each_byte),
	SERVER_CASE(a_second_client_is_refused),
	SERVER_CASE(a_killed_call_tells_its_client),
	SERVER_CASE(a_parked_sandbox_is_killed),
	SERVER_CASE(destruction_tells_who_waits),
	SERVER_CASE(a_held_sandbox_is_destroyed),
	SERVER_CASE(a_stopped_call_ends_when_its_sandbox_is_destroyed),
	SERVER_CASE(one_that_waits_for_a_client_is_destroyed),
	SERVER_CASE(a_call_that_waits_ends_when_listening_does),
	SERVER_CASE(a_call_that_would_wait_ends_too),
	SERVER_CASE(a_call_that_has_stopped_goes_on_when_listening_ends),
	SERVER_CASE(a_held_sandbox_is_let_go_when_listening_ends),
	SERVER_CASE(two_debuggers_of_two_sandboxes),
	SERVER_CASE(a_forked_child_leaves_the_session_alone),
	SERVER_CASE(random_packets_do_no_harm),
	SERVER_CASE(wrong_addresses_are_refused),
	SERVER_CASE(a_sandbox_listens_once),
	SERVER_CASE(sessions_leave_no_descriptor),
};

int main(int argc, char **argv)
{
	return test_main("debug_server", cases, TEST_COUNT(cases), argc, argv);
}
