/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core has on both architectures: descriptors, memory, the life of vCPUs, and runs with
 * what ends them.
 */
#define _GNU_SOURCE /* SIGEV_THREAD_ID, SIGWINCH, gettid, sigtimedwait */
#include "sim/core/core_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A kick that is no real-time signal is never lost: there need be no room in the queue for it. */
enum { KICK = SIGWINCH, LOOK_NS = 50000000 };

/* ---- Descriptors --------------------------------------------------------------------------- */

/* A hypervisor's own descriptors are in no process: here they are above those of the program. */
enum { DESCRIPTORS = 65536, FIRST_OWN = 32768 };

static _Atomic size_t in_use, mapped;
static pthread_mutex_t limits = PTHREAD_MUTEX_INITIALIZER;

size_t sim_descriptors(void)
{
	return atomic_load(&in_use);
}

size_t sim_mappings(void)
{
	return atomic_load(&mapped);
}

static void before_fork(void)
{
	pthread_mutex_lock(&limits);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&limits);
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

/* As far as it may be raised. */
static struct rlimit raise_limit(void)
{
	struct rlimit before, high;

	getrlimit(RLIMIT_NOFILE, &before);
	high = before;
	if (high.rlim_cur < DESCRIPTORS)
		high.rlim_cur = DESCRIPTORS;
	if (high.rlim_max < high.rlim_cur)
		high.rlim_max = high.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &high) != 0) {
		high.rlim_cur = high.rlim_max = before.rlim_max;
		setrlimit(RLIMIT_NOFILE, &high);
	}
	return before;
}

static int move_up(int fd)
{
	const int above = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN);

	if (above < 0)
		return fd;
	close(fd);
	return above;
}

