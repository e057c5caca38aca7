/* SPDX-License-Identifier: Apache-2.0
 *
 * <setjmp.h> of the guest SDK.
 */
#ifndef MOTE_LIBC_SETJMP_H
#define MOTE_LIBC_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

/* Room for the registers that a function must preserve, on each architecture. */
typedef unsigned long long jmp_buf[24];

int setjmp(jmp_buf state) __attribute__((returns_twice));
__attribute__((noreturn)) void longjmp(jmp_buf state, int value);
#define setjmp(state) setjmp(state)

#ifdef __cplusplus
}
#endif
#endif
