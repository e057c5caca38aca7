/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated /dev/mshv's own rules: what the real one does and other tests take for granted.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, strsignal */
#include "sim/mshv/mshv_simulator.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/core/core.h"

const struct mote_linux_device *sim;
int device, partition, vp;
uint8_t *memory;
struct mote_mshv_message message;

/* ---- Helpers --------------------------------------------------------------------------------- */

void begin_rules(void)
{
	sim = (const struct mote_linux_device *)sim_mshv_systems()[0];
	*sim_mshv_rules() = (struct sim_mshv_rules){.kernel = SIM_MSHV_7_0};
	device = partition = vp = -1;
	memory = mmap(NULL, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(memory != MAP_FAILED);
}

void begin_device(void)
{
	begin_rules();
	if (access("/dev/kvm", R_OK | W_OK) != 0)
		test_missing("no hypervisor: /dev/kvm");
	device = sim->open(sim, "/dev/mshv");
	REQUIRE(device >= 0);
}

int request(int fd, unsigned long number, void *argument)
{
	return sim->ioctl(sim, fd, number, argument);
}

int create_partition(void)
{
	struct mote_mshv_create_partition create = {0};

	return request(device, MOTE_MSHV_CREATE_PARTITION, &create);
}

void begin_partition(void)
{
	begin_device();
	partition = create_partition();
	REQUIRE(partition >= 0);
}

int set_memory(uint64_t gpa, uint64_t bytes, void *hva, unsigned flags)
{
	struct mote_mshv_memory region = {
		.bytes = bytes,
		.frame = gpa >> MOTE_HYPERV_FRAME_SHIFT,
		.address = (uintptr_t)hva,
		.flags = (uint8_t)flags,
	};

	return request(partition, MOTE_MSHV_SET_GUEST_MEMORY, &region);
}

void begin_vp(void)
{
	const unsigned all = MOTE_MSHV_MEMORY_WRITABLE | MOTE_MSHV_MEMORY_EXECUTABLE;
	uint32_t index = 0;

	begin_partition();
	REQUIRE_EQ(request(partition, MOTE_MSHV_INITIALIZE_PARTITION, NULL), 0);
	vp = request(partition, MOTE_MSHV_CREATE_VP, &index);
	REQUIRE(vp >= 0);
	REQUIRE_EQ(set_memory(0, READ_ONLY, memory, all), 0);
	REQUIRE_EQ(set_memory(READ_ONLY, PAGE, memory + READ_ONLY, 0), 0);
	REQUIRE_EQ(set_memory(TABLES, NOWHERE - TABLES, memory + TABLES, all), 0);
}

void end(void)
{
	if (vp >= 0)
		CHECK_EQ(sim->close(sim, vp), 0);
	if (partition >= 0)
		CHECK_EQ(sim->close(sim, partition), 0);
	if (device >= 0)
		CHECK_EQ(sim->close(sim, device), 0);
	munmap(memory, MEMORY_PAGES * PAGE);
	CHECK_EQ(sim_mshv_partitions(), 0);
	CHECK_EQ(sim_descriptors(), 0);
	CHECK_EQ(sim_mappings(), 0);
}

int call(int fd, uint16_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	struct mote_mshv_hypercall hypercall = {
		.code = code,
		.in_bytes = (uint16_t)in_bytes,
		.out_bytes = (uint16_t)out_bytes,
		.in = (uintptr_t)in,
		.out = (uintptr_t)out,
	};
	const int result = request(fd, MOTE_MSHV_ROOT_HVCALL, &hypercall);

	return hypercall.status != 0 ? hypercall.status : result;
}

int set_property(uint32_t code, uint64_t value)
{
	const struct mote_mshv_property in = {.code = code, .value = value};

	return call(partition, MOTE_MSHV_CALL_SET_PROPERTY, &in, sizeof(in), NULL, 0);
}

int get_property(int fd, uint32_t code, uint64_t *value)
{
	const struct mote_mshv_property in = {.code = code};

	return call(fd, MOTE_MSHV_CALL_GET_PROPERTY, &in, 16, value, sizeof(*value));
}

/* Of one register, which may take no step at first; a status. */
static int repeat(struct mote_mshv_hypercall *hypercall)
{
	while (request(vp, MOTE_MSHV_ROOT_HVCALL, hypercall) == -EAGAIN) {
		hypercall->status = 0;
		hypercall->count = 1;
	}
	return hypercall->status;
}

int set_register(uint32_t name, struct mote_hyperv_value value)
{
	const struct {
		struct mote_mshv_registers head;
		struct mote_mshv_register one;
	} in = {.one = {.name = name, .value = value}};
	struct mote_mshv_hypercall hypercall = {
		.code = MOTE_MSHV_CALL_SET_REGISTERS,
		.count = 1,
		.in_bytes = sizeof(in),
		.in = (uintptr_t)&in,
	};

	return repeat(&hypercall);
}

int get_register(uint32_t name, struct mote_hyperv_value *value)
{
	const struct {
		struct mote_mshv_registers head;
		uint32_t name;
	} in = {.name = name};
	struct mote_mshv_hypercall hypercall = {
		.code = MOTE_MSHV_CALL_GET_REGISTERS,
		.count = 1,
		.in_bytes = sizeof(in.head) + sizeof(in.name),
		.out_bytes = sizeof(*value),
		.in = (uintptr_t)&in,
		.out = (uintptr_t)value,
	};

	return repeat(&hypercall);
}

void set(uint32_t name, uint64_t value)
{
	CHECK_EQ(set_register(name, (struct mote_hyperv_value){value, 0}), 0);
}

uint64_t get(uint32_t name)
{
	struct mote_hyperv_value value = {0, 0};

	CHECK_EQ(get_register(name, &value), 0);
	return value.low;
}

void put_code(const void *bytes, size_t count)
{
	memcpy(memory + CODE, bytes, count);
	__builtin___clear_cache((char *)memory + CODE, (char *)memory + CODE + count);
	set(program_counter, CODE);
}

const void *run_to(uint32_t type)
{
	REQUIRE_EQ(request(vp, MOTE_MSHV_RUN_VP, &message), 0);
	REQUIRE_EQ(message.type, type);
	return message.payload;
}

void check_violation(void (*breaks)(void), const char *says)
{
	char said[512] = "";
	size_t end = 0;
	int ends[2], status;
	ssize_t length;
	pid_t child;

	REQUIRE_EQ(pipe(ends), 0);
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		const struct rlimit none = {0, 0};

		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &none);
		dup2(ends[1], STDERR_FILENO);
		breaks();
		_exit(0);
	}
	close(ends[1]);
	while ((length = read(ends[0], said + end, sizeof(said) - 1 - end)) > 0)
		end += (size_t)length;
	close(ends[0]);
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK_CONTAINS(said, says);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void a_machine_may_have_no_device(void)
{
	sim_mshv_rules()->open_error = ENOENT;
	CHECK_EQ(sim->open(sim, "/dev/mshv"), -ENOENT);
}

