/* SPDX-License-Identifier: Apache-2.0
 *
 * For C++ in front of musl's <features.h>, which each of its headers includes first: what the
 * headers of libstdc++ expect of glibc, for which they were configured.
 */
#include_next <features.h>

#ifndef MOTE_CXX_FEATURES_H
#define MOTE_CXX_FEATURES_H

/* This is no glibc of any version; only locks are as in one since 2.34, with which libstdc++.a was
 * compiled: called by strong references, always. */
#define __GLIBC_PREREQ(major, minor) 0
#define _GLIBCXX_GTHREAD_USE_WEAK 0

/* A locale has glibc's layout (guest/cxx/locale.c), and with it its masks of characters. */
typedef struct __locale_struct *__locale_t;

enum {
	_ISupper = 1 << 8,
	_ISlower = 1 << 9,
	_ISalpha = 1 << 10,
	_ISdigit = 1 << 11,
	_ISxdigit = 1 << 12,
	_ISspace = 1 << 13,
	_ISprint = 1 << 14,
	_ISblank = 1 << 0,
	_IScntrl = 1 << 1,
	_ISpunct = 1 << 2,
};

#endif
