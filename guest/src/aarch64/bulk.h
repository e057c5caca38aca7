/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving many bytes by the processor's own instructions: only the newest have them (FEAT_MOPS), so
 * nothing is that many.
 */
#ifndef MOTE_BULK_H
#define MOTE_BULK_H

#include <stddef.h>
#include <stdint.h>

static const size_t BULK_BYTES = SIZE_MAX;

static inline void copy_bulk(void *to, const void *from, size_t words)
{
	(void)to, (void)from, (void)words;
}

static inline void fill_bulk(void *to, unsigned long long word, size_t words)
{
	(void)to, (void)word, (void)words;
}

#endif