static void other_files_are_the_systems(void)
{
	const int null = sim->open(sim, "/dev/null");

	REQUIRE(null >= 0);
	CHECK_EQ(request(null, MOTE_MSHV_RUN_VP, &message), -ENOTTY);
	CHECK_EQ(sim->close(sim, null), 0);
	CHECK_EQ(request(null, MOTE_MSHV_RUN_VP, &message), -EBADF);
}

static void each_kind_of_file_has_its_requests(void)
{
	CHECK_EQ(request(device, MOTE_MSHV_RUN_VP, &message), -ENOTTY);
	CHECK_EQ(request(device, MOTE_MSHV_SET_GUEST_MEMORY, &message), -ENOTTY);
	CHECK_EQ(request(partition, MOTE_MSHV_RUN_VP, &message), -ENOTTY);
	CHECK_EQ(request(partition, MOTE_MSHV_CREATE_PARTITION, &message), -ENOTTY);
	CHECK_EQ(request(vp, MOTE_MSHV_SET_GUEST_MEMORY, &message), -ENOTTY);
	CHECK_EQ(request(vp, 0xb8ff, &message), -ENOTTY);
}

static void descriptors_are_copied_and_replaced(void)
{
	const int copy = sim->duplicate(sim, vp), null = sim->open(sim, "/dev/null");
	struct pollfd polled = {.fd = copy, .events = POLLIN};
	struct stat status;

	REQUIRE(copy >= 0 && null >= 0);
	CHECK_EQ(fstat(copy, &status), 0);
	CHECK(poll(&polled, 1, 0) >= 0);
	put_store(NOWHERE);
	CHECK_EQ(request(copy, MOTE_MSHV_RUN_VP, &message), 0);
	CHECK_EQ(sim->replace(sim, copy, null), 0);
	CHECK_EQ(request(copy, MOTE_MSHV_RUN_VP, &message), -ENOTTY);
	CHECK_EQ(request(vp, MOTE_MSHV_RUN_VP, &message), 0);
	CHECK_EQ(sim->replace(sim, copy, vp), 0);
	CHECK_EQ(request(copy, MOTE_MSHV_RUN_VP, &message), 0);
	CHECK_EQ(sim->close(sim, null), 0);
	/* The copy is the last of the partition's. */
	CHECK_EQ(sim->close(sim, partition), 0);
	CHECK_EQ(sim->close(sim, vp), 0);
	CHECK_EQ(sim_mshv_partitions(), 1);
	vp = copy;
	partition = -1;
	CHECK_EQ(request(vp, MOTE_MSHV_RUN_VP, &message), 0);
}

