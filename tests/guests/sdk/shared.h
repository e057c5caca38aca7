/* SPDX-License-Identifier: Apache-2.0
 *
 * What first.c and second.c share.
 */
#ifndef SHARED_H
#define SHARED_H

#include <mote_guest.h>

MOTE_IMPORT(uint32_t, used_by_both, (uint32_t, v))
MOTE_IMPORT(void, used_by_none, (mote_string, text))

uint32_t twice(uint32_t v);
uint32_t from_first(uint32_t v);

#endif
