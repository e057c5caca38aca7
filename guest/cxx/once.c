/* SPDX-License-Identifier: Apache-2.0
 *
 * pthread_once, for std::call_once: an exception may leave the function, which is then called again
 * the next time.  The linker sends calls to here (--wrap); compiled with tables for the unwinder.
 */
#include <mote_guest.h>
#include <pthread.h>

enum { INITIAL, RUNNING, DONE };

int __wrap_pthread_once(pthread_once_t *control, void (*function)(void));

static void give_up(pthread_once_t **running)
{
	if (**running == RUNNING)
		**running = INITIAL;
}

int __wrap_pthread_once(pthread_once_t *control, void (*function)(void))
{
	pthread_once_t *running __attribute__((cleanup(give_up))) = control;

	if (*running == RUNNING)
		mote_abort("deadlock: pthread_once waits for itself");
	if (*running == INITIAL) {
		*running = RUNNING;
		function();
		*running = DONE;
	}
	return 0;
}
