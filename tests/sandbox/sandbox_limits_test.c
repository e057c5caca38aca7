/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit that a system can set to a process, one after the other: a life with
 * all that the library does works there, or fails with a text that names the limit.
 * No limit ends the process, and none leaves something behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "fixture.h"
#include "sandbox/snapshot_internal.h"

enum { PAGE = 4096, BUFFER = 1 << 20, NOBODY = 65534 };
static const uint64_t MINUTE = 60000000000;

/* ---- A life -------------------------------------------------------------------------------- */

/* What a child tells; in memory that it shares with the test. */
struct outcome {
	mote_status status;
	char text[MOTE_ERROR_TEXT_BYTES];
	const char *step;
	size_t files_before, files_after;
};

static struct outcome *outcome;

struct life {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_buffer *buffer;
	mote_error error;
};

static bool went_well(struct life *life, const char *step, mote_status status)
{
	outcome->step = step;
	outcome->status = status;
	if (status != MOTE_OK)
		snprintf(outcome->text, sizeof(outcome->text), "%s", life->error.text);
	return status == MOTE_OK;
}

/* A call with data, so that host and guest touch the mailbox and the buffer. */
static mote_status call(struct life *life, uint64_t wall_ns)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	unsigned char *data = mote_buffer_get_data(life->buffer);
	const mote_value arguments[] = {mote_value_bytes(data, BUFFER), mote_value_u32(1)};
	mote_function fill;
	mote_status status;

	options.wall_ns = wall_ns;
	status = mote_sandbox_find(life->sandbox, "fill", NULL, &fill, &life->error);
	if (status == MOTE_OK)
		status = mote_sandbox_call(life->sandbox, fill, arguments, 2, &options, NULL,
					   &life->error);
	return status;
}

static void live_on(struct life *life, const void *image, size_t bytes)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	if (went_well(life, "sandbox",
		      mote_sandbox_create_from_bytes(life->engine, image, bytes, &options,
						     &life->sandbox, &life->error)) &&
	    went_well(life, "buffer",
		      mote_buffer_create(life->engine, BUFFER, &life->buffer, &life->error)) &&
	    went_well(life, "map",
		      mote_sandbox_map_buffer(life->sandbox, life->buffer, true, &life->error)) &&
	    went_well(life, "call", call(life, 0)))
		went_well(life, "deadline", call(life, MINUTE));
}

/* ---- The limits ---------------------------------------------------------------------------- */

struct row {
	const char *name;
	void (*lower)(void);	    /* before the engine is made; may be NULL */
	void (*lower_engine)(void); /* after that; may be NULL */
	const char *text;	    /* part of what is said; NULL: it has no effect */
	bool may_work;		    /* on some kernels */
	bool memory;		    /* sanitizers live on memory of their own */
};

static void set(int resource, rlim_t value)
{
	const struct rlimit limit = {value, value};

	if (setrlimit((__rlimit_resource_t)resource, &limit) != 0)
		_exit(3);
}

/* A column of /proc/self/statm, in bytes. */
static rlim_t memory_in_use(unsigned column)
{
	unsigned long pages[7] = {0};
	FILE *file = fopen("/proc/self/statm", "re");

	for (unsigned i = 0; file != NULL && i < 7; i++)
		if (fscanf(file, "%lu", &pages[i]) != 1)
			_exit(3);
	if (file != NULL)
		fclose(file);
	return (rlim_t)pages[column] * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void no_addresses(void)
{
	set(RLIMIT_AS, memory_in_use(0) + (4 << 20));
}

static void no_data(void)
{
	set(RLIMIT_DATA, 0);
}

static void no_cores(void)
{
	set(RLIMIT_CORE, 0);
}

static void no_large_files(void)
{
	set(RLIMIT_FSIZE, PAGE);
}

static void no_locks(void)
{
	set(RLIMIT_LOCKS, 0);
}

static void no_locked_memory(void)
{
	set(RLIMIT_MEMLOCK, 0);
}

static void no_queues(void)
{
	set(RLIMIT_MSGQUEUE, 0);
}

static void no_niceness(void)
{
	set(RLIMIT_NICE, 0);
}

static void no_files(void)
{
	set(RLIMIT_NOFILE, 3);
}

/* Whether engine, VM and vCPU are files; guest memory is one in either case. */
static bool has_files;

/* Descriptors for an engine and a sandbox, but for no buffer. */
static void few_files(void)
{
	const int lowest = dup(0), files = has_files ? 3 : 1;

	close(lowest);
	set(RLIMIT_NOFILE, (rlim_t)(lowest + files));
}

static void no_resident_memory(void)
{
	set(RLIMIT_RSS, PAGE);
}

static void no_priority(void)
{
	set(RLIMIT_RTPRIO, 0);
}

static void no_real_time(void)
{
	set(RLIMIT_RTTIME, 1);
}

static void no_pending_signals(void)
{
	set(RLIMIT_SIGPENDING, 0);
}

static void small_stack(void)
{
	set(RLIMIT_STACK, 64 << 10);
}

/* The process counts for a user who may have none; root and its capabilities would be exempt. */
static void no_processes(void)
{
	set(RLIMIT_NPROC, 0);
	if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
		_exit(3);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* /proc/self stays readable */
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};

	if (syscall(SYS_capset, &header, none) != 0)
		_exit(3);
}

