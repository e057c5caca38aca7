/* SPDX-License-Identifier: Apache-2.0
 *
 * The ends that C knows, each as an abort with its own message.
 */
#include <assert.h>
#include <mote_guest.h>
#include <stdlib.h>
#include <unistd.h>

void abort(void)
{
	mote_abort("abort() called");
}

void exit(int status)
{
	mote_abort("exit(%d) called", status);
}

void _Exit(int status)
{
	mote_abort("_Exit(%d) called", status);
}

void _exit(int status)
{
	mote_abort("_exit(%d) called", status);
}

void __assert_fail(const char *condition, const char *file, unsigned int line, const char *function)
{
	mote_abort("%s:%u: %s: assertion `%s' failed", file, line, function, condition);
}