static void the_simulators_descriptors_are_out_of_the_way(void)
{
	struct rlimit before, few;
	size_t left = 0;

	const int next = dup(vp); /* the lowest that is free */

	REQUIRE(next >= 0);
	close(next);
	REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)next;
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
	CHECK_EQ(create_partition(), -EMFILE);
	CHECK_EQ(sim->open(sim, "/dev/mshv"), -EMFILE);
	CHECK_EQ(sim->duplicate(sim, vp), -EMFILE);
	few.rlim_cur++;
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
	left = sim_descriptors();
	CHECK_EQ(sim->close(sim, create_partition()), 0);
	CHECK_EQ(sim_descriptors(), left);
	REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void use_in_child(void)
{
	int status;
	const pid_t child = fork();

	REQUIRE(child >= 0);
	if (child == 0) {
		const bool ran = request(vp, MOTE_MSHV_RUN_VP, &message) == 0;

		sim->close(sim, vp);
		sim->close(sim, partition);
		_exit((ran ? 1 : 0) + (sim_mshv_partitions() != 0 ? 2 : 0));
	}
	REQUIRE_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

static void a_child_has_descriptors_and_cannot_run(void)
{
	put_store(NOWHERE);
	use_in_child();
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
}

/* ---- The life of a partition ----------------------------------------------------------------- */

static int create_with(uint64_t flags, uint64_t isolation, uint16_t banks, uint8_t reserved)
{
	struct mote_mshv_create_partition create = {
		.flags = flags, .isolation = isolation, .feature_banks = banks};
	int fd;

	create.reserved[2] = reserved;
	fd = request(device, MOTE_MSHV_CREATE_PARTITION, &create);
	if (fd >= 0)
		sim->close(sim, fd);
	return fd < 0 ? fd : 0;
}

static void what_is_created_is_checked(void)
{
	const uint64_t features = MOTE_MSHV_PARTITION_FEATURES;

	CHECK_EQ(create_with(0, 0, 0, 0), 0);
	CHECK_EQ(create_with(0, 0, 77, 77), 0); /* version 1: nobody looks */
	CHECK_EQ(create_with(MOTE_MSHV_PARTITION_LAPIC, 0, 0, 0), 0);
	CHECK_EQ(create_with(1 << 6, 0, 0, 0), -EINVAL);
	CHECK_EQ(create_with(0, 1, 0, 0), -EINVAL);
	CHECK_EQ(create_with(features, 0, 2, 0), 0);
	CHECK_EQ(create_with(features, 0, 1, 0), -EINVAL);
	CHECK_EQ(create_with(features, 0, 2, 1), -EINVAL);
	sim_mshv_rules()->kernel = SIM_MSHV_6_15;
	CHECK_EQ(create_with(0, 0, 0, 0), 0);
	CHECK_EQ(create_with(features, 0, 2, 0), -EINVAL);
	CHECK_EQ(create_with(MOTE_MSHV_PARTITION_SMT, 0, 0, 0), -EINVAL);
}

static void nothing_comes_before_the_initialization(void)
{
	uint32_t index = 0;
	int second;

	CHECK_EQ(set_memory(0, PAGE, memory, 0), -EIO);
	CHECK_EQ(request(partition, MOTE_MSHV_CREATE_VP, &index), -EIO);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_UNKNOWN_MSR, 0),
		 MOTE_MSHV_INVALID_PARTITION_STATE);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_SYNTHETIC_FEATURES, 0), 0);
	CHECK_EQ(request(partition, MOTE_MSHV_INITIALIZE_PARTITION, NULL), 0);
	CHECK_EQ(request(partition, MOTE_MSHV_INITIALIZE_PARTITION, NULL), 0);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_SYNTHETIC_FEATURES, 0),
		 MOTE_MSHV_INVALID_PARTITION_STATE);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_UNKNOWN_MSR, 1), 0);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_UNKNOWN_MSR, 2), MOTE_MSHV_OUT_OF_RANGE);
	CHECK_EQ(set_property(0x77777, 0), MOTE_MSHV_UNKNOWN_PROPERTY);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_VENDOR, 0), MOTE_MSHV_UNKNOWN_PROPERTY);
	vp = request(partition, MOTE_MSHV_CREATE_VP, &index);
	CHECK(vp >= 0);
	CHECK_EQ(request(partition, MOTE_MSHV_CREATE_VP, &index), -EEXIST);
	index = 256;
	CHECK_EQ(request(partition, MOTE_MSHV_CREATE_VP, &index), -EINVAL);
	index = 255;
	second = request(partition, MOTE_MSHV_CREATE_VP, &index);
	CHECK(second >= 0);
	CHECK_EQ(sim->close(sim, second), 0);
	CHECK_EQ(request(partition, MOTE_MSHV_CREATE_VP, &index), -EEXIST);
}

