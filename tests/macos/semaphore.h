/* SPDX-License-Identifier: Apache-2.0
 *
 * On macOS, whose <semaphore.h> has no semaphores without a name.
 */
#ifndef MOTE_TEST_MACOS_SEMAPHORE_H
#define MOTE_TEST_MACOS_SEMAPHORE_H

#include <errno.h>
#include <pthread.h>
#include <time.h>

typedef struct {
	pthread_mutex_t mutex;
	pthread_cond_t posted;
	unsigned value;
} sem_t;

static inline int sem_init(sem_t *semaphore, int shared, unsigned value)
{
	(void)shared;
	semaphore->value = value;
	return pthread_mutex_init(&semaphore->mutex, 0) != 0 ||
			       pthread_cond_init(&semaphore->posted, 0) != 0
		       ? -1
		       : 0;
}

static inline int sem_destroy(sem_t *semaphore)
{
	pthread_cond_destroy(&semaphore->posted);
	return pthread_mutex_destroy(&semaphore->mutex);
}

static inline int sem_post(sem_t *semaphore)
{
	pthread_mutex_lock(&semaphore->mutex);
	semaphore->value++;
	pthread_cond_signal(&semaphore->posted);
	return pthread_mutex_unlock(&semaphore->mutex);
}

/* end: NULL for ever. */
static inline int sem_timedwait(sem_t *semaphore, const struct timespec *end)
{
	int code = 0;

	pthread_mutex_lock(&semaphore->mutex);
	while (semaphore->value == 0 && code == 0)
		code = end != 0 ? pthread_cond_timedwait(&semaphore->posted, &semaphore->mutex, end)
				: pthread_cond_wait(&semaphore->posted, &semaphore->mutex);
	if (code == 0)
		semaphore->value--;
	pthread_mutex_unlock(&semaphore->mutex);
	errno = code != 0 ? code : errno;
	return code == 0 ? 0 : -1;
}

static inline int sem_wait(sem_t *semaphore)
{
	return sem_timedwait(semaphore, 0);
}

#endif
