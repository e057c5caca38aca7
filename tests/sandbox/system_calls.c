/* SPDX-License-Identifier: Apache-2.0
 *
 * A counter of system calls by seccomp's notification (seccomp_unotify(2)).  The
 * filter stays with its thread, so each measurement has a thread of its own.
 */
#define _GNU_SOURCE
#include "system_calls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

struct system_call_counter {
	atomic_ullong runs, cpu_clocks, clocks, alarms, masks, others, last_other;
	atomic_int listener; /* 0: not yet; negative errno: there is none */
	int over[2];	     /* a pipe: closed for writing when the thread is gone */
	uint32_t thread;     /* that is counted */
	void (*act)(struct system_call_counter *counter, void *user);
	void *user;
};

/* ---- The thread that counts --------------------------------------------------------------- */

static void count(struct system_call_counter *counter, const struct seccomp_data *data)
{
	switch (data->nr) {
	case SYS_ioctl:
		if ((uint32_t)data->args[1] == KVM_RUN)
			counter->runs++;
		else
			counter->others++;
		break;
	case SYS_clock_gettime:
		/* Negative: the CPU time of some thread. */
		if ((int32_t)data->args[0] < 0 || data->args[0] == CLOCK_THREAD_CPUTIME_ID)
			counter->cpu_clocks++;
		else
			counter->clocks++;
		break;
	case SYS_timer_settime:
		counter->alarms++;
		break;
	case SYS_rt_sigprocmask:
		counter->masks++;
		break;
	default:
		counter->last_other = (unsigned)data->nr;
		counter->others++;
	}
}

static void *count_all(void *user)
{
	struct system_call_counter *counter = user;
	struct seccomp_notif_resp response;
	struct seccomp_notif call;
	struct pollfd ready[] = {{.events = POLLIN}, {.fd = counter->over[0]}};

	while (!(ready[0].fd = atomic_load(&counter->listener)))
		sched_yield();
	while (!ready[1].revents) {
		/* Without a call, as when the thread has just ended, RECV would wait for ever. */
		if (poll(ready, 2, -1) <= 0 || !(ready[0].revents & POLLIN))
			continue;
		memset(&call, 0, sizeof(call));
		if (ioctl(ready[0].fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
			continue;
		if (call.pid == counter->thread)
			count(counter, &call.data);
		response = (struct seccomp_notif_resp){.id = call.id,
						       .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		ioctl(ready[0].fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

/* ---- The thread that is counted ----------------------------------------------------------- */

static int announce_all(void)
{
	struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
	const struct sock_fprog program = {TEST_COUNT(filter), filter};
	int listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return listener >= 0 ? listener : -errno;
}

static void *act_counted(void *user)
{
	struct system_call_counter *counter = user;
	int listener;

	counter->thread = (uint32_t)gettid();
	listener = announce_all();
	atomic_store(&counter->listener, listener);
	if (listener > 0)
		counter->act(counter, counter->user);
	return NULL;
}

void system_calls_of(void (*act)(struct system_call_counter *counter, void *user), void *user)
{
	struct system_call_counter counter = {.act = act, .user = user};
	pthread_t counting, counted;
	int listener;

	REQUIRE_EQ(pipe(counter.over), 0);
	REQUIRE_EQ(pthread_create(&counting, NULL, count_all, &counter), 0);
	REQUIRE_EQ(pthread_create(&counted, NULL, act_counted, &counter), 0);
	pthread_join(counted, NULL);
	/* The filter itself may live on, in a thread that KVM has made from this one. */
	close(counter.over[1]);
	pthread_join(counting, NULL);
	close(counter.over[0]);
	listener = atomic_load(&counter.listener);
	if (listener < 0)
		SKIP("seccomp gives no notifications here: %s", strerror(-listener));
	close(listener);
}

struct system_calls system_calls_take(struct system_call_counter *counter)
{
	return (struct system_calls){
		.runs = atomic_exchange(&counter->runs, 0),
		.cpu_clocks = atomic_exchange(&counter->cpu_clocks, 0),
		.clocks = atomic_exchange(&counter->clocks, 0),
		.alarms = atomic_exchange(&counter->alarms, 0),
		.masks = atomic_exchange(&counter->masks, 0),
		.others = atomic_exchange(&counter->others, 0),
		.last_other = atomic_load(&counter->last_other),
	};
}