int sim_own_descriptor(int (*make)(void *user), void *user)
{
	struct rlimit limit;
	int fd, code;

	pthread_mutex_lock(&limits);
	limit = raise_limit();
	fd = make(user);
	code = errno;
	if (fd >= 0) {
		fd = move_up(fd);
		atomic_fetch_add(&in_use, 1);
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	pthread_mutex_unlock(&limits);
	errno = code;
	return fd;
}

void sim_close_descriptor(int fd)
{
	if (fd < 0)
		return;
	close(fd);
	atomic_fetch_sub(&in_use, 1);
}

void *sim_own_mapping(int fd, size_t bytes)
{
	void *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	atomic_fetch_add(&mapped, 1);
	return mapping;
}

void sim_close_mapping(void *mapping, size_t bytes)
{
	if (!mapping)
		return;
	munmap(mapping, bytes);
	atomic_fetch_sub(&mapped, 1);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static void ignore(int number)
{
	(void)number;
}

static int open_kvm(void *user)
{
	(void)user;
	return open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

struct vm_wanted {
	int kvm_fd;
	unsigned address_bits;
};

static int create_vm(void *user)
{
	const struct vm_wanted *wanted = user;

	return sim_arch_create_vm(wanted->kvm_fd, wanted->address_bits);
}

/* 0 or an error number. */
static int open_machine(struct sim_machine *machine, unsigned address_bits)
{
	struct vm_wanted wanted = {sim_own_descriptor(open_kvm, NULL), address_bits};
	int code = 0;

	if (wanted.kvm_fd < 0)
		return errno;
	machine->vm_fd = sim_own_descriptor(create_vm, &wanted);
	if (machine->vm_fd < 0)
		code = errno;
	machine->run_bytes = (size_t)ioctl(wanted.kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	sim_close_descriptor(wanted.kvm_fd);
	return code;
}

struct sim_machine *sim_machine_make(unsigned address_bits)
{
	struct sim_machine *machine = calloc(1, sizeof(*machine));
	int code;

	if (!machine)
		return NULL;
	machine->vm_fd = -1;
	pthread_mutex_init(&machine->lock, NULL);
	code = open_machine(machine, address_bits);
	if (code == 0)
		return machine;
	sim_machine_free(machine);
	errno = code;
	return NULL;
}

void sim_machine_free(struct sim_machine *machine)
{
	for (int i = 0; i < SIM_VCPUS; i++)
		if (machine->vcpus[i].run) {
			sim_close_mapping(machine->vcpus[i].run, machine->run_bytes);
			sim_close_descriptor(machine->vcpus[i].fd);
			free(machine->vcpus[i].registers);
		}
	sim_close_descriptor(machine->vm_fd);
	pthread_mutex_destroy(&machine->lock);
	free(machine);
}

static int put_slot(struct sim_machine *machine, const struct slot *slot, uint64_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = (uint32_t)(slot - machine->slots),
		.flags = slot->flags & SIM_WRITE ? 0 : KVM_MEM_READONLY,
		.guest_phys_addr = slot->gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)slot->hva,
	};

	if (slot->flags == 0)
		return 0;
	if (ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		return errno;
	machine->had_memory = true;
	return 0;
}

static int add_slot(struct sim_machine *machine, struct slot wanted)
{
	int code;

	for (struct slot *slot = machine->slots; slot < machine->slots + SIM_SLOTS; slot++) {
		if (slot->bytes != 0)
			continue;
		*slot = wanted;
		code = put_slot(machine, slot, slot->bytes);
		if (code != 0)
			slot->bytes = 0;
		return code;
	}
	return ENOSPC;
}

static bool overlap(const struct slot *slot, uint64_t gpa, uint64_t bytes)
{
	return slot->bytes != 0 && gpa < slot->gpa + slot->bytes && slot->gpa < gpa + bytes;
}

int sim_machine_map(struct sim_machine *machine, uint64_t gpa, void *hva, uint64_t bytes,
		    unsigned flags)
{
	for (const struct slot *slot = machine->slots; slot < machine->slots + SIM_SLOTS; slot++)
		if (overlap(slot, gpa, bytes))
			return EEXIST;
	return add_slot(machine, (struct slot){gpa, bytes, hva, flags});
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Takes a range out of a slot, and puts back what is left of it. */
static int cut(struct sim_machine *machine, struct slot *slot, uint64_t begin, uint64_t end)
{
	const struct slot old = *slot;
	int code = put_slot(machine, slot, 0);

	if (code != 0)
		return code;
	slot->bytes = 0;
	if (old.gpa < begin)
		code = add_slot(machine,
				(struct slot){old.gpa, begin - old.gpa, old.hva, old.flags});
	if (code == 0 && end < old.gpa + old.bytes)
		code = add_slot(machine, (struct slot){end, old.gpa + old.bytes - end,
						       old.hva + (end - old.gpa), old.flags});
	return code;
}

/* 0, or ENOENT: a part of the range is not mapped. */
static int check_mapped(const struct sim_machine *machine, uint64_t gpa, uint64_t bytes)
{
	uint64_t found = 0;

	for (const struct slot *slot = machine->slots; slot < machine->slots + SIM_SLOTS; slot++)
		if (overlap(slot, gpa, bytes))
			found += smaller(slot->gpa + slot->bytes, gpa + bytes) -
				 larger(slot->gpa, gpa);
	return found == bytes ? 0 : ENOENT;
}

int sim_machine_unmap(struct sim_machine *machine, uint64_t gpa, uint64_t bytes)
{
	int code = check_mapped(machine, gpa, bytes);

	return code == 0 ? sim_machine_clear(machine, gpa, bytes) : code;
}

int sim_machine_clear(struct sim_machine *machine, uint64_t gpa, uint64_t bytes)
{
	int code = 0;

	/* What is put back does not overlap, so the order of slots does not matter. */
	for (struct slot *slot = machine->slots; slot < machine->slots + SIM_SLOTS && code == 0;
	     slot++)
		if (overlap(slot, gpa, bytes))
			code = cut(machine, slot, larger(gpa, slot->gpa),
				   smaller(gpa + bytes, slot->gpa + slot->bytes));
	return code;
}

int sim_machine_protect(struct sim_machine *machine, uint64_t gpa, uint64_t bytes, unsigned flags)
{
	int code = check_mapped(machine, gpa, bytes);

	for (struct slot *slot = machine->slots; slot < machine->slots + SIM_SLOTS && code == 0;
	     slot++) {
		const struct slot old = *slot;
		const uint64_t begin = larger(gpa, old.gpa);
		const uint64_t end = smaller(gpa + bytes, old.gpa + old.bytes);

		if (!overlap(slot, gpa, bytes) || old.flags == flags)
			continue;
		code = cut(machine, slot, begin, end);
		if (code == 0)
			code = add_slot(machine, (struct slot){begin, end - begin,
							       old.hva + (begin - old.gpa), flags});
	}
	return code;
}

const struct slot *sim_slot_at(const struct sim_machine *machine, uint64_t gpa)
{
	for (const struct slot *slot = machine->slots; slot < machine->slots + SIM_SLOTS; slot++)
		if (slot->bytes != 0 && gpa - slot->gpa < slot->bytes)
			return slot;
	return NULL;
}

void *sim_machine_host(const struct sim_machine *machine, uint64_t gpa)
{
	const struct slot *slot = sim_slot_at(machine, gpa);

	return slot ? slot->hva + (gpa - slot->gpa) : NULL;
}

/* ---- vCPUs --------------------------------------------------------------------------------- */

struct vcpu_wanted {
	int vm_fd;
	unsigned long index;
};

static int create_vcpu(void *user)
{
	const struct vcpu_wanted *wanted = user;

	return ioctl(wanted->vm_fd, KVM_CREATE_VCPU, wanted->index);
}

/* KVM's vCPUs end with their VM, so they are used again.  0 or an error number. */
static int open_vcpu(struct sim_machine *machine, struct sim_vcpu *vcpu)
{
	struct vcpu_wanted wanted = {machine->vm_fd, (unsigned long)(vcpu - machine->vcpus)};
	struct kvm_run *run;

	if (vcpu->run)
		return 0;
	vcpu->machine = machine;
	vcpu->fd = sim_own_descriptor(create_vcpu, &wanted);
	if (vcpu->fd < 0)
		return errno;
	vcpu->registers = sim_arch_make_registers();
	run = vcpu->registers ? sim_own_mapping(vcpu->fd, machine->run_bytes) : NULL;
	if (!run) {
		free(vcpu->registers);
		sim_close_descriptor(vcpu->fd);
		return ENOMEM;
	}
	vcpu->run = run;
	return 0;
}

struct sim_vcpu *sim_vcpu_make(struct sim_machine *machine)
{
	struct sim_vcpu *vcpu = machine->vcpus;
	int code;

	while (vcpu < machine->vcpus + SIM_VCPUS && vcpu->used)
		vcpu++;
	if (vcpu == machine->vcpus + SIM_VCPUS) {
		errno = ENOSPC;
		return NULL;
	}
	code = open_vcpu(machine, vcpu);
	if (code == 0)
		code = sim_arch_reset(vcpu);
	if (code != 0) {
		errno = code;
		return NULL;
	}
	vcpu->used = true;
	atomic_store(&vcpu->cancelled, false);
	vcpu->run->immediate_exit = 0;
	vcpu->cpu_ns = 0;
	vcpu->traps_debug = false;
	return vcpu;
}

static void free_alarm(struct sim_vcpu *vcpu)
{
	if (vcpu->alarm_thread != 0)
		timer_delete(vcpu->alarm);
	vcpu->alarm_thread = 0;
}

void sim_vcpu_free(struct sim_vcpu *vcpu)
{
	free_alarm(vcpu);
	vcpu->used = false;
}

/* ---- The run ------------------------------------------------------------------------------- */

bool sim_finish(struct sim_vcpu *vcpu)
{
	bool goes_on;

	vcpu->run->immediate_exit = 1;
	sim_arch_forget(vcpu);
	goes_on = ioctl(vcpu->fd, KVM_RUN, 0) == 0;
	vcpu->run->immediate_exit = atomic_load(&vcpu->cancelled);
	return goes_on;
}

static uint64_t set_signals(uint64_t mask)
{
	uint64_t before = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof(mask));
	return before;
}

/* Not by the C library, which leaves its own unblocked. */
uint64_t sim_block_signals(void)
{
	return set_signals(~0ull);
}

void sim_restore_signals(uint64_t mask)
{
	set_signals(mask);
}

#define BIT_OF(signal) (1ull << ((signal)-1))

/* The signals that KVM leaves blocked: the caller's, as if it had entered KVM itself. */
static void give_mask(struct sim_vcpu *vcpu, const uint64_t *mask)
{
	union {
		struct kvm_signal_mask head;
		uint8_t bytes[sizeof(struct kvm_signal_mask) + sizeof(*mask)];
	} kernels = {.head.len = sizeof(*mask)};
	uint64_t given;

	if (!mask || (vcpu->has_mask && *mask == vcpu->mask))
		return;
	vcpu->mask = *mask;
	vcpu->has_mask = true;
	given = sim_arch_looks ? *mask & ~BIT_OF(KICK) : *mask;
	memcpy(kernels.head.sigset, &given, sizeof(given));
	ioctl(vcpu->fd, KVM_SET_SIGNAL_MASK, &kernels);
}

/* Takes the alarm's signal.  A kick of somebody else's stays. */
static void take_alarm(void)
{
	const struct timespec now = {0, 0};
	siginfo_t info;
	sigset_t kick;

	sigemptyset(&kick);
	sigaddset(&kick, KICK);
	if (sigtimedwait(&kick, &info, &now) == KICK && info.si_code != SI_TIMER)
		pthread_kill(pthread_self(), KICK);
}

static bool signal_waits(uint64_t mask)
{
	uint64_t waiting = 0;

	if (sim_arch_looks)
		take_alarm();
	syscall(SYS_rt_sigpending, &waiting, sizeof(waiting));
	return (waiting & ~mask) != 0;
}

/* Why KVM left the guest without an exit.  false: for nothing that ends the run. */
static bool interrupted(struct sim_vcpu *vcpu, const uint64_t *mask, struct sim_exit *exit)
{
	if (atomic_exchange(&vcpu->cancelled, false)) {
		*exit = (struct sim_exit){.kind = SIM_CANCELLED};
		return true;
	}
	if (mask && signal_waits(*mask)) {
		*exit = (struct sim_exit){.kind = SIM_SIGNAL};
		return true;
	}
	return sim_arch_looks && sim_arch_look(vcpu, exit);
}

/* Until an exit; ETIME: there was none. */
static int run_once(struct sim_vcpu *vcpu, const uint64_t *mask, struct sim_exit *exit)
{
	int code = sim_arch_prepare(vcpu);

	if (code == EINVAL)
		*exit = (struct sim_exit){.kind = SIM_REFUSED};
	if (code != 0)
		return code == EINVAL ? 0 : code;
	/* What a cancellation that has been seen has left there is gone, too. */
	pthread_mutex_lock(&vcpu->machine->lock);
	vcpu->run->immediate_exit = atomic_load(&vcpu->cancelled);
	pthread_mutex_unlock(&vcpu->machine->lock);
	sim_arch_forget(vcpu);
	code = ioctl(vcpu->fd, KVM_RUN, 0) == 0 ? 0 : errno;
	if (code == 0 && vcpu->run->exit_reason != KVM_EXIT_INTR) {
		sim_arch_decode(vcpu, exit);
		return 0;
	}
	if (code != 0 && code != EINTR && code != EAGAIN)
		return code;
	return interrupted(vcpu, mask, exit) ? 0 : ETIME;
}

static void set_running(struct sim_vcpu *vcpu, bool running)
{
	pthread_mutex_lock(&vcpu->machine->lock);
	vcpu->thread = pthread_self();
	atomic_store(&vcpu->running, running);
	pthread_mutex_unlock(&vcpu->machine->lock);
}

/* An alarm of this thread's, so that what KVM does not tell is looked at.  Where the process may
 * have no timer there is none. */
static void make_alarm(struct sim_vcpu *vcpu)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = KICK};

	if (vcpu->alarm_thread == gettid())
		return;
	free_alarm(vcpu);
	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &vcpu->alarm) == 0)
		vcpu->alarm_thread = gettid();
}

