/* SPDX-License-Identifier: Apache-2.0
 *
 * MOTE_API marks what the library exports.  Define MOTE_STATIC before any header
 * of mote where a program is linked with the static library on Windows.
 *
 * Structures that a caller fills or receives begin with `size`, the caller's
 * sizeof of it.  That is how a library and a program of different versions
 * understand each other: what an older program does not know has its default,
 * and what an older library does not know must be zero.  Each such structure has
 * an initializer, MOTE_..._INIT, and a function mote_..._init for languages that
 * have no macros.  A new member comes last, is at least 8 bytes long, and means
 * what used to happen when it is zero.
 */
#ifndef MOTE_API_H
#define MOTE_API_H

#if defined(_WIN32) && !defined(MOTE_STATIC)
#ifdef MOTE_BUILD
#define MOTE_API __declspec(dllexport)
#else
#define MOTE_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define MOTE_API __attribute__((visibility("default")))
#else
#define MOTE_API
#endif

#endif
