/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest has no second thread that could cancel one.
 */
#include <errno.h>
#include <pthread.h>

int pthread_cancel(pthread_t thread)
{
	(void)thread;
	return ENOSYS;
}
