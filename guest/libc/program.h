/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shim does for a guest with main.  Weak: program.c is in such a guest alone, and for
 * another one these are NULL.
 */
#ifndef MOTE_LIBC_PROGRAM_H
#define MOTE_LIBC_PROGRAM_H

#include <stddef.h>

#define MOTE_LIBC_PROGRAM __attribute__((weak, visibility("hidden")))

/* Standard input; and stream 1 or 2, all of it. */
MOTE_LIBC_PROGRAM long mote_libc_program_read(void *to, size_t bytes);
MOTE_LIBC_PROGRAM long mote_libc_program_write(int stream, const void *data, size_t bytes);
/* Sends what is held back of standard output. */
MOTE_LIBC_PROGRAM void mote_libc_program_flush(void);
/* Ends main; the streams of the C library are done with. */
MOTE_LIBC_PROGRAM _Noreturn void mote_libc_program_exit(int status);

#endif
