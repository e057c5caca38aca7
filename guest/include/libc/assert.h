/* SPDX-License-Identifier: Apache-2.0
 *
 * <assert.h> of the guest SDK: a failed assertion ends the guest with its text.
 * May be included again after NDEBUG changed, so there is no include guard.
 */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)                                                                          \
	((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif
#ifndef __cplusplus
#undef static_assert
#define static_assert _Static_assert
#endif

#ifndef MOTE_LIBC_ASSERT_H
#define MOTE_LIBC_ASSERT_H
#ifdef __cplusplus
extern "C"
#endif
	__attribute__((noreturn)) void
	__assert_fail(const char *condition, const char *file, unsigned int line,
		      const char *function);
#endif