/* All that is mapped from here on is locked. */
static void locked_memory(void)
{
	set(RLIMIT_MEMLOCK, 2 << 20);
	drop_capabilities();
	if (mlockall(MCL_FUTURE) != 0)
		_exit(3);
}

static void enter_group(void);

static const struct row rows[] = {
	{"RLIMIT_AS", no_addresses, NULL, "RLIMIT_AS", false, true},
	{"RLIMIT_CORE", no_cores, NULL, NULL, false, false},
	{"RLIMIT_DATA", no_data, NULL, "RLIMIT_DATA", false, true},
	{"RLIMIT_FSIZE", no_large_files, NULL, "RLIMIT_FSIZE", false, false},
	{"RLIMIT_LOCKS", no_locks, NULL, NULL, false, false},
	{"RLIMIT_MEMLOCK", no_locked_memory, NULL, NULL, false, false},
	{"RLIMIT_MEMLOCK with mlockall", locked_memory, NULL, "RLIMIT_MEMLOCK", false, true},
	{"RLIMIT_MSGQUEUE", no_queues, NULL, NULL, false, false},
	{"RLIMIT_NICE", no_niceness, NULL, NULL, false, false},
	{"RLIMIT_NOFILE", no_files, NULL, "RLIMIT_NOFILE", false, false},
	{"RLIMIT_NOFILE of a sandbox", few_files, NULL, "RLIMIT_NOFILE", false, false},
	{"RLIMIT_NPROC", NULL, no_processes, "RLIMIT_NPROC", false, false},
	{"RLIMIT_RSS", no_resident_memory, NULL, NULL, false, false},
	{"RLIMIT_RTPRIO", no_priority, NULL, NULL, false, false},
	{"RLIMIT_RTTIME", no_real_time, NULL, NULL, false, false},
	/* Some kernels let timers have signals above it. */
	{"RLIMIT_SIGPENDING", no_pending_signals, NULL, "RLIMIT_SIGPENDING", true, false},
	{"RLIMIT_STACK", small_stack, NULL, NULL, false, false},
	{"pids controller", enter_group, NULL, "pids.max", false, false},
	{"cpu controller", enter_group, NULL, NULL, false, false},
};

/* ---- Groups -------------------------------------------------------------------------------- */

static bool put(const char *folder, const char *name, const char *text)
{
	char path[256];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text));
	close(fd);
	return written == (ssize_t)strlen(text);
}

/* A group of a controller with one value set; "" when there can be none. */
static const char *make_group(const char *controller, const char *name, const char *value)
{
	static char path[128];
	const char *unified = "/tmp/mote-cgroup2";

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/mote-test-%d", controller, (int)getpid());
	if (mkdir(path, 0755) != 0 && test_in_bed(NULL)) {
		char enable[32];

		mkdir(unified, 0755);
		mount("cgroup2", unified, "cgroup2", 0, NULL);
		snprintf(enable, sizeof(enable), "+%s", controller);
		put(unified, "cgroup.subtree_control", enable);
		snprintf(path, sizeof(path), "%s/mote-test-%d", unified, (int)getpid());
		mkdir(path, 0755);
	}
	if (put(path, name, value))
		return path;
	rmdir(path);
	return "";
}

static const char *group;

static void enter_group(void)
{
	if (!put(group, "cgroup.procs", "0"))
		_exit(3);
}

static void remove_group(void)
{
	/* The kernel lets a child go a little later. */
	for (int i = 0; group != NULL && rmdir(group) != 0 && errno == EBUSY && i < 1000; i++)
		usleep(1000);
}

