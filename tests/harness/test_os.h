/* SPDX-License-Identifier: Apache-2.0
 *
 * What the harness needs of an operating system to report crashes and hangs.  One implementation
 * is linked in: test_os_posix.c or test_os_windows.c.
 */
#ifndef MOTE_TEST_OS_H
#define MOTE_TEST_OS_H

#include <stdbool.h>

/*
 * Prepares the process, before it prints anything: standard output gets lines that end in \n alone.
 *
 * on_crash: called in a signal handler of ISO C when this process, not a child of it, is about to
 * die.  Under a sanitizer it is not: the sanitizer's own report says more.
 * on_hang: called when time is up, in a signal handler or on another thread; does not return.
 */
void test_os_start(void (*on_crash)(int signal_number), void (*on_hang)(void));

/* Time is up in this many seconds, unless another call comes before; 0: never. */
void test_os_limit(unsigned seconds);

/* Ends this process at once; in a signal handler, or on any thread. */
_Noreturn void test_os_end(int code);

/* Whether there are signals, and processes that are copies of others. */
extern const bool test_os_is_posix;

#endif
