/* SPDX-License-Identifier: Apache-2.0
 *
 * On macOS, which has nothing like it: a child of a case does not end with its parent.
 */
#ifndef MOTE_TEST_MACOS_PRCTL_H
#define MOTE_TEST_MACOS_PRCTL_H

enum { PR_SET_PDEATHSIG };

static inline int prctl(int option, int signal_number)
{
	(void)option;
	(void)signal_number;
	return 0;
}

#endif
