/* SPDX-License-Identifier: Apache-2.0
 *
 * How the self tests of the SDK's libc report: a line in the log for each check
 * that failed, and a count of them.
 */
#ifndef LIBC_CHECK_H
#define LIBC_CHECK_H

#include <mote_guest.h>

extern uint32_t failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			mote_log(MOTE_LOG_ERROR, "%s:%d: %s", __FILE__, __LINE__, #condition);     \
		}                                                                                  \
	} while (0)

/* Each of them checks one part. */
void test_heap(void);
void test_heap_stress(uint32_t rounds);
void test_print(void);
void test_print_double(void);
void test_string(void);
void test_memory(void);
void test_numbers(void);
void test_sort(void);
void test_jump(void);
void test_atomics(void);
void test_files(void);
void test_mappings(void);
void test_threads(void);
void test_system(void);

#endif