static void a_vp_begins_suspended(void)
{
	CHECK_EQ(get(MOTE_MSHV_EXPLICIT_SUSPEND), 1);
	CHECK_EQ(get(MOTE_MSHV_INTERCEPT_SUSPEND), 0);
	put_store(NOWHERE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(get(MOTE_MSHV_EXPLICIT_SUSPEND), 0);
	CHECK_EQ(get(MOTE_MSHV_INTERCEPT_SUSPEND), 1);
}

static void properties_are_the_partitions_or_the_hosts(void)
{
	uint64_t value = 0;

	CHECK_EQ(get_property(partition, MOTE_MSHV_PROPERTY_ADDRESS_BITS, &value), 0);
	CHECK(value >= 36);
	CHECK_EQ(set_property(MOTE_MSHV_PROPERTY_TIME_FREEZE, 1), 0);
	CHECK_EQ(get_property(vp, MOTE_MSHV_PROPERTY_TIME_FREEZE, &value), 0);
	CHECK_EQ(value, 1);
	CHECK_EQ(get_property(device, MOTE_MSHV_PROPERTY_FEATURES_0, &value), 0);
	CHECK_EQ(get_property(device, MOTE_MSHV_PROPERTY_XSAVE_STATES, &value),
		 MOTE_MSHV_ACCESS_DENIED);
	CHECK_EQ(get_property(partition, 0x77777, &value), MOTE_MSHV_UNKNOWN_PROPERTY);
	sim_mshv_rules()->kernel = SIM_MSHV_6_15;
	CHECK_EQ(get_property(device, MOTE_MSHV_PROPERTY_FEATURES_0, &value), -ENOTTY);
	CHECK_EQ(get_property(partition, MOTE_MSHV_PROPERTY_FEATURES_0, &value), 0);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

enum { FREE = 0x10000 };

static void regions_are_whole_pages(void)
{
	struct mote_mshv_memory region = {PAGE, FREE / PAGE, (uintptr_t)memory, 1, {0}};

	CHECK_EQ(set_memory(FREE, 0, memory, 0), -EINVAL);
	CHECK_EQ(set_memory(FREE, 100, memory, 0), -EINVAL);
	CHECK_EQ(set_memory(FREE, PAGE, memory + 1, 0), -EINVAL);
	CHECK_EQ(set_memory(FREE, PAGE, memory, 8), -EINVAL);
	region.reserved[6] = 1;
	CHECK_EQ(request(partition, MOTE_MSHV_SET_GUEST_MEMORY, &region), -EINVAL);
}

static void regions_do_not_overlap(void)
{
	CHECK_EQ(set_memory(0, PAGE, memory, 0), -EEXIST);
	CHECK_EQ(set_memory(CODE, 2 * PAGE, memory, 0), -EEXIST);
	CHECK_EQ(set_memory(FREE, 2 * PAGE, memory, 1), 0);
	CHECK_EQ(set_memory(FREE + PAGE, PAGE, memory, 1), -EEXIST);
	CHECK_EQ(set_memory(FREE + 2 * PAGE, PAGE, memory, 1), 0);
}

static void a_region_is_unmapped_as_it_was_mapped(void)
{
	const unsigned unmap = MOTE_MSHV_MEMORY_UNMAP;

	REQUIRE_EQ(set_memory(FREE, 2 * PAGE, memory, 1), 0);
	CHECK_EQ(set_memory(FREE, PAGE, memory, unmap), -EINVAL);
	CHECK_EQ(set_memory(FREE + PAGE, PAGE, memory + PAGE, unmap), -EINVAL);
	CHECK_EQ(set_memory(FREE, 2 * PAGE, memory + PAGE, unmap), -EINVAL);
	CHECK_EQ(set_memory(FREE + 4 * PAGE, 2 * PAGE, memory, unmap), -EINVAL);
	CHECK_EQ(set_memory(FREE, 2 * PAGE, memory, unmap), 0);
	CHECK_EQ(set_memory(FREE, 2 * PAGE, memory, unmap), -EINVAL);
	CHECK_EQ(set_memory(FREE, 2 * PAGE, memory, 1), 0);
}

static void old_kernels_pin(void)
{
	uint8_t *other =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(other != MAP_FAILED);
	sim_mshv_rules()->kernel = SIM_MSHV_6_15;
	CHECK_EQ(set_memory(FREE, PAGE, memory + CODE, 1), -EEXIST);
	REQUIRE_EQ(mprotect(other + 2 * PAGE, PAGE, PROT_READ), 0);
	CHECK_EQ(set_memory(FREE, 4 * PAGE, other, 0), -EFAULT);
	CHECK_EQ(set_memory(FREE, 3 * PAGE, other, 1), -EFAULT);
	CHECK_EQ(set_memory(FREE, PAGE, other + 2 * PAGE, 0), -EFAULT);
	CHECK_EQ(set_memory(FREE, 2 * PAGE, other, 0), 0);
	CHECK_EQ(set_memory(FREE + 2 * PAGE, PAGE, other + 3 * PAGE, 1), 0);
	sim_mshv_rules()->kernel = SIM_MSHV_6_19;
	CHECK_EQ(set_memory(FREE + 4 * PAGE, PAGE, memory + CODE, 1), 0);
	CHECK_EQ(set_memory(FREE + 5 * PAGE, PAGE, other + 2 * PAGE, 0), 0);
	munmap(other, 4 * PAGE);
}

static void a_write_to_what_is_read_only_is_told_where_the_kernel_can(void)
{
	static const enum sim_mshv_kernel kernels[] = {SIM_MSHV_6_15, SIM_MSHV_7_0};

	for (size_t i = 0; i < TEST_COUNT(kernels); i++) {
		sim_mshv_rules()->kernel = kernels[i];
		memory[READ_ONLY] = 0x55;
		put_store(READ_ONLY);
		run_to(MOTE_MSHV_MESSAGE_GPA_INTERCEPT);
		CHECK_EQ(memory[READ_ONLY], 0x55);
	}
}

static void some_kernels_loop_at_such_a_write(void)
{
	sim_mshv_rules()->kernel = SIM_MSHV_6_19;
	put_store(READ_ONLY);
	begin_ringing();
	for (int i = 0; i < 5; i++)
		CHECK_EQ(request(vp, MOTE_MSHV_RUN_VP, &message), -EINTR);
	end_ringing();
	sim_mshv_rules()->kernel = SIM_MSHV_7_0;
	run_to(MOTE_MSHV_MESSAGE_GPA_INTERCEPT);
}

/* ---- Hypercalls ------------------------------------------------------------------------------ */

static int raw(int fd, struct mote_mshv_hypercall hypercall, uint16_t *status)
{
	const int result = request(fd, MOTE_MSHV_ROOT_HVCALL, &hypercall);

	*status = hypercall.status;
	return result;
}

static void the_driver_checks_hypercalls(void)
{
	uint64_t in[4] = {0}, out[2];
	const struct mote_mshv_hypercall good = {
		.code = MOTE_MSHV_CALL_GET_PROPERTY,
		.in_bytes = 16,
		.out_bytes = 8,
		.in = (uintptr_t)in,
		.out = (uintptr_t)out,
	};
	struct mote_mshv_hypercall bad = good;
	uint16_t status;

	in[1] = MOTE_MSHV_PROPERTY_ADDRESS_BITS;
	CHECK_EQ(raw(vp, good, &status), 0);
	bad.status = 1;
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	bad = good;
	bad.reserved[5] = 1;
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	bad = good;
	bad.in_bytes = 7;
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	bad.in_bytes = 4097;
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	bad = good;
	bad.out_bytes = 0;
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	bad = good;
	bad.code = 0x53; /* READ_GPA */
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	bad = good;
	bad.count = 1; /* it is not repeated */
	CHECK_EQ(raw(vp, bad, &status), -EINVAL);
	CHECK_EQ(status, MOTE_MSHV_INVALID_INPUT);
}

static void hypercalls_belong_to_files(void)
{
	const struct mote_mshv_property in = {.code = MOTE_MSHV_PROPERTY_UNKNOWN_MSR};
	const struct mote_mshv_intercept intercept = {.type = MOTE_MSHV_INTERCEPT_EXCEPTION,
						      .parameter = 3};
	const uint16_t set_code = MOTE_MSHV_CALL_SET_PROPERTY;

	CHECK_EQ(call(partition, set_code, &in, sizeof(in), NULL, 0), 0);
	CHECK_EQ(call(vp, set_code, &in, sizeof(in), NULL, 0), -EINVAL);
	CHECK_EQ(call(device, set_code, &in, sizeof(in), NULL, 0), -EINVAL);
	CHECK_EQ(call(device, MOTE_MSHV_CALL_INSTALL_INTERCEPT, &intercept, sizeof(intercept), NULL,
		      0),
		 -EINVAL);
}

static void ask_with_a_short_input(void)
{
	uint64_t in[2] = {0}, out[2];
	struct mote_mshv_hypercall hypercall = {.code = MOTE_MSHV_CALL_GET_CPUID,
						.count = 1,
						.in_bytes = sizeof(in),
						.out_bytes = sizeof(out),
						.in = (uintptr_t)in,
						.out = (uintptr_t)out};

	request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall);
}

static void ask_with_a_short_output(void)
{
	uint64_t in[3] = {0}, out[1];
	struct mote_mshv_hypercall hypercall = {.code = MOTE_MSHV_CALL_GET_REGISTERS,
						.count = 1,
						.in_bytes = sizeof(in),
						.out_bytes = sizeof(out),
						.in = (uintptr_t)in,
						.out = (uintptr_t)out};

	request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall);
}

