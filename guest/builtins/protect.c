/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the stack protector ends.
 */
#include <mote_guest.h>

_Noreturn void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	mote_abort("stack smashing detected");
}
