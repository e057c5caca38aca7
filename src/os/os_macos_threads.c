/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's own threads, on macOS: one that waits for an alarm.  It sleeps on a condition,
 * which is no file that the application could close, and no signal.  The time of
 * pthread_cond_timedwait_relative_np and that of mote_os_monotonic_ns both stand still while the
 * machine sleeps.
 */
#define _DARWIN_C_SOURCE
#include <pthread.h>
#include <pthread/qos.h>
#include <time.h>

#include "allocator.h"
#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_thread.h"
#include "os/posix/posix_own_threads.h"

static const uint64_t NS_PER_SECOND = 1000000000, LONGEST_SLEEP = 86400 * NS_PER_SECOND;

const char mote_posix_thread_limits[] =
	"the limit on threads of a process (kern.num_taskthreads) or of the system "
	"(kern.num_threads)";

/* Here a thread names itself only. */
void mote_posix_name_thread(pthread_t thread, const char *name)
{
	if (pthread_equal(thread, pthread_self()))
		(void)pthread_setname_np(name);
}

struct mote_os_watcher {
	const mote_allocator *allocator;
	const char *name;
	void (*on_alarm)(void *user);
	void *user;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t sooner; /* it must run earlier than it sleeps */
	/* Under the mutex. */
	uint64_t until_ns;
	bool stop;
};

/* The mutex is held.  Sleeping for too short a time does no harm. */
static void sleep_until(struct mote_os_watcher *watcher, uint64_t now_ns)
{
	uint64_t ns = watcher->until_ns - now_ns;
	struct timespec time;

	if (ns > LONGEST_SLEEP)
		ns = LONGEST_SLEEP;
	time = (struct timespec){(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
	(void)pthread_cond_timedwait_relative_np(&watcher->sooner, &watcher->mutex, &time);
}

static void *watcher_main(void *argument)
{
	struct mote_os_watcher *watcher = argument;

	mote_posix_name_thread(pthread_self(), watcher->name);
	/* It runs for microseconds, and others depend on it.  Its timer is not made late to save
	 * power. */
	(void)pthread_set_qos_class_self_np(QOS_CLASS_USER_INTERACTIVE, 0);
	pthread_mutex_lock(&watcher->mutex);
	while (!watcher->stop) {
		const uint64_t now_ns = mote_os_monotonic_ns();

		if (watcher->until_ns > now_ns) {
			sleep_until(watcher, now_ns);
			continue;
		}
		watcher->until_ns = MOTE_OS_FOREVER;
		pthread_mutex_unlock(&watcher->mutex);
		watcher->on_alarm(watcher->user);
		pthread_mutex_lock(&watcher->mutex);
	}
	pthread_mutex_unlock(&watcher->mutex);
	return NULL;
}

static void end(struct mote_os_watcher *watcher)
{
	pthread_cond_destroy(&watcher->sooner);
	pthread_mutex_destroy(&watcher->mutex);
}

static mote_status start(struct mote_os_watcher *watcher, mote_error *error)
{
	mote_status status;
	int code = pthread_mutex_init(&watcher->mutex, NULL);

	if (code != 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "pthread_mutex_init");
	code = pthread_cond_init(&watcher->sooner, NULL);
	if (code != 0) {
		pthread_mutex_destroy(&watcher->mutex);
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "pthread_cond_init");
	}
	status = mote_posix_start_thread(watcher->name, &watcher->thread, watcher_main, watcher,
					 error);
	if (status != MOTE_OK)
		end(watcher);
	return status;
}

mote_status mote_os_watcher_start(const mote_allocator *allocator, const char *name,
				  void (*on_alarm)(void *user), void *user,
				  struct mote_os_watcher **watcher, mote_error *error)
{
	struct mote_os_watcher *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	*created = (struct mote_os_watcher){
		.allocator = allocator,
		.name = name,
		.on_alarm = on_alarm,
		.user = user,
		.until_ns = MOTE_OS_FOREVER,
	};
	status = start(created, error);
	if (status == MOTE_OK)
		*watcher = created;
	else
		mote_release(allocator, created);
	return status;
}

/* A later time needs no wake-up: the thread sees it when it wakes for the one before. */
static void set(struct mote_os_watcher *watcher, uint64_t until_ns, bool stop)
{
	pthread_mutex_lock(&watcher->mutex);
	if (stop || until_ns < watcher->until_ns)
		pthread_cond_signal(&watcher->sooner);
	watcher->until_ns = until_ns;
	watcher->stop = stop;
	pthread_mutex_unlock(&watcher->mutex);
}

void mote_os_watcher_set(struct mote_os_watcher *watcher, uint64_t until_ns)
{
	set(watcher, until_ns, false);
}

void mote_os_watcher_stop(struct mote_os_watcher *watcher)
{
	if (watcher == NULL)
		return;
	set(watcher, 0, true);
	mote_posix_join_thread(watcher->thread);
	end(watcher);
	mote_release(watcher->allocator, watcher);
}

void mote_os_watcher_forget(struct mote_os_watcher *watcher)
{
	if (watcher != NULL)
		mote_release(watcher->allocator, watcher);
}