/* Makes the group that a row needs; false when this machine has none. */
static bool prepare_group(const struct row *row)
{
	group = NULL;
	if (strcmp(row->name, "pids controller") == 0)
		group = make_group("pids", "pids.max", "1");
	if (strcmp(row->name, "cpu controller") == 0) {
		group = make_group("cpu", "cpu.max", "20000 100000");
		if (group[0] == '\0')
			group = make_group("cpu", "cpu.cfs_quota_us", "20000");
	}
	return group == NULL || group[0] != '\0';
}

/* ---- Living under them --------------------------------------------------------------------- */

static void live_under(const struct row *row, const void *image, size_t bytes)
{
	struct life life = {.error = MOTE_ERROR_INIT};

	alarm((unsigned)test_slow(60)); /* what waits or spins for ever is killed */
	outcome->files_before = outcome->files_after = test_fd_count();
	if (row->lower != NULL)
		row->lower();
	if (went_well(&life, "engine", mote_engine_create(NULL, &life.engine, &life.error))) {
		if (row->lower_engine != NULL)
			row->lower_engine();
		live_on(&life, image, bytes);
	}
	mote_sandbox_destroy(life.sandbox);
	mote_buffer_release(life.buffer);
	mote_engine_release(life.engine);
	/* To look needs a descriptor, and memory. */
	if (row->text == NULL || strstr(row->name, "NPROC") != NULL)
		outcome->files_after = test_fd_count();
	fflush(stdout);
	_exit(0);
}

static void check_outcome(const struct row *row, int status)
{
	bool names = row->text != NULL && strstr(outcome->text, row->text) != NULL;
	bool kind = outcome->status == MOTE_LIMIT || outcome->status == MOTE_NO_MEMORY;
	bool works = outcome->status == MOTE_OK && (row->text == NULL || row->may_work);

	test_note("%s: %s, %s%s%s", row->name, outcome->step, mote_status_name(outcome->status),
		  outcome->status != MOTE_OK ? ": " : "", outcome->text);
	CHECK_EQ(status, 0);
	CHECK(works || (kind && names));
	CHECK_EQ(outcome->files_after, outcome->files_before);
}

static void share_outcome(void)
{
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	REQUIRE(outcome != MAP_FAILED);
}

static void unshare_outcome(void)
{
	munmap(outcome, sizeof(*outcome));
}

/* Simulated hypervisors have files and threads of their own, and not the answers of KVM. */
static bool is_the_simulators(const struct row *row)
{
	const char *name = getenv("MOTE_TEST_SIM");

	if (name == NULL || (strcmp(name, "mshv") != 0 && strcmp(name, "whp") != 0))
		return false;
	return strstr(row->name, "FSIZE") != NULL || strstr(row->name, "NPROC") != NULL ||
	       strstr(row->name, "pids") != NULL ||
	       (strcmp(name, "whp") == 0 && strstr(row->name, "NOFILE") != NULL);
}

static void try_row(const struct row *row, const void *image, size_t bytes)
{
	int status = -1;
	pid_t child;

	if (TEST_SANITIZED && row->memory) {
		test_note("%s: left out, the sanitizer needs memory itself", row->name);
		return;
	}
	if (is_the_simulators(row)) {
		test_note("%s: left out, the simulated hypervisor meets it itself", row->name);
		return;
	}
	if (!prepare_group(row)) {
		test_note("%s: left out, there is none here", row->name);
		return;
	}
	*outcome = (struct outcome){0};
	fflush(stdout);
	child = fork();
	if (child == 0)
		live_under(row, image, bytes);
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	check_outcome(row, status);
	remove_group();
}

static void each_limit_is_named_or_has_no_effect(void)
{
	size_t bytes;
	void *image;

	test_need_hypervisor();
	if (geteuid() != 0)
		SKIP("only root may set every limit");
	has_files = fixture_has_kick_signal(); /* the same ones */
	image = test_read_file(test_guest("buffers"), &bytes);
	for (size_t i = 0; i < TEST_COUNT(rows); i++)
		try_row(&rows[i], image, bytes);
	free(image);
}

/* ---- Processor time ------------------------------------------------------------------------ */

static void spin_past_the_limit(void)
{
	const struct rlimit second = {1, RLIM_INFINITY};
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	struct life life = {.error = MOTE_ERROR_INIT};
	mote_function spin;

	signal(SIGXCPU, SIG_IGN);
	setrlimit(RLIMIT_CPU, &second);
	options.cpu_ns = 1300000000;
	if (went_well(&life, "engine", mote_engine_create(NULL, &life.engine, &life.error)) &&
	    went_well(&life, "sandbox",
		      fixture_create(life.engine, "loops", NULL, &life.sandbox, &life.error)) &&
	    went_well(&life, "find",
		      mote_sandbox_find(life.sandbox, "spin", NULL, &spin, &life.error)))
		went_well(&life, "spin",
			  mote_sandbox_call(life.sandbox, spin, NULL, 0, &options, NULL,
					    &life.error));
	mote_sandbox_destroy(life.sandbox);
	mote_engine_release(life.engine);
	_exit(0);
}

