/* SPDX-License-Identifier: Apache-2.0
 *
 * For C++ in front of musl's <pthread.h>: glibc has functions that wait by a clock of choice,
 * which the headers of libstdc++ were configured to use, and musl has not.
 */
#include_next <pthread.h>

#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
#undef _GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK
#undef _GLIBCXX_USE_PTHREAD_RWLOCK_CLOCKLOCK
