/* SPDX-License-Identifier: Apache-2.0
 *
 * A job of a real library.  Its object files are linked twice: to a guest (guest.c) and to a
 * program of this machine (native.c).
 */
#ifndef BENCH_REAL_H
#define BENCH_REAL_H

#include <stddef.h>
#include <stdint.h>

/* Does the job once, from nothing: what it allocates it frees.  Returns a checksum, or 0. */
uint64_t real_job(void);

/* What the job reads, if it reads anything (input.S). */
extern const unsigned char real_input[], real_input_end[];

/* Fills in what looks like text, the same each time. */
void real_text(unsigned char *to, size_t bytes);

/* A checksum of bytes. */
uint64_t real_sum(const unsigned char *data, size_t bytes);

#endif