static void the_signal_of_a_cpu_limit_is_the_applications(void)
{
	int status = -1;
	pid_t child;

	test_need_hypervisor();
	fflush(stdout);
	child = fork();
	if (child == 0)
		spin_past_the_limit();
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	CHECK_EQ(status, 0);
	CHECK_STATUS(outcome->status, MOTE_CPU_DEADLINE, NULL);
}

/* ---- vm.overcommit_memory=2 ---------------------------------------------------------------- */

static const char vm[] = "/proc/sys/vm";

static void strict(const char *kibibytes)
{
	if (!put(vm, "overcommit_kbytes", kibibytes) || !put(vm, "overcommit_memory", "2"))
		_exit(3);
}

static void ordinary(void)
{
	put(vm, "overcommit_memory", "0");
	put(vm, "overcommit_ratio", "50");
}

static const char PLENTY[] = "700000", NONE[] = "1";

/* A check in a child, which ends with it. */
#define NEED(condition) need(condition, #condition, __LINE__)

static void need(bool holds, const char *what, int line)
{
	if (holds)
		return;
	test_note("line %d, in the child: %s", line, what);
	fflush(stdout);
	_exit(1);
}

static void need_status(mote_status status, mote_status expected, const mote_error *error,
			const char *text)
{
	test_note("%s: %s", mote_status_name(status), status != MOTE_OK ? error->text : "");
	NEED(status == expected);
	NEED(text == NULL || strstr(error->text, text) != NULL);
}

/* An application's descriptor, which may only be read. */
static mote_buffer *import_constant(mote_engine *engine)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffer = NULL;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	NEED(ftruncate(fd, BUFFER) == 0);
	NEED(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE) == 0);
	need_status(mote_buffer_import(engine, fd, 0, BUFFER, &buffer, &error), MOTE_OK, &error,
		    NULL);
	return buffer;
}

/* What is made when there is no memory is refused. */
static void make_more(const struct life *life)
{
	static const char reason[] = "vm.overcommit_memory is 2";
	mote_image *image = mote_sandbox_get_image(life->sandbox);
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_buffer *buffer;

	need_status(mote_buffer_create(life->engine, BUFFER, &buffer, &error), MOTE_NO_MEMORY,
		    &error, reason);
	need_status(mote_sandbox_create(life->engine, image, NULL, &sandbox, &error),
		    MOTE_NO_MEMORY, &error, reason);
}

/* What was made while there was memory works when there is none. */
static void live_under_strict_overcommit(void)
{
	struct life life = {.error = MOTE_ERROR_INIT};
	const size_t length = 60000;
	void *text = calloc(1, length);
	const volatile char *constant;

	strict(PLENTY);
	memset(text, 1, length);
	life.engine = fixture_engine();
	life.sandbox = fixture_sandbox(life.engine, "buffers", NULL);
	need_status(mote_buffer_create(life.engine, BUFFER, &life.buffer, &life.error), MOTE_OK,
		    &life.error, NULL);
	constant = mote_buffer_get_data(import_constant(life.engine));
	strict(NONE);
	memset(mote_buffer_get_data(life.buffer), 1, BUFFER);
	for (size_t i = 0; i < BUFFER; i += PAGE)
		NEED(constant[i] == 0);
	NEED(CALL(life.sandbox, "sum", mote_value_bytes(text, length)).as.u64 == length);
	make_more(&life);
}

/* The mode changes after the engine was made: the guest's touch of a page that others may see
 * fails, and that is all. */
static void run_out_of_backing(void)
{
	struct life life = {.error = MOTE_ERROR_INIT};
	mote_value arguments[2];

	life.engine = fixture_engine();
	life.sandbox = fixture_sandbox(life.engine, "buffers", NULL);
	need_status(mote_buffer_create(life.engine, BUFFER, &life.buffer, &life.error), MOTE_OK,
		    &life.error, NULL);
	need_status(mote_sandbox_map_buffer(life.sandbox, life.buffer, true, &life.error), MOTE_OK,
		    &life.error, NULL);
	arguments[0] = mote_value_bytes(mote_buffer_get_data(life.buffer), BUFFER);
	arguments[1] = mote_value_u32(7);
	CALL(life.sandbox, "sum", mote_value_bytes("", 0));
	strict(NONE);
	need_status(fixture_try(life.sandbox, "fill", arguments, 2, NULL, &life.error),
		    MOTE_NO_MEMORY, &life.error, "the host has no memory for a page");
	NEED(mote_sandbox_is_poisoned(life.sandbox));
	mote_buffer_release(life.buffer);
	mote_sandbox_destroy(life.sandbox);
	mote_engine_release(life.engine);
}

