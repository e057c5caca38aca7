/* SPDX-License-Identifier: Apache-2.0
 *
 * Sandboxes and the process around them: threads, and a seccomp filter that allows
 * running the vCPU and nothing else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed_systems.h"
#include "expected.h"
#include "fixture.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
#include "sandbox/snapshot_internal.h"

/* ---- Threads ----------------------------------------------------------------------------- */

static void two_sandboxes_interleaved(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *a = fixture_sandbox(engine, "callbacks", NULL);
	mote_sandbox *b = fixture_sandbox(engine, "callbacks", NULL);

	for (uint32_t i = 0; i < test_scale(500); i++) {
		CHECK_EQ(CALL(a, "call_u32", mote_value_u32(i)).as.u32, i);
		CHECK_EQ(CALL(b, "call_u32", mote_value_u32(~i)).as.u32, ~i);
	}
	fixture_destroy(a, NULL);
	fixture_destroy(b, engine);
}

struct turn {
	mote_sandbox *sandbox;
	uint32_t result;
	mote_status status;
};

static void *take_turn(void *argument)
{
	struct turn *turn = argument;
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	mote_value result = mote_value_u32(0);

	turn->status = mote_sandbox_find(turn->sandbox, "count", NULL, &function, &error);
	if (turn->status == MOTE_OK)
		turn->status =
			mote_sandbox_call(turn->sandbox, function, NULL, 0, NULL, &result, &error);
	turn->result = result.as.u32;
	return NULL;
}

/* A sandbox may be called from any thread, also one that has just begun. */
static void moved_between_threads(void)
{
	mote_engine *engine = fixture_engine();
	struct turn turn = {.sandbox = fixture_sandbox(engine, "echo", NULL)};
	uint32_t calls = 0;

	for (uint64_t i = test_scale(100); i > 0; i--) {
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, take_turn, &turn) == 0);
		pthread_join(thread, NULL);
		CHECK_OK(turn.status, NULL);
		CHECK_EQ(turn.result, ++calls);
		CHECK_EQ(CALL0(turn.sandbox, "count").as.u32, ++calls);
	}
	fixture_destroy(turn.sandbox, engine);
}

/* The kick finds the thread that runs now. */
static void *spin_until_killed(void *argument)
{
	struct turn *turn = argument;
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;

	turn->status = mote_sandbox_find(turn->sandbox, "spin", NULL, &function, &error);
	if (turn->status == MOTE_OK)
		turn->status =
			mote_sandbox_call(turn->sandbox, function, NULL, 0, NULL, NULL, &error);
	return NULL;
}

static void killed_on_another_thread(void)
{
	mote_engine *engine = fixture_engine();
	struct turn turn = {.sandbox = fixture_sandbox(engine, "faults", NULL)};
	struct fixture_killer *killer;
	pthread_t thread;

	CALL0(turn.sandbox, "still_alive");
	killer = fixture_kill_later(turn.sandbox, 1000);
	REQUIRE(pthread_create(&thread, NULL, spin_until_killed, &turn) == 0);
	pthread_join(thread, NULL);
	fixture_killer_join(killer);
	CHECK_STATUS(turn.status, MOTE_KILLED, NULL);
	fixture_destroy(turn.sandbox, engine);
}

enum { THREADS = 8 };

struct worker {
	pthread_t thread;
	mote_engine *engine;
	mote_image *image;
	uint32_t number;
	uint32_t wrong;
};

static mote_status work_once(struct worker *worker, mote_error *error)
{
	mote_sandbox *sandbox = NULL;
	mote_function function;
	mote_value result;
	mote_status status =
		mote_sandbox_create(worker->engine, worker->image, NULL, &sandbox, error);

	if (status == MOTE_OK)
		status = mote_sandbox_find(sandbox, "add", "i64(i64,i64)", &function, error);
	for (int64_t i = 0; status == MOTE_OK && i < 20; i++) {
		const mote_value arguments[] = {mote_value_i64(worker->number), mote_value_i64(i)};

		status = mote_sandbox_call(sandbox, function, arguments, 2, NULL, &result, error);
		if (status == MOTE_OK && result.as.i64 != worker->number + i)
			status = MOTE_SIGNATURE;
	}
	mote_sandbox_destroy(sandbox);
	return status;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	mote_error error = MOTE_ERROR_INIT;

	for (uint64_t i = test_scale(20); i > 0; i--)
		if (work_once(worker, &error) != MOTE_OK)
			worker->wrong++;
	return NULL;
}

/* Each thread creates, calls and destroys its own, of one image and engine. */
static void eight_threads(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	struct worker workers[THREADS];
	mote_image *image;

	REQUIRE_OK(mote_image_open(engine, test_guest("echo"), &image, &error), &error);
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.engine = engine, .image = image, .number = 1000 * i};
		REQUIRE(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		CHECK_EQ(workers[i].wrong, 0);
	}
	mote_image_release(image);
	mote_engine_release(engine);
}

/* Used by two threads at once, which is a mistake: one of them is told so, nothing breaks. */
static void *call_often(void *argument)
{
	struct turn *turn = argument;

	for (uint64_t i = test_scale(2000); i > 0; i--) {
		take_turn(turn);
		if (turn->status != MOTE_OK && turn->status != MOTE_BUSY)
			break;
	}
	return NULL;
}

static void shared_by_mistake(void)
{
	mote_engine *engine = fixture_engine();
	struct turn one = {.sandbox = fixture_sandbox(engine, "echo", NULL)}, two = one;
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, call_often, &one) == 0);
	call_often(&two);
	pthread_join(thread, NULL);
	CHECK(one.status == MOTE_OK || one.status == MOTE_BUSY);
	CHECK(two.status == MOTE_OK || two.status == MOTE_BUSY);
	CHECK(!mote_sandbox_is_poisoned(one.sandbox));
	fixture_destroy(one.sandbox, engine);
}