static void set_alarm(const struct sim_vcpu *vcpu, long nanoseconds)
{
	const struct itimerspec often = {.it_value.tv_nsec = nanoseconds,
					 .it_interval.tv_nsec = nanoseconds};

	if (vcpu->alarm_thread != 0)
		timer_settime(vcpu->alarm, 0, &often, NULL);
}

static uint64_t thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void handle_kicks(void)
{
	const struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_ONSTACK};

	sigaction(KICK, &action, NULL);
}

int sim_vcpu_run(struct sim_vcpu *vcpu, const uint64_t *mask, struct sim_exit *exit)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const uint64_t begin = thread_ns();
	int code;

	if (!mask || sim_arch_looks)
		pthread_once(&once, handle_kicks);
	if (sim_arch_looks)
		make_alarm(vcpu);
	give_mask(vcpu, mask);
	set_running(vcpu, true);
	set_alarm(vcpu, LOOK_NS);
	do
		code = run_once(vcpu, mask, exit);
	while (code == ETIME);
	set_alarm(vcpu, 0);
	if (mask && sim_arch_looks)
		take_alarm();
	set_running(vcpu, false);
	vcpu->cpu_ns += thread_ns() - begin;
	return code;
}

uint64_t sim_vcpu_cpu_ns(const struct sim_vcpu *vcpu)
{
	return vcpu->cpu_ns;
}

void sim_vcpu_cancel(struct sim_vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->machine->lock);
	atomic_store(&vcpu->cancelled, true);
	vcpu->run->immediate_exit = 1;
	if (atomic_load(&vcpu->running))
		pthread_kill(vcpu->thread, KICK);
	pthread_mutex_unlock(&vcpu->machine->lock);
}
