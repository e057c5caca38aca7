/* SPDX-License-Identifier: Apache-2.0
 *
 * The second serial line of an emulated machine.
 */
#ifndef MOTE_TEST_DEBUG_LINE_H
#define MOTE_TEST_DEBUG_LINE_H

/* The line that MOTE_BED_LINE names, without echo and translation of bytes; -1: there is none. */
int debug_line_open(void);

#endif
