/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: neither exports nor imports.
 */
#include <mote_guest.h>

extern int nothing;
int nothing;
