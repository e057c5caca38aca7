/* SPDX-License-Identifier: Apache-2.0
 *
 * <stdlib.h> of the guest SDK.  exit and abort end the guest with a message; there is no process
 * that could end quietly.
 */
#ifndef MOTE_LIBC_STDLIB_H
#define MOTE_LIBC_STDLIB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fffffff

typedef struct div_t {
	int quot, rem;
} div_t;
typedef struct ldiv_t {
	long quot, rem;
} ldiv_t;
typedef struct lldiv_t {
	long long quot, rem;
} lldiv_t;

/* The heap.  NULL, with errno ENOMEM, when it is exhausted; anything corrupt ends the guest. */
void *malloc(size_t bytes) __attribute__((malloc, alloc_size(1)));
void *calloc(size_t count, size_t bytes) __attribute__((malloc, alloc_size(1, 2)));
void *realloc(void *memory, size_t bytes) __attribute__((alloc_size(2)));
void *aligned_alloc(size_t alignment, size_t bytes) __attribute__((malloc, alloc_size(2)));
int posix_memalign(void **memory, size_t alignment, size_t bytes);
void free(void *memory);

__attribute__((noreturn)) void abort(void);
__attribute__((noreturn)) void exit(int status);
__attribute__((noreturn)) void _Exit(int status);

int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
long strtol(const char *__restrict text, char **__restrict end, int base);
unsigned long strtoul(const char *__restrict text, char **__restrict end, int base);
long long strtoll(const char *__restrict text, char **__restrict end, int base);
unsigned long long strtoull(const char *__restrict text, char **__restrict end, int base);

int abs(int v);
long labs(long v);
long long llabs(long long v);
div_t div(int a, int b);
ldiv_t ldiv(long a, long b);
lldiv_t lldiv(long long a, long long b);

void qsort(void *base, size_t count, size_t bytes, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t bytes,
	      int (*compare)(const void *, const void *));

int rand(void);
void srand(unsigned int seed);

/* There is no environment: always NULL. */
char *getenv(const char *name);

#ifdef __cplusplus
}
#endif
#endif