static void in_the_bed(void (*act)(void))
{
	int status = -1;
	pid_t child;

	test_need_hypervisor();
	if (!test_in_bed(NULL))
		SKIP("vm.overcommit_memory is the whole machine's: only in an emulated one");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		act();
		fflush(stdout);
		_exit(0);
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	ordinary();
	CHECK_EQ(status, 0);
}

static bool is_simulated(const char *hypervisor)
{
	const char *simulated = getenv("MOTE_TEST_SIM");

	return simulated != NULL && strcmp(simulated, hypervisor) == 0;
}

static void strict_overcommit_reserves_what_is_touched(void)
{
	if (is_simulated("mshv") || is_simulated("whp"))
		SKIP("the simulated hypervisor touches the guest's memory itself");
	in_the_bed(live_under_strict_overcommit);
}

static void a_guest_that_runs_out_of_backing_is_told(void)
{
	if (is_simulated("whp"))
		SKIP("Windows commits all memory when it is made");
	in_the_bed(run_out_of_backing);
}

/* ---- The memory controller ------------------------------------------------------------------ */

static void touch_too_much(void)
{
	struct life life = {.error = MOTE_ERROR_INIT};

	enter_group();
	life.engine = fixture_engine();
	NEED(mote_buffer_create(life.engine, 256 << 20, &life.buffer, &life.error) == MOTE_OK);
	memset(mote_buffer_get_data(life.buffer), 1, 256 << 20);
	_exit(0);
}

/* What the kernel does to any program there: its OOM killer, and no SIGBUS. */
static void a_memory_group_is_the_kernels_affair(void)
{
	int status = -1;
	pid_t child;

	test_need_hypervisor();
	if (!test_in_bed(NULL))
		SKIP("a machine may stop where the OOM killer comes: only in an emulated one");
	group = make_group("memory", "memory.max", "67108864");
	if (group[0] == '\0')
		SKIP("this kernel has no memory controller");
	fflush(stdout);
	child = fork();
	if (child == 0)
		touch_too_much();
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	remove_group();
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGKILL);
}

/* ---- Core dumps ---------------------------------------------------------------------------- */

/* Whether core dumps leave out the mapping that an address is in. */
static bool is_left_out(const void *address)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	static char line[512];
	unsigned long begin, end;
	bool here = false, left_out = false;

	REQUIRE(file != NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			here = (uintptr_t)address - begin < end - begin;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			left_out = strstr(line, " dd") != NULL;
	}
	fclose(file);
	return left_out;
}

static void core_dumps_leave_guest_memory_out(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *hidden = fixture_sandbox(engine, "echo", NULL), *shown;
	mote_snapshot *snapshot;
	mote_buffer *buffer;

	REQUIRE_OK(mote_buffer_create(engine, BUFFER, &buffer, &error), &error);
	CHECK(is_left_out(hidden->ram.hva));
	CHECK(is_left_out(mote_buffer_get_data(buffer)));
	options.dump_guest_memory = true;
	shown = fixture_sandbox(engine, "echo", &options);
	CHECK(!is_left_out(shown->ram.hva));
	REQUIRE_OK(mote_snapshot_take(hidden, NULL, &snapshot, &error), &error);
	CHECK(is_left_out(snapshot->memory.hva));
	mote_snapshot_destroy(snapshot);
	REQUIRE_OK(mote_snapshot_take(shown, NULL, &snapshot, &error), &error);
	CHECK(!is_left_out(snapshot->memory.hva));
	mote_snapshot_destroy(snapshot);
	mote_buffer_release(buffer);
	mote_sandbox_destroy(shown);
	fixture_destroy(hidden, engine);
}

static const struct test_case cases[] = {
	CASE_WITHIN(each_limit_is_named_or_has_no_effect, share_outcome, unshare_outcome),
	CASE_WITHIN(the_signal_of_a_cpu_limit_is_the_applications, share_outcome, unshare_outcome),
	CASE(strict_overcommit_reserves_what_is_touched),
	CASE(a_guest_that_runs_out_of_backing_is_told),
	CASE(a_memory_group_is_the_kernels_affair),
	CASE(core_dumps_leave_guest_memory_out),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_limits", cases, TEST_COUNT(cases), argc, argv);
}