static void resume_by_hand(void)
{
	set_register(MOTE_MSHV_EXPLICIT_SUSPEND, (struct mote_hyperv_value){0, 0});
}

static void what_would_be_punished_silently_ends_the_program(void)
{
	check_violation(ask_with_a_short_input, "GET_VP_CPUID_VALUES has 16 bytes of input");
	check_violation(ask_with_a_short_output, "GET_VP_REGISTERS has 8 bytes for its output");
	check_violation(resume_by_hand, "suspend register 0 is the driver's");
}

/* ---- Registers ------------------------------------------------------------------------------- */

enum { MANY = 6 };

/* General registers from the first on, by one call that may stop half way; the calls it took. */
static unsigned move_many(uint16_t code, uint64_t values[MANY])
{
	struct {
		struct mote_mshv_registers head;
		union {
			struct mote_mshv_register set[MANY];
			uint32_t get[MANY];
		} as;
	} in;
	struct mote_hyperv_value out[MANY];
	unsigned calls = 0;

	for (uint16_t done = 0; done < MANY; calls++) {
		const uint16_t left = (uint16_t)(MANY - done);
		const bool sets = code == MOTE_MSHV_CALL_SET_REGISTERS;
		struct mote_mshv_hypercall hypercall = {
			.code = code, .count = left, .in_bytes = sizeof(in), .in = (uintptr_t)&in};
		int result;

		memset(&in, 0, sizeof(in));
		for (uint16_t i = 0; i < left; i++) {
			const uint32_t name = 0x20000u + done + i;

			if (sets)
				in.as.set[i] = (struct mote_mshv_register){
					.name = name, .value = {values[done + i], 0}};
			else
				in.as.get[i] = name;
		}
		if (!sets) {
			hypercall.out = (uintptr_t)out;
			hypercall.out_bytes = (uint16_t)(left * sizeof(out[0]));
		}
		result = request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall);
		REQUIRE(result == 0 ||
			(result == -EAGAIN && hypercall.status == MOTE_MSHV_INSUFFICIENT_MEMORY));
		for (uint16_t i = 0; i < hypercall.count && !sets; i++)
			values[done + i] = out[i].low;
		done = (uint16_t)(done + hypercall.count);
	}
	return calls;
}

