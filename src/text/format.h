/* SPDX-License-Identifier: Apache-2.0
 *
 * Has the compiler check the arguments of functions that format as printf does.
 */
#ifndef MOTE_TEXT_FORMAT_H
#define MOTE_TEXT_FORMAT_H

/* text: the format's place among the parameters; first: that of its first argument, or 0.
 * gnu_printf is what ISO C says, wherever printf of the C library is something else. */
#if defined(__clang__)
#define MOTE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#elif defined(__GNUC__)
#define MOTE_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#else
#define MOTE_PRINTF(text, first)
#endif

#endif
