/* SPDX-License-Identifier: Apache-2.0
 *
 * <string.h> of the guest SDK: the C functions that need no locale, and strdup.
 */
#ifndef MOTE_LIBC_STRING_H
#define MOTE_LIBC_STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *__restrict to, const void *__restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
void *memchr(const void *data, int byte, size_t length);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t maximum);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t maximum);
char *strchr(const char *text, int byte);
char *strrchr(const char *text, int byte);
char *strstr(const char *text, const char *part);
char *strpbrk(const char *text, const char *set);
size_t strspn(const char *text, const char *set);
size_t strcspn(const char *text, const char *set);
char *strcpy(char *__restrict to, const char *__restrict from);
char *stpcpy(char *__restrict to, const char *__restrict from);
char *strncpy(char *__restrict to, const char *__restrict from, size_t length);
char *strcat(char *__restrict to, const char *__restrict from);
char *strncat(char *__restrict to, const char *__restrict from, size_t maximum);
char *strtok_r(char *__restrict text, const char *__restrict set, char **__restrict rest);
char *strdup(const char *text);
char *strndup(const char *text, size_t maximum);
char *strerror(int number);

#ifdef __cplusplus
}
#endif
#endif
