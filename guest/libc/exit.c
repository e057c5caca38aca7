/* SPDX-License-Identifier: Apache-2.0
 *
 * The ends that C knows, each as an abort with its own message.
 */
#include "program.h"
#include "shim.h"

#include <assert.h>
#include <mote_guest.h>
#include <stdlib.h>

#undef assert

void abort(void)
{
	mote_abort("abort() called");
}

void __assert_fail(const char *condition, const char *file, int line, const char *function)
{
	mote_abort("%s:%d: %s: assertion `%s' failed", file, line, function, condition);
}

long mote_libc_exit(int status)
{
	if (mote_libc_program_exit)
		mote_libc_program_exit(status);
	mote_abort("exit(%d) called", status);
}

long mote_libc_raise(int number)
{
	static const char names[][5] = {
		"",	"HUP",	"INT",	"QUIT", "ILL",	"TRAP", "ABRT", "BUS",
		"FPE",	"KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
		"STKF", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
		"XCPU", "XFSZ", "VTAL", "PROF", "WNCH", "IO",	"PWR",	"SYS",
	};

	mote_abort("signal %d (SIG%s) raised", number,
		   number > 0 && number < 32 ? names[number] : "?");
}
