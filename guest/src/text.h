/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that compilers call of their own accord.  A C library has them, or else
 * libmote_guest_builtins.a.
 */
#ifndef MOTE_GUEST_TEXT_H
#define MOTE_GUEST_TEXT_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
int bcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);

#endif
