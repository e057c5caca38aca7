/* SPDX-License-Identifier: Apache-2.0
 *
 * For C++ in front of musl's <uchar.h>: glibc converts to and from char8_t, and musl does not.
 */
#include_next <uchar.h>

#undef _GLIBCXX_USE_UCHAR_C8RTOMB_MBRTOC8_CXX20
#undef _GLIBCXX_USE_UCHAR_C8RTOMB_MBRTOC8_FCHAR8_T
