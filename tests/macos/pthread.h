/* SPDX-License-Identifier: Apache-2.0
 *
 * On macOS: <pthread.h> with the barriers of POSIX, which it lacks.
 */
#ifndef MOTE_TEST_MACOS_PTHREAD_H
#define MOTE_TEST_MACOS_PTHREAD_H

#pragma GCC system_header /* what follows is no part of C */
#include_next <pthread.h>

enum { PTHREAD_BARRIER_SERIAL_THREAD = -1 };

typedef struct {
	pthread_mutex_t mutex;
	pthread_cond_t all_here;
	unsigned threads, waiting, round;
} pthread_barrier_t;

static inline int pthread_barrier_init(pthread_barrier_t *barrier, const void *attributes,
				       unsigned threads)
{
	(void)attributes;
	barrier->threads = threads;
	barrier->waiting = barrier->round = 0;
	return pthread_mutex_init(&barrier->mutex, 0) != 0 ||
	       pthread_cond_init(&barrier->all_here, 0) != 0;
}

static inline int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	unsigned round;
	int last;

	pthread_mutex_lock(&barrier->mutex);
	round = barrier->round;
	last = ++barrier->waiting == barrier->threads;
	if (last) {
		barrier->waiting = 0;
		barrier->round++;
		pthread_cond_broadcast(&barrier->all_here);
	}
	while (barrier->round == round)
		pthread_cond_wait(&barrier->all_here, &barrier->mutex);
	pthread_mutex_unlock(&barrier->mutex);
	return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

static inline int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	pthread_cond_destroy(&barrier->all_here);
	return pthread_mutex_destroy(&barrier->mutex);
}

#endif
