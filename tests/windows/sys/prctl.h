/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows: for what only forked children do.
 */
#ifndef MOTE_TEST_WINDOWS_SYS_PRCTL_H
#define MOTE_TEST_WINDOWS_SYS_PRCTL_H

#include <signal.h>

enum { PR_SET_PDEATHSIG = 1 };

static inline int prctl(int what, unsigned long value)
{
	(void)what, (void)value;
	return -1;
}

#endif
