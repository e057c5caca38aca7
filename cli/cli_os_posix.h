/* SPDX-License-Identifier: Apache-2.0
 *
 * What the POSIX systems do in different ways, for cli_os_posix*.c; cli_os_program_path beside it.
 */
#ifndef CLI_OS_POSIX_H
#define CLI_OS_POSIX_H

#include <pthread.h>
#include <stdint.h>

/* A condition for cli_os_condition_wait. */
void cli_os_condition_init(pthread_cond_t *condition);

/* Until the condition is signaled, or the monotonic clock shows end_ns: then it returns
 * ETIMEDOUT. */
int cli_os_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t end_ns);

#endif