static void calls_stop_half_way_on_old_kernels(void)
{
	uint64_t set_to[MANY], got[MANY] = {0};

	sim_mshv_rules()->kernel = SIM_MSHV_6_15;
	sim_mshv_rules()->partial = 2;
	for (uint64_t round = 0; round < 4; round++) {
		unsigned calls = 0;

		for (uint64_t i = 0; i < MANY; i++)
			set_to[i] = 0x1000 * round + i;
		calls += move_many(MOTE_MSHV_CALL_SET_REGISTERS, set_to);
		calls += move_many(MOTE_MSHV_CALL_GET_REGISTERS, got);
		CHECK(calls > 2);
		CHECK_MEM(got, set_to, sizeof(got));
		set(program_counter, round); /* one register, which may take no step at first */
		CHECK_EQ(get(program_counter), round);
	}
	sim_mshv_rules()->kernel = SIM_MSHV_6_19;
	CHECK_EQ(move_many(MOTE_MSHV_CALL_SET_REGISTERS, set_to), 1);
}

static void a_bad_register_stops_the_call(void)
{
	struct {
		struct mote_mshv_registers head;
		struct mote_mshv_register set[3];
	} in = {.set = {{.name = 0x20000, .value = {7, 0}},
			{.name = 0x5ffff},
			{.name = 0x20001, .value = {8, 0}}}};
	struct mote_mshv_hypercall hypercall = {.code = MOTE_MSHV_CALL_SET_REGISTERS,
						.count = 3,
						.in_bytes = sizeof(in),
						.in = (uintptr_t)&in};

	set(0x20001, 1);
	CHECK_EQ(request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall), -EINVAL);
	CHECK_EQ(hypercall.status, MOTE_MSHV_INVALID_PARAMETER);
	CHECK_EQ(hypercall.count, 1);
	CHECK_EQ(get(0x20000), 7);
	CHECK_EQ(get(0x20001), 1);
	hypercall.status = 0;
	hypercall.count = 3;
	in.head.vp = 9;
	CHECK_EQ(request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall), -EINVAL);
	CHECK_EQ(hypercall.status, MOTE_MSHV_INVALID_VP);
	hypercall.status = 0;
	hypercall.count = 3;
	in.head.vp = 0;
	in.head.vtl = 1;
	CHECK_EQ(request(vp, MOTE_MSHV_ROOT_HVCALL, &hypercall), -EINVAL);
	CHECK_EQ(hypercall.status, MOTE_MSHV_INVALID_PARAMETER);
}

