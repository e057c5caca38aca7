/* SPDX-License-Identifier: Apache-2.0
 *
 * <strings.h> of the guest SDK: comparison without regard to ASCII case.
 */
#ifndef MOTE_LIBC_STRINGS_H
#define MOTE_LIBC_STRINGS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t maximum);

#ifdef __cplusplus
}
#endif
#endif
