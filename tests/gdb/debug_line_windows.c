/* SPDX-License-Identifier: Apache-2.0
 *
 * No emulated machine runs programs for Windows.
 */
#include "debug_line.h"

int debug_line_open(void)
{
	return -1;
}