/* ---- Several --------------------------------------------------------------------------------- */

static void partitions_do_not_know_each_other(void)
{
	const int first_partition = partition, first_vp = vp;
	uint8_t *first_memory = memory;

	put_store(NOWHERE);
	set(0x20003, 33);
	memory = mmap(NULL, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(memory != MAP_FAILED);
	partition = create_partition();
	REQUIRE(partition >= 0);
	REQUIRE_EQ(request(partition, MOTE_MSHV_INITIALIZE_PARTITION, NULL), 0);
	vp = request(partition, MOTE_MSHV_CREATE_VP, &(uint32_t){0});
	REQUIRE(vp >= 0);
	REQUIRE_EQ(set_memory(0, NOWHERE, memory, 3), 0);
	CHECK_EQ(get(0x20003) == 33, 0);
	put_store(NOWHERE + PAGE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(sim->close(sim, vp), 0);
	CHECK_EQ(sim->close(sim, partition), 0);
	munmap(memory, MEMORY_PAGES * PAGE);
	partition = first_partition;
	vp = first_vp;
	memory = first_memory;
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(get(0x20003), 33);
}

/* A partition of its own on each thread, which must not see the others' registers. */
struct worker {
	pthread_t thread;
	uint8_t *page;
	uint32_t number;
	bool failed;
};

enum { WORKERS = 4 };

static bool worker_sets(int fd, uint32_t name, struct mote_hyperv_value value)
{
	const struct {
		struct mote_mshv_registers head;
		struct mote_mshv_register one;
	} in = {.one = {.name = name, .value = value}};
	struct mote_mshv_hypercall hypercall = {.code = MOTE_MSHV_CALL_SET_REGISTERS,
						.count = 1,
						.in_bytes = sizeof(in),
						.in = (uintptr_t)&in};

	return request(fd, MOTE_MSHV_ROOT_HVCALL, &hypercall) == 0;
}

static bool work_once(const struct worker *worker)
{
	struct mote_mshv_create_partition create = {0};
	struct mote_mshv_memory region = {PAGE, CODE / PAGE, (uintptr_t)worker->page, 3, {0}};
	const int own = request(device, MOTE_MSHV_CREATE_PARTITION, &create);
	struct mote_mshv_message got;
	uint64_t address = 0;
	bool done = own >= 0 && request(own, MOTE_MSHV_INITIALIZE_PARTITION, NULL) == 0 &&
		    request(own, MOTE_MSHV_SET_GUEST_MEMORY, &region) == 0;
	const int own_vp = done ? request(own, MOTE_MSHV_CREATE_VP, &(uint32_t){0}) : -1;

	done = own_vp >= 0 &&
	       set_up_store(own_vp, worker_sets, worker->page, NOWHERE + 8 * worker->number);
	for (int i = 0; i < 20 && done; i++)
		done = request(own_vp, MOTE_MSHV_RUN_VP, &got) == 0 &&
		       got.type == (uint32_t)MOTE_MSHV_MESSAGE_UNMAPPED_GPA;
	if (done)
		address = address_of(&got);
	if (own_vp >= 0)
		sim->close(sim, own_vp);
	if (own >= 0)
		sim->close(sim, own);
	return done && address == NOWHERE + 8 * worker->number;
}

static void *work(void *user)
{
	struct worker *worker = user;

	for (uint64_t i = 0; i < test_scale(20) && !worker->failed; i++)
		worker->failed = !work_once(worker);
	return NULL;
}

static void threads_have_their_own_partitions(void)
{
	struct worker workers[WORKERS];

	for (uint32_t i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.number = i, .page = memory + TABLES + i * PAGE};
		REQUIRE_EQ(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		CHECK(!workers[i].failed);
	}
}

static void begin_vp_with_code(void)
{
	begin_vp();
	begin_code();
}

#define WITH(what, function) CASE_WITHIN(function, begin_##what, end)

static const struct test_case cases[] = {
	WITH(rules, a_machine_may_have_no_device),
	WITH(rules, other_files_are_the_systems),
	WITH(vp, each_kind_of_file_has_its_requests),
	WITH(vp_with_code, descriptors_are_copied_and_replaced),
	WITH(vp, the_simulators_descriptors_are_out_of_the_way),
	WITH(vp_with_code, a_child_has_descriptors_and_cannot_run),
	WITH(device, what_is_created_is_checked),
	WITH(partition, nothing_comes_before_the_initialization),
	WITH(vp_with_code, a_vp_begins_suspended),
	WITH(vp, properties_are_the_partitions_or_the_hosts),
	WITH(vp, regions_are_whole_pages),
	WITH(vp, regions_do_not_overlap),
	WITH(vp, a_region_is_unmapped_as_it_was_mapped),
	WITH(vp, old_kernels_pin),
	WITH(vp_with_code, a_write_to_what_is_read_only_is_told_where_the_kernel_can),
	WITH(vp_with_code, some_kernels_loop_at_such_a_write),
	WITH(vp, the_driver_checks_hypercalls),
	WITH(vp, hypercalls_belong_to_files),
	WITH(vp, what_would_be_punished_silently_ends_the_program),
	WITH(vp, calls_stop_half_way_on_old_kernels),
	WITH(vp, a_bad_register_stops_the_call),
	WITH(vp_with_code, partitions_do_not_know_each_other),
	WITH(vp, threads_have_their_own_partitions),
};

int main(int argc, char **argv)
{
	static struct test_case all[128];
	size_t count = 0;

	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		all[count++] = cases[i];
	for (size_t i = 0; i < arch_case_count; i++)
		all[count++] = arch_cases[i];
	for (size_t i = 0; i < kick_case_count; i++)
		all[count++] = kick_cases[i];
	return test_main("mshv_simulator", all, count, argc, argv);
}
