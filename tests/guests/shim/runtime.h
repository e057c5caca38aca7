/* SPDX-License-Identifier: Apache-2.0
 *
 * What the pretended runtime tells of itself.
 */
#ifndef SHIM_RUNTIME_H
#define SHIM_RUNTIME_H

#include <stddef.h>

enum { SHIM_HEAP_BYTES = 1 << 20 };

/* What the shim holds of the heap. */
extern size_t shim_blocks, shim_bytes;

#endif
