/* SPDX-License-Identifier: Apache-2.0
 *
 * Included in front of every source file of the library, which is compiled with
 * hidden visibility: what the public headers declare is visible, all else hidden.
 * _GNU_SOURCE stands here because a feature macro counts only before the first
 * header of the C library.
 */
#ifndef MOTE_VISIBILITY_H
#define MOTE_VISIBILITY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#pragma GCC visibility push(default)
#include <mote/mote.h>
#pragma GCC visibility pop

#endif
