/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest with a function that is chosen at start, which nothing does in a guest.
 */
#include <mote_guest.h>

static int answer(void)
{
	return 42;
}

__attribute__((used)) static int (*choose(void))(void)
{
	return answer;
}

int chosen(void) __attribute__((ifunc("choose")));

MOTE_EXPORT(int32_t, check, (uint32_t, index))
{
	(void)index;
	return chosen();
}
