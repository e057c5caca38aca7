/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated /dev/mshv for MOTE_TEST_SIM, and what --wrap makes of two parts of the backend: the
 * kernel's version is that of the rules, and what its thread has still to close is counted.
 */
#include <pthread.h>
#include <unistd.h>

#include "hypervisor/backends/linux/linux_release.h"
#include "hypervisor/backends/mshv/mshv_internal.h"
#include "sim/mshv/mshv.h"
#include "sim/systems.h"

struct mote_linux_release __real_mote_linux_release(void);
struct mote_linux_release __wrap_mote_linux_release(void);

struct mote_linux_release __wrap_mote_linux_release(void)
{
	if (sim_wanted() != &sim_system_mshv)
		return __real_mote_linux_release();
	switch (sim_mshv_rules()->kernel) {
	case SIM_MSHV_6_15:
		return (struct mote_linux_release){6, 15};
	case SIM_MSHV_6_19:
		return (struct mote_linux_release){6, 19};
	default:
		return (struct mote_linux_release){7, 0};
	}
}

/* ---- What the thread of the backend has still to close -------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned given;	 /* and not closed yet; under the lock */
static pid_t of_process; /* a forked child does not have the thread */

/* A child that is forked finds it free. */
static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void prepare(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

static void count(int change)
{
	pthread_mutex_lock(&lock);
	if (of_process != getpid())
		given = 0;
	of_process = getpid();
	if (change > 0 || given > 0)
		given += (unsigned)change;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void settle(void)
{
	pthread_mutex_lock(&lock);
	while (given > 0 && of_process == getpid())
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

void __real_mote_mshv_reaper_give(struct mote_mshv_reaper *reaper,
				  const struct mote_mshv_remains *remains);
void __wrap_mote_mshv_reaper_give(struct mote_mshv_reaper *reaper,
				  const struct mote_mshv_remains *remains);
void __real_mote_mshv_bury(const struct mote_linux_device *system,
			   const struct mote_mshv_remains *remains);
void __wrap_mote_mshv_bury(const struct mote_linux_device *system,
			   const struct mote_mshv_remains *remains);

void __wrap_mote_mshv_reaper_give(struct mote_mshv_reaper *reaper,
				  const struct mote_mshv_remains *remains)
{
	count(1);
	__real_mote_mshv_reaper_give(reaper, remains);
}

void __wrap_mote_mshv_bury(const struct mote_linux_device *system,
			   const struct mote_mshv_remains *remains)
{
	__real_mote_mshv_bury(system, remains);
	count(-1);
}

static const struct mote_system *const *begin(void)
{
	sim_mshv_rules();
	return sim_mshv_systems();
}

const struct sim_system sim_system_mshv = {
	.name = "mshv",
	.backend = &mote_backend_mshv,
	.systems = begin,
	.settle = settle,
};