/* ---- Seccomp ----------------------------------------------------------------------------- */

#define KVM_RUN_REQUEST 0xae80u

/* ioctl(anything, KVM_RUN or one more request), one more call, and the end of the process; anything
 * else is its end too. */
static int allow_only_runs_and(uint32_t request, uint32_t call)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EXPECTED_AUDIT_ARCH, 0, 8),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_RUN_REQUEST, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {TEST_COUNT(filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int allow_only_runs(void)
{
	return allow_only_runs_and(KVM_RUN_REQUEST, SYS_exit_group);
}

static void need_seccomp(void)
{
	test_need_plain_hypervisor();
	if (TEST_SANITIZED)
		SKIP("sanitizers make system calls of their own");
	if (fixture_backend() == MOTE_BACKEND_HVF)
		SKIP("seccomp is Linux's, and this hypervisor's calls are not");
	if (getenv("MOTE_TEST_SIM") != NULL)
		SKIP("the simulated hypervisor makes system calls of its own");
}

/* Warm: every buffer that grows has grown, and the thread's signal mask was looked at. */
static int warm_calls(uint64_t calls)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_function add, bytes, times;
	const mote_value numbers[] = {mote_value_i64(20), mote_value_i64(22)};
	const mote_value text = mote_value_bytes("some bytes", 10), seven = mote_value_u32(7);
	mote_engine *engine;
	mote_sandbox *echo, *callbacks;
	mote_value result;

	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK ||
	    fixture_create(engine, "echo", NULL, &echo, &error) != MOTE_OK ||
	    fixture_create(engine, "callbacks", NULL, &callbacks, &error) != MOTE_OK ||
	    mote_sandbox_find(echo, "add", NULL, &add, &error) != MOTE_OK ||
	    mote_sandbox_find(callbacks, "call_bytes", NULL, &bytes, &error) != MOTE_OK ||
	    mote_sandbox_find(callbacks, "call_times", NULL, &times, &error) != MOTE_OK ||
	    mote_sandbox_start(echo, NULL, &error) != MOTE_OK ||
	    mote_sandbox_call(callbacks, bytes, &text, 1, NULL, &result, &error) != MOTE_OK)
		return 1;
	if (allow_only_runs() != 0)
		return 2;
	for (uint64_t i = 0; i < calls; i++) {
		if (mote_sandbox_call(echo, add, numbers, 2, NULL, &result, &error) != MOTE_OK ||
		    result.as.i64 != 42)
			return 3;
		if (mote_sandbox_call(callbacks, bytes, &text, 1, NULL, &result, &error) !=
			    MOTE_OK ||
		    result.as.bytes.length != 10)
			return 4;
		if (mote_sandbox_call(callbacks, times, &seven, 1, NULL, &result, &error) !=
			    MOTE_OK ||
		    result.as.u32 != 7)
			return 5;
	}
	return 0;
}

static void calls_under_seccomp(void)
{
	pid_t child;

	need_seccomp();
	test_guest("echo"); /* leaves the case here, not in the child */
	child = fork();
	if (child == 0)
		_exit(warm_calls(1000));
	fixture_check_child(child);
}

/* What puts a vCPU back where guests cannot do it by themselves. */
static uint32_t restore_request(const mote_sandbox *sandbox)
{
	if (MOTE_ARCH_MACHINE == MOTE_MACHINE_AARCH64)
		return (uint32_t)MOTE_KVM_SET_ONE_REG;
	return sandbox->origin->snapshot->vcpu.gate.loads ? KVM_RUN_REQUEST
							  : (uint32_t)MOTE_KVM_SET_XSAVE;
}

/* Each call begins where the snapshot was taken.  Random numbers come 16 returns at a time. */
static int clean_calls(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_function count;
	mote_snapshot *snapshot;
	mote_engine *engine;
	mote_sandbox *echo;
	mote_value result;

	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK ||
	    fixture_create(engine, "echo", NULL, &echo, &error) != MOTE_OK ||
	    mote_sandbox_find(echo, "count", NULL, &count, &error) != MOTE_OK ||
	    mote_snapshot_take(echo, NULL, &snapshot, &error) != MOTE_OK ||
	    mote_sandbox_call(echo, count, NULL, 0, NULL, &result, &error) != MOTE_OK)
		return 1;
	if (allow_only_runs_and(restore_request(echo), SYS_getrandom) != 0)
		return 2;
	for (unsigned i = 0; i < 1000; i++) {
		if (mote_sandbox_restore(echo, snapshot, &error) != MOTE_OK)
			return 3;
		if (mote_sandbox_call(echo, count, NULL, 0, NULL, &result, &error) != MOTE_OK ||
		    result.as.u32 != 1)
			return 4;
	}
	return 0;
}

static void restores_under_seccomp(void)
{
	need_seccomp();
	test_guest("echo");
	CHECK_EQ(fixture_in_a_child(clean_calls), 0);
}

/* That filter does kill. */
static void seccomp_filter_works(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (allow_only_runs() == 0)
			getppid();
		_exit(0);
	}
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSYS);
}

static const struct test_case cases[] = {
	CASE(two_sandboxes_interleaved), CASE(moved_between_threads),
	CASE(killed_on_another_thread),	 CASE(eight_threads),
	CASE(shared_by_mistake),	 CASE(calls_under_seccomp),
	CASE(restores_under_seccomp),	 CASE(seccomp_filter_works),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_process", cases, TEST_COUNT(cases), argc, argv);
}
